#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls --fix: a doorbell that was swallowed once, and an interrupt that was missed once, over
# vmmio.ko: the load stands still, is kicked or polled, and goes on; the other of the two
# does not help. Of a queue of mainline's it says that it cannot. The file that it
# writes to refuses what is not right, and stands a driver that comes and goes meanwhile.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$VMMIO_BUILD/vmmio-boot" --script "$here/stallfix.guest" --smp 2 --timeout 150 \
	--file "$VMMIO_BUILD/stallfault/stallfault.ko:/lib/modules/stallfault.ko" -- \
	-blockdev null-co,node-name=d0,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=2101248,read-zeroes=on \
	-blockdev null-co,node-name=d2,size=2105344,read-zeroes=on \
	-device virtio-blk-device,drive=d0,num-queues=1 -device virtio-blk-pci,drive=d1,num-queues=1,disable-legacy=on \
	-device virtio-blk-pci,drive=d2,num-queues=1,disable-legacy=on >"$work/out" 2>&1 || status=$?
sed -n '/^stallfix: /p' "$work/out"
grep -qx stallfix-done "$work/out" || status=1
[ $status = 0 ] || cat "$work/out"
exit $status
