#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest that is busy when vmmio-stat comes: `list` says of each virtqueue what it says of it
# idle, and the first interval knows what the next one knows, a share of spurious interrupts
# among it.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix --script "$here/attach.guest" --timeout 90 >"$work/out" || {
	cat "$work/out"
	exit 1
}
grep -qx attached "$work/out"
