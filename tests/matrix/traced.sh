#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The tracepoints of patches/trace, on the kernel that has them: vmmio-stat takes them
# by itself, and what it counts with them, and what the kernel's tracing records of
# them, is what QEMU saw: doorbells, status reads, acknowledges; interrupts are those of
# /proc/interrupts. Each access of a bind is told, with its value. The devices are of virtio
# 1.x, then legacy ones. Argument: the folder of the kernel (cmake/source-kernel.sh).
set -eu

kernel=$1
here=$(dirname "$0")
guest=$here/../guest
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# boot NAME COLUMNS ARGUMENT...: by vmmio-boot, whose machine has no I/O ports for PCI
boot()
{
	name=$1 columns=$2
	shift 2
	{
		echo "columns='$columns'"
		cat "$guest/windows.guest" "$here/traced.guest"
	} >"$dir/script"
	"${VMMIO_BUILD:?}/vmmio-boot" --kernel "$kernel/vmlinuz" --initrd "$kernel/initrd.cpio" --memory 512 \
		--columns "$(echo "$columns" | tr ' ' ,)" --append trace_buf_size=8M \
		--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$dir/$name.trace" \
		--script "$dir/script" --timeout 200 -- "$@" >"$dir/$name.out" || {
		tail -n 40 "$dir/$name.out"
		exit 1
	}
}

# boot_pc NAME COLUMNS ARGUMENT...: the same on a machine that has them
boot_pc()
{
	name=$1 columns=$2
	shift 2
	{
		echo "columns='$columns'"
		cat "$guest/windows.guest" "$here/traced.guest"
	} >"$dir/script"
	echo "file /run.sh $dir/script" | "$VMMIO_BUILD/mkcpio" "$dir/script.cpio"
	cat "$kernel/initrd.cpio" "$dir/script.cpio" >"$dir/initrd"
	printf 'memory_region_ops_read\nmemory_region_ops_write\n' >"$dir/events"
	if ! timeout 200 qemu-system-x86_64 -M pc -accel tcg -m 512 -nodefaults -no-user-config -display none -no-reboot \
		-trace "events=$dir/events,file=$dir/$name.trace" \
		-serial "file:$dir/$name.console" -serial "file:$dir/$name.out" -kernel "$kernel/vmlinuz" \
		-initrd "$dir/initrd" -append "console=ttyS0 quiet panic=-1 trace_buf_size=8M" "$@" ||
		! grep -qx 'VMMIO-END 0' "$dir/$name.out"; then
		tail -n 20 "$dir/$name.console" "$dir/$name.out"
		exit 1
	fi
}

# hold NAME COLUMNS: what the guest said against what QEMU saw
hold()
{
	columns=$2
	grep '^DEVICE ' "$dir/$1.out" >"$dir/devices"
	awk -f "$guest/../hex.awk" -f "$guest/qemutrace.awk" "$dir/devices" "$dir/$1.trace" >"$dir/qemu"
	echo "$1"
	counts $((4 * $(echo "$columns" | wc -w)))
	awk -f "$guest/../hex.awk" -f "$here/accesses.awk" "$dir/devices" "$dir/$1.trace" "$dir/$1.out" >"$dir/accesses"
	for column in $columns; do
		for who in qemu guest; do
			# as many of each; their order is that of two processors' buffers
			sed -n "s/^$who $column //p" "$dir/accesses" | sort >"$dir/$who.sorted"
		done
		n=$(wc -l <"$dir/qemu.sorted")
		if [ "$n" -lt 30 ] || ! cmp -s "$dir/qemu.sorted" "$dir/guest.sorted"; then
			echo "$column: of a bind QEMU saw $n accesses, the events tell $(wc -l <"$dir/guest.sorted")"
			diff "$dir/qemu.sorted" "$dir/guest.sorted" | head -n 20
			exit 1
		fi
		printf '%-9s bind   %d accesses, each with its value:%s\n' "$column" "$n" "$(
			cut -d ' ' -f 2 "$dir/guest.sorted" | sort | uniq -c | awk '{ printf " %s %d", $2, $1 }'
		)"
	done
}

counts()
{
awk -v want="$1" '
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
		expect("runs", runs, want)
		printf "%d comparisons\n", checks
		exit bad
	}' "$dir/qemu" "$dir/$name.out"
}

boot modern "mmio pci-intx pci-msix"
hold modern "mmio pci-intx pci-msix"
boot legacy-mmio mmio -global virtio-mmio.force-legacy=true
grep -q '^REG .* reg=QueuePFN ' "$dir/legacy-mmio.out" || {
	echo "legacy-mmio: the device is none"
	exit 1
}
hold legacy-mmio mmio
disk=virtio-blk-pci,disable-legacy=off,disable-modern=on,ioeventfd=off
boot_pc legacy-pci "pci-intx pci-msix" \
	-blockdev null-co,node-name=n0,size=67108864,read-zeroes=on -device $disk,drive=n0,vectors=0 \
	-blockdev null-co,node-name=n1,size=67108864,read-zeroes=on -device $disk,drive=n1
hold legacy-pci "pci-intx pci-msix"
