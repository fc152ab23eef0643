// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mainline's drivers by kprobe events: probes set for counting here and now, for a
 * recording, or records of one met again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/probing.h"
#include "tracefs_stock.h"

/* "vm_interrupt", "vm_interrupt_ret" */
static const char *title(const struct tracefs_hook *h, struct trace_probe *p)
{
	snprintf(p->title, sizeof(p->title), "%s%s", h->function, h->fetch == RESULT ? "_ret" : "");
	return p->title;
}

/* @t: who counts; NULL: nobody. */
static int set_probes(struct trace_probes *probes, struct tracefs_stock *t, bool mmio, bool pci,
		      char *why, size_t size)
{
	char name[64];
	size_t i;
	int err;

	for (i = 0; tracefs_stock_hooks[i].name; i++) {
		const struct tracefs_hook *h = &tracefs_stock_hooks[i];
		struct trace_event e = {.handle = t ? h->handle : NULL, .data = t, .arg = h->arg};

		if ((h->need == MMIO && !mmio) || (h->need == PCI && !pci))
			continue;
		title(h, &probes->list[probes->n % TRACE_EVENTS]);
		err = trace_probe_set(
			probes, h->name,
			vmmio_probing_name(h->module, h->function, name, sizeof(name)), h->fetch, e,
			why, size);
		if (err && !h->optional)
			return err;
	}
	return 0;
}

static void look_for_drivers(bool *mmio, bool *pci)
{
	*mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	*pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
}

bool tracefs_stock_is_there(void)
{
	bool mmio, pci;

	look_for_drivers(&mmio, &pci);
	return mmio || pci;
}

/* Which transports of mainline's there are; 0 or -errno with @why: none can be probed. */
static int look(bool *mmio, bool *pci, char *why, size_t size)
{
	const char *off = vmmio_probing_off("", true);

	look_for_drivers(mmio, pci);
	if (!*mmio && !*pci) {
		snprintf(
			why, size,
			"no transport of mainline's is loaded: neither virtio_mmio nor virtio_pci");
		return -ENODEV;
	}
	if (!off)
		return 0;
	snprintf(why, size, "tracefs: %s", off);
	return -EOPNOTSUPP;
}

int tracefs_stock_record(struct trace_probes *probes, char *why, size_t size)
{
	bool mmio, pci;
	int err = look(&mmio, &pci, why, size);

	probes->recorded = true;
	memcpy(probes->system, probes->ring->system, sizeof(probes->system));
	return err ? err : set_probes(probes, NULL, mmio, pci, why, size);
}

static struct tracefs_stock *make(struct trace_ring *ring, const struct tracefs_known *known,
				  void *ctx)
{
	struct tracefs_stock *t = calloc(1, sizeof(*t));
	int i;

	if (!t)
		return NULL;
	t->probes.ring = ring;
	memcpy(t->probes.system, ring->system, sizeof(t->probes.system));
	t->cpus = calloc((size_t)ring->ncpus, sizeof(*t->cpus));
	t->kicks = calloc(VMMIO_SLOTS, sizeof(*t->kicks));
	for (i = 0; t->cpus && i < ring->ncpus; i++)
		t->cpus[i].kick.slot = -1;
	if (t->cpus && t->kicks && !tracefs_devices_init(&t->devices, known, ctx) &&
	    !vmmio_mem_rows_init(&t->rows, 0, false)) {
		tracefs_devices_scan(&t->devices);
		return t;
	}
	tracefs_stock_close(t);
	return NULL;
}

struct tracefs_stock *tracefs_stock_open(struct trace_ring *ring, int *err, char *why, size_t size)
{
	struct tracefs_stock *t;
	bool mmio, pci;

	*err = look(&mmio, &pci, why, size);
	if (*err)
		return NULL;
	t = make(ring, &tracefs_known_here, NULL);
	*err = t ? set_probes(&t->probes, t, mmio, pci, why, size) : -ENOMEM;
	if (!*err)
		return t;
	if (t)
		trace_ring_forget(ring, t); /* it lives on */
	tracefs_stock_close(t);
	return NULL;
}

struct tracefs_stock *tracefs_stock_replay(struct trace_ring *ring,
					   const struct tracefs_known *known, void *ctx,
					   __u64 missed, const struct vmmio_steps *steps, int *err,
					   char *why, size_t size)
{
	struct tracefs_stock *t = make(ring, known, ctx);
	int found = 0;
	size_t i;

	*err = t ? 0 : -ENOMEM;
	for (i = 0; t && !*err && tracefs_stock_hooks[i].name; i++) {
		const struct tracefs_hook *h = &tracefs_stock_hooks[i];
		struct trace_event e = {
			.system = TRACEFS_STOCK_SYSTEM,
			.name = title(h, &t->probes.list[i]),
			.fields = trace_probe_recorded(h->fetch),
			.handle = h->handle,
			.data = t,
			.arg = h->arg,
		};

		*err = trace_ring_enable(ring, &e, why, size);
		found += !*err;
		*err = *err == -ENOENT ? 0 : *err;
	}
	if (t && !*err && found) {
		t->recorded = true;
		t->recorded_missed = missed;
		t->missed = missed;
		t->steps = *steps;
		return t;
	}
	*err = *err ? *err : -ENOENT;
	tracefs_stock_close(t);
	return NULL;
}

void tracefs_stock_close(struct tracefs_stock *t)
{
	if (!t)
		return;
	trace_probes_remove(&t->probes);
	tracefs_devices_free(&t->devices);
	vmmio_mem_rows_free(&t->rows);
	free(t->cpus);
	free(t->kicks);
	free(t);
}
