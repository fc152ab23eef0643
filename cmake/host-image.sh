#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the image of the bench host: the guest image's files, and KVM's modules,
# QEMU with its libraries and firmware, this build's programs for a host, and
# the guest image itself under /l2 for the guests that run there. Takes QEMU as
# it is installed on this machine, or another one from a folder of fetch-root.sh;
# writes one archive and nothing else.
set -eu
# shellcheck source=cmake/options.sh
. "$(dirname "$0")/options.sh"

usage()
{
	cat <<-'END'
	usage: host-image.sh --out FILE --list LIST --mkcpio PROGRAM --modules DIR
	                     --kernel FILE --initrd FILE --qemu FILE
	                     [--root DIR --cross TRIPLET] PROGRAM...
	  --list LIST    mkcpio's list of the guest image
	  --root DIR     where QEMU's libraries and firmware are, not on this machine
	  --modules DIR  lib/modules/RELEASE, unpacked
	  --kernel, --initrd  of the guests within
	END
}

die()
{
	echo "host-image: $*" >&2
	exit 1
}

out='' list='' mkcpio='' modules='' kernel='' initrd='' qemu='' root='' cross=''
options '--out --list --mkcpio --modules --kernel --initrd --qemu --root --cross' "$@"
shift $(($# - left))
if [ $# = 0 ] || [ -z "$out" ] || [ -z "$list" ] || [ -z "$mkcpio" ] || [ -z "$modules" ] ||
	[ -z "$kernel" ] || [ -z "$initrd" ] || [ -z "$qemu" ]; then
	usage >&2
	exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# put PATH FILE: into the image, parents first
put()
{
	dir=$(dirname "$1")
	parents=''
	while [ "$dir" != / ]; do
		parents="dir $dir 755
$parents"
		dir=$(dirname "$dir")
	done
	printf '%s' "$parents" >>"$work/dirs"
	echo "file $1 $2" >>"$work/files"
}

touch "$work/dirs" "$work/files"
# What an access is served by, and who sends interrupts from the kernel. A kernel that
# has one of them built in has no file of it: the helpers in the image know that.
for name in irqbypass kvm kvm-amd kvm-intel vhost_iotlb vhost vhost_net tun tap \
	target_core_mod vhost_scsi configfs; do
	path=$(find "$modules/kernel" -name "$name.ko" -o -name "$name.ko.xz" | head -n 1)
	[ -n "$path" ] || continue
	to=$(echo "$name" | tr - _)
	case $path in
	*.xz)
		xz -dc "$path" >"$work/$to.ko"
		path=$work/$to.ko
		;;
	esac
	put "/lib/modules/$to.ko" "$path"
done
grep -q '/lib/modules/kvm\.ko ' "$work/files" || grep -q '/kvm\.ko$' "$modules/modules.builtin" ||
	# no module's name is told of what can be no module (arm64)
	grep -qs '^CONFIG_KVM=y' "$modules"/../../../boot/config-* ||
	die "the kernel of $modules has no KVM"

# libs_of PROGRAM: what the dynamic linker of this machine would load
libs_of()
{
	# a static one has none, and ldd says so by its status
	ldd "$1" >"$work/ldd" 2>/dev/null || return 0
	! grep 'not found' "$work/ldd" || die "a library of $1 is not installed"
	sed -n 's,^[^/]*\(/[^ ]*\) (.*,\1,p' "$work/ldd"
}

# libs_in_root FILE...: the same of another machine's, as paths there
libs_in_root()
{
	while [ $# -gt 0 ]; do
		"$cross-objdump" -p "$1" 2>/dev/null | sed -n 's/^ *NEEDED *//p' >"$work/needed"
		shift
		while read -r name; do
			! grep -qx "$name" "$work/had" || continue
			echo "$name" >>"$work/had"
			found=''
			for dir in "lib/$cross" "usr/lib/$cross" lib usr/lib "usr/lib/$cross/pulseaudio"; do
				[ ! -e "$root/$dir/$name" ] || {
					found=/lib/$cross/$name
					case $name in
					ld-linux-x86-64.*) found=/lib64/$name ;;
					ld-*) found=/lib/$name ;;
					esac
					echo "$found $root/$dir/$name"
					echo "$root/$dir/$name" >>"$work/next"
					break
				}
			done
			[ -n "$found" ] || die "a library is not in $root: $name"
		done <"$work/needed"
		if [ $# = 0 ] && [ -s "$work/next" ]; then
			# shellcheck disable=SC2046 # paths of the build tree, which holds no white space
			set -- $(cat "$work/next")
			: >"$work/next"
		fi
	done
}

# Programs, with their libraries. /usr is / in the image.
put "/bin/$(basename "$qemu")" "$qemu"
for program in "$@"; do
	"${cross:+$cross-}strip" -o "$work/$(basename "$program")" "$program"
	put "/bin/$(basename "$program")" "$work/$(basename "$program")"
done
if [ -n "$root" ]; then
	: >"$work/had"
	: >"$work/next"
	libs_in_root "$qemu" "$@" >"$work/libs"
	while read -r to from; do
		put "$to" "$(readlink -f "$from")"
	done <"$work/libs"
else
	for program in "$qemu" "$@"; do
		libs_of "$program" >>"$work/libs"
	done
	sort -u "$work/libs" | while read -r lib; do
		put "${lib#/usr}" "$(readlink -f "$lib")"
	done
fi
if [ "${qemu%x86_64}" != "$qemu" ]; then
	# Firmware, where QEMU looks for it beside its own folder. What is a link in a package
	# that is unpacked elsewhere leads nowhere.
	for file in bios-microvm.bin kvmvapic.bin linuxboot_dma.bin linuxboot.bin pvh.bin qboot.rom \
		bios-256k.bin bios.bin; do
		for dir in qemu seabios; do
			path=$(readlink -f "$root/usr/share/$dir/$file") || continue
			[ ! -f "$path" ] || put "/share/$dir/$file" "$path"
		done
	done
	grep -q '/share/.*/bios-microvm\.bin ' "$work/files" || die "no firmware of QEMU (package seabios)"
fi

put /l2/vmlinuz "$(readlink -f "$kernel")"
put /l2/initrd.cpio "$initrd"

{
	cat "$list"
	sort -u "$work/dirs"
	cat "$work/files"
} >"$work/list"
"$mkcpio" "$out.part" <"$work/list"
mv "$out.part" "$out"
