#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What comes and goes at the wrong moment. Asynchronous probes of the transport and
# of the disks' driver, against each other and against readers: each device and
# queue has one slot of its own. Then disks vanish (all ones, tests/guest/liar) with
# their rings full of writes: each ends with an error, and nobody waits for ever.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/run.sh" <<'EOS'
set -e
fail() { say "vanish: $*"; exit 1; }
running() { for _pid in "$@"; do kill -0 "$_pid" 2>/dev/null && return 0; done; return 1; }
ours() { ls -d /sys/bus/*/drivers/vmmio-*/[L0]*; }

load_base
insmod /lib/modules/virtio_blk.ko async_probe=1
insmod /lib/modules/vmmio.ko claim=all async_probe=1
wait_blk 6
# read all the time: the records and the list
while :; do cat /sys/kernel/vmmio/slots /sys/kernel/vmmio/counters /sys/kernel/vmmio/regs; done >/dev/null &
reader=$!
for round in 1 2 3 4 5 6 7 8; do
	for path in $(ours); do
		dev=$(basename "$path")
		driver=$(readlink -f "$path/driver")
		(echo "$dev" >"$driver/unbind" && echo "$dev" >"$driver/bind") &
		pids="${pids-} $!"
	done
	for pid in $pids; do wait "$pid" || fail "round $round: a device is not bound again"; done
	pids=''
	wait_blk 6
	# a probe is over when its queue's record has a driver's name
	tries=100
	until vmmio-stat --source sysfs --json -- true >/tmp/list 2>/tmp/err &&
		[ "$(tr '{' '\n' </tmp/list | grep -c '"driver":"virtio_blk".*"queue":0,')" = 6 ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "round $round: $(cat /tmp/err /tmp/list)"
		usleep 100000
	done
	slots=$(tr '{' '\n' </tmp/list | sed -n 's/.*"slot":\([0-9]*\).*/\1/p' | sort -n)
	[ "$(echo "$slots" | sort -u | wc -l)" = "$(echo "$slots" | wc -l)" ] || fail "round $round: slots $slots"
	[ "$(echo "$slots" | wc -l)" = 12 ] || fail "round $round: slots $slots"
done
kill $reader
for disk in /sys/block/vd*; do
	blkload --count 50 "/dev/$(basename "$disk")" >/tmp/load || fail "I/O: $(cat /tmp/load)"
	grep -q '"errors":0' /tmp/load || fail "I/O: $(cat /tmp/load)"
done
echo "asynchronous probes: $(echo $slots)"

# 24 writers on each of two disks whose rings hold 16
insmod /lib/modules/liar.ko
pids=''
dead=''
for disk in /sys/block/vd*; do
	dev=$(basename "$(readlink -f "$disk/device/..")")
	name=$(basename "$disk")
	[ "$(cat "$disk/ro")" = 0 ] || continue
	dead="$dead $dev"
	for i in $(seq 24); do
		dd if=/dev/zero of=/dev/$name oflag=direct bs=4096 count=1 seek="$i" 2>/dev/null &
		pids="$pids $!"
	done
done
[ "$(echo $dead | wc -w)" = 2 ] || fail "disks to lose: $dead"
tries=100
until awk '$2 < 15 { exit 1 }' $(for dev in $dead; do ls /sys/bus/*/devices/"$dev"/virtio*/block/*/inflight; done); do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || fail "no writes in flight: $(cat /sys/block/*/inflight)"
	usleep 100000
done
dmesg -c >/dev/null
waiting=0
for pid in $pids; do ! kill -0 "$pid" 2>/dev/null || waiting=$((waiting + 1)); done
[ $waiting -ge 40 ] || fail "only $waiting writes wait"
echo 1 >/sys/module/liar/parameters/gone
for dev in $dead; do
	driver=$(readlink -f /sys/bus/*/devices/"$dev"/driver)
	(echo "$dev" >"$driver/unbind") &
	unbind="${unbind-} $!"
done
tries=300
while running $unbind 2>/dev/null; do
	tries=$((tries - 1))
	[ $tries -gt 0 ] || fail "unbind waits: $(cat /proc/[0-9]*/stack | grep -m 1 -A 2 freeze)"
	usleep 100000
done
failed=0
for pid in $pids; do wait "$pid" || failed=$((failed + 1)); done
echo 0 >/sys/module/liar/parameters/gone
[ $failed = $waiting ] || fail "$failed of $waiting waiting writes failed"
for dev in $dead; do
	[ -z "$(ls -d /sys/bus/*/devices/"$dev"/virtio* 2>/dev/null)" ] || fail "$dev is still there"
	dmesg | grep -q "$dev: [0-9]* requests in flight end as errors" || fail "$dev: $(dmesg)"
done
if dmesg | grep -E 'WARNING|BUG|blocked for more'; then fail 'said in the log'; fi
echo "vanished disks: all $failed writes that waited ended as errors"
EOS

# the first bucket of a throttled disk lets one write or two pass, then none
disk() { printf -- '-blockdev null-co,node-name=%s,size=16777216,read-zeroes=on,read-only=%s ' "$1" "$2"; }
stuck()
{
	printf -- '-object throttle-group,id=g%s,x-bps-write=1 ' "$1"
	disk "n$1" off
	printf -- '-blockdev throttle,node-name=%s,throttle-group=g%s,file=n%s ' "$1" "$1" "$1"
}
# shellcheck disable=SC2046 # a list of words
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 150 -s "$dir/run.sh" -f "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" -- \
	$(for d in d0 d1 d2 d3; do disk $d on; done) $(stuck s0) $(stuck s1) \
	-device virtio-blk-device,drive=s0,queue-size=16,seg-max-adjust=on \
	-device virtio-blk-pci,drive=s1,queue-size=16,seg-max-adjust=on,disable-legacy=on,num-queues=1 \
	-device virtio-blk-device,drive=d0,share-rw=on -device virtio-blk-device,drive=d1 \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,num-queues=1 \
	-device virtio-blk-pci,drive=d3,disable-legacy=on,num-queues=1 >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -q '^vanished disks: ' "$dir/out"
