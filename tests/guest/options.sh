#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Settings per device (/sys/kernel/vmmio/options): they reach the device at the
# next bind, are read back, survive rebinds, and what is wrong changes nothing.
# lazy_status saves one access per interrupt and loses no configuration change;
# a ring reset works where the device does it and is refused where it does not.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# resizes the disk over QEMU's monitor when the guest says so on its virtio console
resizer() {
	exec 3>"$dir/mon.in"
	cat "$dir/mon.out" >"$dir/mon.log" &
	while [ ! -s "$dir/signal" ]; do sleep 0.1; done
	echo '{"execute":"qmp_capabilities"}' >&3
	echo '{"execute":"block_resize","arguments":{"node-name":"d0","size":33554432}}' >&3
	sleep 60
}

truncate -s 16M "$dir/disk"
mkfifo "$dir/mon.in" "$dir/mon.out"
set -m
resizer &
resizer=$!
trap 'kill -- -$resizer 2>/dev/null; rm -rf "$dir"' EXIT
status=0
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 -s "$here/options.guest" \
	-f "$VMMIO_BUILD/ringparam:/bin/ringparam" -- \
	-chardev "pipe,id=mon,path=$dir/mon" -mon chardev=mon,mode=control \
	-chardev "file,id=signal,path=$dir/signal" -device virtio-serial-pci,disable-legacy=on,max_ports=2 \
	-device virtserialport,chardev=signal,nr=1 \
	-blockdev "file,node-name=d0,filename=$dir/disk" \
	-blockdev null-co,node-name=d1,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=d0,queue-size=256,num-queues=1 \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,ioeventfd=off,queue-size=256,num-queues=1 \
	-netdev user,id=u0,restrict=on -netdev user,id=u1,net=10.0.3.0/24,restrict=on \
	-device virtio-net-device,netdev=u0 \
	-device virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile= >"$dir/out" || status=$?
cat "$dir/out"
[ "$status" = 0 ] || exit "$status"
grep -qx 'options hold' "$dir/out"
