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

# guest_kicks ACCEL TRANSPORT...: $work/out has a line of each transport from the guest, which
# counted 200 kicks of its disk and calls its accelerator ACCEL
guest_kicks() {
	accel=$1
	shift
	for t; do
		line=$(grep "^$t " "$work/out") || fail "nothing from the guest about $t"
		case $line in
		*"\"accel\":\"$accel\""*) ;;
		*) fail "the guest takes its accelerator for another: $line" ;;
		esac
		echo "$line" | grep -q '"queue":0,[^{]*"counters":{"kicks":200,' || fail "not 200 kicks over $t: $line"
	done
}

# host_rows ACCEL: makes $work/rows of the last line of $work/out, which watch.host printed. They
# add up to the kernel's histograms, and each is somebody's.
host_rows() {
	tail -n 1 "$work/out" | tr '{' '\n' >"$work/rows"
	grep -q "\"accel\":\"$1\"" "$work/rows" || fail "the host's accelerator: $(head -n 3 "$work/rows")"
	for e in kvm_exit kvm_userspace_exit; do
		hits=$(sed -n "s/^hits $e //p" "$work/out")
		[ "${hits:-0}" -gt 1000 ] || fail "the kernel counted '$hits' $e"
		same "$e, the kernel's histogram and exits" "$hits" "$(sum $e "\"$e\":")"
	done
	same "kvm_exit and all rows" "$(sum kvm_exit '"kvm_exit":')" "$(sum exits '"exit":')"
	! grep '"residual":[1-9]' "$work/rows" || fail "exits that are in no row"
	! grep -q '"pid":null' "$work/rows" || fail "something is unattributed: $(grep '"pid":null' "$work/rows")"
}
