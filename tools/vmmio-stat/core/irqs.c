// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handler runs against /proc/interrupts, see irqs.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "irqs.h"
#include "lib/num.h"

#define PROC_INTERRUPTS "/proc/interrupts"
#define PROC_STAT "/proc/stat"

int vmmio_irqs_add(struct vmmio_irqs *q, __u32 irq, __u32 count, const char *names)
{
	if (q->n == q->cap) {
		size_t cap = q->cap ? 2 * q->cap : 64;
		void *p = reallocarray(q->list, cap, sizeof(*q->list));

		if (!p)
			return -ENOMEM;
		q->list = p;
		q->cap = cap;
	}
	q->list[q->n].irq = irq;
	q->list[q->n].count = count;
	q->list[q->n].names = strdup(names);
	return q->list[q->n].names ? (q->n++, 0) : -ENOMEM;
}

/*
 * " 24:  10  0  IO-APIC 23-fasteoi virtio0": the numbers of @cpus columns. There are fewer when
 * a CPU went offline after the first line was made.
 */
static int parse_line(struct vmmio_irqs *q, char *line, unsigned int cpus)
{
	char *save = NULL, *word = strtok_r(line, " \t\n", &save);
	__u64 irq, v, sum = 0;
	unsigned int i;
	size_t len;

	len = word ? strlen(word) : 0;
	if (len < 2 || word[len - 1] != ':')
		return 0;
	word[len - 1] = '\0';
	if (vmmio_parse_u64(word, 0, ~0u, &irq))
		return 0; /* NMI, LOC and the like */
	for (i = 0; i < cpus; i++) {
		word = strtok_r(NULL, " \t\n", &save);
		if (vmmio_parse_u64(word, 0, ~0ull, &v))
			break;
		sum += v;
	}
	if (!save)
		return vmmio_irqs_add(q, (__u32)irq, (__u32)sum, "");
	save[strcspn(save, "\n")] = '\0';
	return vmmio_irqs_add(q, (__u32)irq, (__u32)sum, save);
}

static void forget(struct vmmio_irqs *q)
{
	while (q->n)
		free(q->list[--q->n].names);
}

/* "intr TOTAL N0 N1 ...": all CPUs' sums, by number. */
static void take_sums(struct vmmio_irqs *q, char *line)
{
	char *save = NULL, *word;
	__u64 irq = 0, v;
	size_t i = 0;

	strtok_r(line, " \n", &save);
	strtok_r(NULL, " \n", &save);
	while (i < q->n && (word = strtok_r(NULL, " \n", &save))) {
		if (vmmio_parse_u64(word, 0, ~0ull, &v))
			return;
		/* both are in the order of numbers */
		if (q->list[i].irq == irq++)
			q->list[i++].count = (__u32)v;
	}
}

static void read_sums(struct vmmio_irqs *q, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) >= 0) {
		if (strncmp(line, "intr ", 5))
			continue;
		take_sums(q, line);
		break;
	}
	free(line);
	if (f)
		fclose(f);
}

int vmmio_irqs_read(struct vmmio_irqs *q, const char *path, const char *stat)
{
	FILE *f = fopen(path, "re");
	unsigned int cpus = 0;
	char *line = NULL, *p;
	size_t cap = 0;
	int err = 0;

	if (!f)
		return -errno;
	forget(q);
	if (getline(&line, &cap, f) < 0) {
		err = -EIO;
		goto out;
	}
	for (p = line; (p = strstr(p, "CPU")); p += 3)
		cpus++;
	while (!err && getline(&line, &cap, f) >= 0)
		err = parse_line(q, line, cpus);
	if (!err && stat)
		read_sums(q, stat);
out:
	free(line);
	fclose(f);
	return err;
}

/* PREEMPT_RT, or threadirqs on the command line. */
static bool has_word(const char *path, const char *word)
{
	char text[4096] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strstr(text, word);
}

int vmmio_irqs_now(struct vmmio_irqs *q)
{
	q->threaded =
		has_word("/sys/kernel/realtime", "1") || has_word("/proc/cmdline", "threadirqs");
	return vmmio_irqs_read(q, PROC_INTERRUPTS, PROC_STAT);
}

void vmmio_irqs_free(struct vmmio_irqs *q)
{
	forget(q);
	free(q->list);
	memset(q, 0, sizeof(*q));
}

static const struct vmmio_irq_count *find(const struct vmmio_irqs *q, __u32 irq)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->list[i].irq == irq)
			return &q->list[i];
	return NULL;
}

/*
 * Is a handler of @names called @name, or with @more something that begins so
 * and goes on with a "-"?
 */
static bool named(const char *names, const char *name, bool more)
{
	size_t len = strlen(name);
	const char *p;

	for (p = names; (p = strstr(p, name)); p += len) {
		if (p > names && p[-1] != ' ' && p[-1] != '\t')
			continue;
		if (!p[len] || p[len] == ',' || (more && p[len] == '-'))
			return true;
	}
	return false;
}

static __u32 number_of(const struct vmmio_irqs *q, const char *name, bool more)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (named(q->list[i].names, name, more))
			return q->list[i].irq;
	return 0;
}

bool vmmio_irqs_has(const struct vmmio_irqs *q, __u32 irq, const char *name)
{
	const struct vmmio_irq_count *c = find(q, irq);

	return c && named(c->names, name, false);
}

bool vmmio_irqs_count(const struct vmmio_irqs *q, __u32 irq, __u32 *count)
{
	const struct vmmio_irq_count *c = find(q, irq);

	if (c)
		*count = c->count;
	return c != NULL;
}

__u32 vmmio_irqs_number(const struct vmmio_irqs *q, const char *name)
{
	return number_of(q, name, false);
}

/*
 * Vectors of a device that vmmio.ko serves: the device's vector has its name alone, like a line;
 * those of queues have their names behind it, and a vector for all queues has the device's name
 * again.
 */
static bool identify_ours(const struct vmmio_irqs *q, struct vmmio_slot_info *x)
{
	bool queue = x->kind == VMMIO_SLOT_QUEUE, own = false;
	__u32 last = x->irq;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "%s-%s", x->device, x->queue_name);
	for (i = 0; i < q->n; i++) {
		if (named(q->list[i].names, x->device, false))
			last = q->list[i].irq;
		else if (named(q->list[i].names, x->device, true))
			own = true;
	}
	if (!own && last == x->irq)
		return false; /* it is a line */
	x->irq_mode = own ? VMMIO_IRQ_MSIX : VMMIO_IRQ_MSIX_SHARED;
	if (queue)
		x->irq = own ? number_of(q, name, false) : last;
	if (!x->irq)
		x->irq_mode = VMMIO_IRQ_NONE;
	return true;
}

void vmmio_irqs_identify(const struct vmmio_irqs *q, struct vmmio_slot_info *x)
{
	bool queue = x->kind == VMMIO_SLOT_QUEUE;
	char name[64];
	__u32 all;

	x->irq = number_of(q, x->device, false);
	if (x->irq && x->transport == VMMIO_TRANSPORT_PCI && identify_ours(q, x))
		return;
	if (x->irq) {
		x->irq_mode = x->transport == VMMIO_TRANSPORT_PCI ? VMMIO_IRQ_INTX : VMMIO_IRQ_LINE;
		return;
	}
	if (!number_of(q, x->device, true)) {
		x->irq_mode = VMMIO_IRQ_UNKNOWN;
		return;
	}
	snprintf(name, sizeof(name), "%s-%s", x->device, queue ? x->queue_name : "config");
	x->irq = number_of(q, name, false);
	snprintf(name, sizeof(name), "%s-virtqueues", x->device);
	all = number_of(q, name, false);
	if (queue && !x->irq)
		x->irq = all;
	x->irq_mode = !x->irq ? VMMIO_IRQ_NONE : all ? VMMIO_IRQ_MSIX_SHARED : VMMIO_IRQ_MSIX;
}

static __u32 count_of(const struct vmmio_irqs *q, __u32 irq)
{
	const struct vmmio_irq_count *c = find(q, irq);

	return c ? c->count : 0;
}

struct bounds {
	__u64 low, high;
};

/* The distance of @to from @from; 0 if it is behind. */
static __u32 beyond(__u32 to, __u32 from)
{
	__u32 d = to - from;

	return d < 1u << 31 ? d : 0;
}

static void add_irq(struct bounds *b, __u32 irq, const struct vmmio_irqs_pair *start,
		    const struct vmmio_irqs_pair *end)
{
	__u32 s0 = count_of(&start->before, irq), s1 = count_of(&start->after, irq);
	__u32 e0 = count_of(&end->before, irq), e1 = count_of(&end->after, irq);
	__u64 low;

	/* a number missing at one end may have belonged to another meanwhile */
	if (!find(&start->after, irq) || !find(&end->before, irq))
		s1 = e0;
	/* Interrupts in flight at an edge: one may be counted and not handled yet. */
	if (s0 != s1)
		s1++;
	if (e0 != e1 && e0)
		e0--;
	low = beyond(e0, s1);
	/* one run of a thread may serve all of them */
	b->low += end->after.threaded && low ? 1 : low;
	b->high += beyond(e1, s0) + (s0 != s1);
}

/* Of the interrupts that its rows name, and those named after it. */
static bool has_irq(const struct vmmio_snapshot *d, const char *device,
		    const struct vmmio_irq_count *c)
{
	size_t i;

	if (named(c->names, device, true))
		return true;
	for (i = 0; i < d->n; i++)
		if (d->rows[i].info.irq == c->irq && c->irq &&
		    !strcmp(d->rows[i].info.device, device))
			return true;
	return false;
}

static struct bounds device_bounds(const struct vmmio_snapshot *d, const char *device,
				   const struct vmmio_irqs_pair *start,
				   const struct vmmio_irqs_pair *end)
{
	const struct vmmio_irqs *q = &end->after;
	struct bounds b = {};
	size_t i;

	for (i = 0; i < q->n; i++)
		if (has_irq(d, device, &q->list[i]))
			add_irq(&b, q->list[i].irq, start, end);
	return b;
}

__u64 vmmio_irqs_moved(const struct vmmio_snapshot *d, const char *device,
		       const struct vmmio_irqs_pair *start, const struct vmmio_irqs_pair *end)
{
	return device_bounds(d, device, start, end).low;
}

int vmmio_irqs_verify(const struct vmmio_snapshot *d, const struct vmmio_irqs_pair *start,
		      const struct vmmio_irqs_pair *end, char *why, size_t size)
{
	int differ = 0;
	size_t i;

	for (i = 0; i < d->n; i++) {
		const struct vmmio_row *r = &d->rows[i];
		__u64 runs = r->c[VMMIO_C_IRQS];
		struct bounds b;
		char lost[24];

		if (r->info.kind != VMMIO_SLOT_DEVICE || !vmmio_row_has(r, VMMIO_C_IRQS))
			continue;
		b = device_bounds(d, r->info.device, start, end);
		if (runs <= b.high && runs + d->events_lost >= b.low)
			continue;
		snprintf(lost, sizeof(lost), d->have_lost ? "%llu" : "an unknown number of",
			 (unsigned long long)d->events_lost);
		if (!differ++)
			snprintf(why, size,
				 "%s: %llu handler runs and %s lost events, but /proc/interrupts "
				 "counts %llu to %llu",
				 vmmio_row_device(r), (unsigned long long)runs, lost,
				 (unsigned long long)b.low, (unsigned long long)b.high);
	}
	return differ;
}
