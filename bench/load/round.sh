# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # the line behind it sets $witnesses
#
# What the script of each boot begins with (load.c): one round of the load, and
# what the guest says of itself at the end.
set -eu

# round KIND ROUND DEPTH COLUMN IOS LABELS DEVICE COMMAND...
round()
{
	printf '@round {"kind":"%s","round":%s,"depth":%s,"column":"%s","ios":%s,"labels":"%s","device":"%s"}\n' \
		"$1" "$2" "$3" "$4" "$5" "$6" "$7"
	_st=0
	_wrap=$witnesses
	[ "$1" = count ] || _wrap=''
	shift 7
	$_wrap "$@" || _st=$?
	printf '@end %s\n' "$_st"
}

# doorbell DEVICE: where a PCI device ("virtio1") has that of its first queue, in QEMU's layout
doorbell()
{
	printf '@doorbell 0x%x\n' \
		$(($(sed -n '5s/ .*//p' "/sys/bus/virtio/devices/$1/../resource") + 0x3000))
}

guest_info()
{
	printf '@info {"guest":{"kernel":"%s","clocksource":"%s"}}\n' "$(uname -r)" \
		"$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
}
