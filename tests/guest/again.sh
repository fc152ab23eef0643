#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A ring that is reset starts again at 0: no kick and no interrupt after that
# has tens of thousands of buffers, and while it is reset nothing is told of it. Receive buffers that nobody asked about take
# no room from what is timed.
set -eu
here=$(dirname "$0")

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
"${VMMIO_BUILD:?}/vmmio-boot" --timeout 100 --script "$here/again.guest" --memory 256 \
	--file "$VMMIO_BUILD/ringparam:/bin/ringparam" \
	--file "$VMMIO_BUILD/stallfault/stallfault.ko:/lib/modules/stallfault.ko" -- \
	-netdev user,id=u0,restrict=on -netdev user,id=u1,net=10.0.3.0/24,restrict=on \
	-netdev user,id=u2,net=10.0.4.0/24,restrict=on \
	-netdev user,id=u3,net=10.0.5.0/24,restrict=on \
	-device virtio-net-pci,netdev=u0,disable-legacy=on,ioeventfd=off,romfile= \
	-device virtio-net-pci,netdev=u1,disable-legacy=on,ioeventfd=off,romfile=,packed=on \
	-device virtio-net-pci,netdev=u2,disable-legacy=on,ioeventfd=off,romfile= \
	-device virtio-net-pci,netdev=u3,disable-legacy=on,ioeventfd=off,romfile=,packed=on >"$dir/out" || {
	cat "$dir/out"
	exit 1
}
awk '
	function number(key)
	{
		if (!match(row, "\"" key "\":[0-9]+"))
			return "?"
		return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
	}
	function check(ok, what)
	{
		checks++
		if (!ok) {
			print eth " queue " q ": " what
			bad = 1
		}
	}
	$1 == "RUN" { eth = $2; next }
	$1 == "HELD" {
		eth = $2
		q = 0
		print
		check($NF == "good", "in flight while it is reset: " $0)
	}
	/"tool":"vmmio-stat"/ {
		n = split($0, part, "{\"device\":\"")
		for (i = 2; i <= n; i++) {
			row = part[i]
			q = number("queue")
			if (q != 0 && q != 1)
				continue
			printf "%s queue %d: %s buffers by %s kicks, %s used\n", eth, q, number("kick_buffers"), number("kicks_indexed"), number("used_buffers")
			check(number("ring_size") == (q == 1 ? 128 : 64), "ring of " number("ring_size"))
			# of split rings every one is known, before the reset and after it
			if (eth ~ /[02]/) {
				check(number("kick_buffers") == number("added"), number("kick_buffers") " made available, not " number("added"))
				check(number("used_buffers") == number("requests"), number("used_buffers") " used, not " number("requests"))
			}
			check(number("kick_buffers") + 0 < 2000, number("kick_buffers") " made available")
			check(number("used_buffers") + 0 < 200, number("used_buffers") " used")
			if (eth ~ /[01]/) # kprobes of this kernel do not tell
				check(number("events_lost") == 0, number("events_lost") " lost")
			else
				check(row ~ /"events_lost":null/, number("events_lost") " lost")
			if (eth ~ /[23]/) # by kprobes: no request is timed
				check(row ~ /"engine":"kprobe"/ || $0 ~ /kprobe/, "not by kprobes")
			else if (q == 1)
				check(number("requests_timed") + 0 >= 10, number("requests_timed") " timed")
			else
				check(row ~ /"requests_timed":null/, "a receive queue is timed")
		}
	}
	END {
		if (checks != 50) {
			print checks + 0 " checks, not 50"
			bad = 1
		}
		exit bad
	}' "$dir/out" || {
	cat "$dir/out"
	exit 1
}
