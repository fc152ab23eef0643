#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# diff --where finds a register read that is planted in vmmio.ko: its function and line are the
# first row, and the rows add up. Twenty plants are tests/matrix/where.sh. Then what it refuses.
set -eu
. "$VMMIO_SOURCE/tests/bench.sh"

set -- "$VMMIO_BUILD"/kmod/*-cloud-amd64
cp -rL "$1/src" "$tmp/src"
queue=$tmp/src/kmod/queue.c
sed -i '/^static bool kick_mmio/,/^}/s/^{$/{\
	readl(((struct vmmio_queue *)vq->priv)->vd->common + 0x70); \/* planted *\//' "$queue"
line=$(grep -n planted "$queue" | cut -d: -f1)
[ -n "$line" ] || {
	echo "nothing was planted: kick_mmio() is not what it was"
	exit 1
}
env --unset=MAKEFLAGS make -s -j2 -C "$VMMIO_BUILD/kernel/cloud-amd64/headers" M="$tmp/src/kmod" \
	modules >"$tmp/make" 2>&1 || {
	tail -n 20 "$tmp/make"
	exit 1
}
mkdir "$tmp/new"
cp "$tmp/src/kmod/vmmio.ko" "$tmp/new"

run 0 compare --where --out "$tmp/results" --name a
grep -q '^mmio .* 5.00  [1-9] of 9$' "$tmp/out" || fail "not five accesses an I/O over mmio"
run 0 compare --where --out "$tmp/results" --name b --modules "$tmp/new"
set -- "$tmp"/results/*
a=$1/a b=$1/b
run 0 diff --where "$a" "$b" --folded "$tmp/folded"
head -n 8 "$tmp/out"
head -n 1 "$tmp/out" |
	grep -q "^most of it in replaced modules: kick_mmio \[vmmio\], kmod/queue.c:$line, in kick over mmio: +" ||
	fail "the planted read is not the first row"
grep -q "kick  *kick_mmio \[vmmio\]  *kmod/queue.c:$line .*; Status read +1.00\$" "$tmp/out" ||
	fail "not one read of Status more"
grep -q '^mmio;kick;entry_SYSCALL_64.*;virtqueue_notify;kick_mmio [0-9]* [0-9]*$' "$tmp/folded" ||
	fail "no stack of kick_mmio"
if grep -l -F -e "$tmp" -e "$VMMIO_BUILD" "$a"/* "$b"/*; then
	fail "these name a path of this machine"
fi

# without debug information a line is not known, and is not made up
run 0 compare --where --out "$tmp/results" --name bare --windows 1 --count 10 --debug "$tmp/new"
grep -q 'kmod/' "$a/where.json" || fail "no lines where there is debug information"
! grep -q 'kmod/' "$1/bare/where.json" || fail "lines of a module with other code"

# what cannot be compared, read or run
run 4 diff --where "$a" "$1/bare"
grep -q 'another count' "$tmp/err" || fail "another count is no matter?"
cp -r "$a" "$tmp/cut"
head -c 1000 "$a/where.json" >"$tmp/cut/where.json"
run 1 diff --where "$a" "$tmp/cut"
grep -q 'where.json has 1000 bytes' "$tmp/err" || fail "a cut file is read"
run 1 diff --where "$a" "$tmp"
run 2 diff --where "$a"
run 2 compare --where --accel kvm
run 2 compare --where --depth 20 --count 10

# In a guest of a bench host the same read is an exit, and what it costs KVM and QEMU is named.
quick='--where --stack --windows 2 --count 20'
# shellcheck disable=SC2086 # words
run 0 compare $quick --out "$tmp/results" --name under
grep -q '^instructions per I/O, by phase; host and monitor' "$tmp/out" || fail "no host in the table"
cp "$tmp/new/vmmio.ko" "$tmp/new/non-such.ko"
# shellcheck disable=SC2086
run 0 compare $quick --out "$tmp/results" --name under-new --modules "$tmp/new"
[ "$(cat "$tmp/err")" = "vmmio-bench compare: --modules $tmp/new: the image has no module non_such: nothing loads it" ] ||
	fail "a module that nothing loads is not said to be"
set -- "$tmp"/results/*svm-on-tcg
run 0 diff --where "$1/under" "$1/under-new"
head -n 8 "$tmp/out"
head -n 1 "$tmp/out" | grep -q "kick_mmio \[vmmio\], kmod/queue.c:$line, in kick over mmio" ||
	fail "under a host the planted read is not the first row"
grep -q "^ .* kick_mmio .*:$line .*; exit +1.00\$" "$tmp/out" || fail "not one exit more"
grep -q '^ *+[0-9.]* .*  host  .*\[host/' "$tmp/out" || fail "no row of the host's kernel"
grep -q '^ *+[0-9.]* .*  monitor  .*\[host/qemu' "$tmp/out" || fail "no row of QEMU"
run 4 diff --where "$a" "$1/under"
run 2 compare --where --host-modules "$tmp/new"
run 1 compare --where --stack --host-modules "$tmp"
grep -q -- '--host-modules .*: no ' "$tmp/err" || fail "another option is named"
