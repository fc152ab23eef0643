#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What being watched costs an I/O: instructions of the guest for a random read
# at depth 1, by transport and driver, with nothing attached, vmmio.ko's
# tracepoints alone, the default columns, and every field. QEMU counts (one is
# one nanosecond); the shortest I/O is the path itself. It judges nothing.
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# != 1 ]; then
	echo "usage: watch-cost.sh DIR   (a folder of results/)" >&2
	exit 2
fi
out=$1/watch-cost
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/script" <<'EOS'
set -e
measure()
{
	for column in mmio pci-intx pci-msix; do
		disk=$(blk_on $column)
		echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
		for watch in nothing tracepoints default everything; do
			case $watch in
			nothing) set -- env ;;
			tracepoints)
				[ "$driver" = vmmio ] || continue
				set -- vmmio-stat --source bpf --json -- ;;
			default) set -- vmmio-stat -- ;;
			everything) set -- vmmio-stat --json -- ;;
			esac
			"$@" blkload --count 1000 "$disk" >/tmp/out
			sed -n "s/.*\"tool\":\"blkload\".*\"min_ns\":\([0-9]*\).*/COST $driver $column $watch \1/p" /tmp/out
		done
	done
}
take()
{
	driver=$1
	load_blk
	wait_blk 3
	measure
	rmmod virtio_blk
}
load_mainline
take mainline
rmmod virtio_mmio
rmmod virtio_pci
load_vmmio claim=all
take vmmio
EOS
"$build/vmmio-boot" --icount --columns mmio,pci-intx,pci-msix --timeout 400 --script "$dir/script" \
	>"$dir/out"

mkdir -p "$out"
grep '^COST ' "$dir/out" | cut -d' ' -f2- | tr ' ' '\t' >"$out/rounds.tsv"
awk '
	BEGIN { print "driver\tcolumn\twatched\tinstructions_per_io\tover_mainline_pct" }
	{
		k = $1 "\t" $2 "\t" $3
		if (!(k in min)) order[++n] = k
		if (!(k in min) || $4 < min[k]) min[k] = $4
		column[k] = $2
	}
	END {
		for (i = 1; i <= n; i++) {
			k = order[i]
			base = min["mainline\t" column[k] "\tnothing"]
			printf "%s\t%d\t%.1f\n", k, min[k], 100 * (min[k] - base) / base
		}
		exit n != 21
	}' "$out/rounds.tsv" >"$out/cost.tsv"
cat "$out/cost.tsv"
