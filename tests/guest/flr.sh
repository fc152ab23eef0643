#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A function level reset of a device in use, asked for in sysfs: its disk works
# before and after, under load too, and each request is answered. QEMU has such a reset behind a PCIe port only.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 -s "$here/flr.guest" -- -blockdev null-co,node-name=d0,size=16777216,read-zeroes=on \
	-device pcie-root-port,id=slot1,chassis=1,slot=1 \
	-device virtio-blk-pci,bus=slot1,drive=d0,disable-legacy=on,ioeventfd=off,num-queues=1 >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -qx 'four resets, all requests answered' "$dir/out"
