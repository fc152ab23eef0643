#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Puts the page of "vmmio-stat serve" together, style and script into the HTML, and writes
# it as C, with the Content-Security-Policy that allows just these two, by their hashes.
set -eu

if [ $# != 2 ]; then
	echo "usage: page.sh FOLDER OUT.c" >&2
	exit 2
fi
folder=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# what a browser hashes is what stands between the tags, to the byte
hash()
{
	printf "'sha256-%s'" "$(sha256sum <"$1" | cut -c 1-64 | tr a-f A-F | basenc --base16 -d | base64)"
}

for mark in page.css page.js; do
	[ "$(grep -cx "@$mark@" "$folder/page.html")" = 1 ] || {
		echo "page.sh: @$mark@ must stand in a line of its own, once" >&2
		exit 1
	}
	# no end of a tag within, which would end it early
	! grep -qi '</s' "$folder/$mark" || {
		echo "page.sh: $mark holds the end of a tag" >&2
		exit 1
	}
done
{ echo && cat "$folder/page.css"; } >"$work/css"
{ echo && cat "$folder/page.js"; } >"$work/js"
sed -e "/^@page.css@\$/{
r $folder/page.css
d
}" -e "/^@page.js@\$/{
r $folder/page.js
d
}" "$folder/page.html" >"$work/page"
{
	echo '/* Made by cmake/page.sh. */'
	echo '#include "tools/vmmio-stat/serve/page.h"'
	echo 'const unsigned char vmmio_page[] = {'
	od -An -v -tx1 "$work/page" | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'
	echo '};'
	echo 'const size_t vmmio_page_len = sizeof(vmmio_page);'
	echo 'const char vmmio_page_policy[] ='
	echo "	\"default-src 'none'; script-src $(hash "$work/js"); style-src $(hash "$work/css"); \""
	echo "	\"img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \""
	echo "	\"frame-ancestors 'none'\";"
} >"$out.part"
mv "$out.part" "$out"
