#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-bench micro` on a real KVM: every row's two witnesses agree, a row
# without a figure says why, what must be slower is slower, and wrong usage is
# told so. Skips where /dev/kvm cannot be used.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	echo "micro: $*" >&2
	exit 1
}

status=0
"$bench" micro --rounds 0 >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -eq 2 ] || fail "--rounds 0 ended with $status"
[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "--rounds 0 gave more than one line"
"$bench" micro --list | grep -q '^mmio_write_ioeventfd_len0 ' || fail "--list lacks a row"

if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	status=0
	"$bench" micro --quick >"$dir/out" 2>"$dir/err" || status=$?
	{ [ "$status" -eq 1 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]; } || fail "no clear line without KVM"
	echo "SKIP: /dev/kvm cannot be opened here"
	exit 77
fi

"$bench" micro --quick --rounds 3 --no-firmware --csv --save "$dir/machines" >"$dir/csv" || {
	status=$?
	cat "$dir/csv"
	fail "ended with $status"
}

# accel,key,kind,bus,direction,width,path,baseline,median,min,p25,p75,cpu,net,expected,seen,rounds,note
awk -F, '
NR == 1 { next }
$18 != "\"\"" { if ($9 != "") { print "figure and excuse: " $0; bad = 1 } next }
$9 == "" || $15 == 0 || $15 != $16 { print "no figure, or witnesses differ: " $0; bad = 1 }
{ ns[$2] = $9; rows++ }
END {
	if (rows < 20) { print "only " rows " rows"; bad = 1 }
	if (ns["mmio_write_user"] <= ns["mmio_write_ioeventfd_match"]) { print "userspace not slower than ioeventfd"; bad = 1 }
	if (ns["mmio_write_ioeventfd_miss"] <= ns["mmio_write_ioeventfd_match"]) { print "a miss not slower than a hit"; bad = 1 }
	if (ns["mmio_read_kernel"] <= ns["loop"]) { print "an exit not slower than none"; bad = 1 }
	exit bad
}' "$dir/csv" || fail "see above"

set -- "$dir"/machines/*
[ $# -eq 1 ] || fail "not one folder saved"
case $1 in
*-kvm-vmx | *-kvm-svm | *-kvm-arm | *-kvm-nested | *-kvm-soft) ;;
*) fail "no accelerator class in $1" ;;
esac
for f in micro.txt micro.json micro.csv micro.gp micro.dat; do
	[ -s "$1/$f" ] || fail "$f was not saved"
done
cmp -s "$dir/csv" "$1/micro.csv" || fail "the saved CSV differs from the printed one"
