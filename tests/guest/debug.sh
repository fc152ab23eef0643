#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko on a kernel that watches it (cmake/source-kernel.sh): bound, traced,
# loaded, its files read while devices go, unbound under load, bound again,
# suspended and resumed, and every allocation of a bind made to fail, one by one
# (debug.sh faults). The kernel must not complain and nothing may leak.
# usage: debug.sh [life|faults [MODULE]]   (MODULE: instead of the build's vmmio.ko)
set -euo pipefail
here=$(dirname "$0")

kernel=$VMMIO_BUILD/debug-kernel
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cp "$here/debug.guest" "$dir/common"

cat "$dir/common" "$here/debug-life.guest" >"$dir/life"

cat "$dir/common" "$here/debug-faults.guest" >"$dir/faults"

what=${1:-life}
devices=()
disk() { # QEMU-DEVICE
	local n=${#devices[@]}
	devices+=(-blockdev "null-co,node-name=n$n,size=1073741824,read-zeroes=on" -device "$1,drive=n$n")
}
if [ "$what" = life ]; then
	disk virtio-blk-device,queue-size=128
	# whose rings and buffers are mapped for DMA, and so are watched there, too
	disk virtio-blk-pci,disable-legacy=on,ioeventfd=off,num-queues=2,iommu_platform=on
	disk virtio-blk-pci,disable-legacy=on,ioeventfd=off,vectors=0,num-queues=1
	devices+=(-device "virtio-serial-pci,max_ports=2,disable-legacy=on")
	devices+=(-netdev "user,id=u0,restrict=on" -device "virtio-net-device,netdev=u0")
	devices+=(-netdev "user,id=u1,restrict=on")
	devices+=(-device "virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile=")
else
	devices+=(-device "virtio-rng-pci,disable-legacy=on")
	devices+=(-device "virtio-rng-pci,disable-legacy=on,vectors=0")
fi
devices+=(-device virtio-rng-device)
files=()
[ $# -lt 2 ] || files=(--file "$2:/lib/modules/vmmio.ko")
"$VMMIO_BUILD/vmmio-boot" --kernel "$kernel/vmlinuz" --initrd "$kernel/initrd.cpio" \
	--append oops=panic -m 768 -n 2 -t "${VMMIO_DEBUG_TIMEOUT:-540}" -s "$dir/$what" "${files[@]}" -- "${devices[@]}"
