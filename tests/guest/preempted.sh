#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A kick of mainline's driver that is preempted before it writes the doorbell: in a kernel
# that preempts, its sample says so and is no latency, by whatever columns are
# asked for. In one that does not the same work comes after the kick, and all are.
set -eu
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio -n 1 --timeout 60 --script "$here/preempted.guest" \
	--file "$VMMIO_BUILD/preempter/preempter.ko:/lib/modules/preempter.ko" >"$dir/out"

fail()
{
	echo "preempted: $*"
	cat "$dir/out"
	exit 1
}

# check WHAT RUNS-OF-THE-OTHER-TASK KEY:VALUE...
check()
{
	line=$(grep "^$1 0 $2 " "$dir/out") || fail "$1: the other task did not run as often as asked"
	shift 2
	for want in "$@"; do
		echo "$line" | grep -q "\"${want%:*}\":${want#*:}[,}]" || fail "not $want"
	done
}
check FULL 5 kicks:20 latencies:15 latencies_preempted:5
check VOLUNTARY 15 kicks:20 latencies:20 latencies_preempted:0
grep -q '^COLUMN 0 10 ' "$dir/out" || fail "the other task did not run"
# the last column but the events lost
awk '$1 == "COLUMN" { n = split($0, f, ","); exit f[n - 1] != 5 || f[n] + 0 }' "$dir/out" || fail "not 5 in the column"
echo "5 of 20 kicks were preempted and left out, none without preemption"
