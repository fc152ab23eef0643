#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Events that the kernel withholds from a probe are counted: a module of ours
# fires one tracepoint from a loop and from a timer on the same CPU. What
# vmmio-stat counted and what it says was lost make up all that was emitted. So do
# the records of a tracing ring and those that it had no room for.
set -eu
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio --timeout 60 --script "$here/lost.guest" \
	--file "$VMMIO_BUILD/lostmod/lostmod.ko:/lib/modules/lostmod.ko" >"$dir/out"

awk '
	function number(name)
	{
		if (!match(line, "\"" name "\":[0-9]+"))
			return "?"
		return substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
	}
	function check(ok, what)
	{
		if (!ok) {
			print "lost: " what
			bad = 1
		}
	}
	$1 == "VIEW" { view = $2; next }
	/"tool":"vmmio-stat"/ {
		line = $0
		lost = number("events_lost")
		if (match(line, /"queue":null.*/))
			line = substr(line, RSTART)
		seen = number("reg_reads")
		next
	}
	$1 == "EMITTED" {
		said[view] = lost
		printf "%s: %d by the loop, %d by the timer, lost %s\n", view, $2, $3, lost
		check($3 == 100, view ": only " $3 " events by the timer")
		check(lost + 0 > 0, view ": nothing lost")
		if (view != "tracefs")
			check(lost + 0 <= $3 + 0, view ": more lost than the timer emitted")
		if (view == "--json" || view == "tracefs")
			check(seen + lost == $2 + $3, "counted " seen " and lost " lost " of " $2 + $3)
		views++
		next
	}
	# the last cell of a line is that of lost events
	view == "--csv" && /virtio/ { n = split($0, cells, ","); lost = cells[n] }
	view == "table" && /^virtio/ { lost = $NF }
	END {
		check(views == 4, views + 0 " views")
		exit bad
	}' "$dir/out" || {
	cat "$dir/out"
	exit 1
}
