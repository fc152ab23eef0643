// SPDX-License-Identifier: GPL-2.0-only
/*
 * From grids to runs (plan.h): the product of the lists, what of it
 * cannot be, labels, and the random order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "plan.h"

#define LEGACY "mmio-legacy"

static unsigned int pick_number(const struct grid *g, enum key k, size_t i)
{
	return strtoul(g->value[k][i], NULL, 0);
}

static bool pick_bool(const struct grid *g, enum key k, size_t i)
{
	return !strcmp(g->value[k][i], "on");
}

/* The keys whose lists multiply runs; transports, depths and count do not. */
static const enum key factor[] = {
	K_LOAD,	    K_ARCH,    K_DRIVER,      K_RW,	    K_QUEUE_SIZE, K_QUEUES,
	K_VCPUS,    K_REQUEST, K_RESPONSE,    K_BLOCK_SIZE, K_LATENCY_US, K_EVENT_IDX,
	K_INDIRECT, K_PACKED,  K_LAZY_STATUS, K_ICOUNT,	    K_IOEVENTFD,  K_IOTHREAD,
	K_VHOST,    K_IRQCHIP, K_VECTORS,     K_HOST,	    K_UNDER,
};

#define FACTORS (sizeof(factor) / sizeof(factor[0]))

static void fill(const struct grid *g, const size_t at[KEYS], struct vmmio_setting *s)
{
	const char *word;

	memset(s, 0, sizeof(*s));
	s->kind = vmmio_kind_find(g->value[K_LOAD][at[K_LOAD]]);
	snprintf(s->arch, sizeof(s->arch), "%.7s", g->value[K_ARCH][at[K_ARCH]]);
	s->request = pick_number(g, K_REQUEST, at[K_REQUEST]);
	s->response = pick_number(g, K_RESPONSE, at[K_RESPONSE]);
	s->ioeventfd = pick_bool(g, K_IOEVENTFD, at[K_IOEVENTFD]);
	snprintf(s->driver, sizeof(s->driver), "%.11s", g->value[K_DRIVER][at[K_DRIVER]]);
	snprintf(s->rw, sizeof(s->rw), "%.7s", g->value[K_RW][at[K_RW]]);
	s->queue_size = pick_number(g, K_QUEUE_SIZE, at[K_QUEUE_SIZE]);
	s->queues = pick_number(g, K_QUEUES, at[K_QUEUES]);
	s->vcpus = pick_number(g, K_VCPUS, at[K_VCPUS]);
	s->block_size = pick_number(g, K_BLOCK_SIZE, at[K_BLOCK_SIZE]);
	s->latency_us = pick_number(g, K_LATENCY_US, at[K_LATENCY_US]);
	s->event_idx = pick_bool(g, K_EVENT_IDX, at[K_EVENT_IDX]);
	s->indirect = pick_bool(g, K_INDIRECT, at[K_INDIRECT]);
	s->packed = pick_bool(g, K_PACKED, at[K_PACKED]);
	s->lazy_status = pick_bool(g, K_LAZY_STATUS, at[K_LAZY_STATUS]);
	s->icount = pick_bool(g, K_ICOUNT, at[K_ICOUNT]);
	s->iothread = pick_bool(g, K_IOTHREAD, at[K_IOTHREAD]);
	s->shared = !strcmp(g->value[K_VECTORS][at[K_VECTORS]], "shared");
	s->vhost = pick_bool(g, K_VHOST, at[K_VHOST]);
	word = g->value[K_IRQCHIP][at[K_IRQCHIP]];
	s->irqchip = !strcmp(word, "on")    ? VMMIO_IRQCHIP_ON
		     : !strcmp(word, "off") ? VMMIO_IRQCHIP_OFF
					    : VMMIO_IRQCHIP_SPLIT;
	s->host = pick_bool(g, K_HOST, at[K_HOST]);
	snprintf(s->under, sizeof(s->under), "%s", g->value[K_UNDER][at[K_UNDER]]);
	if (s->host && !g->given[K_IOEVENTFD]) /* as QEMU does by itself under KVM */
		s->ioeventfd = true;
	for (size_t i = 0; i < g->n[K_TRANSPORT]; i++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++)
			if (!strcmp(vmmio_columns[c], g->value[K_TRANSPORT][i]))
				s->columns[s->ncolumns++] = vmmio_columns[c];
		s->legacy |= !strcmp(g->value[K_TRANSPORT][i], LEGACY);
	}
	s->depths.n = g->n[K_DEPTH];
	for (size_t i = 0; i < s->depths.n; i++)
		s->depths.v[i] = pick_number(g, K_DEPTH, i);
	s->count = pick_number(g, K_COUNT, 0);
}

/* What cannot be, in one line; the first that is wrong. Makes the default ring fit. */
static const char *contradiction(const struct grid *g, struct vmmio_setting *s)
{
	bool disk = s->kind->disk, net = s->kind->transactions;
	bool arm = !strcmp(s->arch, "arm64"), msix = false;

	if (disk && s->block_size % 512)
		return "block_size: a multiple of 512 for disks";
	if (net && s->block_size > 65000)
		return "block_size: at most 65000 for this load";
	if (!disk && s->latency_us)
		return "latency_us: of disks only";
	if (!disk && s->queues > 1)
		return "queues: more than one on disks only";
	if (net && s->queue_size < 32)
		return "queue_size: a network ring below 32 can stall";
	if (s->kind->ring_max && s->queue_size > s->kind->ring_max) {
		if (g->given[K_QUEUE_SIZE])
			return "queue_size: larger than any ring of this device";
		s->queue_size = s->kind->ring_max;
	}
	if (s->legacy && s->packed)
		return "packed: a legacy device has no packed ring";
	if (s->lazy_status && strcmp(s->driver, "vmmio"))
		return "lazy_status: an option of the driver vmmio";
	if (arm && s->kind->image)
		return "arch: the image of this load is for x86";
	if (arm && (s->icount || s->lazy_status || (s->ioeventfd && !s->host)))
		return "arch: icount, lazy_status and, without host, ioeventfd are of x86 only";
	/* a line of arm64 that is raised while it is up is taken once, and seen accepted twice */
	if (s->host && arm && s->kind != &vmmio_kind_block)
		return "host: only load = block with arch = arm64";
	if (s->host && !s->kind->hosted)
		return "host: only load = block, scsi or udp_rr";
	if (!s->host && s->kind->hosted_only)
		return "load: of host = on only";
	if (s->vhost && (!s->host || s->kind == &vmmio_kind_block || !s->ioeventfd || s->packed))
		return "vhost: of load = udp_rr or scsi with host = on and ioeventfd, and no "
		       "packed ring";
	if (s->kind == &vmmio_kind_scsi && (s->iothread || s->latency_us))
		return "load: scsi has no iothread and no latency_us";
	if ((!s->host || arm) && strcmp(s->under, "build") != 0)
		return "under: of host = on and arch = x86";
	if (s->host && s->icount)
		return "host: counts instructions by itself, with one vCPU";
	for (size_t i = 0; i < s->ncolumns; i++)
		msix |= !strcmp(s->columns[i], "pci-msix");
	if (s->shared && !msix)
		return "vectors: shared of transport = pci-msix only";
	if (s->shared && !net && s->queues < 2)
		return "vectors: shared by several virtqueues: of interfaces, or queues of 2 or "
		       "more";
	if (s->irqchip != VMMIO_IRQCHIP_SPLIT && (!s->host || arm))
		return "irqchip: of host = on and arch = x86";
	/* QEMU's microvm loses its lines' routes once a message has one, the console's too */
	if (s->irqchip == VMMIO_IRQCHIP_ON && msix)
		return "irqchip: on for transport = mmio, pci-intx only";
	/* the guest says where one doorbell is (hostexits.h) */
	if (s->host && !s->ioeventfd && (s->kind != &vmmio_kind_block || s->queues > 1))
		return "ioeventfd: off with host = on for load = block with one queue only";
	/* of two interrupts that meet in a local APIC, accepted are two and taken is one */
	if (s->host && s->shared)
		return "vectors: shared without host = on only";
	if (s->host && s->vcpus > 1 && !disk)
		return "vcpus: more than one with host = on for disks only";
	if (s->iothread && (!disk || !s->ioeventfd))
		return "iothread: of disks, with ioeventfd";
	/* a device's interrupts are those that come in no other's rounds */
	if (s->host && (s->legacy || s->ncolumns < 2))
		return "host: takes two transports or more, and no mmio-legacy";
	for (size_t i = 0; i < s->depths.n; i++) {
		if (s->depths.v[i] > 1 && !s->kind->deep)
			return "depth: this load has one I/O at a time";
		if (s->depths.v[i] > 256 && net)
			return "depth: at most 256 for this load";
	}
	return NULL;
}

/* The labels of old stay as they were, so that stored results keep their names. */
static void label(const struct vmmio_setting *s, const bool given[KEYS], char *buf, size_t len)
{
	static const char *const irqchip[] = {"split", "on", "off"};
	const struct {
		enum key key;
		const char *name, *value;
	} late[] = {
		{K_ARCH, "arch", s->arch},
		{K_IOEVENTFD, "ioeventfd", s->ioeventfd ? "on" : "off"},
		{K_IOTHREAD, "iothread", s->iothread ? "on" : "off"},
		{K_VHOST, "vhost", s->vhost ? "on" : "off"},
		{K_VECTORS, "vectors", s->shared ? "shared" : "queue"},
		{K_IRQCHIP, "irqchip", irqchip[s->irqchip]},
		{K_HOST, "host", s->host ? "on" : "off"},
		{K_UNDER, "under", s->under},
	};
	char load[24], size[48], more[160] = "";
	size_t n = 0;

	if (s->kind->disk)
		snprintf(load, sizeof(load), "%srand%s", s->kind->prefix ? s->kind->prefix : "",
			 s->rw);
	else
		snprintf(load, sizeof(load), "%s", s->kind->name);
	if (s->kind->transactions)
		snprintf(size, sizeof(size), "request=%u response=%u", s->request, s->response);
	else
		snprintf(size, sizeof(size), "block_size=%u", s->block_size);
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		if (given[late[i].key])
			n += snprintf(more + n, sizeof(more) - n, " %s=%s", late[i].name,
				      late[i].value);
	snprintf(buf, len,
		 "load=%s driver=%s queue_size=%u queues=%u vcpus=%u %s event_idx=%s "
		 "indirect=%s packed=%s lazy_status=%s icount=%s latency_us=%u%s",
		 load, s->driver, s->queue_size, s->queues, s->vcpus, size,
		 s->event_idx ? "on" : "off", s->indirect ? "on" : "off", s->packed ? "on" : "off",
		 s->lazy_status ? "on" : "off", s->icount ? "on" : "off", s->latency_us, more);
}

/* Two grids may name one combination: it is run once, over the depths of both. */
static struct vmmio_run *find_run(struct vmmio_experiment *e, const struct vmmio_run *like)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->runs[i].s.legacy == like->s.legacy &&
		    !strcmp(e->runs[i].labels, like->labels))
			return &e->runs[i];
	return NULL;
}

static void merge(struct vmmio_setting *into, const struct vmmio_setting *s)
{
	size_t i, k;

	for (i = 0; i < s->depths.n; i++) {
		for (k = 0; k < into->depths.n && into->depths.v[k] != s->depths.v[i]; k++)
			;
		if (k == into->depths.n && k < VMMIO_LIST_MAX)
			into->depths.v[into->depths.n++] = s->depths.v[i];
	}
	for (i = 0; i < s->ncolumns; i++) {
		for (k = 0; k < into->ncolumns && into->columns[k] != s->columns[i]; k++)
			;
		if (k == into->ncolumns)
			into->columns[into->ncolumns++] = s->columns[i];
	}
	if (s->count > into->count)
		into->count = s->count;
}

static int add_run(struct vmmio_experiment *e, const struct vmmio_run *run)
{
	struct vmmio_run *more, *same = find_run(e, run);

	if (same) {
		merge(&same->s, &run->s);
		return 0;
	}
	more = realloc(e->runs, (e->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	e->runs = more;
	e->runs[e->n++] = *run;
	return 0;
}

/* Legacy or not is a setting of all mmio devices of a boot: one boot for each. */
static int add_runs(struct vmmio_experiment *e, struct vmmio_run *run)
{
	bool legacy = run->s.legacy;
	int err = 0;

	run->s.legacy = false;
	if (run->s.ncolumns)
		err = add_run(e, run);
	if (err || !legacy)
		return err;
	run->s.legacy = true;
	run->s.columns[0] = LEGACY;
	run->s.ncolumns = 1;
	return add_run(e, run);
}

int vmmio_grid_expand(struct vmmio_experiment *e, const struct grid *g, const bool given[KEYS],
		      char *why, size_t len)
{
	size_t at[KEYS] = {0}, i;

	if (g->n[K_COUNT] != 1) {
		snprintf(why, len, "line %d: [grid %s]: count: one value, not a list", g->line,
			 g->name);
		return -EINVAL;
	}
	do {
		struct vmmio_run run = {0};
		const char *wrong;
		int err;

		fill(g, at, &run.s);
		for (i = 0; i < run.s.depths.n; i++) {
			if (run.s.depths.v[i] <= run.s.count)
				continue;
			snprintf(why, len, "line %d: [grid %s]: depth %u is more than count %u",
				 g->line, g->name, run.s.depths.v[i], run.s.count);
			return -EINVAL;
		}
		wrong = contradiction(g, &run.s);
		if (wrong) {
			snprintf(why, len, "line %d: [grid %s]: load %s, %s", g->line, g->name,
				 run.s.kind->name, wrong);
			return -EINVAL;
		}
		label(&run.s, given, run.labels, sizeof(run.labels));
		err = add_runs(e, &run);
		if (err)
			return err;
		for (i = 0; i < FACTORS; i++) {
			if (++at[factor[i]] < g->n[factor[i]])
				break;
			at[factor[i]] = 0;
		}
	} while (i < FACTORS);
	return 0;
}

int vmmio_plan_shuffle(struct vmmio_experiment *e)
{
	size_t n = e->n * e->boots;
	struct vmmio_run *all = calloc(n, sizeof(*all));
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	if (!all || !rng) {
		free(all);
		if (rng)
			gsl_rng_free(rng);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++) {
		all[i] = e->runs[i % e->n];
		all[i].boot = i / e->n;
	}
	gsl_rng_set(rng, e->seed);
	gsl_ran_shuffle(rng, all, n, sizeof(*all));
	gsl_rng_free(rng);
	free(e->runs);
	e->runs = all;
	e->n = n;
	return 0;
}
