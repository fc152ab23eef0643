#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest image boots and powers off; mainline's drivers serve the three
# standard disks, each by its own transport, and QEMU counted what was read.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/run.sh" <<'END'
set -e
load_mainline
load_blk
wait_blk 3
for transport in mmio pci-intx pci-msix; do
	disk=$(blk_on $transport)
	virtio=$(virtio_of $disk)
	before=$(irqs_of $virtio)
	blkload --count 200 $disk >/tmp/load
	grep -q '"ios":200,.*"bytes":819200,"errors":0,' /tmp/load
	echo "$transport $(($(irqs_of $virtio) - before))"
done
END
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --columns mmio,pci-msix,pci-intx \
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
