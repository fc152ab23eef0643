#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What recording costs a guest: instructions for a random read at depth 1 with nothing
# attached, with vmmio-stat record and with trace-cmd record of the same events of vmmio.ko
# (its system of tracepoints, the same clock, rings and version of the file), all that both do while it goes on and at the end
# included: the difference of two lengths, so that start-up is not. QEMU counts (one is one
# nanosecond), one processor, files in memory. It judges nothing. Needs trace-cmd.
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
now() { sed -n 's/^now at \([0-9]*\) nsecs/\1/p' /proc/timer_list; }
# run WHAT COUNT DISK: the whole of it in instructions, and what came into the file
run()
{
	events=- bytes=-
	case $1 in
	nothing) set -- "$@" env ;;
	record) set -- "$@" vmmio-stat record -o /tmp/dat -- ;;
	trace-cmd) set -- "$@" trace-cmd record -q --file-version 6 -b 2048 -C mono -e vmmio -o /tmp/dat ;;
	esac
	what=$1 count=$2 disk=$3
	shift 3
	begin=$(now)
	"$@" blkload --count "$count" "$disk" >/tmp/out 2>/tmp/err || { cat /tmp/err; exit 1; }
	end=$(now)
	case $what in
	record)
		grep -q 'nothing lost' /tmp/err || { cat /tmp/err; exit 1; }
		events=$(sed -n 's/.* s, \([0-9]*\) events.*/\1/p' /tmp/err) ;;
	trace-cmd)
		[ "$(trace-cmd report --stat /tmp/dat 2>/dev/null | awk '/^(overrun|dropped events|commit overrun)/ { n += $NF } END { print n + 0 }')" = 0 ] || { trace-cmd report --stat /tmp/dat 2>&1 | head -40; exit 1; }
		events=$(trace-cmd report /tmp/dat 2>/dev/null | grep -c ' vmmio_') ;;
	esac
	[ "$what" = nothing ] || bytes=$(wc -c </tmp/dat)
	rm -f /tmp/dat
	echo "COST $round $column $what $count $((end - begin)) $events $bytes"
}
round=0
while [ $round -lt $rounds ]; do
	for column in mmio pci-msix; do
		disk=$(blk_on $column)
		echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
		order="nothing record trace-cmd"
		[ $((round % 2)) = 0 ] || order="trace-cmd record nothing"
		for what in $order; do
			run $what 1000 $disk
			run $what 5000 $disk
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
"$build/vmmio-boot" --icount --columns mmio,pci-msix --memory 512 --timeout 550 --script "$dir/script" "$@" >"$dir/out" || {
	cat "$dir/out" >&2
	exit 1
}

mkdir -p "$out"
{
	printf 'round\tcolumn\twhat\treads\tinstructions\tevents\tbytes\n'
	grep '^COST ' "$dir/out" | cut -d' ' -f2- | tr ' ' '\t'
} >"$out/rounds.tsv"
awk -F'\t' '
	NR == 1 { next }
	{ k = $2 "\t" $3 "\t" $1; t[k, $4] = $5; e[k, $4] = $6; b[k, $4] = $7; n = $1 + 1 }
	function median(a, n,    i, j, v) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { v = a[j]; a[j] = a[j - 1]; a[j - 1] = v }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	END {
		print "column\twhat\trounds\tinstructions_per_read\tmin\tmax\tover_nothing\tevents_per_read\tbytes_per_read"
		split("mmio pci-msix", columns, " ")
		split("nothing record trace-cmd", whats, " ")
		for (c = 1; c <= 2; c++)
			for (w = 1; w <= 3; w++) {
				for (r = 0; r < n; r++) {
					k = columns[c] "\t" whats[w] "\t" r
					a[r + 1] = (t[k, 5000] - t[k, 1000]) / 4000
				}
				m = median(a, n)
				if (w == 1) base = m
				printf "%s\t%s\t%d\t%.0f\t%.0f\t%.0f\t", columns[c], whats[w], n, m, a[1], a[n]
				if (w == 1) print "-\t-\t-"
				else printf "%.0f\t%.2f\t%.0f\n", m - base, (e[k, 5000] - e[k, 1000]) / 4000, (b[k, 5000] - b[k, 1000]) / 4000
			}
	}' "$out/rounds.tsv" >"$out/cost.tsv"
{
	echo "QEMU: $(qemu-system-x86_64 --version | head -n 1)"
	echo "tools: $(trace-cmd --version 2>/dev/null | sed -n 2p)"
	echo "made by: bench/cost/record-guest.sh, $(date -u +%Y-%m-%d), commit $(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)"
} >"$out/machine.txt"
cat "$out/cost.tsv"
