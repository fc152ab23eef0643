# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # a line before it sets $disks, $legacy and $count
#
# The guest of "conform" (conform.c), after the driver is loaded: all that a driver does with a
# device in its life, config write and rebind included.

use()
{
	wait_blk "$disks"
	for disk in /dev/vd?; do
		blkload --count "$count" "$disk" >/dev/null
		blkload --count $((2 * count)) --depth 8 "$disk" >/dev/null
		c=/sys/block/${disk#/dev/}/cache_type
		if [ "$legacy" = 0 ]; then echo 'write through' >"$c"; echo 'write back' >"$c"; fi
	done
	for eth in /sys/class/net/eth*; do
		if [ -e "$eth" ]; then
			ip link set "${eth##*/}" up; usleep 100000; ip link set "${eth##*/}" down
		fi
	done
}
parents() { for v in /sys/bus/virtio/devices/*; do dirname "$(readlink -f "$v")"; done; }
use
for dev in $(parents); do
	driver=$(readlink -f "$dev"/driver)
	echo "${dev##*/}" >"$driver"/unbind
	echo "${dev##*/}" >"$driver"/bind
done
use
for dev in $(parents); do
	driver=$(readlink -f "$dev"/driver)
	echo "${dev##*/}" >"$driver"/unbind
done
