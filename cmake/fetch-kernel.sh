#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads a Debian kernel (image, headers, kbuild) and unpacks it into a
# folder of the build tree: root/ as packaged, vmlinuz, headers (for make -C),
# vmlinux (unpacked from vmlinuz, where that is a bzImage), btf (a file with its
# BTF, where it has any) and release (the name). Installs nothing, needs no root.
# A folder that is complete is left alone.
set -eu
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/apt.sh"

usage()
{
	cat <<-'END'
	usage: fetch-kernel.sh --out DIR [--flavour NAME | --release NAME]
	                       [--arch ARCH] [--suite SUITE] [--refresh]
	  --out DIR       where the kernel goes
	  --flavour NAME  of the metapackage linux-image-NAME (default cloud-amd64)
	  --release NAME  a concrete one, for example 6.1.0-30-cloud-amd64
	  --arch ARCH     Debian architecture of the kernel (default: this machine's)
	  --suite SUITE   take it from this suite (for example bookworm-backports);
	                  a suite or architecture that this machine's apt does not
	                  follow is looked up through an apt root of its own
	  --refresh       look for a newer one even if DIR is complete
	END
}

die()
{
	echo "fetch-kernel: $*" >&2
	exit 1
}

wrong()
{
	echo "fetch-kernel: $*" >&2
	exit 2
}

out='' flavour=cloud-amd64 release='' arch='' suite='' refresh=''
while [ $# -gt 0 ]; do
	case $1 in
	--out | --flavour | --release | --arch | --suite)
		if [ $# -lt 2 ] || [ -z "$2" ]; then wrong "$1 needs a value"; fi
		eval "${1#--}=\$2"
		shift
		;;
	--refresh) refresh=1 ;;
	-h | --help)
		usage
		exit 0
		;;
	*) wrong "unknown option $1" ;;
	esac
	shift
done
[ -n "$out" ] || wrong "--out is missing"

for tool in apt-get apt-cache dpkg dpkg-deb; do
	command -v "$tool" >/dev/null || die "no $tool here: this is not a Debian system (see packaging/Containerfile)"
done
host=$(dpkg --print-architecture)
arch=${arch:-$host}

# Complete already, and of the same request?
request="$flavour $release $arch $suite"
if [ -z "$refresh" ] && [ -f "$out/request" ] && [ "$(cat "$out/request")" = "$request" ]; then
	cat "$out/release"
	exit 0
fi

mkdir -p "$out" 2>/dev/null || die "cannot create $out"
[ -w "$out" ] || die "cannot write $out"
out=$(cd "$out" && pwd)
rm -f "$out/request"
work=$(mktemp -d "$out/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# The newest kernel the flavour's metapackage stands for.
resolve()
{
	apt_field "linux-image-$flavour:$arch" Depends "$suite" | tr ',' '\n' |
		sed -n 's/^ *linux-image-\([0-9][^ ]*\).*/\1/p' | head -n 1
}

again()
{
	rm -rf "$work"
	VMMIO_FRESH_LISTS=1 exec "$0" --out "$out" --flavour "$flavour" ${release:+--release "$release"}
}

if [ "$arch" != "$host" ] || [ -n "$suite" ] || [ -n "${VMMIO_FRESH_LISTS-}" ]; then
	apt_use_private "$out" "$arch" "$suite"
fi
want=$release
if [ -z "$want" ]; then
	want=$(resolve)
	if [ -z "$want" ] && [ -z "$apt_private" ]; then
		apt_use_private "$out" "$arch" "$suite"
		want=$(resolve)
	fi
	[ -n "$want" ] || die "no package linux-image-$flavour for $arch: is the flavour right, and has 'apt-get update' run?"
elif [ -z "$apt_private" ] && ! apt_has "linux-image-$want:$arch"; then
	apt_use_private "$out" "$arch" "$suite"
fi

# The headers package names its companions (common headers, kbuild).
headers=linux-headers-$want
apt_has "$headers:$arch" || die "no package $headers for $arch"
companions=$(apt_field "$headers:$arch" Depends "$suite" | tr ',' '\n' |
	sed -n 's/^ *\(linux-headers-[^ ]*-common[-a-z]*\|linux-kbuild-[^ ]*\).*/\1/p')

image=linux-image-$want
apt_has "$image:$arch" || die "no package $image for $arch"

# Since 2026 the image package is empty and names those that are not.
parts=$(apt_field "$image:$arch" Depends "$suite" | tr ',' '\n' |
	sed -n 's/^ *\(linux-base-[^ ]*\|linux-binary-[^ ]*\|linux-modules-[^ ]*\).*/\1/p')

list="$image:$arch $headers:$arch"
for package in $parts; do
	list="$list $package:$arch"
done
for package in $companions; do
	case $package in
	linux-kbuild-*) list="$list $package:$host" ;; # its programs run here
	*) list="$list $package" ;;
	esac
done

# shellcheck disable=SC2086 # a list of words
apt_fetch "$work" "$suite" $list

rm -rf "$out/root" "$out/vmlinux" "$out/vmlinuz" "$out/headers" "$out/btf"
mkdir "$out/root"
for deb in "$work"/*.deb; do
	dpkg-deb -x "$deb" "$out/root" || die "cannot unpack $(basename "$deb") into $out (disk full?)"
done

merge_usr "$out/root"
# The header Makefiles include each other by absolute path.
for makefile in "$out"/root/usr/src/linux-headers-*/Makefile; do
	sed -i "s,\([ =]\)/usr/src/,\1$out/root/usr/src/,g" "$makefile"
done

kernel=root/boot/vmlinuz-$want
[ -f "$out/$kernel" ] || kernel=root/usr/lib/modules/$want/vmlinuz
[ -f "$out/$kernel" ] || die "package $image holds no vmlinuz-$want"
ln -s "$kernel" "$out/vmlinuz"
ln -s "root/usr/src/linux-headers-$want" "$out/headers"

# Little-endian number of $3 bytes at offset $2 of file $1.
le()
{
	od -An -v -t u"$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# The payload of a bzImage: its set-up header says where it is and how long
# (boot protocol 2.08 and later).
unpack_vmlinux()
{
	sectors=$(le "$1" 497 1)
	offset=$(((sectors + 1) * 512 + $(le "$1" 584 4)))
	length=$(le "$1" 588 4)
	tail -c +$((offset + 1)) "$1" | head -c "$length" >"$work/payload"
	case $(od -An -v -t x1 -N 4 "$work/payload" | tr -d ' ') in
	02214c18) # followed by the unpacked size, which is not part of the stream
		tool=lz4
		head -c $((length - 4)) "$work/payload" | lz4 -qdc - >"$2"
		;;
	1f8b*)
		tool=gzip
		gzip -qdc "$work/payload" >"$2" 2>/dev/null || [ $? = 2 ] # 2: trailing size
		;;
	fd377a58)
		tool=xz-utils
		head -c $((length - 4)) "$work/payload" | xz -qdc --single-stream >"$2"
		;;
	28b52ffd)
		tool=zstd
		head -c $((length - 4)) "$work/payload" | zstd -qdc >"$2"
		;;
	*)
		tool=''
		return 1
		;;
	esac
}

# The BTF of an image that is no archive (arm64): by its header, which is 24 bytes
# long and says where types and strings, the last part, lie behind it.
cut_btf()
{
	offset=$(LC_ALL=C grep -m 1 -obUaP '\x9f\xeb\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00' "$1" |
		head -n 1 | cut -d : -f 1)
	[ -n "$offset" ] || return 0
	length=$((24 + $(le "$1" $((offset + 16)) 4) + $(le "$1" $((offset + 20)) 4)))
	tail -c +$((offset + 1)) "$1" | head -c "$length" >"$2"
}

if [ "$(od -An -v -c -j 514 -N 4 "$out/vmlinuz" | tr -d ' ')" = HdrS ]; then
	unpack_vmlinux "$out/vmlinuz" "$out/vmlinux" ||
		die "cannot unpack the kernel of $image${tool:+: package $tool is needed}"
	[ "$(head -c 4 "$out/vmlinux" | tail -c 3)" = ELF ] || die "what vmlinuz of $image unpacks to is no ELF file"
	ln -s vmlinux "$out/btf"
else
	cut_btf "$out/vmlinuz" "$out/btf"
fi

echo "$want" >"$out/release"
echo "$request" >"$out/request"
echo "$want"
