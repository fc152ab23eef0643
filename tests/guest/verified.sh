#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# --verify holds while CPUs come and go and while handlers are threads, with nothing lost and
# no false difference: mainline's drivers under load, interval by interval, and over a command
# to the kick. Handlers are threads by the kernel's command line; a kernel that is PREEMPT_RT
# has them anyway.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/run.sh" <<'END'
set -e
fail() { say "verified: $*"; exit 1; }
load_mainline
load_blk
wait_blk 3
cpu1=/sys/devices/system/cpu/cpu1/online
[ "$(cat $cpu1)" = 1 ] || fail 'there is no second CPU'
ps | grep -q '\[irq/[0-9]*-virtio' || fail 'no handler is a thread'
for disk in /dev/vda /dev/vdb /dev/vdc; do
	while [ ! -e /tmp/end ]; do
		blkload --depth 4 --count 100 $disk >/dev/null
	done &
done
(
	while [ ! -e /tmp/end ]; do
		for state in 0 1; do
			echo $state >$cpu1
			usleep 300000
		done
	done
) &
vmmio-stat --verify --csv -f kicks,irqs 0.5 6 >/tmp/csv 2>/tmp/err || fail "status $?: $(cat /tmp/err)"
[ ! -s /tmp/err ] || fail "$(cat /tmp/err)"
# the header, and a device and its virtqueue of each
[ "$(grep -c . /tmp/csv)" = 37 ] || fail "$(grep -c . /tmp/csv) lines, not 37"
awk -F, 'NR > 1 && $NF != 0 { bad = 1 } END { exit bad }' /tmp/csv || fail "lost: $(cat /tmp/csv)"
touch /tmp/end
wait
until_unhooked
for disk in /dev/vda /dev/vdb /dev/vdc; do
	name=$(virtio_of $disk)
	vmmio-stat --verify -n $name --json -- sh -c "
		blkload --count 100 $disk
		echo 0 >$cpu1
		blkload --count 100 $disk
		echo 1 >$cpu1" >/tmp/json 2>/tmp/err || fail "$disk: $(cat /tmp/err)"
	grep -q '"queue":0,.*"kicks":200,' /tmp/json || fail "$disk: not 200 kicks: $(cat /tmp/json)"
done
cat /sys/kernel/realtime 2>/dev/null || echo 0
echo "verified on $(uname -r)"
END
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix --smp 2 --append threadirqs --script "$work/run.sh" \
	--timeout 100 >"$work/out" || {
	cat "$work/out"
	exit 1
}
grep '^verified on' "$work/out"
