#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# NOTIFICATION_DATA with packed rings, on kernels that say what the doorbell is to
# be given (6.4 and later): queue, offset of the next descriptor, wrap counter
# (2.9), read in QEMU's trace over several rounds of the ring, on both transports.
# The feature is a lie of tests/guest/liar, built here for the image's kernel.
# Argument: image.
set -eu
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"

cp -r "$VMMIO_SOURCE/tests/guest/liar" "$VMMIO_SOURCE/kmod" "$VMMIO_SOURCE/include" "$work/"
env -u MAKEFLAGS -u MFLAGS make -s -C "$image/kernel/headers" "M=$work/liar" \
	"VMMIO_INCLUDE=$work/include" modules >"$work/log" 2>&1 || {
	cat "$work/log"
	fail "liar.ko does not build for $(cat "$image/release")"
}
strip -g "$work/liar/liar.ko"

cat >"$work/script" <<'END'
set -e
load_vmmio
release_pci
insmod /lib/modules/liar.ko offer=$((1 << 38))
load_blk
for dev in /sys/bus/platform/devices/LNRO* /sys/bus/pci/devices/*; do
	case $dev in
	*LNRO*) driver=vmmio-mmio ;;
	*) driver=vmmio-pci; [ "$(cat "$dev/vendor")" = 0x1af4 ] || continue ;;
	esac
	echo "$(basename "$dev") queue_size=64" >/sys/kernel/vmmio/options
	echo $driver >"$dev/driver_override"
	basename "$dev" >"${dev%/devices/*}/drivers_probe"
done
wait_blk 2
for disk in /dev/vda /dev/vdb; do
	blkload --count 300 $disk | grep -q '"errors":0'
	features=$(cat /sys/block/"${disk#/dev/}"/device/features)
	# bit by bit, from 0
	echo "accepted $(echo "$features" | cut -c 35) $(echo "$features" | cut -c 39)"
done
END
# why -cx16: see kernel.sh
boot --script "$work/script" --file "$work/liar/liar.ko:/lib/modules/liar.ko" --timeout 100 \
	--trace-events memory_region_ops_write --trace-log "$work/trace" -- -cpu qemu64,-cx16 \
	-blockdev null-co,node-name=d0,size=16777216,read-zeroes=on \
	-blockdev null-co,node-name=d1,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=d0,packed=on \
	-device virtio-blk-pci,drive=d1,disable-legacy=on,ioeventfd=off,num-queues=1,packed=on >"$work/out"
[ "$(grep -c '^accepted 1 1$' "$work/out")" = 2 ] ||
	fail "packed rings and notification data: $(grep '^accepted' "$work/out")"

awk '
	function hex(s, i, v)
	{
		for (i = 3; i <= length(s); i++)
			v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return v
	}
	$1 != "memory_region_ops_write" { next }
	{ mmio = $NF ~ /virtio-mmio/ && $7 ~ /50$/ }
	!mmio && $NF !~ /virtio-pci-notify/ { next }
	{
		kind = mmio ? "mmio" : "pci"
		# after each MMIO doorbell the plain one, which the device understands
		if (mmio && plain) {
			plain = 0
			if (hex($9) != 0) wrong($9)
			next
		}
		plain = mmio
		n = ++bells[kind]
		want = (n % 64) * 65536 + (int(n / 64) % 2 ? 0 : 2147483648)
		if (hex($9) != want || $11 != 4) wrong($9)
	}
	function wrong(value) { printf "%s doorbell %d: %s of %d bytes\n", kind, bells[kind], value, $11; bad = 1 }
	END {
		printf "%d doorbells on mmio, %d on pci: offset and wrap counter in each\n", bells["mmio"], bells["pci"]
		exit bad || bells["mmio"] < 300 || bells["pci"] < 300
	}' "$work/trace"
