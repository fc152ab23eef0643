#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-stat of 32 bits in a guest of armhf: what needs BPF is refused in one line;
# the driver's own counters, the kernel's tracing and a recording are read as they
# are elsewhere. Our driver's kicks and interrupts by both sources are those of
# /proc/interrupts and of the load; a table of a recording is that of this machine's
# vmmio-stat, byte by byte. Argument: the image's name.
set -eu
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
stat=$(echo "$VMMIO_BUILD"/dist/vmmio-stat-*-armhf)
[ -x "$stat" ] || fail "no $stat: the target dist makes it"

cat >"$work/script" <<'END'
load_vmmio claim=mmio
load_mainline
load_blk
wait_blk 1
dev=$(virtio_of /dev/vda)
echo "VERSION $(vmmio-stat --version)"
for what in '--source bpf -1' '--source stock -1' stalls; do
	status=0
	vmmio-stat $what >/tmp/out 2>/tmp/err || status=$?
	echo "REFUSED $status $(wc -l </tmp/err) $(cat /tmp/err)"
done
before=$(irqs_of $dev)
vmmio-stat --source sysfs -n $dev --json -- vmmio-stat --source tracefs -n $dev --json -- blkload -c 300 /dev/vda
echo "IRQS $(($(irqs_of $dev) - before))"
vmmio-stat record -o /tmp/dat -- blkload -c 50 /dev/vda >/tmp/out 2>&1 || cat /tmp/out
vmmio-stat report --json -n $dev /tmp/dat | sed 's/^/RECORD /'
vmmio-stat -1 -i 0.1 -n $dev 2>&1 | sed 's/^/AUTO /'
vmmio-stat doctor | sed 's/^/DOCTOR /'
vmmio-stat --source file:/guest.jsonl -x -1 -i 0.001 | sed 's/^/TABLE /'
END
truncate -s 16M "$work/disk"
boot --timeout 100 --script "$work/script" --file "$stat:/bin/vmmio-stat" \
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
