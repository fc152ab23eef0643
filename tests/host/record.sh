#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What record writes by BPF on this machine's own kernel, which may read events without a call
# (recordcast.bpf.c) where the guests' does not: system calls whose registers hold a kick of our driver's
# (vmmio-callfeed), each of them in the file, whole and once, as trace-cmd reads it. In a mount
# namespace, whose /sys/kernel has what the driver would have there.
set -eu

if [ -z "${VMMIO_RECORD_NS:-}" ]; then
	unshare -m true 2>/dev/null || {
		echo "SKIP: no mount namespace for this test"
		exit 77
	}
	VMMIO_RECORD_NS=1 exec unshare -m "$0" "$@"
fi
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"
need_host_bpf
command -v trace-cmd >/dev/null || skip "no trace-cmd"

mkdir "$dir/btf"
mount --bind /sys/kernel/btf "$dir/btf"
mount -t tmpfs kernel /sys/kernel
mkdir /sys/kernel/btf /sys/kernel/vmmio /sys/kernel/tracing
mount --move "$dir/btf" /sys/kernel/btf
mount -t tracefs tracefs /sys/kernel/tracing || skip "tracefs cannot be mounted"
"$VMMIO_BUILD/vmmio-callfeed" slots /sys/kernel/vmmio

called=$VMMIO_BUILD/vmmio-stat-called
VMMIO_BPF_DEBUG=1 "$called" record --source bpf -o "$dir/dat" -- "$VMMIO_BUILD/vmmio-callfeed" 100000 1 >"$dir/out" 2>"$dir/err" ||
	fail "status $?: $(tail -n 5 "$dir/err")"
grep -q ' events, .*, nothing lost$' "$dir/err" || fail "$(tail -n 3 "$dir/err")"
read -r calls _ <"$dir/out"
trace-cmd report -R -N "$dir/dat" >"$dir/text" 2>/dev/null || fail 'trace-cmd report'
seen=$(grep -c ' vmmio_kick: .*slot=263 gen=24301 flags=0 value=0 queue=0 avail_idx=5 used_idx=0 avail_delta=3' "$dir/text" || :)
[ "$seen" = "$calls" ] || fail "$seen of $calls calls: $(grep -m 2 ' vmmio_kick: ' "$dir/text")"
grep -q '^ *vmmio-callfeed-' "$dir/text" || fail "no name of the task: $(head -n 12 "$dir/text")"

# from 6.2 on it must be the program without a call, and the kernel must have taken it
release=$(uname -r)
major=${release%%.*} rest=${release#*.}
if [ "$major" -gt 6 ] || { [ "$major" = 6 ] && [ "${rest%%.*}" -ge 2 ]; }; then
	grep -q "'bpf_rdonly_cast': resolved" "$dir/err" || fail 'not the program for this kernel'
	! grep -q 'load failed' "$dir/err" || fail "refused: $(grep 'load failed' "$dir/err")"
	echo "recordcast: $calls calls, $seen kicks"
else
	echo "record: $calls calls, $seen kicks"
fi
