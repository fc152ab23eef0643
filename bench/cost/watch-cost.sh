#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What being watched costs an I/O: instructions of the guest for a random read
# at depth 1, by transport and driver, with nothing attached, vmmio.ko's
# tracepoints alone, kicks and interrupts only, the default columns, the same with
# latency, and every field; and a bpftrace script that counts kicks, their checks and
# interrupts by virtqueue on the same functions of mainline's. QEMU counts (one is
# one nanosecond); the shortest I/O is the path itself. Two rounds, the second
# backwards. It judges nothing. Needs bpftrace.
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL

if [ $# != 1 ]; then
	echo "usage: watch-cost.sh DIR   (a folder of results/)" >&2
	exit 2
fi
out=$1/watch-cost
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
bpftrace=$(command -v bpftrace) || {
	echo "watch-cost: no bpftrace" >&2
	exit 1
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/script" <<'EOS'
set -e
cat >/tmp/head.bt <<'END'
kfunc:virtqueue_kick_prepare { @checks[args->_vq] = count(); }
kfunc:vring_interrupt { @irqs[args->_vq] = count(); }
END
measure()
{
	for column in mmio pci-intx pci-msix; do
		disk=$(blk_on $column)
		echo none >"/sys/block/$(basename "$disk")/queue/scheduler"
		order='nothing tracepoints bpftrace kicks default latency everything'
		[ $round = 1 ] || order='everything latency default kicks bpftrace tracepoints nothing'
		for watch in $order; do
			set -- blkload --count 1000 "$disk"
			case $driver:$watch in
			*:nothing) ;;
			vmmio:tracepoints) set -- vmmio-stat --source bpf --json -- "$@" ;;
			*:tracepoints | vmmio:bpftrace) continue ;;
			mainline:bpftrace)
				doorbell=vp_notify
				[ $column != mmio ] || doorbell=vm_notify
				{ cat /tmp/head.bt; echo "kfunc:$doorbell { @kicks[args->vq] = count(); }"; } >/tmp/all.bt
				set -- bpftrace -c "/bin/blkload --count 1000 $disk" /tmp/all.bt ;;
			*:kicks) set -- vmmio-stat -f kicks,irqs -- "$@" ;;
			*:default) set -- vmmio-stat -- "$@" ;;
			*:latency) set -- vmmio-stat --emulated-time -- "$@" ;;
			*:everything) set -- vmmio-stat --json --emulated-time -- "$@" ;;
			esac
			"$@" >/tmp/out
			until_unhooked
			# what a script of another's did not count is no comparison
			[ $watch != bpftrace ] || [ "$(grep -c ': 1000$' /tmp/out)" = 3 ] || { cat /tmp/out; exit 1; }
			sed -n "s/.*\"tool\":\"blkload\".*\"min_ns\":\([0-9]*\).*/COST $driver $column $watch \1/p" /tmp/out
		done
	done
}
take()
{
	driver=$1
	load_blk
	wait_blk 3
	for round in 1 2; do measure; done
	rmmod virtio_blk
}
load_mainline
take mainline
until_unhooked
rmmod virtio_mmio
rmmod virtio_pci
load_vmmio claim=all
take vmmio
EOS
set -- --file "$bpftrace:/bin/bpftrace"
for file in $(ldd "$bpftrace" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p'); do
	set -- "$@" --file "$(realpath "$file"):$file"
done
"$build/vmmio-boot" --icount --columns mmio,pci-intx,pci-msix --memory 1500 --timeout 590 --script "$dir/script" "$@" \
	>"$dir/out" || {
	cat "$dir/out" >&2
	exit 1
}

mkdir -p "$out"
grep '^COST ' "$dir/out" | cut -d' ' -f2- | tr ' ' '\t' >"$out/rounds.tsv"
awk '
	BEGIN { print "driver\tcolumn\twatched\tinstructions_per_io\tover_mainline_pct" }
	{
		k = $1 "\t" $2 "\t" $3
		if (!(k in min)) order[++n] = k
		if (!(k in min) || $4 < min[k]) min[k] = $4
		column[k] = $2
	}
	END {
		for (i = 1; i <= n; i++) {
			k = order[i]
			base = min["mainline\t" column[k] "\tnothing"]
			printf "%s\t%d\t%.1f\n", k, min[k], 100 * (min[k] - base) / base
		}
		exit n != 36
	}' "$out/rounds.tsv" >"$out/cost.tsv"
{
	echo "QEMU: $(qemu-system-x86_64 --version | head -n 1)"
	echo "bpftrace: $(bpftrace --version)"
	echo "made by: bench/cost/watch-cost.sh, $(date -u +%Y-%m-%d), commit $(git -C "$(dirname "$0")" describe --always --dirty 2>/dev/null || echo unknown)"
} >"$out/machine.txt"
cat "$out/cost.tsv"
