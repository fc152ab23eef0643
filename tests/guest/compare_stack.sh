#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compare --stack end to end, small: a verdict is given (so each count of the guest
# is its host's, the layers add up to what the guest's clock saw and a second witness
# agrees on the monitor's), exits per I/O, and those to userspace, are as they must be,
# and the folder holds what it says. One boot is not called exact.
# The processor's second deliveries are let pass by as many as there were.
# Argument: arm64, with the image that cross-host.sh has made; else x86-64.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
# mmio, INTx, MSI-X; KVM's end of an interrupt is no exit on arm64
machine=microvm accel=kvm-svm exits_want='5 4 1' user_want='3 2 0' host=$VMMIO_BUILD/image/host.cpio
if [ "${1-}" = arm64 ]; then
	machine=virt-arm64 accel=kvm-arm exits_want='3 2 1' user_want='2 1 0'
	host=$VMMIO_BUILD/arch/host-arm64/host.cpio
fi
[ -f "$host" ] || {
	echo "SKIP: no $host was built here (no QEMU, or not x86-64)"
	exit 77
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! "$bench" compare --stack --machine $machine --boots 1 --count 100 --out "$tmp/results" >"$tmp/out" 2>"$tmp/err"; then
	cat "$tmp/out" "$tmp/err"
	exit 1
fi
cat "$tmp/out"
set -- "$tmp"/results/*-$accel-on-tcg/stack
folder=$1
for file in manifest.json result.json series.json machine.json boots.json rounds.jsonl.gz hosts.jsonl.gz \
	stack.txt exits.svg exits.png exits.tsv instructions.svg instructions.png instructions.tsv; do
	[ -s "$folder/$file" ] || {
		echo "$file is missing or empty"
		cat "$tmp/err"
		exit 1
	}
done
"$bench" diff "$folder" "$folder" >"$tmp/diff" || {
	cat "$tmp/diff"
	echo "the result is not read back"
	exit 1
}

# the row of the table that begins with $1: what is after its name
row()
{
	sed -n "s/^$1  *\([0-9.-]* *[0-9.-]* *[0-9.-]*\) .*/\1/p" "$folder/stack.txt"
}
sed 's/$/ /' "$folder/stack.txt" >"$tmp/table"
mv "$tmp/table" "$folder/stack.txt"
exits=$(row exits)
user=$(row '  to userspace')
twice=$(row '  delivered twice by the processor')
echo "$exits $user $twice $exits_want $user_want" | awk '
	# a second delivery of a level interrupt can bring each access of its handler once more
	function within(v, want, twice) { return v >= want && v <= want + twice * 4 }
	{
		ok = NF == 15 && within($1, $10, $7) && within($2, $11, $8) && $3 >= 1 && $3 < 1.1
		ok = ok && within($4, $13, $7) && within($5, $14, $8) && $6 == $15
		exit !ok
	}' || {
	echo "exits are not $exits_want and $user_want to userspace: $exits; $user; delivered twice $twice"
	exit 1
}
[ "$(head -n 1 "$tmp/out")" = verdict ]
grep -q "^  depth 1: mmio ${exits_want%% *}.* exits per I/O, ${user_want%% *}.* to userspace; .*; n = 1 boot, HLT" \
	"$tmp/out"
grep -q '^  mmio takes [0-9.]* times the instructions of pci-msix' "$tmp/out"
grep -q '^  of the [0-9]* that mmio takes more in the mean, .* KVM.s and' "$tmp/out"
# KVM and the monitor have most over mmio and least over MSI-X; the guest hardly differs
for layer in KVM monitor; do
	row "  $layer" | awk '{ exit !($1 > $2 && $2 > $3 && $3 > 0) }' || {
		echo "$layer: mmio, INTx, MSI-X is not the order of its share"
		exit 1
	}
done
row '  guest' | awk '{ exit !($1 > 0.8 * $3 && $1 < 1.3 * $3) }' || {
	echo "the guest takes another share over mmio than over MSI-X"
	exit 1
}
row '  in a kick, the guest.s probes in it' | awk '{ exit !($1 > 0 && $2 > 0 && $3 > 0) }' || {
	echo "no cost of a kick"
	exit 1
}
if grep -w exact "$tmp/out"; then
	echo "one boot is called exact"
	exit 1
fi
# nothing of this machine but its CPU and kernel; "vm" is a name as well, and QEMU's clock
sed -i 's/,clock=vm / /' "$folder/machine.json"
gzip -dc "$folder"/*.gz >"$tmp/raw"
if grep -l -w -F -e "$(uname -n)" -e "$tmp" -e "$VMMIO_BUILD" "$folder"/*.json "$tmp/raw" "$folder"/*.txt; then
	echo "these name the host or a path of it"
	exit 1
fi
[ $machine = microvm ] || exit 0

# A disk that the host's kernel serves: the monitor has a share over a line, whose level it sets,
# and none with MSI-X; another task has the work. Nothing times its kicks.
status=0
"$bench" compare --stack --vhost --out "$tmp/none" >"$tmp/out" 2>"$tmp/err" || status=$?
if [ $status != 2 ] || ! grep -q -e '--vhost: --load scsi and udp_rr only' "$tmp/err" || [ -e "$tmp/none" ]; then
	echo "status $status, --vhost of a disk of QEMU's is not refused:"
	cat "$tmp/out" "$tmp/err"
	exit 1
fi
"$bench" compare --stack --load scsi --vhost --boots 1 --count 50 --no-plots --out "$tmp/results" >"$tmp/out" 2>"$tmp/err" || {
	cat "$tmp/out" "$tmp/err"
	exit 1
}
folder=$(dirname "$1")/compare-stack-scsi-vhost
sed 's/$/ /' "$folder/stack.txt" >"$tmp/table"
mv "$tmp/table" "$folder/stack.txt"
echo "$(row '  monitor') $(row '  other tasks of the host')" | awk '
	{ exit !($1 > 20000 && $2 > 20000 && $3 < 4000 && $4 > 10000 && $5 > 10000 && $6 > 10000) }' || {
	echo "who serves the disk is not who has the instructions:"
	cat "$tmp/out"
	exit 1
}
grep -q '^  in a kick, the guest.s probes in it  *-  *-  *- ' "$folder/stack.txt"
