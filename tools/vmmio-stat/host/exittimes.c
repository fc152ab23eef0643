// SPDX-License-Identifier: GPL-2.0-only
/*
 * The values that a group of rows has once (exitrows.h): exits, userspace exits by reason, ends of
 * interrupts by vector, and durations of exits, in the kernel and outside of it, as summed
 * histograms; never averages of percentiles.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitrows.h"

static struct vmmio_exit_times *find_times(const struct vmmio_exit_rows *x, size_t vm, __u32 vcpu,
					   __u32 tid)
{
	size_t i;

	for (i = 0; i < x->ntimes; i++)
		if (x->times[i].vm == vm && x->times[i].vcpu == vcpu && x->times[i].tid == tid)
			return &x->times[i];
	return NULL;
}

static struct vmmio_exit_eoi *eoi_of(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
				     __u32 vector)
{
	struct vmmio_exit_eoi *e;
	size_t i;

	for (i = 0; i < x->neois; i++) {
		e = &x->eois[i];
		if (e->vm == vm && e->vcpu == vcpu && e->tid == tid && e->vector == vector)
			return e;
	}
	e = realloc(x->eois, (x->neois + 1) * sizeof(*e));
	if (!e)
		return NULL;
	x->eois = e;
	e = &x->eois[x->neois++];
	memset(e, 0, sizeof(*e));
	e->vm = vm;
	e->vcpu = vcpu;
	e->tid = tid;
	e->vector = vector;
	return e;
}

static int add_vectors(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
		       const struct vmmio_exit_vector *vectors)
{
	struct vmmio_exit_eoi *e;
	__u32 i;

	for (i = 0; i < VMMIO_EXIT_VECTORS; i++) {
		const struct vmmio_exit_vector *v = &vectors[i];

		if (!v->pv && !v->exit && !v->user && !v->acks)
			continue;
		e = eoi_of(x, vm, vcpu, tid, i);
		if (!e)
			return -ENOMEM;
		e->sum.pv += v->pv;
		e->sum.exit += v->exit;
		e->sum.user += v->user;
		if (v->acks && e->sum.acks && v->acked != e->sum.acked)
			e->mixed = true;
		if (v->acks > e->sum.acks) {
			e->sum.acked = v->acked;
			e->sum.acks = v->acks;
		}
	}
	return 0;
}

int vmmio_exit_rows_add_totals(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			       const struct vmmio_exit_totals *from)
{
	struct vmmio_exit_times *t;
	int b;

	vmmio_exit_rows_group(x, vm, &vcpu, &tid);
	t = find_times(x, vm, vcpu, tid);
	if (!t) {
		t = realloc(x->times, (x->ntimes + 1) * sizeof(*t));
		if (!t)
			return -ENOMEM;
		x->times = t;
		t = &x->times[x->ntimes++];
		memset(t, 0, sizeof(*t));
		t->vm = vm;
		t->vcpu = vcpu;
		t->tid = tid;
	}
	t->exits += from->exits;
	for (b = 0; b < VMMIO_KVM_EXITS; b++)
		t->user_exits[b] += from->user[b];
	for (b = 0; b < VMMIO_HIST_BUCKETS; b++) {
		t->kvm.n[b] += from->kvm_time.n[b];
		t->user.n[b] += from->user_time.n[b];
	}
	return add_vectors(x, vm, vcpu, tid, from->vectors);
}

void vmmio_exit_rows_begin_totals(struct vmmio_exit_rows *x)
{
	size_t i;

	for (i = 0; i < x->ntimes; i++) {
		struct vmmio_exit_times *t = &x->times[i];

		t->exits_before = t->exits;
		t->exits = 0;
		memcpy(t->user_exits_before, t->user_exits, sizeof(t->user_exits));
		memset(t->user_exits, 0, sizeof(t->user_exits));
		t->kvm_before = t->kvm;
		t->user_before = t->user;
		memset(&t->kvm, 0, sizeof(t->kvm));
		memset(&t->user, 0, sizeof(t->user));
	}
	for (i = 0; i < x->neois; i++) {
		struct vmmio_exit_eoi *e = &x->eois[i];

		e->before = e->sum;
		memset(&e->sum, 0, sizeof(e->sum));
		e->mixed = false;
	}
}

bool vmmio_exit_rows_fires(const struct vmmio_exit_rows *x, size_t vm)
{
	size_t i;

	for (i = 0; i < x->ntimes; i++)
		if (x->times[i].vm == vm && x->times[i].exits)
			return true;
	return false;
}

/* @name is whose it is, too. False: two names, so nobody's. */
static bool same_name(char *buf, size_t size, const char *name)
{
	if (buf[0] && strcmp(buf, name)) {
		buf[0] = '\0';
		return false;
	}
	snprintf(buf, size, "%s", name);
	return true;
}

/* Is @q's message one of @vector to @vcpu? Its address has whom, unless that is a group. */
static bool is_message(const struct vmmio_host_irqfd *q, __u32 vcpu, __u32 vector)
{
	const __u32 logical = 1 << 2;
	__u32 to = q->msi_addr >> 12 & 0xff;

	return q->route == VMMIO_ROUTE_MSI && (q->msi_data & 0xff) == vector &&
	       (vcpu == VMMIO_NO_VCPU || q->msi_addr & logical || to == (vcpu & 0xff));
}

void vmmio_exit_rows_vector(const struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 vector,
			    char *buf, size_t size)
{
	const struct vmmio_exit_vm *v = vm == SIZE_MAX ? NULL : &x->vms[vm];
	struct vmmio_exit_label label;
	char name[40];
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < x->neois; i++) {
		const struct vmmio_exit_eoi *e = &x->eois[i];
		struct vmmio_exit_key key = {.addr = e->sum.acked,
					     .value = VMMIO_ANY_VALUE,
					     .kind = VMMIO_EXIT_MMIO_READ};

		if (e->vm != vm || e->vector != vector || !e->sum.acks ||
		    (vcpu != VMMIO_NO_VCPU && e->vcpu != VMMIO_NO_VCPU && e->vcpu != vcpu))
			continue;
		vmmio_exit_resolve(v, x->map, &key, &label);
		if (!same_name(buf, size, label.device[0] ? label.device : label.reg) || e->mixed) {
			buf[0] = '\0';
			return;
		}
	}
	for (i = 0; v && i < v->nirqfds; i++) {
		if (!is_message(&v->irqfds[i], vcpu, vector))
			continue;
		snprintf(name, sizeof(name), "irqfd GSI %u", v->irqfds[i].gsi);
		if (!same_name(buf, size, name))
			return;
	}
}

const struct vmmio_exit_times *vmmio_exit_rows_times(const struct vmmio_exit_rows *x,
						     const struct vmmio_exit_row *r)
{
	return find_times(x, r->vm, r->vcpu, r->tid);
}

struct vmmio_value vmmio_exit_percentile(const struct vmmio_hist *h,
					 const struct vmmio_hist *before, double q)
{
	struct vmmio_hist d = *h;
	int b;

	/* Less than before: a thread found its VM, and its past went along. */
	for (b = 0; before && b < VMMIO_HIST_BUCKETS; b++)
		d.n[b] = d.n[b] > before->n[b] ? d.n[b] - before->n[b] : 0;
	return vmmio_hist_percentile(&d, q);
}
