#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fuzzes a transport driver as it is, in user-mode Linux under KASAN and KCOV: vmmio.ko
# or mainline's virtio_mmio, against tests/fuzz/uml/device.c. Can be run again: it goes
# on from its corpus and from what its corpus has reached, and with --total from its
# count. A kernel that dies (KASAN) leaves its input in faults/ and is started again.
# Prints what was run, what was reached, what was found; exit status 1: something that
# the file "known" has not. Two kernels: one that is fast, and with replay the one that
# has lockdep, DMA debug and KASAN everywhere (kernel.sh).
# usage: run.sh [--driver vmmio|vmmio_pci|virtio_mmio|virtio_pci] [--runs N | --total N] [--seconds N] [--seed N] [--mode fuzz|replay|shrink|cover] [--from FOLDER] [--pci FOLDER] [--tree DIR] [--patches DIR] [--out DIR] [--until found] [--result FILE]
#   --total    so many executions altogether, those of earlier runs in the same folder included
#   --seconds  no boot begins after so many
#   --mode     replay: each input of FOLDER once in each way, with lockdep and KASAN's stacks;
#              shrink: those of FOLDER that together reach all places it does, to kept/;
#              cover: as replay, without lockdep, the branches taken counted by gcov (branches.txt)
#   --from     begins with these inputs, not with the tree's
#   --pci      with mode cover and driver vmmio: then those of FOLDER as vmmio_pci, counted with the others
#   --tree     the tree that vmmio.ko is made from, if not this one
#   --patches  what they change of virtio_mmio.c is fuzzed, not what the kernel has
#   --out      the folder that is gone on from (the build's fuzz/DRIVER)
#   --until    found: end at the first fault that is not known
#   --result   what is printed to this file, too, with a head that says what was run where
# Environment: VMMIO_BUILD; the kernel is made there first (10 minutes).
set -euo pipefail

driver=vmmio runs=100000 total='' seconds='' seed='' mode=fuzz from='' until='' root='' and_pci='' patches='' result='' here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../../.." && pwd)
usage()
{
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
}
while [ $# -gt 0 ]; do
	[ $# -gt 1 ] || usage
	case $1 in
	--driver) driver=$2 ;;
	--runs) runs=$2 ;;
	--total) total=$2 ;;
	--seconds) seconds=$2 ;;
	--seed) seed=$2 ;;
	--mode) mode=$2 ;;
	--from) from=$2 ;;
	--pci) and_pci=$2 ;;
	--tree) tree=$2 ;;
	--patches) patches=$(realpath "$2") ;;
	--out) root=$2 ;;
	--until) until=$2 ;;
	--result) result=$2 ;;
	*) usage ;;
	esac
	shift 2
done
if [ -n "$result" ]; then
	{
		echo "# tests/fuzz/uml/run.sh: $mode, $driver${patches:+ with $(basename "$patches")}, $(date -u +%Y-%m-%d), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
		echo "# commit $(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo -), executions are of one process"
	} >"$result"
	exec > >(tee -a "$result")
fi
case $mode in
fuzz) ;;
replay | shrink | cover)
	[ -d "$from" ] || {
		echo "run.sh: --mode $mode needs --from FOLDER" >&2
		exit 2
	}
	;;
*) usage ;;
esac
out=$VMMIO_BUILD/fuzz
if [ "$mode" = replay ]; then
	"$here/kernel.sh" --out "$out/uml" || exit
	kernel=$out/uml/kernel
else
	"$here/kernel.sh" --out "$out/uml" --fast || exit
	kernel=$out/uml/fast
fi
unset MAKEFLAGS MFLAGS

root=${root:-$out/$driver}
[ "$mode" = fuzz ] || root=$root-$mode
mkdir -p "$root"
root=$(cd "$root" && pwd)
exec 8>"$root/lock"
flock -n 8 || {
	echo "run.sh: another run is in $root" >&2
	exit 1
}
module=$root/module
rm -rf "$module"
mkdir -p "$module/device"

# build FOLDER [ARGUMENT...]: the kernel's module there, from a copy: Kbuild writes beside its sources
build()
{
	make -s -C "$kernel" ARCH=um KASAN_REST=y "M=$1" "${@:2}" modules >"$root/log" 2>&1 || {
		tail -n 5 "$root/log"
		exit 1
	}
}
gcov=() others=()
[ "$mode" != cover ] || gcov=(GCOV_PROFILE=y)
case $driver in
vmmio | vmmio_pci)
	mkdir "$module/vmmio"
	cp -r "$tree/kmod" "$tree/include" "$module/vmmio/"
	objects=$module/vmmio/kmod
	build "$objects" KCOV_INSTRUMENT=y "${gcov[@]}"
	ko=$objects/vmmio.ko
	;;
virtio_pci)
	if [ "$mode" = cover ] || [ -n "$patches" ]; then
		echo "run.sh: no branches and no patches of virtio_pci" >&2
		exit 2
	fi
	objects=$kernel/drivers/virtio
	ko=$objects/virtio_pci.ko
	others=("$objects/virtio_pci_legacy_dev.ko" "$objects/virtio_pci_modern_dev.ko")
	;;
virtio_mmio)
	# the kernel's own text once more, where gcov can be had for it, or patched
	objects=$module/drivers/virtio
	mkdir -p "$objects"
	cp "$out/uml/source/drivers/virtio/virtio_mmio.c" "$objects/"
	echo 'obj-m := virtio_mmio.o' >"$objects/Kbuild"
	if [ -n "$patches" ]; then
		(cd "$module" && GIT_CEILING_DIRECTORIES=$root git apply --include=drivers/virtio/virtio_mmio.c "$patches"/000[1-9]-*.patch)
	fi
	ko=$kernel/drivers/virtio/virtio_mmio.ko
	if [ "$mode" = cover ] || [ -n "$patches" ]; then
		build "$objects" KCOV_INSTRUMENT=y "${gcov[@]}"
		ko=$objects/virtio_mmio.ko
	fi
	;;
*)
	echo "run.sh: no driver $driver" >&2
	exit 2
	;;
esac
cp "$here/Kbuild" "$here/device.c" "$here"/*.h "$module/device/"
build "$module/device"
# what another module has reached says nothing of this one
cat "$ko" "${others[@]}" "$module/device/device.ko" "$kernel/linux" | sha256sum >"$root/sum.new"
cmp -s "$root/sum.new" "$root/sum" || rm -f "$root/map"
mv "$root/sum.new" "$root/sum"
cp "$module/device/device.ko" "$root/"
# what it asks the kernel for, it asks device.ko for, see fail.h
sed -n 's/^EXPORT_SYMBOL_GPL(fuzz_\(.*\));$/\1 fuzz_\1/p' "$here/fail.h" >"$root/symbols"
[ -s "$root/symbols" ]
for path in "$ko" "${others[@]}"; do
	objcopy --redefine-syms="$root/symbols" "$path" "$root/$(basename "$path")"
done
gcc -O2 -Wall -Wextra -Werror -static -o "$root/init" "$here/loop.c"
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/corpus" "$root/faults"
rm -rf "$root/out" "$root/places" "$root/kept" "$root/gcda"
touch "$root/out" "$root/places" "$root/found"
before=0
[ ! -e "$root/state" ] || read -r before next <"$root/state"
seed=${seed:-${next:-1}}
if [ -n "$total" ]; then
	runs=$((total - before))
	if [ "$runs" -le 0 ]; then
		echo "$driver: $before executions, there already"
		exit 0
	fi
fi
fast=1 memory=1G
if [ "$mode" != fuzz ]; then
	# all in one boot
	memory=4G
	rm -rf "$root/corpus" "$root/map"
	cp -r "$from" "$root/corpus"
	[ "$mode" != replay ] || fast=0
	[ "$mode" != shrink ] || mkdir "$root/kept"
	[ "$mode" != cover ] || mkdir "$root/gcda"
elif [ -z "$(ls -A "$root/corpus")" ]; then
	if [ -n "$from" ]; then
		cp -r "$from/." "$root/corpus/"
	elif [ -e "$here/$driver.corpus" ]; then
		"$here/../corpus.sh" "$root/corpus" <"$here/$driver.corpus"
	fi
fi

sed -n -e 's/^\* //p' -e "s/^${driver} //p" "$here/known" >"$root/known"

uml=''
trap '[ -z "$uml" ] || kill -KILL -- "-$uml" 2>/dev/null || true' EXIT
trap 'exit 1' HUP INT TERM
chunk=50000 done=0 deaths=0 unknown=0 end='no run came to its end'
begin=$(date +%s.%N)
# seconds since
since()
{
	echo "$begin $(date +%s.%N)" | awk '{ printf "%d", $2 - $1 }'
}
# boot MODE RUNS: until it is over; it aborts then, too
boot()
{
	printf 'driver %s\nmode %s\nseed %s\nruns %s\nfast %s\nuntil %s\n' "$driver" "$1" "$seed" "$2" \
		$fast "${until:+1}" >"$root/job"
	: >"$root/out"
	setsid "$kernel/linux" "mem=$memory" rootfstype=hostfs rootflags="$root" rw init=/init noirqdebug time-travel=inf-cpu \
		con=null con0=null,fd:$((2 - fast)) loglevel=5 stderr=0 oops=panic kasan.fault=panic \
		fuzz_stacks=$((1 - fast)) </dev/null >"$root/console" 2>&1 8>&- &
	uml=$!
	wait $uml 2>/dev/null || true
	uml=''
}

# The kernel died: of which of the inputs of its last write? Those are tried once more, one
# by one; if it lives, all of them are kept.
keep_deadly()
{
	local length name=$root/faults/death-$seed

	cp "$root/current" "$root/again"
	cp "$root/console" "$root/console.death"
	if [ "$mode" = fuzz ]; then
		boot again 1
		if grep -q '^loop: end:' "$root/out"; then
			mv "$root/again" "$name.batch"
			return
		fi
		done=$((done + $(od -An -tu4 -N4 "$root/current")))
	fi
	done=$((done + 1))
	# after how many, the length of all, its own, and it
	length=$(od -An -tu2 -j8 -N2 "$root/current")
	tail -c +11 "$root/current" | head -c "$length" >"$name"
	rm -f "$root/again"
}

while [ "$done" -lt "$runs" ]; do
	[ -z "$seconds" ] || [ "$(since)" -lt "$seconds" ] || break
	boot "${mode/cover/replay}" $((runs - done < chunk ? runs - done : chunk))
	while read -r _ input what; do
		what=${what/#"$objects/"/drivers/virtio/}
		if grep -qxF -e "$what" "$root/known"; then
			[ "$mode" != fuzz ] || [ ! -e "$root/faults/$input" ] ||
				mv "$root/faults/$input" "$root/faults/known.$(printf %s "$what" | tr -c 'a-zA-Z0-9\n' .)"
		else
			unknown=$((unknown + 1))
			echo "$input $what" | tee -a "$root/found"
		fi
	done < <(grep '^fault: ' "$root/out")
	seed=$((seed + 1))
	if end=$(grep '^loop: end:' "$root/out"); then
		count=${end#loop: end: }
		done=$((done + ${count%% *}))
		[ "$mode" = fuzz ] || break
		echo "$((before + done)) $seed" >"$root/state"
		[ -z "$until" ] || [ $unknown = 0 ] || break
		continue
	fi
	deaths=$((deaths + 1))
	{ grep -a -m 2 -E 'BUG: |Kernel panic' "$root/console" || echo "no word in $root/console"; } | tee -a "$root/found"
	count=$(od -An -tu4 -N4 "$root/current")
	done=$((done + count))
	keep_deadly
	if [ $deaths = 10 ] || [ "$mode" != fuzz ] || [ -n "$until" ]; then
		echo "the kernel died after $done executions, see $root/console.death and $root/faults/death-$seed*"
		exit 1
	fi
done
sed -n "s,$objects/,drivers/virtio/,; /^faults:/,/^loop: /p" "$root/out"
echo "$done $begin $(date +%s.%N) $deaths $((before + done))" |
	awk -v d="$driver" '{ printf "%s: %d executions in %.1f s, %.0f a second, %d deaths; %d in all\n", d, $1, $3 - $2, $1 / ($3 - $2), $4, $5 }'

# What gcov counted: beside the objects, or to a folder of the same shape
take_counts()
{
	local counts path to

	for counts in "$root"/gcda/*; do
		path=${counts##*/}
		path=${path//"#"/\/}
		case $path in
		"$objects"/*)
			to=${1-$objects}/${path#"$objects/"}
			mkdir -p "${to%/*}"
			cp "$counts" "$to"
			;;
		esac
	done
}

if [ "$mode" = cover ]; then
	take_counts
	if [ -n "$and_pci" ]; then
		rm -rf "$root/corpus" "$root/gcda" "$root/counts"
		cp -r "$and_pci" "$root/corpus"
		mkdir "$root/gcda"
		cp "$root/out" "$root/out.mmio"
		driver=vmmio_pci
		boot replay "$runs"
		grep -q '^loop: end:' "$root/out" || {
			echo "the kernel died, see $root/console"
			exit 1
		}
		sed -n '/^faults:/,/^loop: /p' "$root/out"
		take_counts "$root/counts/pci"
		mkdir -p "$root/counts/mmio"
		(cd "$objects" && find . -name '*.gcda' -exec cp --parents '{}' "$root/counts/mmio" ';')
		gcov-tool merge -o "$root/counts/both" "$root/counts/mmio" "$root/counts/pci" >"$root/log" 2>&1
		cp -r "$root/counts/both/." "$objects/"
	fi
	find "$objects" -name '*.gcda' | sort | while read -r path; do
		(cd "${path%/*}" && gcov -b -c -p -o . "${path##*/}" 2>/dev/null) |
			awk -v "source=${path%.gcda}.c" -v "name=${path#"$objects/"}" '
				/^File / { on = $0 ~ name_of(source) }
				on && /^Taken at least once:/ {
					split($0, f, /[:% ]+/)
					n = $NF
					printf "%s %d %d\n", name, n * f[5] / 100 + 0.5, n
					on = 0
				}
				function name_of(s) { sub(/.*\//, "", s); gsub(/\./, "\\.", s); return "[/\x27]" s "\x27" }'
	done | sed 's/\.gcda / /' >"$root/branches.txt"
	awk '{ printf "%-16s %4d of %4d branches, %.1f %%\n", $1, $2, $3, 100 * $2 / $3; t += $2; n += $3 }
		END { if (!n) exit 1; printf "%-16s %4d of %4d branches, %.1f %%\n", "all", t, n, 100 * t / n }' "$root/branches.txt"
fi
if [ $((unknown + deaths)) -gt 0 ]; then
	echo "$unknown faults that tests/fuzz/uml/known has not, $deaths deaths: see $root/found"
	exit 1
fi
