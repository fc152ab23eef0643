#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The machine sleeps (suspend to idle) with vmmio.ko's devices on both transports, and is
# woken by an interrupt of a virtio-mmio device that has wakeup-source: nothing else
# can wake it, so without that it sleeps until the guest is given up. Handlers run in
# threads (threadirqs), before and after it. Afterwards each disk's I/O is counted
# exactly, and the wake-up is given back with the device. At the end: an index that
# leaps is said in the log.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_BUILD/vmmio-boot" --script "$here/sleep.guest" --timeout 60 --append threadirqs \
	--file "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" \
	--file "$VMMIO_BUILD/waker/waker.ko:/lib/modules/waker.ko" -- \
	-blockdev null-co,node-name=mmio,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=pci,size=2097152,read-zeroes=on \
	-object rng-builtin,id=entropy \
	-device virtio-rng-device,rng=entropy,max-bytes=16,period=3000 \
	-device virtio-blk-device,drive=mmio \
	-device virtio-blk-pci,drive=pci,disable-legacy=on,num-queues=1 >"$work/out" 2>&1 || {
	cat "$work/out"
	exit 1
}
cat "$work/out"
grep -qx woken "$work/out"
