// SPDX-License-Identifier: GPL-2.0-only
/* Sums exits (exitrows.h): VMs, and rows by key. exitlabel.c interprets the keys. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exitrows.h"

static int add_range(struct vmmio_exit_vm *vm, const struct vmmio_host_range *g)
{
	struct vmmio_host_range *grown;
	size_t i;

	for (i = 0; i < vm->nranges; i++) {
		struct vmmio_host_range *o = &vm->ranges[i];

		if (o->type == g->type && o->bus == g->bus && o->addr == g->addr &&
		    o->len == g->len && o->wildcard == g->wildcard &&
		    o->datamatch == g->datamatch) {
			*o = *g;
			return 0;
		}
	}
	grown = realloc(vm->ranges, (vm->nranges + 1) * sizeof(*g));
	if (!grown)
		return -ENOMEM;
	vm->ranges = grown;
	vm->ranges[vm->nranges++] = *g;
	return 0;
}

static struct vmmio_exit_vm *meet(struct vmmio_exit_rows *x, const struct vmmio_host_vm *h)
{
	struct vmmio_exit_vm *vm;
	size_t i;

	/* The kernel reuses a dead VM's address, and its pid. */
	for (i = 0; i < x->nvms; i++)
		if (x->vms[i].last_seen + 1 == x->scans && x->vms[i].kvm == h->kvm &&
		    x->vms[i].pid == h->pid && x->vms[i].start_ns == h->start_ns)
			return &x->vms[i];
	vm = realloc(x->vms, (x->nvms + 1) * sizeof(*vm));
	if (!vm)
		return NULL;
	x->vms = vm;
	vm = &x->vms[x->nvms++];
	memset(vm, 0, sizeof(*vm));
	vm->kvm = h->kvm;
	vm->pid = h->pid;
	vm->start_ns = h->start_ns;
	return vm;
}

int vmmio_exit_rows_learn(struct vmmio_exit_rows *x, const struct vmmio_host *host)
{
	size_t i, k;

	x->scans++;
	for (i = 0; i < x->nvms; i++)
		x->vms[i].alive = false;
	for (i = 0; i < host->nvms; i++) {
		struct vmmio_host_vm *h = &host->vms[i];
		struct vmmio_exit_vm *vm = meet(x, h);
		bool dying;

		if (!vm)
			return -ENOMEM;
		/* an exiting process has no command line any more, and soon no irqfds */
		dying = vm->name[0] && strcmp(vm->name, "?") && !strcmp(h->name, "?");
		vm->alive = true;
		vm->last_seen = x->scans;
		vm->fd = h->fd;
		vm->nth = h->nth;
		if (!dying)
			memcpy(vm->name, h->name, sizeof(vm->name));
		vmmio_hostmap_apply(h, x->map);
		for (k = 0; k < h->nranges; k++)
			if (add_range(vm, &h->ranges[k]))
				return -ENOMEM;
		if (dying)
			continue; /* freed with @host */
		free(vm->irqfds);
		vm->irqfds = h->irqfds; /* taken over */
		vm->nirqfds = h->nirqfds;
		h->irqfds = NULL;
		h->nirqfds = 0;
	}
	return 0;
}

size_t vmmio_exit_rows_vm(const struct vmmio_exit_rows *x, __u64 kvm)
{
	size_t i, dead = SIZE_MAX;

	for (i = 0; i < x->nvms; i++) {
		if (x->vms[i].kvm != kvm)
			continue;
		if (x->vms[i].alive)
			return i;
		dead = i;
	}
	return dead;
}

void vmmio_exit_rows_begin(struct vmmio_exit_rows *x)
{
	size_t i;

	for (i = 0; i < x->nrows; i++) {
		memcpy(x->rows[i].before, x->rows[i].sum, sizeof(x->rows[i].sum));
		memset(x->rows[i].sum, 0, sizeof(x->rows[i].sum));
	}
	vmmio_exit_rows_begin_totals(x);
	x->scans_read = x->scans_now;
	x->scans_now = x->scans;
}

static struct vmmio_exit_row *row_of(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
				     const struct vmmio_exit_key *key)
{
	struct vmmio_exit_row *r;
	size_t i, k;

	/* Snapshots come in the same order: the next row is nearly always it. */
	for (k = 0; k < x->nrows; k++) {
		i = (x->hint + k) % x->nrows;
		r = &x->rows[i];
		if (r->vm == vm && r->vcpu == vcpu && r->tid == tid &&
		    vmmio_exit_same(&r->key, key)) {
			x->hint = i + 1;
			return r;
		}
	}
	if (!(x->nrows & (x->nrows - 1))) {
		r = realloc(x->rows, (x->nrows ? 2 * x->nrows : 1) * sizeof(*r));
		if (!r)
			return NULL;
		x->rows = r;
	}
	r = &x->rows[x->nrows++];
	memset(r, 0, sizeof(*r));
	r->vm = vm;
	r->vcpu = vcpu;
	r->tid = tid;
	r->key = *key;
	return r;
}

void vmmio_exit_rows_group(const struct vmmio_exit_rows *x, size_t vm, __u32 *vcpu, __u32 *tid)
{
	if (vm == SIZE_MAX)
		return;
	*tid = 0;
	if (!x->by_vcpu)
		*vcpu = VMMIO_NO_VCPU;
}

void vmmio_exit_vm_window(struct vmmio_exit_vm *v, __u64 base)
{
	size_t i;

	for (i = 0; i < v->nwindows; i++)
		if (v->windows[i] == base)
			return;
	if (v->nwindows < sizeof(v->windows) / sizeof(v->windows[0]))
		v->windows[v->nwindows++] = base;
}

int vmmio_exit_rows_add(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			const struct vmmio_exit_cell *c)
{
	struct vmmio_exit_row *r;

	if (c->key.kind == VMMIO_EXIT_MAGIC) {
		if (vm != SIZE_MAX)
			vmmio_exit_vm_window(&x->vms[vm], c->key.addr);
		return 0;
	}
	vmmio_exit_rows_group(x, vm, &vcpu, &tid);
	r = row_of(x, vm, vcpu, tid, &c->key);
	if (!r)
		return -ENOMEM;
	r->sum[VMMIO_SUM_COUNT] += c->other + c->exits;
	r->sum[VMMIO_SUM_EXITS] += c->exits;
	r->sum[VMMIO_SUM_LEFT] += c->left;
	r->sum[VMMIO_SUM_TIMED] += c->timed;
	r->sum[VMMIO_SUM_WEIGHT] += c->weight;
	r->sum[VMMIO_SUM_NS] += c->ns;
	r->sum[VMMIO_SUM_USER] += c->user_ns;
	if (c->min_ns && (!r->min_ns || c->min_ns < r->min_ns))
		r->min_ns = c->min_ns;
	if (c->max_ns > r->max_ns)
		r->max_ns = c->max_ns;
	return 0;
}

void vmmio_exit_rows_free(struct vmmio_exit_rows *x)
{
	size_t i;

	for (i = 0; i < x->nvms; i++) {
		free(x->vms[i].ranges);
		free(x->vms[i].irqfds);
	}
	free(x->vms);
	free(x->rows);
	free(x->times);
	free(x->eois);
	memset(x, 0, sizeof(*x));
}
