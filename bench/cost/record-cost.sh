#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What an event costs while it is recorded, beside the live table, natively: system calls at a
# million a second, half on each of two CPUs (vmmio-callfeed), with nothing attached, with
# vmmio-stat's own program for a kick and its table once a second, and with vmmio-stat record
# writing a file: by BPF, and by ftrace (--source tracefs), whose event is that of the call.
# CPU time of the caller over that with nothing, and of vmmio-stat itself, by event; start and
# end of vmmio-stat are in it. All have real-time priority, since the machine is busy. ftrace's
# record of a call is 64 bytes, that of our kick, which BPF makes, 40. Needs root, and 500 MB in
# TMPDIR.
# usage: VMMIO_BUILD=build record-cost.sh DIR [ROUNDS]   (a folder of results/)
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: record-cost.sh DIR [ROUNDS]" >&2
	exit 2
fi
# mounts of its own: a /sys/kernel that has what the driver would have there
if [ -z "${VMMIO_RECORD_COST:-}" ]; then
	VMMIO_RECORD_COST=1 exec unshare -m "$0" "$@"
fi
out=$1/record-cost rounds=${2:-7} rate=1000000 seconds=5
build=$(cd "${VMMIO_BUILD:-$(dirname "$0")/../../build}" && pwd)
commit=$(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)
mkdir -p "$out"
dir=$(mktemp -d)
trap 'umount "$dir/btf" 2>/dev/null || :; rm -rf "$dir"' EXIT
mkdir "$dir/btf"
mount --bind /sys/kernel/btf "$dir/btf"
mount -t tmpfs kernel /sys/kernel
mkdir /sys/kernel/btf /sys/kernel/vmmio /sys/kernel/tracing
mount --bind "$dir/btf" /sys/kernel/btf
mount -t tracefs tracefs /sys/kernel/tracing
"$build/vmmio-callfeed" slots /sys/kernel/vmmio

# tool COMMAND...: beside the calls; $dir/time has its CPU time. It runs longer than they come.
tool()
{
	chrt -f 50 /usr/bin/env time -o "$dir/time" -f '%U %S' "$@" >"$dir/out" 2>"$dir/err" &
	sleep 1
	calls
	wait $! || {
		cat "$dir/err" >&2
		exit 1
	}
}

# "calls seconds ns": how many, in what time, CPU time of one
calls()
{
	chrt -f 50 "$build/vmmio-callfeed" "$rate" "$seconds" >"$dir/calls"
}

# row WHAT EVENTS LOST: from the files; what is not known is -
row()
{
	awk -v round="$round" -v what="$1" -v events="$2" -v lost="$3" '
		FNR == 1 && FILENAME ~ /calls$/ { calls = $1; s = $2; ns = $3 }
		FNR == 1 && FILENAME ~ /time$/ { cpu = $1 + $2 }
		END { printf "%d\t%s\t%d\t%.3f\t%.2f\t%s\t%s\t%s\n", round, what, calls, s, ns, cpu == "" ? "-" : cpu, events, lost }
		' "$dir/calls" "$dir/time" >>"$out/rounds.tsv"
}

# the program counts each of them, before it is measured; registers of another process that pass
# for an event of this virtqueue may begin its row anew
kicks=0
for _ in 1 2 3; do
	[ "$kicks" != "$rate" ] || break
	chrt -f 50 "$build/vmmio-stat-called" --source bpf --json -- "$build/vmmio-callfeed" "$rate" 1 >"$dir/json" 2>"$dir/err"
	kicks=$(grep -o '"kicks":[0-9]*' "$dir/json" | awk -F: '$2 > n { n = $2 } END { print n + 0 }')
done
[ "$kicks" = "$rate" ] || {
	echo "record-cost: the live program counted $kicks of $rate calls" >&2
	exit 1
}

printf 'round\twhat\tcalls\tseconds\tns_per_call\ttool_cpu_s\tevents\tlost\n' >"$out/rounds.tsv"
round=0
while [ "$round" -lt "$rounds" ]; do
	variants="nothing live record record-ftrace"
	[ $((round % 2)) = 0 ] || variants="record-ftrace record live nothing"
	for what in $variants; do
		: >"$dir/time"
		case $what in
		nothing)
			calls
			row nothing - -
			;;
		live)
			tool "$build/vmmio-stat-called" --source bpf 1 $((seconds + 2))
			row live - -
			;;
		record | record-ftrace)
			by=bpf
			[ "$what" = record ] || by=tracefs
			tool "$build/vmmio-stat-called" record --source "$by" -o "$dir/dat" $((seconds + 2))
			events=$(sed -n 's/.* s, \([0-9]*\) events.*/\1/p' "$dir/err")
			lost=$(sed -n 's/.* \([0-9]*\) events lost.*/\1/p; s/.*nothing lost.*/0/p' "$dir/err")
			row "$what" "${events:?}" "${lost:?}"
			# each call is in the file, others' besides; its time is not always one, since
			# their registers pass for times, so that report cannot count them
			if [ "$events" -lt $((rate * seconds)) ] || [ "$lost" != 0 ]; then
				echo "record-cost: $events events and $lost lost of $((rate * seconds)) calls" >&2
				exit 1
			fi
			rm -f "$dir/dat"
			;;
		esac
	done
	round=$((round + 1))
done

# by event: the caller's over nothing in the same round, and the tool's. Of a recording the events
# are those that came into it, other processes' among them.
awk -F'\t' '
	NR == 1 { next }
	{ ns[$1, $2] = $5; cpu[$1, $2] = $6; events[$1, $2] = $2 ~ /^record/ ? $7 : $3; lost[$2] += $8; s[$1, $2] = $4; n = $1 + 1 }
	function median(a, n,    i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && a[j] < a[j - 1]; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
		return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
	}
	END {
		print "what\trounds\tcaller_ns_per_event\ttool_ns_per_event\tboth\tover_live\tlost"
		for (k = 1; k <= 3; k++) {
			what = k == 1 ? "live" : k == 2 ? "record" : "record-ftrace"
			for (r = 0; r < n; r++) {
				a[r + 1] = ns[r, what] - ns[r, "nothing"]
				b[r + 1] = cpu[r, what] * 1e9 / events[r, what]
				both[r + 1] = a[r + 1] + b[r + 1]
				if (k == 1) base[r] = both[r + 1]
				ratio[r + 1] = both[r + 1] / base[r]
			}
			printf "%s\t%d\t%.1f\t%.1f\t%.1f\t%.2f\t%s\n", what, n, median(a, n), median(b, n), median(both, n), median(ratio, n), k == 1 ? "-" : lost[what]
		}
	}' "$out/rounds.tsv" >"$out/cost.tsv"
{
	echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	echo "kernel: $(uname -r | cut -d- -f1)"
	echo "made by: bench/cost/record-cost.sh, $(date -u +%Y-%m-%d), commit $commit"
	echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg)"
} >"$out/machine.txt"
cat "$out/cost.tsv"
