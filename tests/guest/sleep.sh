#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The machine sleeps (suspend to idle) with vmmio.ko's devices on both transports, and is
# woken by an interrupt of a virtio-mmio device that has wakeup-source: nothing else
# can wake it, so without that it sleeps until the guest is given up. Handlers run in
# threads (threadirqs), before and after it. Afterwards each disk's I/O is counted
# exactly, and the wake-up is given back with the device. At the end: an index that
# leaps is said in the log.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/run.sh" <<'END_OF_GUEST'
set -e
fail() { say "sleep: $*"; exit 1; }
load_vmmio
load_blk
insmod /lib/modules/liar.ko
insmod /lib/modules/waker.ko
waker=/sys/module/waker/parameters

# the entropy device is the one that no disk is on
rng=''
for dev in /sys/bus/platform/devices/LNRO*; do
	name=$(basename "$dev")
	echo "$name" >/sys/module/liar/parameters/wakeup
	vmmio-ctl bind "$name" >/dev/null
	[ "$(readlink -f "$dev"/virtio*/driver | sed 's,.*/,,')" != waker ] || rng=$name
done
for dev in /sys/bus/pci/devices/*; do
	[ "$(cat "$dev/vendor")" != 0x1af4 ] || vmmio-ctl bind "$(basename "$dev")" >/dev/null
done
wait_blk 2
[ -n "$rng" ] || fail 'no device of waker'
irq_of() { awk -v name="$1" '$NF == name { sub(":", "", $1); print $1 }' /proc/interrupts; }
virtio() { basename "$(ls -d /sys/bus/platform/devices/"$1"/virtio*)"; }
irq=$(irq_of "$(virtio "$rng")")
armed() { cat /sys/kernel/irq/"$irq"/wakeup; }
[ "$(armed)" = enabled ] || fail "interrupt $irq does not wake"

# each handler has a thread of its own, and the counts are exact
threads() { cat /proc/[0-9]*/comm | grep -c "^irq/[0-9]*-virtio" || true; }
[ "$(threads)" -ge 3 ] || fail "$(threads) threads of interrupts"
# exact WHEN: 100 reads of each disk are 100 kicks and 100 interrupts, by the kernel's count, too
exact()
{
	for node in $(blk_on mmio) $(blk_on pci-msix); do
		name=$(virtio_of "$node")
		ran() { awk -v name="$name" '$NF == name || index($NF, name "-") == 1 { n += $2 } END { print n + 0 }' /proc/interrupts; }
		begin=$(ran)
		vmmio-stat --source sysfs --json -n "$name" -q 0 -- blkload --count 100 --depth 1 "$node" >/tmp/json
		ran=$(($(ran) - begin))
		grep -q '"kicks":100,' /tmp/json || fail "$1: not 100 kicks of $node: $(cat /tmp/json)"
		[ $ran = 100 ] || fail "$1: $ran interrupts of $node"
		grep -q '"irqs":100,' /tmp/json || fail "$1: not 100 interrupts of $node: $(cat /tmp/json)"
	done
}
exact before

# the first answer comes at once, the second when the device's period is over
echo 1 >$waker/ask
tries=100
until [ "$(cat $waker/answers)" = 1 ]; do
	[ $tries != 0 ] || fail 'the device does not answer'
	tries=$((tries - 1))
	usleep 10000
done
echo 1 >$waker/ask
[ "$(cat $waker/answers)" = 1 ] || fail 'the second answer is here already'
for s in /sys/class/wakeup/*; do
	[ ! -e "$s/device/power/wakeup" ] || echo disabled >"$s/device/power/wakeup"
done
cat /proc/uptime
echo freeze >/sys/power/state
cat /proc/uptime
dmesg | grep -q 'PM: suspend entry (s2idle)' || fail 'it did not sleep'
dmesg | grep -q 'PM: suspend exit' || fail 'it is still asleep'
[ "$(cat $waker/answers)" = 2 ] || fail 'it woke without the second answer'
exact after

# buffers that pass between two looks at an index of 16 bits: said when it may be too many
echo 40000 >$waker/leap
! dmesg | grep 'hardly a kick' || fail '40000 are as many as can be told'
echo 50000 >$waker/leap
dmesg | grep -q "$rng: queue 0: 5000[0-9] buffers with hardly a kick" || fail "50000 pass unsaid: $(dmesg | tail -n 3)"
vmmio-ctl unbind "$rng" >/dev/null
[ "$(armed)" = disabled ] || fail "interrupt $irq still wakes"
echo woken
END_OF_GUEST
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --timeout 60 --append threadirqs \
	--file "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" \
	--file "$VMMIO_BUILD/waker/waker.ko:/lib/modules/waker.ko" -- \
	-blockdev null-co,node-name=mmio,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=pci,size=2097152,read-zeroes=on \
	-object rng-builtin,id=entropy \
	-device virtio-rng-device,rng=entropy,max-bytes=16,period=3000 \
	-device virtio-blk-device,drive=mmio \
	-device virtio-blk-pci,drive=pci,disable-legacy=on,num-queues=1 >"$work/out" 2>&1 || {
	cat "$work/out"
	exit 1
}
cat "$work/out"
grep -qx woken "$work/out"
