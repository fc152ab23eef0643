#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Data integrity: fio writes file-backed disks at random and verifies each block
# (crc32c), over mmio, MSI-X and INTx, split and packed rings, and the settings
# of vmmio.ko. The guest is that of cmake/fio-image.sh.
#
#   fio.sh [--quick]   two settings instead of all
set -euo pipefail
here=$(dirname "$0")

quick=0
[ "${1:-}" != --quick ] || quick=1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$VMMIO_SOURCE/cmake/fio-image.sh" --out "$dir" --base "$VMMIO_BUILD/image/initrd.cpio"

cp "$here/fio.guest" "$dir/run.sh"
sed -i "1i quick=$quick" "$dir/run.sh"

want=14
[ "$quick" = 0 ] || want=6
for ring in split packed; do
	options=ioeventfd=off,queue-size=256,num-queues=1
	[ $ring = split ] || options=$options,packed=on
	for n in 0 1 2; do
		rm -f "$dir/disk$n"
		truncate -s 16M "$dir/disk$n"
	done
	status=0
	"$VMMIO_BUILD/vmmio-boot" -n 2 -m 1024 -t 400 -s "$dir/run.sh" --initrd "$dir/initrd.cpio" -- \
		-blockdev "file,node-name=d0,filename=$dir/disk0" \
		-blockdev "file,node-name=d1,filename=$dir/disk1" \
		-blockdev "file,node-name=d2,filename=$dir/disk2" \
		-device "virtio-blk-device,drive=d0,${options#ioeventfd=off,}" \
		-device "virtio-blk-pci,drive=d1,disable-legacy=on,$options" \
		-device "virtio-blk-pci,drive=d2,disable-legacy=on,vectors=0,$options" \
		>"$dir/out" || status=$?
	sed "s/^/$ring: /" "$dir/out"
	[ "$status" = 0 ] || exit 1
	grep -qx "verified $want" "$dir/out"
done
