#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What record has by BPF, of our driver alone, is what ftrace recorded beside it and what the
# live table counted: in one boot, to the event. Here trace-cmd reads both files.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"

command -v trace-cmd >/dev/null || {
	echo "no trace-cmd"
	exit 77
}
checked "$here/recordbpf.guest" --columns mmio,pci-msix,pci-intx --smp 2 --timeout 90
for f in b t; do
	sed -n "s/^DAT $f //p" "$work/out" | base64 -d | gunzip >"$work/$f.dat"
	trace-cmd report "$work/$f.dat" >"$work/$f.text" 2>"$work/err"
	[ ! -s "$work/err" ] || {
		echo "FAILED: trace-cmd has something to say of $f: $(cat "$work/err")"
		exit 1
	}
	# task, CPU, event and all of its fields, without the record's own time and flags
	sed -n 's/ [^ ]* *[0-9]*\.[0-9]*: */ /p' "$work/$f.text" | sort >"$work/$f.sorted"
done
[ "$(wc -l <"$work/b.sorted")" -gt 300 ] || {
	echo "FAILED: only $(wc -l <"$work/b.sorted") records"
	exit 1
}
cmp "$work/b.sorted" "$work/t.sorted" || {
	echo "FAILED: trace-cmd shows other records"
	diff "$work/b.sorted" "$work/t.sorted" | head -20
	exit 1
}
