# SPDX-License-Identifier: GPL-2.0-only
#
# Doorbells with NOTIFICATION_DATA of two packed rings of 64, in QEMU's trace: each carries the
# offset and the wrap counter of the next descriptor. Needs tests/hex.awk. Exit status 1: one
# is wrong, or there are too few.

$1 != "memory_region_ops_write" { next }
{ mmio = $NF ~ /virtio-mmio/ && $7 ~ /50$/ }
!mmio && $NF !~ /virtio-pci-notify/ { next }
{
	kind = mmio ? "mmio" : "pci"
	# after each MMIO doorbell the plain one, which the device understands
	if (mmio && plain) {
		plain = 0
		if (hex($9) != 0) wrong($9)
		next
	}
	plain = mmio
	n = ++bells[kind]
	want = (n % 64) * 65536 + (int(n / 64) % 2 ? 0 : 2147483648)
	if (hex($9) != want || $11 != 4) wrong($9)
}
function wrong(value) { printf "%s doorbell %d: %s of %d bytes\n", kind, bells[kind], value, $11; bad = 1 }
END {
	printf "%d doorbells on mmio, %d on pci: offset and wrap counter in each\n", bells["mmio"], bells["pci"]
	exit bad || bells["mmio"] < 300 || bells["pci"] < 300
}
