// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "bpf": loads bpf/guest.bpf.c, attaches it to our driver's tracepoints and sums its per-CPU
 * arrays. The driver's slots file tells the owner of a slot.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_rows.h"
#include "bpf_util.h"
#include "guest.h"
#include "guest.skel.h"
#include "tools/vmmio-stat/core/slots.h"
#include "source.h"
#include "lib/clock.h"

struct source {
	struct vmmio_slots files;
	struct guest_bpf *skel;
	struct vmmio_bpf_rows rows;
	bool regs;
};

static int load_flavour(struct source *b, const struct vmmio_source_opts *opts, bool btf)
{
	struct bpf_program *prog;
	int err;

	b->skel = vmmio_bpf_open(guest);
	if (!b->skel)
		return -errno;
	b->skel->rodata->opt_slots = b->rows.slots;
	b->skel->rodata->opt_hist_stride = b->rows.stride;
	memcpy((void *)b->skel->rodata->opt_hist_pos, b->rows.pos, sizeof(b->rows.pos));
	b->skel->rodata->opt_regs = b->regs;
	b->skel->rodata->opt_device_driven = opts->want.device_driven;
	err = vmmio_bpf_rows_size(&b->rows, b->skel->maps.rows);
	bpf_object__for_each_program(prog, b->skel->obj) {
		const char *name = bpf_program__name(prog);

		bpf_program__set_autoload(prog, !strncmp(name, btf ? "btf_" : "raw_", 4));
	}
	if (!err)
		err = guest_bpf__load(b->skel);
	if (!err)
		vmmio_bpf_rows_loaded(&b->rows, b->skel->maps.rows,
				      b->regs ? b->skel->maps.regs : NULL,
				      b->skel->bss->rows_counted);
	if (err) {
		guest_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	return err;
}

/* Room for the slots of @s, and for those that the module will give out next. */
static int make_room(struct source *b, const struct vmmio_snapshot *s)
{
	__u32 next = 0;
	size_t i;
	int err = 0;

	for (i = 0; i < s->n && !err; i++) {
		__u32 slot = s->rows[i].info.slot;

		err = vmmio_bpf_rows_grow(&b->rows, slot);
		if (slot != VMMIO_SLOT_OVERFLOW)
			next = slot + VMMIO_BPF_CHUNK / 2;
	}
	return err ? err : vmmio_bpf_rows_grow(&b->rows, next);
}

/* Before anything is attached: present devices are counted from the start. */
static int room_at_start(struct vmmio_source *src, struct source *b)
{
	struct vmmio_want none = {};
	struct vmmio_snapshot s;
	int err;

	vmmio_snapshot_init(&s, &none);
	err = vmmio_slots_read(&b->files, &s);
	if (err)
		snprintf(src->why, sizeof(src->why), "cannot read %s/slots: %s", VMMIO_SYSFS,
			 strerror(-err));
	else
		err = make_room(b, &s);
	vmmio_snapshot_free(&s);
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
	err = room_at_start(src, b);
	if (err)
		return err;
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
	vmmio_bpf_rows_free(&b->rows);
	free(b);
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
	b->regs = opts->want.regs;
	err = vmmio_bpf_rows_init(
		&b->rows, opts->max_slots ? opts->max_slots : VMMIO_SLOTS,
		opts->want.hists & (vmmio_guest_have.queue_hists | vmmio_guest_have.device_hists),
		sizeof(struct vmmio_bpf_regs));
	if (err)
		goto err_free;
	err = load(src, b, opts);
	if (err)
		goto err_free;
	src->priv = b;
	src->sees = VMMIO_SEES_OURS;
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

static void add_regs(struct source *b, struct vmmio_snapshot *s, size_t i)
{
	struct vmmio_reg_counts *to = vmmio_row_regs(s, i);
	struct vmmio_bpf_regs *from = b->rows.values;
	__u32 at = s->rows[i].info.slot % VMMIO_BPF_CHUNK;
	int fd = vmmio_bpf_rows_part(&b->rows, b->rows.reg_parts, s->rows[i].info.slot), cpu, k;

	if (!to || !b->regs || fd < 0)
		return;
	if (bpf_map_lookup_elem(fd, &at, from))
		return;
	s->rows[i].have_regs = true;
	s->rows[i].have_reg_ns = true;
	for (cpu = 0; cpu < b->rows.cpus; cpu++) {
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

static int bpf_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err = bpf_discover(src, s);
	size_t i;

	if (err)
		return err;
	s->time_ns = vmmio_now_ns();
	make_room(b, s); /* if there is none, its row is unknown */
	for (i = 0; i < s->n; i++) {
		vmmio_bpf_rows_count(&b->rows, s, i, &vmmio_guest_have);
		if (s->rows[i].info.kind == VMMIO_SLOT_DEVICE)
			add_regs(b, s, i);
	}
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
