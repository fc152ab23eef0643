#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A process and its vCPU's thread end, and others get their numbers, while
# exits runs: each keeps its own counts, whether a scan came in between or not.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf

# a number that is free now and not the next one's
pid=$(($(cat /proc/sys/kernel/pid_max) - 1000))
while [ -e "/proc/$pid" ]; do pid=$((pid - 1)); done
"$VMMIO_BUILD/hosttool" aspid "$pid" true || skip "a process id cannot be chosen here"

# vmm COUNT SECONDS: a VMM of that number writes so often, and stays so long
vmm() {
	{
		printf 'vm 1\nhere 0 0 store32 0xe0000000 1 %s\n' "$1"
		sleep "$2"
	} | "$VMMIO_BUILD/hosttool" aspid "$pid" "$VMMIO_BUILD/kvmload" >"$dir/vmm" || fail "kvmload as $pid"
	grep -q "^ok $pid $1 " "$dir/vmm" || fail "kvmload as $pid: $(cat "$dir/vmm")"
}

watch() {
	"$stat" exits --json "$1" >"$dir/out.txt" 2>"$dir/err" &
	watcher=$!
	ready "$watcher" 12 link
}

unwatch() {
	kill -INT "$watcher"
	wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
	tail -n 1 "$dir/out.txt" | tr '{' '\n' | grep '"register":"0xe0000000"' >"$dir/rows" || true
}

# a scan meets each of the three
watch 0.2
vmm 100 0.7
vmm 77 0.7
vmm 33 0.7
unwatch
for n in 100 77 33; do
	[ "$(grep -c "\"pid\":$pid,.*\"samples\":$n," "$dir/rows")" -eq 1 ] || fail "the VM that wrote $n times: $(cat "$dir/rows")"
done
[ "$(wc -l <"$dir/rows")" -eq 3 ] || fail "not three VMs: $(cat "$dir/rows")"

# only the last is met: of the first nothing is known but its thread's number, or
# its VM without a name, where the first scan was so slow that it met it on its way out
watch 60
vmm 100 0
{ vmm 77 2; } &
while [ -z "$(cat "$dir/vmm")" ]; do sleep 0.1; done
sleep 0.5
unwatch
wait $! || fail "the second VMM"
grep -q -e "\"pid\":null,\"tid\":$pid,.*\"samples\":100," \
	-e "\"pid\":$pid,.*\"name\":\"?\",.*\"samples\":100," "$dir/rows" || fail "the first VM's thread: $(cat "$dir/rows")"
grep -q "\"pid\":$pid,.*\"samples\":77," "$dir/rows" || fail "the second VM: $(cat "$dir/rows")"
[ "$(wc -l <"$dir/rows")" -eq 2 ] || fail "not two rows: $(cat "$dir/rows")"
