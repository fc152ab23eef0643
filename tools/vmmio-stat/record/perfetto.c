// SPDX-License-Identifier: GPL-2.0-only
/* See perfetto.h. Which step goes on which track; pftrace.c writes the packets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/core/regtable.h"
#include "vmmio/events.h"
#include "perfetto.h"
#include "pftrace.h"

#define SLOTS (2 * VMMIO_SLOTS)
#define CPUS 8192
#define LOOKED 64

/* Names of tracks; 0 is none of them. */
#define UUID_QUEUE 0x10000ull
#define UUID_DEVICE 0x20000ull
#define UUID_CPU 0x30000ull
#define UUID_CPUS 0x40000ull

struct queue {
	bool open;    /* a kick waits for its interrupt */
	__u64 flow;   /* of it, or of the last one */
	__u64 kicked; /* mainline's: when */
	__u64 looked; /* mainline's: the handler looks at it since */
};

struct vmmio_perfetto {
	FILE *body;
	struct queue *queues;
	unsigned char *cpus; /* that have a track */
	__u64 flows;
	struct {
		int cpu;
		__u64 flow;
	} looked[LOOKED]; /* flows that the next end of a handler ends */
	unsigned int nlooked;
};

static void event(struct vmmio_perfetto *p, __u64 ns, enum vmmio_pftrace_type type, __u64 track,
		  const char *name, __u64 flow, const __u64 *ends, unsigned int nends)
{
	vmmio_pftrace_event(p->body, ns, type, track, name, flow, ends, nends);
}

static void slice(struct vmmio_perfetto *p, __u64 from, __u64 to, __u64 track, const char *name,
		  __u64 flow, const __u64 *ends, unsigned int nends)
{
	event(p, from, VMMIO_PFTRACE_BEGIN, track, name, flow, ends, nends);
	event(p, to, VMMIO_PFTRACE_END, track, NULL, 0, NULL, 0);
}

static __u64 on_cpu(struct vmmio_perfetto *p, int cpu)
{
	if (cpu >= 0 && cpu < CPUS)
		p->cpus[cpu] = 1;
	return UUID_CPU + (__u64)cpu;
}

struct vmmio_perfetto *vmmio_perfetto_new(void)
{
	struct vmmio_perfetto *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->queues = calloc(SLOTS, sizeof(*p->queues));
	p->cpus = calloc(CPUS, 1);
	p->body = tmpfile();
	if (p->queues && p->cpus && p->body)
		return p;
	vmmio_perfetto_free(p);
	return NULL;
}

void vmmio_perfetto_free(struct vmmio_perfetto *p)
{
	if (!p)
		return;
	if (p->body)
		fclose(p->body);
	free(p->queues);
	free(p->cpus);
	free(p);
}

static void on_kick(struct vmmio_perfetto *p, struct queue *q, const struct vmmio_step *s)
{
	bool opens = s->mainline ? !q->open : s->flags & VMMIO_EV_OPENED;

	if (opens) {
		q->flow = ++p->flows;
		q->kicked = s->begin_ns ? s->begin_ns : s->ns;
		q->open = true;
	}
	event(p, s->begin_ns ? s->begin_ns : s->ns, VMMIO_PFTRACE_INSTANT, UUID_QUEUE + s->slot,
	      "kick", q->flow, NULL, 0);
}

static void close_it(struct vmmio_perfetto *p, struct queue *q, const struct vmmio_step *s,
		     __u64 from, __u64 to)
{
	slice(p, from, to, UUID_QUEUE + s->slot, "kick to interrupt", 0, NULL, 0);
	q->open = false;
}

static void on_queue_irq(struct vmmio_perfetto *p, struct queue *q, const struct vmmio_step *s)
{
	bool closes = s->flags & VMMIO_EV_LATENCY;
	__u64 ns = s->begin_ns ? s->begin_ns : s->ns;

	event(p, ns, VMMIO_PFTRACE_INSTANT, UUID_QUEUE + s->slot, "interrupt",
	      s->mainline || closes ? q->flow : 0, NULL, 0);
	if (s->mainline) {
		q->looked = s->ns;
		return;
	}
	if (!closes)
		return;
	close_it(p, q, s, ns - s->latency_ns, ns);
	if (p->nlooked == LOOKED || !q->flow)
		return;
	p->looked[p->nlooked].cpu = s->cpu;
	p->looked[p->nlooked++].flow = q->flow;
}

static void on_queue_done(struct vmmio_perfetto *p, struct queue *q, const struct vmmio_step *s)
{
	bool closes = s->found && q->open && q->looked >= q->kicked;

	if (!q->looked)
		return;
	if (closes)
		close_it(p, q, s, q->kicked, q->looked);
	slice(p, q->looked, s->ns, on_cpu(p, s->cpu), "callback", 0, &q->flow, closes);
	q->looked = 0;
}

static void on_irq_done(struct vmmio_perfetto *p, const struct vmmio_step *s)
{
	__u64 ends[LOOKED];
	unsigned int i, n = 0, left = 0;

	for (i = 0; i < p->nlooked; i++) {
		if (p->looked[i].cpu == s->cpu)
			ends[n++] = p->looked[i].flow;
		else
			p->looked[left++] = p->looked[i];
	}
	p->nlooked = left;
	slice(p, s->begin_ns, s->begin_ns + s->cost_ns, on_cpu(p, s->cpu), "handler", 0, ends,
	      n < 16 ? n : 16);
}

static void on_access(struct vmmio_perfetto *p, const struct vmmio_step *s)
{
	char name[80];

	snprintf(name, sizeof(name), "%s %s", s->write ? "write" : "read",
		 s->reg < VMMIO_REG_COUNT ? vmmio_regs[s->reg].name : "?");
	slice(p, s->begin_ns, s->begin_ns + s->cost_ns, on_cpu(p, s->cpu), name, 0, NULL, 0);
}

void vmmio_perfetto_step(void *perfetto, const struct vmmio_step *s)
{
	struct vmmio_perfetto *p = perfetto;
	struct queue *q;

	if (s->slot >= SLOTS)
		return;
	q = &p->queues[s->slot];
	switch (s->kind) {
	case VMMIO_STEP_KICK:
		on_kick(p, q, s);
		break;
	case VMMIO_STEP_KICK_DONE:
		slice(p, s->begin_ns, s->begin_ns + s->cost_ns, on_cpu(p, s->cpu), "doorbell",
		      q->flow, NULL, 0);
		break;
	case VMMIO_STEP_QUEUE_IRQ:
		on_queue_irq(p, q, s);
		break;
	case VMMIO_STEP_QUEUE_DONE:
		on_queue_done(p, q, s);
		break;
	case VMMIO_STEP_IRQ_DONE:
		if (!s->mainline)
			on_irq_done(p, s);
		break;
	case VMMIO_STEP_ACCESS:
		on_access(p, s);
		break;
	default:
		break;
	}
}

int vmmio_perfetto_write(struct vmmio_perfetto *p, const struct vmmio_snapshot *rows, FILE *out)
{
	char name[120], buf[65536];
	size_t i, n;
	int cpu;

	for (i = 0; i < rows->n; i++) {
		const struct vmmio_slot_info *x = &rows->rows[i].info;

		if (x->kind == VMMIO_SLOT_QUEUE)
			snprintf(name, sizeof(name), "%s %u:%s", x->device, x->queue,
				 x->queue_name);
		else
			snprintf(name, sizeof(name), "%s %s %s", x->device,
				 vmmio_transport_name(x->transport), x->driver);
		if (x->kind == VMMIO_SLOT_QUEUE)
			vmmio_pftrace_track(out, UUID_QUEUE + x->slot, UUID_DEVICE + x->dev_slot,
					    name);
		else
			vmmio_pftrace_track(out, UUID_DEVICE + x->slot, 0, name);
	}
	vmmio_pftrace_track(out, UUID_CPUS, 0, "CPUs");
	for (cpu = 0; cpu < CPUS; cpu++) {
		if (!p->cpus[cpu])
			continue;
		snprintf(name, sizeof(name), "CPU %d", cpu);
		vmmio_pftrace_track(out, UUID_CPU + (__u64)cpu, UUID_CPUS, name);
	}
	if (fflush(p->body) || fseek(p->body, 0, SEEK_SET))
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), p->body)))
		if (fwrite(buf, 1, n, out) != n)
			return -EIO;
	return ferror(p->body) || fflush(out) ? -EIO : 0;
}
