#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The host's own tests where KVM has hardware support: in a guest whose
# processor has SVM, which QEMU emulates with nested paging. There kvm_exit and
# kvm_entry come, KVM is a module, and the kernel is older than what BPF's plain
# loads need: 6.1. Counts are as exact there as anywhere; times are emulated.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

modules=$(echo "$VMMIO_BUILD"/kernel/cloud-amd64/root/lib/modules/*/kernel)
set --
for f in virt/lib/irqbypass arch/x86/kvm/kvm arch/x86/kvm/kvm-amd; do
	[ -f "$modules/$f.ko" ] || {
		echo "SKIP: this guest kernel has no $f.ko"
		exit 77
	}
	set -- "$@" --file "$modules/$f.ko:/lib/modules/$(basename "$f").ko"
done
for f in lib exits latency engines; do
	set -- "$@" --file "$VMMIO_SOURCE/tests/host/$f.sh:/tests/$f.sh"
done

cat >"$work/run.sh" <<'END'
set -e
grep -qw svm /proc/cpuinfo
mod irqbypass
mod kvm
mod kvm-amd
export VMMIO_BUILD=/bin TMPDIR=/tmp VMMIO_FLOOD=20000
# a KVM in an emulated machine is no hardware's, whatever /proc/cpuinfo says
vmmio-stat exits 0.1 1 >/tmp/log
grep -q 'on tcg, .*the machine is emulated, and so are all times' /tmp/log || {
	cat /tmp/log >&2
	exit 1
}
for t in exits latency engines; do
	sh /tests/$t.sh >/tmp/log 2>&1 || {
		say "$t.sh ended with $?:"
		tail -n 20 /tmp/log >&2
		exit 1
	}
	echo "$t passed"
	grep '^timed:' /tmp/log || true
done
END
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --timeout 400 "$@" \
	--file "$VMMIO_BUILD/kvmload:/bin/kvmload" --file "$VMMIO_BUILD/hosttool:/bin/hosttool" -- -cpu max >"$work/out"
cat "$work/out"
for t in exits latency engines; do
	grep -qx "$t passed" "$work/out"
done
# not one of the three passed for want of these events
grep -q '^timed: .*"kvm_p50_ns":' "$work/out"
