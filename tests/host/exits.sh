#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat exits` on guests that make known numbers of accesses: N accesses
# are exactly N events of the right class, path, VM, vCPU, device, queue and
# register. The loop around KVM_RUN and the eventfds' counters are the other
# witnesses. Interrupts likewise, from every sender. Then VMs that start and
# die, a doorbell that is removed, SIGKILL, and wrong usage.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
start_load

watch() {
	"$stat" exits --json --time-all "$@" >"$dir/out.txt" 2>"$dir/err" &
	watcher=$!
	ready "$watcher" 12 link
}

unwatch() {
	kill -INT "$watcher"
	wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
	tail -n 1 "$dir/out.txt" | tr '{' '\n' >"$dir/rows"
}

# row COUNT FIELD…: exactly one row has all these fields, and that many samples
row() {
	want=$1
	shift
	cp "$dir/rows" "$dir/match"
	for f in "$@"; do
		grep -F -e "$f" "$dir/match" >"$dir/less" || true
		mv "$dir/less" "$dir/match"
	done
	n=$(wc -l <"$dir/match")
	if [ "$n" -ne 1 ] || ! grep -q -e "\"samples\":$want," -e "\"raised\":$want," -e "\"count\":${want}[,}]" "$dir/match"; then
		cat "$dir/rows"
		fail "expected one row of $want: $* (have: $(cat "$dir/match"))"
	fi
}

load vm 2
pid=$(echo "$answer" | cut -d' ' -f2)
load vm 1
load vm 1
load ioeventfd 0 0xfeb02e50 4 0 mmio
load ioeventfd 0 0xfeb02e50 4 1 mmio
load ioeventfd 0 0xfebf9000 0 any mmio
load ioeventfd 1 0xc010 2 1 pio
load ioeventfd 2 0xe0001000 4 9 mmio
load coalesce 1 0xe0005000 64 mmio
load irqfd 0 5
load msi 0 24 0x32
load irqfd 1 5
load msi 1 25 0x42

watch --vcpu 60
load run 0 1 store32 0xfeb02e50 1 1000
[ "${answer#* }" = "0 0 0 0 0" ] || fail "a kick left the kernel: $answer"
load run 0 0 store32 0xfeb02e50 0 50
load events 0
[ "$answer" = 1050 ] || fail "the eventfds saw $answer kicks, not 1050"
load run 0 0 store32 0xfeb02e50 3 20
load run 0 0 load32 0xfeb02e60 0 21
[ "${answer#* }" = "0 21 0 0 0" ] || fail "the loop saw $answer"
load run 0 0 store32 0xfeb02e64 1 22
load run 0 0 load32 0xfeb02f04 0 23
load run 0 0 store32 0xfebf9000 0 30
load run 1 0 load32 0xe0000000 0 10
load run 1 0 out16 0xc010 1 70
load run 1 0 store32 0xe0005000 1 100
# older kernels take a ring that is half full for a full one, now and then
overflow=$(echo "$answer" | cut -d' ' -f2) ring=$(echo "$answer" | cut -d' ' -f6)
[ $((overflow + ring)) -eq 100 ] || fail "the loop saw $answer"
load run 1 0 in32 0x1000 0 11
load run 1 0 out32 0x1000 0 12
load run 1 0 in8 0x21 0 13
load run 1 0 load32 0xfee00020 0 14
load run 2 0 store32 0xe0001000 9 15
load run 2 0 store32 0xe0001000 8 16
load run 2 0 cpuid 0 0 17
load signal 0 5 18
load signal 0 24 19
load uring 1 25 8
# where a disk is read past the cache, its interrupt signals an irqfd
disk=0
echo "disk 1 25 7 $VMMIO_BUILD/kvmload" >&8
IFS= read -r answer <&9
case $answer in
ok) disk=7 ;;
*) echo "no interrupt of a disk: $answer" ;;
esac
load uring 0 24 9
load line 0 5 21
load message 0 0x33 22
unwatch

v0="\"pid\":$pid,\"nth\":1" v1="\"pid\":$pid,\"nth\":2" v2="\"pid\":$pid,\"nth\":3"
mmio='"device":"mmio@feb02e00"'
row 1000 "$v0" '"vcpu":1,' '"exit":"kick"' '"path":"ioeventfd"' "$mmio" '"queue":1,'
row 50 "$v0" '"vcpu":0,' '"exit":"kick"' '"path":"ioeventfd"' "$mmio" '"queue":0,'
row 20 "$v0" '"exit":"kick"' '"path":"userspace"' "$mmio" '"queue":3,' '"register":"QueueNotify"'
row 21 "$v0" '"exit":"status read"' '"path":"userspace"' "$mmio" '"register":"InterruptStatus"'
row 22 "$v0" '"exit":"ACK"' '"path":"userspace"' "$mmio" '"register":"InterruptACK"'
row 23 "$v0" '"exit":"config read"' '"register":"Config+0x4"'
row 30 "$v0" '"exit":"kick"' '"path":"ioeventfd"' '"device":"pci@febf9000"' '"queue":0,'
row 10 "$v1" '"exit":"mmio read"' '"path":"userspace"' '"register":"0xe0000000"'
row 70 "$v1" '"exit":"kick"' '"path":"ioeventfd"' '"device":"pci-legacy@c000"' '"queue":1,'
row "$ring" "$v1" '"exit":"mmio write"' '"path":"coalesced"' '"register":"0xe0005000"'
[ "$overflow" -eq 0 ] || row "$overflow" "$v1" '"exit":"mmio write"' '"path":"userspace"' '"register":"0xe0005000"'
row 11 "$v1" '"exit":"port in"' '"path":"userspace"' '"register":"0x1000"'
row 12 "$v1" '"exit":"port out"' '"path":"userspace"' '"register":"0x1000"'
row 13 "$v1" '"exit":"port in"' '"path":"in-kernel"' '"register":"0x21"'
row 14 "$v1" '"exit":"mmio read"' '"path":"in-kernel"' '"register":"APIC ID"'
row 15 "$v2" '"exit":"kick"' '"path":"ioeventfd"' '"register":"0xe0001000"'
row 16 "$v2" '"exit":"mmio write"' '"path":"userspace"' '"register":"0xe0001000"'
row 17 "$v2" '"exit":"CPUID"'
row 18 "$v0" '"kind":"irqchip","by":"irqfd","gsi":5'
row 19 "$v0" '"kind":"msi","by":"irqfd"' '"msi_data":50'
# by threads of the kernel in the VMM's name, as vhost's: which of its VMs, the route tells
# sent BY: MSIs of data 66 to the second VM
sent() {
	grep -F "$v1" "$dir/rows" | grep "\"kind\":\"msi\",\"by\":\"$1\".*\"msi_data\":66" |
		sed 's/.*"raised":\([0-9]*\).*/\1/' | awk '{n += $1} END {print n + 0}'
}
# a busy machine hands some of a disk's interrupts to a thread, ksoftirqd
{ [ "$(sent kthread)" -ge 8 ] && [ "$(sent '[a-z-]*')" -eq $((8 + disk)) ]; } || {
	grep '"msi_data"' "$dir/rows"
	grep -o '"events_lost":[0-9]*,"events_missed":[0-9]*' "$dir/rows"
	fail "8 by a worker and $disk by a disk, but by kthread $(sent kthread), in all $(sent '[a-z-]*')"
}
[ $disk -eq 0 ] || echo "by a disk's interrupts: $(sent interrupt) of $disk"
row 9 "$v0" '"kind":"msi","by":"kthread"' '"msi_data":50'
row 21 "$v0" '"kind":"irqchip","by":"ioctl","gsi":5'
row 22 "$v0" '"kind":"msi","by":"ioctl"' '"msi_data":51'
grep -q '"events_lost":0,"events_missed":0,' "$dir/rows" || fail "events were lost"
! grep -q '"pid":null' "$dir/rows" || fail "something is unattributed: $(grep '"pid":null' "$dir/rows")"

# the rows of a vCPU add up to its kvm_exit events, or nobody knows how many there were
tr '{' '\n' <"$dir/out.txt" | grep '"kvm_exit":' >"$dir/sums"
if grep -q '"kvm_p50_ns":' "$dir/rows"; then
	! grep -v '"residual":0,' "$dir/sums" || fail "exits that are in no row"
else
	! grep -v '"kvm_exit":null,"residual":null,"to_userspace":null,"kvm_userspace_exit":null,' "$dir/sums" || fail "sums of what was never seen"
fi
# where kvm_exit and kvm_entry come, every access has its time; else none has
if grep -q '"kvm_p50_ns":' "$dir/rows"; then
	row 1000 "$v0" '"exit":"kick"' '"timed":1000,"time_pct":' '"vcpu":1,'
	row 20 "$v0" '"exit":"kick"' '"path":"userspace"' '"timed":20,'
	grep -q '"kvm_p50_ns":[0-9.]*,"kvm_p99_ns":[0-9.]*,"user_p50_ns":[0-9.]*,"user_p99_ns":[0-9.]*}' "$dir/rows" || fail "no percentiles: $(grep kvm_p50 "$dir/rows")"
	echo "timed: $(grep kvm_p50 "$dir/rows" | head -n 1)"
else
	row 1000 "$v0" '"exit":"kick"' '"time_pct":null,"time_ns":null,"user_ns":null,"min_ns":null,"max_ns":null,"avg_ns":null}' '"vcpu":1,'
	row 1000 "$v0" '"vcpu":1,' '"samples_pct":99.9000999,' # of its 1001
	grep -q '"times":\(\[\]\|null\)' "$dir/out.txt" || fail "times of what was never timed"
fi
# no local APIC took the line of GSI 5: it is not known whether an i8259 delivered it
grep -q "\"exits_per_interrupt\":\[{\"pid\":$pid,\"nth\":1,[^}]*\"ratio\":null}[],]" "$dir/out.txt" || fail "exits per interrupt, of lines that nobody saw delivered"

# the sentences, for what they are about and for nothing else: not for doorbells
# that need their datamatch, nor for one that is on the fast path already
load ioeventfd 0 0xfebfb000 4 any mmio
"$stat" exits 60 >"$dir/out.txt" 2>"$dir/err" &
watcher=$!
ready "$watcher" 12 link
load run 0 0 store32 0xfeb02e50 3 40
load run 0 0 store32 0xfeb02e50 0 41
load run 0 0 store32 0xfebf9000 0 44
load run 0 0 store32 0xfebfb000 0 45
load line 0 5 42
load signal 0 5 43
kill -INT "$watcher"
wait "$watcher" || fail "exits ended with $?"
has '^finding: kvmload.*: 40 kicks of mmio@feb02e00 queue 3 reached userspace' "no finding about userspace kicks"
has '^finding: kvmload.*: 42 interrupts on GSI 5 were sent by ioctl' "no finding about ioctl interrupts"
has '^finding: kvmload.*: 45 kicks of pci@febfb000 queue 0 at 0xfebfb000 went through kvm_mmio' "no finding about the length"
[ "$(grep -c '^finding:' "$dir/out.txt")" -eq 3 ] || fail "a finding too many: $(grep '^finding:' "$dir/out.txt")"

# removed and dead, yet counted under what they were
watch 60
load run 2 0 store32 0xe0001000 9 31
load ioeventfd 2 0xe0001000 4 9 mmio remove
load run 2 0 store32 0xe0001000 9 32
load vm 1
load run 3 0 load32 0xe0000000 0 33
sleep 0.2
unwatch
row 31 "$v2" '"exit":"kick"' '"path":"ioeventfd"' '"register":"0xe0001000"'
row 32 "$v2" '"exit":"kick"' '"path":"userspace"' '"register":"0xe0001000"'
row 33 "\"pid\":$pid,\"nth\":4" '"exit":"mmio read"'
watch 0.5
load run 2 0 load32 0xe0000000 0 34
sleep 1
load close 2
sleep 0.7
unwatch
row 34 "$v2" '"exit":"mmio read"' '"path":"userspace"'

# nothing stays behind, whatever ends it: none of the programs that it held
watch --latency 60
sed -n 's/^prog_id:[[:space:]]*//p' /proc/"$watcher"/fdinfo/* | sort -u >"$dir/held"
left() { # how many of them the kernel has
	"$VMMIO_BUILD/hosttool" progs | grep -cxF -f "$dir/held" || true
}
[ "$(left)" -gt 10 ] || fail "cannot see its programs: $(left) of $(wc -l <"$dir/held") held"
kill -KILL "$watcher"
wait "$watcher" || true
! grep -qs . "/proc/$watcher/stat" || fail "it lives"
i=0
while [ "$(left)" -gt 0 ]; do # the kernel frees them a moment later
	i=$((i + 1))
	[ $i -lt 50 ] || fail "$(left) programs after SIGKILL"
	sleep 0.1
done
load run 0 0 store32 0xfeb02e50 0 10

for args in "-p 0" "-p x" "0" "1 0" "1 1 1" "-k size" "--engine x" "--map /nonexistent"; do
	status=0
	# shellcheck disable=SC2086 # words
	"$stat" exits $args >"$dir/out.txt" 2>"$dir/err" || status=$?
	{ [ "$status" -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]; } || fail "'$args' ended with $status: $(cat "$dir/err")"
done
status=0
"$stat" exits -p 1 1 1 >"$dir/out.txt" 2>"$dir/err" || status=$?
{ [ "$status" -eq 1 ] && grep -q 'process 1 has no KVM VM' "$dir/err"; } || fail "-p 1: $(cat "$dir/err")"
status=0
"$stat" exits -g nobody 1 1 >"$dir/out.txt" 2>"$dir/err" || status=$?
{ [ "$status" -eq 1 ] && grep -q "no KVM VM is named 'nobody'" "$dir/err"; } || fail "-g nobody: $(cat "$dir/err")"
