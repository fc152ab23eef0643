#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does the kernel that watches see what it is there for, and nothing else? Runs both parts of
# tests/guest/debug.sh with vmmio.ko as it is, which must pass, and then with a bug of each
# kind planted in a copy of it, one at a time: it must fail, with a complaint of that kind.
# Prints a line of each; exit status 1: one was not seen, or something was.
# usage: debugplanted.sh [FILE [KIND]]   (the lines with a head, to FILE too; only KIND)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
kernel=$VMMIO_BUILD/debug-kernel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/plant.sh
. "$source/tests/plant.sh"

# kind ~ bug ~ part of debug.sh ~ what is said of it (ERE) ~ file ~ text ~ text with the bug @
bugs='
none~the tree as it is: life~life~~~~@
none~the tree as it is: faults~faults~~~~@
KASAN~a queue is looked at when it is freed~life~BUG: KASAN: (slab-)?use-after-free in~queue.c~	kfree(q->affinity);
	kfree(q);~	kfree(q);
	kfree(q->affinity);@
lockdep~a lock of the handlers is taken with interrupts on~life~inconsistent lock state~events.c~	emit(vmmio_kick_done, &done);
	return true;~	raw_spin_lock(&q->pairing.lock);
	raw_spin_unlock(&q->pairing.lock);
	emit(vmmio_kick_done, &done);
	return true;@
kmemleak~the list of queues is not freed~life~unreferenced object~queue.c~	kfree(vd->queues);
~@
DMA debug~a ring is not unmapped~life~DMA-API: .*pending DMA allocations~queue.c~		vring_del_virtqueue(q->vq);~		;@
failslab~an allocation is not checked~faults~null-ptr-deref|NULL pointer dereference|RIP: [0-9]+:(queue_create|vmmio_queues_create)~queue.c~	if (!q)
		return ERR_PTR(-ENOMEM);~@
'

if [ ! -f "$kernel/initrd.cpio" ]; then
	echo "debugplanted: no debug kernel (test debug.kernel makes it): skipped"
	exit 77
fi
file=${1-} only=${2-}
[ -z "$file" ] || : >"$file"
say "# Bugs planted in vmmio.ko, seen by the kernel of label debug (tests/guest/debugplanted.sh)."
say "# Linux $(cat "$kernel/release"), QEMU without KVM, $(date -u +%Y-%m-%d), commit $(git -C "$source" rev-parse --short HEAD 2>/dev/null || echo -)"
say "kind,bug,seconds,said"

status=0
while IFS='~' read -r -d '@' kind bug part expect where old new; do
	kind=${kind#"${kind%%[![:space:]]*}"}
	[ -n "$kind" ] || continue
	[ -z "$only" ] || [ "$only" = "$kind" ] || continue
	copy_tree
	[ -z "$where" ] || plant "$kind" "$where" "$old" "$new"
	env -u MAKEFLAGS -u MFLAGS make -s -C "$kernel/kernel" "M=$work/tree/kmod" modules >"$work/log" 2>&1 || {
		tail -n 5 "$work/log" >&2
		exit 1
	}
	strip -g "$work/tree/kmod/vmmio.ko"
	begin=$(date +%s)
	"$here/debug.sh" "$part" "$work/tree/kmod/vmmio.ko" >"$work/out" 2>&1 && rc=0 || rc=$?
	seconds=$(($(date +%s) - begin))
	said=''
	[ -z "$where" ] || said=$(grep -a -m 1 -oE "($expect).*" "$work/out" | tr -d '\r' | tr ',' ';') || true
	if [ -z "$where" ] && [ "$rc" = 0 ]; then
		said=nothing
	elif [ -z "$where" ]; then
		said="not nothing: $(tail -n 1 "$work/out" | tr ',' ';')"
		status=1
	elif [ "$rc" = 0 ] || [ -z "$said" ]; then
		said="not seen: $(tail -n 1 "$work/out" | tr ',' ';')"
		status=1
	fi
	case $said in
	'not '*) cat "$work/out" >&2 ;;
	esac
	say "$kind,$bug,$seconds,$said"
done <<<"$bugs"
exit $status
