#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest image with Debian's fio in it, for experiments with load = fio: the
# build's own initrd, the program, what it links and its loader under /fio. An
# image of its own, since fio and its libraries are 40 times the size of the rest.
# VMMIO_FIO names a folder it was unpacked in, else it is the installed one.
# Exit status 77: there is no fio (it says so).
set -eu

if [ $# != 4 ] || [ "$1" != --out ] || [ "$3" != --base ]; then
	echo "usage: fio-image.sh --out DIR --base INITRD" >&2
	exit 2
fi
base=$4
root=${VMMIO_FIO:-}
fio=$root/usr/bin/fio
if [ ! -x "$fio" ]; then
	echo "fio-image: no $fio: package fio is not installed, and VMMIO_FIO names no folder of it"
	exit 77
fi
mkdir -p "$2/files"
out=$(cd "$2" && pwd)
lib=$root/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=${root:+$lib:$lib/ceph:$root/lib/x86_64-linux-gnu} ldd "$fio" >"$out/ldd"
if grep 'not found' "$out/ldd"; then
	echo "fio-image: libraries of fio are missing" >&2
	exit 1
fi
rm -f "$out"/files/*
{
	echo 'dir /fio 755'
	{
		echo "$fio"
		awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' "$out/ldd"
	} | while read -r path; do
		name=$(basename "$path")
		cp -L "$path" "$out/files/$name"
		strip "$out/files/$name" 2>/dev/null || true
		echo "file /fio/$name $out/files/$name"
	done
} >"$out/list"
"${VMMIO_BUILD:-$(dirname "$base")/..}/mkcpio" "$out/fio.cpio" <"$out/list"
cat "$base" "$out/fio.cpio" >"$out/initrd.cpio.part"
mv "$out/initrd.cpio.part" "$out/initrd.cpio"
rm -rf "$out/files" "$out/fio.cpio"
