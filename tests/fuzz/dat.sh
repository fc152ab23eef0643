#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The reader of recordings against files that anybody wrote: the sample of the unit
# test, then inputs of libFuzzer's own from there, the same each time.
# With a folder as argument it files there what it did, after SECONDS how far it came: ten
# million are some 40 minutes of a CPU of its own. Another SEED takes other inputs.
# usage: dat.sh [RUNS [FOLDER [SECONDS [SEED]]]]
set -eu
[ -x "$VMMIO_BUILD/fuzz/dat" ] || {
	echo "fuzz/dat is not built (package libclang-rt-dev): skipped"
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
runs=${1-80000} # half a minute
folder=${2-}
seconds=${3:-0} # 0: as long as it takes
seed=${4:-1}
begin=$(date +%s)
commit=$(git -C "$(dirname "$0")" rev-parse HEAD 2>/dev/null || echo unknown)
# of what was freed the last 4 MiB are watched: inputs are small
export ASAN_OPTIONS="${ASAN_OPTIONS:-malloc_context_size=2:quarantine_size_mb=4:max_malloc_fill_size=0}"

mkdir "$work/corpus"
"$VMMIO_BUILD/test_dat" "$work/corpus/sample" few
"$VMMIO_BUILD/fuzz/dat" -runs="$runs" -max_total_time="$seconds" -seed="$seed" -max_len=24000 -timeout=60 -artifact_prefix="$work/" \
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
	echo "# recordings through the reader under ASan and UBSan; made by tests/fuzz/dat.sh RUNS FOLDER SECONDS SEED"
	echo "# asked for $runs within ${seconds} s (0: no end), seed $seed; what was reached stands behind the #"
	echo "# $(date -u +%Y-%m-%d), $(($(date +%s) - begin)) s, $(clang --version | head -n 1)"
	echo "# commit $commit"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	grep -E '^#[0-9]+.DONE' "$work/log"
	echo "no report of a sanitizer, no error without its line, no events beyond the bytes"
} >"$folder/fuzz-dat.txt"
