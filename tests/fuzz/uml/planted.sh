#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the fuzzer in user-mode Linux worth its time? Plants bugs in a copy of vmmio.ko, one
# at a time, and lets run.sh begin from nothing: each must be found, by an oracle of
# device.c or by KASAN. Prints a line of each: after how many executions and seconds
# (the build and the boot, too) and what was said; exit status 1: one was not found.
# usage: planted.sh [FILE [NAME]]   (the lines with a head, to FILE too; only bug NAME)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
limit=600 # seconds

# name ~ file ~ text ~ text with the bug [~ and another such] @
bugs='
length unchecked: reach of the configuration~regs/common.c~return len <= r->config_len && offset <= r->config_len - len;~return true;@
length trusted: size of a ring~regs/common.c~	if (!n || n > VMMIO_QUEUE_SIZE_LIMIT)~	if (!n)~regs/mmio.c~	if (n > VMMIO_QUEUE_SIZE_LIMIT)~	if (0)@
double fetch: size of a ring~regs/mmio.c~	*max = (__u16)n;~	*max = (__u16)RD(r, QUEUE_NUM_MAX);~regs/common.c~	if (!n || n > VMMIO_QUEUE_SIZE_LIMIT)~	if (0)@
size of a ring not asked again~queue.c~if (virtqueue_get_vring_size(vq) > max)~if (0)@
index unchecked: affinity of a queue~core.c~if (index < 0 || index >= vd->nqueues || !vd->queues[index] ||~if (!vd->queues[index] ||@
live check removed~irq.c~	if (likely(smp_load_acquire(&q->live)))~	if (1)@
queues stay live after a reset~queue.c~			WRITE_ONCE(vd->queues[i]->live, false);~			;@
use after free: a queue that its slot still has~queue.c~	vmmio_slot_drop_queue(q);~@
use after free: a device that is given back twice~mmio.c~	vmmio_device_put(vd);
}

#ifdef CONFIG_PM~	vmmio_device_put(vd);
	vmmio_device_put(vd);
}

#ifdef CONFIG_PM@
ring freed though the reset failed~queue.c~	if (vd->wedged) {
		dev_err(vd->parent, "queue %u: its~	if (0) {
		dev_err(vd->parent, "queue %u: its@
reset of a queue believed~regs/mmio.c~	if (err)
		return err;
	return RD(r, QUEUE_READY) ? -EIO : 0;~	return 0;@
stop of a queue believed~regs/mmio.c~	WR(r, QUEUE_READY, 0);
	return RD(r, QUEUE_READY) ? -EIO : 0;~	WR(r, QUEUE_READY, 0);
	return 0;@
interrupt not freed~mmio.c~	free_irq(vd->irq, vd);~@
queues not undone when one fails~queue.c~		vmmio_queues_destroy(vd);
		if (err == -ENOMEM~		if (err == -ENOMEM@
status read again too often~irq.c~++rounds > rereads_max(vd)~++rounds == VMMIO_QUEUE_SIZE_LIMIT@
wait without end~regs/common.c~if (waited >= VMMIO_RESET_TIMEOUT_US)~if (0)@
generation asked for ever~core.c~++vd->generation_changes > VMMIO_CONFIG_PASSES_MAX~0@
shared memory wraps~regs/common.c~	if (base + len < base)~	if (0)@
'

say()
{
	printf '%s\n' "$*"
	[ -z "$file" ] || printf '%s\n' "$*" >>"$file"
}

# plant FILE TEXT BUG
plant()
{
	local text

	text=$(cat "$work/tree/kmod/$1" && printf .)
	case $text in
	*"$2"*) ;;
	*)
		echo "$name: $1 has no text to put it in" >&2
		exit 1
		;;
	esac
	text=${text/"$2"/"$3"}
	printf %s "${text%.}" >"$work/tree/kmod/$1"
}

file=${1-} only=${2-}
[ -z "$file" ] || : >"$file"
say "# Bugs planted in vmmio.ko, found in user-mode Linux from no corpus (tests/fuzz/uml/planted.sh)."
say "# $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), one CPU, $(date -u +%Y-%m-%d), commit $(git -C "${VMMIO_SOURCE:-$source}" rev-parse --short HEAD 2>/dev/null || echo -)"
say "bug,executions,seconds,said"

mkdir "$work/none"
status=0
while IFS='~' read -r -d '@' name where old new where2 old2 new2; do
	name=${name#"${name%%[![:space:]]*}"}
	[ -n "$name" ] || continue
	[ -z "$only" ] || [ "$only" = "$name" ] || continue
	rm -rf "$work/tree" "$work/run"
	mkdir "$work/tree"
	cp -r "$source/kmod" "$source/include" "$work/tree/"
	plant "$where" "$old" "$new"
	[ -z "$where2" ] || plant "$where2" "$old2" "$new2"
	begin=$(date +%s)
	"$here/run.sh" --tree "$work/tree" --out "$work/run" --from "$work/none" --runs 10000000 \
		--seconds $limit --until found >"$work/log" 2>&1 && rc=0 || rc=$?
	seconds=$(($(date +%s) - begin))
	said=$(head -n 1 "$work/run/found" 2>/dev/null | sed 's/^[0-9a-f]\{16\} //; s/,/;/g; s/^=*//')
	done=$(sed -n 's/^the kernel died after \([0-9]*\) executions.*/\1/p; s/^vmmio: \([0-9]*\) executions.*/\1/p' "$work/log")
	if [ "$rc" = 1 ] && [ -n "$said" ] && [ -n "$done" ] && [ "$seconds" -le $limit ]; then
		say "$name,$done,$seconds,$said"
	else
		say "$name,${done:--},$seconds,not found: $(tail -n 1 "$work/log" | tr ',' ';')"
		status=1
	fi
done <<<"$bugs"
exit $status
