#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The reader of recordings against files that anybody wrote: the sample of the unit
# test, then inputs of libFuzzer's own from there, the same each time.
# With a folder as argument it files there what it did (nice, and 3 hours for ten million).
# usage: dat.sh [RUNS [FOLDER]]
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
runs=${1-20000}
folder=${2-}
begin=$(date +%s)
# of what was freed the last 8 MiB are watched: inputs are small
export ASAN_OPTIONS="${ASAN_OPTIONS:-malloc_context_size=2:quarantine_size_mb=8}"

mkdir "$work/corpus"
"$VMMIO_BUILD/test_dat" "$work/corpus/sample"
"$VMMIO_BUILD/fuzz/dat" -runs="$runs" -seed=1 -max_len=30000 -timeout=60 -artifact_prefix="$work/" \
	"$work/corpus" >"$work/log" 2>&1 || {
	grep -E 'fuzz:|ERROR|runtime error|SUMMARY' "$work/log" || tail -n 20 "$work/log"
	for input in "$work"/crash-* "$work"/timeout-* "$work"/oom-* "$work"/leak-*; do
		[ ! -e "$input" ] || echo "input: $(gzip -c "$input" | base64 | tr -d '\n')"
	done
	exit 1
}
grep -E '^#[0-9]+.DONE' "$work/log"
[ -n "$folder" ] || exit 0
mkdir -p "$folder"
{
	echo "# $runs recordings through the reader under ASan and UBSan; made by tests/fuzz/dat.sh RUNS FOLDER"
	echo "# $(date -u +%Y-%m-%d), $(($(date +%s) - begin)) s, $(clang --version | head -n 1)"
	echo "# commit $(git -C "$(dirname "$0")" rev-parse HEAD 2>/dev/null || echo unknown)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	grep -E '^#[0-9]+.DONE' "$work/log"
	echo "no report of a sanitizer, no error without its line, no events beyond the bytes"
} >"$folder/fuzz-dat.txt"
