#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# patches/ as their readers would have them: the kernel's own checkpatch.pl finds
# nothing in any, with what it says of tracepoint macros and of MAINTAINERS left out
# (all files are below drivers/virtio, which has an entry). Argument: the folder of the
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
[ $bad != 0 ] || echo "$(find "$VMMIO_SOURCE/patches" -name '*.patch' ! -name '0000-*' | wc -l) patches, nothing found"
exit $bad
