#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# vmmio.ko against devices that say what QEMU's never do (tests/guest/liar):
# NOTIFICATION_DATA, with the values of the doorbells read in QEMU's trace; a reset
# that never completes; vectors refused, and interrupts for want of memory; interrupts
# before DRIVER_OK; odd ring sizes; shared memory regions, good and bad; features beyond 64.
set -euo pipefail
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

disk() { printf -- '-blockdev null-co,node-name=%s,size=16777216,read-zeroes=on ' "$1"; }
# shellcheck disable=SC2046 # a list of words
# Attaching probes on two processors at once can hang QEMU's emulation, mainline's as well:
# such a boot is said and made again.
"$VMMIO_BUILD/vmmio-boot" -n 2 -t 120 --tries 2 -s "$here/liar.guest" -f "$VMMIO_BUILD/liar/liar.ko:/lib/modules/liar.ko" \
	--trace-events memory_region_ops_write --trace-log "$dir/trace" -- \
	$(disk d0) $(disk d1) $(disk d2) $(disk d3) \
	-device virtio-blk-device,drive=d0 -device virtio-blk-device,drive=d1,packed=on \
	-device virtio-blk-pci,drive=d2,disable-legacy=on,ioeventfd=off,num-queues=1 \
	-device virtio-blk-pci,drive=d3,disable-legacy=on,ioeventfd=off,num-queues=1,packed=on >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
cat "$dir/out"
grep -qx 'no lie was believed' "$dir/out"

# What the doorbells were given (2.9, 4.2.3.3, 4.1.5.2): queue 0 in the lower half, in
# the upper one the index where the next buffer will be, so each time as much
# more as was made available, from the first to all of them. Behind an MMIO
# doorbell with data comes the plain one that the lie needs.
grep '^DATA ' "$dir/out" >"$dir/data"
sed '/ value 0x[0-9a-f]* .*name .virtio-/!d; s/^memory_region_ops_write cpu [0-9]* mr [^ ]* //' "$dir/trace" |
	awk '
	function hex(s, i, v)
	{
		for (i = 3; i <= length(s); i++)
			v = v * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
		return v
	}
	FNR == NR {
		what = $2 " " $3
		accepted[what] = $4
		kicks[what] = $5
		buffers[what] = $6
		next
	}
	{ mmio = $NF ~ /virtio-mmio/; bell = mmio ? $2 ~ /50$/ : $NF ~ /virtio-pci-notify/ }
	!bell { next }
	{
		value = hex($4)
		device = mmio ? $2 : substr($2, 1, length($2) - 3)
		if (mmio && plain[device]) {
			plain[device] = 0
			if (value != 0) wrong("the plain doorbell is " $4)
			next
		}

		if (seen[device]++ == 0 && (mmio ? value == 0 : $6 == 2)) packed[device] = 1
		if (device in packed) {
			if (value != 0 || $6 != (mmio ? 4 : 2)) wrong("with a packed ring " $4)
			bells[(mmio ? "mmio" : "pci") " 1"]++
			next
		}
		kind = (mmio ? "mmio" : "pci") " 0"
		# bound again without the feature, when the counts of the first time are reached
		if (bells[kind] == kicks[kind]) next
		index_ = int(value / 65536)
		if (value % 65536 != 0) wrong("queue " value % 65536)
		if ($6 != 4) wrong("a doorbell of " $6 " bytes")
		if (index_ <= last[device]) wrong("index " index_ " after " last[device])
		ones += index_ == last[device] + 1
		last[device] = index_
		final[kind] = index_
		bells[kind]++
		plain[device] = mmio
	}
	function wrong(text) { print "doorbell " bells[kind] + 0 " of " device ": " text; bad = 1 }
	END {
		for (what in kicks) {
			want = what ~ /1$/ ? 0 : 1
			if (accepted[what] != want) { print what ": accepted " accepted[what]; bad = 1 }
			if (want && (bells[what] != kicks[what] || final[what] != buffers[what])) {
				print what ": " bells[what] " doorbells up to " final[what] ", the driver says " kicks[what] ", " buffers[what]
				bad = 1
			}
			n++
		}
		if (n != 4 || ones < 180) { print n " devices, " ones " single steps"; bad = 1 }
		print "doorbells with data: " bells["mmio 0"] " on mmio, " bells["pci 0"] " on pci, " ones " steps of one"
		exit bad
	}' "$dir/data" -
