#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the tracepoints of patches/trace cost an I/O, in instructions of the guest: one
# read at a time on each transport, by mainline's drivers on the kernel without the
# patches, on that with them and no event on, with those of virtio on, and with those
# of the registers besides. The processor does one instruction a nanosecond (-icount).
# usage: VMMIO_BUILD=build traced-cost.sh KERNEL FOLDER   (cmake/source-kernel.sh's; where cost.tsv goes)
set -eu
LC_ALL=C # what it keeps has decimal points
export LC_ALL
build=${VMMIO_BUILD:?}
kernel=${1:?a kernel\'s folder} folder=${2:?a folder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

cat >"$work/script" <<'END'
set -e
load_mainline
load_blk
wait_blk 3
events=/sys/kernel/tracing/events
for on in none virtio virtio,registers; do
	case $on in
	virtio) [ -e $events/virtio ] || continue; echo 1 >$events/virtio/enable ;;
	virtio,registers)
		[ -e $events/virtio ] || continue
		echo 1 >$events/virtio_mmio/enable
		echo 1 >$events/virtio_pci/enable
		;;
	esac
	for column in mmio pci-intx pci-msix; do
		blkload --count 200 "$(blk_on $column)" >/dev/null
		echo "$column $on $(blkload --count 2000 "$(blk_on $column)")"
	done
done
END
printf 'kernel\tevents\ttransport\tshortest\tp50\n' >"$folder/cost.tsv"
for patches in without with; do
	image=$kernel/vmlinuz
	[ $patches = with ] || image=$kernel/vmlinuz-unpatched
	"$build/vmmio-boot" --kernel "$image" --initrd "$kernel/initrd.cpio" --icount --memory 512 \
		--columns mmio,pci-intx,pci-msix --append nokaslr --timeout 300 --script "$work/script" >"$work/out"
	sed -n 's/^\([^ ]*\) \([^ ]*\) {.*"min_ns":\([0-9]*\).*"p50_ns":\([0-9]*\).*/\2\t\1\t\3\t\4/p' "$work/out" |
		sed "s/^/$patches\t/" | tee -a "$folder/cost.tsv"
done
[ "$(wc -l <"$folder/cost.tsv")" = 13 ] || {
	echo "traced-cost: not all of it was measured" >&2
	exit 1
}
{
	echo "# Made by bench/cost/traced-cost.sh, $(date -u +%Y-%m-%d); instructions of a read of 4 KiB, of 2,000 one at a time; the median waits for the machine, too"
	echo "# Linux $(cat "$kernel/release"), CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(qemu-system-x86_64 --version | head -n 1)"
} >"$folder/machine.txt"
