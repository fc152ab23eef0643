#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-stat exits` with less room than there is to count, made so with
# --room: what found none is in events_lost, what is shown plus what is lost is
# what there was, and a dead thread's room is the next one's.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
start_load

watch() {
	"$stat" exits --json -p "$pid" "$@" >"$dir/out.txt" 2>"$dir/err" &
	watcher=$!
	ready "$watcher" 12 link
}

unwatch() {
	kill -INT "$watcher"
	wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
	tail -n 1 "$dir/out.txt" | tr '{' '\n' >"$dir/rows"
	lost=$(sed -n 's/.*"events_lost":\([0-9]*\),.*/\1/p' "$dir/rows")
}

# sum PATTERN: of the rows that match
sum() {
	grep -e "$1" "$dir/rows" | sed 's/.*"\(samples\|count\)":\([0-9]*\)[,}].*/\2/' | awk '{n += $1} END {print n + 0}'
}

load vm 3
pid=$(echo "$answer" | cut -d' ' -f2)
load ioeventfd 0 0xfeb02e50 4 0 mmio
load irqfd 0 5
i=0
while [ $i -lt 3 ]; do
	load run 0 $i loop 0 0 1
	i=$((i + 1))
done

# room for one thread: the others' events are lost, to the last one. A kick is
# one event, the end of a run two; kvm_exit and kvm_entry, where they are, make
# three of a kick, and come for other reasons too.
watch --vcpu --room 1 60
load run 0 0 store32 0xfeb02e50 0 10
load run 0 1 store32 0xfeb02e50 0 500
load run 0 2 store32 0xfeb02e50 0 600
unwatch
[ "$(sum '"vcpu":0,.*"exit":"kick"')" -eq 10 ] || fail "vCPU 0: $(cat "$dir/rows")"
[ "$(sum '"exit":"kick"')" -eq 10 ] || fail "others were counted: $(cat "$dir/rows")"
if grep '"vcpu":0,.*"exit":"kick"' "$dir/rows" | grep -q '"time_ns":null'; then
	[ "$lost" -eq 1104 ] || fail "$lost lost, not 1104"
else
	[ "$lost" -ge 3300 ] || fail "$lost lost, of 3300 and some"
fi

# room for 64 kinds of interrupts, for 90
watch --room 1 60
v=33
while [ $v -lt 123 ]; do
	load message 0 $v 2
	v=$((v + 1))
done
unwatch
[ "$lost" -gt 0 ] || fail "90 vectors in 64 places, and none lost"
[ $(($(sum '"by":"ioctl"') + lost)) -eq 180 ] || fail "$(sum '"by":"ioctl"') shown, $lost lost, of 180"

# more addresses than one thread's table and the room behind it hold
watch --room 1 60
i=0
while [ $i -lt 400 ]; do
	load run 0 0 load32 $((0xe0000000 + 64 * i)) 0 1
	i=$((i + 1))
done
unwatch
[ "$lost" -gt 0 ] || fail "400 addresses, and none lost"
[ $(($(sum '"exit":"mmio read"') + lost)) -eq 400 ] || fail "$(sum '"exit":"mmio read"') shown, $lost lost, of 400"
# and with room they are all there
watch 60
i=0
while [ $i -lt 400 ]; do
	load run 0 0 load32 $((0xe0000000 + 64 * i)) 0 1
	i=$((i + 1))
done
unwatch
[ "$lost" -eq 0 ] || fail "$lost lost although there is room"
[ "$(sum '"exit":"mmio read"')" -eq 400 ] || fail "$(sum '"exit":"mmio read"') of 400 addresses"

# one VM after the other in the room of two: none is lost, none takes another's
watch --room 2 0.1
i=1
while [ $i -lt 7 ]; do
	load vm 1
	load run $i 0 store32 0xe0000000 1 $((100 + i))
	sleep 0.4
	load close $i
	sleep 0.4
	i=$((i + 1))
done
unwatch
[ "$lost" -eq 0 ] || fail "$lost events of six VMs lost, though one was there at a time"
i=1
while [ $i -lt 7 ]; do
	[ "$(grep -c "\"register\":\"0xe0000000\",\"samples\":$((100 + i))," "$dir/rows")" -eq 1 ] ||
		fail "VM $i, $((100 + i)) writes: $(grep 0xe0000000 "$dir/rows")"
	i=$((i + 1))
done
[ "$(grep -c '"register":"0xe0000000"' "$dir/rows")" -eq 6 ] || fail "not six VMs: $(grep 0xe0000000 "$dir/rows")"

# a full coalesced ring sends a write to userspace: the kernel's and ours agree
load coalesce 0 0xe0005000 64 mmio
watch 60
load run 0 0 store32 0xe0005000 1 1000
unwatch
user=$(echo "$answer" | cut -d' ' -f2) ring=$(echo "$answer" | cut -d' ' -f6)
{ [ "$user" -gt 0 ] && [ $((user + ring)) -eq 1000 ]; } || fail "kvmload: $answer"
[ "$(sum '"path":"userspace".*"register":"0xe0005000"')" -eq "$user" ] || fail "$user left the kernel: $(cat "$dir/rows")"
[ "$(sum '"path":"coalesced".*"register":"0xe0005000"')" -eq "$ring" ] || fail "$ring in the ring: $(cat "$dir/rows")"
for args in "--room 0" "--room x" "--room 65537"; do
	status=0
	# shellcheck disable=SC2086 # words
	"$stat" exits $args 1 1 >"$dir/out.txt" 2>"$dir/err" || status=$?
	{ [ "$status" -eq 2 ] && [ "$(wc -l <"$dir/err")" -eq 1 ]; } || fail "'$args' ended with $status: $(cat "$dir/err")"
done
