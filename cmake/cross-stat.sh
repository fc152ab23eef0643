#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds vmmio-stat for another architecture, and for arm64 what a bench host runs
# besides, in a folder of the build tree: Debian's libraries of that architecture are
# unpacked beside it. Its BPF programs find their way by the BTF of the kernel that
# they run on; any kernel's types do to compile them. Installs nothing.
# Exit status 77: the packages or the compiler cannot be had (it says why).
set -eu

if [ $# != 6 ] || [ "$1" != --out ] || [ "$3" != --arch ] || [ "$5" != --btf ]; then
	echo "usage: cross-stat.sh --out DIR --arch arm64|armhf --btf FILE" >&2
	echo "  DIR gets vmmio-stat, and for arm64 vmmio-ctl, vmmio-boot and vmmio-layers; FILE is a kernel's" >&2
	echo "  types: those of fetch-kernel.sh, or its vmlinux" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
case $4 in
arm64) cross=aarch64-linux-gnu processor=aarch64 programs='vmmio-stat vmmio-ctl vmmio-boot vmmio-layers' ;;
armhf) cross=arm-linux-gnueabihf processor=armv7l programs=vmmio-stat ;; # holds no BPF program
*)
	echo "cross-stat: --arch $4: arm64 and armhf are known" >&2
	exit 2
	;;
esac
[ -s "$6" ] || {
	echo "cross-stat: no kernel's types in $6" >&2
	exit 1
}
btf=$(cd "$(dirname "$6")" && pwd)/$(basename "$6")
mkdir -p "$2"
out=$(cd "$2" && pwd)

if ! command -v $cross-gcc >/dev/null; then
	echo "cross-stat: no $cross-gcc: skipped"
	exit 77
fi
# One at a time: a test and the target dist may want the same folder.
exec 9>"$out/lock"
flock 9
libraries='libbpf-dev libelf-dev zlib1g-dev libjansson-dev libncurses-dev
libtracefs-dev libtraceevent-dev libevent-dev'
[ -s "$out/libraries/contents" ] || rm -rf "$out/libraries"
# shellcheck disable=SC2086 # a list of words
"$source/cmake/fetch-deb.sh" --out "$out/libraries" --arch "$4" $libraries >"$out/log" 2>&1 || {
	echo "cross-stat: $(tail -n 1 "$out/log"): skipped"
	exit 77
}
# The same bytes wherever the tree and DIR lie (packaging/release.sh). Of two that fit gcc takes the last.
map=-ffile-prefix-map=$source=/vmmio
failed()
{
	tail -n 30 "$out/log" >&2
	exit 1
}
cmake -S "$source" -B "$out/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
	-DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=$processor \
	-DCMAKE_C_COMPILER=$cross-gcc -DCMAKE_LIBRARY_ARCHITECTURE=$cross \
	"-DCMAKE_C_FLAGS=-isystem $out/libraries/usr/include $map -ffile-prefix-map=$out=/cross" "-DVMMIO_BPF_FLAGS=$map" \
	"-DCMAKE_FIND_ROOT_PATH=$out/libraries" -DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY \
	"-DVMMIO_STAT_FOR=$btf" >"$out/log" 2>&1 || failed
# shellcheck disable=SC2086 # a list of words
cmake --build "$out/build" --target $programs >"$out/log" 2>&1 || failed
for program in $programs; do
	$cross-strip -o "$out/$program.part" "$out/build/$program"
	mv "$out/$program.part" "$out/$program"
done
