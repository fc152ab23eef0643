#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The SPDX document of a release has what SPDX 2.3 demands of one, every element that a relation
# names is there, it has the sums of each file, and names each static library that the build
# links, and for another architecture those of the packages that were unpacked. Each rule is
# seen to refuse a document that breaks it. Status 77: no python3 here.
set -eu
command -v python3 >/dev/null || {
	echo "no python3: skipped"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/check.py" <<'END'
import datetime, hashlib, json, os, re, sys

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
files = {}
for f in doc.get("files", []):
    name = f.get("fileName", "?")
    need(name.startswith("./"), name + ": fileName")
    need(re.fullmatch(r"SPDXRef-[a-zA-Z0-9.-]+", f.get("SPDXID", "")), name + ": SPDXID")
    need(f.get("SPDXID") not in ids, name + ": SPDXID is not its own")
    ids.add(f.get("SPDXID"))
    files[f.get("SPDXID")] = {"name": name, "from": 0, "links": set()}
    sums = {c.get("algorithm"): c.get("checksumValue") for c in f.get("checksums", [])}
    # SPDX demands the first of the two
    need(set(sums) == {"SHA1", "SHA256"}, name + ": checksums")
    content = open(os.path.join(sys.argv[2], name), "rb").read()
    for algorithm, value in sums.items():
        need(hashlib.new(algorithm.lower(), content).hexdigest() == value, name + ": " + algorithm + " is not the file's")
    need(re.fullmatch("compiled by the kernel types of SHA-256 [0-9a-f]{64}", f.get("comment", "")), name + ": comment")
need(len(files) == 3, "not three files")
described = False
for r in doc.get("relationships", []):
    need(r.get("relationshipType") in ("DESCRIBES", "STATIC_LINK", "GENERATED_FROM"), "relationshipType")
    if r.get("relationshipType") == "GENERATED_FROM" and r.get("spdxElementId") in files:
        need(r.get("relatedSpdxElement") == "SPDXRef-vmmio", "GENERATED_FROM")
        files[r["spdxElementId"]]["from"] += 1
    if r.get("relationshipType") == "STATIC_LINK":
        need(r.get("spdxElementId") in files, "STATIC_LINK of what is no file")
        files.get(r.get("spdxElementId"), {"links": set()})["links"].add(r.get("relatedSpdxElement"))
    for end in ("spdxElementId", "relatedSpdxElement"):
        need(r.get(end) in ids, "relationship: no element " + str(r.get(end)))
    described |= r.get("relationshipType") == "DESCRIBES" and r.get("spdxElementId") == "SPDXRef-DOCUMENT"
need(described, "no DESCRIBES")
for f in files.values():
    need(f["from"] == 1, f["name"] + ": GENERATED_FROM")
    need(f["links"], f["name"] + ": no STATIC_LINK")
used = set().union(*(f["links"] for f in files.values()))
for i in ids - used - set(files) - {"SPDXRef-DOCUMENT", "SPDXRef-vmmio"}:
    need(False, "no file links " + i)
for b in bad:
    print(b)
sys.exit(1 if bad else 0)
END
check() { python3 "$work/check.py" "$1" "$work"; }
fail()
{
	echo "FAILED: $*"
	exit 1
}
linked=$VMMIO_SOURCE/packaging/linked.sh

# The build's own: each library of the command is one of a package that the linker tells.
"$linked" "$VMMIO_BUILD" >"$work/x86-64.linked"
ninja -C "$VMMIO_BUILD" -t commands vmmio-stat | tail -n 1 | tr ' ' '\n' | grep '^/.*\.a$' | sort -u >"$work/libraries"
[ -s "$work/libraries" ] || fail "no static library in the link of vmmio-stat"
while read -r library; do
	package=$(dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "$(readlink -f "$library")") ||
		fail "$library is of no package"
	grep -q "^${package%%:*} " "$work/x86-64.linked" || fail "$library of ${package%%:*} is linked and not told"
done <"$work/libraries"
# and those that no command names
for package in libc6-dev libgcc-; do
	grep -q "^$package" "$work/x86-64.linked" || fail "$package is linked and not told"
done

# Another architecture: packages unpacked by fetch-deb.sh, one of whose libraries has
# nothing that is needed. Only what the linker took is told, as the folder says.
mkdir -p "$work/cross/lib" "$work/deb/DEBIAN" "$work/deb/usr/lib" "$work/own"
cd "$work/cross"
echo 'int taken(void) { return 0; }' >taken.c
echo 'int left(void) { return 0; }' >left.c
echo 'int taken(void); int main(void) { return taken(); }' >main.c
cc -c taken.c left.c main.c
mkdir -p lib/usr/lib
ar rcs lib/usr/lib/libtaken.a taken.o
ar rcs lib/usr/lib/libleft.a left.o
printf 'taken-dev 1:2.3+deb12u1~1 arm64 %s\n' ./ ./usr/lib/libtaken.a >lib/contents
printf 'left-dev 4 arm64 ./usr/lib/libleft.a\n' >>lib/contents
cat >build.ninja <<-END
	rule link
	  command = : && cc -O2 -static main.o -o vmmio-stat $work/cross/lib/usr/lib/libtaken.a $work/cross/lib/usr/lib/libleft.a && :
	build vmmio-stat: link main.o
END
ninja >/dev/null
"$linked" . lib >"$work/arm64.linked"
grep -qx 'taken-dev 1:2.3+deb12u1~1 arm64' "$work/arm64.linked" || fail "not told: $(cat "$work/arm64.linked")"
grep -q '^left-dev' "$work/arm64.linked" && fail "what was not linked is told"
# told WORDS: linked.sh fails and says so
told()
{
	"$linked" "$work/cross" "$work/cross/lib" >"$work/out" 2>"$work/said" && fail "told in spite of: $1"
	[ ! -s "$work/out" ] || fail "half a list: $(cat "$work/out")"
	grep -qF -e "$1" "$work/said" || fail "said: $(cat "$work/said")"
}
sed -i '/libtaken/d' lib/contents
told 'libtaken.a is of no package'
echo x >>vmmio-stat
told 'is not what its link makes'
rm lib/contents
told 'no list of packages'
cd "$work"

echo tar >tarball
echo types >types
sed -e 's/ amd64$/ armhf/' -e 's/^libc6-dev .*/libc6-dev-armhf-cross 2.36-8cross1 all/' x86-64.linked >armhf.linked
for arch in x86-64 arm64 armhf; do
	echo "$arch" >vmmio-stat-0.1.0-$arch
	set -- "$@" vmmio-stat-0.1.0-$arch $arch.linked types
done
# document OUT ARGUMENT...
document()
{
	out=$1
	shift
	SOURCE_DATE_EPOCH=1795900000 "$VMMIO_SOURCE/packaging/sbom.sh" 0.1.0 "$(printf '%040d' 7)" tarball "$@" >"$out"
}
document doc "$@"
check doc
# each line of each list is there, with its version, and of its file
for arch in x86-64 arm64 armhf; do
	while read -r package version its; do
		grep -qF -e "\"SPDXID\":\"SPDXRef-$package-$its\",\"name\":\"$package\",\"versionInfo\":\"$version\"" doc ||
			fail "$package $version $its is not in the document"
		grep -qF -e "\"SPDXRef-vmmio-stat-0.1.0-$arch\",\"relationshipType\":\"STATIC_LINK\",\"relatedSpdxElement\":\"SPDXRef-$package-$its\"" doc ||
			fail "$package is not told of $arch"
	done <$arch.linked
done
# sbom.sh refuses lists that say nothing, or two things
: >empty
document broken vmmio-stat-0.1.0-armhf empty types 2>said && fail "an empty list is taken"
echo 'libbpf-dev armhf' >short
document broken vmmio-stat-0.1.0-armhf short types 2>said && fail "a list without a version is taken"
sed 's/^\(libelf-dev\) [^ ]*/\1 9/' armhf.linked >other
document broken "$@" vmmio-stat-0.1.0-armhf other types 2>said && fail "two versions of one package are taken"
grep -q 'libelf-dev armhf was linked in two versions' said || fail "$(cat said)"

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
refused 'libelf-dev: downloadLocation' '/SPDXRef-libelf-dev-amd64","name/s/"downloadLocation":"NOASSERTION",//'
refused 'SPDXID is not its own' 's/"SPDXID":"SPDXRef-libelf-dev-amd64"/"SPDXID":"SPDXRef-libbpf-dev-amd64"/'
refused 'no element SPDXRef-gone' 's/relatedSpdxElement":"SPDXRef-libelf-dev-amd64/relatedSpdxElement":"SPDXRef-gone/'
refused purl 's/%2B/+/'
refused 'no DESCRIBES' 's/"DESCRIBES"/"GENERATED_FROM"/'
refused 'vmmio-stat-0.1.0-arm64: checksums' '/0.1.0-arm64","fileName/s/"SHA1"/"SHA256"/'
refused 'vmmio-stat-0.1.0-arm64: SHA256 is not the file' '/0.1.0-arm64","fileName/s/\("SHA256","checksumValue":"\)..../\10000/'
refused 'not three files' '/0.1.0-armhf","fileName/d;/0.1.0-arm64","fileName/s/,$//'
refused 'vmmio-stat-0.1.0-armhf: no STATIC_LINK' '/0.1.0-armhf.*STATIC_LINK/s/vmmio-stat-0.1.0-armhf/vmmio-stat-0.1.0-arm64/'
refused 'vmmio-stat-0.1.0-armhf: GENERATED_FROM' '/0.1.0-armhf.*GENERATED_FROM/d'
refused 'no file links SPDXRef-taken-dev-arm64' '/STATIC_LINK.*taken-dev/d'
refused 'armhf: comment' 's/types of SHA-256 /types /'
echo "$(grep -c '"purl"' doc) packages, $(wc -l <libraries) libraries named by the link, each of one of them"
