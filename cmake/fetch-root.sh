#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A folder with programs of another Debian release or architecture and all they
# depend on, downloaded through a private apt root and unpacked; none of the
# packages' scripts runs. For compilers that this machine's release is too old
# to have, and for what a guest of another architecture is to run.
# A folder that holds the same packages of the same suite is left alone.
set -eu
# shellcheck source=cmake/apt.sh
. "$(dirname "$0")/apt.sh"

die()
{
	echo "fetch-root: $*" >&2
	exit 1
}

if [ $# -lt 7 ] || [ "$1" != --out ] || [ "$3" != --arch ] || [ "$5" != --suite ]; then
	echo "usage: fetch-root.sh --out DIR --arch ARCH --suite SUITE PACKAGE..." >&2
	echo "  DIR/root gets what the packages hold" >&2
	exit 2
fi
out=$2 arch=$4 suite=$6
shift 6
request="$arch $suite $*"
if [ -f "$out/request" ] && [ "$(cat "$out/request")" = "$request" ]; then
	exit 0
fi
rm -rf "$out"
mkdir -p "$out" 2>/dev/null || die "cannot create $out"
out=$(cd "$out" && pwd)
apt_use_private "$out" "$arch" "$suite"
for package in "$@"; do
	shift
	set -- "$@" "$package:$arch"
done
# Nothing is installed there, so all that is needed comes. The first unpacks the links
# from /bin to /usr/bin and the like.
apt-get -qq -y -t "$suite" --no-install-recommends --download-only install "base-files:$arch" "$@" \
	>"$out/log" 2>&1 || die "$(grep -m 1 '^E:' "$out/log" || tail -n 1 "$out/log")"
mkdir "$out/root"
for deb in "$out"/apt/cache/archives/base-files_*.deb "$out"/apt/cache/archives/*.deb; do
	dpkg-deb -x "$deb" "$out/root" || die "cannot unpack $(basename "$deb") into $out (disk full?)"
done
rm -rf "$out/apt"
echo "$request" >"$out/request"
