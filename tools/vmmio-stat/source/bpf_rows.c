// SPDX-License-Identifier: GPL-2.0-only
/*
 * See bpf_rows.h. It knows neither which object counts nor what a slot is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_rows.h"
#include "guest.h"

#define BIT(c) (1ull << VMMIO_C_##c)

const struct vmmio_bpf_have vmmio_guest_have = {
	.queue = BIT(KICKS) | BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) | BIT(KICKS_TIMED) |
		 BIT(KICK_NS) | BIT(KICKS_INTERRUPTED) | BIT(KICKS_MERGED) | BIT(KICKS_POLLED) |
		 BIT(LATENCIES) | BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS) |
		 BIT(IRQS) | BIT(IRQS_FOUND) | BIT(IRQS_SPURIOUS) | BIT(IRQS_NOTHING) |
		 BIT(IRQS_INDEXED) | BIT(USED_BUFFERS) | BIT(OCCUPANCIES) | BIT(OCCUPANCY),
	.device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS) | BIT(HANDLER_TIMED) |
		  BIT(HANDLER_NS) | BIT(REG_READS) | BIT(REG_WRITES) | BIT(ACCESSES_TIMED) |
		  BIT(ACCESS_NS),
	.queue_hists = 1u << VMMIO_HIST_KICK | 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH |
		       1u << VMMIO_HIST_COALESCE | 1u << VMMIO_HIST_OCCUPANCY,
	.device_hists = 1u << VMMIO_HIST_ACCESS,
};

/* Of a row's value: its counters, and its histograms behind them. */
static size_t row_size(const struct vmmio_bpf_rows *b)
{
	return sizeof(struct vmmio_bpf_row) + b->stride * sizeof(struct vmmio_hist);
}

int vmmio_bpf_rows_init(struct vmmio_bpf_rows *b, unsigned int slots, __u32 hists,
			size_t value_size)
{
	int id, i;

	memset(b, 0, sizeof(*b));
	for (i = 0; i < VMMIO_BPF_CHUNKS; i++)
		b->row_parts[i] = b->reg_parts[i] = -1;
	b->model = -1;
	b->slots = slots;
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		b->pos[id] = hists >> id & 1 ? b->stride++ : VMMIO_HIST_ABSENT;
	b->cpus = libbpf_num_possible_cpus();
	if (b->cpus < 1)
		return b->cpus ? b->cpus : -EINVAL;
	if (value_size < row_size(b))
		value_size = row_size(b);
	b->values = calloc(b->cpus, value_size);
	b->live = calloc(b->cpus, sizeof(*b->live));
	if (b->values && b->live)
		return 0;
	vmmio_bpf_rows_free(b);
	return -ENOMEM;
}

static void close_parts(int *parts)
{
	int i;

	for (i = 0; i < VMMIO_BPF_CHUNKS; i++) {
		if (parts[i] >= 0)
			close(parts[i]);
		parts[i] = -1;
	}
}

void vmmio_bpf_rows_free(struct vmmio_bpf_rows *b)
{
	if (b->cpus) { /* it was initialised */
		if (b->model >= 0)
			close(b->model);
		b->model = -1;
		close_parts(b->row_parts);
		close_parts(b->reg_parts);
	}
	free(b->values);
	free(b->live);
	b->values = NULL;
	b->live = NULL;
}

static int create_part(__u32 size, __u32 entries)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "vmmio_part", sizeof(__u32), size,
				entries, NULL);

	return fd < 0 ? -errno : fd;
}

/* By a part that shows what they are like; libbpf cannot size one of its own. */
int vmmio_bpf_rows_size(struct vmmio_bpf_rows *b, struct bpf_map *rows)
{
	if (b->model < 0)
		b->model = create_part(row_size(b), VMMIO_BPF_CHUNK);
	return b->model < 0 ? b->model : bpf_map__set_inner_map_fd(rows, b->model);
}

void vmmio_bpf_rows_loaded(struct vmmio_bpf_rows *b, const struct bpf_map *rows,
			   const struct bpf_map *regs, const __u32 *counted)
{
	if (b->model >= 0)
		close(b->model);
	b->model = -1;
	/* parts of an object whose attaching failed are not in these maps */
	close_parts(b->row_parts);
	close_parts(b->reg_parts);
	b->rows = bpf_map__fd(rows);
	b->regs = regs ? bpf_map__fd(regs) : -1;
	b->counted = counted;
}

/* One part into map @outer; it is there already, or nothing is wanted: 0. */
static int add_part(int outer, int *parts, __u32 chunk, __u32 size, __u32 entries)
{
	int fd, err;

	if (outer < 0 || parts[chunk] >= 0)
		return 0;
	fd = create_part(size, entries);
	if (fd < 0)
		return fd;
	err = bpf_map_update_elem(outer, &chunk, &fd, 0);
	if (err) {
		err = -errno;
		close(fd);
		return err;
	}
	parts[chunk] = fd;
	return 0;
}

int vmmio_bpf_rows_grow(struct vmmio_bpf_rows *b, __u32 slot)
{
	__u32 chunk = slot / VMMIO_BPF_CHUNK;
	int err;

	if (slot >= b->slots - 1 && slot != VMMIO_SLOT_OVERFLOW)
		return 0;
	/* rows last: what finds one finds its registers */
	err = add_part(b->regs, b->reg_parts, chunk, sizeof(struct vmmio_bpf_regs),
		       VMMIO_BPF_CHUNK);
	if (!err)
		err = add_part(b->rows, b->row_parts, chunk, row_size(b), VMMIO_BPF_CHUNK);
	return err;
}

int vmmio_bpf_rows_part(const struct vmmio_bpf_rows *b, const int *parts, __u32 slot)
{
	if (slot >= b->slots - 1 && slot != VMMIO_SLOT_OVERFLOW)
		return -1;
	return parts[slot / VMMIO_BPF_CHUNK];
}

/* Row of @cpu in what was read. */
static const struct vmmio_bpf_row *row_of(const struct vmmio_bpf_rows *b, int cpu)
{
	return (const void *)((const char *)b->values + cpu * row_size(b));
}

static void add_hist(struct vmmio_bpf_rows *b, struct vmmio_snapshot *s, size_t i, int id)
{
	struct vmmio_hist *to = vmmio_row_hist(s, i, id);
	int cpu, k;

	if (!to || b->pos[id] == VMMIO_HIST_ABSENT)
		return;
	s->rows[i].have_hist |= 1u << id;
	for (cpu = 0; cpu < b->cpus; cpu++) {
		const struct vmmio_hist *from = (const void *)(row_of(b, cpu) + 1);

		if (!b->live[cpu])
			continue;
		for (k = 0; k < VMMIO_HIST_BUCKETS; k++)
			to->n[k] += from[b->pos[id]].n[k];
	}
}

__u32 vmmio_bpf_have_row(const struct vmmio_bpf_have *have, struct vmmio_row *r)
{
	switch (r->info.kind) {
	case VMMIO_SLOT_DEVICE:
		r->have = have->device;
		return have->device_hists;
	case VMMIO_SLOT_QUEUE:
		r->have = have->queue;
		return have->queue_hists;
	default:
		r->have = have->device | have->queue;
		return have->device_hists | have->queue_hists;
	}
}

void vmmio_bpf_rows_count(struct vmmio_bpf_rows *b, struct vmmio_snapshot *s, size_t i,
			  const struct vmmio_bpf_have *have)
{
	struct vmmio_row *r = &s->rows[i];
	__u32 at = r->info.slot % VMMIO_BPF_CHUNK, hists;
	int fd = vmmio_bpf_rows_part(b, b->row_parts, r->info.slot);
	bool any = fd >= 0 && b->counted[r->info.slot] == r->info.gen;
	int cpu, c, id;

	if (fd < 0 || (any && bpf_map_lookup_elem(fd, &at, b->values)))
		return;
	hists = vmmio_bpf_have_row(have, r);
	for (cpu = 0; any && cpu < b->cpus; cpu++) {
		const struct vmmio_bpf_row *row = row_of(b, cpu);

		/* another generation's counts are not this row's, nor its histograms */
		b->live[cpu] = row->gen == r->info.gen;
		for (c = 0; b->live[cpu] && c < VMMIO_C_COUNT; c++)
			r->c[c] += row->c[c];
	}
	if (!any) {
		/* idle so far: all zero, and known to be */
		r->have_hist = hists & s->want.hists;
		return;
	}
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		if (hists >> id & 1)
			add_hist(b, s, i, id);
}
