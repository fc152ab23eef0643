# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Boots a guest script that check.guest counts for, and passes if all of its checks did.
# Sourced; sets $here, and $work, a folder that goes at the end.
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# checked SCRIPT OPTION...: of vmmio-boot. What the guest prints is in $work/out, and is shown
# but for lines of data, which begin with DAT or JSON.
checked()
{
	_script=$1
	shift
	_booted=0
	cat "$here/check.guest" "$_script" |
		"${VMMIO_BUILD:?}/vmmio-boot" --script - "$@" >"$work/out" || _booted=$?
	grep -v '^\(DAT\|JSON\) ' "$work/out"
	[ "$_booted" = 0 ] || exit 1
	case $(tail -n 1 "$work/out") in
	"CHECKS "[1-9]*" FAILED 0") ;;
	*) exit 1 ;;
	esac
}
