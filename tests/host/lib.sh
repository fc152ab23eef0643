# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For the host tests: takes a test's result from the bench host where this
# machine has no KVM, skips where no BPF is to be had, drives one kvmload process
# per test, and ends it with the test.

stat=$VMMIO_BUILD/vmmio-stat
name=$(basename "$0" .sh)
dir=$(mktemp -d)
load_pid=

clean_up() {
	exec 8>&- 9<&- || true
	[ -z "$load_pid" ] || kill "$load_pid" 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

fail() {
	echo "$name: $*" >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 77
}

# KVM's own device, and for us?
kvm_opens() {
	[ "$(stat -L -c %t:%T /dev/kvm 2>/dev/null)" = a:e8 ] && [ -r /dev/kvm ] && [ -w /dev/kvm ]
}

# Where KVM does not open, the test was run in the bench host just now, by inside.sh.
need_kvm() {
	[ "$(uname -m)" = x86_64 ] || skip "the bare-metal guest exists for x86-64 only"
	! kvm_opens || return 0
	[ -f "$VMMIO_BUILD/inside/$name" ] || skip "/dev/kvm cannot be opened here, and no bench host ran this"
	echo "in the bench host:"
	sed 1d "$VMMIO_BUILD/inside/$name"
	exit "$(head -n 1 "$VMMIO_BUILD/inside/$name")"
}

# The tool itself says what is missing; only these reasons excuse a test.
need_host_bpf() {
	if ! "$stat" vms -s >"$dir/probe" 2>&1; then
		case $(cat "$dir/probe") in
		*"run as root"* | *"seccomp filter"* | *"no BTF"* | *"no KVM in this kernel"*) skip "$(cat "$dir/probe")" ;;
		*) fail "vms does not run: $(cat "$dir/probe")" ;;
		esac
	fi
}

start_load() {
	mkfifo "$dir/in" "$dir/out"
	"$VMMIO_BUILD/kvmload" <"$dir/in" >"$dir/out" &
	load_pid=$!
	exec 8>"$dir/in" 9<"$dir/out"
}

# load COMMAND…: sends it, leaves what follows "ok " in $answer
load() {
	echo "$*" >&8
	IFS= read -r answer <&9 || fail "kvmload is gone (at '$*')"
	case $answer in
	ok*) answer=${answer#ok} answer=${answer# } ;;
	*) fail "kvmload: '$*' gave '$answer'" ;;
	esac
}

# has TEXT: is this in the last output?
has() {
	grep -q -e "$1" "$dir/out.txt" || {
		cat "$dir/out.txt"
		fail "$2"
	}
}

# ready PID N KIND: waits until the process holds N links or perf_events
ready() {
	i=0
	while [ "$(count_fds "$1" "$3")" -lt "$2" ]; do
		i=$((i + 1))
		[ $i -lt 200 ] || fail "$1 does not get ready: $(cat "$dir/err" 2>/dev/null)"
		sleep 0.1
	done
	sleep 0.2
}

count_fds() {
	case $2 in
	link) grep -ls '^link_type' /proc/"$1"/fdinfo/* 2>/dev/null | wc -l ;;
	perf) for fd in /proc/"$1"/fd/*; do readlink "$fd" || true; done 2>/dev/null | grep -c perf_event || true ;;
	esac
}
