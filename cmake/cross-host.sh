#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The image of an arm64 bench host, in a folder of the build tree: the arm64 guest
# image's files, Debian's QEMU of that architecture with its libraries, and the
# programs that cross-stat.sh has built. Installs nothing.
# Exit status 77: the packages cannot be had (it says why).
set -eu

if [ $# != 6 ] || [ "$1" != --out ] || [ "$3" != --image ] || [ "$5" != --programs ]; then
	echo "usage: cross-host.sh --out DIR --image DIR --programs DIR" >&2
	echo "  the first DIR gets host.cpio, the second is one of guest-image.sh," >&2
	echo "  the third one of cross-stat.sh" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
image=$(cd "$4" && pwd)
programs=$(cd "$6" && pwd)

"$source/cmake/fetch-root.sh" --out "$out/qemu" --arch arm64 --suite bookworm qemu-system-arm \
	>"$out/log" 2>&1 || {
	echo "cross-host: $(tail -n 1 "$out/log"): skipped"
	exit 77
}
{
	cat "$image/list"
	echo "file /bin/vmmio-stat $programs/vmmio-stat"
} >"$out/list"
release=$(cat "$image/release")
modules=$image/kernel/root/lib/modules/$release
[ -d "$modules" ] || modules=$image/kernel/root/usr/lib/modules/$release
"$source/cmake/host-image.sh" --out "$out/host.cpio" --list "$out/list" \
	--mkcpio "${VMMIO_BUILD:-$source/build}/mkcpio" --modules "$modules" \
	--kernel "$image/vmlinuz" --initrd "$image/initrd.cpio" \
	--qemu "$out/qemu/root/usr/bin/qemu-system-aarch64" --root "$out/qemu/root" \
	--cross aarch64-linux-gnu "$programs/vmmio-boot" "$programs/vmmio-layers"
