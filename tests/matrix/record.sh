#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of label matrix and files what they said under results/, with
# the date and the machine. Counts only: emulated time is no result.
# usage: record.sh BUILD-FOLDER [LOG]; LOG: file what an earlier ctest -V wrote.
# Exit status 0, or 1 if a test failed.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ] || [ ! -f "$1/CMakeCache.txt" ]; then
	echo "usage: record.sh BUILD-FOLDER [LOG]" >&2
	exit 2
fi
build=$(cd "$1" && pwd)
source=$(cd "$(dirname "$0")/../.." && pwd)
out=$source/results/$(date -u +%Y-%m-%d)-kernels-tcg
mkdir -p "$out"
log=${2:-$build/matrix.log}
# the tree that was tested is the one of the build folder
tested=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")

status=0
if [ $# = 1 ]; then
	cmake -S "$source" -B "$build" -DVMMIO_MATRIX=ON >/dev/null
	ctest --test-dir "$build" -L matrix -V -O "$log" >/dev/null || status=1
fi

{
	echo "# Kernels and bindings under emulation; made by tests/matrix/record.sh."
	echo "# commit $(git -C "$tested" describe --always --dirty 2>/dev/null || echo unknown)"
	echo "# $(qemu-system-x86_64 --version | head -n 1)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, accelerator tcg"
	echo
	# the verdict stands after the name, or on a line of its own
	awk '
		/ Test +#[0-9]+: matrix\./ { for (i = 1; i <= NF; i++) if ($i ~ /^matrix\./) name = $i }
		name != "" && match($0, /Passed|Failed|Skipped|Timeout|Not Run/) {
			verdict = substr($0, RSTART, RLENGTH)
			if (name !~ /\.image-/) print tolower(verdict), name
			name = ""
		}' "$log"
} >"$out/summary.txt"
{
	echo "# What each test printed: devices, registers that agree, kicks and interrupts."
	sed -n 's/^\([0-9]*\): \(virtio.*\|split: .*\|packed: .*\|[0-9].*data unharmed.*\|FAIL.*\|.*skipped.*\)$/\1 \2/p; s/^test \([0-9]*\)$/\1 test/p; s/^ *Start *\([0-9]*\): \(matrix\.[^ ]*\)$/\1 == \2/p' "$log" |
		grep -v ' test$' | sed 's/^[0-9]* //'
} >"$out/counts.txt"
cat "$out/summary.txt"
exit "$status"
