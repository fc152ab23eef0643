#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat vms` against VMs whose every doorbell and interrupt is known:
# nothing missing, nothing invented, several VMs in one process, 64 tiny ones,
# VMs and doorbells that come and go during scans, and a map file that lies.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
start_load

load vm 2
pid=$(echo "$answer" | cut -d' ' -f2)
load vm 1
load ioeventfd 0 0xfeb02e50 4 0 mmio
load ioeventfd 0 0xfeb02e50 4 1 mmio
load ioeventfd 0 0xfebf9000 0 any mmio
load ioeventfd 0 0xfebf9004 0 any mmio
load ioeventfd 1 0xc010 2 1 pio
load ioeventfd 1 0xe0001234 4 7 mmio
load coalesce 1 0xe0005000 64 mmio
load irqfd 0 5
load msi 0 24 0x32
load run 0 1 loop 0 0 10
tid=${answer%% *}

"$stat" vms --json -p "$pid" >"$dir/out.txt" || fail "ended with $?"
[ "$(wc -l <"$dir/out.txt")" -eq 2 ] || fail "not two VMs in $pid"
has '"vcpus_online":2' "vCPUs of the first VM"
has "{\"vcpu\":1,\"tid\":$tid}" "thread of vCPU 1"
has '{"vcpu":0,"tid":null}' "a vCPU that never ran"
for q in 0 1; do
	has "\"address\":\"0xfeb02e50\",\"length\":4,\"datamatch\":$q,[^}]*\"transport\":\"mmio\",\"device\":\"mmio@feb02e00\",\"queue\":$q}" "mmio queue $q"
	has "\"address\":\"0xfebf900$((4 * q))\",\"length\":0,\"datamatch\":null,[^}]*\"transport\":\"pci\",\"device\":\"pci@febf9000\",\"queue\":$q}" "pci queue $q"
done
has '"path":"fast","bus":"mmio","address":"0xfebf9000"' "length 0 stands on the fast bus"
has '"bus":"pio","address":"0xc010","length":2,"datamatch":1,[^}]*"transport":"pci-legacy","device":"pci-legacy@c000","queue":1}' "legacy queue"
has '"address":"0xe0001234","length":4,"datamatch":7,[^}]*"transport":null,"device":null,"queue":null}' "an unknown address stays one"
has '"path":"coalesced","bus":"mmio","address":"0xe0005000","length":64' "coalesced range"
has '"gsi":5,"route":"irqchip"' "irqchip irqfd"
has '"gsi":24,"route":"msi",[^}]*"msi_address":"0xfee00000","msi_data":50' "MSI irqfd"
n=$(grep -o '"path":"\(fast\|ioeventfd\)"' "$dir/out.txt" | wc -l)
[ "$n" -eq 6 ] || fail "$n doorbells, 6 were made"

# names, and a file that lies
printf '# ours\n0xfeb02e00 0x200 disk mmio\n0xe0001000 0x1000 odd\n' >"$dir/map"
"$stat" vms -p "$pid" --map "$dir/map" >"$dir/out.txt" || fail "--map ended with $?"
has '^  disk  *mmio  *1 ' "name from the map"
has '^  odd  *-  *- ' "name of an unknown address"
for line in '0xfeb02e00 0x200' '12x 4 a' '0 0 a' '0xffffffffffffffff 2 a' '0 4 a b' '-1 4 a'; do
	echo "$line" >"$dir/map"
	status=0
	"$stat" vms --map "$dir/map" >"$dir/out.txt" 2>"$dir/err" || status=$?
	[ "$status" -eq 2 ] || fail "map '$line' ended with $status"
	{ [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q 'map:1: ' "$dir/err"; } || fail "map '$line': $(cat "$dir/err")"
done
printf '0 0x10 a\n8 8 b\n' >"$dir/map"
"$stat" vms --map "$dir/map" 2>&1 | grep -q 'a and b overlap' || fail "overlap not told"
status=0
"$stat" vms -p 1 >"$dir/out.txt" 2>"$dir/err" || status=$?
{ [ "$status" -eq 1 ] && grep -q 'process 1 has no KVM VM' "$dir/err"; } || fail "-p 1: $(cat "$dir/err")"

# doorbells that go away
load ioeventfd 0 0xfeb02e50 4 0 mmio remove
"$stat" vms --json -p "$pid" >"$dir/out.txt"
! grep -q '"address":"0xfeb02e50","length":4,"datamatch":0,' "$dir/out.txt" || fail "a removed doorbell is listed"

# comings and goings under the walk, in three VMMs at once: no crash, no VM that
# is not ours, none of ours twice; doorbells go while they are read
round() {
	i=0
	while [ $i -lt "${VMMIO_CHURN:-100}" ]; do
		printf 'vm 1\nioeventfd 0 0xfeb02e50 4 0 mmio\nirqfd 0 5\nrun 0 0 store32 0xe0000000 1 5\nioeventfd 0 0xfeb02e50 4 0 mmio remove\nclose 0\n'
		i=$((i + 1))
	done | awk '/^vm/{n++} {if ($1 != "vm") $2 = n - 1; print}' | "$VMMIO_BUILD/kvmload" >"$dir/churn.$1"
	! grep -q -v '^ok' "$dir/churn.$1"
}
# until there were scans enough, however slow they are
churn() {
	while round "$1"; do
		[ ! -e "$dir/enough" ] || return 0
	done
	return 1
}
churn 1 &
one=$!
churn 2 &
two=$!
churn 3 &
three=$!
# someone counts meanwhile: the VMs that it never met are nobody's, and none is lost
"$stat" exits --json 0.05 >"$dir/churned" 2>"$dir/churned.err" &
watcher=$!
scans=0
while kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null || kill -0 $three 2>/dev/null; do
	"$stat" vms --json >"$dir/out.txt" 2>"$dir/err" || fail "a scan under churn ended with $?: $(cat "$dir/err")"
	[ "$(grep -c "\"pid\":$pid," "$dir/out.txt")" -eq 2 ] || fail "churn elsewhere hid our VMs"
	scans=$((scans + 1))
	[ $scans -lt 3 ] || : >"$dir/enough"
done
for p in $one $two $three; do
	wait "$p" || fail "kvmload failed under churn: $(cat "$dir"/churn.*)"
done
[ $scans -gt 2 ] || fail "only $scans scans under churn"
kill -INT "$watcher"
wait "$watcher" || fail "exits under churn ended with $?: $(cat "$dir/churned.err")"
tail -n 1 "$dir/churned" | grep -q '"events_lost":0,"events_missed":0,' || fail "events were lost under churn"

# 64 tiny VMs in one process
i=2
while [ $i -lt 64 ]; do
	load vm 1 noirq
	i=$((i + 1))
done
"$stat" vms -s -p "$pid" >"$dir/out.txt"
[ "$(grep -c "^$pid " "$dir/out.txt")" -eq 64 ] || fail "not 64 VMs"
has "^$pid *#64 " "the VMs of one process are not numbered to 64"
load close 63
"$stat" vms -s -p "$pid" >"$dir/out.txt"
[ "$(grep -c "^$pid " "$dir/out.txt")" -eq 63 ] || fail "a closed VM is still listed"
