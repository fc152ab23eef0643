// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains as a timeline (joinview.h): a track for each virtqueue and CPU of the guest, each vCPU
 * and backend thread of the host. Each whole chain is a flow from its kick to its exit, the
 * backend, the injection and the handler, where it ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/view/view.h"
#include "joinview.h"
#include "pftrace.h"

/* Names of tracks; 0 is none of them. A backend has one below its own for each virtqueue. */
#define UUID_GUEST 1ull
#define UUID_HOST 2ull
#define UUID_QUEUE (1ull << 32)
#define UUID_CPU (2ull << 32)
#define UUID_VCPU (3ull << 32)
#define UUID_THREAD (4ull << 32)
#define UUID_BACKEND (1ull << 60)

struct tracks {
	FILE *out;
	__u64 *known;
	size_t n;
	int err;
};

/* Names it, the first time. */
static __u64 track(struct tracks *t, __u64 uuid, __u64 parent, const char *name)
{
	__u64 *p;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->known[i] == uuid)
			return uuid;
	p = reallocarray(t->known, t->n + 1, sizeof(*p));
	if (!p) {
		t->err = -1;
		return uuid;
	}
	t->known = p;
	p[t->n++] = uuid;
	vmmio_pftrace_track(t->out, uuid, parent, name);
	return uuid;
}

static __u64 numbered(struct tracks *t, __u64 base, __u64 parent, const char *what, __u32 number)
{
	char name[48];

	snprintf(name, sizeof(name), "%s %u", what, number);
	return track(t, base + number, parent, name);
}

static const char *queue_name(const struct vmmio_joinview *v, const struct vmmio_chain *x,
			      char *buf, size_t size)
{
	char queue[48];
	size_t i;

	snprintf(buf, size, "virtqueue of slot %u", x->slot);
	for (i = 0; i < v->rows->n; i++) {
		const struct vmmio_row *row = &v->rows->rows[i];

		if (row->info.slot == x->slot && row->info.gen == x->gen)
			snprintf(buf, size, "%s %s %s", vmmio_row_device(row),
				 vmmio_transport_name(row->info.transport),
				 vmmio_format_queue(queue, sizeof(queue), row));
	}
	return buf;
}

/* Who worked for the virtqueue: the thread that was woken, the vCPU's own, or nobody that was seen.
 */
static __u64 backend(struct tracks *t, const struct vmmio_joinview *v, const struct vmmio_chain *x,
		     const char *queue)
{
	char name[64] = "backend, not seen";
	__u64 thread;
	size_t i;

	if (x->path == VMMIO_CHAIN_USER) {
		snprintf(name, sizeof(name), "VMM in vCPU %u", x->vcpu);
		thread = UUID_THREAD + (1ull << 31) + x->vcpu;
	} else {
		if (x->backend)
			snprintf(name, sizeof(name), "thread %d", x->backend);
		for (i = 0; i < v->vm->ntasks; i++)
			if (x->backend && v->vm->tasks[i].tid == (__u32)x->backend)
				snprintf(name, sizeof(name), "thread %d %s", x->backend,
					 v->vm->tasks[i].name);
		thread = UUID_THREAD + (__u32)x->backend;
	}
	track(t, thread, UUID_HOST, name);
	return track(t, UUID_BACKEND + ((thread & 0xffffffff) << 16) + x->slot, thread, queue);
}

static void slice(struct tracks *t, __u64 from, __u64 to, __u64 on, const char *name, __u64 flow,
		  bool ends)
{
	vmmio_pftrace_event(t->out, from, VMMIO_PFTRACE_BEGIN, on, name, ends ? 0 : flow, &flow,
			    ends);
	vmmio_pftrace_event(t->out, to, VMMIO_PFTRACE_END, on, NULL, 0, NULL, 0);
}

static void chain(struct tracks *t, const struct vmmio_joinview *v, const struct vmmio_chain *x,
		  __u64 flow)
{
	const __u64 *m = x->mark;
	char name[128];
	__u64 on, served = m[VMMIO_MARK_SERVED], from;

	queue_name(v, x, name, sizeof(name));
	on = track(t, UUID_QUEUE + x->slot, UUID_GUEST, name);
	if (x->why != VMMIO_CHAIN_WHOLE) {
		vmmio_pftrace_event(t->out, m[VMMIO_MARK_KICK], VMMIO_PFTRACE_INSTANT, on, "kick",
				    0, NULL, 0);
		return;
	}
	vmmio_pftrace_event(t->out, m[VMMIO_MARK_KICK], VMMIO_PFTRACE_INSTANT, on, "kick", flow,
			    NULL, 0);
	slice(t, m[VMMIO_MARK_KICK], m[VMMIO_MARK_HANDLER], on, "kick to interrupt", 0, false);
	on = numbered(t, UUID_VCPU, UUID_HOST, "vCPU", x->vcpu);
	from = m[VMMIO_MARK_EXIT] ? m[VMMIO_MARK_EXIT] : served;
	slice(t, from, served, on, "exit", flow, false);
	from = m[VMMIO_MARK_RUNS] ? m[VMMIO_MARK_RUNS] : served;
	slice(t, from, m[VMMIO_MARK_SENT], backend(t, v, x, name), "backend", flow, false);
	on = numbered(t, UUID_VCPU, UUID_HOST, "vCPU", x->irq_vcpu);
	if (m[VMMIO_MARK_INJECTED])
		vmmio_pftrace_event(t->out, m[VMMIO_MARK_INJECTED], VMMIO_PFTRACE_INSTANT, on,
				    "injected", flow, NULL, 0);
	on = numbered(t, UUID_CPU, UUID_GUEST, "CPU", (__u32)x->irq_cpu);
	slice(t, m[VMMIO_MARK_HANDLER], m[VMMIO_MARK_HANDLED], on, "handler", flow, true);
}

int vmmio_joinview_perfetto(const struct vmmio_joinview *v, FILE *out)
{
	struct tracks t = {.out = out};
	size_t i;

	track(&t, UUID_GUEST, 0, "guest");
	track(&t, UUID_HOST, 0, "host");
	for (i = 0; i < v->chains->n; i++)
		chain(&t, v, &v->chains->v[i], i + 1);
	free(t.known);
	return t.err ? -ENOMEM : fflush(out) ? -errno : 0;
}
