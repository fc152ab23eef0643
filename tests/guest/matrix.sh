#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Truth for every kind of device: {mmio, INTx, MSI-X} x {split, packed} x
# {event_idx on, off} for disk, network, entropy and console, driven by
# mainline's transports ("stock") or ours ("ours"). Doorbells and, on a line,
# status reads as QEMU saw them; handler runs as /proc/interrupts counts them.
# Counted by what vmmio-stat chooses, or by the source named as third argument.
set -eu

driver=$1 types=$2 source=${3:-auto}
here=$(dirname "$0")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

set --
n=0
for type in $types; do
	for transport in device pci-intx pci-msix; do
		for packed in off on; do
			for event_idx in on off; do
				# the kernel has eight terminals for consoles, not twelve
				[ "$type$event_idx" != serialoff ] || continue
				n=$((n + 1))
				case $transport in
				device) name=device more='' ;;
				pci-intx) name=pci more=,disable-legacy=on,ioeventfd=off,vectors=0 ;;
				pci-msix) name=pci more=,disable-legacy=on,ioeventfd=off ;;
				esac
				case $type in
				blk)
					set -- "$@" -blockdev "null-co,node-name=b$n,size=1073741824,read-zeroes=on"
					more=$more,drive=b$n,queue-size=256,num-queues=1
					;;
				net)
					set -- "$@" -netdev "hubport,id=h$n,hubid=$n"
					more=$more,netdev=h$n
					;;
				rng)
					set -- "$@" -object "rng-builtin,id=r$n"
					more=$more,rng=r$n
					;;
				serial) more=$more,id=s$n ;;
				esac
				set -- "$@" -device "virtio-$type-$name${more},packed=$packed,event_idx=$event_idx"
				if [ "$type" = serial ]; then
					set -- "$@" -chardev "null,id=c$n" -device "virtconsole,bus=s$n.0,chardev=c$n"
				fi
			done
		done
	done
done

{
	cat "$here/windows.guest"
	echo "driver=$driver source=$source"
	cat "$here/matrix.guest"
} >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --trace-events memory_region_ops_read,memory_region_ops_write \
	--trace-log "$dir/trace" --script "$dir/script" --timeout 200 -- "$@" >"$dir/out" || {
	grep -v "^{" "$dir/out"
	exit 1
}

grep '^DEVICE ' "$dir/out" >"$dir/devices"
awk -f "$here/qemutrace.awk" "$dir/devices" "$dir/trace" | grep '^ACCESS ' >"$dir/qemu"
awk -v devices="$n" -v driver="$driver" '
	function counter(row, key)
	{
		if (!match(row, "\"" key "\":[0-9]+"))
			return "?"
		return substr(row, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
	}
	function expect(name, what, got, want)
	{
		checks++
		if (got "" != want "") {
			printf "%s (%s): %s: %s, not %s\n", name, who[name], what, got, want
			bad = 1
		}
	}
	$1 == "WHO" {
		who[$2] = $3 " " $4 " " (substr($5, 35, 1) == "1" ? "packed" : "split") " " (substr($5, 30, 1) == "1" ? "event_idx" : "no event_idx")
		line[$2] = $3 != "pci-msix"
		mmio[$2] = $3 == "mmio"
		seen[who[$2]]++
	}
	$1 == "BEFORE" { before[$2] = $3 }
	$1 == "AFTER" { irqs[$2] = $3 - before[$2] }
	$1 == "ACCESS" && $3 == 1 { n[$2, $4] += $6 }
	/"tool":"vmmio-stat"/ {
		match($0, "\"events_lost\":[0-9a-z]+")
		expect("all", "events lost", substr($0, RSTART + 14, RLENGTH - 14), 0)
		match($0, "\"source\":\"[^\"]*\"")
		print substr($0, RSTART, RLENGTH)
		count = split($0, rows, "{\"device\":\"")
		for (i = 2; i <= count; i++) {
			name = rows[i]
			sub("\".*", "", name)
			if (rows[i] !~ /"counters":/)
				continue
			if (rows[i] ~ /"queue":null/)
				runs[name] = counter(rows[i], "irqs")
			else {
				kicks[name] += counter(rows[i], "kicks")
				opportunities[name] += counter(rows[i], "opportunities")
			}
		}
	}
	END {
		for (name in who) {
			total++
			expect(name, "doorbells, vmmio-stat against QEMU", kicks[name] + 0, n[name, "doorbell"] + 0)
			expect(name, "handler runs, vmmio-stat against /proc/interrupts", runs[name], irqs[name])
			if (line[name])
				expect(name, "handler runs, vmmio-stat against status reads at QEMU", runs[name], n[name, "isr"] + 0)
			if (mmio[name])
				expect(name, "ACK writes at QEMU", n[name, "ack"] + 0, irqs[name])
			expect(name, "kicked at all", kicks[name] > 0, 1)
			expect(name, "no more kicks than opportunities", kicks[name] <= opportunities[name], 1)
			doorbells += kicks[name]
			interrupts += runs[name]
		}
		for (name in seen)
			expect(name, "devices of this kind", seen[name], 1)
		expect("all", "devices", total, devices)
		printf "%s: %d devices, %d doorbells, %d handler runs, %d comparisons\n", driver, total, doorbells, interrupts, checks
		exit bad
	}' "$dir/qemu" "$dir/out"
