# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # a line behind it sets $count, $size, $rw and $depth
#
# The guest of "compare --where": says where its functions are, and loads each disk once
# between two marks for the plugin (script.c calls these).
set -eu

# Only text: the rest could not run. Compressed, since the serial port is slow.
symbols()
{
	echo @symbols
	grep ' [tTwW] ' /proc/kallsyms | gzip -1 | base64
	echo @symbols-end
	for _f in /sys/module/*/sections/.*text*; do
		[ ! -e "$_f" ] || {
			_m=${_f#/sys/module/}
			echo "@section ${_m%%/*} ${_f##*/} $(cat "$_f")"
		}
	done
	sed -n 's/^ *\([0-9a-f]*-[0-9a-f]*\) : LNRO0005.*/@window \1/p' /proc/iomem | sort -u
}

# window COLUMN NUMBER
window()
{
	_disk=$(blk_on "$1")
	echo none >"/sys/block/$(basename "$_disk")/queue/scheduler"
	printf '@round {"kind":"time","round":%s,"depth":%s,"column":"%s","ios":%s,"labels":"load=rand%s driver=%s transport=%s depth=%s"}\n' \
		"$2" "$depth" "$1" "$count" "$rw" "$driver" "$1" "$depth"
	_st=0
	blkload --mark --count "$count" --depth "$depth" --block-size "$size" --rw "$rw" "$_disk" ||
		_st=$?
	printf '@end %s\n' "$_st"
}
