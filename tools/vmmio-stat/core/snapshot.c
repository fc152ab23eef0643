// SPDX-License-Identifier: GPL-2.0-only
/*
 * Storage of snapshots, and the part of filling one that all sources share. Histograms and register
 * counts lie in pools beside the rows, so a snapshot without them stays small.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

void vmmio_snapshot_init(struct vmmio_snapshot *s, const struct vmmio_want *want)
{
	memset(s, 0, sizeof(*s));
	s->want = *want;
	s->nhist = __builtin_popcount(want->hists);
}

void vmmio_snapshot_free(struct vmmio_snapshot *s)
{
	free(s->rows);
	free(s->hists);
	free(s->regs);
	memset(s, 0, sizeof(*s));
}

void vmmio_snapshot_clear(struct vmmio_snapshot *s)
{
	s->n = 0;
	s->time_ns = 0;
	s->wall_ms = 0;
	s->events_lost = 0;
	s->have_lost = false;
	s->gone = 0;
	s->gone_name[0] = '\0';
	s->unplaced = 0;
	s->unseen = 0;
}

static int grow(void **p, size_t n, size_t size)
{
	void *q;

	if (!n || !size)
		return 0;
	q = reallocarray(*p, n, size);
	if (!q)
		return -ENOMEM;
	*p = q;
	return 0;
}

struct vmmio_row *vmmio_snapshot_add(struct vmmio_snapshot *s)
{
	struct vmmio_row *r;

	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;

		if (grow((void **)&s->rows, cap, sizeof(*s->rows)) ||
		    grow((void **)&s->hists, cap * s->nhist, sizeof(*s->hists)) ||
		    (s->want.regs && grow((void **)&s->regs, cap, sizeof(*s->regs))))
			return NULL;
		s->cap = cap;
	}
	r = &s->rows[s->n];
	memset(r, 0, sizeof(*r));
	if (s->nhist)
		memset(&s->hists[s->n * s->nhist], 0, s->nhist * sizeof(*s->hists));
	if (s->want.regs)
		memset(&s->regs[s->n], 0, sizeof(*s->regs));
	s->n++;
	return r;
}

int vmmio_snapshot_copy(struct vmmio_snapshot *to, const struct vmmio_snapshot *from)
{
	vmmio_snapshot_clear(to);
	while (to->n < from->n) {
		if (!vmmio_snapshot_add(to))
			return -ENOMEM;
	}
	if (from->n) {
		memcpy(to->rows, from->rows, from->n * sizeof(*from->rows));
		if (from->nhist && from->nhist == to->nhist)
			memcpy(to->hists, from->hists,
			       from->n * from->nhist * sizeof(*from->hists));
		if (from->want.regs && to->want.regs)
			memcpy(to->regs, from->regs, from->n * sizeof(*from->regs));
	}
	to->time_ns = from->time_ns;
	to->wall_ms = from->wall_ms;
	to->events_lost = from->events_lost;
	to->unplaced = from->unplaced;
	to->unseen = from->unseen;
	to->untold = from->untold;
	to->have_lost = from->have_lost;
	return 0;
}

struct vmmio_hist *vmmio_row_hist(const struct vmmio_snapshot *s, size_t row, int id)
{
	if (!(s->want.hists >> id & 1) || row >= s->n)
		return NULL;
	return &s->hists[row * s->nhist + __builtin_popcount(s->want.hists & ((1u << id) - 1))];
}

struct vmmio_reg_counts *vmmio_row_regs(const struct vmmio_snapshot *s, size_t row)
{
	return s->want.regs && row < s->n ? &s->regs[row] : NULL;
}

static const __u8 counter_rows[] = {
#define ROWS(id, key, rows, meaning) rows,
	VMMIO_COUNTERS(ROWS)
#undef ROWS
};

#define BIT(c) (1ull << VMMIO_C_##c)

static __u64 meaningless(const struct vmmio_row *r)
{
	const struct vmmio_slot_info *i = &r->info;
	int kind = i->kind == VMMIO_SLOT_DEVICE ? VMMIO_ROW_D : VMMIO_ROW_Q;
	__u64 mask = 0;
	int c;

	if (i->kind == VMMIO_SLOT_SHARED)
		return 0;
	for (c = 0; c < VMMIO_C_COUNT; c++)
		if (!(counter_rows[c] & kind))
			mask |= 1ull << c;
	if (i->kind == VMMIO_SLOT_DEVICE)
		return mask;
	if ((i->flags & VMMIO_SLOT_PACKED) && !r->packed_counted)
		mask |= BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) | BIT(IRQS_INDEXED) |
			BIT(USED_BUFFERS) | BIT(OCCUPANCIES) | BIT(OCCUPANCY) | BIT(KICKS_MERGED) |
			BIT(KICKS_POLLED) | BIT(LATENCIES) | BIT(LATENCY_NS) |
			BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS);
	if (i->irq_mode == VMMIO_IRQ_MSIX)
		mask |= BIT(IRQS_NOTHING);
	else
		mask |= BIT(IRQS_SPURIOUS);
	return mask;
}

static __u64 latencies(void)
{
	return BIT(LATENCIES) | BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS) |
	       BIT(REQUESTS_TIMED) | BIT(REQUEST_NS);
}

static void strip(struct vmmio_snapshot *s, struct vmmio_row *r)
{
	r->have &= ~meaningless(r);
	if ((r->info.flags & VMMIO_SLOT_DEVICE_DRIVEN) && !s->want.device_driven)
		r->have &= ~latencies();
	if (!(r->have & BIT(LATENCIES)))
		r->have_hist &= ~(1u << VMMIO_HIST_IRQ);
	if (!(r->have & BIT(KICK_BUFFERS)))
		r->have_hist &= ~(1u << VMMIO_HIST_BATCH);
	if (!(r->have & BIT(USED_BUFFERS)))
		r->have_hist &= ~(1u << VMMIO_HIST_COALESCE);
	if (!(r->have & BIT(KICKS_TIMED)))
		r->have_hist &= ~(1u << VMMIO_HIST_KICK);
	if (!(r->have & BIT(OCCUPANCY)))
		r->have_hist &= ~(1u << VMMIO_HIST_OCCUPANCY);
	if (!(r->have & BIT(ACCESSES_TIMED)))
		r->have_hist &= ~(1u << VMMIO_HIST_ACCESS);
	if (!(r->have & BIT(REQUESTS_TIMED)))
		r->have_hist &= ~(1u << VMMIO_HIST_REQUEST);
}

/* Doorbells are counted by queue; the device's row and registers get the sum. */
static void finish_device(struct vmmio_snapshot *s, size_t d)
{
	struct vmmio_row *dev = &s->rows[d];
	struct vmmio_reg_counts *regs = vmmio_row_regs(s, d);
	bool known = true;
	__u64 kicks = 0;
	size_t i;

	for (i = 0; i < s->n; i++) {
		const struct vmmio_row *q = &s->rows[i];

		if (q->info.kind != VMMIO_SLOT_QUEUE || q->info.dev_slot != dev->info.slot)
			continue;
		known &= vmmio_row_has(q, VMMIO_C_KICKS);
		kicks += q->c[VMMIO_C_KICKS];
	}
	if (!vmmio_row_has(dev, VMMIO_C_KICKS) && known)
		vmmio_row_set(dev, VMMIO_C_KICKS, kicks);
	if (vmmio_row_has(dev, VMMIO_C_KICKS) && vmmio_row_has(dev, VMMIO_C_REG_READS) &&
	    vmmio_row_has(dev, VMMIO_C_REG_WRITES))
		vmmio_row_set(dev, VMMIO_C_ACCESSES,
			      dev->c[VMMIO_C_KICKS] + dev->c[VMMIO_C_REG_READS] +
				      dev->c[VMMIO_C_REG_WRITES]);
	if (dev->have_regs && regs && vmmio_row_has(dev, VMMIO_C_KICKS)) {
		if (dev->info.transport == VMMIO_TRANSPORT_PCI)
			regs->writes[VMMIO_REG_PCI_NOTIFY] = dev->c[VMMIO_C_KICKS];
		else
			regs->writes[VMMIO_REG_QUEUE_NOTIFY] = dev->c[VMMIO_C_KICKS];
	}
}

bool vmmio_device_irqs(const struct vmmio_snapshot *s, const struct vmmio_row *dev, __u64 *irqs)
{
	bool have = vmmio_row_has(dev, VMMIO_C_IRQS), runs = have;
	size_t i;

	*irqs = have ? dev->c[VMMIO_C_IRQS] : 0;
	for (i = 0; !runs && i < s->n; i++) {
		const struct vmmio_row *q = &s->rows[i];

		if (q->info.kind != VMMIO_SLOT_QUEUE || strcmp(q->info.device, dev->info.device) ||
		    !vmmio_row_has(q, VMMIO_C_IRQS))
			continue;
		have = true;
		*irqs += q->c[VMMIO_C_IRQS];
	}
	return have;
}

void vmmio_snapshot_finish(struct vmmio_snapshot *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->rows[i].info.kind == VMMIO_SLOT_DEVICE)
			finish_device(s, i);
	for (i = 0; i < s->n; i++)
		strip(s, &s->rows[i]);
}

const char *vmmio_row_device(const struct vmmio_row *r)
{
	if (r->info.kind == VMMIO_SLOT_SHARED)
		return "(others)";
	return r->info.device[0] ? r->info.device : r->info.parent;
}

const char *vmmio_transport_name(unsigned int transport)
{
	static const char *const names[] = {"unknown", "mmio", "pci", "amba"};

	return transport < sizeof(names) / sizeof(names[0]) ? names[transport] : "unknown";
}

const char *vmmio_irq_mode_name(unsigned int mode)
{
	static const char *const names[] = {"none", "line", "intx", "msix", "msix-shared", "-"};

	return mode < sizeof(names) / sizeof(names[0]) ? names[mode] : "-";
}
