#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The specification's rules against the register accesses of both drivers, as
# QEMU saw them: vmmio.ko keeps all, mainline's does not wait for its resets.
# Then the checker itself: a trace of vmmio.ko's is spoilt in one way after the
# other, and each time it must say which rule that violates.
# shellcheck disable=SC2016 # dollars of awk
set -eu
here=$(dirname "$0")

bench=$VMMIO_BUILD/vmmio-bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
"$bench" conform --save "$work/vmmio" --count 60 >"$work/out" || status=$?
cat "$work/out"
[ "$status" = 0 ] || { echo "vmmio.ko: status $status"; exit 1; }
# four rounds of 60 reads one after the other on the disk of version 1 and that of version 2
acks=$(sed -n 's/^C24 .* kept  *\([0-9]*\) .*/\1/p' "$work/out")
[ "${acks:-0}" -ge 240 ] || { echo "$acks acknowledgements, with --count 60"; exit 1; }
status=0
"$bench" conform --driver mainline >"$work/out" || status=$?
if [ "$status" != 3 ] || [ "$(grep -c ' violated  ' "$work/out")" != 1 ] ||
	! grep -q '^C40  SHOULD .* violated ' "$work/out"; then
	cat "$work/out"
	echo "mainline's driver: status $status, not 3 for C40 alone"
	exit 1
fi

# what the session above does not do: a queue's reset, and a probe that fails
"$VMMIO_BUILD/vmmio-boot" -n 2 -s "$here/conform.guest" -f "$VMMIO_BUILD/ringparam:/bin/ringparam" \
	--trace-events memory_region_ops_read,memory_region_ops_write --trace-log "$work/more" -- \
	-blockdev null-co,node-name=d0,size=16777216,read-zeroes=on -device virtio-blk-device,drive=d0 \
	-netdev hubport,id=h,hubid=0 -device virtio-net-pci,netdev=h,disable-legacy=on,ioeventfd=off
status=0
"$bench" conform "$work/more" >"$work/out" || status=$?
if [ "$status" != 0 ] || ! grep -q '^C17 .* kept ' "$work/out" || ! grep -q '^C34 .* kept ' "$work/out"; then
	cat "$work/out"
	echo "a queue's reset and a failed probe: status $status"
	exit 1
fi

# MMIO's registers by offset into the window, PCI's common structure by c and offset
grep -h "'virtio-" "$work/vmmio" "$work/more" | awk '{
	name = $NF
	gsub("\047", "", name)
	digits = substr($7, length($7) - 2)
	if (name == "virtio-mmio")
		off = sprintf("%x", index("02468ace", substr(digits, 1, 1)) ? 0 : 1) substr(digits, 2)
	else
		off = (name ~ /common/ ? "c" : name ~ /notify/ ? "n" : "x") digits
	print off, $1 ~ /read/ ? "R" : "W", $9, $0
}' >"$work/trace"

# spoil RULE AWK-PROGRAM: fields are $1 register, $2 R or W, $3 value, the rest the line;
# copy(REGISTER, R or W, VALUE) puts one more access to the same device
spoil()
{
	rule=$1
	awk '
		function out() { sub(/^[^ ]+ [RW] [^ ]+ /, ""); print }
		function copy(off, dir, value, line, n, part, size) {
			n = split($0, part, " ")
			size = off ~ /^1/ ? 4 : part[14]
			line = "memory_region_ops_" (dir == "R" ? "read" : "write") " cpu 0 mr 0x0 addr "
			line = line substr(part[10], 1, length(part[10]) - 2) substr(off, 2)
			print line " value " value " size " size " name \047virtio-mmio\047"
		}
		function is(off, dir) { return $1 == off && $2 == dir }
		function set(value) { $12 = value }
		'"$2"'
		{ out() }' "$work/trace" >"$work/spoilt"
	status=0
	"$bench" conform "$work/spoilt" >"$work/out" || status=$?
	if [ "$status" != 3 ] || ! grep -q "^$rule  *[a-zA-Z]* .* violated " "$work/out"; then
		grep -v ' kept ' "$work/out"
		echo "$rule: status $status: the spoilt trace was not noticed"
		exit 1
	fi
	spoilt=$((spoilt + 1))
}
spoilt=0
spoil C1 'is("030", "W") { copy("0d0", "W", "0x1") }'
spoil C2 'is("030", "W") { copy("034", "W", "0x1") }'
spoil C3 'is("030", "W") { copy("030", "R", "0x0") }'
spoil C4 'is("070", "W") { $14 = 1 }'
spoil C5 'is("118", "R") { $10 = substr($10, 1, length($10) - 2) "1a"; $14 = 4 }'
spoil C8 'is("008", "R") { set("0x0") }'
spoil C9 'is("014", "W") { next }'
spoil C10 'is("c008", "W") { next }'
spoil C11 'is("038", "W") { set("0x8000") }'
spoil C12 'is("050", "W") { copy("038", "W", "0x40") }'
spoil C13 'was == "044W0x0" && is("044", "R") { was = ""; next } { was = $1 $2 $3 }'
spoil C15 'is("064", "W") { set("0x3") }'
spoil C16 'is("064", "W") { set("0x5") }'
spoil C17 'is("c03a", "R") { next }'
spoil C19 'is("004", "R") { next }'
spoil C20 'is("030", "W") { copy("0ac", "W", "0x0") }'
spoil C22 'is("084", "W") { next }'
spoil C22 'is("c02c", "W") { next }'
spoil C23 'is("050", "W") { set("0x7") }'
spoil C23 '$1 ~ /^n/ { set("0x7") }'
spoil C24 'is("060", "R") { next }'
spoil C27 'is("028", "W") { next }'
spoil C28 'is("040", "W") && $3 != "0x0" { copy("040", "W", $3); copy("034", "R", "0x400") }'
spoil C29 'is("03c", "W") { next }'
spoil C32 'is("070", "W") && $3 == "0x7" { set("0xf") }'
spoil C33 'is("070", "W") && $3 == "0x3" { set("0x2") }'
spoil C34 'is("070", "W") && $3 == "0x3" { copy("070", "W", "0x81") }'
spoil C36 'is("020", "W") && $3 != "0x101" { set("0xffffffff") }'
spoil C37 '(is("020", "W") || is("010", "R")) && $3 == "0x101" { set("0x301") }'
spoil C40 'was == "070W0x0" && is("070", "R") { next } { was = $1 $2 $3 }'
spoil C40 'was == "c014W0x0" && is("c014", "R") { next } { was = $1 $2 $3 }'
spoil C41 'is("0fc", "R") { next }'
spoil C46 'is("070", "W") && $3 == "0x3" { next }'
spoil C46 'is("c014", "R") { next }'
spoil C47 'is("070", "W") && $3 == "0xf" { next }'
spoil C58 'is("020", "W") && $3 == "0x101" { set("0x100") }'
spoil P1 'is("c01c", "W") { set("0x0") }'
spoil P2 'is("c01a", "R") { next }'
spoil V1 'is("060", "R") && ++reads == 100 { copy("060", "R", $3) }'
# nothing spoilt, nothing found
sed 's/^[^ ]* [RW] [^ ]* //' "$work/trace" >"$work/whole"
"$bench" conform "$work/whole" >"$work/out" || { cat "$work/out"; exit 1; }
echo "$spoilt spoilt traces were noticed"
# of two machines: the devices of each, and a violation is said to be of its file
devices()
{
	"$bench" conform "$@" | sed -n 's/.* accesses to \([0-9]*\) devices.*/\1/p'
}
[ "$(devices "$work/whole" "$work/whole")" = $((2 * $(devices "$work/whole"))) ] || {
	echo "two traces: not the devices of both"
	exit 1
}
cp "$work/spoilt" "$work/second"
status=0
"$bench" conform "$work/whole" "$work/second" >"$work/out" || status=$?
if [ "$status" != 3 ] || ! grep -q 'first: second: line ' "$work/out"; then
	echo "two traces: status $status, or the second is not named"
	cat "$work/out"
	exit 1
fi

# bad input: one line, status 2 or 1
refuse() # STATUS WORDS ARGUMENT...
{
	want=$1 words=$2 status=0
	shift 2
	"$bench" conform "$@" >"$work/out" 2>"$work/err" || status=$?
	if [ "$status" != "$want" ] || [ "$(wc -l <"$work/err")" != 1 ] || [ -s "$work/out" ] ||
		! grep -q -e "$words" "$work/err"; then
		cat "$work/err" "$work/out"
		echo "conform $*: status $status, not $want and one line with '$words'"
		exit 1
	fi
}
refuse 2 '--driver xen: not one of' --driver xen
refuse 2 '--save: a stored trace' --save "$work/x" "$work/trace"
refuse 2 '--driver: a stored trace' --driver vmmio "$work/trace"
refuse 2 '--count: a stored trace' --count 100 "$work/trace"
refuse 1 'No such file' "$work/nothing"
: >"$work/empty"
refuse 1 'no access to a virtio device' "$work/empty"
