#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of requests in flight: receive buffers take no room in it unless they are
# asked for; what found no room is counted as lost; what a driver takes back unused
# leaves it, so that network devices that come and go do not fill it.
set -eu

# shellcheck source=tests/guest/checks.sh
. "$(dirname "$0")/checks.sh"
set -- -blockdev null-co,node-name=disk,size=1073741824,read-zeroes=on \
	-device virtio-blk-pci,drive=disk,disable-legacy=on,ioeventfd=off,num-queues=1
set -- "$@" -device virtio-keyboard-pci,disable-legacy=on
n=0
while [ "$n" -lt 18 ]; do
	set -- "$@" -netdev "user,id=u$n,restrict=on" -device \
		"virtio-net-pci,netdev=u$n,disable-legacy=on,ioeventfd=off,romfile=,rx_queue_size=1024"
	n=$((n + 1))
done
checked "$here/starved.guest" \
	--memory 512 --timeout 150 -- "$@"
