#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Every way a guest can end badly fails the run, says why and shows the end of
# the console; no QEMU and no temporary folder is left, also after a signal.
set -eu
boot=$VMMIO_BUILD/vmmio-boot
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
TMPDIR=$work/tmp
export TMPDIR
mkdir "$TMPDIR"

failed()
{
	echo "endings: $*"
	cat "$work/err"
	exit 1
}

# ends STATUS PATTERN OPTION...: vmmio-boot's exit status and what it says
ends()
{
	want=$1 pattern=$2
	shift 2
	status=0
	"$boot" "$@" >"$work/out" 2>"$work/err" || status=$?
	[ "$status" = "$want" ] || failed "$*: status $status instead of $want"
	grep -q "$pattern" "$work/err" || failed "$*: does not say $pattern"
	[ -z "$(ls -A "$TMPDIR")" ] || failed "$*: left something in TMPDIR"
}

ends 1 '^vmmio-boot: Kernel panic' --command 'echo c >/proc/sysrq-trigger; sleep 9'
grep -q 'RIP: ' "$work/err" || failed "panic: the console is not shown"
ends 1 '^vmmio-boot: the guest did not end within 15 s ([0-9]* s passed)$' --timeout 15 \
	--command 'echo seen >/dev/kmsg; echo last words >&2; while :; do :; done'
grep -q 'last words' "$work/err" || failed "hang: the console is not shown"
ends 1 'without saying VMMIO-END' --command 'poweroff -f; sleep 9'
ends 3 'ended with status 3' --command 'printf said; exit 3' # a line need not be whole
[ "$(cat "$work/out")" = said ] || failed "the output of a failed script is lost"
ends 99 'kernel complained' --command 'echo "BUG: planted" >/dev/kmsg'
ends 1 'bogus' -- -device bogus
ends 1 "trace event 'bogus_event' does not exist" --trace-events bogus_event \
	--trace-log "$work/log"
ends 1 'No such file' --file "$work/missing:/x"

# A signal ends the guest, too, and so does a death that cannot clean up.
for signal in INT TERM KILL; do
	"$boot" --command 'sleep 60' -- -name "endings-$$" >"$work/out" 2>"$work/err" &
	pid=$!
	tries=100
	until pgrep -f "endings-$$" >/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || failed "no QEMU was started"
		sleep 0.1
	done
	kill -s "$signal" "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" -gt 128 ] || failed "SIG$signal: status $status"
	tries=50
	# One that is dead and not yet reaped by init has no command line.
	while pgrep -f "^qemu.*endings-$$" >/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || failed "SIG$signal left a QEMU"
		sleep 0.1
	done
	[ "$signal" = KILL ] || [ -z "$(ls -A "$TMPDIR")" ] || failed "SIG$signal left a folder"
done
