# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC2154 # a line behind it sets $count, $size, $rw and $depth
#
# The guest of "compare --where": says where its functions are, and loads each disk once
# between two marks for the plugin (script.c calls these). The bench host around it says where its
# own are (wherehost.sh).
set -eu

# Only text: the rest could not run.
functions()
{
	grep ' [tTwW] ' /proc/kallsyms
}

# What another kernel has at the same addresses has the same sum.
kernel_sum()
{
	functions | grep -v '\[' | md5sum | cut -d' ' -f1
}

# symbols [PREFIX]: compressed, since the serial port is slow. Under KVM each byte is an exit to
# QEMU: there a kernel that is the host's, whose sum is $like, is not told again.
symbols()
{
	_p=${1-}
	if [ -n "${like-}" ] && [ "$like" = "$(kernel_sum)" ]; then
		echo @same-kernel
		functions | grep '\[' >/tmp/functions
	else
		functions >/tmp/functions
	fi
	echo "@${_p}symbols"
	gzip -9 </tmp/functions | base64
	echo @symbols-end
	for _f in /sys/module/*/sections/.*text*; do
		[ ! -e "$_f" ] || {
			_m=${_f#/sys/module/}
			echo "@${_p}section ${_m%%/*} ${_f##*/} $(cat "$_f")"
		}
	done
	sed -n "s/^ *\\([0-9a-f]*-[0-9a-f]*\\) : LNRO0005.*/@${_p}window \\1/p" /proc/iomem | sort -u
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
