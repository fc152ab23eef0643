# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # a line behind it sets $count and $size
#
# The guest of "compare --versus": the same disks go from mainline's drivers to
# vmmio.ko and back (versus_report.c calls turn).
set -eu

# move BUS DEVICE DRIVER
move()
{
	_d=/sys/bus/$1/devices/$2
	[ ! -e "$_d/driver" ] || echo "$2" >"$_d/driver/unbind"
	echo "$3" >"$_d/driver_override"
	echo "$2" >"/sys/bus/$1/drivers_probe"
}

# take SIDE: all devices to this driver
take()
{
	side=$1
	for c in mmio pci-intx pci-msix; do
		eval "_dev=\$dev_$(echo $c | tr - _)"
		[ $c = mmio ] && _bus=platform || _bus=pci
		_driver=
		[ "$side" = mainline ] || { [ $c = mmio ] && _driver=vmmio-mmio || _driver=vmmio-pci; }
		move "$_bus" "$_dev" "$_driver"
	done
	wait_blk 3
	for c in mmio pci-intx pci-msix; do
		_q=/sys/block/$(basename "$(blk_on $c)")
		echo none >"$_q/queue/scheduler"
		# one request per descriptor: the disk's tags are as many as its ring is long
		printf '@info {"settings":{"%s":{"%s":{"ring_size":%s,"max_segments":%s}}}}\n' \
			"$side" "$c" "$(cat "$_q/mq/0/nr_tags")" "$(cat "$_q/queue/max_segments")"
	done
}

# round SIDE TURN COLUMN KIND COMMAND...
round()
{
	printf '@round {"kind":"%s","round":%s,"depth":1,"column":"%s","ios":%s,"labels":"load=randread driver=%s transport=%s depth=1"}\n' \
		"$4" "$2" "$3" "$count" "$1" "$3"
	_disk=$(blk_on "$3") _st=0
	shift 4
	"$@" blkload --count "$count" --block-size "$size" "$_disk" || _st=$?
	printf '@end %s\n' "$_st"
}

# turn SIDE TURN
turn()
{
	take "$1"
	for column in mmio pci-intx pci-msix; do
		blkload --count 50 "$(blk_on $column)" >/dev/null
		round "$1" "$2" $column time env
		[ "$1" = mainline ] || round traced "$2" $column count \
			vmmio-stat --source bpf --json -- vmmio-stat --source sysfs --json --
	done
}

load_vmmio claim=none
load_mainline
load_blk
wait_blk 3
for c in mmio pci-intx pci-msix; do
	_dev=$(basename "$(readlink -f "/sys/block/$(basename "$(blk_on $c)")/device/..")")
	_q=/sys/block/$(basename "$(blk_on $c)")
	echo none >"$_q/queue/scheduler"
	eval "dev_$(echo $c | tr - _)=$_dev"
	echo "$_dev queue_size=$(cat "$_q/mq/0/nr_tags")" >/sys/kernel/vmmio/options
done
