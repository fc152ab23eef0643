#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Data integrity: fio writes file-backed disks at random and verifies each block
# (crc32c), over mmio, MSI-X and INTx, split and packed rings, and the settings
# of vmmio.ko. The guest is that of cmake/fio-image.sh.
#
#   fio.sh [--quick]   two settings instead of all
set -euo pipefail

quick=0
[ "${1:-}" != --quick ] || quick=1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$VMMIO_SOURCE/cmake/fio-image.sh" --out "$dir" --base "$VMMIO_BUILD/image/initrd.cpio"

cat >"$dir/run.sh" <<'END'
set -eu
fail() { say "fio: $*"; exit 1; }
mount -o remount,size=80% /tmp 2>/dev/null || true
run_fio() # DISK NAME ARGUMENTS...
{
	_disk=$1
	shift
	/fio/ld-linux-x86-64.so.2 --library-path /fio /fio/fio --thread --name=x \
		--filename="$_disk" --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite \
		--bsrange=4k-64k --size=6m --verify=crc32c --verify_fatal=1 --randseed=7 \
		--eta=never --output-format=terse "$@" >/tmp/out 2>&1
}
disk_of() { echo "/dev/$(basename "$(ls -d /sys/bus/*/devices/"$1"/virtio*/block/vd*)")"; }

load_vmmio claim=all
load_blk
wait_blk 3
mmio=$(basename "$(readlink -f "/sys/block/$(basename "$(blk_on mmio)")/device/..")")
msix=$(basename "$(readlink -f "/sys/block/$(basename "$(blk_on pci-msix)")/device/..")")
intx=$(basename "$(readlink -f "/sys/block/$(basename "$(blk_on pci-intx)")/device/..")")
runs=0
check() # BINDING DEVICE SETTING...
{
	_name=$1 _dev=$2
	shift 2
	if [ $# = 0 ]; then
		vmmio-ctl set "$_dev" --clear --rebind >/dev/null || fail "$_name: no rebind"
	else
		vmmio-ctl set "$_dev" "$@" --rebind >/dev/null || fail "$_name $*: no rebind"
	fi
	run_fio "$(disk_of "$_dev")" || fail "$_name $*: $(cat /tmp/out)"
	echo "$_name ${*:-(no setting)}: verified"
	runs=$((runs + 1))
}
for pair in "mmio $mmio" "pci-msix $msix" "pci-intx $intx"; do
	# shellcheck disable=SC2086
	set -- $pair
	check "$1" "$2"
	check "$1" "$2" queue_size=16
	[ "$quick" = 0 ] || continue
	check "$1" "$2" withhold=event_idx
	check "$1" "$2" withhold=indirect_desc
	case $1 in
	mmio) check "$1" "$2" lazy_status=1 ;;
	pci-msix) check "$1" "$2" irq=shared ;;
	esac
done
# and it does find what is wrong: one block of the last disk changes under it
dd if=/dev/zero of="$(disk_of "$intx")" bs=4k count=64 seek=256 oflag=direct 2>/dev/null
if run_fio "$(disk_of "$intx")" --verify_only; then fail "a destroyed block was not found"; fi
grep -qi verify /tmp/out || fail "fio fails, but not for the block: $(cat /tmp/out)"
echo "verified $runs"
END
sed -i "1i quick=$quick" "$dir/run.sh"

want=14
[ "$quick" = 0 ] || want=6
for ring in split packed; do
	options=ioeventfd=off,queue-size=256,num-queues=1
	[ $ring = split ] || options=$options,packed=on
	for n in 0 1 2; do
		rm -f "$dir/disk$n"
		truncate -s 16M "$dir/disk$n"
	done
	status=0
	"$VMMIO_BUILD/vmmio-boot" -n 2 -m 1024 -t 400 -s "$dir/run.sh" --initrd "$dir/initrd.cpio" -- \
		-blockdev "file,node-name=d0,filename=$dir/disk0" \
		-blockdev "file,node-name=d1,filename=$dir/disk1" \
		-blockdev "file,node-name=d2,filename=$dir/disk2" \
		-device "virtio-blk-device,drive=d0,${options#ioeventfd=off,}" \
		-device "virtio-blk-pci,drive=d1,disable-legacy=on,$options" \
		-device "virtio-blk-pci,drive=d2,disable-legacy=on,vectors=0,$options" \
		>"$dir/out" || status=$?
	sed "s/^/$ring: /" "$dir/out"
	[ "$status" = 0 ] || exit 1
	grep -qx "verified $want" "$dir/out"
done
