#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What watching takes of memory follows the virtqueues that there are, whatever
# CPUs there could be; a virtqueue that finds no room is counted and said.
set -eu

here=$(dirname "$0")
out=$(cat "$here/check.guest" "$here/room.guest" | "${VMMIO_BUILD:?}/vmmio-boot" --script - \
	--memory 512 --timeout 150 -- -smp 1,maxcpus=64 \
	-blockdev null-co,node-name=many,size=1073741824,read-zeroes=on \
	-device virtio-blk-device,drive=many,num-queues=64,queue-size=64) || {
	echo "$out"
	exit 1
}
echo "$out"
case $(echo "$out" | tail -n 1) in
"CHECKS "[1-9]*" FAILED 0") ;;
*) exit 1 ;;
esac
