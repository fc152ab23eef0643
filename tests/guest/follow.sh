#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Devices that change their driver under a running vmmio-stat: its counts are
# those of the I/O that was done, whoever serves the disk; what could not be
# counted yet is null; the slots of a queue that is gone are used again.
set -eu

out=$("${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-msix \
	--script "$(dirname "$0")/follow.guest" --timeout 150) || {
	echo "$out"
	exit 1
}
echo "$out" | awk '
	function number(row, key)
	{
		if (!match(row, "\"" key "\":[0-9]+"))
			return 0
		return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
	}
	function expect(what, got, want)
	{
		checks++
		if (got + 0 != want) {
			printf "%s: %s: %s, not %d\n", name, what, got, want
			bad = 1
		}
	}
	$2 == "LOAD" {
		name = $3; device = $4; count = $5
		kicks = irqs = lost = opportunities = 0
		loading = 1
		next
	}
	$2 == "END" {
		printf "%s: %s: %d kicks of %d opportunities, %d interrupts, %d lost\n", name, device, kicks, opportunities, irqs, lost
		expect("kicks", kicks, count)
		expect("opportunities", opportunities, count)
		expect("interrupts", irqs, count)
		expect("events lost", lost, 0)
		if (rows == 0)
			expect("rows", 0, 1)
		rows = loading = 0
		next
	}
	/"total":true/ { next }
	/"tool":"vmmio-stat"/ && loading {
		lost += number($0, "events_lost")
		n = split($0, part, "{\"device\":\"")
		for (i = 2; i <= n; i++) {
			if (index(part[i], device "\"") != 1 || part[i] !~ /"queue":0,/)
				continue
			rows++
			kicks += number(part[i], "kicks")
			opportunities += number(part[i], "opportunities")
			irqs += number(part[i], "irqs")
		}
	}
	END {
		if (checks != 20) {
			print checks + 0 " comparisons, not 20"
			bad = 1
		}
		exit bad
	}'
