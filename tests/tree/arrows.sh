#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Includes go the ways that docs/architecture.md writes down, and never in a
# circle.
set -eu
cd "${1:-$VMMIO_SOURCE}"
here=$VMMIO_SOURCE/tests/tree
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

find lib kmod bpf tools bench include \( -name '*.c' -o -name '*.h' -o -name '*.S' \) | sort >"$tmp/files"
# shellcheck disable=SC2046 # our own names
awk -f "$here/arrows.awk" docs/architecture.md $(cat "$tmp/files") >"$tmp/out"

status=0
sed -n 's/^bad //p' "$tmp/out" >"$tmp/bad"
if [ -s "$tmp/bad" ]; then
	cat "$tmp/bad"
	status=1
fi
sed -n 's/^pair //p' "$tmp/out" >"$tmp/pairs"
if ! tsort "$tmp/pairs" >/dev/null 2>"$tmp/loops"; then
	echo "these files include each other in a circle:"
	sed -n 's/^tsort: //p' "$tmp/loops" | grep -v 'input contains a loop'
	status=1
fi
[ "$(sed -n 's/^arrows //p' "$tmp/out")" -gt 500 ] || {
	echo "hardly any include was seen: the check itself is broken"
	status=1
}
exit "$status"
