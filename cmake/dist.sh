#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat as one static file for each of x86-64, arm64 and armhf, with their sums,
# in a folder: the target "dist". The first is the build's own, the others are made by
# cross-stat.sh. All are stripped. Nothing is left out: what cannot be made is an error.
# usage: dist.sh BUILD OUT TYPES
#   TYPES   of any kernel: what holds no BPF program is compiled by them
set -eu

if [ $# != 3 ]; then
	echo "usage: dist.sh BUILD OUT TYPES" >&2
	exit 2
fi
source=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
die()
{
	echo "dist: $*" >&2
	exit 1
}
version=$(sed -n 's/^#define VMMIO_VERSION "\(.*\)"$/\1/p' "$source/include/vmmio/version.h")
[ "$(uname -m)" = x86_64 ] || die "this machine is not x86-64: its own vmmio-stat is build/vmmio-stat"
[ -x "$build/vmmio-stat" ] || die "no vmmio-stat in $build: build it first"

# types ARCH FLAVOUR: of a kernel of arm64; what tests of arm have fetched serves
types()
{
	mkdir -p "$build/arch/$1"
	{
		flock 9
		"$source/cmake/fetch-kernel.sh" --out "$build/arch/$1/kernel" --arch "$1" --flavour "$2" 2>&1 >/dev/null
	} 9>"$build/arch/$1/lock" | tail -n 1 >"$build/arch/$1/why"
	[ -s "$build/arch/$1/kernel/btf" ] || die "no kernel types of $1: $(cat "$build/arch/$1/why")"
}

# one ARCH TYPES
one()
{
	"$source/cmake/cross-stat.sh" --out "$build/arch/stat-$1" --arch "$1" --btf "$2" >"$build/arch/why" 2>&1 ||
		die "$1: $(tail -n 5 "$build/arch/why")"
	cp "$build/arch/stat-$1/vmmio-stat" "$out/vmmio-stat-$version-$1"
}

rm -f "$out"/vmmio-stat-* "$out/SHA256SUMS"
strip -o "$out/vmmio-stat-$version-x86-64" "$build/vmmio-stat"
types arm64 cloud-arm64
one arm64 "$build/arch/arm64/kernel/btf"
one armhf "$3"
cd "$out"
sha256sum vmmio-stat-* >SHA256SUMS
cat SHA256SUMS
