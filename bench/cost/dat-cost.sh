#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How fast a recording is read: vmmio-stat report of recordings of 1, 10 and 100 million events
# that are made here (tests/unit/dat_sample.c), its CPU time and memory, and trace-cmd report
# of the smallest; perf script of a million system calls that perf recorded, since it reads no
# trace.dat. Times are this machine's, each the least of three, of the longest once. Needs 5 GB
# in TMPDIR, and root for perf.
# usage: VMMIO_BUILD=build dat-cost.sh FOLDER
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL
build=${VMMIO_BUILD:?}
folder=${1:?a folder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

# best COMMAND...: CPU seconds and KiB, the least of three
best()
{
	for _ in $rounds; do
		/usr/bin/env time -f '%U %S %M' "$@" 2>&1 >/dev/null | tail -n 1
	done | awk '{ t = $1 + $2; if (!n++ || t < least) { least = t; kib = $3 } } END { print least, kib }'
}

# row EVENTS WHAT COMMAND...
row()
{
	events=$1 what=$2
	shift 2
	best "$@" | awk -v events="$events" -v what="$what" '
		{ printf "%s,%d,%.2f,%.3f,%.1f\n", what, events, $1, events / $1 / 1e6, $2 / 1024 }' | tee -a "$folder/dat-cost.csv"
}

echo 'program,events,cpu_s,million_events_per_cpu_s,rss_mib' >"$folder/dat-cost.csv"
for millions in 1 10 100; do
	rounds="1 2 3"
	[ "$millions" != 100 ] || rounds=1
	"$build/test_dat" "$work/dat" $((millions * 125000))
	kicks=$("$build/vmmio-stat" report --json=full "$work/dat" | grep -o '"kicks":[0-9]*' | awk -F: '{ n += $2 } END { print n }')
	echo "$millions million events, $(wc -c <"$work/dat") bytes: $kicks kicks in the report's rows"
	row $((millions * 1000000)) 'vmmio-stat report' "$build/vmmio-stat" report --emulated-time "$work/dat"
	row $((millions * 1000000)) 'vmmio-stat report --slowest 20' "$build/vmmio-stat" report --slowest 20 "$work/dat"
	[ "$millions" != 1 ] || ! command -v trace-cmd >/dev/null || row 1000000 'trace-cmd report' trace-cmd report "$work/dat"
	rm -f "$work/dat"
done
# two calls for each byte; sys_enter has an id and six words, more than any event of ours
perf record -q -e raw_syscalls:sys_enter -o "$work/perf" dd if=/dev/zero of=/dev/null bs=1 count=500000 2>"$work/why" || {
	sed 's/^/perf record: /' "$work/why" >&2
	exit 1
}
n=$(perf script -i "$work/perf" | wc -l)
rounds="1 2 3"
row "$n" 'perf script' perf script -i "$work/perf"
{
	echo "# Made by bench/cost/dat-cost.sh, $(date -u +%Y-%m-%d)"
	echo "# $("$build/vmmio-stat" --version)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, load $(cut -d' ' -f1-3 /proc/loadavg) when it ended"
	echo "# $(perf --version)"
	echo "# trace-cmd: $(trace-cmd --version 2>/dev/null | head -n 2 | tail -n 1)"
} >"$folder/machine.txt"
