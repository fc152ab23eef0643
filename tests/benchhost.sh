# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Boots of a bench host, for the tests on x86-64. Sourced; wants fail.

# host_boot OUT ERR ARGUMENT...: of vmmio-boot --host; what it prints goes to the two files.
#
# Its emulated processor delivers some interrupts twice (docs/measuring.md): the guest inside
# then waits for its own lock, which vmmio-boot sees and repeats, or panics, which is seen
# here. Such a run says nothing of what is counted. It is said, and made again; all else fails.
host_boot() {
	out=$1 err=$2
	shift 2
	for boots_left in 1 0; do
		status=0
		"${VMMIO_BUILD:?}/vmmio-boot" --host --tries 4 "$@" >"$out" 2>"$err" || status=$?
		cat "$err" >&2
		[ "$status" != 0 ] || return 0
		grep -q 'vmmio-boot: Kernel panic' "$err" "$out" || break
		[ "$boots_left" = 0 ] || echo 'a guest of the host panicked; once more' >&2
	done
	echo "the bench host said:" >&2
	cut -c1-400 "$out" | tail -n 30 >&2
	fail "the bench host failed (status $status)"
}
