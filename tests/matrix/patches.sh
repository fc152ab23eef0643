#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# patches/ as their readers would have them: the kernel's own checkpatch.pl finds
# nothing in any, with what it says of tracepoint macros and of MAINTAINERS left out
# (all files are below drivers/virtio, which has an entry). Each folder's apply to the
# source, one after another, with no fuzz and no offset. Argument: the folder of the
# kernel that has them (cmake/source-kernel.sh).
set -eu
checkpatch=$1/source/scripts/checkpatch.pl
[ -x "$checkpatch" ] || {
	echo "no kernel source in $1: skipped"
	exit 77
}
bad=0
for patch in "$VMMIO_SOURCE"/patches/*/*.patch; do
	case $patch in
	*/0000-*) continue ;; # the cover letter has no change
	esac
	"$checkpatch" --no-tree --terse --no-summary --ignore FILE_PATH_CHANGES "$patch" || bad=1
	grep -q '^Signed-off-by: ' "$patch" || {
		echo "$patch: not signed off"
		bad=1
	}
done

# The files that they change, as the source has them without patches.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/plain"
sed -n 's,^+++ b/,,p' "$VMMIO_SOURCE"/patches/*/000[1-9]-*.patch | sort -u | while read -r file; do
	for tree in "$1/plain" "$1/source"; do
		if [ -e "$tree/$file" ]; then
			(cd "$tree" && cp --parents "$file" "$work/plain")
			break
		fi
		! grep -qxF "$file" "$1/touched" || break # a patch brought it
	done
done
for folder in "$VMMIO_SOURCE"/patches/*/; do
	rm -rf "$work/tree"
	cp -r "$work/plain" "$work/tree"
	for patch in "$folder"000[1-9]-*.patch; do
		if ! patch -p1 --fuzz=0 -d "$work/tree" <"$patch" >"$work/log" 2>&1 || grep -q offset "$work/log"; then
			echo "$patch does not apply as it is:"
			cat "$work/log"
			bad=1
			break
		fi
	done
done
[ $bad != 0 ] || echo "$(find "$VMMIO_SOURCE/patches" -name '*.patch' ! -name '0000-*' | wc -l) patches: checkpatch finds nothing, each applies as it is"
exit $bad
