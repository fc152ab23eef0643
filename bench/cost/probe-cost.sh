#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What one event costs a guest: instructions per event of vmmio_reg_read with
# nothing attached, with a BPF program that does nothing, and with
# vmmio-stat's. QEMU counts the instructions (one is one nanosecond), so the
# figures are of the path and no times; an access itself is not in them.
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# != 1 ]; then
	echo "usage: probe-cost.sh DIR   (a folder of results/)" >&2
	exit 2
fi
out=$1/probe-cost
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/script" <<'EOS'
set -e
load_vmmio claim=all
load_blk
wait_blk 1
gen=$(od -An -tu4 -j4 -N4 /sys/kernel/vmmio/slots | tr -d ' ')
measure()
{
	name=$1
	shift
	for events in 1000 11000; do
		"$@" insmod /lib/modules/lostmod.ko slot=0 "gen=$gen" "loop=$events" >/dev/null
		echo "COST $name $events $(cat /sys/module/lostmod/parameters/ns)"
		rmmod lostmod
	done
}
for round in 1 2 3; do
	measure nothing env
	measure empty emptyprobe
	measure counts vmmio-stat --source bpf --csv --
	measure registers vmmio-stat --source bpf --json --
done
EOS
"$build/vmmio-boot" --icount --columns mmio --timeout 100 --script "$dir/script" \
	--file "$build/lostmod/lostmod.ko:/lib/modules/lostmod.ko" \
	--file "$build/emptyprobe:/bin/emptyprobe" >"$dir/out"

# the difference of two lengths: what starting and ending the loop costs is in both
awk '
	$1 == "COST" && $3 == 1000 { short = $4 }
	$1 == "COST" && $3 == 11000 { printf "%s\t%.2f\n", $2, ($4 - short) / 10000; n++ }
	END { exit n != 12 }' "$dir/out" >"$dir/rounds" || {
	cat "$dir/out" >&2
	exit 1
}
mkdir -p "$out"
awk '
	BEGIN { print "attached\trounds\tinstructions_per_event\tmin\tmax\tover_empty" }
	{
		if (!n[$1]++) {
			order[++k] = $1
			min[$1] = max[$1] = $2
		}
		sum[$1] += $2
		if ($2 < min[$1]) min[$1] = $2
		if ($2 > max[$1]) max[$1] = $2
	}
	END {
		for (i = 1; i <= k; i++) {
			a = order[i]
			printf "%s\t%d\t%.2f\t%.2f\t%.2f\t", a, n[a], sum[a] / n[a], min[a], max[a]
			if (a == "nothing" || a == "empty")
				print "-"
			else
				printf "%.2f\n", sum[a] / n[a] - sum["empty"] / n["empty"]
		}
	}' "$dir/rounds" >"$out/cost.tsv"
cp "$dir/rounds" "$out/rounds.tsv"
cat "$out/cost.tsv"
