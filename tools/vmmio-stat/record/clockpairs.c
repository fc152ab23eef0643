// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input of vmmio_clockmap_measure(): the times of each kick's doorbell write in the guest, and
 * of the exits of its VM for a write that may be one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"

/* A thread that is out. */
struct out {
	__s32 tid;
	__u64 since; /* 0: it is not */
	__u64 wrote; /* 0: not yet */
};

struct outs {
	struct out *v;
	size_t n;
	struct vmmio_clock_span *spans;
	size_t nspans;
};

static bool is_of(const struct dat_vm *vm, __s32 tid)
{
	size_t i;

	for (i = 0; i < vm->ntasks; i++)
		if (vm->tasks[i].tid == (__u32)tid)
			return true;
	return !vm->ntasks;
}

static struct out *out_of(struct outs *o, __s32 tid)
{
	struct out *p;
	size_t i;

	for (i = 0; i < o->n; i++)
		if (o->v[i].tid == tid)
			return &o->v[i];
	p = reallocarray(o->v, o->n + 1, sizeof(*p));
	if (!p)
		return NULL;
	o->v = p;
	p[o->n] = (struct out){.tid = tid};
	return &p[o->n++];
}

/* @spans has room for one for each step. */
static void take(struct outs *o, struct out *x, const struct vmmio_host_step *s)
{
	__u64 addr;

	if (s->kind == VMMIO_HOST_EXIT) {
		*x = (struct out){.tid = x->tid, .since = s->ns};
	} else if (vmmio_chain_is_write(s, &addr)) {
		x->wrote = s->ns;
	} else if (s->kind == VMMIO_HOST_ENTRY) {
		if (x->since && x->wrote)
			o->spans[o->nspans++] = (struct vmmio_clock_span){x->since, s->ns};
		x->since = x->wrote = 0;
	}
}

static int find_outs(struct outs *o, const struct vmmio_chains *c, const struct dat_vm *vm)
{
	struct out *x;
	size_t i;

	o->spans = calloc(c->nsteps + 1, sizeof(*o->spans));
	if (!o->spans)
		return -ENOMEM;
	for (i = 0; i < c->nsteps; i++) {
		if (!is_of(vm, c->steps[i].pid))
			continue;
		x = out_of(o, c->steps[i].pid);
		if (!x)
			return -ENOMEM;
		take(o, x, &c->steps[i]);
	}
	return 0;
}

static int by_begin(const void *a, const void *b)
{
	const struct vmmio_clock_span *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/*
 * arm64's KVM does not say for which vCPU a shared interrupt pends: with several, whose
 * injection it is would be a guess.
 */
static bool has_unclear_vcpus(const struct vmmio_chains *c, const struct dat_vm *vm)
{
	size_t i, others = 0;

	for (i = 0; i < vm->nrecs; i++)
		others += vm->recs[i].type == VMMIO_HOST_VCPU && vm->recs[i].id;
	for (i = 0; others && i < c->nsteps; i++)
		if (c->steps[i].kind == VMMIO_HOST_PENDING)
			return true;
	return false;
}

int vmmio_chains_measure(const struct vmmio_chains *c, const struct dat_vm *vm,
			 const struct dat_facts *guest, const struct dat_facts *host,
			 struct vmmio_clockmap *map, char *why, size_t size)
{
	struct vmmio_clock_span *kicks;
	struct outs o = {};
	size_t i, n = 0;
	int err;

	if (has_unclear_vcpus(c, vm)) {
		snprintf(why, size,
			 "KVM on arm64 does not say to which vCPU a shared interrupt goes: a guest "
			 "with several cannot be joined");
		return -EOPNOTSUPP;
	}
	kicks = calloc(c->n + 1, sizeof(*kicks));
	err = kicks ? find_outs(&o, c, vm) : -ENOMEM;
	for (i = 0; !err && i < c->n; i++) {
		struct vmmio_clock_span x = {c->v[i].mark[VMMIO_MARK_KICK],
					     vmmio_chain_until(&c->v[i])};

		if (x.to_ns > x.from_ns)
			kicks[n++] = x;
	}
	if (!err) {
		qsort(kicks, n, sizeof(*kicks), by_begin);
		qsort(o.spans, o.nspans, sizeof(*o.spans), by_begin);
		err = vmmio_clockmap_measure(map, guest, host, kicks, n, o.spans, o.nspans, why,
					     size);
	} else {
		snprintf(why, size, "%s", strerror(-err));
	}
	free(o.v);
	free(o.spans);
	free(kicks);
	return err;
}
