#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A view of mainline's drivers hooks what its columns take and nothing else (each hook costs an
# I/O, docs/cost.md), and each counts what the load did: 300 reads one by one are 300 kicks and 300 interrupts, over MMIO, INTx
# and MSI-X, with split and packed rings.
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
	vmmio-stat -z "$@" -- sh -c "sed '/^[[:space:]]/d; s/ .*//' /sys/kernel/tracing/enabled_functions >/tmp/hooked
		blkload --count 300 $disk" >/tmp/out 2>/tmp/err || fail "$*: $(cat /tmp/err)"
	grep "^$device  *" /tmp/out | sed 's/  */ /g' >/tmp/rows
	until_unhooked
}
rows() { [ "$(paste -s -d '|' /tmp/rows)" = "$1" ] || fail "$column: $(cat /tmp/out)"; }
# hooked FUNCTION...: these and those that no I/O comes by, and no others
hooked()
{
	printf '%s\n' dev_attr_show virtio_config_changed virtio_uevent virtqueue_resize \
		vp_config_changed vring_del_virtqueue "$@" | sort >/tmp/want
	sort -u /tmp/hooked | cmp -s - /tmp/want || fail "$column: hooked: $(sort -u /tmp/hooked | diff - /tmp/want | grep '^[-+][^-+]')"
}
not() { ! grep -qx -e "$1" /tmp/hooked || fail "$column: hooked: $(cat /tmp/hooked)"; }
for column in mmio pci-intx pci-msix; do
	disk=$(blk_on $column)
	device=$(basename "$(readlink -f "/sys/block/$(basename "$disk")/device")")
	echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
	spurious='0.00 0|'
	own=-
	[ $column != pci-msix ] || own=0.00
	watch -f kicks,irqs
	rows "$device * 300 300 0|$device 0:req.0 300 300 0"
	hooked vm_notify vp_notify vring_interrupt
	if [ -n "$QUICK" ]; then
		watch
		rows "$device * - - 300 - - 300 - ${spurious}$device 0:req.0 300 0 300 0.00 1.00 300 1.00 $own 0"
		echo "$column counts"
		continue
	fi
	watch --verify -f kicks,irqs
	rows "$device * 300 300 0|$device 0:req.0 300 300 0"
	hooked vm_notify vp_notify vring_interrupt vm_interrupt vp_interrupt
	watch
	rows "$device * - - 300 - - 300 - ${spurious}$device 0:req.0 300 0 300 0.00 1.00 300 1.00 $own 0"
	hooked vm_notify vp_notify vring_interrupt virtqueue_kick virtqueue_kick_prepare
	watch -f kicks_interrupted,used_per_irq
	[ "$(grep -c . /tmp/rows)" = 2 ] || fail "$(cat /tmp/out)"
	watch -f handler_mean_ns --emulated-time
	not virtqueue_kick_prepare
	not vm_interrupt
	not vp_interrupt
	grep -q "^$device \* [1-9]" /tmp/rows || fail "no handler's time: $(cat /tmp/out)"
	watch -f kick_to_irq_p50_us --emulated-time
	grep -q "^$device 0:req.0 [0-9.]* 0$" /tmp/rows || fail "no latency: $(cat /tmp/out)"
	hooked vm_notify vp_notify vring_interrupt vm_interrupt vp_interrupt virtqueue_kick virtqueue_kick_prepare
	watch -f requests,ring_full
	grep -q "^$device 0:req.0 300 0 0$" /tmp/rows || fail "no requests: $(cat /tmp/out)"
	hooked vm_notify vp_notify vring_interrupt virtqueue_add_sgs virtqueue_add_outbuf virtqueue_add_inbuf \
		virtqueue_add_inbuf_ctx virtqueue_detach_unused_buf detach_buf_split
	echo "$column counts"
done
# its hooks go behind its back: by a process that keeps nothing else of it, no output that
# somebody reads to its end and no lock, and does so whatever has ended it
for how in INT TERM KILL STALLS; do
	: >/tmp/out # not what was there before
	what='--json 0.1' hook=vring_interrupt
	[ $how != STALLS ] || what='stalls --json 0.1' hook=vp_notify
	vmmio-stat $what >/tmp/out 2>&1 &
	pid=$!
	until grep -q virtio /tmp/out; do usleep 100000; done
	grep -q ^$hook /sys/kernel/tracing/enabled_functions || fail "$how: not hooked"
	[ $how != STALLS ] || how=INT
	kill -s $how $pid
	wait $pid || true
	for left in $(pidof vmmio-stat); do
		! ls -l /proc/$left/fd 2>/dev/null | grep -e '->' | grep -v -e 'anon_inode:\[\?bpf' -e '-> pipe:' ||
			fail "$how: it keeps more than hooks"
	done
	until_unhooked || fail "$how: hooks are left"
done
[ "$(vmmio-stat -- echo all | head -n 1)" = all ] || fail 'no output'
until_unhooked
tries=100
while pidof vmmio-stat >/dev/null && [ $tries != 0 ]; do
	tries=$((tries - 1))
	usleep 50000
done
! pidof vmmio-stat >/dev/null || fail 'a process is left'
END
# a line that serves several virtqueues: the handler's run is counted, not its look at each. A device with
# vectors of its own that comes later has its virtqueues counted by theirs
sed '/^for column/,$d' "$work/run.sh" >"$work/lines.sh"
cat >>"$work/lines.sh" <<'END'
late=$(blk_on pci-msix)
if [ -n "$late" ]; then
	late=$(basename "$(dirname "$(readlink -f "/sys/block/$(basename "$late")/device")")")
	echo "$late" >/sys/bus/pci/drivers/virtio-pci/unbind
fi
for column in mmio pci-intx; do
	disk=$(blk_on $column)
	device=$(basename "$(readlink -f "/sys/block/$(basename "$disk")/device")")
	[ "$(ls "/sys/block/$(basename "$disk")/mq" | wc -l)" = 2 ] || fail "not two virtqueues"
	watch -f kicks,irqs
	rows "$device * 300 300 0|$device 0:req.0 300 - 0" # -z leaves the other out
	hooked vm_notify vp_notify vm_interrupt vp_interrupt
	watch -f kicks,irqs,irqs_spurious
	rows "$device * 300 300 0 0|$device 0:req.0 300 300 - 0|$device 1:req.1 0 300 - 0"
	echo "$column counts"
done
vmmio-stat --csv -f kicks,irqs 0.5 >/tmp/csv 2>/tmp/err &
pid=$!
until grep -qs ',kicks,' /tmp/csv; do usleep 50000; done
echo "$late" >/sys/bus/pci/drivers/virtio-pci/bind
until [ -e /sys/bus/pci/devices/"$late"/virtio*/block/* ]; do usleep 50000; done
late=$(basename "$(dirname /sys/bus/pci/devices/"$late"/virtio*/block)")
tries=100
until grep -q "\"$late\",.*,0,\"req.0\",[0-9]*,[0-9]*,[0-9][0-9]*,0\$" /tmp/csv; do
	tries=$((tries - 1))
	[ $tries != 0 ] || fail "$late: $(cat /tmp/csv)"
	usleep 100000
done
blkload --count 300 "$(blk_on pci-msix)"
blkload --count 200 "$disk"
sleep 1
kill -INT $pid
wait $pid
# of KEY QUEUE: the sum of interrupts
of() { awk -F, -v d="\"$1\"" -v q="$2" '$4 == d && $9 == q { n += $13; known = $13 != "" } END { print known ? n : "-" }' /tmp/csv; }
got="$(of "$device" '') $(of "$device" 0) $(of "$late" '') $(of "$late" 0)"
[ "$got" = '200 - 300 300' ] || fail "beside one that came: $got: $(cat /tmp/csv)"
echo 'late counts'
END
"$VMMIO_BUILD/vmmio-boot" --script "$work/lines.sh" --timeout 90 --append possible_cpus=2 -- \
	-blockdev null-co,node-name=d0,size=4194304,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=4194304,read-zeroes=on \
	-blockdev null-co,node-name=d2,size=4194304,read-zeroes=on \
	-device virtio-blk-device,drive=d0,num-queues=2 \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,vectors=0,num-queues=2 \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,num-queues=2 >"$work/out" || {
	cat "$work/out"
	exit 1
}
[ "$(grep -c ' counts$' "$work/out")" = 3 ] || {
	cat "$work/out"
	exit 1
}
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
