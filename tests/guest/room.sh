#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What watching takes of memory follows the virtqueues that there are, whatever
# CPUs there could be; a virtqueue that finds no room is counted and said.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"
checked "$here/room.guest" \
	--memory 512 --timeout 150 -- -smp 1,maxcpus=64 \
	-blockdev null-co,node-name=many,size=1073741824,read-zeroes=on \
	-device virtio-blk-device,drive=many,num-queues=64,queue-size=64
