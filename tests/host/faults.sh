#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The host commands where something is missing or dies: no privilege, no KVM
# device, a VMM killed between and during snapshots, VMs that start and die
# while exits runs, 64 VMs at once. One clear line each, nothing counted for
# the wrong VM, nothing lost unseen.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

one_line() {
	[ "$(wc -l <"$dir/err")" -eq 1 ] || fail "$1: not one line: $(cat "$dir/err")"
	grep -q "$2" "$dir/err" || fail "$1: $(cat "$dir/err")"
}

# A program that nobody but its owner can reach is no test of privilege. setpriv by its
# path: busybox's shell would take its own, which has no such options.
cp "$stat" "$dir/vmmio-stat"
chmod 755 "$dir" "$dir/vmmio-stat"
if [ "$(id -u)" -eq 0 ] && [ -x /usr/bin/setpriv ]; then
	for c in vms "exits 1 1"; do
		status=0
		# shellcheck disable=SC2086 # words
		/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/vmmio-stat" $c \
			>"$dir/out.txt" 2>"$dir/err" || status=$?
		[ "$status" -eq 1 ] || fail "$c without privilege ended with $status"
		one_line "$c without privilege" 'run as root'
	done
fi

need_kvm
need_host_bpf
start_load
load vm 1
pid=$(echo "$answer" | cut -d' ' -f2)
load run 0 0 load32 0xe0000000 0 5

# 64 VMs in one process, each with a count of its own
i=1
while [ $i -lt 64 ]; do
	load vm 1 noirq
	i=$((i + 1))
done
"$stat" exits --json -p "$pid" 60 >"$dir/out.txt" 2>"$dir/err" &
watcher=$!
ready "$watcher" 12 link
i=0
while [ $i -lt 64 ]; do
	load run $i 0 store32 0xe0000000 1 $((i + 10))
	i=$((i + 1))
done
# VMMs elsewhere come and go meanwhile; they are none of this process's
n=0
while [ $n -lt 5 ]; do
	printf 'vm 1\nvm 1\nrun 0 0 store32 0xe0000000 1 100\nrun 1 0 store32 0xe0000000 1 100\nclose 0\nquit\n' |
		"$VMMIO_BUILD/kvmload" >/dev/null || fail "kvmload failed"
	n=$((n + 1))
done
kill -INT "$watcher"
wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
tr '{' '\n' <"$dir/out.txt" | grep '"register":"0xe0000000"' >"$dir/rows" || true
[ "$(wc -l <"$dir/rows")" -eq 64 ] || fail "$(wc -l <"$dir/rows") rows for 64 VMs"
i=0
while [ $i -lt 64 ]; do
	grep -q "\"nth\":$((i + 1)),.*\"samples\":$((i + 10))," "$dir/rows" || fail "VM $i: $(grep "\"nth\":$((i + 1))," "$dir/rows")"
	i=$((i + 1))
done
grep -q '"events_lost":0,"events_missed":0,' "$dir/out.txt" || fail "events were lost"

# the VMM is killed while watched: its counts stay, under its name
"$stat" exits --json 0.3 >"$dir/out.txt" 2>"$dir/err" &
watcher=$!
ready "$watcher" 12 link
load run 5 0 store32 0xe0000000 1 77
kill -KILL "$load_pid"
wait "$load_pid" 2>/dev/null || true
load_pid=
sleep 1
kill -INT "$watcher"
wait "$watcher" || fail "exits ended with $? when the VMM died: $(cat "$dir/err")"
tail -n 1 "$dir/out.txt" | tr '{' '\n' | grep -q "\"pid\":$pid,\"nth\":6,.*\"register\":\"0xe0000000\",\"samples\":77," ||
	fail "the dead VM's 77 writes: $(tail -n 1 "$dir/out.txt" | tr '{' '\n' | grep "$pid")"
status=0
"$stat" exits -p "$pid" 1 1 >"$dir/out.txt" 2>"$dir/err" || status=$?
[ "$status" -eq 1 ] || fail "a dead pid ended with $status"
one_line "a dead pid" "process $pid has no KVM VM"
# a closed pipe ends it quietly
"$stat" exits 0.1 2>"$dir/err" | head -n 1 >/dev/null
[ ! -s "$dir/err" ] || fail "a closed pipe: $(cat "$dir/err")"
