#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stalls before faults that were planted (tests/guest/stallfault), one after the other, in
# disks of every transport, ring and driver under load, beside a rng, a balloon and a console that
# idle: the cause that it names, the evidence, the time, and that it names nobody else.
#
#   stallmatrix.sh                     each cause once, one boot
#   stallmatrix.sh SEED FIRST LAST FAULTS
#                                      drawn, in the boots FIRST to LAST, FAULTS in each; times are
#                                      held as well: each within twice the bound
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seed=${1:-} first=${2:-1} last=${3:-1} faults=${4:-0} bound=${VMMIO_BOUND:-$([ $# = 0 ] && echo 700 || echo 1000)}

# plan BOOT: what is planted in it, a fault and its disk a line. Disks: 0 and 1 over MMIO, 2 and 3
# PCI with a line, 4 and 5 with vectors; odd ones have packed rings; 6 (MMIO) and 7 (vectors) are slow.
plan()
{
	if [ -n "${VMMIO_PLAN:-}" ]; then # by hand
		cp "$VMMIO_PLAN" "$work/plan"
		return
	fi
	awk -v seed="$seed" -v boot="$1" -v faults="$faults" -v bound="$bound" '
	function draw(n) { x = x * 16807 % 2147483647; return x % n }
	function one_of(text, parts, n) { n = split(text, parts, " "); return parts[1 + draw(n)] }
	BEGIN {
		print "bound", bound
		if (seed == "") {
			# where a lost doorbell can be told from a device that died, event_idx is on: 0, 3, 4
			print "ours 1 2 4 7\nevents 0 3 4 6 7"
			print "swallow 0\nforget 1\nnoop 2\nack 1\ndisable 3\nleak 5\nsteal 0"
			print "break 6\nstuck 7\nmasked 4\noffline 4"
			exit
		}
		x = seed * 1000 + boot
		for (i = 0; i < 20; i++) draw(2)
		for (i = 0; i < 8; i++) {
			if (draw(2)) { ours = ours " " i; own[i] = 1 }
			if (draw(3)) { events = events " " i; event[i] = 1 }
		}
		print "ours" ours "\nevents" events
		while (n < faults) {
			f = one_of("swallow withhold forget noop mask ack disable leak steal break stuck masked nobody offline")
			if (f == "break" || f == "stuck") i = 6 + draw(2)
			else if (f == "ack" || f == "nobody") i = draw(4)
			else if (f == "masked") i = 2 + draw(4)
			else i = draw(6)
			# from inside a guest, without event words, a lost doorbell is a device that is stuck
			if (f == "swallow" && !event[i]) continue
			# the vectors of vmmio.ko and the lines of virtio_pci do not tell the kernel what they found
			if (f == "steal" && (own[i] ? i >= 4 : i == 2 || i == 3)) continue
			print f, i
			n++
		}
	}' >"$work/plan"
}

# once OPTION: its part of a device's properties
events() { case " $(sed -n 's/^events//p' "$work/plan") " in *" $1 "*) echo on ;; *) echo off ;; esac; }
boot()
{
	set --
	for i in 0 1 2 3 4 5 6 7; do
		latency=''
		[ $i -lt 6 ] || latency=,latency-ns=$((bound * 3500000))
		set -- "$@" -blockdev null-co,node-name=d$i,size=$((2097152 + 4096 * i)),read-zeroes=on$latency
	done
	for i in 0 1 2 3 4 5 6 7; do
		packed=off
		[ $((i % 2)) = 0 ] || packed=on
		case $i in
		0 | 1 | 6) kind=virtio-blk-device ;;
		2 | 3) kind=virtio-blk-pci,disable-legacy=on,vectors=0 ;;
		*) kind=virtio-blk-pci,disable-legacy=on ;;
		esac
		set -- "$@" -device "$kind,drive=d$i,num-queues=1,packed=$packed,event_idx=$(events $i)"
	done
	"$VMMIO_BUILD/vmmio-boot" --script "$VMMIO_SOURCE/tests/guest/stallmatrix.guest" --smp 2 --timeout $((60 + 10 * $(grep -c . "$work/plan"))) \
		--file "$VMMIO_BUILD/stallfault/stallfault.ko:/lib/modules/stallfault.ko" --file "$work/plan:/plan" -- "$@" \
		-device virtio-rng-device -device virtio-rng-pci -device virtio-balloon-device \
		-device virtio-serial-pci -device virtconsole,chardev=idle -chardev null,id=idle
}

status=0 right=0 all=0
for b in $(seq "$first" "$last"); do
	plan "$b"
	[ -z "$seed" ] || echo "boot $b: $(grep '^ours\|^events' "$work/plan" | tr '\n' ';')"
	want=$(($(grep -c . "$work/plan") - 3))
	boot >"$work/out" 2>&1 || status=1
	[ $status = 0 ] || cat "$work/out"
	grep '^MATRIX' "$work/out" || true
	all=$((all + want))
	right=$((right + $(grep -c '^MATRIX .*, right after .*; others: none;' "$work/out") - $(grep -c '^MATRIX-EVIDENCE' "$work/out" || true)))
	if [ -n "$seed" ]; then
		awk '/^MATRIX / { for (i = 1; i < NF; i++) if ($i == "after" && $(i + 1) > 2 * $(i + 4)) { print "too late: " $0; bad = 1 } } END { exit bad }' "$work/out" || status=1
	fi
	grep -qx matrix-done "$work/out" || status=1
done
echo "$right of $all: cause, evidence and nobody else"
[ $right = $all ] || status=1
exit $status
