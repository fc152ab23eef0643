#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# One kernel: a disk and an interface on virtio-mmio and disks on PCI with MSI-X
# and with INTx, with one kind of ring. Data arrives unharmed; doorbells, status
# reads, acknowledges and interrupts are those of the device side; the module
# can go and come back. With in_order the devices use buffers in order, and say so:
# the kernel's virtio_ring has to take that up, and withhold=in_order to keep it out.
# Arguments: image, split or packed [in_order].
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
ring=$2
case $ring in
split) packed=off ;;
packed) packed=on ;;
*) fail "ring $ring: split and packed are known" ;;
esac

order=${3-}
[ -z "$order" ] || [ "$order" = in_order ] || fail "what is $order?"

cp "$here/kernel.guest" "$work/script"

[ -z "$order" ] || cat >>"$work/script" <<'END'
rmmod vmmio
# each, with what it has to withhold
load_vmmio
for path in /sys/bus/platform/devices/LNRO0005:0? /sys/bus/pci/devices/*; do
	dev=${path##*/}
	case $path in
	*LNRO*) driver=vmmio-mmio ;;
	*) driver=vmmio-pci; [ "$(cat "$path/vendor")" = 0x1af4 ] || continue ;;
	esac
	echo "$dev withhold=in_order" >/sys/kernel/vmmio/options
	echo $driver >"$path/driver_override"
	echo "$dev" >"${path%/devices/*}/drivers_probe"
done
wait_blk 3
for disk in /dev/vda /dev/vdb /dev/vdc; do
	blkload -c 20 $disk | grep -q '"errors":0'
	echo "withheld $(cut -c 36 /sys/block/"${disk#/dev/}"/device/features)" # from bit 0 on
done
END

mkdir "$work/tftp"
head -c 65536 /dev/urandom >"$work/tftp/data"
shift $#
for disk in mmio msix intx; do
	truncate -s 16M "$work/$disk.img"
	set -- "$@" -blockdev "file,node-name=f$disk,filename=$work/$disk.img" \
		-blockdev "raw,node-name=n$disk,file=f$disk"
done
# The SLUB allocator of 6.12 and QEMU 7.2's emulation of cmpxchg16b: one boot in
# four panics before init is reached, with no module loaded. Not so without it.
[ "$machine" != microvm ] || set -- "$@" -cpu qemu64,-cx16

ring_is=packed=$packed${order:+,in_order=on}
pci="disable-legacy=on,ioeventfd=off,num-queues=1,$ring_is"
[ "$image" != "$VMMIO_BUILD/image" ] || set -- --file "$VMMIO_BUILD/counts:/bin/counts" -- "$@"
[ "$1" = --file ] || set -- -- "$@"
boot --timeout 110 --script "$work/script" --trace-events memory_region_ops_read,memory_region_ops_write \
	--trace-log "$work/trace" "$@" \
	-device "virtio-blk-device,drive=nmmio,$ring_is" \
	-netdev "user,id=u0,net=10.0.2.0/24,tftp=$work/tftp" \
	-device "virtio-net-device,netdev=u0,$ring_is" \
	-device "virtio-blk-pci,drive=nmsix,$pci" -device "virtio-blk-pci,drive=nintx,vectors=0,$pci" \
	>"$work/out" || {
	cat "$work/out"
	fail "see above"
}

grep '^dev ' "$work/out" >"$work/devices" || fail "no devices: $(cat "$work/out")"
[ "$(wc -l <"$work/devices")" = 4 ] || fail "not four devices: $(cat "$work/devices")"
bells=0 isr=0
while read -r line; do
	case $line in
	*LNRO0005:00*) check_device "$line" "$work/out" "$work/trace" feb02e00 ;;
	*LNRO0005:01*) check_device "$line" "$work/out" "$work/trace" feb02c00 ;;
	*' mmio '*) check_device "$line" "$work/out" "$work/trace" ;;
	*' pci '*)
		dev=$(echo "$line" | cut -d ' ' -f 2)
		irqs=$(sed -n "s/^irqs $dev //p" "$work/out")
		[ "$(field irqs "$line")" = "$irqs" ] ||
			fail "$dev: $irqs in /proc/interrupts, the driver says $(field irqs "$line")"
		bells=$((bells + $(field kicks "$line")))
		reads=$(awk -v dev="$dev" '$1 == "reg" && $2 == dev && $4 == "isr_status" { sub(/reads=/, "", $5); print $5 }' "$work/out")
		isr=$((isr + ${reads:-0}))
		echo "$dev on pci: $(field kicks "$line") kicks, $irqs interrupts"
		;;
	esac
	[ "$(($(field features "$line") >> 34 & 1))" = "$([ "$packed" = on ] && echo 1 || echo 0)" ] ||
		fail "not a $ring ring: $line"
	[ "$(($(field features "$line") >> 35 & 1))" = "$([ -n "$order" ] && echo 1 || echo 0)" ] ||
		fail "IN_ORDER is not as it should be: $line"
done <"$work/devices"

# The PCI devices together, up to the mark.
trace_pci()
{
	awk -v name="$1" -v op="$2" '
		/name .virtio-mmio/ { run = /memory_region_ops_read/ && /addr 0x[0-9a-f]*70 / ? run + 1 : 0; if (run == 20) exit }
		$0 ~ "name ." name && $0 ~ op { n++ }
		END { print n + 0 }' "$work/trace"
}
seen=$(trace_pci virtio-pci-notify ops_write)
[ "$seen" = "$bells" ] || fail "PCI: the devices saw $seen doorbell writes, the driver counts $bells"
seen=$(trace_pci virtio-pci-isr ops_read)
[ "$seen" = "$isr" ] || fail "PCI: the devices saw $seen reads of the ISR status, the driver counts $isr"
grep -qx "came back" "$work/out" || fail "the module did not come back"
[ -z "$order" ] || [ "$(grep -cx 'withheld 0' "$work/out")" = 3 ] ||
	fail "in_order is not withheld: $(grep '^withheld' "$work/out")"
sum=$(sed -n 's/^sum //p' "$work/out")
[ "$(md5sum <"$work/tftp/data" | cut -d ' ' -f 1)" = "$sum" ] || fail "the network changed the data"
echo "$(sed -n '/^[0-9][0-9.]*[-+]/p' "$work/out") $ring${order:+, in order}: data unharmed on mmio, MSI-X and INTx"
