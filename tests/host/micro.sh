#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-bench micro` on a real KVM: every row's two witnesses agree, a row
# without a figure says why, what must be slower is slower, and wrong usage is
# told so.
set -eu

# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

bench=$VMMIO_BUILD/vmmio-bench
busy=
# shellcheck disable=SC2317 # the trap calls it
leave() {
	for pid in $busy; do kill "$pid" 2>/dev/null || true; done
	clean_up
}
trap leave EXIT

status=0
"$bench" micro --rounds 0 >"$dir/out" 2>"$dir/err" || status=$?
[ "$status" -eq 2 ] || fail "--rounds 0 ended with $status"
[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "--rounds 0 gave more than one line"
"$bench" micro --list | grep -q '^mmio_write_ioeventfd_len0 ' || fail "--list lacks a row"

if ! kvm_opens; then
	status=0
	"$bench" micro --quick >"$dir/out" 2>"$dir/err" || status=$?
	{ [ "$status" -eq 1 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]; } || fail "no clear line without KVM"
fi
need_kvm

"$bench" micro --quick --rounds 3 --no-firmware --csv --save "$dir/machines" >"$dir/csv" || {
	status=$?
	cat "$dir/csv"
	fail "ended with $status"
}

# accel,key,kind,bus,direction,width,path,baseline,median,min,p25,p75,cpu,net,expected,seen,rounds,note,
# send,quiet,noisy
awk -F, '
NR == 1 { next }
$18 != "\"\"" { if ($9 != "") { print "figure and excuse: " $0; bad = 1 } next }
$9 == "" || $15 == 0 || $15 != $16 { print "no figure, or witnesses differ: " $0; bad = 1 }
{ ns[$2] = $9; rows++ }
$13 == "" || $13 + 0 <= 0 { print "no thread time: " $0; bad = 1 }
($3 == "interrupt") != ($19 != "") { print "the time of sending: " $0; bad = 1 }
!$8 && $14 == "" { print "the baseline is not taken off: " $0; bad = 1 }
$20 > $17 || $21 != (4 * $20 < $17 || $20 < ($17 < 3 ? $17 : 3)) { print "quiet rounds: " $0; bad = 1 }
END {
	if (rows < 20) { print "only " rows " rows"; bad = 1 }
	# a hundredfold: no other order of times is asked for, a loaded machine has any
	if (ns["mmio_read_kernel"] <= ns["loop"]) { print "an exit not slower than none"; bad = 1 }
	exit bad
}' "$dir/csv" || fail "see above"

set -- "$dir"/machines/*
[ $# -eq 1 ] || fail "not one folder saved"
case $1 in
*-kvm-vmx | *-kvm-svm | *-kvm-arm | *-kvm-nested | *-kvm-soft | *-kvm-svm-on-tcg) ;;
*) fail "no accelerator class in $1" ;;
esac
cmp -s "$dir/csv" "$1/micro/micro.csv" || fail "the saved CSV differs from the printed one"
# a result folder as all others are: read back and drawn again
if command -v gnuplot >/dev/null; then
	"$bench" plot "$1/micro" --out "$dir/plots" >/dev/null || fail "the saved result is not drawn again"
	cmp -s "$1/micro/micro.tsv" "$dir/plots/micro/micro.tsv" || fail "drawn again, it has other numbers"
fi
rows=$(awk -F, 'NR > 1 && $9 != ""' "$dir/csv" | wc -l)
[ "$(grep -c '"key":"row_ns"' "$1/micro/series.json")" -eq "$rows" ] || fail "not $rows rows among the series"

# the third witness: what KVM's own events say, access by access. Each row's 216
# accesses of calibration are in no figure; a write that misses a doorbell which
# exits has not met yet is a kick to it, for all that it can tell.
if "$stat" vms -s >/dev/null 2>"$dir/err"; then
	"$stat" exits --json 0.1 >"$dir/exits" 2>"$dir/err" &
	watcher=$!
	busy=$watcher
	i=0
	until [ "$(grep -ls '^link_type' /proc/"$watcher"/fdinfo/* 2>/dev/null | wc -l)" -ge 12 ]; do
		i=$((i + 1))
		[ $i -lt 100 ] || fail "exits does not get ready: $(cat "$dir/err")"
		sleep 0.1
	done
	sleep 0.2
	"$bench" micro --quick --rounds 2 --no-firmware --only mmio,pio --csv >"$dir/csv" || fail "micro under exits ended with $?"
	kill -INT "$watcher"
	wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
	busy=
	tail -n 1 "$dir/exits" | tr '{' '\n' | grep '"name":"vmmio-bench"' >"$dir/seen" || fail "exits does not know micro's VM"
	tail -n 1 "$dir/exits" | grep -q '"events_lost":0,"events_missed":0,' || fail "exits lost events"
	rows=0
	while read -r key want; do
		n=$(awk -F, -v key="$key" '$2 == key && $18 == "\"\"" {print $15 + 216}' "$dir/csv")
		[ -n "$n" ] || continue # it has no figure here
		got=$(grep -e "$want" "$dir/seen" | sed 's/.*"samples":\([0-9]*\),.*/\1/' | awk '{n += $1} END {print n + 0}')
		[ "$got" -eq "$n" ] || fail "$key: micro made $n accesses, KVM's events say $got: $(cat "$dir/seen")"
		rows=$((rows + 1))
	done <<'END'
mmio_write_user "exit":"mmio write","path":"userspace",.*"register":"0xe0000000"
mmio_read_user "exit":"mmio read","path":"userspace",.*"register":"0xe0000000"
mmio_write_ioeventfd_len0 "exit":"kick","path":"\(ioeventfd\|fast\)","device":"pci@e0001000",
mmio_write_ioeventfd_any "exit":"kick","path":"ioeventfd","device":"pci@e0002000",
mmio_write_ioeventfd_match "exit":"kick","path":"ioeventfd",.*"register":"0xe0003000"
mmio_write_ioeventfd_miss "path":"userspace",.*"register":"0xe0004000"
mmio_write_coalesced "exit":"mmio write","path":"\(coalesced\|userspace\)",.*"register":"0xe0005000"
mmio_read_kernel "exit":"mmio read","path":"in-kernel",.*"register":"APIC ID"
mmio_write_kernel "exit":"mmio write","path":"in-kernel",.*"register":"APIC TPR"
pio_write_user "exit":"port out","path":"userspace",.*"register":"0x1000"
pio_read_user "exit":"port in","path":"userspace",.*"register":"0x1000"
pio_write_ioeventfd_len0 "exit":"kick","path":"ioeventfd",.*"register":"0x1010"
pio_write_ioeventfd_miss "path":"userspace",.*"register":"0x1040"
pio_write_coalesced "exit":"port out","path":"\(coalesced\|userspace\)",.*"register":"0x1050"
pio_write_kernel "exit":"port out","path":"in-kernel",.*"register":"0x21"
pio_read_kernel "exit":"port in","path":"in-kernel",.*"register":"0x21"
END
	[ "$rows" -ge 12 ] || fail "only $rows rows have a third witness"
else
	grep -q -e 'run as root' -e 'no BTF' "$dir/err" || fail "vms: $(cat "$dir/err")"
	echo "without KVM's events: $(cat "$dir/err")"
fi

# Where instructions are counted as time, whole rounds fit between two turns of others,
# and are as good as any.
if grep -q ' on tcg,' "$dir/csv"; then
	echo "not asked of an emulated machine: whether a busy one is told so"
	exit 0
fi

# a machine that is busy otherwise is told so, wherever the figures go
i=0
while [ $i -lt $((2 * $(nproc))) ]; do
	sh -c 'while :; do :; done' &
	busy="$busy $!"
	i=$((i + 1))
done
sleep 0.2
status=0
"$bench" micro --quick --rounds 3 --no-firmware --only loop --json --save "$dir/busy" >"$dir/json" || status=$?
for pid in $busy; do kill "$pid"; done
[ "$status" -eq 0 ] || fail "ended with $status on a busy machine"
grep -q '^ "noisy": true,' "$dir/json" || fail "a busy machine passes for a quiet one: $(head -c 400 "$dir/json")"
head -n 1 "$dir"/busy/*/micro/micro.txt | grep -q '^vmmio-bench micro on a noisy ' || fail "the heading does not say noisy"
! command -v gnuplot >/dev/null || grep -q 'micro on a noisy ' "$dir"/busy/*/micro/micro.svg || fail "the plot does not say noisy"
