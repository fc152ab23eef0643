#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko serves the kernel's virtio drivers unchanged: block, network, entropy and
# console behind both transports at once, with split and with packed rings,
# with and without event_idx, on two processors. Data written to the disks is
# read back and compared; the handler runs the driver counted equal
# /proc/interrupts; devices are unbound under load and taken back.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

run() { # RING-OPTIONS [OPTIONS-OF-THE-PCI-DISK]
	local o=$1
	truncate -s 16M "$dir/disk0" "$dir/disk1"
	"$VMMIO_BUILD/vmmio-boot" -n 2 -t 90 -s "$here/devices.guest" -- \
		-blockdev "file,node-name=d0,filename=$dir/disk0" \
		-blockdev "file,node-name=d1,filename=$dir/disk1" \
		-netdev user,id=u0,restrict=on -netdev user,id=u1,net=10.0.3.0/24,restrict=on \
		-device "virtio-blk-device,drive=d0$o" \
		-device "virtio-blk-pci,drive=d1,disable-legacy=on,ioeventfd=off,num-queues=2$o${2:-}" \
		-device "virtio-net-device,netdev=u0$o" \
		-device "virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile=$o" \
		-device "virtio-rng-device$o" -device "virtio-rng-pci,disable-legacy=on$o" \
		-chardev "file,id=p0,path=$dir/port0" -device "virtio-serial-device,max_ports=2$o" \
		-device virtserialport,chardev=p0,nr=1,name=port0 \
		-chardev "file,id=p1,path=$dir/port1" \
		-device "virtio-serial-pci,id=vs1,max_ports=2,disable-legacy=on$o" \
		-device virtserialport,chardev=p1,nr=1,name=port1,bus=vs1.0 >"$dir/out"
	grep -qx served "$dir/out" || { cat "$dir/out"; exit 1; }
	for port in "$dir/port0" "$dir/port1"; do
		grep -q '^hello from vport' "$port" || { echo "console: nothing came out"; exit 1; }
	done
	rm -f "$dir"/port* "$dir"/disk*
	echo "served with ${o:-split rings and event_idx}"
}

run ''
run ',packed=on' ',page-per-vq=on' # a page for each doorbell: another multiplier
run ',packed=on,event_idx=off,indirect_desc=off'
