#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# With vmmio.ko loaded beside mainline's transports, before and after them,
# mainline keeps every device: ours takes none unasked.
set -eu

out=$("${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix \
	--script "$(dirname "$0")/beside.guest") || {
	echo "$out"
	exit 1
}
want="ours alone: 
ours first: virtio-mmio virtio-pci virtio-pci 
ours last: virtio-mmio virtio-pci virtio-pci "
echo "$out"
if [ "$out" != "$want" ]; then
	echo "expected:"
	echo "$want"
	exit 1
fi
