#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls over a healthy guest at a load average of about 8: disks over MMIO, PCI lines and
# vectors at several depths, a network that answers, processes that only reckon; entropy, balloon and
# console idle. A line each ten seconds; no queue may be named. Each load must have
# come through, by the kicks of its queue. By hand: stallquiet.sh [SECONDS]
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds=${1:-3600}

cp "$here/stallquiet.guest" "$work/run.sh"
sed -i "1i SECONDS_=$seconds" "$work/run.sh"
status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --smp 2 --timeout $((seconds + 600)) --columns mmio,pci-intx,pci-msix -- \
	-blockdev null-co,node-name=deep,size=2097152,read-zeroes=on,latency-ns=2000000 \
	-device virtio-blk-device,drive=deep,packed=on \
	-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net \
	-device virtio-rng-device -device virtio-rng-pci -device virtio-balloon-device \
	-device virtio-serial-pci -device virtconsole,chardev=idle -chardev null,id=idle >"$work/out" 2>&1 || status=$?
cat "$work/out"
grep -qx quiet-done "$work/out" || status=1
exit $status
