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

cat >"$work/run.sh" <<'END'
set -e
load_kvm
vmmio-stat exits --json 1 >/tmp/exits 2>/tmp/err &
watcher=$!
events=/sys/kernel/tracing/events/kvm
# attached, and not only about to be
while [ "$(grep -ls "^link_type" /proc/$watcher/fdinfo/* | wc -l)" -lt 17 ]; do
	kill -0 $watcher || { cat /tmp/err >&2; exit 1; }
	usleep 100000
done
for e in kvm_exit:exit_reason kvm_userspace_exit:reason; do
	echo "hist:keys=${e#*:}" >$events/${e%:*}/trigger
done
l2 --ioeventfd --columns mmio,pci-intx,pci-msix --command '
	load_mainline && load_blk && wait_blk 3
	for t in mmio pci-intx pci-msix; do
		node=$(blk_on $t)
		vmmio-stat --json -- blkload --count 200 $node >/tmp/log || { cat /tmp/log >&2; exit 1; }
		grep -v blkload /tmp/log | sed "s/^/$t /"
	done'
kill -INT $watcher
wait $watcher || { cat /tmp/err >&2; exit 1; }
for e in kvm_exit kvm_userspace_exit; do
	sed -n "s/^ *Hits: */hits $e /p" $events/$e/hist
done
tail -n 1 /tmp/exits
END
host_boot "$work/out" "$work/boot.err" --script "$work/run.sh"

# the guest's: one line a transport
for t in mmio pci-intx pci-msix; do
	line=$(grep "^$t " "$work/out") || fail "nothing from the guest about $t"
	case $line in
	*'"accel":"kvm-svm on tcg"'*) ;;
	*) fail "the guest takes its accelerator for another: $line" ;;
	esac
	echo "$line" | grep -q '"queue":0,[^{]*"counters":{"kicks":200,' || fail "not 200 kicks over $t: $line"
done

# the host's
tail -n 1 "$work/out" | tr '{' '\n' >"$work/rows"
grep -q '"accel":"kvm-svm on tcg"' "$work/rows" || fail "the host's accelerator: $(head -n 3 "$work/rows")"
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

for e in kvm_exit kvm_userspace_exit; do
	hits=$(sed -n "s/^hits $e //p" "$work/out")
	[ "${hits:-0}" -gt 1000 ] || fail "the kernel counted '$hits' $e"
	same "$e, the kernel's histogram and exits" "$hits" "$(sum $e "\"$e\":")"
done
same "kvm_exit and all rows" "$(sum kvm_exit '"kvm_exit":')" "$(sum exits '"exit":')"
same "userspace exits and their reasons" "$(sum kvm_userspace_exit '"kvm_exit":')" \
	"$(grep '"MMIO":' "$work/rows" | grep -o '"[A-Z_]*":[0-9]*' | awk -F: '{n += $2} END {print n + 0}')"
! grep '"residual":[1-9]' "$work/rows" || fail "exits that are in no row"
! grep -q '"pid":null' "$work/rows" || fail "something is unattributed: $(grep '"pid":null' "$work/rows")"
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
