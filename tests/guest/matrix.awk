# SPDX-License-Identifier: GPL-2.0-only
#
# Holds the witnesses of matrix.sh against each other. Input: the combinations
# expected ("EXPECT <combination>"), QEMU's counts (qemutrace.awk), then what the
# guest said. Prints a line for each combination; exit status 1 if any differs.
function counter(row, key)
{
	if (!match(row, "\"" key "\":[0-9]+"))
		return "?"
	return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
}

# missed: what the kernel says that kprobes did not see, an interrupt that came while
# one was handled: counted + lost is the device's count then, and nothing is invented
function expect(name, what, got, want)
{
	checks++
	if (missed && got ~ /^[0-9]+$/ && got + 0 < want + 0 && want - got <= missed)
		return
	if (got "" != want "") {
		printf "%s%s: %s: %s, not %s%s\n", name, name in who ? " (" who[name] ")" : "", what, got, want, queues[name]
		bad = 1
	}
}

$1 == "EXPECT" {
	sub("EXPECT ", "")
	order[++combinations] = $0
}

$1 == "WHO" {
	# bits 28, 34 and 29 of the features that were negotiated
	if ($4 == "virtio_rng" && substr($5, 29, 1) == "0")
		next # the spare one, see matrix.guest
	who[$2] = $3 " " $4 " " (substr($5, 35, 1) == "1" ? "packed" : "split") " event_idx=" \
		(substr($5, 30, 1) == "1" ? "on" : "off")
	total++
	transport[$2] = $3
	seen[who[$2]]++
	device[who[$2]] = $2
}

$1 == "BEFORE" { before[$2] = $3 }
$1 == "AFTER" { irqs[$2] = $3 - before[$2] }
$1 == "ACCESS" && $3 == 1 { n[$2, $4] += $6 }
$1 == "NOREPLY" { expect("all", "ping over " $2, "no reply", "a reply") }

/"tool":"vmmio-stat"/ {
	match($0, "\"source\":\"[^\"]*\"")
	source = substr($0, RSTART, RLENGTH)
	# what BPF refuses falls back to tracefs: not unnoticed
	expect("all", "counted by " source, source ~ /tracefs|sysfs/ ? "no BPF" : "BPF", asked == "tracefs" ? "no BPF" : "BPF")
	# kprobes of kernels before 6.7: what they missed is not known, and must be nothing
	match($0, "\"events_lost\":[0-9a-z]+")
	lost = substr($0, RSTART + 14, RLENGTH - 14)
	if (asked == "tracefs" && driver == "mainline" && lost ~ /^[1-9][0-9]?$/) {
		print "kprobes missed " lost " events, and say so"
		missed = lost
	} else {
		expect("all", "events lost", lost, source ~ /kprobe/ && lost == "null" ? "null" : 0)
	}
	count = split($0, rows, "{\"device\":\"")
	for (i = 2; i <= count; i++) {
		name = rows[i]
		sub("\".*", "", name)
		if (rows[i] !~ /"counters":/)
			continue
		if (rows[i] ~ /"queue":null/) {
			runs[name] = counter(rows[i], "irqs")
			config[name] = counter(rows[i], "config_irqs")
		} else {
			queues[name] = queues[name] "; queue " counter(rows[i], "queue") ": " counter(rows[i], "kicks") \
				" kicks, " counter(rows[i], "opportunities") " opportunities"
			kicks[name] += counter(rows[i], "kicks")
			opportunities[name] += counter(rows[i], "opportunities")
			unknown[name] = rows[i] !~ /"opportunities":[0-9]/
		}
	}
}

function compare(name)
{
	expect(name, "doorbells, vmmio-stat against QEMU", kicks[name] + 0, n[name, "doorbell"] + 0)
	expect(name, "handler runs, vmmio-stat against /proc/interrupts", runs[name], irqs[name])
	if (transport[name] != "pci-msix")
		expect(name, "handler runs, vmmio-stat against status reads at QEMU", runs[name],
			n[name, "isr"] + 0)
	if (transport[name] == "mmio")
		expect(name, "ACK writes at QEMU", n[name, "ack"] + 0, irqs[name])
	# those of a line that is shared are not all of this device's making
	raised = n[name, "notify"] + config[name]
	if (transport[name] != "pci-intx")
		expect(name, "no more interrupts than the device raised, " raised, irqs[name] <= raised, 1)
	if (who[name] ~ /balloon/)
		expect(name, "changes of the configuration", config[name], 2)
	expect(name, "kicked at all", kicks[name] > 0, 1)
	expect(name, "interrupted at all", irqs[name] > 0, 1)
	# our tracepoints alone do not know them
	if (!unknown[name] || source !~ /:"(raw_tp|tp_btf)"/)
		expect(name, "no more kicks than opportunities", kicks[name] <= opportunities[name], 1)
	printf "%-5s %-42s %4d doorbells %4d handler runs %4d raised\n", driver, who[name], kicks[name],
		runs[name], n[name, "notify"]
	doorbells += kicks[name]
	interrupts += runs[name]
	compared++
}

END {
	for (i = 1; i <= combinations; i++) {
		expect(order[i], "devices of this combination", seen[order[i]] + 0, 1)
		if (seen[order[i]])
			compare(device[order[i]])
	}
	expect("all", "devices", total, combinations)
	expect("all", "combinations compared", compared, combinations)
	printf "%s %s: %d combinations, %d doorbells, %d handler runs, %d comparisons\n", driver, source, compared,
		doorbells, interrupts, checks
	exit bad
}
