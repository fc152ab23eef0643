#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What rings have in flight, against the block layer's own count: split and packed rings, with and
# without indirect descriptors, over MMIO and PCI, mainline's drivers and ours, by fentry and kprobes.
# Argument: the driver, "mainline" or "ours"; none: both.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
disk=0
# on other kernels (tests/matrix/stat.sh) there is no such module, and all lists get their memory
module=$VMMIO_BUILD/stallfault/stallfault.ko
[ -f "$VMMIO_BUILD/CMakeCache.txt" ] || module=''
# add DEVICE,OPTIONS: with a disk of its own behind it
set -- "${1:-both}"
which=$1
shift
for device in virtio-blk-device virtio-blk-device,packed=on virtio-blk-pci \
	virtio-blk-pci,packed=on virtio-blk-pci,packed=on,indirect_desc=off; do
	disk=$((disk + 1))
	set -- "$@" -object "throttle-group,id=t$disk,x-bps-read=1,x-bps-read-max=65536" \
		-blockdev "null-co,node-name=n$disk,size=16777216,read-zeroes=on" \
		-blockdev "throttle,node-name=d$disk,throttle-group=t$disk,file=n$disk" \
		-device "$device,drive=d$disk$(case $device in *pci*) echo ,disable-legacy=on ;; esac)"
done
for driver in mainline ours; do
	[ "$which" = both ] || [ "$which" = $driver ] || continue
	sed "1i DRIVER=$driver" "$VMMIO_SOURCE/tests/guest/flight.guest" >"$work/now.sh"
	"$VMMIO_BUILD/vmmio-boot" --timeout 100 --script "$work/now.sh" ${module:+--file "$module:/lib/modules/stallfault.ko"} \
		-- "$@" \
		-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net,packed=on,disable-legacy=on,romfile= >"$work/out" 2>&1 || true
	if ! grep -qx flight-done "$work/out" || [ "$(grep -c '^FLIGHT ' "$work/out")" != 12 ]; then
		cat "$work/out"
		exit 1
	fi
	grep '^FLIGHT ' "$work/out"
done
