#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Inputs of a fuzzer, one a line in hex (standard input), as files of a folder; a line
# that begins with # is none.
set -eu
mkdir -p "$1"
n=0
grep -v '^#' | while read -r line; do
	n=$((n + 1))
	# shellcheck disable=SC2059 # the format is the bytes
	printf "$(printf %s "$line" | sed 's/../\\x&/g')" >"$1/$n"
done
