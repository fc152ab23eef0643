#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A view of mainline's drivers hooks what its columns take and nothing else, and each counts
# what the load did: 300 reads one by one are 300 kicks and 300 interrupts, over MMIO, INTx
# and MSI-X, with split and packed rings. Of a line, a device's runs are unknown, not 0, where
# only its queues' interrupts are counted.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/run.sh" <<'END'
set -e
fail() { say "few: $*"; exit 1; }
load_mainline
load_blk
wait_blk 3
# the functions that are hooked meanwhile, and what is counted of the disk
watch()
{
	vmmio-stat -z "$@" -- sh -c "sed 's/ .*//' /sys/kernel/tracing/enabled_functions >/tmp/hooked
		blkload --count 300 $disk" >/tmp/out 2>/tmp/err || fail "$*: $(cat /tmp/err)"
	grep "^$device  *" /tmp/out | sed 's/  */ /g' >/tmp/rows
}
rows() { [ "$(paste -s -d '|' /tmp/rows)" = "$1" ] || fail "$column: $(cat /tmp/out)"; }
not() { ! grep -qx -e "$1" /tmp/hooked || fail "$column: hooked: $(cat /tmp/hooked)"; }
hooks() { grep -qx -e "$1" /tmp/hooked || fail "$column: not hooked: $1 $(cat /tmp/hooked)"; }
for column in mmio pci-intx pci-msix; do
	disk=$(blk_on $column)
	device=$(basename "$(readlink -f "/sys/block/$(basename "$disk")/device")")
	echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
	runs=-
	spurious='0.00 0|'
	own=-
	[ $column != pci-msix ] || { runs=300; own=0.00; }
	watch -f kicks,irqs
	rows "$device * 300 $runs 0|$device 0:req.0 300 300 0"
	hooks vring_interrupt
	not virtqueue_kick_prepare
	not vm_interrupt
	not vp_interrupt
	if [ -n "$QUICK" ]; then
		watch
		rows "$device * 300 - - 300 - ${spurious}$device 0:req.0 300 0.00 1.00 300 1.00 $own 0"
		echo "$column counts"
		continue
	fi
	watch --verify -f kicks,irqs
	rows "$device * 300 300 0|$device 0:req.0 300 300 0"
	watch
	rows "$device * 300 - - 300 - ${spurious}$device 0:req.0 300 0.00 1.00 300 1.00 $own 0"
	hooks virtqueue_kick_prepare
	watch -f kicks_interrupted,used_per_irq
	[ "$(grep -c . /tmp/rows)" = 2 ] || fail "$(cat /tmp/out)"
	watch -f handler_mean_ns --emulated-time
	not virtqueue_kick_prepare
	grep -q "^$device \* [1-9]" /tmp/rows || fail "no handler's time: $(cat /tmp/out)"
	watch -f kick_to_irq_p50_us --emulated-time
	grep -q "^$device 0:req.0 [0-9.]* 0$" /tmp/rows || fail "no latency: $(cat /tmp/out)"
	echo "$column counts"
done
END
for ring in '' ,packed=on; do
	sed "1i QUICK='$ring'" "$work/run.sh" >"$work/now.sh"
	"$VMMIO_BUILD/vmmio-boot" --script "$work/now.sh" --timeout 90 -- \
		-blockdev null-co,node-name=d0,size=4194304,read-zeroes=on \
		-blockdev null-co,node-name=d1,size=4194304,read-zeroes=on \
		-blockdev null-co,node-name=d2,size=4194304,read-zeroes=on \
		-device "virtio-blk-device,drive=d0$ring" \
		-device "virtio-blk-pci,drive=d1,disable-legacy=on,vectors=0$ring" \
		-device "virtio-blk-pci,drive=d2,disable-legacy=on$ring" >"$work/out" || {
		cat "$work/out"
		exit 1
	}
	[ "$(grep -c ' counts$' "$work/out")" = 3 ] || {
		cat "$work/out"
		exit 1
	}
	echo "counted with ${ring:-split rings}"
done
