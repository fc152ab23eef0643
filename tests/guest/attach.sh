#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest that is busy when vmmio-stat comes: `list` says of each virtqueue what it says of it
# idle, and the first interval knows what the next one knows, a share of spurious interrupts
# among it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/run.sh" <<'END_OF_GUEST'
set -e
fail() { say "attach: $*"; exit 1; }
load_mainline
load_blk
wait_blk 3
# slots are given out in the order in which virtqueues are met
list() { vmmio-stat list --json | sed 's/"slot":[0-9]*,//g'; }
list >/tmp/idle
[ "$(grep -o '"queue":0' /tmp/idle | grep -c .)" = 3 ] || fail "not three virtqueues: $(cat /tmp/idle)"
until_unhooked
for disk in /dev/vda /dev/vdb /dev/vdc; do
	while [ ! -e /tmp/end ]; do
		blkload --depth 4 --count 200 $disk >/dev/null
	done &
done
for _ in 1 2 3 4 5; do
	list >/tmp/busy
	cmp -s /tmp/idle /tmp/busy || fail "list under load: $(cat /tmp/idle /tmp/busy)"
done
vmmio-stat --csv -f kicks,irqs,used_per_irq,spurious_pct 0.5 2 >/tmp/csv
touch /tmp/end
wait
# a device has no buffers of its own, and of a line it has the spurious
awk -F, '
	NR == 1 {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}
	{
		n++
		device = $column["queue"] == ""
		for (key in want)
			delete want[key]
		want["kicks"]; want["irqs"]
		want[device ? "spurious_pct" : "used_per_irq"]
		for (key in want)
			if ($column[key] !~ /^[0-9]/) {
				print "no " key ": " $0
				bad = 1
			}
	}
	END {
		if (n != 12)
			print n + 0 " rows, not 12"
		exit bad || n != 12
	}' /tmp/csv >/tmp/why || fail "the first intervals: $(cat /tmp/why /tmp/csv)"
echo attached
END_OF_GUEST
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix --script "$work/run.sh" --timeout 90 >"$work/out" || {
	cat "$work/out"
	exit 1
}
grep -qx attached "$work/out"
