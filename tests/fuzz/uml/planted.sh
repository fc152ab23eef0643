#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Is the fuzzer in user-mode Linux worth its time? Plants bugs in a copy of vmmio.ko, one
# at a time, and lets run.sh begin from nothing: each must be found, by an oracle of
# device.c or by KASAN, and by no other report than one of that bug. Then the tree without
# a bug is run for as long as the slowest took, five minutes at least, and must have none.
# Prints a line of each: after
# how many executions and seconds (the build and the boot, too) and what was said; exit
# status 1: one was not found, or something was where nothing is.
# usage: planted.sh [FILE [NAME]]   (the lines with a head, to FILE too; only bug NAME)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/plant.sh
. "$source/tests/plant.sh"
limit=600 # seconds

# name ~ what is said of it (ERE) ~ file ~ text ~ text with the bug [~ file ~ ...] @
bugs='
length unchecked: reach of the configuration~an access outside the window|lib/logic_iomem\.c:.* __raw_~regs/common.c~return len <= r->config_len && offset <= r->config_len - len;~return true;@
length trusted: size of a ring~a ring larger than the device allows~regs/common.c~	if (!n || n > VMMIO_QUEUE_SIZE_LIMIT)~	if (!n)~regs/mmio.c~	if (n > VMMIO_QUEUE_SIZE_LIMIT)~	if (0)@
double fetch: size of a ring~a ring larger than the device allows~regs/mmio.c~	*max = (__u16)n;~	*max = (__u16)RD(r, QUEUE_NUM_MAX);~regs/common.c~	if (!n || n > VMMIO_QUEUE_SIZE_LIMIT)~	if (0)@
size of a ring not asked again~a ring larger than the device allows~queue.c~if (virtqueue_get_vring_size(vq) > max)~if (0)@
index unchecked: affinity of a queue~KASAN: .* in vmmio_get_vq_affinity~core.c~if (index < 0 || index >= vd->nqueues || !vd->queues[index] ||~if (!vd->queues[index] ||@
live check removed~a callback (before|after) ~irq.c~	if (likely(smp_load_acquire(&q->live)))~	if (1)@
queues stay live after a reset~a callback after ~queue.c~			WRITE_ONCE(vd->queues[i]->live, false);~			;@
use after free: a queue that its slot still has~KASAN: use-after-free in (vmmio_slot_|sum_queue|observe|add_queue|fill_)~queue.c~	vmmio_slot_drop_queue(q);~@
use after free: a device that is given back twice~KASAN: (use-after-free|double-free|invalid-free).* (kobject_put|kref_put|vmmio_|refcount_)|lib/refcount\.c:~mmio.c~	vmmio_device_put(vd);
}

#ifdef CONFIG_PM~	vmmio_device_put(vd);
	vmmio_device_put(vd);
}

#ifdef CONFIG_PM@
ring freed though the reset failed~a ring freed that the device has~queue.c~	if (vd->wedged) {
		dev_err(vd->parent, "queue %u: its~	if (0) {
		dev_err(vd->parent, "queue %u: its@
reset of a queue believed~a ring freed that the device has~regs/mmio.c~	if (err)
		return err;
	return RD(r, QUEUE_READY) ? -EIO : 0;~	return 0;@
stop of a queue believed~a ring freed that the device has~regs/mmio.c~	WR(r, QUEUE_READY, 0);
	return RD(r, QUEUE_READY) ? -EIO : 0;~	WR(r, QUEUE_READY, 0);
	return 0;@
interrupt not freed~an interrupt left behind|KASAN: use-after-free in (string_nocheck|vmmio_irq_|line|.*irq)~mmio.c~	free_irq(vd->irq, vd);~@
queues not undone when one fails~a ring left with the device|a ring freed that the device has~queue.c~		vmmio_queues_destroy(vd);
		if (vd->wedged~		if (vd->wedged@
status read again too often~an interrupt that takes as many accesses~irq.c~++rounds > rereads_max(vd)~++rounds == VMMIO_QUEUE_SIZE_LIMIT@
wait without end~a life of 100000 accesses|a wait of more than 20 s~regs/common.c~if (waited >= VMMIO_RESET_TIMEOUT_US)~if (0)@
generation asked for ever~a life of 100000 accesses~core.c~++vd->generation_changes > VMMIO_CONFIG_PASSES_MAX~0@
shared memory wraps~a shared memory region that is none~regs/common.c~	if (base + len < base)~	if (0)@
none: the tree as it is~~~~@
'

file=${1-} only=${2-}
[ -z "$file" ] || : >"$file"
say "# Bugs planted in vmmio.ko, found in user-mode Linux from no corpus (tests/fuzz/uml/planted.sh)."
say "# $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), one CPU, $(date -u +%Y-%m-%d), commit $(git -C "${VMMIO_SOURCE:-$source}" rev-parse --short HEAD 2>/dev/null || echo -)"
say "bug,executions,seconds,said"

mkdir "$work/none"
status=0 slowest=300
while IFS='~' read -r -d '@' name expect where old new where2 old2 new2; do
	name=${name#"${name%%[![:space:]]*}"}
	[ -n "$name" ] || continue
	[ -z "$only" ] || [ "$only" = "$name" ] || continue
	rm -rf "$work/run"
	copy_tree
	[ -z "$where" ] || plant "$name" "$where" "$old" "$new"
	[ -z "$where2" ] || plant "$name" "$where2" "$old2" "$new2"
	begin=$(date +%s)
	"$here/run.sh" --tree "$work/tree" --out "$work/run" --from "$work/none" --runs 10000000 \
		--seconds "$([ -n "$where" ] && echo $limit || echo "$slowest")" --until found >"$work/log" 2>&1 && rc=0 || rc=$?
	seconds=$(($(date +%s) - begin))
	done=$(sed -n 's/^the kernel died after \([0-9]*\) executions.*/\1/p; s/^vmmio: \([0-9]*\) executions.*/\1/p' "$work/log")
	said=$(head -n 1 "$work/run/found" 2>/dev/null | sed 's/^[0-9a-f]\{16\} //; s/,/;/g; s/^=*//')
	if [ -z "$where" ]; then
		wrong=1
		[ "$rc" != 0 ] || [ -n "$said" ] || [ -z "$done" ] || wrong=0
	else
		wrong="not found: "
		if [ "$rc" = 1 ] && [ -n "$done" ] && printf %s "$said" | grep -qE "$expect"; then
			wrong=0
			[ "$seconds" -le "$slowest" ] || slowest=$seconds
			[ "$seconds" -le $limit ] || wrong="not within $limit seconds: "
		elif [ -n "$said" ]; then
			wrong="not found, but: "
		fi
	fi
	[ -n "$said" ] || said=$(tail -n 1 "$work/log" | tr ',' ';')
	case $wrong in
	0) ;;
	1) status=1 said="not nothing: $said" ;;
	*) status=1 said=$wrong$said ;;
	esac
	say "$name,${done:--},$seconds,$said"
done <<<"$bugs"
exit $status
