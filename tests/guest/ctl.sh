#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-ctl in a guest: devices go to vmmio.ko and back on both buses with I/O
# before, between and after; one that is in use stays where it is; a driver
# that refuses leaves the device to its former one. One boot for all of it.
set -eu
here=$(dirname "$0")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
truncate -s 16M "$work/disk"

cp "$(dirname "$0")/expect.guest" "$work/run.sh"
cat "$here/ctl.guest" >>"$work/run.sh"

status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --columns mmio,pci-intx,pci-msix -- \
	-blockdev "driver=raw,node-name=scratch,file.driver=file,file.filename=$work/disk" \
	-device virtio-blk-device,drive=scratch \
	-netdev hubport,id=hub,hubid=0 -device virtio-net-pci,netdev=hub,disable-legacy=on,romfile= \
	>"$work/out" || status=$?
cat "$work/out"
[ "$status" = 0 ] || exit 1
grep -qx ctl-done "$work/out"
