# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Of the script of a boot that loads disks (blk.c): what the kernel counted for one.

# info COLUMN NODE WHEN: NODE is a disk, WHEN "before" or "after"
info()
{
	_disk=$(basename "$2")
	# shellcheck disable=SC2046 # a word each
	set -- "$1" "$3" "$(cat "/sys/block/$_disk/queue/max_segments")" \
		$(cat "/sys/block/$_disk/stat")
	printf '@info {"disks":{"%s":{"max_segments":%s,"%s":{"reads":%s,"writes":%s,"merged":%s}}}}\n' \
		"$1" "$3" "$2" "$4" "$8" "$(($5 + $9))"
}
