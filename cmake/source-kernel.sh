#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a kernel for guests from Debian's source package by a configuration of ours,
# with patches if asked for, vmmio.ko for it and an initrd: vmlinuz, initrd.cpio and
# modules/ in one folder of the build tree; with patches vmlinuz-unpatched, too, the
# same without them. Installs nothing, needs no root; up to 12 minutes of processor
# time and 2 GB, once. Exit status 77: this machine lacks something (it says what).
set -eu

usage()
{
	echo "usage: source-kernel.sh --out DIR --config FILE [--version N.N] [--patches DIR]" >&2
	exit 2
}

die()
{
	echo "source-kernel: $*" >&2
	exit 1
}

skip()
{
	echo "source-kernel: $*: skipped"
	exit 77
}

folder='' config='' version='' patches=''
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || usage
	case $1 in
	--out) folder=$2 ;;
	--config) config=$2 ;;
	--version) version=$2 ;;
	--patches) patches=$2 ;;
	*) usage ;;
	esac
	shift 2
done
if [ -z "$folder" ] || [ ! -r "$config" ]; then usage; fi
config=$(realpath "$config")
source=$(cd "$(dirname "$0")/.." && pwd)
build=${VMMIO_BUILD:-$source/build}
mkdir -p "$folder"
out=$(cd "$folder" && pwd)
for tool in gcc make flex bison bc lz4 xz cpio; do
	command -v "$tool" >/dev/null || skip "no $tool"
done
if grep -q '^CONFIG_DEBUG_INFO_BTF=y' "$config"; then
	command -v pahole >/dev/null || skip "no pahole"
fi
[ -e "$build/mkcpio" ] || die "no $build/mkcpio: build the project first, or set VMMIO_BUILD"
if [ -z "$version" ]; then
	version=$(cat "$build"/kernel/cloud-amd64/release) || die "the build has no guest kernel"
	version=$(echo "$version" | cut -d. -f1,2)
fi

exec 9>"$out/lock"
flock 9

make_kernel()
{
	env -u MAKEFLAGS -u MFLAGS make -s -C "$out/source" "O=$out/kernel" "$@" >"$out/log" 2>&1
}

# not the cover letter: it changes nothing
cat "$config" ${patches:+"$patches"/000[1-9]-*.patch} >"$out/want"
if ! cmp -s "$out/want" "$out/made"; then
	rm -f "$out/made"
	"$source/cmake/fetch-deb.sh" --out "$out/package" "linux-source-$version" >"$out/log" 2>&1 ||
		skip "$(tail -n 1 "$out/log")"
	rm -rf "$out/source" "$out/kernel"
	mkdir -p "$out/source" "$out/kernel"
	tar -xJf "$out/package/usr/src/linux-source-$version.tar.xz" -C "$out/source" \
		--strip-components=1 --exclude='*/drivers/gpu/drm/amd/include/*'
	make_kernel "KCONFIG_ALLCONFIG=$config" allnoconfig ||
		die "configuration: $(tail -n 1 "$out/log")"
	grep '^CONFIG' "$config" | while read -r line; do
		grep -qxF "$line" "$out/kernel/.config" || die "this kernel does not take $line"
	done
	make_kernel -j"$(nproc)" bzImage modules || die "the kernel does not build, see $out/log"
	if [ -n "$patches" ]; then
		cp "$out/kernel/arch/x86/boot/bzImage" "$out/vmlinuz-unpatched"
		for patch in "$patches"/000[1-9]-*.patch; do
			patch -s -p1 -d "$out/source" <"$patch" >"$out/log" 2>&1 ||
				die "$(basename "$patch") does not apply, see $out/log"
		done
		make_kernel -j"$(nproc)" bzImage modules ||
			die "the patched kernel does not build, see $out/log"
	fi
	cp "$out/want" "$out/made"
fi

: >"$out/tree-image"
VMMIO_BUILD="$build" "$source/cmake/tree-image.sh" --tree "$out/kernel" --out "$out"
