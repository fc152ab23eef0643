# SPDX-License-Identifier: GPL-2.0-only
#
# Register accesses of the binds that traced.guest traced, as QEMU saw them and as the
# tracepoints told. Input: the DEVICE lines, then QEMU's trace, then the guest's output.
# Prints for each access "<qemu or guest> <column> <r or w> <structure> <offset> <size> <value>".
# The window of a bind is the fifth between two bursts of eight reads of the status.

# A device model may return more bits than were asked for.
function of_size(value, size)
{
	sub("^0x", "", value)
	if (length(value) > 2 * size)
		value = substr(value, length(value) - 2 * size + 1)
	sub("^0+", "", value)
	return "0x" (value == "" ? "0" : value)
}

# After reads of the status: eights of them are marks. What is left over is the driver's, at
# the end of the window that a mark closes, or else at the beginning of the next.
function end_burst(d, marks, rest, i, at)
{
	marks = int(burst[d] / 8)
	rest = burst[d] % 8
	at = marks == 1 && window[d] % 2 ? window[d] : window[d] + marks
	window[d] += marks
	for (i = 0; i < rest; i++)
		if (at == 9)
			print "qemu", column[d], held[d, i]
	burst[d] = 0
}

# Which structure, by the events' names, and where in it: "common 20".
function place(d, name, offset, size, dir, value, first)
{
	if (name == "virtio-mmio")
		return "mmio " offset
	if (name ~ /^virtio-pci-notify/)
		return "notify 0"
	if (name ~ /^virtio-pci-(common|isr|device)/) {
		sub("^virtio-pci-", "", name)
		sub("-.*", "", name)
		return name " " offset % 4096
	}
	if (name != "virtio-pci")
		return ""
	# A legacy device's one space. Its configuration begins behind the vectors, which are
	# there from the first that is set on, until the reset.
	if (offset == 16)
		return "notify 0"
	if (offset == 19)
		return "isr 0"
	if (offset == 18 && dir == "w" && value == "0x0")
		vectors[d] = 0
	if (size == 2 && (offset == 20 || offset == 22))
		vectors[d] = 1
	first = vectors[d] ? 24 : 20
	return offset >= first ? "device " offset - first : "legacy " offset
}

BEGIN { devices = 0 }

FNR == 1 { file++ }

file == 1 && $1 == "DEVICE" {
	column[devices] = $2
	base[devices] = hex($4)
	length_of[devices++] = hex($5)
	next
}

file == 2 && $1 ~ /^memory_region_ops_(read|write)$/ && /'virtio-/ {
	addr = hex($7)
	for (d = 0; d < devices; d++)
		if (addr >= base[d] && addr < base[d] + length_of[d])
			break
	if (d == devices)
		next
	name = $NF
	gsub("'", "", name)
	dir = $1 ~ /read$/ ? "r" : "w"
	where = place(d, name, addr - base[d], $11, dir, $9)
	if (where == "")
		next
	access = dir " " where " " $11 " " of_size($9, $11)
	if (dir == "r" && (where == "mmio 112" || where == "common 20" || where == "legacy 18")) {
		held[d, burst[d]++] = access
		next
	}
	end_burst(d)
	if (window[d] == 9)
		print "qemu", column[d], access
	next
}

# A burst at the end of the trace.
file == 3 && !ended {
	for (d = 0; d < devices; d++)
		end_burst(d)
	ended = 1
}

file == 3 && $1 == "REBIND" {
	bound = $2
	parent = $3
	next
}

file == 3 && $1 == "REG" && / virtio_(mmio|pci)_(read|write): / {
	if ($0 !~ " dev=" parent " ")
		next
	dir = / virtio_(mmio|pci)_read: / ? "r" : "w"
	type = / virtio_mmio_/ ? "mmio" : ""
	for (i = 1; i <= NF; i++) {
		if (split($i, pair, "=") != 2)
			continue
		if (pair[1] == "cfg")
			type = pair[2]
		if (pair[1] == "offset")
			offset = hex(pair[2])
		if (pair[1] == "size")
			size = pair[2]
		if (pair[1] == "value")
			value = pair[2]
	}
	print "guest", bound, dir, type, offset, size, value
}
