#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The host commands where the kernel refuses or lacks something, each made so
# for this test alone: bpf() and perf_event_open() that fail as under a filter
# or a lockdown, a kernel without BTF, one without KVM (a guest), hidden
# addresses, no /dev/kvm. One clear line each, and what still works does.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
tool=$VMMIO_BUILD/hosttool
bench=$VMMIO_BUILD/vmmio-bench
unshare -m true 2>/dev/null || skip "no mount namespace for this test"

# refused WHAT PATTERN COMMAND…: ends with 1 and one line that says so
refused() {
	what=$1 pattern=$2
	shift 2
	status=0
	"$@" >"$dir/out.txt" 2>"$dir/err" || status=$?
	{ [ "$status" -eq 1 ] && [ "$(wc -l <"$dir/err")" -eq 1 ] && grep -q -e "$pattern" "$dir/err"; } ||
		fail "$what ($*): ended with $status: $(cat "$dir/err")"
	[ ! -s "$dir/out.txt" ] || fail "$what ($*): prints nonetheless: $(cat "$dir/out.txt")"
}

# still WHAT COMMAND…: works all the same
still() {
	what=$1
	shift
	"$@" >"$dir/out.txt" 2>"$dir/err" || fail "$what: '$*' does not work: $(cat "$dir/err")"
}

for c in vms "exits 0.2 1" "exits --latency 0.2 1" "exits --engine perf 0.2 1"; do
	# shellcheck disable=SC2086 # words
	refused "no bpf()" 'cannot .* BPF programs: Operation not permitted, .*seccomp filter' "$tool" without bpf "$stat" $c
done
still "no bpf()" "$tool" without bpf "$bench" micro -q -r 1 -o loop
still "no perf_event_open()" "$tool" without perf "$stat" vms
still "no perf_event_open()" "$tool" without perf "$stat" exits 0.2 1

# in_ns SETUP COMMAND…: in a mount namespace that SETUP has changed
in_ns() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -c 'eval "$1"; shift; exec "$@"' sh "$@"
}

tracefs='[ -e /sys/kernel/tracing/events/kvm ] || mount -t tracefs none /sys/kernel/tracing'
if in_ns "$tracefs" test -e /sys/kernel/tracing/events/kvm 2>/dev/null; then
	refused "no perf_event_open()" 'perf_event_open is refused: Operation not permitted' \
		in_ns "$tracefs" "$tool" without perf "$stat" exits --engine perf 0.2 1
	still "tracefs" in_ns "$tracefs" "$stat" exits --engine perf 0.2 1
fi

mkdir -p "$dir/lockdown"
echo 'none integrity [confidentiality]' >"$dir/lockdown/lockdown"
refused "locked down" 'the kernel is locked down (confidentiality)' \
	in_ns "mount --bind $dir/lockdown /sys/kernel/security" "$tool" without both "$stat" exits 0.2 1

nobtf='mount -t tmpfs none /sys/kernel/btf'
for c in vms "exits 0.2 1"; do
	# shellcheck disable=SC2086 # words
	refused "no BTF" 'this kernel has no BTF' in_ns "$nobtf" "$stat" $c
done
still "no BTF" in_ns "$nobtf" "$bench" micro -q -r 1 -o loop

grep -v '[[:space:]]kvm_' /proc/kallsyms >"$dir/guest"
guest="mount --bind $dir/guest /proc/kallsyms"
for c in vms "exits 0.2 1" "exits --engine perf 0.2 1"; do
	# shellcheck disable=SC2086 # words
	refused "a guest" 'no KVM in this kernel: .*commands for the host.*vmmio-stat regs' in_ns "$guest" "$stat" $c
	# shellcheck disable=SC2086 # words
	refused "a guest without BTF" 'no KVM in this kernel' in_ns "$guest; $nobtf" "$stat" $c
done

sed 's/^[0-9a-f]*/0000000000000000/' /proc/kallsyms >"$dir/hidden"
refused "hidden addresses" 'kernel addresses are hidden.*kptr_restrict' \
	in_ns "mount --bind $dir/hidden /proc/kallsyms" "$stat" vms

nokvm='mount -t tmpfs none /dev; mknod /dev/null c 1 3; mknod /dev/zero c 1 5'
refused "no /dev/kvm" 'there is no /dev/kvm on this machine' in_ns "$nokvm" "$bench" micro -q -r 1
still "no /dev/kvm" in_ns "$nokvm" "$stat" vms
still "no /dev/kvm" in_ns "$nokvm" "$stat" exits 0.2 1
