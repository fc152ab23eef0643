#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko on a kernel that watches it (cmake/source-kernel.sh): bound, traced,
# loaded, its files read while devices go, unbound under load, bound again,
# suspended and resumed, and every allocation of a bind made to fail, one by one
# (debug.sh faults). The kernel must not complain and nothing may leak.
# usage: debug.sh [life|faults [MODULE]]   (MODULE: instead of the build's vmmio.ko)
set -euo pipefail

kernel=$VMMIO_BUILD/debug-kernel
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/common" <<'EOS'
set -e
fail() { say "debug: $*"; exit 1; }
fronts() { # the devices our fronts drive
	ls -d /sys/bus/platform/drivers/vmmio-mmio/LNRO* /sys/bus/pci/drivers/vmmio-pci/0* 2>/dev/null
}
read_disks() {
	for disk in /sys/block/vd*; do
		dd if="/dev/$(basename "$disk")" of=/dev/null bs=64k count=20 iflag=direct 2>/dev/null
	done
}
quiet() { # what the kernel complained of; genirq removes an entry of /proc that it could not make
	dmesg | grep -E 'WARNING: |BUG: |KASAN|UBSAN|DMA-API: .*: |general protection' | grep -v 'at fs/proc/generic.c' >/tmp/complaints || true
	[ ! -s /tmp/complaints ] || fail "$(cat /tmp/complaints)"
}
leave() { # unload everything, and look what is left
	for path in $(fronts); do
		basename "$path" >"$path/driver/unbind"
	done
	[ "$(awk '/virtio/' /proc/interrupts | wc -l)" = 0 ] || fail "an interrupt is left"
	rmmod vmmio || fail "the module does not unload"
	quiet
	# an object is a leak when it was one five seconds ago
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	cat /sys/kernel/debug/kmemleak >/tmp/leaks
	[ ! -s /tmp/leaks ] || fail "leaks: $(head -n 30 /tmp/leaks)"
}
EOS

cat "$dir/common" - >"$dir/life" <<'EOS'
load_vmmio claim=all
load_blk; load_net; load_rng; load_console
wait_blk 3
echo 1 >/sys/kernel/tracing/events/vmmio/enable
read_disks
[ "$(wc -l </sys/kernel/tracing/trace)" -gt 100 ] || fail "nothing was traced"

for path in $(fronts); do
	disk=$(ls "$path"/virtio*/block 2>/dev/null) || continue
	blkload --depth 8 --count 100000 "/dev/$disk" >/dev/null 2>&1 &
	load=$!
	while kill -0 $load 2>/dev/null; do
		cat /sys/kernel/vmmio/counters /sys/kernel/vmmio/regs /sys/kernel/vmmio/slots >/dev/null
	done &
	for i in 1 2 3 4 5; do
		echo 0 >/sys/kernel/tracing/events/vmmio/enable
		echo 1 >/sys/kernel/tracing/events/vmmio/enable
	done &
	usleep 300000
	basename "$path" >"$path/driver/unbind"
	kill $load 2>/dev/null || true
	wait
done
[ -z "$(find /sys/block -name 'vd*')" ] || fail "a disk survived its device"
for dev in /sys/bus/platform/devices/LNRO*; do
	[ -e "$dev/driver" ] || basename "$dev" >/sys/bus/platform/drivers/vmmio-mmio/bind 2>/dev/null || true
done
for dev in /sys/bus/pci/devices/*; do
	[ -e "$dev/driver" ] || [ "$(cat "$dev/vendor")" != 0x1af4 ] ||
		basename "$dev" >/sys/bus/pci/drivers/vmmio-pci/bind
done
wait_blk 3

# devices are suspended and resumed, the machine stays up
echo devices >/sys/power/pm_test
echo freeze >/sys/power/state
read_disks
echo 0 >/sys/kernel/tracing/events/vmmio/enable
leave
grep -q '^ debug_locks: *1' /proc/lockdep_stats || fail "lockdep switched itself off"
EOS

cat "$dir/common" - >"$dir/faults" <<'EOS'
# entropy: of all drivers the one that does least besides its transport
load_vmmio claim=all
load_rng
for kind in failslab fail_page_alloc; do
	echo N >/sys/kernel/debug/$kind/ignore-gfp-wait
	echo 0 >/sys/kernel/debug/$kind/verbose
done
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

# bind_failing DRIVER-FOLDER DEVICE N: the Nth allocation of the bind fails;
# prints what is left of N, more than 0 when the bind made fewer
cat >/tmp/bind_failing <<'EOB'
exec 4>"$1/bind" 5>/proc/self/fail-nth
echo "$3" >&5
echo "$2" >&4
read -r left </proc/self/fail-nth
echo 0 >&5
echo "$left"
EOB
for path in $(fronts); do
	device=$(basename "$path") driver=$(readlink -f "$path/driver")
	n=1
	while :; do
		[ ! -e "$path/driver" ] || echo "$device" >"$driver/unbind"
		left=$(sh /tmp/bind_failing "$driver" "$device" $n 2>/dev/null)
		[ "$left" = 0 ] || break
		n=$((n + 1))
		[ $n -lt 1000 ] || fail "$device: there is no end of allocations"
	done
	[ $n -gt 30 ] || fail "$device: only $n allocations failed"
	echo "$device: $((n - 1)) allocations failed, one at a time"
	[ "$(readlink -f "$path"/virtio*/driver | sed "s,.*/,,")" = virtio_rng ] || fail "$device is not served"
done
leave
dmesg -c >/dev/null
EOS

what=${1:-life}
devices=()
disk() { # QEMU-DEVICE
	local n=${#devices[@]}
	devices+=(-blockdev "null-co,node-name=n$n,size=1073741824,read-zeroes=on" -device "$1,drive=n$n")
}
if [ "$what" = life ]; then
	disk virtio-blk-device,queue-size=128
	# whose rings and buffers are mapped for DMA, and so are watched there, too
	disk virtio-blk-pci,disable-legacy=on,ioeventfd=off,num-queues=2,iommu_platform=on
	disk virtio-blk-pci,disable-legacy=on,ioeventfd=off,vectors=0,num-queues=1
	devices+=(-device "virtio-serial-pci,max_ports=2,disable-legacy=on")
	devices+=(-netdev "user,id=u0,restrict=on" -device "virtio-net-device,netdev=u0")
	devices+=(-netdev "user,id=u1,restrict=on")
	devices+=(-device "virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile=")
else
	devices+=(-device "virtio-rng-pci,disable-legacy=on")
	devices+=(-device "virtio-rng-pci,disable-legacy=on,vectors=0")
fi
devices+=(-device virtio-rng-device)
files=()
[ $# -lt 2 ] || files=(--file "$2:/lib/modules/vmmio.ko")
"$VMMIO_BUILD/vmmio-boot" --kernel "$kernel/vmlinuz" --initrd "$kernel/initrd.cpio" \
	--append oops=panic -m 768 -n 2 -t "${VMMIO_DEBUG_TIMEOUT:-540}" -s "$dir/$what" "${files[@]}" -- "${devices[@]}"
