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

# The list of what is in the binary: Debian's packages whose libraries are linked.
sbom()
{
	linked='libbpf-dev libelf-dev zlib1g-dev libjansson-dev libtracefs-dev libtraceevent-dev libncurses-dev
		libevent-dev libc6-dev'
	date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
	printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT",\n'
	printf '"name":"vmmio-%s","documentNamespace":"urn:vmmio:%s:%s",\n' "$version" "$version" "$commit"
	printf '"creationInfo":{"created":"%s","creators":["Tool: vmmio-release.sh"]},\n' "$date"
	printf '"packages":[\n{"SPDXID":"SPDXRef-vmmio","name":"vmmio","versionInfo":"%s","downloadLocation":"NOASSERTION",' "$version"
	printf '"filesAnalyzed":false,"licenseConcluded":"GPL-2.0-only","licenseDeclared":"GPL-2.0-only",'
	printf '"checksums":[{"algorithm":"SHA256","checksumValue":"%s"}]}' \
		"$(sha256sum "$out/vmmio-$version.tar.gz" | cut -d ' ' -f 1)"
	for package in $linked; do
		v=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || v=''
		[ -n "$v" ] || die "package $package is not installed: what is linked is not known"
		printf ',\n{"SPDXID":"SPDXRef-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION",' \
			"$package" "$package" "$v"
		printf '"filesAnalyzed":false,"licenseConcluded":"NOASSERTION","licenseDeclared":"NOASSERTION",'
		printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl",'
		printf '"referenceLocator":"pkg:deb/debian/%s@%s?arch=amd64"}]}' "$package" "$v"
	done
	printf '],\n"relationships":[\n{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-vmmio"}'
	for package in $linked; do
		printf ',\n{"spdxElementId":"SPDXRef-vmmio","relationshipType":"STATIC_LINK","relatedSpdxElement":"SPDXRef-%s"}' "$package"
	done
	printf ']}\n'
}

make_all first
make_all the-second-one-elsewhere
for file in "vmmio-$version.tar.gz" "vmmio-stat-$version-x86-64"; do
	cmp "$work/first/$file" "$work/the-second-one-elsewhere/$file" || die "$file is not the same twice"
	cp "$work/first/$file" "$out/"
done
sbom >"$work/sbom"
cp "$work/sbom" "$out/vmmio-$version.spdx.json"
(cd "$out" && sha256sum "vmmio-$version.tar.gz" "vmmio-stat-$version-x86-64" "vmmio-$version.spdx.json" >SHA256SUMS)
cat "$out/SHA256SUMS"
