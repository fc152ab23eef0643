#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench host of arm64 (EL2, GICv2, emulated): a guest under its KVM, with
# mainline's drivers. What the guest counts (kicks, interrupts) and what
# vmmio-stat exits counts on its host is the same number: kicks by ioeventfd, a
# status read and an ACK in userspace for each interrupt of virtio-mmio, none of
# MSI-X. The rows of exits add up to the kernel's own histograms of kvm_exit and
# kvm_userspace_exit, to the event. Both levels call their accelerator by its name.
# Argument: the image of the guest (arm64).
set -eu
# shellcheck source=tests/arm/lib.sh
. "$VMMIO_SOURCE/tests/arm/lib.sh"
# shellcheck source=tests/exitrows.sh
. "$VMMIO_SOURCE/tests/exitrows.sh"
host=$VMMIO_BUILD/arch/host-arm64/host.cpio
[ -f "$host" ] || {
	echo "no $host (arm.host-arm64 makes it): skipped"
	exit 77
}

cat >"$work/run.sh" <<'END'
set -e
load_kvm
vmmio-stat exits --json 1 >/tmp/exits 2>/tmp/err &
watcher=$!
events=/sys/kernel/tracing/events/kvm
# attached, and not only about to be
until grep -qs "^link_type" /proc/$watcher/fdinfo/*; do
	kill -0 $watcher || { cat /tmp/err >&2; exit 1; }
	usleep 100000
done
usleep 1000000
for e in kvm_exit:ret kvm_userspace_exit:reason; do
	echo "hist:keys=${e#*:}" >$events/${e%:*}/trigger
done
l2 --ioeventfd --columns mmio,pci-msix -f /bin/vmmio-stat:/bin/vmmio-stat --command '
	load_mainline && load_blk && wait_blk 2
	for t in mmio pci-msix; do
		node=$(blk_on $t)
		vmmio-stat --json -- blkload --count 200 $node >/tmp/log || { cat /tmp/log >&2; exit 1; }
		# what is asked for below: each letter is an exit
		echo "$t $(grep -o "\"accel\":\"[^\"]*\"\|\"queue\":0,[^{]*\"counters\":{\"kicks\":[0-9]*," /tmp/log | tr "\n" " ")"
		echo "irqs $t $(irqs_of "$(virtio_of "$node")")"
	done'
kill -INT $watcher
wait $watcher || { cat /tmp/err >&2; exit 1; }
for e in kvm_exit kvm_userspace_exit; do
	sed -n "s/^ *Hits: */hits $e /p" $events/$e/hist
done
tail -n 1 /tmp/exits
END
boot --host --initrd "$host" --timeout 400 --tries 2 --script "$work/run.sh" >"$work/out" || fail "the bench host failed"

# the guest's: one line a transport
for t in mmio pci-msix; do
	line=$(grep "^$t " "$work/out") || fail "nothing from the guest about $t"
	case $line in
	*'"accel":"kvm-arm on tcg"'*) ;;
	*) fail "the guest takes its accelerator for another: $line" ;;
	esac
	echo "$line" | grep -q '"queue":0,[^{]*"counters":{"kicks":200,' || fail "not 200 kicks over $t: $line"
done
irqs=$(sed -n 's/^irqs mmio //p' "$work/out")
msis=$(sed -n 's/^irqs pci-msix //p' "$work/out")

tail -n 1 "$work/out" | tr '{' '\n' >"$work/rows"
grep -q '"accel":"kvm-arm on tcg"' "$work/rows" || fail "the host's accelerator: $(head -n 3 "$work/rows")"

# one more kick is the kernel's own, when it meets the disk
for t in mmio pci; do
	same "kicks over $t by ioeventfd" 201 \
		"$(sum samples '"exit":"kick"' '"path":"ioeventfd"' "\"transport\":\"$t\"")"
	same "kicks over $t" 201 "$(sum samples '"exit":"kick"' "\"transport\":\"$t\"")"
done
same "interrupts of mmio in the guest and ACKs" "$irqs" "$(sum samples '"exit":"ACK"')"
same "status reads and ACKs" "$(sum samples '"exit":"status read"')" "$irqs"
for e in kvm_exit kvm_userspace_exit; do
	hits=$(sed -n "s/^hits $e //p" "$work/out")
	[ "${hits:-0}" -gt 1000 ] || fail "the kernel counted '$hits' $e"
	same "$e, the kernel's histogram and exits" "$hits" "$(sum $e "\"$e\":")"
done
same "kvm_exit and all rows" "$(sum kvm_exit '"kvm_exit":')" "$(sum exits '"exit":')"
! grep '"residual":[1-9]' "$work/rows" || fail "exits that are in no row"
! grep -q '"pid":null' "$work/rows" || fail "something is unattributed: $(grep '"pid":null' "$work/rows")"
same "interrupts of mmio in the guest and what the host sent" "$irqs" \
	"$(sum count '"device":"mmio@' '"vector":')"
# MSIs are the GICv2m's, which makes lines of them; QEMU sends them by irqfd
same "MSIs in the guest and what the host sent" "$msis" "$(sum count '"by":"irqfd"' '"kind":"irqchip"')"
same "of these, raised and accepted" "$msis" "$(sum raised '"by":"irqfd"' '"kind":"irqchip"')"
grep -q '"device":"PL011"' "$work/rows" || fail "no access to the serial port by its name"
echo "200 reads over mmio and MSI-X under kvm-arm on tcg: $irqs and $msis interrupts on both sides"
