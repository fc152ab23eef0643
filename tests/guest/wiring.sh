#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How a PCI device's interrupts and windows are wired: the hints a driver gives
# for its queues' vectors are kept as given, and not over a user's affinity=;
# where a vector cannot be had for every queue, the device is served through a
# shared one; and no more of a device is claimed than its registers.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$VMMIO_BUILD/vmmio-boot" -n 2 -t 60 -s "$here/wiring.guest" -- \
	-netdev hubport,id=h0,hubid=0 \
	-device virtio-net-pci,netdev=h0,disable-legacy=on,ioeventfd=off,romfile=

# One processor has about 200 vectors, four consoles want 66 each.
consoles=()
for i in 1 2 3 4; do
	consoles+=(-device "virtio-serial-pci,id=s$i,max_ports=31,vectors=66,disable-legacy=on,ioeventfd=off")
done
"$VMMIO_BUILD/vmmio-boot" -t 60 -s "$here/wiring-vectors.guest" -- "${consoles[@]}"
