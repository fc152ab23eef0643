#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The gate of a CI job: vmmio.ko of two trees, built there, against each other. Exit status 0, 3
# (regression) or 4 (could not decide). gate.md, gate.xml and gate.txt are in the folder OUT.
# usage: gate.sh BASE-BUILD CHANGE-BUILD OUT [options of vmmio-bench regress]
set -eu

[ $# -ge 3 ] || {
	echo "usage: gate.sh BASE-BUILD CHANGE-BUILD OUT [options]" >&2
	exit 2
}
base=$1 change=$2 out=$3
shift 3
mkdir -p "$out"
# KVM where it boots a guest, else emulation: counts are the same, times are not judged there
one="compare --json --no-plots --boots 1 --rounds 1 --depth 1 --accel ${GATE_ACCEL:-tcg} --out '$out/runs'"
status=0
"$change/vmmio-bench" regress --a "'$base/vmmio-bench' $one" --b "'$change/vmmio-bench' $one" \
	--allow vmmio --markdown "$out/gate.md" --junit "$out/gate.xml" "$@" >"$out/gate.txt" || status=$?
cat "$out/gate.txt"
exit "$status"
