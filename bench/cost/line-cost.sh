#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The same as watch-cost.sh where a line serves several virtqueues: mainline's drivers, one disk
# of 1, 2 or 4 virtqueues on its line, MMIO and INTx, a read at depth 1. The guest's one
# processor counts as the first of as many as there are virtqueues. The line's interrupt has the driver look at each virtqueue.
# usage: VMMIO_BUILD=build line-cost.sh DIR   (a folder of results/)
set -eu
LC_ALL=C
export LC_ALL

if [ $# != 1 ]; then
	echo "usage: line-cost.sh DIR   (a folder of results/)" >&2
	exit 2
fi
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/script" <<'EOS'
set -e
load_mainline
load_blk
wait_blk 1
disk=$(blk_on $column)
name=$(basename "$disk")
[ "$(ls "/sys/block/$name/mq" | wc -l)" = "$queues" ] || { say "$(ls "/sys/block/$name/mq")"; exit 1; }
echo none >"/sys/block/$name/queue/scheduler"
for order in 'nothing kicks default' 'default kicks nothing'; do
	for watch in $order; do
		set -- blkload --count 1000 "$disk"
		case $watch in
		kicks) set -- vmmio-stat -f kicks,irqs -- "$@" ;;
		default) set -- vmmio-stat -- "$@" ;;
		esac
		"$@" >/tmp/out
		until_unhooked
		sed -n "s/.*\"tool\":\"blkload\".*\"min_ns\":\([0-9]*\).*/COST $column $queues $watch \1/p" /tmp/out
		[ $watch != kicks ] || sed 's/^/TABLE /' /tmp/out
	done
done
EOS
for column in mmio pci-intx; do
	device=virtio-blk-device
	[ $column = mmio ] || device=virtio-blk-pci,disable-legacy=on,vectors=0,ioeventfd=off
	for queues in 1 2 4; do
		sed "1i column=$column queues=$queues" "$dir/script" >"$dir/now"
		"$build/vmmio-boot" --icount --append possible_cpus=$queues --timeout 120 --script "$dir/now" -- \
			-blockdev null-co,node-name=d0,size=1073741824,read-zeroes=on \
			-device "$device,drive=d0,num-queues=$queues" >"$dir/out" || {
			cat "$dir/out" >&2
			exit 1
		}
		grep '^COST ' "$dir/out" | cut -d' ' -f2- >>"$dir/rounds"
		sed -n 's/^TABLE //p' "$dir/out" >&2
	done
done
mkdir -p "$1"
{
	echo "# made by bench/cost/line-cost.sh, $(date -u +%Y-%m-%d), commit $(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown), $(qemu-system-x86_64 --version | head -n 1)"
	awk '
	BEGIN { OFS = "\t"; print "column", "queues", "watched", "instructions_per_io", "over_nothing_pct" }
	{
		k = $1 OFS $2 OFS $3
		if (!(k in min)) order[++n] = k
		if (!(k in min) || $4 < min[k]) min[k] = $4
		of[k] = $1 OFS $2 OFS "nothing"
	}
	END {
		for (i = 1; i <= n; i++) {
			k = order[i]
			printf "%s\t%d\t%.1f\n", k, min[k], 100 * (min[k] - min[of[k]]) / min[of[k]]
		}
		exit n != 18
	}' "$dir/rounds"
} >"$1/line-cost.tsv"
cat "$1/line-cost.tsv"
