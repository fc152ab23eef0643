#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# `vmmio-bench witness` before mainline's drivers: each of the load's requests,
# and the one that the kernel makes to look for partitions, is one access of each
# register that it takes, of the right device; an APIC and an MSI-X table are
# named; every line of QEMU's trace is understood.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
qemu=$(command -v qemu-system-x86_64) || {
	echo "SKIP: there is no qemu-system-x86_64 here"
	exit 77
}

# in QEMU's place, as far as it runs a guest
mkdir "$dir/bin"
cat >"$dir/bin/qemu-system-x86_64" <<END
#!/bin/sh
case " \$* " in
*' -kernel '*) exec "$VMMIO_BUILD/vmmio-bench" witness --json --output "$dir/out" -- "$qemu" "\$@" ;;
esac
exec "$qemu" "\$@"
END
chmod +x "$dir/bin/qemu-system-x86_64"
# shellcheck disable=SC2016 # the guest's shell expands it
PATH=$dir/bin:$PATH "$VMMIO_BUILD/vmmio-boot" --columns mmio,pci-intx,pci-msix --timeout 100 \
	--command 'load_mainline && load_blk && wait_blk 3 &&
		for t in mmio pci-intx pci-msix; do blkload --count 200 $(blk_on $t); done' >"$dir/said"

fail() {
	echo "witness: $*"
	grep -v configuration "$dir/rows" | cut -c1-120 || true
	exit 1
}
sed 's/{"device"/\n&/g' "$dir/out" >"$dir/rows"

# row REGISTER READS WRITES TIMES: so many devices have it so often
row() {
	got=$(grep -c "\"register\":\"$1\",.*\"reads\":$2,\"writes\":$3}" "$dir/rows" || true)
	[ "$got" = "$4" ] || fail "$1: $got rows of $2 reads, $3 writes, not $4"
}
row QueueNotify 0 201 1
row InterruptStatus 201 0 1
row InterruptACK 0 201 1
row notify 0 201 2
row isr_status 201 0 1
row 'MSI-X table' '[0-9]*' '[1-9][0-9]*' 1
row TMR 402 0 1 # a line's interrupt is asked whether it is level
row EOI 0 '[1-9][0-9]*' 1
! grep -q 'pci ?' "$dir/rows" || fail "a device of PCI is not known"
