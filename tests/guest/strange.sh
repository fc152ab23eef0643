#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A transport that is not known (tests/guest/strange): its kicks are not hooked, and they
# and all that rests on them are "-" and null in each view, not 0 and not 100 %;
# its interrupts are counted. Beside it a disk of virtio_mmio has both.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0
"$VMMIO_BUILD/vmmio-boot" --script "$here/strange.guest" --timeout 150 --columns mmio --file "$VMMIO_BUILD/strange/strange.ko:/lib/modules/strange.ko" \
	-- -device virtio-rng-device >"$work/out" 2>&1 || status=$?
sed -n '/^strange: /p' "$work/out"
grep -qx strange-done "$work/out" || status=1
[ $status = 0 ] || cat "$work/out"
exit $status
