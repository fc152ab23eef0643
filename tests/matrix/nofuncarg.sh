#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel without bpf_get_func_arg(), as those before 5.17 are (Ubuntu 22.04's 5.15 among them):
# vmmio-stat keeps its hooks on functions there, and with them the cost of kicks, and requests
# with their bytes and times. Argument: the folder of the kernel (cmake/source-kernel.sh, with
# tests/matrix/nofuncarg/).
set -eu
here=$(dirname "$0")

kernel=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"${VMMIO_BUILD:?}/vmmio-boot" --kernel "$kernel/vmlinuz" --initrd "$kernel/initrd.cpio" --memory 512 \
	--columns mmio,pci-intx,pci-msix --script "$here/nofuncarg.guest" --timeout 200 >"$dir/out" || {
	tail -n 40 "$dir/out"
	exit 1
}
# a read has a header of 16 bytes, its data and a byte of status
awk '
	function expect(what, got, want)
	{
		checks++
		if (got "" == want "")
			return
		printf "%s: %s, not %s\n", what, got, want
		bad = 1
	}
	$1 == "HELPER" {
		expect("the name of the helper", $2, 0)
		expect("what stands for it", $3, 1)
		release = $4
	}
	$1 == "STAT" && / source / {
		expect($2 ": source", $0 ~ / source fentry[ ,]/, 1)
		sources++
	}
	$1 == "STAT" && $4 == "0:req.0" {
		rows++
		expect($2 ": kicks", $5, 500)
		expect($2 ": interrupts", $6, 500)
		expect($2 ": requests", $7, 500)
		expect($2 ": lists out", $8, 500)
		expect($2 ": lists in", $9, 1000)
		expect($2 ": bytes out", $10, 8000)
		expect($2 ": bytes in", $11, "2.05M")
		expect($2 ": cost of a kick", $12 + 0 > 0, 1)
		expect($2 ": time of a request", $13 + 0 > 0, 1)
		expect($2 ": interrupted kicks are counted", $14 ~ /^[0-9]+$/, 1)
		expect($2 ": lost", $NF, 0)
		printf "%-9s kicks %d, interrupts %d, requests %d, bytes %d and %s; kick %s ns, request %s ns, interrupted %d\n", $2, $5, $6, $7, $10, $11, $12, $13, $14
	}
	END {
		expect("rows", rows, 3)
		expect("sources", sources, 3)
		printf "%d comparisons, on %s\n", checks, release
		exit bad
	}' "$dir/out" || {
	grep '^STAT' "$dir/out"
	exit 1
}
