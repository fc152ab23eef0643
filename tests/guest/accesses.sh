#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Register accesses per kick and per interrupt, mainline's drivers against
# vmmio.ko, as QEMU's trace saw them on the same disks in one boot: never more,
# and each exactly what the specification makes necessary. lazy_status=1 saves
# the status read.
set -eu

here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat "$here/windows.guest" "$here/accesses.guest" >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$dir/trace" \
	--script "$dir/script" --timeout 100 >"$dir/out"
grep '^DEVICE ' "$dir/out" >"$dir/devices"
awk -f "$here/../hex.awk" -f "$here/qemutrace.awk" "$dir/devices" "$dir/trace" >"$dir/qemu"

awk '
	FILENAME ~ /qemu$/ {
		if ($1 == "ACCESS") {
			n[$2, $3, $4 $5] = $6
			total[$2, $3] += $6
		}
		next
	}
	$1 != "RUN" { next }
	{
		column = $2
		w = ++runs[column]
		driver = $3
		want["doorbellw"] = 200
		want["isrr"] = column == "pci-msix" || driver == "lazy" ? 0 : 200
		want["ackw"] = column == "mmio" ? 200 : 0
		printf "%-9s %-9s per kick %g, per interrupt %g reads and %g writes\n", column, driver,
			n[column, w, "doorbellw"] / 200, n[column, w, "isrr"] / 200, n[column, w, "ackw"] / 200
		sum = 0
		for (what in want) {
			sum += want[what]
			if (n[column, w, what] + 0 != want[what]) {
				printf "%s, %s: %d of %s in 200 I/Os, not %d\n", column, driver, n[column, w, what], what, want[what]
				bad = 1
			}
		}
		if (total[column, w] != sum) {
			printf "%s, %s: %d accesses in 200 I/Os, not %d\n", column, driver, total[column, w], sum
			bad = 1
		}
		seen++
	}
	END {
		if (seen != 7) {
			print seen + 0 " runs instead of 7"
			bad = 1
		}
		exit bad
	}' "$dir/qemu" "$dir/out"
