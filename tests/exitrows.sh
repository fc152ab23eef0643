# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # who sources it has $work
#
# Rows of "vmmio-stat exits --json", for the tests that hold them against other counts.
# Sourced; wants fail, and $work, a folder with the file rows: one object of the JSON a line.

# sum FIELD TEXT...: of that field, over the rows that have all these texts
sum() {
	field=$1
	cp "$work/rows" "$work/match"
	shift
	for text; do
		grep -F -e "$text" "$work/match" >"$work/less" || true
		mv "$work/less" "$work/match"
	done
	sed -n "s/.*\"$field\":\([0-9]*\)[,}].*/\1/p" "$work/match" | awk '{n += $1} END {print n + 0}'
}
same() {
	[ "$2" -eq "$3" ] || fail "$1: $2 and $3: $(cat "$work/rows")"
}
