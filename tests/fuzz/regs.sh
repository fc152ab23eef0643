#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The register logic against a device that lies: the inputs of tests/fuzz/regs.corpus
# (one a line, in hex), then 600,000 of libFuzzer's own from there, the same each time.
set -eu
[ -x "$VMMIO_BUILD/fuzz/regs" ] || {
	echo "fuzz/regs is not built (package libclang-rt-dev): skipped"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$VMMIO_SOURCE/tests/fuzz/corpus.sh" "$work/corpus" <"$VMMIO_SOURCE/tests/fuzz/regs.corpus"
"$VMMIO_BUILD/fuzz/regs" -runs=600000 -seed=1 -max_len=300 -artifact_prefix="$work/" \
	"$work/corpus" >"$work/log" 2>&1 || {
	grep -E 'fuzz:|ERROR|runtime error|SUMMARY' "$work/log" || tail -n 20 "$work/log"
	for input in "$work"/crash-* "$work"/timeout-* "$work"/oom-*; do
		[ ! -e "$input" ] || echo "input: $(od -An -v -tx1 "$input" | tr -d ' \n')"
	done
	exit 1
}
grep -E '^#[0-9]+.DONE' "$work/log"
