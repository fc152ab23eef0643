#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Bad input to the programs that start things: one line that names the option,
# status 2, and nothing started.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# wrong PATTERN COMMAND...
wrong()
{
	pattern=$1
	shift
	status=0
	"$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" != 2 ] || ! grep -q -e "$pattern" "$work/err" || [ -s "$work/out" ]; then
		echo "$*: status $status, said: $(cat "$work/err")"
		exit 1
	fi
}

boot=$VMMIO_BUILD/vmmio-boot
wrong '--timeout 0: must be' "$boot" --timeout 0
wrong '--timeout 1x: must be' "$boot" --timeout 1x
wrong '--memory -5: must be' "$boot" --memory -5
wrong '--smp 18446744073709551616: must be' "$boot" --smp 18446744073709551616
wrong '--accel warp' "$boot" --accel warp
wrong '--file nowhere' "$boot" --file nowhere
wrong 'unknown column isa' "$boot" --columns mmio,isa
wrong '--command.*contradicts --script' "$boot" --script x --command y
wrong '--trace-events and --trace-log' "$boot" --trace-events x
wrong '--icount needs' "$boot" --icount --accel auto
wrong 'bogus' "$boot" --bogus
wrong 'argument x' "$boot" x

for program in vmmio-boot vmmio-bench vmmio-ctl vmmio-stat; do
	"$VMMIO_BUILD/$program" --version | grep -q "^$program [0-9]" || {
		echo "$program --version says nothing"
		exit 1
	}
done
wrong "'foo' is neither a subcommand nor" "$VMMIO_BUILD/vmmio-stat" foo
wrong "interval: '5x' is not a number" "$VMMIO_BUILD/vmmio-stat" 5x

load=$VMMIO_BUILD/blkload
wrong '--depth 0' "$load" --depth 0 x
wrong '--depth 5000' "$load" --depth 5000 x
wrong '--block-size 1000' "$load" --block-size 1000 x
wrong '--count ten' "$load" --count ten x
wrong '--rw 101' "$load" --rw 101 x
wrong 'no device' "$load"
wrong 'more than one' "$load" a b

load=$VMMIO_BUILD/charload
wrong '--block-size 0' "$load" --block-size 0 x
wrong '--rw both' "$load" --rw both x
wrong 'no device' "$load"

load=$VMMIO_BUILD/netload
wrong 'link or run' "$load"
wrong 'needs an interface and its peer' "$load" link eth0
wrong '--kind ping' "$load" run --kind ping eth0
wrong '--depth 257' "$load" run --depth 257 eth0
wrong '--request 0' "$load" run --request 0 eth0
wrong '--response 65001' "$load" run --response 65001 eth0
wrong 'no interface' "$load" run

fetch=$VMMIO_SOURCE/cmake/fetch-kernel.sh
wrong '--out' "$fetch" --out
wrong '--out is missing' "$fetch"
wrong '--bogus' "$fetch" --bogus

quick=$VMMIO_SOURCE/quickstart
wrong 'unknown command start' "$quick" start
wrong 'usage' "$quick"
