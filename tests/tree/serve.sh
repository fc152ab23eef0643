#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# serve of a recording: what it says is what --json and --textfile say, both metric formats
# pass the checks of those who read them, the process that answers may do nothing, and what is
# wrong is said in one line. How it stands up to bad clients is unit.serve's.
set -eu

stat=$VMMIO_BUILD/vmmio-stat
recording=file:$VMMIO_SOURCE/tests/data/guest.jsonl
work=$(mktemp -d)
server=''
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "FAILED: $*"
	cat "$work/err" 2>/dev/null || true
	exit 1
}

# start OPTION...: in the background, until it listens; its address is in $at
start()
{
	: >"$work/err"
	"$stat" serve --source "$recording" "$@" 2>"$work/err" &
	server=$!
	tries=600
	until at=$(sed -n 's/^vmmio-stat: serve: listening at \(.*\)/\1/p' "$work/err") && [ -n "$at" ]; do
		kill -0 "$server" 2>/dev/null || fail 'it does not start'
		tries=$((tries - 1))
		[ "$tries" != 0 ] || fail 'it does not listen'
		sleep 0.1
	done
}

stop()
{
	kill -TERM "$server"
	status=0
	wait "$server" || status=$?
	server=''
	[ "$status" = 0 ] || fail "SIGTERM: status $status"
	[ "$(wc -l <"$work/err")" = 1 ] || fail 'SIGTERM: it said something'
}

# get PATH OPTION...: with patience until the first interval is over
get()
{
	path=$1
	shift
	curl -sS --fail --retry 30 --retry-delay 1 --max-time 60 "$@" "$at$path"
}

# refused STATUS WORDS OPTION...: one line that has the words
refused()
{
	want=$1 words=$2 got=0
	shift 2
	"$stat" serve "$@" >"$work/out" 2>"$work/err" </dev/null || got=$?
	[ "$got" = "$want" ] || fail "serve $*: exit $got instead of $want"
	[ "$(wc -l <"$work/err")" = 1 ] || fail "serve $*: not one line"
	grep -qF -e "$words" "$work/err" || fail "serve $*: does not say '$words'"
}

# child PID: the folder in /proc of the process that PID started
child()
{
	for status in /proc/[0-9]*/status; do
		if grep -qx "PPid:	$1" "$status" 2>/dev/null; then
			echo "${status%/status}"
			return
		fi
	done
	return 1
}

command -v curl >/dev/null || {
	echo 'package curl is needed'
	exit 77
}
fetch=$VMMIO_SOURCE/cmake/fetch-deb.sh
"$fetch" --out "$VMMIO_BUILD/packages/prometheus-client" python3-prometheus-client || {
	echo 'no parser of OpenMetrics (package python3-prometheus-client)'
	exit 77
}

refused 2 'not ADDRESS:PORT' --listen here
refused 2 '--insecure-listen' --listen 0.0.0.0:9847
refused 2 'the path of a socket begins with /' --listen unix:x
refused 2 '--listen needs a value' --listen
refused 2 '--json: no such option' --json
refused 2 'takes no count' 1 1
refused 2 "'five' is neither" five
refused 1 'cannot listen at unix:/nonexistent/x: No such file' --listen unix:/nonexistent/x
refused 1 'cannot read /nonexistent' --source file:/nonexistent/x --listen 127.0.0.1:0
"$stat" serve --help | grep -q -e '--insecure-listen' || fail 'no help'

# once the recording is over nothing moves any more: all texts are of the same sums
start --listen 127.0.0.1:0 --emulated-time 0.01
port=${at#http://127.0.0.1:}
refused 1 'Address already in use (another vmmio-stat serve?' --source "$recording" --listen "127.0.0.1:${port%/}"
tries=60
until curl -sN --max-time 1 "${at}api/events" >"$work/events"; grep -qx 'event: end' "$work/events"; do
	tries=$((tries - 1))
	[ "$tries" != 0 ] || fail 'the recording does not end'
done
grep -q '^data: {"schema":1,"tool":"vmmio-stat",.*"hist":' "$work/events" || fail 'no event of rows'
get metrics >"$work/metrics"
"$stat" --source "$recording" --emulated-time --textfile "$work/textfile" -i 0.001
grep -v vmmio_stalls_watched "$work/metrics" | cmp - "$work/textfile" || fail 'not what --textfile writes'
grep -qx 'vmmio_stalls_watched 0' "$work/metrics" || fail 'a recording is not watched for stalls'
get metrics -H 'Accept: application/openmetrics-text; version=1.0.0' >"$work/open"
PYTHONPATH=$VMMIO_BUILD/packages/prometheus-client/usr/lib/python3/dist-packages \
	/usr/bin/python3 -c '
import sys
from prometheus_client.parser import text_string_to_metric_families as text
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
def samples(families):
    return sorted((s.name, sorted(s.labels.items()), s.value) for f in families for s in f.samples)
a = samples(text(open(sys.argv[1]).read()))
b = samples(openmetrics(open(sys.argv[2]).read()))
assert len(a) > 500 and a == b, "the formats differ"
' "$work/metrics" "$work/open" || fail 'OpenMetrics'
# the last interval, as --json has it
"$stat" --source "$recording" --emulated-time --json -i 0.001 | tail -n 1 >"$work/last"
get api/rows | cmp - "$work/last" || fail 'not what --json writes'
"$stat" --source "$recording" --emulated-time --json=full -i 0.001 | tail -n 1 >"$work/last"
get 'api/rows?full' | cmp - "$work/last" || fail 'not what --json=full writes'
get api/stalls | grep -q '"rows":null,"why":"a recording' || fail 'stalls of a recording'
[ "$(curl -s -o "$work/out" -w '%{http_code}' -H 'Host: evil.example' "$at")" = 403 ] ||
	fail 'a foreign name is answered'

# who answers holds no right
answering=$(child "$server") || fail 'no second process'
for line in CapInh CapPrm CapEff CapAmb; do
	grep -qx "$line:	0*" "$answering/status" || fail "$(grep "$line" "$answering/status")"
done
grep -qx 'NoNewPrivs:	1' "$answering/status" || fail 'it could gain privileges'
if [ "$(id -u)" = 0 ]; then
	grep -qx 'Uid:	65534	65534	65534	65534' "$answering/status" || fail "$(grep Uid "$answering/status")"
	grep -qx 'Gid:	65534	65534	65534	65534' "$answering/status" || fail "$(grep Gid "$answering/status")"
	grep -qx 'Groups:	 *' "$answering/status" || fail "$(grep Groups "$answering/status")"
	grep -qx 'CapBnd:	0*' "$answering/status" || fail "$(grep CapBnd "$answering/status")"
	# its descriptors: 0 to 2, the listener, the feed, and what libevent waits with
	others=$(for fd in "$answering"/fd/*; do readlink "$fd"; done |
		grep -v -e '^/dev/null$' -e '^socket:' -e '^pipe:' -e '^anon_inode:\[e' -e "^$work/err\$" || true)
	[ -z "$others" ] || fail "it holds $others"
fi
stop
[ ! -e "$answering" ] || fail 'the second process is still there'

# a Unix socket: its owner's alone, and gone at the end; no name is asked for there
start --listen "unix:$work/socket" --source "$recording" 0.01
[ "$(stat -c %a "$work/socket")" = 600 ] || fail 'others may use the socket'
at=http://anything/
get metrics --unix-socket "$work/socket" >"$work/metrics"
grep -q '^vmmio_kick_buffers_bucket' "$work/metrics" || fail 'no metrics'
! grep -q '_seconds' "$work/metrics" || fail 'emulated durations'
# whose server is killed ends, with a line and a status
answering=$(child "$server") || fail 'no second process'
kill -KILL "${answering#/proc/}"
status=0
wait "$server" || status=$?
server=''
[ "$status" = 1 ] || fail "without its server: status $status"
grep -q 'the process that answers was ended by signal 9' "$work/err" || fail 'it does not say why it ends'
[ ! -e "$work/socket" ] || fail 'its socket is left behind'
