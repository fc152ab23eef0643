#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench host of arm64 (EL2, GICv2, emulated): a guest under its KVM, with
# mainline's drivers. What the guest counts (kicks, interrupts) and what
# vmmio-stat exits counts on its host is the same number: kicks by ioeventfd, a
# status read and an ACK in userspace for each interrupt of virtio-mmio, none of
# MSI-X. The rows of exits add up to the kernel's own histograms of kvm_exit and
# kvm_userspace_exit, to the event. Both levels call their accelerator by its name.
# Argument: the image of the guest (arm64).
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
# shellcheck source=tests/exitrows.sh
. "$VMMIO_SOURCE/tests/exitrows.sh"
host=$VMMIO_BUILD/arch/host-arm64/host.cpio
[ -f "$host" ] || {
	echo "no $host (arm.host-arm64 makes it): skipped"
	exit 77
}

cat "$VMMIO_SOURCE/tests/watch.host" "$here/stack.guest" >"$work/script"
boot --host --initrd "$host" --timeout 400 --tries 2 --script "$work/script" >"$work/out" || fail "the bench host failed"

guest_kicks 'kvm-arm on tcg' mmio pci-msix
irqs=$(sed -n 's/^irqs mmio //p' "$work/out")
msis=$(sed -n 's/^irqs pci-msix //p' "$work/out")

host_rows 'kvm-arm on tcg'

# one more kick is the kernel's own, when it meets the disk
for t in mmio pci; do
	same "kicks over $t by ioeventfd" 201 \
		"$(sum samples '"exit":"kick"' '"path":"ioeventfd"' "\"transport\":\"$t\"")"
	same "kicks over $t" 201 "$(sum samples '"exit":"kick"' "\"transport\":\"$t\"")"
done
same "interrupts of mmio in the guest and ACKs" "$irqs" "$(sum samples '"exit":"ACK"')"
same "status reads and ACKs" "$(sum samples '"exit":"status read"')" "$irqs"
same "interrupts of mmio in the guest and what the host sent" "$irqs" \
	"$(sum count '"device":"mmio@' '"vector":')"
# MSIs are the GICv2m's, which makes lines of them; QEMU sends them by irqfd
same "MSIs in the guest and what the host sent" "$msis" "$(sum count '"by":"irqfd"' '"kind":"irqchip"')"
same "of these, raised and accepted" "$msis" "$(sum raised '"by":"irqfd"' '"kind":"irqchip"')"
grep -q '"device":"PL011"' "$work/rows" || fail "no access to the serial port by its name"
echo "200 reads over mmio and MSI-X under kvm-arm on tcg: $irqs and $msis interrupts on both sides"
