#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The manual pages: mandoc finds nothing to say, and nothing that the programs
# offer is missing from them.
set -eu

fail()
{
	echo "FAILED: $*"
	exit 1
}

command -v mandoc >/dev/null || {
	echo "no mandoc"
	exit 77
}
for page in vmmio-stat.8 vmmio-ctl.8 vmmio-bench.1 vmmio-boot.1; do
	page=$VMMIO_BUILD/docs/$page
	# each refers to the other, which is not installed here
	said=$(mandoc -Tlint "$page" | grep -v 'referenced manual not found' || true)
	[ -z "$said" ] || fail "$page: $said"
done

# in PAGE WORD...: each word is in the page as a reader sees it
in_page()
{
	page=$1
	shift
	mandoc -Tascii "$page" | sed "s/.$(printf '\b')//g" >"$work/page"
	for word; do
		grep -qF -e "$word" "$work/page" || fail "$page lacks '$word'"
	done
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

stat=$VMMIO_BUILD/vmmio-stat
# shellcheck disable=SC2046 # one word each
in_page "$VMMIO_BUILD/docs/vmmio-stat.8" \
	$("$stat" --help | grep -o -e '--[a-z][a-z-]*' | sort -u) \
	$("$stat" --help | sed -n 's/^  \([a-z]*\)   .*/\1/p') \
	$("$stat" -f help | awk 'NR > 1 { print $1 }')
# shellcheck disable=SC2046
in_page "$VMMIO_BUILD/docs/vmmio-ctl.8" \
	$("$VMMIO_BUILD/vmmio-ctl" --help | sed -n 's/^  \([a-z]*\)   .*/\1/p') --force

# every command and option, as the program's own list has them
bench=$VMMIO_BUILD/vmmio-bench
# shellcheck disable=SC2046
in_page "$VMMIO_BUILD/docs/vmmio-bench.1" $("$bench" --help | sed -n 's/^  \([a-z]*\)   .*/\1/p')
"$bench" --help | sed -n 's/^  \([a-z]*\)   .*/\1/p' | while read -r command; do
	# shellcheck disable=SC2046
	in_page "$VMMIO_BUILD/docs/vmmio-bench.1" \
		$("$bench" "$command" --help | sed -n 's/^ .* \(--[a-z-]*\) .*/\1/p')
done
# shellcheck disable=SC2046
in_page "$VMMIO_BUILD/docs/vmmio-boot.1" \
	$("$VMMIO_BUILD/vmmio-boot" --help | sed -n 's/^ .* \(--[a-z-]*\) .*/\1/p')
