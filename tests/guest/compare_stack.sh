#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compare --stack end to end, small: a verdict is given (so each count of the guest
# is its host's, the layers add up to what the guest's clock saw and a second witness
# agrees on the monitor's), exits per I/O are 5 and 3 over mmio, 4 and 2 over INTx, one and
# none over MSI-X, and the folder holds what it says. One boot is not called exact.
# The processor's second deliveries are let pass by as many as there were.
set -eu

bench=$VMMIO_BUILD/vmmio-bench
[ -f "$VMMIO_BUILD/image/host.cpio" ] || {
	echo "SKIP: no image of a bench host was built here (no QEMU, or not x86-64)"
	exit 77
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if ! "$bench" compare --stack --boots 1 --count 100 --out "$tmp/results" >"$tmp/out" 2>"$tmp/err"; then
	cat "$tmp/out" "$tmp/err"
	exit 1
fi
cat "$tmp/out"
set -- "$tmp"/results/*-kvm-svm-on-tcg/stack
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
echo "$exits $user $twice" | awk '
	# a second delivery of a level interrupt can bring each access of its handler once more
	function within(v, want, twice) { return v >= want && v <= want + twice * 4 }
	{
		ok = NF == 9 && within($1, 5, $7) && within($2, 4, $8) && $3 >= 1 && $3 < 1.1
		ok = ok && within($4, 3, $7) && within($5, 2, $8) && $6 == 0
		exit !ok
	}' || {
	echo "exits are not 5, 4, 1 and 3, 2, 0 to userspace: $exits; $user; delivered twice $twice"
	exit 1
}
[ "$(head -n 1 "$tmp/out")" = verdict ]
grep -q '^  depth 1: mmio 5.* exits per I/O, 3.* to userspace; .*; n = 1 boot, HLT' "$tmp/out"
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
