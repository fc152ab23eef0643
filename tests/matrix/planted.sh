#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# A vmmio.ko that reads one register more at each kick of an MMIO queue, against
# the one that does not: regress must find it in every one of its repetitions,
# in real guests, by exact counts; growing, by two boots. One read in a thousand
# interrupts it must find too. With --keep DIR the values are kept as results there.
set -eu

keep=
[ "${1:-}" != --keep ] || keep=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# plant EVERY: an image whose module reads Status at each EVERYth kick
plant()
{
	set -- "$1" "$VMMIO_BUILD"/kmod/*-cloud-amd64
	rm -rf "$tmp/src"
	cp -rL "$2/src" "$tmp/src"
	queue=$tmp/src/kmod/queue.c
	sed -i "/^static bool kick_mmio/,/^}/s/^{\$/{\\
	struct vmmio_queue *q = vq->priv;\\
	static unsigned int turn;\\
\\
	if (++turn % $1 == 0)\\
		vmmio_read(q->vd, VMMIO_REG_STATUS, q->vd->common + 0x070, VMMIO_SPACE_MEMORY, 0x070, 4);/" "$queue"
	grep -q 'vmmio_read(q->vd, VMMIO_REG_STATUS' "$queue" || {
		echo "nothing was planted: kick_mmio() is not what it was"
		exit 1
	}
	env --unset=MAKEFLAGS make -s -C "$VMMIO_BUILD/kernel/cloud-amd64/headers" M="$tmp/src/kmod" \
		modules >"$tmp/make" 2>&1 || {
		tail -n 20 "$tmp/make"
		exit 1
	}
	# by raw tracepoints: the planted module has no BTF of its own, and needs none
	strip -g "$tmp/src/kmod/vmmio.ko"
	sed "s#^file /lib/modules/vmmio.ko .*#file /lib/modules/vmmio.ko $tmp/src/kmod/vmmio.ko#" \
		"$VMMIO_BUILD/image/list" >"$tmp/list"
	(cd "$VMMIO_BUILD" && ./mkcpio "$tmp/planted-$1.cpio" <"$tmp/list")
}
plant 1
plant 1000

bench=$VMMIO_BUILD/vmmio-bench
one="'$bench' compare --json --boots 1 --rounds 1 --count 100 --depth 1 --accel tcg --no-plots --out '$tmp/runs'"
b="$one --kernel '$VMMIO_BUILD/image/vmlinuz' --initrd '$tmp/planted-1.cpio'"
status=0
"$bench" regress --a "$one" --b "$b" --pairs 1 --repeat 5 --save planted-access --out "$tmp/kept" \
	>"$tmp/out" || status=$?
cat "$tmp/out"
[ "$status" = 3 ] || {
	echo "exit status $status instead of 3"
	exit 1
}
[ "$(grep -c '^repetition . of 5: REGRESSION' "$tmp/out")" = 5 ] || {
	echo "not found every time"
	exit 1
}
# one read more, and nothing else, on mmio, and nothing at all elsewhere
set -- "$tmp"/kept/*/planted-access
for pair in a:3.0 b:4.0; do
	n=$(grep -c "\"labels\":\"repeat=. side=${pair%:*} load=randread transport=mmio depth=1\",\"key\":\"accesses_per_io\".*\"values\":\[${pair#*:}\]" \
		"$1/series.json")
	[ "$n" = 5 ] || {
		echo "accesses per I/O of side ${pair%:*} are not ${pair#*:} in $n of 5"
		exit 1
	}
done
# it grows until it is decided: two boots for one in each I/O
begin=$(date +%s)
status=0
"$bench" regress --a "$one" --b "$b" >"$tmp/out" || status=$?
head -n 3 "$tmp/out"
if [ "$status" != 3 ] || ! sed -n 2p "$tmp/out" | grep -q '^after 1 pair,'; then
	echo "not found after one pair: status $status"
	exit 1
fi
echo "two boots, $(($(date +%s) - begin)) s"
# and more for one in a thousand interrupts; how many is kept with the values
one=$(echo "$one" | sed 's/--count 100/--count 1000/')
status=0
"$bench" regress --a "$one" --b "$one --kernel '$VMMIO_BUILD/image/vmlinuz' --initrd '$tmp/planted-1000.cpio'" \
	--save planted-rare --out "$tmp/kept" >"$tmp/out" || status=$?
head -n 5 "$tmp/out"
[ "$status" = 3 ] || {
	echo "one read in a thousand interrupts: exit status $status instead of 3"
	exit 1
}
if [ -n "$keep" ]; then
	mkdir -p "$keep"
	cp -r "$tmp"/kept/* "$keep"
fi
