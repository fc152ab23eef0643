#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The bench host: a guest under a KVM whose processor QEMU emulates, with QEMU
# and its devices as they are anywhere. What the guest's mainline drivers count
# (kicks, interrupts) and what vmmio-stat exits counts on its host is the same
# number; kicks by ioeventfd, none of them to userspace; the guest calls its
# accelerator by its name. A guest that hangs is given up and tried again.
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

cat >"$work/run.sh" <<'END'
set -e
load_kvm
vmmio-stat exits --json 1 >/tmp/exits 2>/tmp/err &
watcher=$!
l2 --ioeventfd --columns mmio,pci-msix --command '
	load_mainline && load_blk && wait_blk 2
	for t in mmio pci-msix; do
		node=$(blk_on $t)
		vmmio-stat --json -- blkload --count 200 $node >/tmp/log || { cat /tmp/log >&2; exit 1; }
		grep -v blkload /tmp/log | sed "s/^/$t /"
	done'
kill -INT $watcher
wait $watcher || { cat /tmp/err >&2; exit 1; }
tail -n 1 /tmp/exits
END
"$boot" --host --tries 2 --script "$work/run.sh" >"$work/out"

# the guest's: one line a transport
for t in mmio pci-msix; do
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
	[ "$n" -eq 201 ] || fail "201 kicks over $t, the host saw $n: $(cat "$work/rows")"
	[ "$(kicks userspace $t)" -eq 0 ] || fail "kicks over $t went to userspace: $(cat "$work/rows")"
done

# a guest that hangs
status=0
"$boot" --tries 2 --timeout 5 --command 'while :; do :; done' 2>"$work/err" >"$work/out" || status=$?
[ "$status" -eq 1 ] || fail "a guest that hangs ended with $status"
grep -q 'did not end within 5 s; once more (2 of 2)' "$work/err" || fail "no second try: $(cat "$work/err")"
