#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Histograms of virtqueues beyond the first 128 slots are kept elsewhere (bpf/stock_hists.bpf.h): of
# three disks of 64 virtqueues each, every histogram has what its counter has, in slots on
# either side.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cat >"$work/script" <<'END'
set -e
fail() { say "far: $*"; cat /tmp/row; exit 1; }
load_mainline
load_blk
wait_blk 3
near=0 far=0
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" /tmp/row; }
# the sum of a histogram, whose buckets are pairs: the lower bound and how many
sum()
{
	sed "s/.*\"$1\":{\"unit\":\"[a-z]*\",\"buckets\":\[\(\(\[[0-9,]*\],*\)*\)\].*/\1/; s/\],*/\n/g" /tmp/row |
		sed -n 's/^\[[0-9]*,\([0-9]*\)$/\1/p' | awk '{ n += $1 } END { print n + 0 }'
}
for disk in $(blk_on mmio); do
	device=$(virtio_of "$disk")
	echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
	vmmio-stat --json=full -x --emulated-time -n "$device" -q 0 -- blkload --count 150 "$disk" >/tmp/out 2>/tmp/err || fail "$(cat /tmp/err)"
	sed 's/{"device":/\n&/g' /tmp/out | grep '^{"device":.*"queue":0,' | tail -n 1 >/tmp/row
	slot=$(($(number slot) - 2048))
	if [ $slot -lt 128 ]; then near=$((near + 1)); else far=$((far + 1)); fi
	for both in kick:kicks_timed irq:latencies batch:kicks_indexed coalesce:irqs_indexed request:requests_timed occupancy:occupancies; do
		n=$(number ${both#*:})
		[ "$(sum ${both%:*})" = "$n" ] || fail "slot $slot: ${both%:*} of $(sum ${both%:*}), ${both#*:} $n"
		# a kick into which an interrupt came has no cost, and that may be each of them
		[ $both = kick:kicks_timed ] || [ "$n" = 150 ] || fail "slot $slot: ${both#*:} $n, not 150"
	done
	echo "slot $slot: $(sum kick) kicks, $(sum irq) interrupts, $(sum request) requests"
done
[ $near != 0 ] && [ $far != 0 ] || fail "$near near, $far far"
END
for disk in 0 1 2; do
	set -- "$@" -blockdev "null-co,node-name=d$disk,size=4194304,read-zeroes=on" \
		-device "virtio-blk-device,drive=d$disk,num-queues=64"
done
"${VMMIO_BUILD:?}/vmmio-boot" --script "$work/script" --memory 512 --timeout 120 -- -smp 1,maxcpus=64 "$@"
