#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat exits --latency`: kicks one at a time, so that each finds its
# backend asleep, are as many samples, on the right queue and on no other. A
# queue without a backend has none, however many wake-ups interrupts do on the
# back of its vCPU while it kicks without pause.
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
disk=$answer
load backend 0 0xfebf9004
net=$answer

# asleep TID: waits until that thread is; a busy machine may let it sleep late
asleep() {
	i_asleep=0
	until grep -q ') S ' "/proc/$pid/task/$1/stat"; do
		i_asleep=$((i_asleep + 1))
		[ $i_asleep -lt 500 ] || fail "backend $1 does not sleep"
		sleep 0.02
	done
	sleep 0.02 # and off its CPU
}

watch() {
	"$stat" exits --latency -p "$pid" "$@" 60 >"$dir/out.txt" 2>"$dir/err" &
	watcher=$!
	ready "$watcher" 18 link
}

unwatch() {
	kill -INT "$watcher"
	wait "$watcher" || fail "ended with $?: $(cat "$dir/err")"
}

kick() {
	i=0
	while [ $i -lt 20 ]; do
		asleep "$disk"
		load run 0 0 store32 0xfeb02e50 0 1
		if [ $((i % 2)) -eq 0 ]; then
			asleep "$net"
			load run 0 0 store32 0xfebf9004 1 1
			load run 0 0 store32 0xfebfa000 0 1
		fi
		i=$((i + 1))
	done
	# seconds of kicks that wake nobody, timers going off in between
	load run 0 0 store32 0xfebfa000 0 "${VMMIO_FLOOD:-300000}"
}

watch
kick
unwatch
has "pid $pid *mmio@feb02e00 *VQ 0 *QueueNotify *20 wake-ups" "20 samples on mmio queue 0"
has "pid $pid *pci@febf9000 *VQ 1 *notify *10 wake-ups" "10 samples on pci queue 1"
[ "$(grep -c wake-ups "$dir/out.txt")" -eq 2 ] || fail "a queue too many: $(grep wake-ups "$dir/out.txt")"
has 'since the start (lost 0, missed 0, ' "samples were lost"

watch --json
kick
unwatch
has '"latency":{"lost":0,"missed":0,' "the health of the latencies"
tr '{' '\n' <"$dir/out.txt" | grep '"wakeups"' >"$dir/rows"
[ "$(wc -l <"$dir/rows")" -eq 2 ] || fail "a queue too many: $(cat "$dir/rows")"
for row in '"device":"mmio@feb02e00","transport":"mmio","queue":0,"register":"QueueNotify","wakeups":20,' \
	'"device":"pci@febf9000","transport":"pci","queue":1,"register":"notify","wakeups":10,'; do
	grep -F "$row" "$dir/rows" | grep -q '"mean_ns":[0-9.]*,"out_p50_ns":[0-9.]*,"out_p99_ns":[0-9.]*}' ||
		fail "no $row in $(cat "$dir/rows")"
done
