#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A disk and a network interface on the platform bus (device tree virtio,mmio)
# and the same on the AMBA bus, in one boot: data arrives unharmed, and every
# register access that the driver counted is one that the device saw. One disk
# has reread_status=1, which costs one read for each acknowledge.
# Argument: the image's name (arm64, armhf).
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"

if [ ! -x "$VMMIO_BUILD/vmmio-dtb-amba" ]; then
	echo "vmmio-dtb-amba is not built (package libfdt-dev): skipped"
	exit 77
fi

# The board puts the first device on the highest slot.
slots='0xa003e00 0xa003c00 0xa003a00 0xa003800'
amba='--node 0xa003c00 --node 0xa003800'

truncate -s 16M "$work/mmio.img" "$work/amba.img"
mkdir "$work/tftp"
head -c 65536 /dev/urandom >"$work/tftp/data"
set -- -blockdev "file,node-name=f0,filename=$work/mmio.img" -blockdev raw,node-name=n0,file=f0 \
	-blockdev "file,node-name=f1,filename=$work/amba.img" -blockdev raw,node-name=n1,file=f1 \
	-device virtio-blk-device,drive=n0 -device virtio-blk-device,drive=n1 \
	-netdev "user,id=u0,net=10.0.2.0/24,tftp=$work/tftp" -device virtio-net-device,netdev=u0 \
	-netdev "user,id=u1,net=10.0.3.0/24,tftp=$work/tftp" -device virtio-net-device,netdev=u1

# QEMU writes the tree of exactly this machine and ends.
boot -- "$@" -machine "dumpdtb=$work/virt.dtb" >"$work/dump" 2>&1 || true
[ -s "$work/virt.dtb" ] || fail "QEMU dumped no device tree: $(cat "$work/dump")"
# shellcheck disable=SC2086 # a list of words
"$VMMIO_BUILD/vmmio-dtb-amba" $amba "$work/virt.dtb" "$work/amba.dtb"

boot --timeout 100 --script "$here/bindings.guest" \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/trace" \
	-- "$@" -dtb "$work/amba.dtb" >"$work/out"

for transport in mmio amba; do
	[ "$(grep -c "^dev [^ ]* [^ ]* $transport " "$work/out")" = 2 ] ||
		fail "not two devices on $transport: $(grep '^dev' "$work/out")"
done
grep '^dev ' "$work/out" >"$work/devices"
reread=$(sed -n 's/^reread //p' "$work/out") # for check_device
[ -n "$reread" ] || fail "no device has reread_status=1"
while read -r line; do
	check_device "$line" "$work/out" "$work/trace"
done <"$work/devices"

# what the guest wrote is what the disk holds; what it got is what we sent
sent=$(md5sum <"$work/tftp/data" | cut -d ' ' -f 1)
[ "$(grep -c " $sent\$" "$work/out")" = 2 ] || fail "the network changed the data: $(grep '^sum' "$work/out")"
for img in mmio amba; do
	held=$(head -c 4194304 "$work/$img.img" | md5sum | cut -d ' ' -f 1)
	grep -q "^sum .* $held\$" "$work/out" || fail "disk on $img: not the data that the guest wrote"
done
grep -q . "$work/devices" || fail "no devices"
echo "slots $slots: data unharmed on disk and network"
