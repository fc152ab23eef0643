#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A driver whose probe does not come to its end holds its device's lock: no view may wait for
# it, each shows the other devices, and stalls and doctor name the one that is stuck. Once with
# the transport's module still loading because of it, once with all loaded.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_BUILD/vmmio-boot" --script "$here/sleeper.guest" --timeout 150 \
	--file "$VMMIO_BUILD/sleeper/sleeper.ko:/lib/modules/sleeper.ko" -- \
	-blockdev null-co,node-name=mmio,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=pci,size=2097152,read-zeroes=on \
	-device virtio-rng-device \
	-device virtio-rng-device \
	-device virtio-blk-device,drive=mmio \
	-device virtio-blk-pci,drive=pci >"$work/out" 2>&1 || {
	cat "$work/out"
	exit 1
}
cat "$work/out"
grep -qx views-done "$work/out"
