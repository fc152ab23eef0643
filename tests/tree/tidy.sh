#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# clang-tidy over all programs that this build compiles by itself, BPF too: the checks of .clang-tidy.
# What Kbuild compiles is cppcheck's (tests/tree/cppcheck.sh).
set -eu
cd "$VMMIO_SOURCE"
command -v clang-tidy >/dev/null || {
	echo "tidy: package clang-tidy is needed"
	exit 77
}

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sed -n "s,^ *\"file\": \"$PWD/\(.*\.c\)\".*,\1,p" "${VMMIO_BUILD:?}/compile_commands.json" |
	grep -v -e '^build' -e '^tests/' | sort -u >"$tmp/files"
[ "$(wc -l <"$tmp/files")" -gt 250 ] || {
	echo "tidy: compile_commands.json names hardly any source: the check itself is broken"
	exit 1
}
if ! xargs -P "$(nproc)" -n 12 clang-tidy -p "$VMMIO_BUILD" --quiet <"$tmp/files" >"$tmp/said" 2>&1; then
	grep -v ' warnings\{0,1\} generated\.$' "$tmp/said"
	exit 1
fi
