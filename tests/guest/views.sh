#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# doctor, hist, --textfile and top in a guest, one boot for all. The screen is
# on a third serial line, at the other end of which this script is the
# terminal: it answers the question for the size and presses keys.
set -eu

work=$(mktemp -d)
reader=''
trap 'exec 8>&- || true; [ -z "$reader" ] || kill "$reader" 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$work/line.in" "$work/line.out"
: >"$work/screen"

fail()
{
	echo "FAILED: $*"
	exit 1
}

# until_sent TEXT: the guest has sent it; a boot that hangs is ended by its own limit
until_sent()
{
	until grep -aqF -e "$1" "$work/screen"; do
		kill -0 "$boot" 2>/dev/null || return 1
		sleep 0.1
	done
}

"$VMMIO_BUILD/vmmio-boot" --script "$VMMIO_SOURCE/tests/guest/views.guest" --timeout 160 \
	--columns mmio,pci-msix --file "$VMMIO_BUILD/withcaps:/bin/withcaps" -- \
	-chardev "pipe,id=line,path=$work/line" -device isa-serial,chardev=line,index=2,irq=5 \
	>"$work/out" &
boot=$!
exec 8<>"$work/line.in"
cat "$work/line.out" >"$work/screen" &
reader=$!

problem=''
size=$(printf '\033[6n')
if until_sent "$size"; then
	printf '\033[30;100R' >&8
	until_sent ' quit' || problem='no screen'
	until_sent "$(printf '\033[30;1H')" || problem='it does not use the 30 lines it was told of'
	until_sent 'virtio0' || problem='no rows'
	printf 'h' >&8
	until_sent 'goes' || problem='no help'
	printf 'xq' >&8
else
	problem='it does not ask for the size'
fi
status=0
wait "$boot" || status=$?
cat "$work/out"
[ "$status" = 0 ] || fail "the guest's script ended with $status"
grep -qx views-done "$work/out" || fail 'the script did not come to its end'
[ -z "$problem" ] || fail "top: $problem"
