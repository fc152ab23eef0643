#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What a release consists of, from a commit: the tarball of the sources, vmmio-stat
# as one static file for each of x86-64, arm64 and armhf (cmake/dist.sh), a list of what is
# linked into each (SPDX 2.3), and their sums. Everything is made twice, in two folders, and
# the libraries of arm64 and armhf are fetched twice; it must be the same bytes.
# usage: release.sh OUT [COMMIT]
#   VMMIO_BTF   kernel types to build with (default /sys/kernel/btf/vmlinux); those of arm64
#               are of Debian's kernel of the day, fetched once
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
rm -f "$out/SHA256SUMS"
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
	tree=$work/$1/vmmio-$version build=$work/$1/vmmio-$version/build
	mkdir -p "$work/$1"
	git archive --format=tar --prefix="vmmio-$version/" "$commit" | gzip -9n >"$work/$1/vmmio-$version.tar.gz"
	tar -xzf "$work/$1/vmmio-$version.tar.gz" -C "$work/$1"
	map=-ffile-prefix-map=$tree=.
	if [ "$1" != first ]; then
		mkdir -p "$build/arch/arm64"
		mv "$work/first/vmmio-$version/build/arch/arm64/kernel" "$build/arch/arm64/"
	fi
	if ! { cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
		"-DVMMIO_STAT_FOR=$btf" "-DCMAKE_C_FLAGS=$map" "-DVMMIO_BPF_FLAGS=$map" &&
		cmake --build "$build" --target vmmio-stat &&
		"$tree/cmake/dist.sh" "$build" "$work/$1" "$btf"; } >"$work/log" 2>&1; then
		tail -n 20 "$work/log" >&2
		die "the build failed"
	fi
	packaging/linked.sh "$build" >"$work/$1/x86-64.linked" || die "what is linked for x86-64 is not known"
	for arch in arm64 armhf; do
		packaging/linked.sh "$build/arch/stat-$arch/build" "$build/arch/stat-$arch/libraries" \
			>"$work/$1/$arch.linked" || die "what is linked for $arch is not known"
		# apt.sh does without that suite where the mirror's list is broken
		grep -q -- '-security main$' "$build/arch/stat-$arch/libraries/apt/sources.list" ||
			echo "release: $arch: the mirror gave no list of security updates, the libraries are without them" >&2
	done
}

second=the-second-one-elsewhere
make_all first
make_all $second
for arch in x86-64 arm64 armhf; do
	cmp "$work/first/$arch.linked" "$work/$second/$arch.linked" || die "other libraries were linked for $arch the second time"
done
set -- "vmmio-$version.tar.gz" "vmmio-stat-$version-x86-64" "vmmio-stat-$version-arm64" "vmmio-stat-$version-armhf"
for file; do
	cmp "$work/first/$file" "$work/$second/$file" || die "$file is not the same twice"
	cp "$work/first/$file" "$out/"
	echo "$file: the same $(wc -c <"$out/$file") bytes twice"
done
types=$work/$second/vmmio-$version/build/arch/arm64/kernel/btf
packaging/sbom.sh "$version" "$commit" "$out/vmmio-$version.tar.gz" \
	"$out/vmmio-stat-$version-x86-64" "$work/first/x86-64.linked" "$btf" \
	"$out/vmmio-stat-$version-arm64" "$work/first/arm64.linked" "$types" \
	"$out/vmmio-stat-$version-armhf" "$work/first/armhf.linked" "$btf" >"$work/sbom" || die "no list of what is linked"
cp "$work/sbom" "$out/vmmio-$version.spdx.json"
(cd "$out" && sha256sum "$@" "vmmio-$version.spdx.json" >SHA256SUMS)
cat "$out/SHA256SUMS"
