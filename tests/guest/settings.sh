#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio-ctl set in a guest: settings reach the driver at the next bind or at
# once, wrong ones are refused in one line that says what is allowed, a busy
# device stays, and one that is not served comes back as it was with the
# driver's reason.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$(dirname "$0")/expect.guest" "$work/run.sh"
cat >>"$work/run.sh" <<'END'
disk() { basename "$(ls -d "$1"/virtio*/block/vd*)"; }
ring() { cat "/sys/block/$(disk "$1")/mq/0/nr_tags"; }
io() { dd if="/dev/$(disk "$1")" of=/dev/null bs=4k count=64 iflag=direct 2>/dev/null || fail "I/O on $1"; }
options=/sys/kernel/vmmio/options

load_mainline
load_blk
wait_blk 2
mmio=$(readlink -f "/sys/block/$(basename "$(blk_on mmio)")/device/..")
pci=$(readlink -f "/sys/block/$(basename "$(blk_on pci-msix)")/device/..")
m=$(basename "$mmio") p=$(basename "$pci")
expect 1 'load vmmio.ko first' vmmio-ctl set "$m" queue_size=64
load_vmmio

# before a bind: kept for it
expect 0 'queue_size=64 (from its next bind on)' vmmio-ctl set "$(disk "$mmio")" queue_size=64
expect 0 "set for $m: queue_size=64" vmmio-ctl show
expect 1 'nothing to rebind' vmmio-ctl set "$m" queue_size=32 --rebind
[ "$(cat $options)" = "$m queue_size=64" ] || fail "a refused set changed $(cat $options)"
for b in "$m" "$p"; do
	expect 0 '-> vmmio-' vmmio-ctl bind "$b"
	for o in /sys/block/vd*/queue/scheduler; do echo none >"$o"; done
done
[ "$(ring "$mmio")" = 64 ] || fail "ring $(ring "$mmio") instead of 64"
io "$mmio"

# at once, by any name, and replacing what was
expect 0 'queue_size=32 withhold=event_idx,40 (in force)' \
	vmmio-ctl set "$(basename "$mmio"/virtio*)" queue_size=32 withhold=event_idx,40 --rebind
[ "$(ring "$mmio")" = 32 ] || fail "ring $(ring "$mmio") instead of 32"
expect 0 'irq=intx (in force)' vmmio-ctl set --rebind "$p" irq=intx
[ -z "$(ls "$pci/msi_irqs" 2>/dev/null)" ] || fail 'irq=intx took vectors'
expect 0 "set for $p: irq=intx" vmmio-ctl show "$p"
! grep -q "set for $m" /tmp/out || fail "show $p tells of $m"
io "$mmio"
io "$pci"

# in use
exec 9<"/dev/$(disk "$mmio")"
before=$(cat $options)
expect 1 'is open in sh (pid' vmmio-ctl set "$m" queue_size=16 --rebind
[ "$(cat $options)" = "$before" ] || fail 'a refused rebind left its settings'
expect 0 'from its next bind on' vmmio-ctl set "$m" queue_size=32 # not now: that may be
exec 9<&-

# not served: the former settings, the device, and why
expect 1 'queue_size=2 can hang this device: at least 4, or force=1' \
	vmmio-ctl set "$m" queue_size=2 --rebind
grep -qF 'it is as it was before' /tmp/err || fail "it does not say what became of it"
[ "$(ring "$mmio")" = 32 ] || fail "ring $(ring "$mmio") after a bind that failed"
grep -qx "$m queue_size=32" $options || fail "settings after a bind that failed: $(cat $options)"
io "$mmio"
expect 0 'queue_size=2 force=1 (in force)' vmmio-ctl set "$m" queue_size=2 force=1 --rebind

# wrong: said in one line, and nothing changes
before=$(cat $options)
expect 2 'must be 1 to 32768' vmmio-ctl set "$m" queue_size=0
expect 2 'must be 1 to 32768' vmmio-ctl set "$m" queue_size=32769
expect 2 'must be 1 to 32768' vmmio-ctl set "$m" queue_size=-1
expect 2 'must be 1 to 32768' vmmio-ctl set "$m" queue_size=8x
expect 2 'must be queue_size=VALUE' vmmio-ctl set "$m" queue_size
expect 2 'must be queue_size=VALUE' vmmio-ctl set "$m" queue_size=
expect 2 'must be queue_size=VALUE' vmmio-ctl set "$m" 'queue_size=1 force=1'
expect 2 'no such setting: queue_size= withhold=' vmmio-ctl set "$m" ring=8
expect 2 'nonsense is no feature: a bit number, 0 to 63, or one of' vmmio-ctl set "$m" withhold=nonsense
expect 2 'is no feature' vmmio-ctl set "$m" withhold=64
expect 2 'version_1 cannot be withheld' vmmio-ctl set "$m" withhold=packed,32
expect 2 'must be auto, msix, shared or intx' vmmio-ctl set "$p" irq=edge
expect 2 'must be QUEUE:CPU,..., a CPU 0 to' vmmio-ctl set "$p" affinity=0
expect 2 'must be QUEUE:CPU,..., a CPU 0 to' vmmio-ctl set "$p" affinity=0:99
expect 2 'must be 0 or 1' vmmio-ctl set "$m" lazy_status=yes
expect 2 'force: given twice' vmmio-ctl set "$m" force=1 force=0
expect 2 'which settings?' vmmio-ctl set "$m"
expect 2 'contradict --clear' vmmio-ctl set "$m" force=1 --clear
expect 2 'which device?' vmmio-ctl set
expect 2 'no such option' vmmio-ctl set "$m" --now
expect 1 'irq= has no meaning' vmmio-ctl set "$m" irq=intx
expect 1 'affinity= has no meaning' vmmio-ctl set "$m" queue_size=8 affinity=0:0
expect 1 'lazy_status= has no meaning on the pci bus' vmmio-ctl set "$p" lazy_status=1
expect 1 "no device is named 'nosuch'" vmmio-ctl set nosuch force=1
[ "$(cat $options)" = "$before" ] || fail "a refused line changed the settings: $(cat $options)"

expect 0 'no settings (in force)' vmmio-ctl set "$m" --clear --rebind
expect 0 'no settings (from its next bind on)' vmmio-ctl set "$p" --clear
[ -z "$(cat $options)" ] || fail "not forgotten: $(cat $options)"
[ "$(ring "$mmio")" -gt 64 ] || fail "ring $(ring "$mmio") without settings"
io "$mmio"
# A B B A under a load: B differs, B does not, and it is undone whatever happens
try() { vmmio-ctl try "$m" "$@"; }
undone()
{
	grep -qF "undone: $1 has what it had ($2)" /tmp/err || fail "not said: undone: $(cat /tmp/err)"
	grep -qx "$1 $2" $options || fail "settings of $1 after a trial: $(cat $options)"
}
vmmio-ctl set "$m" queue_size=64 --rebind
try queue_size=16 --rounds 2 -- blkload --depth 32 --count 1500 "/dev/$(disk "$mmio")" >/tmp/out 2>/tmp/err || fail "try: $? $(cat /tmp/err)"
cat /tmp/out /tmp/err
head -n 1 /tmp/out | grep -q '^B differs: ' || fail 'a ring of 16 makes no difference at depth 32'
for q in kicks 'buffers per kick'; do
	grep -q "^$q .* differs\$" /tmp/out || fail "$q does not differ"
done
grep -q '"ios":1500' /tmp/err || fail "the command's output went elsewhere"
undone "$m" queue_size=64
[ "$(ring "$mmio")" = 64 ] || fail "ring $(ring "$mmio") after a trial"
# a setting that changes nothing of one request after the other
try queue_size=128 -- blkload --count 300 "/dev/$(disk "$mmio")" >/tmp/out 2>/tmp/err || fail "try: $? $(cat /tmp/err)"
cat /tmp/out
head -n 1 /tmp/out | grep -q '^No difference of 1 % or more' || fail 'a larger ring differs at depth 1'
[ "$(grep -c ' the same$' /tmp/out)" -ge 5 ] || fail 'too few quantities are the same'
undone "$m" queue_size=64

# ended in a leg of B, by each signal: the command goes, the settings return
cat >/tmp/leg.sh <<'LEG'
#!/bin/sh
blkload --count 5 "$1"
[ "$(cat /tmp/leg)" = A ] && echo B >/tmp/leg && exit 0
echo $$ >/tmp/pid
exec sleep 100
LEG
chmod +x /tmp/leg.sh
for s in INT TERM HUP; do
	rm -f /tmp/pid
	echo A >/tmp/leg
	vmmio-ctl try "$m" queue_size=32 -- /tmp/leg.sh "/dev/$(disk "$mmio")" >/tmp/out 2>/tmp/err &
	trial=$!
	n=0
	until [ "$(cat "/proc/$(cat /tmp/pid 2>/dev/null)/comm" 2>/dev/null)" = sleep ]; do
		sleep 0.2
		n=$((n + 1))
		[ $n -lt 150 ] || fail "no leg of B: $(cat /tmp/err)"
	done
	[ "$(ring "$mmio")" = 32 ] || fail "ring $(ring "$mmio") in the leg of B"
	kill -$s $trial
	status=0
	wait $trial || status=$?
	cat /tmp/err
	[ "$status" = 1 ] || fail "try ended by SIG$s: status $status"
	grep -q 'leg 2 of 4 (B): ended by signal' /tmp/err || fail "SIG$s is not said"
	! kill -0 "$(cat /tmp/pid)" 2>/dev/null || fail "the command outlives SIG$s"
	undone "$m" queue_size=64
	[ "$(ring "$mmio")" = 64 ] || fail "ring $(ring "$mmio") after SIG$s"
done
# a command that fails in B's leg, a B that the driver refuses, no load
expect_try() # STATUS WORDS ARGUMENT...
{
	want=$1 words=$2 got=0
	shift 2
	try "$@" >/tmp/out 2>/tmp/err || got=$?
	cat /tmp/err
	[ "$got" = "$want" ] || fail "try $*: exit $got instead of $want"
	grep -qF -e "$words" /tmp/err || fail "try $*: does not say '$words'"
	[ ! -s /tmp/out ] || fail "try $*: prints $(cat /tmp/out)"
	grep -qx "$m queue_size=64" $options || fail "try $*: settings $(cat $options)"
	[ "$(ring "$mmio")" = 64 ] || fail "try $*: ring $(ring "$mmio")"
}
d=$(disk "$mmio")
expect_try 1 'ended with status 7' queue_size=32 -- sh -c 'blkload --count 5 /dev/'"$d"'; [ "$(cat /sys/block/'"$d"'/mq/0/nr_tags)" = 64 ] || exit 7'
undone "$m" queue_size=64
expect_try 1 'leg 2 of 4 (B): ' queue_size=2 -- blkload --count 5 "/dev/$d"
grep -qF 'queue_size=2 can hang this device' /tmp/err || fail "no reason: $(cat /tmp/err)"
expect_try 4 'is it under load?' queue_size=32 --interval 0.2
# in use at the start, or from a leg on: what is open is not taken away
exec 9<"/dev/$d"
expect_try 1 'a rebind would take it away' queue_size=32 -- true
exec 9<&-
try queue_size=32 -- sh -c 'blkload --count 5 /dev/'"$d"'; [ "$(cat /sys/block/'"$d"'/mq/0/nr_tags)" = 64 ] || { sleep 30 </dev/'"$d"' 2>/dev/null >&2 & echo $! >/tmp/pid; }' \
	>/tmp/out 2>/tmp/err && fail 'try: 0 with a device that is in use'
cat /tmp/err
grep -qF "NOT undone: $m: $d is open in sleep" /tmp/err || fail "not said: NOT undone"
grep -qF "then type: vmmio-ctl set $m queue_size=64 --rebind" /tmp/err || fail 'not said: what to type'
grep -qx "$m queue_size=64" $options || fail "settings while in use: $(cat $options)"
kill "$(cat /tmp/pid)"
expect 0 'queue_size=64 (in force)' vmmio-ctl set "$m" queue_size=64 --rebind
expect 1 'A and B are the same' vmmio-ctl try "$m" queue_size=64
expect 0 '-> virtio-pci' vmmio-ctl unbind "$p"
expect 1 'nothing to try' vmmio-ctl try "$p" queue_size=64
expect 2 'which settings?' vmmio-ctl try "$m"
expect 2 'contradict --clear' vmmio-ctl try "$m" --clear queue_size=8
expect 2 'exclude each other' vmmio-ctl try "$m" queue_size=8 --interval 1 -- true
expect 2 'no command follows' vmmio-ctl try "$m" queue_size=8 --
expect 2 'must be 1 to 32768' vmmio-ctl try "$m" queue_size=0
echo settings-done
END

status=0
"$VMMIO_BUILD/vmmio-boot" --script "$work/run.sh" --columns mmio,pci-msix >"$work/out" || status=$?
cat "$work/out"
[ "$status" = 0 ] || exit 1
grep -qx settings-done "$work/out"
