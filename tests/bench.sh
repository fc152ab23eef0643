# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# For the tests of vmmio-bench: a folder that goes with the test, one run of a
# subcommand with the status that it must have, and the QEMUs that are up.

bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
VMMIO_MARK=$(basename "$0" .sh)-$$
export VMMIO_MARK

fail()
{
	echo "$*"
	cat "$tmp/out" "$tmp/err" || true
	exit 1
}

# run STATUS ARGUMENTS...
run()
{
	want=$1
	shift
	status=0
	"$bench" "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ "$status" = "$want" ] || fail "vmmio-bench $*: status $status instead of $want"
}

# process ids of the QEMUs that this test is the origin of
qemus()
{
	for proc in /proc/[0-9]*; do
		if grep -qz "^VMMIO_MARK=$VMMIO_MARK\$" "$proc/environ" 2>/dev/null &&
			grep -q '^qemu' "$proc/comm" 2>/dev/null &&
			! grep -q '^State:.Z' "$proc/status" 2>/dev/null; then
			echo "${proc#/proc/}"
		fi
	done
}
