#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The study, quickly: every setting boots and is measured, and its page states
# what must hold of any machine.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for file in arm64/initrd.cpio stat-arm64/vmmio-stat; do
	if [ ! -e "$VMMIO_BUILD/arch/$file" ]; then
		echo "no arch/$file (see the tests that make it): skipped"
		exit 77
	fi
done
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
says 'register accesses per I/O\*\* | 3 | 3 | 2 | 1 | structural'
says 'load randread.*\*\*mmio 3, mmio-legacy 3, pci-intx 2, pci-msix 1\*\* (kicks 1, interrupts 1) - structural'
says 'mmio: QueueNotify 1, InterruptStatus 1, InterruptACK 1; .*pci-intx: notify 1, isr_status 1; pci-msix: notify 1'
says '\*\*mmio 2, mmio-legacy 2, pci-intx 1, pci-msix 0\*\* accesses per interrupt - structural'
says 'load console, rng.*\*\*mmio 3, pci-intx 2, pci-msix 1\*\*'
says 'load udp_rr.*\*\*mmio 5, mmio-legacy 5, pci-intx 3, pci-msix 1\*\*'
says 'Architecture.\*\* The same at every value: accesses per I/O'
says 'mmio, depth 1: accesses per I/O 3 at off, 2 at on - structural; T'
says 'Guest instructions per I/O, at depth 1: \*\*mmio [0-9]'
says 'PREDICTION, not measured: .*kvm-soft'
grep -q '^## T1: accesses per I/O, by transport' "$1/tables.md" || {
	echo "no table by transport"
	exit 1
}
for figure in accesses depth queue_size path predicted; do
	if [ ! -s "$1/$figure.svg" ] || [ ! -s "$1/$figure.png" ]; then
		echo "no figure $figure"
		exit 1
	fi
done

# rendered again without running anything: the same page, and data files as they were
cp -r "$1" "$tmp/before"
"$bench" report "$1" >/dev/null
for file in README.md tables.md series.csv series.json rounds.jsonl.gz predicted.tsv; do
	cmp "$1/$file" "$tmp/before/$file"
done
[ -z "$(find "$(dirname "$1")" -name '.part*')" ] || {
	echo "report left something behind"
	exit 1
}
