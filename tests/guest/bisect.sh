#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# regress --bisect on vmmio.ko's own source, in real guests: of some commits one adds a read of
# Status to each kick of an MMIO queue, and that one is named. Two commits, or as many as are
# given ("bisect.sh 64").
set -eu

commits=${1:-2}
culprit=$((commits * 5 / 8))
bench=$VMMIO_BUILD/vmmio-bench
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
set -- "$VMMIO_BUILD"/kmod/*-cloud-amd64

cp -rL "$1/src" "$tmp/repo"
cd "$tmp/repo"
find . -type f ! -name '*.[ch]' ! -name Kbuild ! -name Kconfig -delete
rm -f kmod/*.mod.c
git init -q .
git config user.name n
git config user.email e
for i in $(seq 0 "$commits"); do
	echo "/* commit $i */" >>kmod/queue.c
	if [ "$i" = "$culprit" ]; then
		sed -i '/^static bool kick_mmio/,/^}/s/^{$/{\
	struct vmmio_queue *q = vq->priv;\
\
	vmmio_read(q->vd, VMMIO_REG_STATUS, q->vd->common + 0x070, VMMIO_SPACE_MEMORY, 0x070, 4);/' kmod/queue.c
		grep -q 'vmmio_read(q->vd, VMMIO_REG_STATUS' kmod/queue.c || {
			echo "nothing was planted: kick_mmio() is not what it was"
			exit 1
		}
	fi
	git add .
	git commit -qm "commit $i"
done

# shellcheck disable=SC2016 # for the shell that builds
build='env --unset=MAKEFLAGS make -s -j2 -C "$HEADERS" M="$PWD/kmod" modules && strip -g kmod/vmmio.ko -o "$OUT/vmmio.ko"'
HEADERS=$VMMIO_BUILD/kernel/cloud-amd64/headers
export HEADERS
status=0
"$bench" regress --bisect "HEAD~$commits" HEAD --cache "$tmp/cache" -- "$build" >"$tmp/out" || status=$?
cat "$tmp/out"
if [ "$status" != 3 ] || ! head -n 1 "$tmp/out" | grep -q "^first bad commit: [0-9a-f]* commit $culprit\$"; then
	echo "status $status: commit $culprit is not named"
	exit 1
fi
sed -n 2p "$tmp/out" | grep -q '^worse: .*transport=mmio depth=1, accesses per I/O: 3 -> 4$' || {
	echo "it is not said in what it is worse"
	exit 1
}
if [ -n "$(git status --short)" ] || [ "$(git worktree list | wc -l)" != 1 ]; then
	echo "the tree is not what it was"
	exit 1
fi
