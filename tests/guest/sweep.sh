#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A sweep that is killed goes on where it stopped and leaves no QEMU; a guest
# that hangs costs one run, which is recorded as failed and never as a number;
# bad experiment files give one line with the place.
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# with a second per I/O the setting latency_us=1000000 cannot end in time, however far the
# load of the machine stretches it
cat >"$tmp/small.ini" <<'END'
[experiment]
boots = 2
rounds = 1
count = 1000
timeout = 25
[grid hang]
driver = mainline
transport = mmio
latency_us = 0, 1000000
END

"$bench" sweep "$tmp/small.ini" --retries 0 --accel tcg --jobs 1 --out "$tmp/out" >"$tmp/log" 2>"$tmp/err" &
pid=$!
tries=600
while [ -z "$(find "$tmp/out" -name 'run-*.json' 2>/dev/null)" ]; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || fail "no run ended"
	sleep 0.1
done
status=0
"$bench" sweep "$tmp/small.ini" --accel tcg --restart --out "$tmp/out" >"$tmp/log" 2>"$tmp/err" || status=$?
if [ "$status" != 1 ] || ! grep -q "process $pid is running this experiment" "$tmp/err"; then
	fail "a second sweep of the same experiment: status $status"
fi
[ -n "$(find "$tmp/out" -name 'run-*.json')" ] || fail "the second sweep took the runs of the first"
kill -KILL "$pid"
wait "$pid" || true
sleep 0.5
[ -z "$(qemus)" ] || fail "left QEMU running: $(qemus)"
[ -z "$(find "$tmp/out" -name manifest.json)" ] || fail "left what looks like a result"

# stale WHAT OPTION...: with another set-up the runs that are there are not gone on with
stale()
{
	what=$1
	shift
	status=0
	timeout 20 "$bench" sweep "$tmp/small.ini" --retries 0 --accel tcg --jobs 1 --out "$tmp/out" "$@" \
		>"$tmp/log" 2>"$tmp/err" || status=$?
	if [ "$status" != 1 ] || [ "$(wc -l <"$tmp/err")" != 1 ] || ! grep -q 'restart forgets' "$tmp/err"; then
		fail "going on with $what: status $status"
	fi
}
ln -s "$(command -v qemu-system-x86_64)" "$tmp/qemu"
stale 'another QEMU' --qemu "$tmp/qemu"
cp "$VMMIO_BUILD/image/initrd.cpio" "$tmp/initrd"
echo >>"$tmp/initrd"
stale 'another image' --kernel "$VMMIO_BUILD/image/vmlinuz" --initrd "$tmp/initrd"

"$bench" sweep "$tmp/small.ini" --retries 0 --accel tcg --jobs 2 --out "$tmp/out" >"$tmp/log" 2>"$tmp/err" ||
	fail "the sweep did not go on"
grep -q 'going on: [123] of 4 runs are there' "$tmp/err" || fail "it began anew"
grep -q '4 runs, 2 failed' "$tmp/log" || fail "not 4 runs with 2 failed: $(cat "$tmp/log")"
set -- "$tmp"/out/*-tcg/small
grep -q '"why": "the guest did not end' "$1/result.json" || fail "the failure has no reason"
if grep -q 'latency_us=1000000' "$1/series.csv"; then
	fail "a failed run became a number"
fi
grep -q '^tcg,load=randread .*latency_us=0 transport=mmio depth=1,accesses_per_io,.*,2,3,3,3,0,yes' \
	"$1/series.csv" || fail "the good runs are not there"
[ -z "$(find "$tmp/out" -name '.*' -mindepth 1)" ] || {
	# what the killed one was writing: hidden, and no result
	[ -z "$(find "$tmp/out" -path '*/.sweep*')" ] || fail "left the state of a finished sweep"
}

# refuse WORD, the experiment on standard input
refuse()
{
	cat >"$tmp/bad.ini"
	status=0
	"$bench" sweep "$tmp/bad.ini" --accel tcg --out "$tmp/bad" >"$tmp/log" 2>"$tmp/err" || status=$?
	if [ "$status" != 2 ] || [ "$(wc -l <"$tmp/err")" != 1 ] || ! grep -q -e "$1" "$tmp/err"; then
		fail "bad experiment: status $status, or not one line with '$1'"
	fi
}
refuse 'empty' </dev/null
refuse 'line 1: grid a: .*\|no such section\|not a section' <<'END'
[grids]
END
refuse 'line 2: .*no such key' <<'END'
[experiment]
bots = 3
END
refuse "line 2: not 'key = value'\|line 2: nonsense" <<'END'
[experiment]
nonsense
END
refuse 'line 2: depth\|line 2: 0: a value' <<'END'
[grid a]
depth = 0
END
refuse 'line 2: 1: the value is there twice' <<'END'
[grid a]
depth = 1, 1
END
refuse 'line 2: boots: no such key in a grid' <<'END'
[grid a]
boots = 2
END
refuse 'no \[grid NAME\] section' <<'END'
[experiment]
boots = 2
END
refuse 'depth 64 is more than count 10' <<'END'
[grid a]
depth = 64
count = 10
END
refuse 'line 2: depth: a value is missing' <<'END'
[grid a]
depth = 1,,4
END
head -c 300 /dev/zero >"$tmp/zero.ini"
refuse 'empty' <"$tmp/zero.ini"
status=0
"$bench" sweep "$tmp/nonexistent.ini" 2>"$tmp/err" || status=$?
if [ "$status" != 2 ] || ! grep -q 'No such file' "$tmp/err"; then
	fail "a missing experiment"
fi
