#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints what Debian packages the linker took into the static vmmio-stat of a build, one a
# line: name, version, architecture. The linker itself says it, by linking once more: libraries,
# those of C and of the compiler among them, of which at least one member is in the file.
# A library that is of no known package is an error.
# usage: linked.sh BUILD [LIBRARIES]
#   LIBRARIES   a folder that fetch-deb.sh made, for another architecture
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: linked.sh BUILD [LIBRARIES]" >&2
	exit 2
fi
LC_ALL=C
export LC_ALL
build=$1 libraries=${2-}
die()
{
	echo "linked: $*" >&2
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$libraries" ]; then
	libraries=$(realpath "$libraries")
	[ -s "$libraries/contents" ] || die "no list of packages in $libraries: fetch them again"
fi
ninja -C "$build" -t commands vmmio-stat >"$work/commands" || die "no build in $build"
tail -n 1 "$work/commands" >"$work/link"
grep -q -- ' -static .* -o vmmio-stat ' "$work/link" || die "$build does not link a static vmmio-stat last"
sed -i "s| -o vmmio-stat | -o $work/out -Wl,-t,-t |" "$work/link"
(cd "$build" && sh "$work/link") >"$work/said" 2>&1 || die "the link fails: $(tail -n 3 "$work/said")"
cmp -s "$work/out" "$build/vmmio-stat" || die "$build/vmmio-stat is not what its link makes: build it first"
# (ARCHIVE)MEMBER, or an object; those of the build have no slash in front
sed -n -e 's|^(\(/[^)]*\)).*|\1|p' -e 's|^\(/.*\.o\)$|\1|p' "$work/said" | sort -u >"$work/files"
[ -s "$work/files" ] || die "the linker names no library"
while read -r file; do
	file=$(realpath "$file")
	case ${libraries:+$file} in
	"$libraries"/*)
		line=$(awk -v path=".${file#"$libraries"}" '$4 == path { print $1, $2, $3 }' "$libraries/contents")
		;;
	*)
		package=$(dpkg-query -S "$file" 2>/dev/null | sed 's/: .*//')
		line=''
		[ -z "$package" ] || line=$(dpkg-query -W -f '${Package} ${Version} ${Architecture}\n' "$package")
		;;
	esac
	[ "$(echo "$line" | wc -w)" = 3 ] || die "$file is of no package"
	echo "$line"
done <"$work/files" >"$work/packages" || exit 1
sort -u "$work/packages"
