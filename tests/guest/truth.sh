#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Holds what vmmio-stat counts against what QEMU saw: doorbell writes, status
# (ISR) reads, ACK writes and handler runs, for three columns at two depths.
# Witnesses: the tracepoints (counted by BPF, or by the source named as argument),
# the driver's own counters, QEMU's trace, /proc/interrupts. Also the number of
# accesses a probe may cost.
set -eu

source=${1:-bpf}
cpus=1
[ "$source" != tracefs ] || cpus=2
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

{
	cat "$here/windows.guest"
	echo "source=$source"
	cat "$here/truth.guest"
} >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --columns mmio,pci-intx,pci-msix --smp $cpus \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$dir/trace" \
	--script "$dir/script" --timeout 100 >"$dir/out"

grep '^DEVICE ' "$dir/out" >"$dir/devices"
awk -f "$here/../hex.awk" -f "$here/qemutrace.awk" "$dir/devices" "$dir/trace" >"$dir/qemu"

# One line per run: RUN column depth, then witness by witness "name value".
awk -v source="$source" '
	# the value of "key" within the row whose queue is q
	function counter(line, q, key, row)
	{
		if (!match(line, "\"queue\":" q ",[^}]*\"counters\":\\{[^}]*\\}"))
			return "?"
		row = substr(line, RSTART, RLENGTH)
		if (!match(row, "\"" key "\":[0-9]+"))
			return "?"
		return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
	}
	function register(line, name, what, part)
	{
		if (!match(line, "\"register\":\"" name "\",\"offset\":[0-9]+,\"reads\":[0-9]+,\"writes\":[0-9]+"))
			return 0
		part = substr(line, RSTART, RLENGTH)
		match(part, "\"" what "\":[0-9]+")
		return substr(part, RSTART + length(what) + 3, RLENGTH - length(what) - 3)
	}
	function say(witness, what, value) { print column, run[column], depth, witness, what, value }

	$1 == "RUN" { column = $2; depth = $3; run[column]++; next }
	$1 == "IRQS" { say("proc", "irqs", $2); next }
	/"tool":"vmmio-stat"/ {
		witness = $0 ~ /"source":"sysfs"/ ? "sysfs" : source
		say(witness, "doorbells", counter($0, 0, "kicks"))
		say(witness, "irqs", counter($0, "null", "irqs"))
		say(witness, "accesses", counter($0, "null", "accesses"))
		say(witness, "isr", register($0, column == "mmio" ? "InterruptStatus" : "isr_status", "reads"))
		say(witness, "ack", register($0, "InterruptACK", "writes"))
		if (witness == source) {
			match($0, "\"events_lost\":[0-9a-z]+")
			say(witness, "lost", substr($0, RSTART + 14, RLENGTH - 14))
		}
	}' "$dir/out" >"$dir/guest"

awk -v source="$source" '
	function expect(what, got, want)
	{
		if (got "" != want "") {
			printf "%s depth %s: %s: %s, not %s\n", column, depth[key], what, got, want
			bad = 1
		}
		checks++
	}
	FILENAME ~ /qemu$/ {
		if ($1 == "ACCESS") {
			n[$2 " " $3, $4] = $6
			total[$2 " " $3] += $6
		}
		if ($1 == "PROBE")
			probe[$2] = $3
		next
	}
	{
		key = $1 " " $2
		depth[key] = $3
		v[key, $4, $5] = $6
		keys[key] = $1
	}
	END {
		for (key in keys) {
			column = keys[key]
			runs++
			doorbells = n[key, "doorbell"] + 0
			irqs = v[key, "proc", "irqs"]
			line = column != "pci-msix"
			printf "%-9s depth %-2d doorbells %d, interrupts %d, accesses %d\n", column, depth[key], doorbells, irqs, total[key]
			expect("doorbells, " source " against QEMU", v[key, source, "doorbells"], doorbells)
			expect("doorbells, driver against QEMU", v[key, "sysfs", "doorbells"], doorbells)
			expect("handler runs, " source " against /proc/interrupts", v[key, source, "irqs"], irqs)
			expect("handler runs, driver against /proc/interrupts", v[key, "sysfs", "irqs"], irqs)
			expect("status reads, QEMU against /proc/interrupts", n[key, "isr"] + 0, line ? irqs : 0)
			expect("status reads, " source " against QEMU", v[key, source, "isr"], n[key, "isr"] + 0)
			expect("status reads, driver against QEMU", v[key, "sysfs", "isr"], n[key, "isr"] + 0)
			expect("ACK writes, QEMU against /proc/interrupts", n[key, "ack"] + 0, column == "mmio" ? irqs : 0)
			expect("ACK writes, " source " against QEMU", v[key, source, "ack"], n[key, "ack"] + 0)
			expect("ACK writes, driver against QEMU", v[key, "sysfs", "ack"], n[key, "ack"] + 0)
			expect("all accesses, " source " against QEMU", v[key, source, "accesses"], total[key] + 0)
			expect("all accesses, driver against QEMU", v[key, "sysfs", "accesses"], total[key] + 0)
			expect("events lost", v[key, source, "lost"], 0)
			# structural: one request at a time is one kick and one interrupt each
			if (depth[key] == 1) {
				expect("doorbells of 500 requests", doorbells, 500)
				expect("interrupts of 500 requests", irqs, 500)
			}
			if (!doorbells || !irqs)
				expect("anything counted", "nothing", "something")
		}
		expect("runs", runs, 6)
		print checks " comparisons"
		exit bad
	}' "$dir/qemu" "$dir/guest"
