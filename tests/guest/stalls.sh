#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls before real devices: a disk that does not answer for seconds is the one
# that is named, device-stuck, with its one request in flight, over MMIO and PCI, under
# our driver and mainline's; no other device (a disk under load, an idle entropy source)
# is. With nothing stuck the status is 0.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/run.sh" <<'END'
set -e
fail() { say "stalls: $*"; exit 1; }
load_rng
case $CASE in
mmio) load_vmmio claim=mmio; mod virtio_mmio; part virtio_pci_legacy_dev; part virtio_pci_modern_dev; mod virtio_pci ;;
pci) load_vmmio claim=pci; mod virtio_mmio ;;
esac
vmmio-stat stalls -1 --bound 500 --json >/tmp/quiet || fail "idle devices: status $? $(cat /tmp/quiet)"
! grep -q '"cause":"' /tmp/quiet || fail "idle devices: $(cat /tmp/quiet)"
mod virtio_blk
wait_blk 3
for disk in /sys/class/block/vd?; do
	node=/dev/$(basename $disk)
	if [ "$(cat $disk/size)" = 4096 ]; then
		while blkload --count 500 $node >/dev/null; do :; done &
	else
		blkload --count 40 $node >/dev/null & # one at a time, each waits
	fi
done
sleep 1
status=0
vmmio-stat stalls --bound 1000 --json 4 1 >/tmp/stuck || status=$?
[ $status = 3 ] || fail "status $status: $(cat /tmp/stuck)"
# a recorder that waits for one keeps what came before, and says which
vmmio-stat record --keep 1M --until 'stall > 1s' -o /tmp/kept.dat 60 >/tmp/out 2>/tmp/err || fail "record: $(cat /tmp/err)"
grep -q 'nothing lost; kept at stall' /tmp/err && grep -q '^vmmio-stat: stalled: virtio[0-9]* 0:req.0: device-stuck: ' /tmp/err ||
	fail "record, until a stall: $(cat /tmp/err)"
# the stall counts from the recording's begin: what led to it is in the rings
[ "$(sed -n 's/.*kept.dat: \([0-9]*\)[.].*/\1/p' /tmp/err)" -ge 1 ] || fail "record, less than a stall: $(cat /tmp/err)"
vmmio-stat report -z /tmp/kept.dat >/tmp/kept 2>&1 || true
grep -q '^virtio.* [1-9]' /tmp/kept || fail "nothing is in what was kept: $(cat /tmp/kept /tmp/err)"
# and from what is recorded: the kicks that waited are those of the slow disks, one still does
vmmio-stat record -o /tmp/waits.dat 5 2>/tmp/err || fail "record: $(cat /tmp/err)"
status=0
vmmio-stat report --stalls 1000 --json /tmp/waits.dat >/tmp/waits 2>/tmp/err || status=$?
[ $status = 3 ] || fail "report --stalls: status $status: $(cat /tmp/waits /tmp/err)"
for disk in /sys/class/block/vd?; do
	device=$(basename "$(realpath $disk/device)")
	n=$(grep -o "\"device\":\"$device\"" /tmp/waits | grep -c . || :)
	case $(cat $disk/size) in
	4096) [ "$n" = 0 ] || fail "report --stalls: $device: $(cat /tmp/waits)" ;;
	*) [ "$n" -ge 1 ] && [ "$n" -le 2 ] || fail "report --stalls: $device, $n times: $(cat /tmp/waits)" ;;
	esac
done
vmmio-stat report --stalls 60000 /tmp/waits.dat >/tmp/out 2>/tmp/err || fail "report --stalls 60000: $(cat /tmp/out /tmp/err)"
# cause and evidence of each row: exactly two, of the slow disks
tr '{' '\n' </tmp/stuck | sed -n 's/.*"device":"\([^"]*\)".*"driver":"\([^"]*\)","transport":"\([^"]*\)".*"in_flight":\([0-9]*\),.*"stalled":\(true\|false\),"cause":\("[^"]*"\|null\),.*/row \3 \2 \4 \5 \6 \1/p' >/tmp/rows
while read -r _ transport driver flight stalled cause device; do
	slow=false
	for disk in /sys/bus/virtio/devices/$device/block/vd?; do
		[ ! -e $disk/size ] || [ "$(cat $disk/size)" = 4096 ] || slow=true
	done
	# it may be over at the interval's end, when the next request is young: the cause stays
	if [ $slow = true ]; then
		[ "$flight $cause" = '1 "device-stuck"' ] || fail "$device: $(cat /tmp/stuck)"
	else
		[ "$stalled $cause" = 'false null' ] || fail "$device: $(cat /tmp/stuck)"
	fi
	echo "$CASE: $transport $driver, slow $slow: $cause"
done </tmp/rows
[ "$(grep -c . /tmp/rows)" = 4 ] || fail "rows: $(cat /tmp/rows /tmp/stuck)"
END
# boot CASE: the guest's output into a file of its own
boot()
{
	sed "1i CASE=$1" "$work/run.sh" >"$work/$1.sh"
	# the last of each transport is slow
	"$VMMIO_BUILD/vmmio-boot" --script "$work/$1.sh" --console --timeout 120 -- \
		-blockdev null-co,node-name=fast,size=2097152,read-zeroes=on \
		-blockdev null-co,node-name=slow-mmio,size=4194304,read-zeroes=on,latency-ns=3000000000 \
		-blockdev null-co,node-name=slow-pci,size=4194304,read-zeroes=on,latency-ns=3000000000 \
		-device virtio-rng-device \
		-device virtio-blk-device,drive=fast \
		-device virtio-blk-device,drive=slow-mmio \
		-device virtio-blk-pci,drive=slow-pci >"$work/$1.out" 2>&1
}
boot mmio &
other=$!
status=0
boot pci || status=1
wait $other || status=1
for case in mmio pci; do
	sed -n "/^$case: /p" "$work/$case.out"
	[ "$(grep -c "^$case: .*device-stuck" "$work/$case.out")" = 2 ] || status=1
done
[ $status = 0 ] || cat "$work"/*.out
exit $status
