#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The parameter device=, on a machine where nothing else describes its
# virtio-mmio windows: two devices work, with the device side's counts; after
# rmmod nothing is left, and the same again works; what is wrong is refused
# with one line that names it, and leaves nothing behind.
set -eu
here=$(dirname "$0")
set -- native
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
machine=microvm-noacpi

boot --file "$VMMIO_BUILD/counts:/bin/counts" --script "$here/device_param.guest" \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/trace" \
	-- -blockdev null-co,node-name=n0,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=n0 -device virtio-rng-device >"$work/out" || {
	cat "$work/out"
	fail "see above"
}
grep '^dev ' "$work/out" >"$work/devices"
[ "$(grep -c '^dev .* mmio ' "$work/out")" = 2 ] || fail "not two devices: $(cat "$work/out")"
grep -q '^dev .* vmmio-mmio.7 ' "$work/out" || fail "the id was not honoured"
while read -r line; do
	case $line in
	*vmmio-mmio.7*) check_device "$line" "$work/out" "$work/trace" feb00e00 ;;
	*) check_device "$line" "$work/out" "$work/trace" feb00c00 ;;
	esac
done <"$work/devices"
