#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls over a healthy guest at a load average of about 8: disks over MMIO, PCI lines and
# vectors at several depths, a network that answers, processes that only reckon; entropy, balloon and
# console idle. A line each ten seconds; no queue may be named. Each load must have
# come through, by the kicks of its queue. By hand: stallquiet.sh [SECONDS]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds=${1:-3600}

cat >"$work/run.sh" <<'END'
set -e
fail() { say "stallquiet: $*"; exit 1; }
load_mainline; load_rng; load_balloon; load_console; load_blk; load_net
wait_blk 4
ifconfig lo up
ifconfig eth0 10.0.2.15 up
n=0
for disk in /dev/vd?; do
	n=$((n + 1))
	while blkload --count 300 --depth $((1 << n)) --rw 70 $disk >/dev/null; do usleep 20000; done &
done
while :; do dd if=/dev/vda of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null; usleep 50000; done &
while :; do ping -c 20 10.0.2.2 >/dev/null; done &
for i in 1 2 3 4 5 6; do while :; do :; done & done
sleep 20
echo "uptime seconds, load averages; rows that were looked at; what was named"
status=0
vmmio-stat stalls --json 10 $((SECONDS_ / 10)) >/tmp/out 2>/tmp/err &
watch=$!
seen=0
while [ -d /proc/$watch ]; do
	sleep 1
	lines=$(wc -l </tmp/out)
	[ $lines != $seen ] || continue
	seen=$lines
	tail -n 1 /tmp/out >/tmp/line
	[ $((seen % 60)) != 0 ] || echo "$(tr '{' '\n' </tmp/line | grep '"device"' | sed 's/.*"device":"\([^"]*\)".*"driver":"\([^"]*\)".*"queue_name":"\([^"]*\)".*"kicks":\([0-9]*\).*/\1 \2 \3 kicks \4;/' | tr '\n' ' ')"
	echo "$(cut -d. -f1 /proc/uptime) $(cut -d' ' -f1-3 /proc/loadavg); $(tr '{' '\n' </tmp/line | grep -c '"queue":'); $(tr '{' '\n' </tmp/line | sed -n 's/.*"device":"\([^"]*\)".*"queue_name":"\([^"]*\)".*"cause":"\([^"]*\)","evidence":"\([^"]*\)".*/\1 \2 \3 \4/p' | tr '\n' '|')"
done
wait $watch || status=$?
echo "stalls ended with $status $(cat /tmp/err)"
[ $status = 0 ] || fail 'somebody was named'
[ "$(wc -l </tmp/out)" = $((SECONDS_ / 10)) ] || fail 'it ended before'
# a kick a second at least of each disk and of what is sent
tail -n 1 /tmp/out | tr '{' '\n' | sed -n 's/.*"device":"\([^"]*\)".*"queue_name":"\(req.0\|output.0\)".*"kicks":\([0-9]*\).*/\1 \2 \3/p' >/tmp/kicks
echo "kicks: $(tr '\n' ';' </tmp/kicks)"
awk -v s=$SECONDS_ '$3 < s { exit 1 } END { exit NR != 5 }' /tmp/kicks || fail 'a load did not come through'
echo quiet-done
END
sed -i "1i SECONDS_=$seconds" "$work/run.sh"
status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --smp 2 --timeout $((seconds + 600)) --columns mmio,pci-intx,pci-msix -- \
	-blockdev null-co,node-name=deep,size=2097152,read-zeroes=on,latency-ns=2000000 \
	-device virtio-blk-device,drive=deep,packed=on \
	-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net \
	-device virtio-rng-device -device virtio-rng-pci -device virtio-balloon-device \
	-device virtio-serial-pci -device virtconsole,chardev=idle -chardev null,id=idle >"$work/out" 2>&1 || status=$?
cat "$work/out"
grep -qx quiet-done "$work/out" || status=1
exit $status
