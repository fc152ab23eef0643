# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For the tests of what vmmio-stat says without a kernel: a folder that goes
# with the test, and one run with its status and words.

stat=$VMMIO_BUILD/vmmio-stat
# shellcheck disable=SC2034 # of those that read it
recording=file:$VMMIO_SOURCE/tests/data/guest.jsonl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
: >"$work/out"
: >"$work/err"

fail()
{
	echo "FAILED: $*"
	cat "$work/out" "$work/err"
	exit 1
}

# expect STATUS WORDS ARGUMENT...: exit status, words on stdout or in the one line of trouble
expect()
{
	want=$1 words=$2 got=0
	shift 2
	"$stat" "$@" >"$work/out" 2>"$work/err" || got=$?
	[ "$got" = "$want" ] || fail "$*: exit $got instead of $want"
	[ "$(wc -l <"$work/err")" -le 1 ] || fail "$*: more than one line of trouble"
	[ "$want" = 0 ] || [ -s "$work/err" ] || fail "$*: no line of trouble"
	cat "$work/out" "$work/err" | grep -qF -e "$words" || [ -z "$words" ] || fail "$*: does not say '$words'"
}
