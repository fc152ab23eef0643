#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices from before virtio 1.0. A version 1 virtio-mmio device is refused
# with one line, and works with legacy=1: data arrives unharmed, the page size
# follows the reset and precedes the queues, the counts are QEMU's. A
# transitional PCI device is driven through its virtio 1.x capabilities; a
# legacy-only one is refused with one line and left without a driver.
set -eu
here=$(dirname "$0")
set -- native
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"

truncate -s 8M "$work/mmio.img" "$work/pci.img"
boot --file "$VMMIO_BUILD/counts:/bin/counts" --script "$here/legacy.guest" \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/trace" \
	-- -global virtio-mmio.force-legacy=true \
	-blockdev "file,node-name=f0,filename=$work/mmio.img" -blockdev raw,node-name=n0,file=f0 \
	-blockdev "file,node-name=f1,filename=$work/pci.img" -blockdev raw,node-name=n1,file=f1 \
	-device virtio-blk-device,drive=n0 \
	-device virtio-blk-pci,disable-legacy=off,disable-modern=off,ioeventfd=off,drive=n1 \
	-device virtio-rng-pci,disable-legacy=off,disable-modern=on >"$work/out" || {
	cat "$work/out"
	fail "see above"
}

line=$(grep '^dev .* mmio .*legacy=1' "$work/out") || fail "no legacy device: $(cat "$work/out")"
check_device "$line" "$work/out" "$work/trace" feb02e00
line=$(grep '^dev .* pci .*legacy=0' "$work/out") || fail "the transitional device is not driven: $(cat "$work/out")"
features=$(field features "$line")
[ $((features >> 32 & 1)) = 1 ] || fail "VERSION_1 is not negotiated: $line"

# The last set-up: reset, page size, and only then a queue; in pages of 4096.
awk '
	!/name .virtio-mmio/ { next }
	/memory_region_ops_read.*addr 0xfeb02e00 / { good = bad = 0 } # a probe begins
	/memory_region_ops_write/ {
		for (i = 1; i <= NF; i++) {
			if ($i == "addr") addr = $(i + 1)
			if ($i == "value") value = $(i + 1)
		}
		if (addr == "0xfeb02e70" && value == "0x0") size = align = 0
		if (addr == "0xfeb02e28") size = (value == "0x1000")
		if (addr == "0xfeb02e3c") align = (value == "0x1000")
		if (addr == "0xfeb02e40" && value != "0x0") {
			if (size && align) good++
			else bad++
		}
	}
	END { exit !(good == 1 && !bad) }' "$work/trace" ||
	fail "the queue was started without page size and alignment, or before them"
sum=$(sed -n 's/^sum //p' "$work/out")
for img in mmio pci; do
	[ "$(head -c 2097152 "$work/$img.img" | md5sum | cut -d ' ' -f 1)" = "$sum" ] ||
		fail "the disk on $img does not hold what the guest wrote"
done
echo "a legacy and a transitional disk hold the data; a legacy-only PCI device is refused"
