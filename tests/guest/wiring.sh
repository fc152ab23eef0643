#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How a PCI device's interrupts and windows are wired: the hints a driver gives
# for its queues' vectors are kept as given, and not over a user's affinity=;
# where a vector cannot be had for every queue, the device is served through a
# shared one; and no more of a device is claimed than its registers.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/hints.sh" <<'EOS'
set -e
fail() { say "wiring: $*"; exit 1; }
# of QUEUE FILE: of the folder of its interrupt in /proc
of() { cat "$(dirname "$(ls -d /proc/irq/*/virtio*-"$1")")/$2"; }

load_vmmio claim=pci
load_net
# the BAR of the registers is claimed, that of the MSI-X table is not
[ "$(grep -c vmmio-pci /proc/iomem)" = 1 ] || fail "claimed: $(grep vmmio-pci /proc/iomem)"
# virtio_net lends its mask for the call only: two processors, one pair of queues
[ "$(of input.0 affinity_hint)" = 3 ] || fail "hint $(of input.0 affinity_hint)"
[ "$(of output.0 affinity_hint)" = 3 ] || fail "hint $(of output.0 affinity_hint)"

pci=$(basename /sys/bus/pci/drivers/vmmio-pci/0*)
echo "$pci affinity=0:1" >/sys/kernel/vmmio/options
echo "$pci" >/sys/bus/pci/drivers/vmmio-pci/unbind
echo "$pci" >/sys/bus/pci/drivers/vmmio-pci/bind
[ "$(of input.0 affinity_hint)" = 2 ] || fail "pinned: $(of input.0 affinity_hint)"
[ "$(of output.0 affinity_hint)" = 3 ] || fail "beside: $(of output.0 affinity_hint)"
EOS
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 60 -s "$dir/hints.sh" -- \
	-netdev hubport,id=h0,hubid=0 \
	-device virtio-net-pci,netdev=h0,disable-legacy=on,ioeventfd=off,romfile=

# One processor has about 200 vectors, four consoles want 66 each.
cat >"$dir/vectors.sh" <<'EOS'
set -e
fail() { say "wiring: $*"; exit 1; }

load_vmmio claim=pci
load_console
for dev in /sys/bus/virtio/devices/*; do
	[ $(($(cat "$dev/status") & 0xff)) = 15 ] || fail "$(basename "$dev"): $(dmesg | tail -n 3)"
done
vmmio-stat list >/tmp/list
grep -q 'msix-shared' /tmp/list || fail "every queue has a vector of its own: nothing was tested"
rmmod vmmio || fail "the module does not unload"
EOS
consoles=()
for i in 1 2 3 4; do
	consoles+=(-device "virtio-serial-pci,id=s$i,max_ports=31,vectors=66,disable-legacy=on,ioeventfd=off")
done
"$VMMIO_BUILD/vmmio-boot" -t 60 -s "$dir/vectors.sh" -- "${consoles[@]}"
