#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every load of an experiment but the disk's, quickly: one boot each, over all
# transports. What is structural must come out: accesses per transaction, read and
# write at depth 1. That the witnesses of each load can fail is unit/test_bench_loads.c.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

cat >"$tmp/loads.ini" <<'END'
[experiment]
boots = 1
rounds = 1
count = 60
timeout = 240
[grid transaction]
load = udp_rr
[grid stream]
load = tcp_stream
block_size = 1000
[grid small]
load = rng, console
block_size = 64
[grid legacy]
transport = mmio-legacy
load = block, tcp_rr
END
"$bench" sweep "$tmp/loads.ini" --accel tcg --jobs 2 --out "$tmp/out" >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	exit 1
}
if ! grep -q '^6 runs, 0 failed' "$tmp/log" || grep -q 'no figures' "$tmp/log"; then
	cat "$tmp/log"
	exit 1
fi
csv=$(echo "$tmp"/out/*-tcg/loads/series.csv)

# exact LOAD KEY mmio pci-intx pci-msix [mmio-legacy]: medians; - is not there
exact()
{
	load=$1
	key=$2
	shift 2
	for transport in mmio pci-intx pci-msix mmio-legacy; do
		have=$(awk -F, -v load="load=$load " -v at="transport=$transport " -v key="$key" '
			index($2, load) && index($2, at) && $3 == key { print $0 }' "$csv" |
			sed 's/"[^"]*"//' | cut -d, -f 9)
		[ "${have:--}" = "${1:--}" ] || {
			echo "$load on $transport: $key is ${have:--} instead of ${1:--}"
			grep "load=$load .*$key" "$csv"
			exit 1
		}
		[ $# = 0 ] || shift
	done
}
exact udp_rr accesses_per_io 5 3 1
exact udp_rr vq:output.0:kicks 1 1 1
exact udp_rr vq:input.0:irqs 1 1 1
exact udp_rr vq:output.0:irqs 1 1 1
exact console accesses_per_io 3 2 1
exact randread accesses_per_io - - - 3
# now and then the kernel reads its source itself
for transport in mmio:3 pci-intx:2 pci-msix:1; do
	awk -F, -v at="transport=${transport%:*} " -v want="${transport#*:}" '
		index($2, "load=rng ") && index($2, at) && $3 == "accesses_per_io" {
			sub(/"[^"]*"/, "", $0)
			split($0, f, ",")
			found = f[9] >= want && f[9] <= want * 1.05
		}
		END { exit !found }' "$csv" || {
		echo "rng on $transport per read:"
		grep 'load=rng .*accesses_per_io' "$csv"
		exit 1
	}
done
grep -q '^tcg,load=tcp_stream .*transport=pci-msix depth=1,kicks_per_io,.*,schedule,yes,' "$csv" || {
	echo "the stream is not there, or not of class schedule"
	exit 1
}

# Another monitor by its command: QEMU under another name, so no command of ours.
ln -s "$(command -v qemu-system-x86_64)" "$tmp/other-vmm"
sed "s,^qemu-system-x86_64\$,$tmp/other-vmm," "$VMMIO_SOURCE/bench/experiments/vmm/qemu.args" \
	>"$tmp/other.args"
cat >"$tmp/vmm.ini" <<'END'
[experiment]
title = Another monitor
vmm = other.args
boots = 1
rounds = 1
count = 20
[grid a]
transport = mmio
END
if ! "$bench" sweep "$tmp/vmm.ini" --accel tcg --out "$tmp/out" >"$tmp/log" 2>&1 ||
	! grep -q '^untested template: 1 runs, 0 failed' "$tmp/log" ||
	! grep -q 'other.args: untested template' "$tmp/log" ||
	grep -q 'no figures' "$tmp/log"; then
	echo "another monitor:"
	cat "$tmp/log"
	exit 1
fi
set -- "$tmp"/out/*-tcg/vmm
if ! grep -q '"untested_template": true' "$1/result.json" ||
	! grep -q '^# Untested template: Another monitor' "$1/README.md" ||
	! grep -q 'transport=mmio depth=1,accesses_per_io,.*,3,3,3,' "$1/series.csv"; then
	echo "the result of another monitor does not say so, or is not there"
	head -5 "$1/README.md" "$1/series.csv"
	exit 1
fi
# by its plain name, in its folder: what it names is still beside it
if ! (cd "$tmp" && "$bench" sweep vmm.ini --accel tcg --out beside >log 2>&1); then
	echo "from its own folder:"
	cat "$tmp/log"
	exit 1
fi
# refuse WORD: that template gives one line and status 2
refuse()
{
	status=0
	"$bench" sweep "$tmp/vmm.ini" --accel tcg --out "$tmp/bad" >"$tmp/log" 2>&1 || status=$?
	if [ "$status" != 2 ] || [ "$(wc -l <"$tmp/log")" != 1 ] || ! grep -q "$1" "$tmp/log"; then
		echo "bad template: status $status, or not one line with '$1':"
		cat "$tmp/log"
		exit 1
	fi
}
echo 'vmm --kernel={kernal}' >"$tmp/other.args"
refuse 'line 1: no such placeholder: {kernal}'
echo '# nothing' >"$tmp/other.args"
refuse 'no command in it'
# labels of what the monitor never got
printf '%s\n' vmm '{smp}' '{devices}' >"$tmp/other.args"
refuse 'no {accel} in it: --accel would not be applied'
echo 'vcpus = 1, 2' >>"$tmp/vmm.ini"
printf '%s\n' vmm '{accel}' '{devices}' >"$tmp/other.args"
refuse 'no {smp} in it: vcpus would not be applied'
echo 'packed = on' >>"$tmp/vmm.ini"
printf '%s\n' vmm '{accel}' '{smp}' >"$tmp/other.args"
refuse 'no {devices} in it: packed would not be applied'
rm "$tmp/other.args"
refuse 'No such file'

# cannot WORD LINE...: such a grid cannot be run here: one line, status 1, nothing has run
cannot()
{
	word=$1
	shift
	{
		echo '[grid a]'
		printf '%s\n' "$@"
	} >"$tmp/cannot.ini"
	status=0
	VMMIO_IMAGE_DIR=$tmp/none/image "$bench" sweep "$tmp/cannot.ini" --accel tcg --out "$tmp/bad" \
		>"$tmp/log" 2>&1 || status=$?
	if [ "$status" != 1 ] || [ "$(wc -l <"$tmp/log")" != 1 ] || ! grep -q "$word" "$tmp/log"; then
		echo "$*: status $status, or not one line with '$word':"
		cat "$tmp/log"
		exit 1
	fi
}
cannot 'ioeventfd = on needs KVM' 'ioeventfd = off, on'
cannot "arch = arm64: no arch/arm64/vmlinuz: make it with ctest" 'arch = arm64'
cannot 'load = fio: no arch/fio/initrd.cpio: make it with cmake' 'load = fio'
