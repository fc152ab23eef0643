#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A real VMM and real drivers under a real KVM: SeaBIOS reads virtio-blk in
# QEMU, watched by `vmmio-stat exits` with no help from QEMU. Each read is one
# kick and one status read. Over virtio-mmio without an ioeventfd the window is
# known only by the guest's reading "virt" from it; with one, and over PCI, the
# kicks stay in the kernel.
set -eu
# shellcheck source=tests/host/lib.sh
. "$(dirname "$0")/lib.sh"

need_kvm
need_host_bpf
command -v qemu-system-x86_64 >/dev/null || skip "QEMU is not installed"

# one VARIANT: runs it under exits; its rows are in $dir/rows
one() {
	"$stat" exits --json "${VMMIO_SCAN:-0.5}" >"$dir/out.txt" 2>"$dir/err" &
	watcher=$!
	ready "$watcher" 12 link
	"$VMMIO_BUILD/vmmio-bench" micro --quick -r 1 -o "bios_$1" --csv >"$dir/csv" ||
		fail "micro ended with $?"
	kill -INT "$watcher"
	wait "$watcher" || fail "exits ended with $?: $(cat "$dir/err")"
	case $(grep ",bios_$1," "$dir/csv") in
	*'did not boot'*) skip "the firmware does not boot here: $1" ;;
	esac
	tail -n 1 "$dir/out.txt" | grep -q "\"events_lost\":0," || fail "events were lost"
	tail -n 1 "$dir/out.txt" | tr '{' '\n' | grep '"name":"qemu-system-x86_64"' >"$dir/rows" ||
		fail "no row of QEMU for $1"
}

# sum PATTERN: samples of the rows that match
sum() {
	grep -e "$1" "$dir/rows" | sed 's/.*"samples":\([0-9]*\),.*/\1/' | awk '{n += $1} END {print n + 0}'
}

# 16 to warm up, 500 timed, and a few of the firmware's own
expect_reads() {
	{ [ "$2" -ge 516 ] && [ "$2" -le 530 ]; } || {
		cat "$dir/rows"
		fail "$1: $2, expected 516 and a few"
	}
}

one mmio_user
kicks=$(sum '"exit":"kick","path":"userspace","device":"mmio@[0-9a-f]*","transport":"mmio","queue":0,"register":"QueueNotify"')
expect_reads "kicks to userspace over mmio" "$kicks"
reads=$(sum '"exit":"status read","path":"userspace","device":"mmio@')
# the firmware reads it once more on its way in
{ [ "$reads" -ge "$kicks" ] && [ "$reads" -le $((kicks + 2)) ]; } || fail "$kicks kicks, but $reads status reads"

one mmio_ioeventfd
expect_reads "kicks by ioeventfd over mmio" "$(sum '"exit":"kick","path":"ioeventfd","device":"mmio@[0-9a-f]*","transport":"mmio","queue":0')"

one pci_ioeventfd
expect_reads "kicks in the kernel over pci" "$(sum '"exit":"kick","path":"\(ioeventfd\|fast\)","device":"pci@[0-9a-f]*","transport":"pci","queue":0')"
# the kernel's timer interrupts come from a thread of its own, "kvm-pit/PID"
tail -n 1 "$dir/out.txt" | tr '{' '\n' |
	grep -q '"name":"qemu-system-x86_64","kind":"irqchip","by":"kthread","gsi":0,' ||
	fail "the timer's interrupts: $(tail -n 1 "$dir/out.txt" | tr '{' '\n' | grep '"kind"')"
