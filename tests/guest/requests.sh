#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Requests, scatterlists and bytes of a disk's virtqueue against the load that
# made them, on split and packed rings: each request of virtio_blk is a header of 16 bytes out, its data,
# and a status byte in (VIRTIO 5.2.6). By mainline's transports, with
# either flavour of hooks, and by ours.
set -eu

set --
for more in '' ,indirect_desc=off; do
	set -- "$@" -blockdev "null-co,node-name=p$#,size=1073741824,read-zeroes=on" \
		-device "virtio-blk-pci,drive=p$#,disable-legacy=on,ioeventfd=off,vectors=0,queue-size=256,num-queues=1,packed=on$more"
done
set -- "$@" -blockdev "null-co,node-name=small,size=1073741824,read-zeroes=on,latency-ns=1000000" \
	-device "virtio-blk-pci,drive=small,disable-legacy=on,ioeventfd=off,vectors=0,queue-size=16,num-queues=1,indirect_desc=off"
out=$("${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix \
	--script "$(dirname "$0")/requests.guest" --timeout 150 -- "$@") || {
	echo "$out"
	exit 1
}
echo "$out" | awk '
	function number(key)
	{
		match($0, "\"" key "\":[0-9]+")
		return substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
	}
	function expect(what, got, want)
	{
		if (got + 0 != want || got == "") {
			printf "%s %s: %s: %s, not %d\n", driver, column, what, got, want
			bad = 1
		}
	}
	function round(x) { return int(x + 0.5) }
	$1 == "RUN" { driver = $2; column = $3; next }
	$1 == "BOTH" { both = 1; next }
	/"tool":"blkload"/ { ios = number("ios"); reads = number("reads"); writes = number("writes"); next }
	/^[0-9]+\.[0-9]+,/ {
		n = split($0, f, ",")
		# the inner table is that of kprobes, the outer one follows
		if (both && n == 20) {
			seen = ""
			for (i = 12; i <= 19; i++)
				seen = seen " " f[i]
			if (both++ == 1) {
				kprobe = seen
				next
			}
			if (seen != kprobe || f[12] != 300 || !(f[17] > 0)) {
				print "a full ring: by kprobes" kprobe ", by fentry" seen
				bad = 1
			}
			print "a full ring, either flavour:" seen
			both = 0
			pairs++
			next
		}
		# 11 columns of identity, the twelve asked for, events_lost
		expect("columns", n, 24)
		expect("requests", f[12], ios)
		expect("scatterlists out", f[13], ios + writes)
		expect("scatterlists in", f[14], ios + reads)
		expect("bytes out", f[15], 16 * ios + 4096 * writes)
		expect("bytes in", f[16], ios + 4096 * reads)
		expect("ring full", f[17], 0)
		# kernels before 6.7 do not tell what kprobes missed
		if (driver != "kprobe" || f[24] != "")
			expect("events lost", f[24], 0)
		# a packed ring counts descriptors: three a request where none is indirect
		each = column == "packed-direct" ? 3 : 1
		expect("made available by all kicks", round(f[22] * f[18]), each * ios)
		# what the last interrupt finds is known to be one descriptor at least
		used = round(f[23] * f[21])
		if (column ~ /packed/ ? used > each * ios || used < each * (ios - 16) : used != ios)
			expect("used, seen at interrupts", used, each * ios)
		if (f[18] <= 0 || f[18] > f[19])
			expect("kicks within opportunities", f[18], f[19])
		if (!(reads > 0 && writes > 0 && f[20] > 1))
			expect("a mixed load of some depth", 0, 1)
		printf "%s %s: %d requests, %d + %d scatterlists, %d + %d bytes, %d of %d kicks, %.2f a kick, %.2f an interrupt\n", driver, column, f[12], f[13], f[14], f[15], f[16], f[18], f[19], f[22], f[23]
		runs++
	}
	END {
		if (pairs != 1) {
			print pairs + 0 " runs with a full ring, not 1"
			bad = 1
		}
		if (runs != 12) {
			print runs + 0 " runs, not 12"
			bad = 1
		}
		exit bad
	}'
