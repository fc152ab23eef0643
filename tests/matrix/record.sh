#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of label matrix and files what they said under results/, with
# the date and the machine. Counts only: emulated time is no result.
# usage: record.sh BUILD-FOLDER; exit status 0, or 1 if a test failed
set -eu

if [ $# != 1 ] || [ ! -f "$1/CMakeCache.txt" ]; then
	echo "usage: record.sh BUILD-FOLDER" >&2
	exit 2
fi
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
out=$source/results/$(date -u +%Y-%m-%d)-kernels-tcg
mkdir -p "$out"
log=$build/matrix.log

cmake -S "$source" -B "$build" -DVMMIO_MATRIX=ON >/dev/null
status=0
ctest --test-dir "$build" -L matrix -V -O "$log" >/dev/null || status=1

{
	echo "# Kernels and bindings under emulation; made by tests/matrix/record.sh."
	echo "# commit $(git -C "$source" describe --always --dirty 2>/dev/null || echo unknown)"
	echo "# $(qemu-system-x86_64 --version | head -n 1)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, accelerator tcg"
	echo
	sed -n 's,^ *[0-9]*/[0-9]* Test *#[0-9]*: \(matrix\.[^ ]*\) \.*\(.*\),\1\2,p' "$log" |
		sed 's/  *[0-9.]* sec$//; s/\*\*\*//; s/  */ /g' | grep -v '\.image-' || true
} >"$out/summary.txt"
{
	echo "# What each test printed: devices, registers that agree, kicks and interrupts."
	sed -n 's/^\([0-9]*\): \(virtio.*\|split: .*\|packed: .*\|[0-9].*data unharmed.*\|FAIL.*\|.*skipped.*\)$/\1 \2/p; s/^test \([0-9]*\)$/\1 test/p; s/^ *Start *\([0-9]*\): \(matrix\.[^ ]*\)$/\1 == \2/p' "$log" |
		grep -v ' test$' | sed 's/^[0-9]* //'
} >"$out/counts.txt"
cat "$out/summary.txt"
exit "$status"
