#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A transport that is not known (tests/guest/strange): its kicks are not hooked, and they
# and all that rests on them are "-" and null in each view, not 0 and not 100 %;
# its interrupts are counted. Beside it a disk of virtio_mmio has both.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/run.sh" <<'RUN'
set -e
fail() { say "strange: $*"; exit 1; }
load_mainline
load_rng
load_blk
wait_blk 1
insmod /lib/modules/strange.ko || fail 'insmod'
v=
for d in /sys/bus/virtio/devices/virtio*; do
	case $(readlink -f $d) in */platform/strange/*) v=$(basename $d) ;; esac
done
[ "$v" ] && [ -e /sys/bus/virtio/devices/$v/driver ] || fail "no device: $(dmesg | tail -n 5)"
counted=/sys/module/strange/parameters
load="sh -c 'dd if=/dev/hwrng of=/dev/null bs=16 count=200 2>/dev/null; blkload --count 100 $(blk_on mmio) >/dev/null'"
for rng in $(cat /sys/class/misc/hw_random/rng_available); do
	echo $rng >/sys/class/misc/hw_random/rng_current
	was=$(cat $counted/interrupts)
	dd if=/dev/hwrng of=/dev/null bs=16 count=4 2>/dev/null
	[ "$(cat $counted/interrupts)" = $was ] || break
done
[ "$(cat $counted/interrupts)" != $was ] || fail "nobody reads from $v"
row() { sed -n "s/^$v  *0:[^ ]*  *//p" /tmp/out | sed 's/  */ /g'; }

for source in stock tracefs; do
	was=$(cat $counted/interrupts) kicks=$(cat $counted/kicks)
	eval vmmio-stat --source $source --csv -f kicks,suppressed_pct,buffers_per_kick,irqs -- $load >/tmp/out 2>/tmp/err || fail "$source: $(cat /tmp/err)"
	told=$(($(cat $counted/interrupts) - was)) kicks=$(($(cat $counted/kicks) - kicks))
	[ $kicks -gt 10 ] || fail "only $kicks kicks"
	grep "\"$v\",.*,\"input\"," /tmp/out >/tmp/row || fail "$source: no row: $(cat /tmp/out)"
	echo "strange: $source: $(cat /tmp/row) of $kicks kicks, $told interrupts"
	head -n 1 /tmp/out >/tmp/head
	awk -F, -v told=$told 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		{ for (k in at) if (k ~ /kick|suppressed/ && $at[k] != "") { print k " is " $at[k]; bad = 1 }
		  # a thread of the kernel reads outside of the window as well
		  if ($at["irqs"] < 50 || $at["irqs"] > told) { print "irqs is " $at["irqs"]; bad = 1 } }
		END { exit bad }' /tmp/head /tmp/row || fail "$source: $(cat /tmp/head /tmp/row), $told interrupts"
	grep -q 'req.0.*,100,' /tmp/out || fail "$source: the disk: $(cat /tmp/out)"
done
eval vmmio-stat -- $load >/tmp/out 2>/tmp/err || fail "$(cat /tmp/err)"
row | grep -q '^- [0-9.]* - - - [1-9]' || fail "table: $(cat /tmp/out)"
eval vmmio-stat --json -- $load >/tmp/out 2>/tmp/err || fail "$(cat /tmp/err)"
tr '{' '\n' </tmp/out >/tmp/lines
grep -A 3 "\"device\":\"$v\".*\"queue\":0" /tmp/lines >/tmp/mine || fail "json: $(cat /tmp/out)"
grep -q '"kicks":null' /tmp/mine && ! grep -q '"kicks":[0-9]\|"suppressed_pct":[0-9]' /tmp/mine || fail "json: $(cat /tmp/mine)"
vmmio-stat list >/tmp/out 2>&1 || fail "list: $(cat /tmp/out)"
grep -q "^$v .*unknown" /tmp/out || fail "list: $(cat /tmp/out)"
vmmio-stat stalls --json -1 --bound 300 -n $v >/tmp/out 2>&1 || fail "stalls: $(cat /tmp/out)"
grep -q "\"device\":\"$v\".*\"kicks\":null" /tmp/out || fail "stalls: $(cat /tmp/out)"
( eval $load; eval $load ) &
vmmio-stat --textfile /tmp/m.prom 1 2 || fail textfile
wait
! grep "^vmmio_virtqueue_kick.*device=\"$v\"" /tmp/m.prom || fail 'metrics have kicks of it'
grep -q "^vmmio_virtqueue_.*device=\"$v\"" /tmp/m.prom || fail "metrics have nothing of it: $(grep -c . /tmp/m.prom)"
echo strange-done
RUN
status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --timeout 150 --columns mmio --file "$VMMIO_BUILD/strange/strange.ko:/lib/modules/strange.ko" \
	-- -device virtio-rng-device >"$work/out" 2>&1 || status=$?
sed -n '/^strange: /p' "$work/out"
grep -qx strange-done "$work/out" || status=1
[ $status = 0 ] || cat "$work/out"
exit $status
