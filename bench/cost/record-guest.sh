#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What recording costs a guest, in instructions for a random read at depth 1 under vmmio.ko, beside
# trace-cmd record of the same events (its system of tracepoints, the same clock, rings and version of
# the file): what the events add to the shortest of the reads, and what the recorder's processes take
# while it goes on and at the end, by the kernel's count of their group's time. The latter is the difference
# of two lengths, so that start-up is not in it. QEMU counts (one instruction is one nanosecond), one
# processor, files in memory: how long the disk takes is in neither. It judges nothing. Needs trace-cmd.
# usage: VMMIO_BUILD=build record-guest.sh DIR [ROUNDS]   (a folder of results/)
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: record-guest.sh DIR [ROUNDS]" >&2
	exit 2
fi
out=$1/record-guest rounds=${2:-5}
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
trace_cmd=$(command -v trace-cmd) || {
	echo "record-guest: no trace-cmd" >&2
	exit 1
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

{
	echo "rounds=$rounds"
	cat <<'EOS'
set -e
load_vmmio claim=all
load_blk
wait_blk 2
mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
mkdir /tmp/cgroup/recorder
used() { sed -n 's/^usage_usec //p' /tmp/cgroup/recorder/cpu.stat; }
# run WHAT COUNT DISK: the shortest read, the recorder's time in us, and what came into the file
run()
{
	events=- bytes=- used=-
	case $1 in
	nothing) set -- "$@" ;;
	record) set -- "$@" vmmio-stat record --source bpf -o /tmp/dat ;;
	record-ftrace) set -- "$@" vmmio-stat record --source tracefs -o /tmp/dat ;;
	trace-cmd) set -- "$@" trace-cmd record -q --file-version 6 -b 2048 -C mono -e vmmio -o /tmp/dat ;;
	esac
	what=$1 count=$2 disk=$3
	shift 3
	before=$(used)
	if [ $# != 0 ]; then
		sh -c 'echo $$ >/tmp/cgroup/recorder/cgroup.procs; trap - INT; exec "$@"' - "$@" >/tmp/rec.out 2>/tmp/rec.err &
		pid=$!
		sleep 6 # until it has begun, trace-cmd after nearly three
	fi
	blkload --count "$count" "$disk" >/tmp/out 2>/tmp/err || { cat /tmp/err; exit 1; }
	if [ $# != 0 ]; then
		kill -INT $pid
		wait $pid || { cat /tmp/rec.err; exit 1; }
		used=$(($(used) - before))
	fi
	case $what in
	record*)
		grep -q 'nothing lost' /tmp/rec.err || { cat /tmp/rec.err; exit 1; }
		events=$(sed -n 's/.* s, \([0-9]*\) events.*/\1/p' /tmp/rec.err) ;;
	trace-cmd)
		[ "$(trace-cmd report --stat /tmp/dat 2>/dev/null | awk '/^(overrun|dropped events|commit overrun)/ { n += $NF } END { print n + 0 }')" = 0 ] || { trace-cmd report --stat /tmp/dat 2>&1 | head -40; exit 1; }
		events=$(trace-cmd report /tmp/dat 2>/dev/null | grep -c ' vmmio_') ;;
	esac
	[ "$what" = nothing ] || bytes=$(wc -c </tmp/dat)
	rm -f /tmp/dat
	echo "COST $round $column $what $count $(sed -n 's/.*"min_ns":\([0-9]*\).*/\1/p' /tmp/out) $used $events $bytes"
}
round=0
while [ $round -lt $rounds ]; do
	for column in mmio pci-msix; do
		disk=$(blk_on $column)
		echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
		order="nothing record record-ftrace trace-cmd"
		[ $((round % 2)) = 0 ] || order="trace-cmd record-ftrace record nothing"
		for what in $order; do
			run $what 2000 $disk
			run $what 12000 $disk
		done
	done
	round=$((round + 1))
done
EOS
} >"$dir/script"
set -- --file "$trace_cmd:/bin/trace-cmd"
for file in $(ldd "$trace_cmd" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p'); do
	set -- "$@" --file "$(realpath "$file"):$file"
done
"$build/vmmio-boot" --icount --columns mmio,pci-msix --memory 512 --timeout 1500 --script "$dir/script" "$@" >"$dir/out" || {
	cat "$dir/out" >&2
	exit 1
}

mkdir -p "$out"
{
	printf 'round\tcolumn\twhat\treads\tshortest\trecorder_us\tevents\tbytes\n'
	grep '^COST ' "$dir/out" | cut -d' ' -f2- | tr ' ' '\t'
} >"$out/rounds.tsv"
awk -F'\t' '
	NR == 1 { next }
	{ k = $2 "\t" $3 "\t" $1; m[k, $4] = $5; u[k, $4] = $6; e[k, $4] = $7; b[k, $4] = $8; n = $1 + 1 }
	function median(a, n,    i, j, v) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { v = a[j]; a[j] = a[j - 1]; a[j - 1] = v }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	END {
		print "column\twhat\trounds\tshortest_read\trecorder_per_read\tmin\tmax\tboth\tover_nothing\tevents_per_read\tbytes_per_read"
		split("mmio pci-msix", columns, " ")
		split("nothing record record-ftrace trace-cmd", whats, " ")
		for (c = 1; c <= 2; c++)
			for (w = 1; w <= 4; w++) {
				for (r = 0; r < n; r++) {
					k = columns[c] "\t" whats[w] "\t" r
					s[r + 1] = m[k, 2000] < m[k, 12000] ? m[k, 2000] : m[k, 12000]
					a[r + 1] = (u[k, 12000] - u[k, 2000]) / 10
				}
				med = median(s, n)
				if (w == 1) {
					base = med
					printf "%s\t%s\t%d\t%.0f\t-\t-\t-\t%.0f\t-\t-\t-\n", columns[c], whats[w], n, med, med
					continue
				}
				rec = median(a, n)
				printf "%s\t%s\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\n", columns[c], whats[w], n, med, rec, a[1], a[n], med + rec, med + rec - base, (e[k, 12000] - e[k, 2000]) / 10000, (b[k, 12000] - b[k, 2000]) / 10000
			}
	}' "$out/rounds.tsv" >"$out/cost.tsv"
{
	echo "QEMU: $(qemu-system-x86_64 --version | head -n 1)"
	echo "tools: $(trace-cmd --version 2>/dev/null | sed -n 2p)"
	echo "made by: bench/cost/record-guest.sh, $(date -u +%Y-%m-%d), commit $(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)"
} >"$out/machine.txt"
cat "$out/cost.tsv"
