#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko serves stock virtio drivers unchanged: block, network, entropy and
# console behind both transports at once, with split and with packed rings,
# with and without event_idx, on two processors. Data written to the disks is
# read back and compared; the handler runs the driver counted equal
# /proc/interrupts; devices are unbound under load and taken back.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/run.sh" <<'EOF'
set -e
fail() { say "devices: $*"; exit 1; }

load_vmmio claim=all
load_blk; load_net; load_rng; load_console
wait_blk 2
wait_for 2 '/dev/vport*' # a port comes when its device announces it
for port in /dev/vport*; do echo "hello from $(basename "$port")" >"$port"; done

# integrity: random data out and back, past the cache
dd if=/dev/urandom of=/tmp/data bs=64k count=32 2>/dev/null
for disk in /dev/vda /dev/vdb; do
	dd if=/tmp/data of=$disk bs=64k oflag=direct 2>/dev/null
	dd if=$disk of=/tmp/back bs=64k count=32 iflag=direct 2>/dev/null
	cmp /tmp/data /tmp/back || fail "$disk gives back other data"
done

net=2
for eth in eth0 eth1; do
	ip link set $eth up
	ip addr add 10.0.$net.15/24 dev $eth
	ping -q -c 20 -i 0.01 -s 1000 10.0.$net.2 >/tmp/ping || fail "$eth: $(cat /tmp/ping)"
	net=$((net + 1))
done

for rng in virtio_rng.0 virtio_rng.1; do
	echo $rng >/sys/class/misc/hw_random/rng_current
	[ "$(dd if=/dev/hwrng bs=64 count=8 iflag=fullblock 2>/dev/null | wc -c)" = 512 ] || fail "$rng"
done

# the driver's always-on counts against the kernel's own: offset 24 of the
# device's record in the counters file is its handler runs
checked=0
for dev in /sys/bus/virtio/devices/virtio*; do
	dev=$(basename "$dev")
	slot=$(vmmio-stat --source sysfs --json -n "$dev" -- true |
		sed 's/.*"queue":null[^}]*"slot":\([0-9]*\).*/\1/')
	# a network may take an interrupt between two looks: look until none did
	for try in 1 2 3 4 5; do
		theirs=$(irqs_of "$dev")
		ours=$(dd if=/sys/kernel/vmmio/counters bs=120 skip="$slot" count=1 2>/dev/null |
			od -An -t u8 -j 24 -N 8 | tr -d ' ')
		[ "$theirs" != "$(irqs_of "$dev")" ] || break
	done
	[ "$ours" = "$theirs" ] && [ "$ours" -gt 0 ] ||
		fail "$dev: the driver ran $ours handlers, /proc/interrupts says $theirs"
	checked=$((checked + 1))
done
[ "$checked" = 8 ] || fail "$checked devices instead of 8"

# away under load, and back
for path in /sys/bus/platform/drivers/vmmio-mmio/LNRO* /sys/bus/pci/drivers/vmmio-pci/0*; do
	disk=$(ls "$path"/virtio*/block 2>/dev/null) || continue
	blkload --depth 8 --count 1000000 "/dev/$disk" >/dev/null 2>&1 &
	load=$!
	usleep 300000
	basename "$path" >"$path/driver/unbind"
	kill $load 2>/dev/null || true
	wait $load || true
done
[ -z "$(find /sys/block -name 'vd*')" ] || fail "a disk survived its device"
for dev in /sys/bus/platform/devices/LNRO*; do
	[ -e "$dev/driver" ] || basename "$dev" >/sys/bus/platform/drivers/vmmio-mmio/bind 2>/dev/null || true
done
for dev in /sys/bus/pci/devices/*; do
	[ -e "$dev/driver" ] || [ "$(cat "$dev/vendor")" != 0x1af4 ] ||
		basename "$dev" >/sys/bus/pci/drivers/vmmio-pci/bind
done
wait_blk 2
for disk in /sys/block/vd*; do
	disk=/dev/$(basename "$disk")
	dd if=$disk of=/tmp/back bs=64k count=32 iflag=direct 2>/dev/null
	cmp /tmp/data /tmp/back || fail "$disk gives back other data after the rebind"
done
vmmio-stat list >/tmp/list
grep -q msix /tmp/list || fail "no MSI-X"
grep -q line /tmp/list || fail "no line"

ip link set eth0 down; ip link set eth1 down
for path in /sys/bus/platform/drivers/vmmio-mmio/LNRO* /sys/bus/pci/drivers/vmmio-pci/0*; do
	basename "$path" >"$path/driver/unbind"
done
[ "$(awk '/virtio/' /proc/interrupts | wc -l)" = 0 ] || fail "an interrupt is left"
rmmod vmmio || fail "the module does not unload"
echo served
EOF

run() { # RING-OPTIONS [OPTIONS-OF-THE-PCI-DISK]
	local o=$1
	truncate -s 16M "$dir/disk0" "$dir/disk1"
	"$VMMIO_BUILD/vmmio-boot" -n 2 -t 90 -s "$dir/run.sh" -- \
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
