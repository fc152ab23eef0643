#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The register accesses that a probe costs, as QEMU sees them: from the first
# read of the magic number (MMIO) or of the status (PCI) up to the write of
# DRIVER_OK, config space counted apart. For N virtqueues:
#   mmio      23 + 11 N: mainline's 22 + 11 N and the status read that waits
#             for the reset (VIRTIO 2.4.2: a driver should), which it leaves out
#   pci-intx  19 + 14 N: no identification, but a status read that waits for
#             the reset; per queue num_queues and its notify offset besides, and
#             it is selected again to be enabled, when all queues are set up
#   pci-msix  21 + 14 N + 2 for each queue with a vector: the vectors of the
#             configuration and of these are written and read back (4.1.5.1.2)
set -eu

here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat "$here/windows.guest" "$here/probe.guest" >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$dir/trace" \
	--script "$dir/script" --timeout 100 -- \
	-netdev hubport,id=h0,hubid=0 -device virtio-net-device,netdev=h0 \
	-netdev hubport,id=h1,hubid=1 -device virtio-net-pci,netdev=h1,disable-legacy=on,ioeventfd=off,vectors=0 \
	-netdev hubport,id=h2,hubid=2 -device virtio-net-pci,netdev=h2,disable-legacy=on,ioeventfd=off \
	>"$dir/out"

grep '^DEVICE ' "$dir/out" >"$dir/devices"
grep '^QUEUES ' "$dir/out" >"$dir/queues"
awk -f "$here/../hex.awk" -f "$here/qemutrace.awk" "$dir/devices" "$dir/trace" | grep '^PROBE ' >"$dir/qemu"

awk '
	$1 == "QUEUES" { queues[$2] = $3; vectors[$2] = $4; devices++; next }
	{
		n = queues[$2]
		want = $2 ~ /^mmio/ ? 23 + 11 * n : $2 ~ /^pci-intx/ ? 19 + 14 * n : 21 + 14 * n + 2 * vectors[$2]
		printf "%-22s N %d: %d accesses, %d of config space besides\n", $2, n, $3, $4
		if ($3 != want) {
			printf "%s: %d accesses, not %d\n", $2, $3, want
			bad = 1
		}
		seen++
		most = n > most ? n : most
	}
	END {
		if (devices != 6 || seen != 6 || most < 3) {
			printf "%d devices, %d probes seen, at most %d queues: expected 6, 6, 3\n", devices, seen, most
			bad = 1
		}
		exit bad
	}' "$dir/queues" "$dir/qemu"
