#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a release consists of, from a commit: the tarball of the sources, vmmio-stat
# as one static file for x86-64, a list of what is linked into it (SPDX 2.3), and
# their sums. Everything is made twice, in two folders; it must be the same bytes.
# usage: release.sh OUT [COMMIT]
#   VMMIO_BTF   kernel types to build with (default /sys/kernel/btf/vmlinux)
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: release.sh OUT [COMMIT]" >&2
	exit 2
fi
cd "$(dirname "$0")/.."
commit=$(git rev-parse --verify "${2:-HEAD}^{commit}")
version=$(git show "$commit:include/vmmio/version.h" | sed -n 's/^#define VMMIO_VERSION "\(.*\)"$/\1/p')
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct "$commit")
LC_ALL=C TZ=UTC
export SOURCE_DATE_EPOCH LC_ALL TZ
btf=${VMMIO_BTF:-/sys/kernel/btf/vmlinux}
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
die()
{
	echo "release: $*" >&2
	exit 1
}
[ -r "$btf" ] || die "no kernel types in $btf: set VMMIO_BTF"

# make_all FOLDER: one of the two
make_all()
{
	mkdir -p "$work/$1"
	git archive --format=tar --prefix="vmmio-$version/" "$commit" | gzip -9n >"$work/$1/vmmio-$version.tar.gz"
	tar -xzf "$work/$1/vmmio-$version.tar.gz" -C "$work/$1"
	map=-ffile-prefix-map=$work/$1/vmmio-$version=.
	if ! { cmake -S "$work/$1/vmmio-$version" -B "$work/$1/vmmio-$version/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		"-DVMMIO_STAT_FOR=$btf" "-DCMAKE_C_FLAGS=$map" "-DVMMIO_BPF_FLAGS=$map" &&
		cmake --build "$work/$1/vmmio-$version/build" --target vmmio-stat; } >"$work/log" 2>&1; then
		tail -n 20 "$work/log" >&2
		die "the build failed"
	fi
	strip -o "$work/$1/vmmio-stat-$version-x86-64" "$work/$1/vmmio-$version/build/vmmio-stat"
}

make_all first
make_all the-second-one-elsewhere
for file in "vmmio-$version.tar.gz" "vmmio-stat-$version-x86-64"; do
	cmp "$work/first/$file" "$work/the-second-one-elsewhere/$file" || die "$file is not the same twice"
	cp "$work/first/$file" "$out/"
done
packaging/sbom.sh "$version" "$commit" "$out/vmmio-$version.tar.gz" >"$work/sbom" || die "no list of what is linked"
cp "$work/sbom" "$out/vmmio-$version.spdx.json"
(cd "$out" && sha256sum "vmmio-$version.tar.gz" "vmmio-stat-$version-x86-64" "vmmio-$version.spdx.json" >SHA256SUMS)
cat "$out/SHA256SUMS"
