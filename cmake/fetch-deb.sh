#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads Debian packages and unpacks them into a folder of the build tree.
# Installs nothing, needs no root, follows no dependencies. A folder that holds
# the same packages already is left alone. Its file "contents" has package, version,
# architecture and path of each file (packaging/linked.sh reads it).
set -eu
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/apt.sh"

die()
{
	echo "fetch-deb: $*" >&2
	exit 1
}

usage()
{
	echo "usage: fetch-deb.sh --out DIR [--arch ARCH] PACKAGE..." >&2
	exit 2
}

if [ $# -lt 3 ] || [ "$1" != --out ]; then
	usage
fi
out=$2 arch=''
shift 2
if [ "$1" = --arch ]; then
	[ $# -ge 3 ] || usage
	arch=$2
	shift 2
fi

if [ -f "$out/packages" ] && [ "$(cat "$out/packages")" = "${arch:+$arch }$*" ]; then
	exit 0
fi
for tool in apt-get apt-cache dpkg dpkg-deb; do
	command -v "$tool" >/dev/null ||
		die "no $tool here: this is not a Debian system (see packaging/Containerfile)"
done
rm -rf "$out"
mkdir -p "$out" 2>/dev/null || die "cannot create $out"
out=$(cd "$out" && pwd)
work=$(mktemp -d "$out/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

packages=$*
again()
{
	rm -rf "$work"
	# shellcheck disable=SC2086 # a list of words
	VMMIO_FRESH_LISTS=1 exec "$0" --out "$out" $packages
}

for package in "$@"; do
	if [ -z "$apt_private" ] && { [ -n "$arch" ] || [ -n "${VMMIO_FRESH_LISTS-}" ] ||
		! apt_has "$package"; }; then
		apt_use_private "$out" "${arch:-$(dpkg --print-architecture)}" ''
	fi
	apt_has "$package${arch:+:$arch}" || die "no package $package${arch:+ for $arch}"
	apt_fetch "$work" '' "$package${arch:+:$arch}"
done
for deb in "$work"/*.deb; do
	dpkg-deb -x "$deb" "$out" || die "cannot unpack $(basename "$deb") into $out (disk full?)"
	# shellcheck disable=SC2016 # the names are for dpkg-deb
	of=$(dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}' "$deb")
	dpkg-deb --fsys-tarfile "$deb" | tar -t | sed "s|^|$of |" >>"$work/contents"
done
merge_usr "$out"
mv "$work/contents" "$out/contents"
echo "${arch:+$arch }$*" >"$out/packages"
