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
wrong '--timeout 0: not a number from 1 to 14400' "$boot" --timeout 0
wrong '--timeout 1x: not a number' "$boot" --timeout 1x
wrong '--memory -5: not a number' "$boot" --memory -5
wrong '--smp 18446744073709551616: not a number' "$boot" --smp 18446744073709551616
wrong '--accel warp' "$boot" --accel warp
wrong '--file nowhere: must be HOST:GUEST' "$boot" --file nowhere
wrong 'unknown column isa' "$boot" --columns mmio,isa
wrong '--command.*contradicts --script' "$boot" --script x --command y
wrong '--trace-events and --trace-log' "$boot" --trace-events x
wrong '--icount needs' "$boot" --icount --accel auto
wrong 'bogus' "$boot" --bogus
wrong '--time: no such option' "$boot" --time 5
wrong '-t needs a value' "$boot" -vt
wrong 'x: one operand too many' "$boot" x

for program in vmmio-boot vmmio-bench vmmio-ctl vmmio-stat blkload charload netload; do
	"$VMMIO_BUILD/$program" --version | grep -q "^$program [0-9]" || {
		echo "$program --version says nothing"
		exit 1
	}
done
wrong "'foo' is neither a subcommand nor" "$VMMIO_BUILD/vmmio-stat" foo
wrong "interval: '5x' is not a number" "$VMMIO_BUILD/vmmio-stat" 5x

stat=$VMMIO_BUILD/vmmio-stat
wrong '--max-size 1K: takes 4K or more bytes' "$stat" record --max-size 1K
wrong '--max-size 9999999G: takes 4K or more bytes' "$stat" record --max-size 9999999G
wrong '--buffer x: takes 64K to 1G' "$stat" record --buffer x
wrong 'no number of seconds' "$stat" record ten
wrong 'exclude each other' "$stat" record 5 -- true
wrong 'no command follows' "$stat" record --
wrong 'belong together' "$stat" record --keep 1M 1
wrong "--until kick_to_irq > 2: takes 'kick_to_irq > 2ms'" "$stat" record --keep 1M --until 'kick_to_irq > 2' 1
wrong '--until kick_to_irq 2ms: takes' "$stat" record --keep 1M --until 'kick_to_irq 2ms' 1
wrong '--until stall > 1ms: takes' "$stat" record --keep 1M --until 'stall > 1ms' 1
wrong "without --max-size there are no '--parts'" "$stat" record --parts 3 1
wrong '--parts 1: not a number from 2 to 10000' "$stat" record --max-size 1M --parts 1 1
wrong 'no --buffer and' "$stat" record --keep 1M --until SIGUSR1 --buffer 1M 1
wrong 'of which recording' "$stat" report
wrong '--hist x: no distribution' "$stat" report --hist x f
wrong '--cpu 3-1: not numbers and ranges' "$stat" report --cpu 3-1 f
wrong '--to is not after --from' "$stat" report --from 2 --to 1 f
wrong '--slowest 0: not a number from 1 to 100000' "$stat" report --slowest 0 f
wrong 'goes alone, of the whole' "$stat" report --slowest 3 f 1
wrong '--verify: no such option' "$stat" report --verify f

load=$VMMIO_BUILD/blkload
wrong '--depth 0' "$load" --depth 0 x
wrong '--depth 5000' "$load" --depth 5000 x
wrong '--block-size 1000' "$load" --block-size 1000 x
wrong '--count ten' "$load" --count ten x
wrong '--rw 101' "$load" --rw 101 x
wrong 'no device' "$load"
wrong 'b: one operand too many' "$load" a b

load=$VMMIO_BUILD/charload
wrong '--block-size 0' "$load" --block-size 0 x
wrong '--rw both' "$load" --rw both x
wrong 'no device' "$load"

load=$VMMIO_BUILD/netload
wrong 'link, tap, join or run' "$load"
wrong 'needs an interface and its peer' "$load" link eth0
wrong 'needs a name, a pair' "$load" tap tap0 1
wrong 'needs a name, a pair' "$load" tap tap0 100 64
wrong "needs an interface and a pair's number" "$load" join eth0 0
wrong '--pair: udp_rr only' "$load" run --pair 1 --kind tcp_rr eth0
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
