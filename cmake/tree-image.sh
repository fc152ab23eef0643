#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest of a kernel that you built yourself: vmlinuz, vmmio.ko made for it, and an initrd with
# that, the tree's own modules and the build's programs. Installs nothing, needs no root.
set -eu
# shellcheck source=cmake/options.sh
. "$(dirname "$0")/options.sh"

usage()
{
	cat <<-'END'
	usage: tree-image.sh --tree DIR --out DIR
	  --tree DIR  a built kernel (O= of its make, or the source tree): arch/x86/boot/bzImage and modules
	  --out DIR   gets vmlinuz, initrd.cpio, modules/ and release; vmmio-bench takes it as --kernel
	END
}

die()
{
	echo "tree-image: $*" >&2
	exit 1
}

tree='' out=''
options '--tree --out' "$@"
shift $(($# - left))
if [ $# != 0 ] || [ -z "$tree" ] || [ -z "$out" ]; then
	usage >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
build=${VMMIO_BUILD:-$source/build}
for file in "$build/mkcpio" "$build/image/list"; do
	[ -e "$file" ] || die "no $file: build the project first, or set VMMIO_BUILD"
done
tree=$(cd "$tree" 2>/dev/null && pwd) || die "--tree: no such folder"
for file in arch/x86/boot/bzImage Module.symvers modules.order modules.builtin include/config/kernel.release; do
	[ -r "$tree/$file" ] || die "no $tree/$file: the kernel and its modules must have been built"
done
mkdir -p "$out"
out=$(cd "$out" && pwd)
# nobody else's files are removed
for file in src modules; do
	if [ -e "$out/$file" ] && [ ! -e "$out/tree-image" ]; then
		die "$out/$file is there, and not of this script: another --out"
	fi
done
: >"$out/tree-image"
rm -rf "$out/src" "$out/modules" "$out/initrd.cpio" "$out/vmlinuz"
mkdir -p "$out/src" "$out/modules"

# from a copy, since Kbuild writes beside its sources
cp -r "$source/kmod" "$source/include" "$out/src/"
env -u MAKEFLAGS -u MFLAGS make -s -C "$tree" "M=$out/src/kmod" ${PAHOLE:+"PAHOLE=$PAHOLE"} modules \
	>"$out/log" 2>&1 ||
	die "vmmio.ko does not build for it, see $out/log"

# what the image loads and the kernel has not built in; a desktop's tree has thousands
wanted=" vmmio $(grep '^[a-z]' "$source/cmake/guest-modules" | tr '\n' ' ')"
sed 's,.*/,,; s,\.ko$,,; s,-,_,g' "$tree/modules.builtin" >"$out/builtin"
grep -v '^file /lib/modules/' "$build/image/list" >"$out/list"
echo "file /lib/modules/builtin $out/builtin" >>"$out/list"
# what this build made, no module of an earlier one or of a package below the tree
{
	sed "s,\.o\$,.ko,; s,^,$tree/," "$tree/modules.order"
	echo "$out/src/kmod/vmmio.ko"
} | while read -r path; do
	name=$(basename "$path" .ko | tr - _)
	case $wanted in
	*" $name "*)
		strip -g -o "$out/modules/$name.ko" "$path"
		echo "file /lib/modules/$name.ko $out/modules/$name.ko" >>"$out/list"
		;;
	esac
done
"$build/mkcpio" "$out/initrd.cpio.part" <"$out/list"
mv "$out/initrd.cpio.part" "$out/initrd.cpio"
cp "$tree/arch/x86/boot/bzImage" "$out/vmlinuz.part" # the tree may be built again
mv "$out/vmlinuz.part" "$out/vmlinuz"
cp "$tree/include/config/kernel.release" "$out/release"
