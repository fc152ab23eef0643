#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-bench interrupted, and killed: no QEMU is left, and nothing that looks
# like a result.
set -eu

# shellcheck source=tests/bench.sh
. "$VMMIO_SOURCE/tests/bench.sh"

# try SIGNAL STATUS: end a run by it while its guests are up
try()
{
	"$bench" compare --boots 4 --rounds 9 --count 20000 --accel tcg --out "$tmp/$1" \
		>"$tmp/out" 2>"$tmp/err" &
	pid=$!
	tries=100
	while [ -z "$(qemus)" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			cat "$tmp/err"
			echo "no guest was started"
			exit 1
		}
		sleep 0.1
	done
	sleep 1
	kill "-$1" "$pid"
	status=0
	wait "$pid" || status=$?
	if [ "$status" != "$2" ]; then
		cat "$tmp/err"
		echo "$1: exit status $status instead of $2"
		exit 1
	fi
	tries=20
	while [ -n "$(qemus)" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			echo "$1: left QEMU running: $(qemus)"
			exit 1
		}
		sleep 0.1
	done
	if [ -n "$(find "$tmp/$1" -name manifest.json)" ] || [ -n "$(ls "$tmp/$1")" ]; then
		echo "$1: left what looks like a result:"
		find "$tmp/$1"
		exit 1
	fi
}

try INT 130
try TERM 143
[ -z "$(find "$tmp/TERM" "$tmp/INT" -mindepth 1)" ] || {
	echo "left files behind:"
	find "$tmp"
	exit 1
}
try KILL 137
