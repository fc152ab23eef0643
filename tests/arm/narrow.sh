#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat of 32 bits in a guest of armhf: what needs BPF is refused in one line;
# the driver's own counters, the kernel's tracing and a recording are read as they
# are elsewhere. Our driver's kicks and interrupts by both sources are those of
# /proc/interrupts and of the load; a table of a recording is that of this machine's
# vmmio-stat, byte by byte. Argument: the image's name.
set -eu
here=$(dirname "$0")
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
stat=$(echo "$VMMIO_BUILD"/dist/vmmio-stat-*-armhf)
[ -x "$stat" ] || fail "no $stat: the target dist makes it"

truncate -s 16M "$work/disk"
boot --timeout 100 --script "$here/narrow.guest" --file "$stat:/bin/vmmio-stat" \
	--file "$VMMIO_SOURCE/tests/data/guest.jsonl:/guest.jsonl" -- \
	-blockdev "file,node-name=f0,filename=$work/disk" -device virtio-blk-device,drive=f0 >"$work/out"

says() { grep -qE -e "$1" "$work/out" || fail "no line \"$1\": $(cat "$work/out")"; }
says '^VERSION vmmio-stat [0-9]'
[ "$(grep -c '^REFUSED 1 1 .*this is a 32-bit vmmio-stat' "$work/out")" = 3 ] ||
	fail "not three refusals: $(grep '^REFUSED' "$work/out")"
irqs=$(sed -n 's/^IRQS //p' "$work/out")
for source in sysfs tracefs; do
	line=$(grep "\"source\":\"$source\"" "$work/out") || fail "nothing by $source: $(cat "$work/out")"
	kicks=$(echo "$line" | grep -o '"kicks":[0-9]*' | head -n 1)
	[ "$kicks" = '"kicks":300' ] || fail "$source: $kicks of 300"
	echo "$line" | grep -o '"irqs":[0-9]*' | grep -qx "\"irqs\":$irqs" ||
		fail "$source: not $irqs interrupts: $line"
done
[ "$(grep '^RECORD' "$work/out" | grep -o '"kicks":[0-9]*' | head -n 1)" = '"kicks":50' ] ||
	fail "not 50 kicks recorded: $(grep '^RECORD' "$work/out")"
says '^AUTO .*this is a 32-bit vmmio-stat'
says '^AUTO virtio[0-9]+ +0:req.0'
says '^DOCTOR note  BPF programs .*32-bit'
"$VMMIO_BUILD/vmmio-stat" --source "file:$VMMIO_SOURCE/tests/data/guest.jsonl" -x -1 -i 0.001 >"$work/here"
sed -n 's/^TABLE //p' "$work/out" >"$work/there"
[ -s "$work/here" ] || fail 'no table here'
diff "$work/here" "$work/there" || fail 'the table of a recording differs'
echo "three refusals; 300 kicks and $irqs interrupts by sysfs and tracefs; 50 kicks recorded; the table of a recording is the same"
