#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# NOTIFICATION_DATA with packed rings, on kernels that say what the doorbell is to
# be given (6.4 and later): queue, offset of the next descriptor, wrap counter
# (2.9), read in QEMU's trace over several rounds of the ring, on both transports.
# The feature is a lie of tests/guest/liar, built here for the image's kernel.
# Argument: image.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"

cp -r "$VMMIO_SOURCE/tests/guest/liar" "$VMMIO_SOURCE/kmod" "$VMMIO_SOURCE/include" "$work/"
env -u MAKEFLAGS -u MFLAGS make -s -C "$image/kernel/headers" "M=$work/liar" \
	"VMMIO_INCLUDE=$work/include" modules >"$work/log" 2>&1 || {
	cat "$work/log"
	fail "liar.ko does not build for $(cat "$image/release")"
}
strip -g "$work/liar/liar.ko"

# why -cx16: see kernel.sh
boot --script "$here/data.guest" --file "$work/liar/liar.ko:/lib/modules/liar.ko" --timeout 100 \
	--trace-events memory_region_ops_write --trace-log "$work/trace" -- -cpu qemu64,-cx16 \
	-blockdev null-co,node-name=d0,size=16777216,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=d0,packed=on \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,ioeventfd=off,num-queues=1,packed=on >"$work/out"
[ "$(grep -c '^accepted 1 1$' "$work/out")" = 2 ] ||
	fail "packed rings and notification data: $(grep '^accepted' "$work/out")"

awk -f "$VMMIO_SOURCE/tests/hex.awk" -f "$VMMIO_SOURCE/tests/matrix/data.awk" "$work/trace"
