#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds a kernel for guests from Debian's source package by a configuration of ours,
# with patches if asked for, vmmio.ko for it and an initrd: vmlinuz, initrd.cpio and
# modules/ in one folder of the build tree; with patches vmlinuz-unpatched, too, the
# same without them; other patches later are exchanged on the same tree. Installs
# nothing, needs no root; up to 12 minutes of processor time and 2 GB, once. Exit status
# 77: this machine lacks something (it says what).
set -eu

usage()
{
	cat >&2 <<-'END'
	usage: source-kernel.sh --out DIR --config FILE [--version N.N] [--suite SUITE] [--tools SUITE]
	                        [--patches DIR]
	  --version N.N    of Debian's package linux-source-N.N (default: that of the guest kernel)
	  --suite SUITE    where that package is, if this machine's apt does not follow it
	  --tools SUITE    take pahole from there, where this machine's is too old for the kernel
	END
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

folder='' config='' version='' suite='' tools='' patches=''
while [ $# -gt 0 ]; do
	[ $# -ge 2 ] || usage
	case $1 in
	--out) folder=$2 ;;
	--config) config=$2 ;;
	--version) version=$2 ;;
	--suite) suite=$2 ;;
	--tools) tools=$2 ;;
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
if [ -z "$tools" ] && grep -q '^CONFIG_DEBUG_INFO_BTF=y' "$config"; then
	command -v pahole >/dev/null || skip "no pahole"
fi
[ -e "$build/mkcpio" ] || die "no $build/mkcpio: build the project first, or set VMMIO_BUILD"
if [ -z "$version" ]; then
	version=$(cat "$build"/kernel/cloud-amd64/release) || die "the build has no guest kernel"
	version=$(echo "$version" | cut -d. -f1,2)
fi

exec 9>"$out/lock"
flock 9

pahole=pahole
if [ -n "$tools" ]; then
	"$source/cmake/fetch-root.sh" --out "$out/tools" --arch "$(dpkg --print-architecture)" --suite "$tools" pahole \
		>"$out/log" 2>&1 || skip "pahole of $tools: $(tail -n 1 "$out/log")"
	# with the libraries of its own release
	pahole=$out/pahole
	cat >"$pahole" <<-END
		#!/bin/sh
		root=$out/tools/root
		exec \$root/usr/lib64/ld-linux-x86-64.so.2 --library-path \$root/usr/lib/x86_64-linux-gnu \\
			\$root/usr/bin/pahole "\$@"
	END
	chmod +x "$pahole"
	"$pahole" --version >"$out/log" 2>&1 || skip "pahole of $tools does not run: $(tail -n 1 "$out/log")"
fi

make_kernel()
{
	env -u MAKEFLAGS -u MFLAGS make -s -C "$out/source" "O=$out/kernel" "PAHOLE=$pahole" "$@" >"$out/log" 2>&1
}

# The tree without patches.
{
	echo "# $version $suite $tools"
	cat "$config"
} >"$out/want-base"
if ! cmp -s "$out/want-base" "$out/base"; then
	rm -f "$out/base" "$out/made"
	"$source/cmake/fetch-deb.sh" --out "$out/package" ${suite:+--suite "$suite"} "linux-source-$version" \
		>"$out/log" 2>&1 || skip "$(tail -n 1 "$out/log")"
	rm -rf "$out/source" "$out/kernel" "$out/plain" "$out/touched"
	mkdir -p "$out/source" "$out/kernel"
	tar -xJf "$out/package/usr/src/linux-source-$version.tar.xz" -C "$out/source" \
		--strip-components=1 --exclude='*/drivers/gpu/drm/amd/include/*'
	make_kernel "KCONFIG_ALLCONFIG=$config" allnoconfig ||
		die "configuration: $(tail -n 1 "$out/log")"
	grep '^CONFIG' "$config" | while read -r line; do
		grep -qxF "$line" "$out/kernel/.config" || die "this kernel does not take $line"
	done
	make_kernel -j"$(nproc)" bzImage modules || die "the kernel does not build, see $out/log"
	cp "$out/kernel/arch/x86/boot/bzImage" "$out/vmlinuz-unpatched"
	cp "$out/want-base" "$out/base"
fi

# The patches, not the cover letter, which changes nothing; without any if none is asked for.
cat "$out/base" ${patches:+"$patches"/000[1-9]-*.patch} >"$out/want"
if ! cmp -s "$out/want" "$out/made"; then
	rm -f "$out/made"
	# plain/ has the files that patches changed, as they were; touched names them and new ones
	if [ -e "$out/touched" ]; then
		while read -r file; do
			if [ -e "$out/plain/$file" ]; then
				cp "$out/plain/$file" "$out/source/$file"
			else
				rm -f "$out/source/$file"
			fi
		done <"$out/touched"
	fi
	rm -rf "$out/plain" "$out/touched"
	if [ -n "$patches" ]; then
		mkdir "$out/plain"
		sed -n 's,^+++ b/,,p' "$patches"/000[1-9]-*.patch | sort -u >"$out/touched.part"
		while read -r file; do
			[ ! -e "$out/source/$file" ] || (cd "$out/source" && cp --parents "$file" "$out/plain")
		done <"$out/touched.part"
		mv "$out/touched.part" "$out/touched" # plain/ is whole
		for patch in "$patches"/000[1-9]-*.patch; do
			patch -s -p1 --fuzz=0 -d "$out/source" <"$patch" >"$out/log" 2>&1 ||
				die "$(basename "$patch") does not apply, see $out/log"
		done
	fi
	make_kernel -j"$(nproc)" bzImage modules || die "the kernel does not build, see $out/log"
	cp "$out/want" "$out/made"
fi

: >"$out/tree-image"
VMMIO_BUILD="$build" PAHOLE="$pahole" "$source/cmake/tree-image.sh" --tree "$out/kernel" --out "$out"
