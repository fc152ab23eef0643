#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads Debian packages and unpacks them into a folder of the build tree.
# Installs nothing, needs no root, follows no dependencies. A folder that holds
# the same packages already is left alone. A suite that this machine's apt does not
# follow is looked up through an apt root of its own. Its file "contents" has package, version,
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
	echo "usage: fetch-deb.sh --out DIR [--arch ARCH] [--suite SUITE] PACKAGE..." >&2
	exit 2
}

if [ $# -lt 3 ] || [ "$1" != --out ]; then
	usage
fi
out=$2 arch='' suite=''
shift 2
while [ $# -gt 0 ]; do
	case $1 in
	--arch | --suite)
		if [ $# -lt 3 ] || [ -z "$2" ]; then usage; fi
		eval "${1#--}=\$2"
		shift 2
		;;
	-*) usage ;;
	*) break ;;
	esac
done
[ $# -ge 1 ] || usage

request="${arch:+$arch }${suite:+$suite }$*"
if [ -f "$out/packages" ] && [ "$(cat "$out/packages")" = "$request" ]; then
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
	VMMIO_FRESH_LISTS=1 exec "$0" --out "$out" ${arch:+--arch "$arch"} ${suite:+--suite "$suite"} $packages
}

for package in "$@"; do
	if [ -z "$apt_private" ] && { [ -n "$arch" ] || [ -n "$suite" ] || [ -n "${VMMIO_FRESH_LISTS-}" ] ||
		! apt_has "$package"; }; then
		apt_use_private "$out" "${arch:-$(dpkg --print-architecture)}" "$suite"
	fi
	apt_has "$package${arch:+:$arch}" || die "no package $package${suite:+ in $suite}${arch:+ for $arch}"
	apt_fetch "$work" "$suite" "$package${arch:+:$arch}"
done
for deb in "$work"/*.deb; do
	dpkg-deb -x "$deb" "$out" || die "cannot unpack $(basename "$deb") into $out (disk full?)"
	# shellcheck disable=SC2016 # the names are for dpkg-deb
	of=$(dpkg-deb -W --showformat='${Package} ${Version} ${Architecture}' "$deb")
	dpkg-deb --fsys-tarfile "$deb" | tar -t | sed "s|^|$of |" >>"$work/contents"
done
merge_usr "$out"
mv "$work/contents" "$out/contents"
echo "$request" >"$out/packages"
