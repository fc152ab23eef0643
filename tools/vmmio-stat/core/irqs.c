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

static int add(struct vmmio_irqs *q, __u32 irq, __u64 count)
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
	q->list[q->n++].count = count;
	return 0;
}

/* " 24:  10  0  IO-APIC 23-fasteoi virtio0": the numbers of @cpus columns. */
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
	return add(q, (__u32)irq, sum);
}

int vmmio_irqs_read(struct vmmio_irqs *q, const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned int cpus = 0;
	char *line = NULL, *p;
	size_t cap = 0;
	int err = 0;

	if (!f)
		return -errno;
	q->n = 0;
	if (getline(&line, &cap, f) < 0) {
		err = -EIO;
		goto out;
	}
	for (p = line; (p = strstr(p, "CPU")); p += 3)
		cpus++;
	while (!err && getline(&line, &cap, f) >= 0)
		err = parse_line(q, line, cpus);
out:
	free(line);
	fclose(f);
	return err;
}

void vmmio_irqs_free(struct vmmio_irqs *q)
{
	free(q->list);
	memset(q, 0, sizeof(*q));
}

static __u64 count_of(const struct vmmio_irqs *q, __u32 irq)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->list[i].irq == irq)
			return q->list[i].count;
	return 0;
}

struct bounds {
	__u64 low, high;
};

static void add_irq(struct bounds *b, __u32 irq, const struct vmmio_irqs_pair *start,
		    const struct vmmio_irqs_pair *end)
{
	__u64 s0 = count_of(&start->before, irq), s1 = count_of(&start->after, irq);
	__u64 e0 = count_of(&end->before, irq), e1 = count_of(&end->after, irq);

	/* Interrupts flowing at an edge: one may be counted and not handled yet. */
	if (s0 != s1)
		s1++;
	if (e0 != e1 && e0)
		e0--;
	b->low += e0 > s1 ? e0 - s1 : 0;
	b->high += e1 > s0 ? e1 - s0 + (s0 != s1) : 0;
}

static __u32 owner(const struct vmmio_slot_info *x)
{
	return x->kind == VMMIO_SLOT_DEVICE ? x->slot : x->dev_slot;
}

static struct bounds device_bounds(const struct vmmio_snapshot *d, const struct vmmio_row *dev,
				   const struct vmmio_irqs_pair *start,
				   const struct vmmio_irqs_pair *end)
{
	struct bounds b = {};
	size_t i, k;

	for (i = 0; i < d->n; i++) {
		const struct vmmio_slot_info *x = &d->rows[i].info;
		bool seen = !x->irq || owner(x) != dev->info.slot;

		if (x->kind != VMMIO_SLOT_QUEUE && x->kind != VMMIO_SLOT_DEVICE)
			continue;
		for (k = 0; k < i && !seen; k++)
			seen = owner(&d->rows[k].info) == dev->info.slot &&
			       d->rows[k].info.irq == x->irq;
		if (!seen)
			add_irq(&b, x->irq, start, end);
	}
	return b;
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
		b = device_bounds(d, r, start, end);
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
