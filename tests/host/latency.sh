#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat exits --latency`: kicks one at a time, so that each finds its
# backend asleep, are as many samples, on the right queue and on no other; a
# queue without a backend has none.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
start_load
load vm 1
pid=$(echo "$answer" | cut -d' ' -f2)
load ioeventfd 0 0xfeb02e50 4 0 mmio
load ioeventfd 0 0xfebf9004 0 any mmio
load ioeventfd 0 0xfebfa000 0 any mmio
load run 0 0 loop 0 0 1
load backend 0 0xfeb02e50
load backend 0 0xfebf9004

"$stat" exits --latency -p "$pid" 60 >"$dir/out.txt" 2>"$dir/err" &
watcher=$!
ready "$watcher" 18 link
i=0
while [ $i -lt 20 ]; do
	load run 0 0 store32 0xfeb02e50 0 1
	sleep 0.02
	if [ $((i % 2)) -eq 0 ]; then
		load run 0 0 store32 0xfebf9004 1 1
		load run 0 0 store32 0xfebfa000 0 1
		sleep 0.02
	fi
	i=$((i + 1))
done
kill -INT "$watcher"
wait "$watcher" || fail "ended with $?: $(cat "$dir/err")"
has "pid $pid *mmio@feb02e00 *VQ 0 *QueueNotify *20 wake-ups" "20 samples on mmio queue 0"
has "pid $pid *pci@febf9000 *VQ 1 *notify *10 wake-ups" "10 samples on pci queue 1"
# A timer that fires right behind a kick may wake somebody in its stead: once in
# a great many kicks, so once is let pass on the queue without a backend.
others=$(grep wake-ups "$dir/out.txt" | grep -v -e 'mmio@feb02e00 *VQ 0 ' -e 'pci@febf9000 *VQ 1 ' || true)
[ -z "$others" ] || [ "$(echo "$others" | grep -c ' 1 wake-ups')" -eq "$(echo "$others" | wc -l)" ] ||
	fail "a queue too many: $others"
