#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints SPDX 2.3 in JSON for a release: the tarball, each file that was made from it with its
# sums, and the Debian packages that were linked into each, as linked.sh told. What is not told
# is an error: nothing is looked up here.
# usage: sbom.sh VERSION COMMIT TARBALL {FILE LIST TYPES}..., with SOURCE_DATE_EPOCH
#   LIST    what linked.sh printed: name, version, architecture
#   TYPES   the kernel types that FILE was compiled by
set -eu

if [ $# -lt 6 ] || [ $(($# % 3)) != 0 ] || [ -z "${SOURCE_DATE_EPOCH-}" ]; then
	echo "usage: sbom.sh VERSION COMMIT TARBALL {FILE LIST TYPES}..., with SOURCE_DATE_EPOCH" >&2
	exit 2
fi
LC_ALL=C
export LC_ALL
version=$1 commit=$2 tarball=$3
shift 3
die()
{
	echo "sbom: $*" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
# sum PROGRAM FILE
sum()
{
	"$1" "$2" | cut -d ' ' -f 1
}
[ -r "$tarball" ] || die "no tarball $tarball"
tarsum=$(sum sha256sum "$tarball")
: >"$work/files"
: >"$work/packages"
: >"$work/relations"
while [ $# -gt 0 ]; do
	for file in "$1" "$2" "$3"; do
		[ -s "$file" ] || die "no $file, or it is empty"
	done
	bad=$(grep -vnE '^[a-z0-9][a-z0-9.+-]+ [A-Za-z0-9.:~+-]+ [a-z0-9]+$' "$2" | head -n 1) || true
	[ -z "$bad" ] || die "$2: not a name, a version and an architecture: $bad"
	id=SPDXRef-$(basename "$1")
	sha1=$(sum sha1sum "$1")
	sha256=$(sum sha256sum "$1")
	types=$(sum sha256sum "$3")
	{
		printf '{"SPDXID":"%s","fileName":"./%s","fileTypes":["BINARY"],' "$id" "$(basename "$1")"
		printf '"checksums":[{"algorithm":"SHA1","checksumValue":"%s"},' "$sha1"
		printf '{"algorithm":"SHA256","checksumValue":"%s"}],' "$sha256"
		printf '"licenseConcluded":"NOASSERTION","licenseInfoInFiles":["NOASSERTION"],"copyrightText":"NOASSERTION",'
		printf '"comment":"compiled by the kernel types of SHA-256 %s"}\n' "$types"
	} >>"$work/files"
	{
		echo "SPDXRef-DOCUMENT DESCRIBES $id"
		echo "$id GENERATED_FROM SPDXRef-vmmio"
		sed "s/^\([^ ]*\) [^ ]* \(.*\)/$id STATIC_LINK SPDXRef-\1-\2/" "$2"
	} >>"$work/relations"
	cat "$2" >>"$work/packages"
	shift 3
done
sort -u "$work/packages" >"$work/sorted"
twice=$(cut -d ' ' -f 1,3 "$work/sorted" | uniq -d | head -n 1)
[ -z "$twice" ] || die "package $twice was linked in two versions"

printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT",\n'
printf '"name":"vmmio-%s","documentNamespace":"urn:vmmio:%s:%s",\n' "$version" "$version" "$commit"
printf '"creationInfo":{"created":"%s","creators":["Tool: vmmio-release.sh"]},\n' "$date"
printf '"packages":[\n{"SPDXID":"SPDXRef-vmmio","name":"vmmio","versionInfo":"%s","downloadLocation":"NOASSERTION",' "$version"
printf '"packageFileName":"%s","filesAnalyzed":false,"licenseConcluded":"GPL-2.0-only","licenseDeclared":"GPL-2.0-only",' \
	"$(basename "$tarball")"
printf '"checksums":[{"algorithm":"SHA256","checksumValue":"%s"}]}' "$tarsum"
while read -r package v arch; do
	printf ',\n{"SPDXID":"SPDXRef-%s-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION",' \
		"$package" "$arch" "$package" "$v"
	printf '"filesAnalyzed":false,"licenseConcluded":"NOASSERTION","licenseDeclared":"NOASSERTION",'
	printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl",'
	# a package URL has no bare plus in its version
	printf '"referenceLocator":"pkg:deb/debian/%s@%s?arch=%s"}]}' "$package" "$(echo "$v" | sed 's/+/%2B/g')" "$arch"
done <"$work/sorted"
printf '],\n"files":[\n'
sed '$!s/$/,/' "$work/files"
printf '],\n"relationships":[\n{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-vmmio"}'
while read -r from what to; do
	printf ',\n{"spdxElementId":"%s","relationshipType":"%s","relatedSpdxElement":"%s"}' "$from" "$what" "$to"
done <"$work/relations"
printf ']}\n'
