// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long exits take, in the kernel and outside of it, per group of rows
 * (exitrows.h): histograms as the engine kept them, summed; never averages of
 * percentiles.
 */
#include <errno.h>
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

int vmmio_exit_rows_add_times(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			      const struct vmmio_hist *kvm, const struct vmmio_hist *user)
{
	struct vmmio_exit_times *t;
	int b;

	if (!vmmio_hist_total(kvm))
		return 0;
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
	for (b = 0; b < VMMIO_HIST_BUCKETS; b++) {
		t->kvm.n[b] += kvm->n[b];
		t->user.n[b] += user->n[b];
	}
	return 0;
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
