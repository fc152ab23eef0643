#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds vmmio-stat and what a bench host runs besides for arm64 in a folder of the
# build tree: Debian's libraries
# of that architecture are unpacked beside it, the types of its BPF programs are
# those of an arm64 kernel that guest-image.sh has fetched. Installs nothing.
# Exit status 77: the packages or the compiler cannot be had (it says why).
set -eu

if [ $# != 4 ] || [ "$1" != --out ] || [ "$3" != --image ]; then
	echo "usage: cross-stat.sh --out DIR --image DIR" >&2
	echo "  the first DIR gets vmmio-stat, vmmio-boot and vmmio-layers, the second is one of guest-image.sh" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
image=$(cd "$4" && pwd)
cross=aarch64-linux-gnu

if ! command -v $cross-gcc >/dev/null; then
	echo "cross-stat: no $cross-gcc: skipped"
	exit 77
fi
[ -s "$image/kernel/btf" ] || {
	echo "cross-stat: no BTF in $image/kernel" >&2
	exit 1
}
libraries='libbpf-dev libelf-dev zlib1g-dev libjansson-dev libncurses-dev
libtracefs-dev libtraceevent-dev libevent-dev'
# shellcheck disable=SC2086 # a list of words
"$source/cmake/fetch-deb.sh" --out "$out/libraries" --arch arm64 $libraries >"$out/log" 2>&1 || {
	echo "cross-stat: $(tail -n 1 "$out/log"): skipped"
	exit 77
}
failed()
{
	tail -n 30 "$out/log" >&2
	exit 1
}
cmake -S "$source" -B "$out/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	-DCMAKE_C_COMPILER=$cross-gcc -DCMAKE_LIBRARY_ARCHITECTURE=$cross \
	"-DCMAKE_C_FLAGS=-isystem $out/libraries/usr/include" \
	"-DCMAKE_FIND_ROOT_PATH=$out/libraries" -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
	"-DVMMIO_STAT_FOR=$image/kernel/btf" >"$out/log" 2>&1 || failed
cmake --build "$out/build" --target vmmio-stat vmmio-boot vmmio-layers >"$out/log" 2>&1 || failed
for program in vmmio-boot vmmio-layers vmmio-stat; do
	$cross-strip -o "$out/$program.part" "$out/build/$program"
	mv "$out/$program.part" "$out/$program"
done
