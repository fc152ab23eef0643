#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A view of mainline's drivers hooks what its columns take and nothing else (each hook costs an
# I/O, docs/cost.md), and each counts what the load did: 300 reads one by one are 300 kicks and 300 interrupts, over MMIO, INTx
# and MSI-X, with split and packed rings.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# a line that serves several virtqueues: the handler's run is counted, not its look at each. A device with
# vectors of its own that comes later has its virtqueues counted by theirs
sed '/^for column/,$d' "$here/few.guest" | cat - "$here/few-lines.guest" >"$work/lines.sh"
"$VMMIO_BUILD/vmmio-boot" --script "$work/lines.sh" --timeout 90 --append possible_cpus=2 -- \
	-blockdev null-co,node-name=d0,size=4194304,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=4194304,read-zeroes=on \
	-blockdev null-co,node-name=d2,size=4194304,read-zeroes=on \
	-device virtio-blk-device,drive=d0,num-queues=2 \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,vectors=0,num-queues=2 \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,num-queues=2 >"$work/out" || {
	cat "$work/out"
	exit 1
}
[ "$(grep -c ' counts$' "$work/out")" = 3 ] || {
	cat "$work/out"
	exit 1
}
for ring in '' ,packed=on; do
	sed "1i QUICK='$ring'" "$here/few.guest" >"$work/now.sh"
	"$VMMIO_BUILD/vmmio-boot" --script "$work/now.sh" --timeout 90 -- \
		-blockdev null-co,node-name=d0,size=4194304,read-zeroes=on \
		-blockdev null-co,node-name=d1,size=4194304,read-zeroes=on \
		-blockdev null-co,node-name=d2,size=4194304,read-zeroes=on \
		-device "virtio-blk-device,drive=d0$ring" \
		-device "virtio-blk-pci,drive=d1,disable-legacy=on,vectors=0$ring" \
		-device "virtio-blk-pci,drive=d2,disable-legacy=on$ring" >"$work/out" || {
		cat "$work/out"
		exit 1
	}
	[ "$(grep -c ' counts$' "$work/out")" = 3 ] || {
		cat "$work/out"
		exit 1
	}
	echo "counted with ${ring:-split rings}"
done
