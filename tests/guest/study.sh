#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The study, quickly: every setting boots and is measured, and its page states
# what must hold of any machine.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$bench" sweep "$VMMIO_SOURCE/bench/experiments/study.ini" --quick --accel tcg --out "$tmp/out" \
	>"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	exit 1
}
grep -q ' runs, 0 failed' "$tmp/log" || {
	cat "$tmp/log"
	exit 1
}
set -- "$tmp"/out/*-tcg/study-quick
page=$1/README.md

says()
{
	grep -q -e "$1" "$page" || {
		echo "the page does not say: $1"
		sed -n '/^## Findings/,/^## Tables/p' "$page"
		exit 1
	}
}
says 'Register accesses per I/O at depth 1: mmio 2 to 3, pci-intx 2, pci-msix 1 - structural'
says 'Accesses per kick, at every depth: mmio 1, pci-intx 1, pci-msix 1 - structural, the same in every'
says 'mmio, depth 1, accesses per I/O: 3 at lazy_status off, 2 at lazy_status on - structural, exact'
says 'depth 1, instructions per I/O, median: mmio [0-9]'
[ -s "$1/depth-mmio.svg" ] || {
	echo "no plot"
	exit 1
}
