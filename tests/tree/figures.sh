#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/figures: what README and docs say is what the results say. And it would
# see it: a copy with a figure changed, in the document and in the result, fails.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_SOURCE/docs/figures"

mkdir "$work/tree"
cd "$VMMIO_SOURCE"
stack=results/2026-11-29-amd-epyc-kvm-svm-on-tcg/stack
mkdir "$work/tree/docs"
cp -r README.md kmod "$work/tree/"
cp docs/figures docs/rfc-2011.sh docs/rfc-2011.md docs/troubleshooting.md "$work/tree/docs"
cp -rs "$VMMIO_SOURCE/results" "$work/tree/results"
cp --remove-destination "$stack/stack.txt" "$work/tree/$stack/stack.txt"

# finds WORDS FILE SCRIPT: after the change docs/figures ends with 1 and says so
finds()
{
	cp "$work/tree/$2" "$work/kept"
	sed "$3" "$work/kept" >"$work/tree/$2"
	if cmp -s "$work/kept" "$work/tree/$2"; then
		echo "nothing to change in $2 by $3: the check would prove nothing"
		exit 1
	fi
	status=0
	"$work/tree/docs/figures" README.md >"$work/out" 2>&1 || status=$?
	if [ $status != 1 ] || ! grep -qF -e "$1" "$work/out"; then
		echo "$2 changed by $3: status $status, said: $(cat "$work/out")"
		exit 1
	fi
	cp "$work/kept" "$work/tree/$2"
}
"$work/tree/docs/figures" README.md
finds 'is not what the file says' README.md 's/^\(    exits that the host sees  *\)5/\16/'
finds 'is not what the file says' "$stack/stack.txt" 's/^\(  to userspace  *\)3/\12/'
finds 'does not say "1.58 times' "$stack/stack.txt" 's/takes 1.58 times/takes 1.59 times/'
finds 'there is no results/2026-11-25-amd-epyc-tcg/gone' README.md 's,2026-11-25-amd-epyc-tcg/compare,2026-11-25-amd-epyc-tcg/gone,'
