#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench host: a guest under a KVM whose processor QEMU emulates, with QEMU
# and its devices as they are anywhere. What the guest's mainline drivers count
# (kicks, interrupts) and what vmmio-stat exits counts on its host is the same
# number; kicks by ioeventfd, none of them to userspace; the guest calls its
# accelerator by its name. The rows of exits add up to what the kernel's own
# histograms of kvm_exit and kvm_userspace_exit hold, to the event, and interrupts
# are as many as their ends. A guest that hangs is given up and tried again.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
boot=$VMMIO_BUILD/vmmio-boot
[ -f "$VMMIO_BUILD/image/host.cpio" ] || {
	echo "SKIP: no image of a bench host was built here (no QEMU, or not x86-64)"
	exit 77
}

fail() {
	echo "stack: $*" >&2
	exit 1
}
# shellcheck source=tests/exitrows.sh
. "$VMMIO_SOURCE/tests/exitrows.sh"
# shellcheck source=tests/benchhost.sh
. "$VMMIO_SOURCE/tests/benchhost.sh"

cat "$VMMIO_SOURCE/tests/watch.host" "$here/stack.guest" >"$work/script"
host_boot "$work/out" "$work/boot.err" --script "$work/script"

guest_kicks 'kvm-svm on tcg' mmio pci-intx pci-msix
host_rows 'kvm-svm on tcg'
kicks() {
	grep "\"exit\":\"kick\",\"path\":\"$1\",.*\"transport\":\"$2\"" "$work/rows" |
		sed 's/.*"samples":\([0-9]*\),.*/\1/' | awk '{n += $1} END {print n + 0}'
}
# one more is the kernel's own, when it meets the disk
for t in mmio pci; do
	n=$(kicks ioeventfd $t)
	want=201
	[ $t = mmio ] || want=402 # two disks
	[ "$n" -eq $want ] || fail "$want kicks over $t, the host saw $n: $(cat "$work/rows")"
	[ "$(kicks userspace $t)" -eq 0 ] || fail "kicks over $t went to userspace: $(cat "$work/rows")"
done

same "userspace exits and their reasons" "$(sum kvm_userspace_exit '"kvm_exit":')" \
	"$(grep '"MMIO":' "$work/rows" | grep -o '"[A-Z_]*":[0-9]*' | awk -F: '{n += $2} END {print n + 0}')"
grep -q '"events_lost":0,"events_missed":0,' "$work/rows" || fail "events were lost"

# mmio: a status read, an ACK and an EOI that goes to userspace for each interrupt
acks=$(sum samples '"exit":"ACK"')
[ "$acks" -ge 200 ] || fail "$acks ACKs: $(cat "$work/rows")"
same "status reads and ACKs" "$(sum samples '"exit":"status read"')" "$acks"
same "ACKs and interrupts" "$acks" "$(sum count '"kind":"irqchip"' '"device":"mmio@')"
same "ACKs and EOIs" "$acks" "$(sum userspace '"device":"mmio@' '"no_exit":')"
same "ACKs and exits by EOI" "$acks" "$(sum exits '"exit":"msr write","path":"userspace","device":"mmio@' 'x2APIC EOI')"
[ "$(sum exits '"exit":"msr read"' '"register":"x2APIC TMR"')" -ge "$acks" ] || fail "no TMR reads: $(cat "$work/rows")"

# MSI-X: no interrupt that never was (KVM makes messages when it scans its routes), and
# most end without an exit
msis=$(sum count '"kind":"msi"')
{ [ "$msis" -ge 200 ] && [ "$msis" -lt 210 ]; } || fail "$msis MSIs for 200 reads: $(cat "$work/rows")"
vectors=$(sed -n 's/.*"kind":"msi".*"vector":\([0-9]*\),.*"count":[1-9].*/\1/p' "$work/rows" | sort -u)
ends=0
for v in $vectors; do
	for how in no_exit in_kernel userspace; do
		ends=$((ends + $(sum $how "\"vector\":$v," '"no_exit":')))
	done
	[ "$(sum no_exit "\"vector\":$v," '"no_exit":')" -gt 0 ] || fail "no paravirtual EOI of vector $v: $(cat "$work/rows")"
done
same "MSIs and their EOIs" "$msis" "$ends"

# a guest that hangs
status=0
"$boot" --tries 2 --timeout 5 --command 'while :; do :; done' 2>"$work/err" >"$work/out" || status=$?
[ "$status" -eq 1 ] || fail "a guest that hangs ended with $status"
grep -q 'did not end within 5 s ([0-9]* s passed); once more (2 of 2)' "$work/err" || fail "no second try: $(cat "$work/err")"
