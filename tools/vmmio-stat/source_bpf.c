// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "bpf": loads bpf/guest.bpf.c, attaches it to our driver's
 * tracepoints and sums its per-CPU arrays. Who a slot is comes from the
 * driver's slots file.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "guest.h"
#include "guest.skel.h"
#include "bpf_util.h"
#include "slots.h"
#include "source.h"

#define HEADROOM 64 /* devices that appear later */

#define BIT(c) (1ull << VMMIO_C_##c)

static const __u64 have_queue =
	BIT(KICKS) | BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) | BIT(KICKS_TIMED) | BIT(KICK_NS) |
	BIT(KICKS_INTERRUPTED) | BIT(KICKS_MERGED) | BIT(KICKS_POLLED) | BIT(LATENCIES) |
	BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) | BIT(LATENCY_EMPTY_NS) | BIT(IRQS) |
	BIT(IRQS_FOUND) | BIT(IRQS_SPURIOUS) | BIT(IRQS_NOTHING) | BIT(IRQS_INDEXED) |
	BIT(USED_BUFFERS) | BIT(OCCUPANCIES) | BIT(OCCUPANCY);
static const __u64 have_device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS) |
				 BIT(HANDLER_TIMED) | BIT(HANDLER_NS) | BIT(REG_READS) |
				 BIT(REG_WRITES) | BIT(ACCESSES_TIMED) | BIT(ACCESS_NS);
static const __u32 hists_queue = 1u << VMMIO_HIST_KICK | 1u << VMMIO_HIST_IRQ |
				 1u << VMMIO_HIST_BATCH | 1u << VMMIO_HIST_COALESCE |
				 1u << VMMIO_HIST_OCCUPANCY;
static const __u32 hists_device = 1u << VMMIO_HIST_ACCESS;

struct source {
	struct vmmio_slots files;
	struct guest_bpf *skel;
	unsigned int slots; /* entries of rows */
	unsigned int stride;
	__u8 pos[VMMIO_HIST_COUNT];
	bool regs;
	int cpus;
	void *values; /* one map value for each CPU */
	bool *live;   /* CPUs that counted for the row at hand */
};

static void set_options(struct source *b, const struct vmmio_source_opts *opts)
{
	__u32 wanted = opts->want.hists & (hists_queue | hists_device);
	int id;

	b->regs = opts->want.regs;
	b->stride = 0;
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		b->pos[id] = wanted >> id & 1 ? b->stride++ : VMMIO_HIST_ABSENT;
}

static int load_flavour(struct source *b, const struct vmmio_source_opts *opts, bool btf)
{
	struct bpf_program *prog;
	int err;

	b->skel = guest_bpf__open();
	if (!b->skel)
		return -errno;
	b->skel->rodata->opt_slots = b->slots;
	b->skel->rodata->opt_hist_stride = b->stride;
	memcpy((void *)b->skel->rodata->opt_hist_pos, b->pos, sizeof(b->pos));
	b->skel->rodata->opt_regs = b->regs;
	b->skel->rodata->opt_device_driven = opts->want.device_driven;
	bpf_map__set_max_entries(b->skel->maps.rows, b->slots);
	bpf_map__set_max_entries(b->skel->maps.hists, b->stride ? b->slots * b->stride : 1);
	bpf_map__set_max_entries(b->skel->maps.regs, b->regs ? b->slots : 1);
	bpf_object__for_each_program(prog, b->skel->obj)
	{
		const char *name = bpf_program__name(prog);

		bpf_program__set_autoload(prog, !strncmp(name, btf ? "btf_" : "raw_", 4));
	}
	err = guest_bpf__load(b->skel);
	if (err) {
		guest_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	return err;
}

static int load(struct vmmio_source *src, struct source *b, const struct vmmio_source_opts *opts)
{
	/* VMMIO_RAW_TP is for tests: the flavour of kernels without module BTF */
	bool btf = !access("/sys/kernel/btf/vmmio", R_OK) && !getenv("VMMIO_RAW_TP");
	int err;

	vmmio_bpf_quiet();
	err = load_flavour(b, opts, btf);
	if (err && btf) {
		/* Module BTF needs CAP_SYS_ADMIN, and may be of another build. */
		btf = false;
		vmmio_bpf_quiet();
		err = load_flavour(b, opts, false);
	}
	if (err) {
		vmmio_bpf_why(src->why, sizeof(src->why), "load", err);
		return err;
	}
	err = guest_bpf__attach(b->skel);
	if (err) {
		vmmio_bpf_why(src->why, sizeof(src->why), "attach", err);
		return err;
	}
	snprintf(src->engine, sizeof(src->engine), "%s", btf ? "tp_btf" : "raw_tp");
	return 0;
}

static void source_free(struct source *b)
{
	guest_bpf__destroy(b->skel);
	vmmio_slots_close(&b->files);
	free(b->values);
	free(b->live);
	free(b);
}

/* Entries for the slots in use, some to come, and the overflow slot. */
static int size_maps(struct vmmio_source *src, struct source *b,
		     const struct vmmio_source_opts *opts)
{
	struct vmmio_want none = {};
	struct vmmio_snapshot s;
	unsigned int top = 0;
	size_t i;
	int err;

	vmmio_snapshot_init(&s, &none);
	err = vmmio_slots_read(&b->files, &s);
	for (i = 0; i < s.n; i++)
		if (s.rows[i].info.slot != VMMIO_SLOT_OVERFLOW)
			top = s.rows[i].info.slot + 1;
	vmmio_snapshot_free(&s);
	if (err) {
		snprintf(src->why, sizeof(src->why), "cannot read %s/slots: %s", VMMIO_SYSFS,
			 strerror(-err));
		return err;
	}
	b->slots = opts->max_slots ? opts->max_slots : top + HEADROOM + 1;
	if (b->slots > VMMIO_SLOTS)
		b->slots = VMMIO_SLOTS;
	return 0;
}

static int bpf_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct source *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	err = vmmio_slots_open(&b->files, VMMIO_SYSFS, src->why, sizeof(src->why));
	if (err)
		goto err_free;
	err = size_maps(src, b, opts);
	if (err)
		goto err_free;
	b->cpus = libbpf_num_possible_cpus();
	if (b->cpus < 1) {
		err = b->cpus ? b->cpus : -EINVAL;
		snprintf(src->why, sizeof(src->why), "cannot count the CPUs: %s", strerror(-err));
		goto err_free;
	}
	b->values = calloc(b->cpus, sizeof(struct vmmio_bpf_regs));
	b->live = calloc(b->cpus, sizeof(*b->live));
	if (!b->values || !b->live) {
		err = -ENOMEM;
		goto err_free;
	}
	set_options(b, opts);
	err = load(src, b, opts);
	if (err)
		goto err_free;
	src->priv = b;
	return 0;

err_free:
	source_free(b);
	return err;
}

static int bpf_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err = vmmio_slots_read(&b->files, s);

	if (err)
		snprintf(src->why, sizeof(src->why), "cannot read %s/slots: %s", VMMIO_SYSFS,
			 err == -ENODEV || err == -ENOENT ? "the module was unloaded"
							  : strerror(-err));
	return err;
}

static __u32 slot_index(const struct source *b, __u32 slot)
{
	if (slot < b->slots - 1)
		return slot;
	return slot == VMMIO_SLOT_OVERFLOW ? b->slots - 1 : ~0u;
}

/* CPUs on which the row's generation has counted; also where its histograms count. */
static bool counted_on(const struct vmmio_bpf_row *rows, int cpu, __u32 gen)
{
	return rows[cpu].gen == gen;
}

static void add_hist(struct source *b, struct vmmio_snapshot *s, size_t i, __u32 index, int id,
		     const bool *live)
{
	struct vmmio_hist *to = vmmio_row_hist(s, i, id), *from = b->values;
	__u32 key = index * b->stride + b->pos[id];
	int cpu, k;

	if (!to || b->pos[id] == VMMIO_HIST_ABSENT)
		return;
	s->rows[i].have_hist |= 1u << id;
	if (bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.hists), &key, from))
		return;
	for (cpu = 0; cpu < b->cpus; cpu++) {
		if (!live[cpu])
			continue;
		for (k = 0; k < VMMIO_HIST_BUCKETS; k++)
			to->n[k] += from[cpu].n[k];
	}
}

static void add_regs(struct source *b, struct vmmio_snapshot *s, size_t i, __u32 index)
{
	struct vmmio_reg_counts *to = vmmio_row_regs(s, i);
	struct vmmio_bpf_regs *from = b->values;
	int cpu, k;

	if (!to || !b->regs)
		return;
	s->rows[i].have_regs = true;
	s->rows[i].have_reg_ns = true;
	if (bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.regs), &index, from))
		return;
	for (cpu = 0; cpu < b->cpus; cpu++) {
		if (from[cpu].gen != s->rows[i].info.gen)
			continue;
		for (k = 0; k < VMMIO_REG_MAX; k++) {
			to->reads[k] += from[cpu].reads[k];
			to->writes[k] += from[cpu].writes[k];
			to->read_ns[k] += from[cpu].read_ns[k];
			to->write_ns[k] += from[cpu].write_ns[k];
		}
	}
}

static void count_row(struct source *b, struct vmmio_snapshot *s, size_t i)
{
	struct vmmio_row *r = &s->rows[i];
	struct vmmio_bpf_row *rows = b->values;
	__u32 index = slot_index(b, r->info.slot), hists;
	bool *live = b->live, any = false;
	int cpu, c, id;

	if (index == ~0u)
		return; /* beyond the maps: its events are counted as lost */
	if (bpf_map_lookup_elem(bpf_map__fd(b->skel->maps.rows), &index, rows))
		return;
	r->have = r->info.kind == VMMIO_SLOT_DEVICE  ? have_device
		  : r->info.kind == VMMIO_SLOT_QUEUE ? have_queue
						     : have_device | have_queue;
	hists = r->info.kind == VMMIO_SLOT_DEVICE ? hists_device : hists_queue;
	for (cpu = 0; cpu < b->cpus; cpu++) {
		live[cpu] = counted_on(rows, cpu, r->info.gen);
		any |= live[cpu];
		for (c = 0; live[cpu] && c < VMMIO_C_COUNT; c++)
			r->c[c] += rows[cpu].c[c];
	}
	if (!any) {
		/* idle so far: all zero, and known to be */
		r->have_hist = hists & s->want.hists;
		r->have_regs = r->have_reg_ns = b->regs && r->info.kind == VMMIO_SLOT_DEVICE;
		return;
	}
	for (id = 0; id < VMMIO_HIST_COUNT; id++)
		if (hists >> id & 1)
			add_hist(b, s, i, index, id, live);
	if (r->info.kind == VMMIO_SLOT_DEVICE)
		add_regs(b, s, i, index);
}

static int bpf_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err = bpf_discover(src, s);
	size_t i;

	if (err)
		return err;
	s->time_ns = vmmio_now_ns();
	for (i = 0; i < s->n; i++)
		count_row(b, s, i);
	s->have_lost = true;
	s->events_lost = b->skel->bss->events_lost + vmmio_bpf_misses(b->skel->obj);
	vmmio_snapshot_finish(s);
	return 0;
}

static void bpf_close(struct vmmio_source *src)
{
	source_free(src->priv);
}

const struct vmmio_source_ops vmmio_source_bpf = {
	.name = "bpf",
	.what = "the driver's tracepoints, counted by BPF",
	.open = bpf_open,
	.discover = bpf_discover,
	.snapshot = bpf_snapshot,
	.close = bpf_close,
};
