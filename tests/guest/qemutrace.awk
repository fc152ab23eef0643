# SPDX-License-Identifier: GPL-2.0-only
#
# Counts the accesses that QEMU saw, from its trace events
# memory_region_ops_read and _write. Input: lines "DEVICE <column> <name> <base>
# <size>" (hexadecimal) from the guest first, then the trace.
#
# A window of a device is what lies between two bursts of at least eight reads
# of its status. Prints, for every window and access that occurred in it:
#   ACCESS <column> <window, from 1> <register> <r or w> <count>
# With virtio_set_status and virtio_notify among the events also what the device
# raised for its queues, as register "notify": such an event names no device, but
# a write to the status register comes right before its virtio_set_status.
# And for the probe, from the first access of the bind that led to DRIVER_OK:
#   PROBE <column> <control accesses up to DRIVER_OK> <config accesses among them>

BEGIN { devices = 0 }

# The register's name for the tests: of what matters the function, else "other".
function register(name, offset)
{
	if (name == "virtio-mmio") {
		if (offset >= 256 || offset == 252)
			return "config"
		return offset == 80 ? "doorbell" : offset == 96 ? "isr" : \
			offset == 100 ? "ack" : offset == 112 ? "status" : "other"
	}
	if (name == "virtio-pci") # legacy
		return offset == 16 ? "doorbell" : offset == 18 ? "status" : offset == 19 ? "isr" : "other"
	if (name ~ /^virtio-pci-notify/)
		return "doorbell"
	if (name ~ /^virtio-pci-isr/)
		return "isr"
	if (name ~ /^virtio-pci-device/)
		return "config"
	if (name ~ /^virtio-pci-common/)
		return offset == 20 ? "status" : offset == 21 ? "config" : "other"
	return "" # MSI-X table and the like: not a register of the transport
}

$1 == "DEVICE" {
	column[devices] = $2
	base[devices] = hex($4)
	size[devices++] = hex($5)
	next
}

$1 == "memory_region_ops_read" || $1 == "memory_region_ops_write" {
	if ($0 !~ /'virtio-/)
		next
	addr = hex($7)
	for (d = 0; d < devices; d++)
		if (addr >= base[d] && addr < base[d] + size[d])
			break
	accessed = d
	if (d == devices)
		next
	name = $NF
	gsub("'", "", name)
	reg = register(name, addr - base[d])
	if (reg == "")
		next
	dir = $1 ~ /read$/ ? "r" : "w"
	value = hex($9)

	# the probe: counting begins anew at each reset, bar the identification before it
	if (!ok[d]) {
		if (reg == "config")
			config[d]++
		else
			control[d]++
		if (reg == "status" && dir == "w" && value % 8 >= 4) {
			ok[d] = 1
			print "PROBE", column[d], control[d], config[d] + 0
		}
	}

	if (reg == "status" && dir == "r") {
		if (++burst[d] % 8 == 0)
			window[d]++
		next
	}
	burst[d] = 0
	count[d, window[d] + 0, reg, dir]++
}

$1 == "virtio_set_status" { raises[$3] = accessed }
$1 == "virtio_notify" && $3 in raises {
	d = raises[$3]
	count[d, window[d] + 0, "notify", "r"]++
}

END {
	for (key in count) {
		split(key, k, SUBSEP)
		# odd ones lie between the two bursts of one run, even ones between runs
		if (k[2] % 2)
			print "ACCESS", column[k[1]], (k[2] + 1) / 2, k[3], k[4], count[key]
	}
}
