#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Truth for every kind of device: {mmio, INTx, MSI-X} x {split, packed} x
# {event_idx on, off} for each TYPE, and one balloon, driven by mainline's
# transports ("mainline") or ours ("ours"). Doorbells and, on a line, status reads
# as QEMU saw them; handler runs as /proc/interrupts counts them. One line for
# each combination; one that is missing, idle or there twice is a failure.
# usage: matrix.sh ours|mainline "TYPE..." [SOURCE]   (of vmmio-stat; default: its choice)
set -eu

driver=$1 types=$2 source=${3:-auto} memory=512
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# expect TRANSPORT KERNEL-DRIVER PACKED EVENT_IDX: one more line of the table
expect()
{
	[ "$3" = on ] && ring='packed' || ring='split'
	[ "$1" = device ] && column=mmio || column=$1
	echo "EXPECT $column $2 $ring event_idx=$4" >>"$dir/expected"
}

# how TYPE TRANSPORT: sets the suffix of QEMU's device name, and what it is to be told
how()
{
	case $2 in
	device) name=device more='' ;;
	pci-*) name=pci more=,disable-legacy=on ;;
	esac
	# QEMU's balloon has INTx only, keyboards have one vector for all queues
	case $1:$2 in
	balloon:*) ;;
	*:pci-intx) more=$more,vectors=0 ;;
	esac
	case $1:$2 in
	balloon:* | keyboard:* | *:device) ;;
	*) more=$more,ioeventfd=off ;;
	esac
}

set --
n=0
for type in $types; do
	for transport in device pci-intx pci-msix; do
		for packed in off on; do
			for event_idx in on off; do
				n=$((n + 1))
				how "$type" "$transport"
				case $type in
				blk)
					set -- "$@" -blockdev "null-co,node-name=b$n,size=1073741824,read-zeroes=on"
					more=$more,drive=b$n,queue-size=256,num-queues=1
					;;
				net)
					set -- "$@" -netdev "user,id=h$n,restrict=on"
					more=$more,netdev=h$n
					;;
				rng)
					set -- "$@" -object "rng-builtin,id=r$n"
					more=$more,rng=r$n
					;;
				serial | scsi) more=$more,id=s$n ;;
				esac
				set -- "$@" -device "virtio-$type-$name${more},packed=$packed,event_idx=$event_idx"
				kernel=virtio_$type
				case $type in
				serial)
					# the kernel has eight terminals for consoles, not twelve:
					# half of the devices have a port that is none
					kernel=virtio_console port=virtconsole
					[ "$event_idx" = on ] || port=virtserialport
					set -- "$@" -chardev "file,path=/dev/null,id=c$n" -device "$port,bus=s$n.0,chardev=c$n"
					;;
				scsi)
					set -- "$@" -blockdev "null-co,node-name=b$n,size=1073741824,read-zeroes=on" \
						-device "scsi-hd,bus=s$n.0,drive=b$n"
					;;
				keyboard) kernel=virtio_input ;;
				esac
				expect "$transport" "$kernel" "$packed" "$event_idx"
			done
		done
	done
done
case $types in
*rng*) set -- "$@" -object rng-builtin,id=spare -device virtio-rng-device,rng=spare,indirect_desc=off ;;
esac
# QEMU has one balloon at most; its monitor is the guest's third serial port, which
# a machine without an ISA bus has not (VMMIO_MATRIX_BALLOON=off)
balloon=${VMMIO_MATRIX_BALLOON:-on}
if [ "$balloon" = on ]; then
	case $types in
	net*) transport=device ;;
	*) transport=pci-intx ;;
	esac
	how balloon "$transport"
	set -- "$@" -device "virtio-balloon-$name$more" \
		-chardev "socket,path=$dir/monitor,server=on,wait=off,id=m" -mon chardev=m,mode=readline \
		-chardev "socket,path=$dir/monitor,id=hand" -device isa-serial,iobase=0x3e8,irq=4,chardev=hand
	expect "$transport" virtio_balloon off on
fi

{
	cat "$here/windows.guest"
	echo "driver=$driver types='$types' source=$source memory=$memory balloon=$balloon"
	cat "$here/matrix.guest"
} >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --trace-log "$dir/trace" --script "$dir/script" --memory "$memory" --timeout 200 \
	--trace-events memory_region_ops_read,memory_region_ops_write,virtio_set_status,virtio_notify \
	-- "$@" >"$dir/out" || {
	grep -v "^{" "$dir/out"
	exit 1
}

grep '^DEVICE ' "$dir/out" >"$dir/devices"
awk -f "$here/../hex.awk" -f "$here/qemutrace.awk" "$dir/devices" "$dir/trace" | grep '^ACCESS ' >"$dir/qemu"
awk -v driver="$driver" -v asked="$source" -f "$here/matrix.awk" "$dir/expected" "$dir/qemu" "$dir/out"
