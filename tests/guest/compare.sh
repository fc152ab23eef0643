#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The comparison end to end, small: exact structural values at depth 1 (a driver
# that touches one register more, or counts one less, fails here), settings
# equal on all sides, device side agreed, and a folder that holds what it says.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! "$bench" compare --boots 2 --rounds 1 --count 100 --accel tcg --out "$tmp/results" \
	>"$tmp/out" 2>"$tmp/err"; then
	cat "$tmp/out" "$tmp/err"
	exit 1
fi
cat "$tmp/out"
set -- "$tmp"/results/*-tcg/compare
folder=$1
for file in manifest.json result.json series.json machine.json boots.json rounds.jsonl.gz compare.csv \
	compare.txt; do
	[ -s "$folder/$file" ] || {
		echo "$file is missing or empty"
		exit 1
	}
done

# column and key, then the value that every boot must have
expect()
{
	line=$(grep "^tcg,randread,$1,1,$2," "$folder/compare.csv") || {
		echo "no row for $1 $2"
		exit 1
	}
	case $line in
	*,structural,2,"$3","$3","$3",0,yes) ;;
	*)
		echo "$1 $2 is not $3: $line"
		exit 1
		;;
	esac
}
expect mmio accesses_per_io 3
expect pci-intx accesses_per_io 2
expect pci-msix accesses_per_io 1
expect mmio reg:QueueNotify 1
expect mmio reg:InterruptStatus 1
expect mmio reg:InterruptACK 1
expect pci-intx reg:notify 1
expect pci-intx reg:isr_status 1
expect pci-msix reg:notify 1
for column in mmio pci-intx pci-msix; do
	expect "$column" accesses_per_kick 1
	expect "$column" kicks_per_io 1
	expect "$column" irqs_per_io 1
	expect "$column" used_per_irq 1
	expect "$column" spurious_per_io 0
done
expect mmio accesses_per_irq 2
expect pci-intx accesses_per_irq 1
expect pci-msix accesses_per_irq 0

head -n 1 "$folder/compare.txt" |
	grep -q '^depth 1: mmio 3 trapped accesses per I/O, pci-intx 2, pci-msix 1 (exact, n = 2 boots)'
# nothing of this machine but its CPU and kernel
gzip -dc "$folder"/*.gz >"$tmp/raw"
if grep -l -w -F -e "$(uname -n)" -e "$tmp" -e "$VMMIO_BUILD" "$folder"/*.json "$tmp/raw" "$folder"/*.txt; then
	echo "these name the host or a path of it"
	exit 1
fi
# no emulated time in a table that was not asked for it
if grep -q ',time,' "$folder/compare.csv"; then
	echo "emulated times without --emulated-time"
	exit 1
fi
