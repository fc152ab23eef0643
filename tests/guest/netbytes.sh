#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Bytes of a network interface's virtqueues: sent, against QEMU's own dump of the
# packets; received, the buffers that the driver lays out for packets of one size.
# Newer kernels add those by entry points of their own (premapped).
set -eu

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# 1,530 bytes a buffer with these: header, the longest frame, a VLAN tag. Drivers
# map themselves, and use those entry points, only where the device is behind DMA.
plain=iommu_platform=on,mrg_rxbuf=off,guest_tso4=off,guest_tso6=off,guest_ufo=off,guest_ecn=off
set --
for link in pci-msix mmio; do
	case $link in
	mmio) model=virtio-net-device ;;
	pci-msix) model=virtio-net-pci,disable-legacy=on,ioeventfd=off ;;
	esac
	# what the backend receives is what the guest sends
	set -- "$@" -netdev "user,id=$link,restrict=on" \
		-object "filter-dump,id=dump-$link,netdev=$link,queue=rx,file=$dir/$link" \
		-device "$model,netdev=$link,$plain"
done
"${VMMIO_BUILD:?}/vmmio-boot" --script "$(dirname "$0")/netbytes.guest" --timeout 100 -- "$@" >"$dir/out" || {
	cat "$dir/out"
	exit 1
}

# A dump is a header of 24 bytes, and one of 16 before each packet.
for link in pci-msix mmio; do
	net=$(awk -v link="$link" '$1 == "DEVICE" && $3 == link { print $2 }' "$dir/out")
	[ -n "$net" ] || {
		echo "no interface on $link"
		exit 1
	}
	awk -v link="$link" -v net="$net" -v dump="$(stat -c %s "$dir/$link")" '
		function expect(what, got, want)
		{
			if (got + 0 != want || got == "") {
				printf "%s: %s: %s, not %d\n", link, what, got, want
				bad = 1
			}
		}
		$1 == "DEVICE" { here = $2 == net }
		here && $1 == "PACKETS" { sent = $3; received = $4 }
		here && /"(input|output)\.0"/ {
			n = split($0, f, ",")
			# 11 columns of identity, the six asked for, events_lost
			expect("columns", n, 18)
			expect("events lost", f[18], 0)
			for (i = 12; i <= 17; i++)
				row[f[10], i - 11] = f[i]
			rows++
		}
		END {
			expect("virtqueues", rows, 2)
			out = "\"output.0\""
			into = "\"input.0\""
			if (!(sent >= 10 && received >= 10))
				expect("packets sent and received, ten each", 0, 1)
			expect("packets sent and taken back", row[out, 1], sent)
			expect("bytes sent, headers of 12 included", row[out, 4], dump - 24 - 16 * sent + 12 * sent)
			expect("bytes in of the sending queue", row[out, 5], 0)
			expect("packets received", row[into, 1], received)
			if (!(row[into, 3] >= 256))
				expect("buffers laid out, the ring full", row[into, 3], 256)
			expect("bytes laid out", row[into, 5], 1530 * row[into, 3])
			expect("bytes out of the receiving queue", row[into, 4], 0)
			printf "%s: %d packets of %d bytes sent, %d received, %d buffers of %d bytes laid out\n", link,
				sent, row[out, 4], received, row[into, 3], row[into, 5]
			exit bad
		}' "$dir/out" || {
		grep -v '^time_s' "$dir/out"
		exit 1
	}
done
