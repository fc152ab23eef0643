#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The SPDX document of a release has what SPDX 2.3 demands of one, every element that a relation
# names is there, and it names each static library that the build links. Each rule is
# seen to refuse a document that breaks it. Status 77: no python3 here.
set -eu
command -v python3 >/dev/null || {
	echo "no python3: skipped"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/check.py" <<'END'
import json, re, sys, datetime

doc = json.load(open(sys.argv[1]))
bad = []


def need(ok, what):
    if not ok:
        bad.append(what)


def text(o, key):
    return isinstance(o.get(key), str) and o[key] != ""


need(doc.get("spdxVersion") == "SPDX-2.3", "spdxVersion")
need(doc.get("dataLicense") == "CC0-1.0", "dataLicense")
need(doc.get("SPDXID") == "SPDXRef-DOCUMENT", "SPDXID of the document")
need(text(doc, "name"), "name")
space = doc.get("documentNamespace", "")
need(re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+.-]*:[^#\s]+", space), "documentNamespace: an absolute URI without a fragment")
info = doc.get("creationInfo", {})
try:
    datetime.datetime.strptime(info.get("created", ""), "%Y-%m-%dT%H:%M:%SZ")
except ValueError:
    need(False, "creationInfo.created: UTC, to the second")
creators = info.get("creators", [])
need(creators and all(re.match(r"(Person|Organization|Tool): \S", c) for c in creators), "creationInfo.creators")
ids = {"SPDXRef-DOCUMENT"}
for p in doc.get("packages", []):
    name = p.get("name", "?")
    need(text(p, "name"), "name of a package")
    need(re.fullmatch(r"SPDXRef-[a-zA-Z0-9.-]+", p.get("SPDXID", "")), name + ": SPDXID")
    need(p.get("SPDXID") not in ids, name + ": SPDXID is not its own")
    ids.add(p.get("SPDXID"))
    need(text(p, "downloadLocation"), name + ": downloadLocation")
    need(text(p, "versionInfo"), name + ": versionInfo")
    # without it, verification codes of its files are asked for
    need(p.get("filesAnalyzed") is False, name + ": filesAnalyzed")
    for key in ("licenseConcluded", "licenseDeclared"):
        need(p.get(key) in ("NOASSERTION", "NONE", "GPL-2.0-only"), name + ": " + key)
    for c in p.get("checksums", []):
        need(c.get("algorithm") == "SHA256" and re.fullmatch("[0-9a-f]{64}", c.get("checksumValue", "")), name + ": checksum")
    for r in p.get("externalRefs", []):
        need(r.get("referenceCategory") == "PACKAGE-MANAGER" and r.get("referenceType") == "purl", name + ": externalRef")
        need(re.fullmatch(r"pkg:deb/debian/[a-z0-9.%-]+@[A-Za-z0-9.:~%-]+\?arch=[a-z0-9]+", r.get("referenceLocator", "")), name + ": purl")
need(len(ids) > 1, "packages")
described = False
for r in doc.get("relationships", []):
    need(r.get("relationshipType") in ("DESCRIBES", "STATIC_LINK"), "relationshipType")
    for end in ("spdxElementId", "relatedSpdxElement"):
        need(r.get(end) in ids, "relationship: no element " + str(r.get(end)))
    described |= r.get("relationshipType") == "DESCRIBES" and r.get("spdxElementId") == "SPDXRef-DOCUMENT"
need(described, "no DESCRIBES")
for b in bad:
    print(b)
sys.exit(1 if bad else 0)
END
check() { python3 "$work/check.py" "$1"; }

echo tar >"$work/tarball"
SOURCE_DATE_EPOCH=1795900000 "$VMMIO_SOURCE/packaging/sbom.sh" 0.1.0 "$(printf '%040d' 7)" "$work/tarball" >"$work/doc"
check "$work/doc"

# Each static library of the link is one of a package that the document names.
ninja -C "$VMMIO_BUILD" -t commands vmmio-stat | tail -n 1 | tr ' ' '\n' | grep '^/.*\.a$' | sort -u >"$work/linked"
[ -s "$work/linked" ] || {
	echo "no static library in the link of vmmio-stat"
	exit 1
}
while read -r library; do
	package=$(dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "$(readlink -f "$library")") || {
		echo "$library is of no package"
		exit 1
	}
	package=${package%%:*}
	grep -qF "\"name\":\"$package\"" "$work/doc" || {
		echo "$library of $package is linked and not in the document"
		exit 1
	}
done <"$work/linked"

# refused WORDS SCRIPT
refused()
{
	sed "$2" "$work/doc" >"$work/broken"
	cmp -s "$work/doc" "$work/broken" && { echo "$2 changes nothing" && exit 1; }
	if check "$work/broken" >"$work/said" || ! grep -qF -e "$1" "$work/said"; then
		echo "after $2: $(cat "$work/said")"
		exit 1
	fi
}
refused spdxVersion 's/SPDX-2.3/SPDX-9/'
refused dataLicense 's/CC0-1.0/MIT/'
refused documentNamespace 's/"urn:vmmio:/"/'
refused created 's/"created":"\([^"]*\)Z"/"created":"\1"/'
refused creators 's/Tool: /tool /'
refused 'vmmio: checksum' 's/"checksumValue":"../"checksumValue":"/'
refused 'libelf-dev: downloadLocation' '/SPDXRef-libelf-dev","name/s/"downloadLocation":"NOASSERTION",//'
refused 'SPDXID is not its own' 's/"SPDXID":"SPDXRef-libelf-dev"/"SPDXID":"SPDXRef-libbpf-dev"/'
refused 'no element SPDXRef-gone' 's/relatedSpdxElement":"SPDXRef-libelf-dev/relatedSpdxElement":"SPDXRef-gone/'
refused purl 's/%2B/+/'
refused 'no DESCRIBES' 's/DESCRIBES/STATIC_LINK/'
echo "$(grep -c '"name":"lib\|"name":"zlib' "$work/doc") packages, $(wc -l <"$work/linked") libraries linked, each of one of them"
