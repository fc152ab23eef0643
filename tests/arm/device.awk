# SPDX-License-Identifier: GPL-2.0-only
#
# Accesses to the virtio-mmio window at base (-v, hexadecimal), in QEMU's trace: lines
# "OFFSET READS WRITES", from the last probe to the mark of 20 reads of Status. Needs
# tests/hex.awk.

BEGIN { b = hex(base) }
/memory_region_ops_(read|write)/ {
	# legacy and modern devices register as virtio-mmio
	if ($0 !~ /name .virtio-mmio/) next
	for (i = 1; i <= NF; i++) {
		if ($i ~ /memory_region_ops_read/) kind = "r"
		if ($i ~ /memory_region_ops_write/) kind = "w"
		if ($i == "addr") off = hex($(i + 1)) - b
	}
	if (off < 0 || off >= 512) next
	if (off > 256) off = 256
	if (off == 0 && kind == "r") n = 0 # a probe begins
	n++
	what[n] = kind off
	run = (kind == "r" && off == 112) ? run + 1 : 0
	if (run == 20) { end = n - 20; exit }
}
END {
	if (!end) { print "no mark"; exit }
	for (i = 1; i <= end; i++) count[what[i]]++
	for (off = 0; off <= 256; off++)
		if (count["r" off] || count["w" off])
			printf "0x%03x %d %d\n", off, count["r" off], count["w" off]
}
