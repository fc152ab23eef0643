#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What vmmio-stat costs those who leave it running. On this machine itself: one
# event, beside bpftrace and perf (vmmio-statcost); start to the probes; 1,024 rows
# at 1 Hz (vmmio-stat-fed, whose events vmmio-statfeed makes). In a guest: hundreds
# of real virtqueues. Keeps what it measured; times of the two are in two folders.
# Needs root, bpftrace and perf.
# usage: stat-cost.sh NATIVE-DIR TCG-DIR [ROUNDS]   (folders of results/)
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# -lt 2 ] || [ $# -gt 3 ]; then
	echo "usage: stat-cost.sh NATIVE-DIR TCG-DIR [ROUNDS]" >&2
	exit 2
fi
# mounts of its own: tracefs, and a /sys/kernel that has what the driver would have there
if [ -z "${VMMIO_STAT_COST:-}" ]; then
	VMMIO_STAT_COST=1 exec unshare -m "$0" "$@"
fi
native=$1/stat-cost tcg=$2/stat-cost rounds=${3:-21}
build=$(cd "${VMMIO_BUILD:-$(dirname "$0")/../../build}" && pwd)
mkdir -p "$native" "$tcg"
dir=$(mktemp -d)
feed=''
trap '[ -z "$feed" ] || kill "$feed"; umount "$dir/btf" 2>/dev/null || :; rm -rf "$dir"' EXIT

{
	echo "CPU: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs"
	echo "kernel: $(uname -r | cut -d- -f1), clocksource $(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)"
	echo "tools: $(bpftrace --version), $(perf --version)"
	echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
	echo "commit: $(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)"
} >"$native/machine.txt"

[ -e /sys/kernel/tracing/events ] || mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null || :
"$build/vmmio-statcost" "$rounds" >"$native/events.tsv" 2>"$native/rounds.tsv" || {
	tail -n 1 "$native/rounds.tsv" >&2
	exit 1
}

mkdir "$dir/btf"
mount --bind /sys/kernel/btf "$dir/btf"
mount -t tmpfs kernel /sys/kernel
mkdir /sys/kernel/btf /sys/kernel/vmmio
mount --bind "$dir/btf" /sys/kernel/btf

# start_feed ROWS
start_feed()
{
	[ -z "$feed" ] || kill "$feed"
	rm -f /sys/kernel/vmmio/slots
	"$build/vmmio-statfeed" /sys/kernel/vmmio "$1" &
	feed=$!
	tries=50
	until [ -s /sys/kernel/vmmio/slots ]; do
		sleep 0.1
		tries=$((tries - 1))
		if [ "$tries" = 0 ] || ! kill -0 "$feed"; then
			echo "vmmio-statfeed made no rows" >&2
			exit 1
		fi
	done
}

start_feed 36
i=0
echo "first_ms	last_ms	cpu_ms" >"$native/start.tsv"
while [ "$i" -lt "$rounds" ]; do
	# Before all other tasks, or it would be their time. Uptime has hundredths, cut
	# off: what is measured is up to 10 ms too long.
	VMMIO_STARTED=$(awk '{ printf "%.0f", $1 * 1e9 }' /proc/uptime) \
		chrt -f 50 "$build/vmmio-stat-fed" --source bpf -1 2>&1 >/dev/null |
		awk '$1 == "attached" { if (!first) first = $4; last = $4; cpu = $6 }
			END { printf "%s\t%s\t%s\n", first, last, cpu }' >>"$native/start.tsv"
	i=$((i + 1))
done
# mainline's, opened, relocated and verified: there may be nothing to attach them to
i=0
echo "ms	cpu_ms" >"$native/load-stock.tsv"
while [ "$i" -lt "$rounds" ]; do
	chrt -f 50 "$build/vmmio-statcost" load >>"$native/load-stock.tsv"
	i=$((i + 1))
done

# CPU seconds, memory and maps, as --self says
self()
{
	sed -n 's/.*self: CPU \([0-9.]*\) s .*memory \([0-9.]*\) MiB.* maps of \([0-9.]*\) KiB.*/\1 \2 \3/p'
}
printf 'rows\tview\tcpus\tcpu_pct_of_one\trss_mib\tmaps_kib\tmaps_kib_4_cpus\n' >"$native/rows.tsv"
rows=1024
start_feed "$rows"
for view in default extended default extended; do
	option=-T
	[ "$view" = default ] || option=-x
	for n in 2 12; do
		"$build/vmmio-stat-fed" --source bpf $option --self 1 "$n" 2>&1 >/dev/null | self
	done | awk -v rows="$rows" -v view="$view" -v cpus="$(getconf _NPROCESSORS_CONF)" '
		NR == 1 { start = $1 }
		END { printf "%s\t%s\t%s\t%.3f\t%s\t%s\t%.0f\n", rows, view, cpus, ($1 - start) * 10, $2, $3, $3 * 4 / cpus }
		' >>"$native/rows.tsv"
done
kill "$feed"
feed=''

# 8 disks of 4 queues and a console device of 502: on 4 processors for the memory, with
# counted instructions (one processor) for the work of one interval
cat >"$dir/script" <<'END'
set -e
load_vmmio claim=all
load_blk
load_console
wait_blk 8
sleep 1
echo "ROWS $(vmmio-stat list | tail -n +2 | wc -l)"
(while :; do
	for disk in /dev/vd?; do blkload --depth 4 --count 8 $disk >/dev/null 2>&1; done
	sleep 0.2
done) &
for n in 2 7; do
	vmmio-stat --source bpf --self 1 $n 2>&1 >/dev/null
done
END
set -- -device virtio-serial-pci,max_ports=250,disable-legacy=on,ioeventfd=off
for i in 1 2 3 4 5 6 7 8; do
	set -- "$@" -blockdev "null-co,node-name=m$i,size=1073741824,read-zeroes=on" \
		-device "virtio-blk-pci,drive=m$i,num-queues=4,disable-legacy=on,ioeventfd=off"
done
printf 'rows\tcpus\trss_mib\tmaps_kib\tmillion_instructions_per_interval\n' >"$tcg/queues.tsv"
for how in "--smp 4" --icount; do
	# shellcheck disable=SC2086
	"$build/vmmio-boot" $how --memory 1024 --timeout 200 --script "$dir/script" -- "$@" >"$dir/guest"
	{
		sed -n 's/ROWS //p' "$dir/guest"
		self <"$dir/guest"
	} | awk -v how="$how" '
		NR == 1 { rows = $1 }
		NR == 2 { start = $1 }
		END {
			printf "%s\t%s\t%s\t%s\t", rows, how ~ /smp/ ? 4 : 1, $2, $3
			if (how ~ /smp/)
				print "-" # emulated time says nothing
			else
				printf "%.1f\n", ($1 - start) / 5 * 1000
		}' >>"$tcg/queues.tsv"
done
head -n 40 "$native"/events.tsv "$native"/rows.tsv "$tcg"/queues.tsv
