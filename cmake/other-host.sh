#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A bench host that is not the build's own, in a folder of the build tree: another
# kernel with its KVM (of an image of guest-image.sh), another QEMU (of a Debian suite),
# or both. The guests within are the build's own. DIR gets vmlinuz and host.cpio; sweeps
# take them by "under", compare --stack by --kernel and --initrd. Installs nothing.
# Exit status 77: the packages cannot be had (it says why).
set -eu

usage()
{
	echo "usage: other-host.sh --out DIR [--image DIR] [--qemu SUITE]" >&2
	exit 2
}

out='' image='' suite=''
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || usage
	case $1 in
	--out) out=$2 ;;
	--image) image=$2 ;;
	--qemu) suite=$2 ;;
	*) usage ;;
	esac
	shift 2
done
[ -n "$out" ] || usage
source=$(cd "$(dirname "$0")/.." && pwd)
build=${VMMIO_BUILD:-$source/build}
[ -f "$build/image/host.cpio" ] || {
	echo "other-host: no bench host was built in $build: skipped"
	exit 77
}
mkdir -p "$out"
out=$(cd "$out" && pwd)

if [ -n "$image" ]; then
	for file in release list vmlinuz; do
		[ -r "$image/$file" ] || {
			echo "other-host: $image is no folder of guest-image.sh: no $file" >&2
			exit 1
		}
	done
	image=$(cd "$image" && pwd)
	kernel=$image/vmlinuz list=$image/list
	modules=$image/kernel/root/lib/modules/$(cat "$image/release")
	[ -d "$modules" ] || modules=$image/kernel/root/usr/lib/modules/$(cat "$image/release")
else
	kernel=$build/image/vmlinuz list=$build/image/list
	modules=$(echo "$build"/kernel/cloud-amd64/root/lib/modules/*)
fi
# an image of guest-image.sh has no vmmio-stat
grep -v '^file /bin/vmmio-stat ' "$list" >"$out/list"
echo "file /bin/vmmio-stat $build/vmmio-stat" >>"$out/list"

if [ -z "$suite" ]; then
	qemu=$(command -v qemu-system-x86_64) || {
		echo "other-host: no qemu-system-x86_64 here" >&2
		exit 1
	}
fi
set --
if [ -n "$suite" ]; then
	"$source/cmake/fetch-root.sh" --out "$out/qemu-$suite" --arch amd64 --suite "$suite" \
		qemu-system-x86 qemu-system-data seabios libjansson4 >"$out/log" 2>&1 || {
		echo "other-host: QEMU of $suite: $(tail -n 1 "$out/log"): skipped"
		exit 77
	}
	root=$out/qemu-$suite/root
	qemu=$root/usr/bin/qemu-system-x86_64
	set -- --root "$root" --cross x86_64-linux-gnu
fi
cp "$(readlink -f "$kernel")" "$out/vmlinuz"
"$source/cmake/host-image.sh" --out "$out/host.cpio" --list "$out/list" --mkcpio "$build/mkcpio" \
	--modules "$modules" --kernel "$build/image/vmlinuz" --initrd "$build/image/initrd.cpio" \
	--qemu "$qemu" "$@" "$build/vmmio-boot" "$build/vmmio-layers"
