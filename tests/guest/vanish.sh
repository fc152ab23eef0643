#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What comes and goes at the wrong moment. Asynchronous probes of the transport and
# of the disks' driver, against each other and against readers: each device and
# queue has one slot of its own. Then disks vanish (all ones, tests/guest/liar) with
# their rings full of writes: each ends with an error, and nobody waits for ever.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# the first bucket of a throttled disk lets one write or two pass, then none
disk() { printf -- '-blockdev null-co,node-name=%s,size=16777216,read-zeroes=on,read-only=%s ' "$1" "$2"; }
stuck()
{
	printf -- '-object throttle-group,id=g%s,x-bps-write=1 ' "$1"
	disk "n$1" off
	printf -- '-blockdev throttle,node-name=%s,throttle-group=g%s,file=n%s ' "$1" "$1" "$1"
}
# shellcheck disable=SC2046 # a list of words
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 150 -s "$here/vanish.guest" -f "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" -- \
	$(for d in d0 d1 d2 d3; do disk $d on; done) $(stuck s0) $(stuck s1) \
	-device virtio-blk-device,drive=s0,queue-size=16,seg-max-adjust=on \
	-device virtio-blk-pci,drive=s1,queue-size=16,seg-max-adjust=on,disable-legacy=on,num-queues=1 \
	-device virtio-blk-device,drive=d0,share-rw=on -device virtio-blk-device,drive=d1 \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,num-queues=1 \
	-device virtio-blk-pci,drive=d3,disable-legacy=on,num-queues=1 >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -q '^vanished disks: ' "$dir/out"
