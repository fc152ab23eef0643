#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the gate makes of a path in instructions: vmmio.ko linked in other orders is the same code
# and must pass (what its shortest read moves by is the floor), a kick that is longer by 1 % of a
# read must not. With --keep DIR the values are kept as results there.
set -eu

keep=
[ "${1:-}" != --keep ] || keep=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bench=$VMMIO_BUILD/vmmio-bench
set -- "$VMMIO_BUILD"/kmod/*-cloud-amd64
built=$1

fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

# image NAME SEED [NOPS]: a guest image whose vmmio.ko has its objects in the order of SEED, and
# so many instructions more at each kick
image()
{
	rm -rf "$tmp/src"
	cp -rL "$built/src" "$tmp/src"
	objects=$(sed -n 's/^vmmio-y [:+]= //p' "$tmp/src/kmod/Kbuild" | tr ' ' '\n' |
		awk -v seed="$2" 'BEGIN { srand(seed) } { print rand(), $0 }' | sort -n | sed 's/.* //' | tr '\n' ' ')
	sed -i "/^vmmio-y += /d; s#^vmmio-y := .*#vmmio-y := $objects#" "$tmp/src/kmod/Kbuild"
	if [ -n "${3:-}" ]; then
		sed -i "s/^	vmmio_count(q->counts, kicks);/	asm volatile(\".rept $3; nop; .endr\");\n&/" "$tmp/src/kmod/queue.c"
		grep -q 'rept' "$tmp/src/kmod/queue.c" || fail 'nothing was planted'
	fi
	env --unset=MAKEFLAGS make -s -C "$VMMIO_BUILD/kernel/cloud-amd64/headers" M="$tmp/src/kmod" \
		modules >"$tmp/make" 2>&1 || {
		tail -n 20 "$tmp/make"
		exit 1
	}
	strip -g "$tmp/src/kmod/vmmio.ko"
	cp "$tmp/src/kmod/vmmio.ko" "$tmp/$1.ko"
	sed "s#^file /lib/modules/vmmio.ko .*#file /lib/modules/vmmio.ko $tmp/$1.ko#" \
		"$VMMIO_BUILD/image/list" >"$tmp/list"
	(cd "$VMMIO_BUILD" && ./mkcpio "$tmp/$1.cpio" <"$tmp/list")
}

# whether vmmio.ko is too much longer than mainline's is not the question here
versus='--versus mainline --limit 1000 --limit-traced 1000 --boots 1 --rounds 1 --count 200 --accel tcg --json'

# shortest NAME: its shortest read over each transport, "mmio 8850"
shortest()
{
	# shellcheck disable=SC2086
	"$bench" compare $versus --out "$tmp/runs" \
		--kernel "$VMMIO_BUILD/image/vmlinuz" --initrd "$tmp/$1.cpio" >"$tmp/json" 2>"$tmp/err" ||
		fail "$1: $(cat "$tmp/err")"
	sed -n 's/.*"load=randread driver=vmmio transport=\([^ ]*\) depth=1","key":"instructions_per_io",.*"values":\[\([0-9.]*\)\].*/\1 \2/p' \
		"$tmp"/runs/*/versus/series.json >"$tmp/shortest"
	[ "$(wc -l <"$tmp/shortest")" = 3 ] || fail "$1: not three transports: $(cat "$tmp/shortest")"
	rm -r "$tmp/runs"
}

# one command of a side
one()
{
	echo "'$bench' compare $versus --out '$tmp/runs' --kernel '$VMMIO_BUILD/image/vmlinuz' --initrd '$tmp/$1.cpio'"
}

for seed in 1 2 3 4 5 6 7 8; do
	image "linked-$seed" "$seed"
done
image longer 8 88

{
	echo "shortest 4 KiB read at depth 1, instructions under -icount; vmmio.ko linked in eight orders, then 88 nops in each kick"
	for seed in 1 2 3 4 5 6 7 8; do
		shortest "linked-$seed"
		sed "s/^/order $seed: /" "$tmp/shortest"
	done
	shortest longer
	sed 's/^/88 more: /' "$tmp/shortest"
} >"$tmp/table"
cat "$tmp/table"
awk '/^order/ { if (!n[$3]++ || $4 < min[$3]) min[$3] = $4; if ($4 > max[$3]) max[$3] = $4 }
	END { for (t in n) printf "linked in %d orders: %s moves by %d of %d, %.2f %%\n", n[t], t, max[t] - min[t], min[t], 100 * (max[t] - min[t]) / min[t] }' \
	"$tmp/table" | sort | tee "$tmp/floor"
[ "$(wc -l <"$tmp/floor")" = 3 ] || fail 'not three transports'

# a median holds what the device took to answer, and is not what is asked for
cat >"$tmp/gate.ini" <<'EOI'
[path]
hard = 0.5 %
[instructions_per_io_p50]
hard = 100 %
[instructions_per_io driver=traced]
hard = 5 %
EOI
for against in 2 5; do
	status=0
	"$bench" regress --a "$(one linked-1)" --b "$(one "linked-$against")" --limits "$tmp/gate.ini" --allow image \
		>"$tmp/out" || status=$?
	head -n 3 "$tmp/out" | sed "s/^/order 1 against $against: /" | tee -a "$tmp/said"
	[ "$status" = 0 ] || fail "the same code in another order: exit status $status: $(cat "$tmp/out")"
done
status=0
"$bench" regress --a "$(one linked-1)" --b "$(one longer)" --limits "$tmp/gate.ini" --allow image \
	--save path-planted --out "$tmp/kept" >"$tmp/out" || status=$?
head -n 6 "$tmp/out" | sed 's/^/order 1 against 1 % more: /' | tee -a "$tmp/said"
[ "$status" = 3 ] || fail "1 % of a read more in each kick: exit status $status instead of 3: $(cat "$tmp/out")"
if [ -n "$keep" ]; then
	mkdir -p "$keep"
	cp -r "$tmp"/kept/*/* "$keep"
	cat "$tmp/table" "$tmp/floor" "$tmp/said" >"$keep/path-null.txt"
fi
