#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls --fix: a doorbell that was swallowed once, and an interrupt that was missed once, over
# vmmio.ko: the load stands still, is kicked or polled, and goes on; the other of the two
# does not help. Of a queue of mainline's it says that it cannot. The file that it
# writes to refuses what is not right, and stands a driver that comes and goes meanwhile.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/run.sh" <<'END'
set -e
fail() { say "stallfix: $*"; exit 1; }
fault=/sys/module/stallfault/parameters
nudge=/sys/kernel/vmmio/nudge
load_vmmio claim=mmio
mod virtio_mmio; part virtio_pci_legacy_dev; part virtio_pci_modern_dev; mod virtio_pci
mod virtio_blk
wait_blk 3
# by size: 0 over MMIO, 1 PCI, 2 PCI with mainline's driver
node() { for _d in /sys/class/block/vd?; do [ "$(cat $_d/size)" != $((4096 + 8 * $1)) ] || basename $_d; done; }
vmmio-ctl bind "$(node 1)" >/dev/null
wait_blk 3
insmod /lib/modules/stallfault.ko
done_ios() { awk '{ print $1 + $5 }' /sys/class/block/$(node $1)/stat; }
virtio() { virtio_of /dev/$(node $1); }
# load I: it ends at /tmp/stop
load() { while [ ! -e /tmp/stop ]; do blkload --count 20 /dev/$(node $1) >/dev/null 2>&1 || :; usleep 10000; done; }
for i in 0 1 2; do load $i & done
# stalls as it is asked for: status into $status
stalls() { status=0; vmmio-stat stalls --bound 700 "$@" >/tmp/out 2>/tmp/err || status=$?; }
# hit I FAULT [IRQ]: once
hit()
{
	echo 1 >$fault/times
	echo "$(virtio $1) 0 $2 ${3:-0}" >$fault/plant || fail "plant $2"
	n=0
	until [ "$(cat $fault/hits)" = 1 ]; do n=$((n + 1)); [ $n -lt 200 ] || fail "$2 does nothing"; usleep 20000; done
}
goes_on()
{
	was=$(done_ios $1)
	n=0
	until [ "$(done_ios $1)" -gt $((was + 20)) ]; do n=$((n + 1)); [ $n -lt 200 ] || fail "$2: the load does not go on: $(cat /tmp/out)"; usleep 50000; done
}
stands() { was=$(done_ios $1); usleep 300000; [ "$(done_ios $1)" = $was ] || fail "$2: the load does not stand"; }

stalls --fix kick
[ $status = 0 ] && grep -qx 'nothing is stalled, nothing was done' /tmp/out || fail "healthy: $status $(cat /tmp/out /tmp/err)"

hit 0 swallow
stands 0 'kick lost'
stalls --fix kick
v=$(virtio 0)
[ $status = 0 ] && grep -q "^$v .*lost-kick for" /tmp/out && grep -q "^$v  *0:req.0  *kicked once; the device has used [1-9][0-9]*\$" /tmp/out ||
	fail "lost kick: $status $(cat /tmp/out /tmp/err)"
goes_on 0 'lost kick'
dmesg | grep -q 'queue 0: kicked on request$' || fail 'the kernel log does not say it'
echo 1 >$fault/heal
echo "stallfix: $(grep 'kicked once' /tmp/out)"

v=$(virtio 1)
irq=$(awk -v v="$v-req.0" '{ for (i = 2; i <= NF; i++) if ($i == v) print $1 + 0 }' /proc/interrupts)
[ "$irq" ] || fail "no vector of $v"
hit 1 miss $irq
stands 1 'interrupt missed'
stalls --fix kick # this is no cure
[ $status = 3 ] && grep -q "^$v .*lost-irq for" /tmp/out && grep -q "^$v .*kicked once; nothing moved in [0-9.]* s\$" /tmp/out ||
	fail "missed interrupt, kicked: $status $(cat /tmp/out /tmp/err)"
stands 1 'kicked'
stalls --fix poll --json -n $v
[ $status = 0 ] && tail -n 1 /tmp/out | grep -q '"fix":"poll","rows":\[{"device":"'$v'".*"cause":"lost-irq","done":true,"why_not":null,"found":true,"moved":true' ||
	fail "missed interrupt: $status $(cat /tmp/out /tmp/err)"
goes_on 1 'missed interrupt'
echo 1 >$fault/heal
echo "stallfix: $(tail -n 1 /tmp/out | cut -c1-300)"

hit 2 swallow
stands 2 "mainline's kick lost"
stalls --fix kick
v=$(virtio 2)
[ $status = 1 ] && grep -q "^$v .*not kicked: vmmio.ko does not serve it" /tmp/out && [ $(wc -l </tmp/err) = 1 ] &&
	grep -qx "vmmio-stat: stalls: only a queue that vmmio.ko serves can be kicked, $v 0:req.0 is none" /tmp/err ||
	fail "mainline: $status $(cat /tmp/out /tmp/err)"
echo 1 >$fault/heal
goes_on 2 "mainline's kick lost"
stalls --fix kick 1 5
[ $status = 2 ] && grep -q 'takes no interval' /tmp/err || fail "with an interval: $status $(cat /tmp/err)"

touch /tmp/stop
usleep 500000
v=$(virtio 0)
for wrong in "$v 0 poke" "$v 65536 kick" "$v -1 kick" "$v 4294967296 kick" "$v 0kick" "$v 0x0 kick" "$v 0" "$v 0 kick kick" 'virtio99 0 kick' "$v 1 kick" "$(virtio 2) 0 kick" x; do
	! echo "$wrong" >$nudge 2>/dev/null || fail "taken: $wrong"
done
echo "$v 0 kick" >$nudge || fail 'a kick of an idle queue'
! echo "$v 0 poll" >$nudge 2>/tmp/err || fail 'a poll of an idle queue found something'
grep -q 'No data' /tmp/err || fail "an idle queue: $(cat /tmp/err)"

# a driver that comes and goes meanwhile
( while [ ! -e /tmp/over ]; do
	for n in 0 1 2 3 4 5 6 7 8; do for how in kick poll; do echo "virtio$n 0 $how" >$nudge 2>/dev/null || :; done; done
done ) &
at_it=$!
for n in 1 2 3 4 5 6; do
	for i in 0 1; do
		vmmio-ctl unbind $(node $i) >/dev/null && wait_blk 3 && blkload --count 20 /dev/$(node $i) >/dev/null || fail "round $n, without"
		vmmio-ctl bind $(node $i) >/dev/null && wait_blk 3 && blkload --count 20 /dev/$(node $i) >/dev/null || fail "round $n"
	done
done
touch /tmp/over
wait $at_it
n=$(dmesg | grep -c 'on request')
[ $n -ge 12 ] || fail "$n nudges in the kernel log"
echo stallfix-done
END
status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --smp 2 --timeout 150 \
	--file "$VMMIO_BUILD/stallfault/stallfault.ko:/lib/modules/stallfault.ko" -- \
	-blockdev null-co,node-name=d0,size=2097152,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=2101248,read-zeroes=on \
	-blockdev null-co,node-name=d2,size=2105344,read-zeroes=on \
	-device virtio-blk-device,drive=d0,num-queues=1 -device virtio-blk-pci,drive=d1,num-queues=1,disable-legacy=on \
	-device virtio-blk-pci,drive=d2,num-queues=1,disable-legacy=on >"$work/out" 2>&1 || status=$?
sed -n '/^stallfix: /p' "$work/out"
grep -qx stallfix-done "$work/out" || status=1
[ $status = 0 ] || cat "$work/out"
exit $status
