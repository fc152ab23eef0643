#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Twenty changes of different kinds, each planted into a copy of vmmio.ko's source, and what
# diff --where says of it: its first row must name the function and one of the planted lines.
# Then the same build twice. With --keep FILE a table of all that is written there; with
# --only NAME,... these alone.
set -eu

keep='' only=''
while [ $# -gt 0 ]; do
	case $1 in
	--keep) keep=$2 ;;
	--only) only=$2 ;;
	*)
		echo "where.sh: $1?" >&2
		exit 2
		;;
	esac
	shift 2
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bench=$VMMIO_BUILD/vmmio-bench
set -- "$VMMIO_BUILD"/kmod/*-cloud-amd64
built=$1

# build DIR: its module, with debug information, into DIR/ko
build()
{
	env --unset=MAKEFLAGS make -s -C "$VMMIO_BUILD/kernel/cloud-amd64/headers" \
		M="$1/src/kmod" modules >"$1/make" 2>&1 || {
		tail -n 20 "$1/make"
		exit 1
	}
	mkdir -p "$1/ko"
	cp "$1/src/kmod/vmmio.ko" "$1/ko"
}

# where NAME DIR
where()
{
	"$bench" compare --where --modules "$2/ko" --name "$1" --out "$tmp/results" >"$tmp/out" 2>&1 || {
		cat "$tmp/out"
		exit 1
	}
}

# plant FILE FUNCTION AFTER TEXT: TEXT behind the first line with AFTER in FUNCTION. The
# function begins where its name is followed by a parenthesis at the left, or with static.
plant()
{
	awk -v name="$2" -v after="$3" -v text="$4" '
		{ print }
		!done && /^[a-z].*\(/ { inside = index($0, name "(") > 0 }
		inside && !done && index($0, after) == 1 { print text; done = 1 }
		END { exit !done }' "$tmp/b/src/kmod/$1" >"$tmp/planted" || {
		echo "nothing was planted: $2() of $1 has no line '$3'"
		exit 1
	}
	cp "$tmp/planted" "$tmp/b/src/kmod/$1"
}

tab='	'
status="readl(q->vd->common + 0x70)"
summary=$tmp/summary
found=0 tried=0

# change NAME FUNCTIONS: the planted build against the other; FUNCTIONS, a pattern, one of
# which must be in the first row
change()
{
	build "$tmp/b"
	where "$1" "$tmp/b"
	set -- "$1" "$2" "$tmp"/results/*/"$1"
	"$bench" diff --where "$tmp"/results/*/a "$3" >"$tmp/diff" || {
		cat "$tmp/diff"
		exit 1
	}
	first=$(head -n 1 "$tmp/diff")
	lines=$(cd "$tmp/b/src" && grep -n planted kmod/*.c kmod/*.h | cut -d: -f1,2 | tr '\n' ' ')
	tried=$((tried + 1))
	verdict=MISSED
	for line in $lines; do
		case $first in
		*" $line, in "*)
			echo "$first" | grep -qE ": ($2) \[vmmio\]," && verdict=located
			;;
		esac
	done
	[ $verdict = MISSED ] || found=$((found + 1))
	printf '%-8s %-18s %s\n' "$verdict" "$1" "$first" | tee -a "$summary"
	[ $verdict = located ] || {
		echo "         planted: $lines"
		cat "$tmp/diff"
	}
}

# try NAME FUNCTIONS FILE FUNCTION AFTER TEXT
try()
{
	case ,$only, in
	,, | *",$1,"*) ;;
	*) return 0 ;;
	esac
	# only what differs is built again
	for f in queue.c irq.c events.h; do
		cmp -s "$tmp/a/src/kmod/$f" "$tmp/b/src/kmod/$f" ||
			cp "$tmp/a/src/kmod/$f" "$tmp/b/src/kmod/$f"
	done
	plant "$3" "$4" "$5" "$6"
	change "$1" "$2"
}

for side in a b; do
	mkdir "$tmp/$side"
	cp -rL "$built/src" "$tmp/$side/src"
done
build "$tmp/a"
where a "$tmp/a"

try read-in-kick 'kick_mmio' queue.c 'bool kick_mmio' '{' \
	"${tab}struct vmmio_queue *q = vq->priv;
${tab}$status; /* planted */"
try write-in-kick 'kick_mmio' queue.c 'bool kick_mmio' '{' \
	"${tab}struct vmmio_queue *q = vq->priv;
${tab}writel(0, q->vd->common + 0x30); /* planted */"
try doorbell-twice 'kick' queue.c 'bool kick' "${tab}vmmio_raw_write(q->doorbell" \
	"${tab}vmmio_raw_write(q->doorbell, space, width, value); /* planted */"
try copy-in-kick 'kick' queue.c 'bool kick' "${tab}vmmio_count(q->counts, kicks)" \
	"${tab}{
${tab}${tab}static u8 from[256], to[256];
${tab}${tab}memcpy(to, from, sizeof(to)); /* planted */
${tab}${tab}barrier_data(to);
${tab}}"
try lock-in-kick 'kick_pci' queue.c 'bool kick_pci' '{' \
	"${tab}static DEFINE_SPINLOCK(lock);
${tab}unsigned long flags;
${tab}spin_lock_irqsave(&lock, flags); /* planted */
${tab}spin_unlock_irqrestore(&lock, flags); /* planted */"
try clock-in-kick 'kick_pci' queue.c 'bool kick_pci' '{' \
	"${tab}ktime_get(); /* planted */"
try rare-read 'kick_mmio' queue.c 'bool kick_mmio' '{' \
	"${tab}struct vmmio_queue *q = vq->priv;
${tab}static unsigned int turn;
${tab}if (++turn % 16 == 0) /* planted */
${tab}${tab}$status; /* planted */"
try function-in-kick 'kick' queue.c 'bool kick' "${tab}vmmio_count(q->counts, kicks)" \
	"${tab}vmmio_observe_turn(q, &q->avail_seen, q->avail_idx); /* planted */"
try allocation 'kick' queue.c 'bool kick' "${tab}vmmio_count(q->counts, kicks)" \
	"${tab}kfree(kmalloc(100, GFP_ATOMIC)); /* planted */"
try config-read 'line' irq.c 'irqreturn_t line' "${tab}run_begin" \
	"${tab}readb(((struct vmmio_device *)opaque)->common + 0x100); /* planted */"
try config-write-intx 'isr_status' irq.c 'irqreturn_t isr_status' "${tab}vmmio_count" \
	"${tab}ioread8(vd->common + 0x14); /* planted */"
try status-twice 'line_status' irq.c 'irqreturn_t line_status' "${tab}run->status = line_read" \
	"${tab}run->status |= line_read(vd, run, false); /* planted */"
try ack-twice 'line_status' irq.c 'irqreturn_t line_status' "${tab}line_ack" \
	"${tab}line_ack(vd, false, VMMIO_INT_VRING); /* planted */"
try loop-in-handler 'line' irq.c 'irqreturn_t line' "${tab}run_begin" \
	"${tab}for (int i = 0; i < 50; i++) /* planted */
${tab}${tab}barrier(); /* planted */"
try loop-of-calls 'isr_status' irq.c 'irqreturn_t isr_status' "${tab}vmmio_count" \
	"${tab}for (int i = 0; i < 3; i++) /* planted */
${tab}${tab}ktime_get(); /* planted */"
try clear-page 'isr_status' irq.c 'irqreturn_t isr_status' "${tab}vmmio_count" \
	"${tab}{
${tab}${tab}static u8 page[4096];
${tab}${tab}memset(page, irq, sizeof(page)); /* planted */
${tab}${tab}barrier_data(page);
${tab}}"
try wake-up 'queue' irq.c 'irqreturn_t queue' "${tab}run_begin" \
	"${tab}static DECLARE_WAIT_QUEUE_HEAD(none);
${tab}wake_up(&none); /* planted */"
try atomic 'queue' irq.c 'irqreturn_t queue' "${tab}run_begin" \
	"${tab}static atomic64_t seen;
${tab}for (int i = 0; i < 8; i++) /* planted */
${tab}${tab}atomic64_inc(&seen); /* planted */"
try division 'queue' irq.c 'irqreturn_t queue' "${tab}run_begin" \
	"${tab}static volatile u64 sum = 1;
${tab}sum = div64_u64(sum * 7, irq + 1) + 1; /* planted */
${tab}sum = int_sqrt(sum); /* planted */"
try name-compare 'run_end' irq.c 'irqreturn_t run_end' "${tab}irqreturn_t ret" \
	"${tab}if (!strcmp(dev_name(&vd->vdev.dev), \"none\")) /* planted */
${tab}${tab}ret = IRQ_NONE;"

# the same build, booted once more
where again "$tmp/a"
"$bench" diff --where "$tmp"/results/*/a "$tmp"/results/*/again >"$tmp/diff"
echo "the same build twice: $(head -n 1 "$tmp/diff")" | tee -a "$summary"
grep 'instructions in' "$tmp/diff" | tee -a "$summary"
echo "$found of $tried located" | tee -a "$summary"
if [ -n "$keep" ]; then
	mkdir -p "$(dirname "$keep")"
	cp "$summary" "$keep"
fi
[ "$found" = "$tried" ]
