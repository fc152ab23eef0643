#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls before real devices: a disk that does not answer for seconds is the one
# that is named, device-stuck, with its one request in flight, over MMIO and PCI, under
# our driver and mainline's; no other device (a disk under load, an idle entropy source)
# is. With nothing stuck the status is 0.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/stalls.guest" "$work/run.sh"
# boot CASE: the guest's output into a file of its own
boot()
{
	sed "1i CASE=$1" "$work/run.sh" >"$work/$1.sh"
	# the last of each transport is slow
	"$VMMIO_BUILD/vmmio-boot" --script "$work/$1.sh" --console --timeout 120 -- \
		-blockdev null-co,node-name=fast,size=2097152,read-zeroes=on \
		-blockdev null-co,node-name=slow-mmio,size=4194304,read-zeroes=on,latency-ns=3000000000 \
		-blockdev null-co,node-name=slow-pci,size=4194304,read-zeroes=on,latency-ns=3000000000 \
		-device virtio-rng-device \
		-device virtio-blk-device,drive=fast \
		-device virtio-blk-device,drive=slow-mmio \
		-device virtio-blk-pci,drive=slow-pci >"$work/$1.out" 2>&1
}
boot mmio &
other=$!
status=0
boot pci || status=1
wait $other || status=1
for case in mmio pci; do
	sed -n "/^$case: /p" "$work/$case.out"
	[ "$(grep -c "^$case: .*device-stuck" "$work/$case.out")" = 2 ] || status=1
done
[ $status = 0 ] || cat "$work"/*.out
exit $status
