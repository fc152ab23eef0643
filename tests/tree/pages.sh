#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Pages of sweeps of bench hosts in results/ are made again from their data: each has
# the bytes that are stored, rows at depth and of several vCPUs included.
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

pages=0
for page in "$VMMIO_SOURCE"/results/*-on-tcg/*/README.md; do
	folder=$(dirname "$page")
	name=$(basename "$folder")
	grep -q '"kind": "sweep"' "$folder/result.json" || continue
	rm -rf "${tmp:?}/out"
	"$VMMIO_BUILD/vmmio-bench" report "$folder" --out "$tmp/out" >/dev/null
	for file in README.md tables.md; do
		cmp "$folder/$file" "$tmp/out/$name/$file"
	done
	pages=$((pages + 1))
done
[ "$pages" -ge 4 ] || {
	echo "$pages pages: where are the others?"
	exit 1
}
