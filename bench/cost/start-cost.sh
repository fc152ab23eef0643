#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# How long vmmio-stat takes until a command runs under it, from that command's end to its
# own, and from there until its last hook is gone: of mainline's drivers, a disk on each transport, by what is asked for. In nanoseconds of
# a guest whose processor does one instruction in each (-icount), so that they are exact
# and of no machine. Each begins a second after the one before was gone, since the kernel
# still cleans up after its last hook. It judges nothing.
# usage: VMMIO_BUILD=build start-cost.sh DIR   (a folder of results/)
set -eu
LC_ALL=C
export LC_ALL

if [ $# != 1 ]; then
	echo "usage: start-cost.sh DIR" >&2
	exit 2
fi
build=${VMMIO_BUILD:-$(dirname "$0")/../../build}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/script" <<'EOS'
set -e
load_mainline
load_blk
wait_blk 3
cat >/tmp/now <<'END'
sed -n 's/^now at \([0-9]*\) nsecs/\1/p' /proc/timer_list
END
for round in 1 2 3; do
	for what in kicks default latency everything; do
		case $what in
		kicks) set -- -f kicks,irqs ;;
		default) set -- ;;
		latency) set -- --emulated-time ;;
		everything) set -- --json --emulated-time ;;
		esac
		sleep 1
		begin=$(sh /tmp/now)
		vmmio-stat "$@" -- sh /tmp/now >/tmp/out
		end=$(sh /tmp/now)
		ran=$(grep -x '[0-9][0-9]*' /tmp/out)
		until_unhooked
		gone=$(sh /tmp/now)
		echo "START $round $what $((ran - begin)) $((end - ran)) $((gone - end))"
	done
done
EOS
"$build/vmmio-boot" --icount --columns mmio,pci-intx,pci-msix --timeout 300 --script "$dir/script" >"$dir/out" || {
	cat "$dir/out" >&2
	exit 1
}
mkdir -p "$1"
{
	echo "# made by bench/cost/start-cost.sh, $(date -u +%Y-%m-%d), $(qemu-system-x86_64 --version | head -n 1)"
	printf 'round\tasked\tto_command_ns\tto_end_ns\tto_last_hook_ns\n'
	sed -n 's/^START //p' "$dir/out" | tr ' ' '\t'
} >"$1/start-cost.tsv"
[ "$(grep -c . "$1/start-cost.tsv")" = 14 ] || {
	echo "start-cost: not all of it was measured" >&2
	exit 1
}
cat "$1/start-cost.tsv"
