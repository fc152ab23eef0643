// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of interrupts by VM, kind and sender (exitsrc.h). It sums; whose an
 * interrupt is the engine finds out.
 */
#include <errno.h>
#include <stdlib.h>

#include "exitsrc.h"

int vmmio_exit_interrupts_add(struct vmmio_exit_interrupts *x, size_t vm,
			      const struct vmmio_inject_key *k, __u64 count)
{
	struct vmmio_exit_interrupt *v;
	size_t i;

	for (i = 0; i < x->n; i++) {
		v = &x->v[i];
		if (v->vm == vm && v->msi == k->msi && v->how == k->how && v->data == k->data) {
			v->count += count;
			return 0;
		}
	}
	v = realloc(x->v, (x->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	x->v = v;
	x->v[x->n++] = (struct vmmio_exit_interrupt){vm, k->msi, k->how, k->data, count, 0};
	return 0;
}
