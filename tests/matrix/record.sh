#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the tests of label matrix and files what they said under results/, with
# the date, the machine and the commit. Counts only: emulated time is no result.
# usage: record.sh BUILD-FOLDER [LOG...]
# LOG: what a run of this script (BUILD-FOLDER/matrix.log), or of parts of the
# matrix by "ctest -V" with a line "# commit ID" before it, has left.
# Exit status 0, or 1 if a test failed.
set -eu

if [ $# -lt 1 ] || [ ! -f "$1/CMakeCache.txt" ]; then
	echo "usage: record.sh BUILD-FOLDER [LOG...]" >&2
	exit 2
fi
build=$(cd "$1" && pwd)
shift
source=$(cd "$(dirname "$0")/../.." && pwd)
out=$source/results/$(date -u +%Y-%m-%d)-kernels-tcg
mkdir -p "$out"

status=0
if [ $# = 0 ]; then
	set -- "$build/matrix.log"
	# the tree that is tested is the one of the build folder
	tested=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt")
	echo "# commit $(git -C "$tested" describe --always --dirty 2>/dev/null || echo unknown)" >"$1"
	cmake -S "$tested" -B "$build" -DVMMIO_MATRIX=ON >/dev/null
	ctest --test-dir "$build" -L matrix -V >>"$1" || status=1
fi
for log in "$@"; do
	case $(head -n 1 "$log") in
	'# commit '*) ;;
	*)
		echo "record: $log does not begin with \"# commit ID\"" >&2
		exit 2
		;;
	esac
done

{
	echo "# Kernels and bindings under emulation; made by tests/matrix/record.sh."
	echo "# $(qemu-system-x86_64 --version | head -n 1)"
	echo "# CPU $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, accelerator tcg"
	# the verdict stands after the name, or on a line of its own
	awk '
		FNR == 1 { print ""; print; next }
		/ Test +#[0-9]+: matrix\./ { for (i = 1; i <= NF; i++) if ($i ~ /^matrix\./) name = $i }
		name != "" && match($0, /Passed|Failed|Skipped|Timeout|Not Run/) {
			verdict = substr($0, RSTART, RLENGTH)
			if (name !~ /\.(image|fetch)-/) print tolower(verdict), name
			name = ""
		}' "$@"
} >"$out/summary.txt"
{
	echo "# What each test printed: devices, registers that agree, kicks and interrupts."
	cat "$@" | sed -n 's/^\([0-9]*\): \(virtio.*\|split: .*\|packed: .*\|packed=.*\|[0-9].*data unharmed.*\|[0-9]* options, .*\|.* depth [0-9 ]*doorbells .*\|\(mainline\|ours\) "source".*\|FAIL.*\|.*skipped.*\)$/\1 \2/p; s/^test \([0-9]*\)$/\1 test/p; s/^ *Start *\([0-9]*\): \(matrix\.[^ ]*\)$/\1 == \2/p' |
		grep -v ' test$' | sed 's/^[0-9]* //'
} >"$out/counts.txt"
cat "$out/summary.txt"
exit "$status"
