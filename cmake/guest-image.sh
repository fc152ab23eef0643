#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes a guest for another architecture or another kernel than the build's own:
# Debian kernel, vmmio.ko built for it, busybox, the load generator and an
# initrd, all in one folder of the build tree. Installs nothing, needs no root.
# What is up to date is left alone, so that a test can call this each time.
# Exit status 77: the packages cannot be had on this machine (it says why).
set -eu
# shellcheck source=cmake/options.sh
. "$(dirname "$0")/options.sh"

usage()
{
	cat <<-'END'
	usage: guest-image.sh --out DIR --arch amd64|arm64|armhf [--suite SUITE]
	                      [--flavour NAME | --release NAME] [--tools SUITE]
	  DIR gets vmlinuz, initrd.cpio, vmmio.ko, release and arch
	  --tools SUITE  build the module with the compiler of this Debian suite,
	                 unpacked beside DIR (needs root, for chroot)
	END
}

die()
{
	echo "guest-image: $*" >&2
	exit 1
}

skip()
{
	echo "guest-image: $*: skipped"
	exit 77
}

source=$(cd "$(dirname "$0")/.." && pwd)
out='' arch='' suite='' flavour='' release='' tools=''
options '--out --arch --suite --flavour --release --tools' "$@"
shift $(($# - left))
if [ $# != 0 ] || [ -z "$out" ] || [ -z "$arch" ]; then
	usage >&2
	exit 2
fi
case $arch in
amd64) cross='' karch=x86 default=cloud-amd64 ;;
arm64) cross=aarch64-linux-gnu- karch=arm64 default=cloud-arm64 ;;
armhf) cross=arm-linux-gnueabihf- karch=arm default=armmp ;;
*) die "--arch $arch: amd64, arm64 and armhf are known" ;;
esac
flavour=${flavour:-$default}
mkdir -p "$out"
out=$(cd "$out" && pwd)
# two things are the main build's
mkcpio=${VMMIO_BUILD:-$source/build}/mkcpio
applets=${VMMIO_BUILD:-$source/build}/packages/busybox/applets
for file in "$mkcpio" "$applets"; do
	[ -e "$file" ] || die "no $file: build the project first, or set VMMIO_BUILD"
done
command -v "${cross}gcc" >/dev/null || skip "no ${cross}gcc"
command -v lz4 >/dev/null || skip "no lz4"

# One at a time: several tests may want the same folder.
exec 9>"$out/lock"
flock 9

fetch_log=$out/fetch.log
"$source/cmake/fetch-kernel.sh" --out "$out/kernel" --arch "$arch" --flavour "$flavour" \
	${release:+--release "$release"} ${suite:+--suite "$suite"} >"$out/release" 2>"$fetch_log" ||
	skip "kernel for $arch: $(tail -n 1 "$fetch_log")"
release=$(cat "$out/release")
"$source/cmake/fetch-deb.sh" --out "$out/busybox" --arch "$arch" busybox-static >"$fetch_log" 2>&1 ||
	skip "busybox for $arch: $(tail -n 1 "$fetch_log")"

# kbuild ARGUMENT...: make, in a place where the headers' own programs run
if [ -z "$tools" ]; then
	kbuild()
	{
		env -u MAKEFLAGS -u MFLAGS make "$@"
	}
else
	[ "$(id -u)" = 0 ] || skip "the tools of $tools need root, for chroot"
	"$source/cmake/fetch-root.sh" --out "$out/../tools-$tools" --arch "$(dpkg --print-architecture)" \
		--suite "$tools" gcc make dash coreutils sed grep mawk findutils diffutils libelf1t64 dwarves \
		>"$fetch_log" 2>&1 || skip "tools of $tools: $(tail -n 1 "$fetch_log")"
	inside=$(cd "$out/../tools-$tools/root" && pwd)
	# what the packages' scripts would do
	[ -e "$inside/usr/bin/awk" ] || ln -s mawk "$inside/usr/bin/awk"
	[ -c "$inside/dev/null" ] || mknod -m 666 "$inside/dev/null" c 1 3 ||
		skip "the tools of $tools: no device can be made in $inside"
	# objtool looks into its own /proc; nobody else sees this mount, it ends with the command
	# shellcheck disable=SC2016 # for the shell within
	within='mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
	unshare --mount sh -c "$within" "$inside" true 2>"$fetch_log" ||
		skip "the tools of $tools: $(tail -n 1 "$fetch_log")"
	# under the same paths, the kernel's files as links
	kbuild()
	{
		rm -rf "$inside$out"
		mkdir -p "$inside$out/kernel/root"
		cp -al "$out/kernel/root/usr" "$inside$out/kernel/root/"
		cp -a "$out/kernel/headers" "$inside$out/kernel/"
		cp -a "$out/src" "$inside$out/"
		env -u MAKEFLAGS -u MFLAGS unshare --mount sh -c "$within" "$inside" make "$@" || return 1
		cp "$inside$out/src/kmod/vmmio.ko" "$out/src/kmod/"
		rm -rf "$inside$out"
	}
fi

newer()
{
	[ ! -e "$1" ] || [ -n "$(find "$source/$2" "$source/include" -type f -newer "$1" -print -quit)" ]
}

# vmmio.ko: Kbuild works in a copy, laid out as in the source tree.
if newer "$out/vmmio.ko" kmod || [ "$(cat "$out/vmmio.ko.made" 2>/dev/null)" != "$release" ]; then
	rm -rf "$out/src"
	mkdir -p "$out/src"
	cp -r "$source/kmod" "$source/include" "$out/src/"
	headers=$out/kernel/headers
	kbuild -s -C "$headers" "M=$out/src/kmod" "ARCH=$karch" \
		"CROSS_COMPILE=$cross" "CC=${cross}gcc" modules >"$out/kmod.log" 2>&1 || {
		cat "$out/kmod.log" >&2
		die "vmmio.ko does not build for $release"
	}
	"${cross}strip" -g -o "$out/vmmio.ko.part" "$out/src/kmod/vmmio.ko"
	mv "$out/vmmio.ko.part" "$out/vmmio.ko"
	echo "$release" >"$out/vmmio.ko.made"
fi

for load in blkload netload charload; do
	newer "$out/$load" bench/load/gen || newer "$out/$load" lib || continue
	set --
	[ "$load" != netload ] ||
		set -- "$source/bench/load/gen/netload_link.c" "$source/bench/load/gen/netload_tap.c"
	"${cross}gcc" -std=gnu11 -D_GNU_SOURCE -O2 -Wall -static -I"$source/include" -I"$source" \
		-include "$source/include/vmmio/version.h" -o "$out/$load.part" \
		"$source/bench/load/gen/$load.c" "$@" "$source/bench/load/gen/latency.c" \
		"$source/bench/load/gen/mark.c" \
		"$source/lib/clock.c" "$source/lib/json.c" "$source/lib/num.c" "$source/lib/opts.c" -lm
	mv "$out/$load.part" "$out/$load"
done

if newer "$out/counts" tests/guest; then
	"${cross}gcc" -std=gnu11 -D_GNU_SOURCE -O2 -Wall -static -I"$source/include" \
		-o "$out/counts.part" "$source/tests/guest/counts.c"
	mv "$out/counts.part" "$out/counts"
fi

# The initrd, laid out as the build's own (image.cmake).
modules=$(grep '^[a-z]' "$source/cmake/guest-modules" | tr '\n' ' ')
tree=$out/kernel/root/lib/modules/$release
[ -d "$tree" ] || tree=$out/kernel/root/usr/lib/modules/$release
sed 's,.*/,,; s,\.ko$,,; s,-,_,g' "$tree/modules.builtin" >"$out/builtin"
mkdir -p "$out/modules"
rm -f "$out/modules"/*
find "$tree/kernel" -name 'virtio*.ko*' -o -name '*failover.ko*' -o -name 'rng*core.ko*' \
	-o -name 'scsi_*.ko*' -o -name 'sd_mod.ko*' -o -name 'evdev.ko*' | while read -r path; do
	name=$(basename "$path")
	name=$(echo "${name%%.ko*}" | tr - _)
	case " $modules" in
	*" $name "*)
		case $path in
		*.xz) xz -dc "$path" >"$out/modules/$name.ko" ;;
		*) cp "$path" "$out/modules/$name.ko" ;;
		esac
		;;
	esac
done
cat >"$out/list" <<-END
	dir /dev 755
	node /dev/console 600 5 1
	node /dev/null 666 1 3
	dir /proc 755
	dir /sys 755
	dir /tmp 1777
	dir /root 700
	dir /etc 755
	dir /lib 755
	dir /lib/modules 755
	dir /bin 755
	link /sbin bin
	link /usr /
	file /bin/busybox $out/busybox/bin/busybox
	links /bin /bin/busybox $applets
	file /bin/blkload $out/blkload
	file /bin/netload $out/netload
	file /bin/charload $out/charload
	file /bin/counts $out/counts
	file /init $source/bench/guest/image/init
	file /lib/vmmio.sh $source/bench/guest/image/vmmio.sh
	file /lib/modules/builtin $out/builtin
	file /lib/modules/vmmio.ko $out/vmmio.ko
END
for path in "$out/modules"/*.ko; do
	[ ! -e "$path" ] || echo "file /lib/modules/$(basename "$path") $path"
done >>"$out/list"
"$mkcpio" "$out/initrd.cpio.part" <"$out/list"
mv "$out/initrd.cpio.part" "$out/initrd.cpio"
ln -sf kernel/vmlinuz "$out/vmlinuz"
echo "$arch" >"$out/arch"
