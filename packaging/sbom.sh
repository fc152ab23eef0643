#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints what is linked into vmmio-stat, as SPDX 2.3 in JSON: Debian's packages whose
# static libraries the build takes, in the versions that are installed here. One that is not
# installed is an error: what was linked is not known then.
# usage: sbom.sh VERSION COMMIT TARBALL, with SOURCE_DATE_EPOCH
set -eu

if [ $# != 3 ] || [ -z "${SOURCE_DATE_EPOCH-}" ]; then
	echo "usage: sbom.sh VERSION COMMIT TARBALL, with SOURCE_DATE_EPOCH" >&2
	exit 2
fi
version=$1 commit=$2
die()
{
	echo "sbom: $*" >&2
	exit 1
}
[ -r "$3" ] || die "no tarball $3"
linked='libbpf-dev libelf-dev zlib1g-dev libjansson-dev libtracefs-dev libtraceevent-dev libncurses-dev
	libevent-dev libc6-dev'
date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
sum=$(sha256sum "$3" | cut -d ' ' -f 1)
text=$(
	printf '{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT",\n'
	printf '"name":"vmmio-%s","documentNamespace":"urn:vmmio:%s:%s",\n' "$version" "$version" "$commit"
	printf '"creationInfo":{"created":"%s","creators":["Tool: vmmio-release.sh"]},\n' "$date"
	printf '"packages":[\n{"SPDXID":"SPDXRef-vmmio","name":"vmmio","versionInfo":"%s","downloadLocation":"NOASSERTION",' "$version"
	printf '"filesAnalyzed":false,"licenseConcluded":"GPL-2.0-only","licenseDeclared":"GPL-2.0-only",'
	printf '"checksums":[{"algorithm":"SHA256","checksumValue":"%s"}]}' "$sum"
	for package in $linked; do
		v=$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null) || v=''
		[ -n "$v" ] || die "package $package is not installed: what is linked is not known"
		printf ',\n{"SPDXID":"SPDXRef-%s","name":"%s","versionInfo":"%s","downloadLocation":"NOASSERTION",' \
			"$package" "$package" "$v"
		printf '"filesAnalyzed":false,"licenseConcluded":"NOASSERTION","licenseDeclared":"NOASSERTION",'
		printf '"externalRefs":[{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl",'
		# a package URL has no bare plus in its version
		printf '"referenceLocator":"pkg:deb/debian/%s@%s?arch=amd64"}]}' "$package" "$(echo "$v" | sed 's/+/%2B/g')"
	done
	printf '],\n"relationships":[\n{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-vmmio"}'
	for package in $linked; do
		printf ',\n{"spdxElementId":"SPDXRef-vmmio","relationshipType":"STATIC_LINK","relatedSpdxElement":"SPDXRef-%s"}' "$package"
	done
	printf ']}\n'
) || exit 1
printf '%s\n' "$text"
