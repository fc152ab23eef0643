#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest image boots and powers off; mainline's drivers serve the three
# standard disks, each by its own transport, and QEMU counted what was read.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_BUILD/vmmio-boot" --script "$here/smoke.guest" --columns mmio,pci-msix,pci-intx \
	--blockstats "$work/blocks" >"$work/out"
cat "$work/out" "$work/blocks"

# Depth 1: an interrupt for each request, on each transport.
for transport in mmio pci-intx pci-msix; do
	grep -qx "$transport 200" "$work/out"
done
# The device saw these requests (and the few of the partition scan).
for transport in mmio pci-intx pci-msix; do
	reads=$(sed -n "s/^{\"node\":\"$transport\",\"rd_operations\":\([0-9]*\),.*\"failed\":0}/\1/p" "$work/blocks")
	[ "$reads" -ge 200 ]
	[ "$reads" -lt 220 ]
done
