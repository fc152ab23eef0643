#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tracepoints of patches/trace, on the kernel that has them: vmmio-stat takes them
# by itself, and what it counts with them, and what the kernel's tracing records of
# them, is what QEMU saw: doorbells, status reads, acknowledges; interrupts are those of
# /proc/interrupts. Argument: the folder of the kernel (cmake/source-kernel.sh).
set -eu

kernel=$1
here=$(dirname "$0")
guest=$here/../guest
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat "$guest/windows.guest" "$here/traced.guest" >"$dir/script"
"${VMMIO_BUILD:?}/vmmio-boot" --kernel "$kernel/vmlinuz" --initrd "$kernel/initrd.cpio" --memory 512 \
	--columns mmio,pci-intx,pci-msix --append trace_buf_size=8M \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$dir/trace" \
	--script "$dir/script" --timeout 200 >"$dir/out" || {
	tail -n 40 "$dir/out"
	exit 1
}
grep '^DEVICE ' "$dir/out" >"$dir/devices"
awk -f "$guest/qemutrace.awk" "$dir/devices" "$dir/trace" >"$dir/qemu"

awk '
	function expect(what, got, want)
	{
		checks++
		if (got "" != want "") {
			printf "%s, %s: %s: %s, not %s\n", column, how, what, got, want
			bad = 1
		}
	}
	function end_run(w)
	{
		if (!column)
			return
		w = column SUBSEP window[column]
		doorbells = qemu[w, "doorbell", "w"] + 0
		if (how == "trace") {
			expect("virtqueue_notify", notify, doorbells)
			expect("virtqueue_interrupt", interrupt, irqs)
			expect("writes of doorbells", doorbell, doorbells)
			expect("reads of the status", isr, qemu[w, "isr", "r"] + 0)
			expect("acknowledges", ack, qemu[w, "ack", "w"] + 0)
			# all but those of the first kick, 16 at most; what comes later is taken, too
			expect("buffers by the positions of kicks", last - first >= 484 && last - first < 500, 1)
			expect("buffers that waited", used > 0 && used <= 500, 1)
			expect("of another device", other + 0, 0)
		} else {
			expect("source", source, how == "kprobe" ? "kprobe+tp" : "fentry+tp")
			expect("doorbells", kicks, doorbells)
			expect("interrupts", counted, irqs)
			if (how != "count" && kicks)
				expect("buffers", sprintf("%.1f", perkick), sprintf("%.1f", 500 / kicks))
			expect("lost", lost, 0)
		}
		if (!doorbells || !irqs)
			expect("anything", "nothing", "something")
		printf "%-9s %-6s %d doorbells, %d interrupts\n", column, how, doorbells, irqs
		runs++
	}
	FILENAME ~ /qemu$/ {
		if ($1 == "ACCESS")
			qemu[$2, $3, $4, $5] = $6
		next
	}
	$1 == "RUN" {
		end_run()
		column = $2
		how = $3
		device = $4
		parent = $5
		window[column]++
		notify = interrupt = doorbell = isr = ack = used = first = last = other = irqs = 0
		source = kicks = counted = lost = perkick = ""
		next
	}
	$1 == "IRQS" { irqs = $2; next }
	$1 == "STAT" && $3 == "source" { source = $4; sub(",", "", source); next }
	$1 == "STAT" && $2 == device && $3 ~ /^0:/ {
		kicks = $4
		perkick = how == "count" ? "" : $5
		counted = how == "count" ? $5 : $6
		lost = $NF
		next
	}
	$1 != "TRACE" { next }
	/ virtqueue_(notify|interrupt): / {
		if ($0 !~ " dev=" device " ")
			other++
		if ($0 !~ / vq=0 name=req.0 /)
			other++
	}
	/ virtio_(mmio|pci)_(read|write): / && $0 !~ " dev=" parent " " { other++ }
	/ virtqueue_notify: / {
		notify++
		sub(/.* avail=/, "")
		if (notify == 1)
			first = $0 + 0
		last = $0 + 0
		if (last < first)
			last += 65536
	}
	/ virtqueue_interrupt: / {
		interrupt++
		sub(/.* used=/, "")
		used += $0
	}
	/ virtio_mmio_write: .* reg=QueueNotify offset=0x50 size=4 / { doorbell++ }
	/ virtio_mmio_read: .* reg=InterruptStatus offset=0x60 size=4 / { isr++ }
	/ virtio_mmio_write: .* reg=InterruptACK offset=0x64 size=4 / { ack++ }
	/ virtio_pci_write: .* cfg=notify offset=0x0 size=2 / { doorbell++ }
	/ virtio_pci_read: .* cfg=isr offset=0x0 size=1 / { isr++ }
	END {
		end_run()
		expect("runs", runs, 12)
		printf "%d comparisons\n", checks
		exit bad
	}' "$dir/qemu" "$dir/out"
