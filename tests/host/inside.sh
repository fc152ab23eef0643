#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The host tests within a bench host (vmmio-boot --host), whose processor has
# SVM: there kvm_exit and kvm_entry come, KVM is a module, and the kernel is
# older than what BPF's plain loads need. Where this machine has a KVM of its
# own, a few of them; else all, and each finds its result in
# $VMMIO_BUILD/inside, a status and the log. Fails by itself only if the bench
# host does, or for want of kvm_exit.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

out=$VMMIO_BUILD/inside
rm -rf "$out"
[ -f "$VMMIO_BUILD/image/host.cpio" ] ||
	skip "no image of a bench host was built here (no QEMU, or not x86-64)"
tests='exits latency engines'
if ! kvm_opens; then
	tests="$tests reuse refused faults room map micro bios vms"
fi
set --
for f in lib $tests; do
	set -- "$@" --file "$VMMIO_SOURCE/tests/host/$f.sh:/tests/$f.sh"
done

# Less of what only takes time: it is emulated instruction by instruction.
{
	echo "tests='$tests'"
	cat <<-'END'
	set -e
	load_kvm
	export VMMIO_BUILD=/bin TMPDIR=/tmp VMMIO_FLOOD=20000 VMMIO_CHURN=20 VMMIO_SCAN=0.05
	# a KVM in an emulated machine is no hardware's, whatever /proc/cpuinfo says
	vmmio-stat exits 0.1 1 >/tmp/log
	grep -q 'on kvm-svm on tcg, .*the machine is emulated, and so are all times' /tmp/log || {
		cat /tmp/log >&2
		exit 1
	}
	for t in $tests; do
		status=0
		sh /tests/$t.sh >/tmp/log 2>&1 || status=$?
		echo "@test $t $status"
		grep '^timed:' /tmp/log || true
		[ $status = 0 ] || tail -n 30 /tmp/log
	done
	END
} >"$dir/run.sh"
"$VMMIO_BUILD/vmmio-boot" --host --script "$dir/run.sh" --timeout 900 "$@" >"$dir/out"

mkdir "$out"
awk -v out="$out" '$1 == "@test" { file = out "/" $2; print $3 >file; next } file { print >file }' "$dir/out"
for t in $tests; do
	[ -f "$out/$t" ] || fail "nothing is known of $t"
	echo "$t: $(cat "$out/$t")"
	kvm_opens || continue # its own test tells
	[ "$(head -n 1 "$out/$t")" = 0 ] || fail "$t failed in the bench host"
done
# exits did not pass for want of these events
grep -q '^timed: .*"kvm_p50_ns":' "$out/exits" || fail "kvm_exit did not come"
