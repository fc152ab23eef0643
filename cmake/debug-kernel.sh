#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a kernel that watches its drivers (KASAN, lockdep, kmemleak, UBSAN, DMA
# checks, failing allocations) from Debian's source package, vmmio.ko for it, and
# an initrd: vmlinuz, initrd.cpio and vmmio.ko in one folder of the build tree.
# Installs nothing, needs no root; about 12 minutes of processor time and 2 GB,
# once. Exit status 77: this machine lacks something (it says what).
set -eu

die()
{
	echo "debug-kernel: $*" >&2
	exit 1
}

skip()
{
	echo "debug-kernel: $*: skipped"
	exit 77
}

if [ $# != 2 ] || [ "$1" != --out ]; then
	echo "usage: debug-kernel.sh --out DIR" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
build=${VMMIO_BUILD:-$source/build}
mkdir -p "$2"
out=$(cd "$2" && pwd)
config=$source/cmake/debug-kernel.config
for tool in gcc make flex bison bc lz4 xz cpio; do
	command -v "$tool" >/dev/null || skip "no $tool"
done
[ -e "$build/mkcpio" ] || die "no $build/mkcpio: build the project first, or set VMMIO_BUILD"

exec 9>"$out/lock"
flock 9

if ! cmp -s "$config" "$out/made"; then
	rm -f "$out/made"
	version=$(cat "$build"/kernel/cloud-amd64/release) || die "the build has no guest kernel"
	version=$(echo "$version" | cut -d. -f1,2)
	"$source/cmake/fetch-deb.sh" --out "$out/package" "linux-source-$version" >"$out/log" 2>&1 ||
		skip "$(tail -n 1 "$out/log")"
	rm -rf "$out/source" "$out/kernel"
	mkdir -p "$out/source" "$out/kernel"
	tar -xJf "$out/package/usr/src/linux-source-$version.tar.xz" -C "$out/source" \
		--strip-components=1 --exclude='*/drivers/gpu/drm/amd/include/*'
	make -s -C "$out/source" "O=$out/kernel" "KCONFIG_ALLCONFIG=$config" allnoconfig >"$out/log" 2>&1 ||
		die "configuration: $(tail -n 1 "$out/log")"
	grep '^CONFIG' "$config" | while read -r line; do
		grep -qxF "$line" "$out/kernel/.config" || die "this kernel does not take $line"
	done
	make -s -C "$out/source" "O=$out/kernel" -j"$(nproc)" bzImage modules >"$out/log" 2>&1 ||
		die "the kernel does not build, see $out/log"
	cp "$config" "$out/made"
fi

# vmmio.ko from a copy, since Kbuild writes beside its sources
rm -rf "$out/src"
mkdir -p "$out/src"
cp -r "$source/kmod" "$source/include" "$out/src/"
env -u MAKEFLAGS -u MFLAGS make -s -C "$out/kernel" "M=$out/src/kmod" modules >"$out/log" 2>&1 ||
	die "vmmio.ko does not build, see $out/log"

# the build's own initrd with this kernel's modules
rm -rf "$out/modules"
mkdir "$out/modules"
sed 's,.*/,,; s,\.ko$,,; s,-,_,g' "$out/kernel/modules.builtin" >"$out/builtin"
grep -v '^file /lib/modules/' "$build/image/list" >"$out/list"
echo "file /lib/modules/builtin $out/builtin" >>"$out/list"
find "$out/kernel/" "$out/src/kmod" -name '*.ko' | while read -r path; do
	name=$(basename "$path" .ko | tr - _)
	strip -g -o "$out/modules/$name.ko" "$path"
	echo "file /lib/modules/$name.ko $out/modules/$name.ko" >>"$out/list"
done
"$build/mkcpio" "$out/initrd.cpio" <"$out/list"
ln -sf kernel/arch/x86/boot/bzImage "$out/vmlinuz"
