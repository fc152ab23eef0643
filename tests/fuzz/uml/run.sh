#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzes a transport driver as it is, in user-mode Linux under KASAN and KCOV: vmmio.ko
# or mainline's virtio_mmio, against tests/fuzz/uml/device.c. Can be run again: it goes
# on from its corpus. A kernel that dies (KASAN) leaves its input in faults/ and is
# started again. Prints what was run, what was reached, what was found.
# usage: run.sh [--driver vmmio|virtio_mmio] [--runs N] [--seed N] [--replay FOLDER] [--tree DIR]
#   --replay  each input of FOLDER once in each way, with lockdep and KASAN's stacks
#   --tree    the tree that vmmio.ko is made from, if not this one
# Environment: VMMIO_BUILD; the kernel is made there first (10 minutes, kernel.sh).
set -euo pipefail

driver=vmmio runs=100000 seed=1 replay='' here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../../.." && pwd)
while [ $# -gt 0 ]; do
	case $1 in
	--driver) driver=$2 ;;
	--runs) runs=$2 ;;
	--seed) seed=$2 ;;
	--replay) replay=$2 ;;
	--tree) tree=$2 ;;
	*)
		sed -n 's/^# usage: /usage: /p' "$0" >&2
		exit 2
		;;
	esac
	shift 2
done
out=$VMMIO_BUILD/fuzz
"$here/kernel.sh" --out "$out/uml" || exit
kernel=$out/uml/kernel
unset MAKEFLAGS MFLAGS

root=$out/$driver${replay:+-replay}
mkdir -p "$root" "$out/module"
case $driver in
vmmio)
	# from a copy, since Kbuild writes beside its sources
	rm -rf "$out/module/vmmio"
	mkdir -p "$out/module/vmmio"
	cp -r "$tree/kmod" "$tree/include" "$out/module/vmmio/"
	make -s -C "$kernel" ARCH=um "M=$out/module/vmmio/kmod" KCOV_INSTRUMENT=y modules >"$out/log" 2>&1 || {
		tail -n 5 "$out/log"
		exit 1
	}
	module=$out/module/vmmio/kmod/vmmio.ko
	;;
virtio_mmio) module=$kernel/drivers/virtio/virtio_mmio.ko ;;
*)
	echo "run.sh: no driver $driver" >&2
	exit 2
	;;
esac
rm -rf "$out/module/device"
mkdir -p "$out/module/device"
cp "$here/Kbuild" "$here/device.c" "$out/module/device/"
make -s -C "$kernel" ARCH=um "M=$out/module/device" modules >"$out/log" 2>&1 || {
	tail -n 5 "$out/log"
	exit 1
}
cp "$module" "$out/module/device/device.ko" "$root/"
gcc -O2 -Wall -Wextra -Werror -static -o "$root/init" "$here/loop.c"
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/corpus" "$root/faults"
rm -f "$root/out" "$root/places"
touch "$root/out" "$root/places"
fast=1
if [ -n "$replay" ]; then
	rm -rf "$root/corpus"
	cp -r "$replay" "$root/corpus"
	fast=0
elif [ -z "$(ls -A "$root/corpus")" ] && [ -e "$here/$driver.corpus" ]; then
	"$here/../corpus.sh" "$root/corpus" <"$here/$driver.corpus"
fi

# A boot is short: a device that does not let go keeps its rings, and memory has an end.
uml=''
trap '[ -z "$uml" ] || kill -KILL -- "-$uml" 2>/dev/null || true' EXIT
trap 'exit 1' HUP INT TERM
chunk=50000 done=0 deaths=0
begin=$(date +%s.%N)
while [ "$done" -lt "$runs" ]; do
	printf 'driver %s\nmode %s\nseed %s\nruns %s\nfast %s\n' "$driver" "$([ -n "$replay" ] && echo replay || echo fuzz)" \
		"$seed" $((runs - done < chunk ? runs - done : chunk)) $fast >"$root/job"
	: >"$root/out"
	setsid "$kernel/linux" mem=1G rootfstype=hostfs rootflags="$root" rw init=/init noirqdebug time-travel=inf-cpu \
		con=null con0=null,fd:$((2 - fast)) loglevel=5 stderr=0 oops=panic kasan.fault=panic \
		fuzz_stacks=$((1 - fast)) </dev/null >"$root/console" 2>&1 &
	uml=$!
	# it aborts when it is over, too
	wait $uml 2>/dev/null || true
	uml=''
	sed '/^loop: end:/d' "$root/out"
	seed=$((seed + 1))
	if end=$(grep '^loop: end:' "$root/out"); then
		count=${end#loop: end: }
		done=$((done + ${count%% *}))
		[ -z "$replay" ] || break
		continue
	fi
	deaths=$((deaths + 1))
	grep -a -m 2 -E 'BUG: |Kernel panic' "$root/console" || echo "no word in $root/console"
	# two bytes of length, two of nothing, the input
	length=$(od -An -tu2 -N2 "$root/current" | tr -d ' ')
	tail -c +5 "$root/current" | head -c "$length" >"$root/faults/death-$seed"
	if [ $deaths = 10 ] || [ -n "$replay" ]; then
		echo "the kernel died, see $root/console and $root/faults/death-$seed"
		exit 1
	fi
done
echo "$end"
echo "$done $begin $(date +%s.%N) $deaths" |
	awk -v d="$driver" '{ printf "%s: %d executions in %.1f s, %.0f a second, %d deaths\n", d, $1, $3 - $2, $1 / ($3 - $2), $4 }'
