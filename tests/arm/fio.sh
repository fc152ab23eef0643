#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Data integrity over the device tree's binding and over AMBA: fio writes a
# file-backed disk on each at random and verifies each block (crc32c), with split
# and packed rings; and it does find a block that was changed under it.
# Arguments: image, a folder of fetch-root.sh with fio of its architecture.
set -eu
here=$(dirname "$0")
root=$2/root
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"

if [ ! -x "$VMMIO_BUILD/vmmio-dtb-amba" ]; then
	echo "vmmio-dtb-amba is not built (package libfdt-dev): skipped"
	exit 77
fi

# fio and what it needs, by what the files themselves say; one archive
mkdir "$work/fio"
cp "$root/usr/bin/fio" "$work/fio/"
new=$work/fio/fio
while [ -n "$new" ]; do
	# shellcheck disable=SC2086 # a list of files
	needed=$(LC_ALL=C readelf -d $new | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u)
	new=''
	for lib in $needed; do
		[ ! -e "$work/fio/$lib" ] || continue
		path=$(find "$root/usr/lib" "$root/lib" -name "$lib" | head -n 1)
		[ -n "$path" ] || fail "fio needs $lib, which is not in $root"
		cp -L "$path" "$work/fio/$lib"
		new="$new $work/fio/$lib"
	done
done
tar -cf "$work/fio.tar" -C "$work" fio

for packed in off on; do
	set --
	for n in 0 1; do
		rm -f "$work/disk$n"
		truncate -s 16M "$work/disk$n"
		set -- "$@" -blockdev "file,node-name=f$n,filename=$work/disk$n" -blockdev "raw,node-name=n$n,file=f$n" \
			-device "virtio-blk-device,drive=n$n,packed=$packed"
	done
	# QEMU writes the tree of exactly this machine and ends.
	rm -f "$work/virt.dtb"
	boot -m 1024 -- "$@" -machine "dumpdtb=$work/virt.dtb" >"$work/dump" 2>&1 || true
	[ -s "$work/virt.dtb" ] || fail "QEMU dumped no device tree: $(cat "$work/dump")"
	"$VMMIO_BUILD/vmmio-dtb-amba" --node 0xa003c00 "$work/virt.dtb" "$work/amba.dtb"
	boot -m 1024 --timeout 280 --file "$work/fio.tar:/fio.tar" --script "$here/fio.guest" \
		-- "$@" -dtb "$work/amba.dtb" >"$work/out" || {
		cat "$work/out"
		fail "see above"
	}
	for bus in platform amba; do
		line=$(grep "^verified $bus " "$work/out") || fail "nothing verified on the $bus bus: $(cat "$work/out")"
		echo "packed=$packed: fio $line, each block's crc32c right"
	done
	[ "$(grep -c '^dev ' "$work/out")" = 2 ] || fail "not two devices of vmmio.ko"
done
