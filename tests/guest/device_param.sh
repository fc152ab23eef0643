#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The parameter device=, on a machine where nothing else describes its
# virtio-mmio windows: two devices work, with the device side's counts; after
# rmmod nothing is left, and the same again works; what is wrong is refused
# with one line that names it, and leaves nothing behind.
set -eu
set -- native
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
machine=microvm-noacpi

cat >"$work/script" <<'END'
set -e
gone()
{
	[ ! -e /sys/devices/vmmio-cmdline ] && [ ! -e /sys/module/vmmio ]
}

load_base
if grep -q virtio /proc/interrupts; then
	echo "somebody else found the devices"
	exit 1
fi

# WHAT-IS-SAID PARAMETER...: is refused so
refused()
{
	said=$1
	shift
	dmesg -c >/dev/null
	if insmod /lib/modules/vmmio.ko "$@" 2>/dev/null; then
		echo "not refused: $*"
		exit 1
	fi
	# insmod tries twice, in two ways: one line, twice
	lines=$(dmesg | sed -n "s/^\[[^]]*\] vmmio: device=//p" | sort -u | wc -l)
	if [ "$lines" != 1 ] || ! dmesg | grep -q "vmmio: device=.*$said"; then
		echo "$*: not the one line with \"$said\":"
		dmesg
		exit 1
	fi
	gone || { echo "$*: something is left"; exit 1; }
}
for wrong in '' 512 512@ 512@0xfeb00e00 512@0xfeb00e00: x@0xfeb00e00:12 512@y:12 -512@0xfeb00e00:12 \
	512@-1:12 512@0xfeb00e00:-1 512@0xfeb00e00:twelve 512@0xfeb00e00:12: 512@0xfeb00e00:12:x \
	512@0xfeb00e00:12:0:1 512@0xfeb00e00:12,512@0xfeb00c00:11 512@0xfeb00e00:99999999999 \
	512@0xfffffffffffffffff:12 512K512@0xfeb00e00:12; do
	refused 'is allowed, for example' "device=$wrong"
done
refused 'interrupt 0' device=512@0xfeb00e00:0
refused '0x100 bytes to 1M' device=64@0xfeb00e00:12
refused '0x100 bytes to 1M' device=2M@0xfeb00e00:12
refused 'multiple of 4' device=512@0xfeb00e02:12
refused 'highest address' device=512@0xfffffffffffffff0:12
refused 'overlaps' device=512@0xfeb00e00:12 device=512@0xfeb00f00:11
refused 'id is taken' device=512@0xfeb00e00:12:3 device=512@0xfeb00c00:11:3
refused 'no such interrupt' device=512@0xfeb00e00:12 device=512@0xfeb00c00:4000
# the other parameters; what the kernel itself checks is said by the kernel
refused_too() # WHAT-IS-SAID PARAMETER
{
	dmesg -c >/dev/null
	if insmod /lib/modules/vmmio.ko "$2" 2>/dev/null; then
		echo "not refused: $2"
		exit 1
	fi
	if [ "$(dmesg | sed -n 's/^\[[^]]*\] //p' | grep vmmio | sort -u | wc -l)" != 1 ] || ! dmesg | grep -qF "$1"; then
		echo "$2: not the one line with \"$1\":"
		dmesg
		exit 1
	fi
	gone || { echo "$2: something is left"; exit 1; }
}
refused_too 'claim=some: none, mmio, pci and all are allowed' claim=some
refused_too 'queue_size=32769: 0 to 32768 are allowed' queue_size=32769
refused_too "\`-1' invalid for parameter \`queue_size'" queue_size=-1
refused_too 'slots=0: 1 to 2047 are allowed' slots=0
refused_too 'slots=2048: 1 to 2047 are allowed' slots=2048
refused_too "\`maybe' invalid for parameter \`intx'" intx=maybe
refused_too "\`2' invalid for parameter \`legacy'" legacy=2
echo "refusals: all"

load_blk
load_rng
# a line keeps its count when its handler changes
line()
{
	awk -v irq="$1:" '$1 == irq { n = $2 } END { print n + 0 }' /proc/interrupts
}
for round in 1 2 3; do
	base12=$(line 12) base11=$(line 11)
	load_vmmio device=512@0xfeb00e00:12:7 device=0x200@0xfeb00c00:11
	wait_blk 1
	blkload -c 200 /dev/vda | grep -q '"errors":0'
	dd if=/dev/hwrng of=/dev/null bs=64 count=1 2>/dev/null
	if [ "$(cat /sys/module/vmmio/parameters/device | tr '\n' ' ')" != '0x200@0xfeb00e00:12:7 0x200@0xfeb00c00:11:8 ' ]; then
		echo "read back: $(cat /sys/module/vmmio/parameters/device)"
		exit 1
	fi
	[ $round = 3 ] && break
	rmmod vmmio
	gone || { echo "rmmod left something"; exit 1; }
done
for dev in $(ls /sys/bus/virtio/devices); do
	case $(readlink -f /sys/bus/virtio/devices/$dev) in
	*vmmio-mmio.7*) echo "irqs $dev $(($(line 12) - base12))" ;;
	*) echo "irqs $dev $(($(line 11) - base11))" ;;
	esac
done
counts
END
boot --file "$VMMIO_BUILD/counts:/bin/counts" --script "$work/script" \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/trace" \
	-- -blockdev null-co,node-name=n0,size=16777216,read-zeroes=on \
	-device virtio-blk-device,drive=n0 -device virtio-rng-device >"$work/out" || {
	cat "$work/out"
	fail "see above"
}
grep '^dev ' "$work/out" >"$work/devices"
[ "$(grep -c '^dev .* mmio ' "$work/out")" = 2 ] || fail "not two devices: $(cat "$work/out")"
grep -q '^dev .* vmmio-mmio.7 ' "$work/out" || fail "the id was not honoured"
while read -r line; do
	case $line in
	*vmmio-mmio.7*) check_device "$line" "$work/out" "$work/trace" feb00e00 ;;
	*) check_device "$line" "$work/out" "$work/trace" feb00c00 ;;
	esac
done <"$work/devices"
