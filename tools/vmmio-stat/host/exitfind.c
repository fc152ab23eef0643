// SPDX-License-Identifier: GPL-2.0-only
/*
 * The findings of "exits", in sentences: only where the numbers of this run show one, and never
 * where no other way exists.
 */
#include <stdio.h>
#include <string.h>

#include "exitview.h"

/* A few events are no reason to rebuild a VMM. */
#define WORTH_SAYING 10

static const char *who(const struct vmmio_exit_view *v, size_t vm, char *buf, size_t size)
{
	const struct vmmio_exit_vm *x = &v->rows->vms[vm];

	if (x->nth)
		snprintf(buf, size, "%s (pid %u, VM #%d)", x->name, x->pid, x->nth);
	else
		snprintf(buf, size, "%s (pid %u)", x->name, x->pid);
	return buf;
}

/* A doorbell for any value, but of a given length: the fast bus takes length 0 only. */
static bool could_be_fast(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r)
{
	const struct vmmio_exit_vm *vm = &v->rows->vms[r->vm];
	size_t i;

	if (strcmp(r->label.path, "ioeventfd") || r->key.kind != VMMIO_EXIT_MMIO_WRITE)
		return false;
	for (i = 0; i < vm->nranges; i++) {
		const struct vmmio_host_range *g = &vm->ranges[i];

		if (g->type == VMMIO_HOST_IOEVENTFD && g->addr == r->key.addr &&
		    g->bus == VMMIO_BUS_MMIO)
			return g->wildcard && g->len;
	}
	return false;
}

static void about_row(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, FILE *out)
{
	__u64 n = vmmio_exit_shown(v, r, VMMIO_SUM_COUNT);
	char vm[96], queue[32] = "";

	if (r->vm == SIZE_MAX || n < WORTH_SAYING || r->label.what != VMMIO_WHAT_KICK)
		return;
	if (r->label.queue >= 0)
		snprintf(queue, sizeof(queue), " queue %d", r->label.queue);
	who(v, r->vm, vm, sizeof(vm));
	if (r->label.could_ioeventfd)
		fprintf(out,
			"finding: %s: %llu kicks of %s%s reached userspace; an ioeventfd at 0x%llx "
			"(length %u, datamatch %u) would keep them in the kernel.\n",
			vm, (unsigned long long)n, r->label.device, queue,
			(unsigned long long)r->key.addr, r->key.len,
			r->key.value == VMMIO_ANY_VALUE ? 0 : r->key.value);
	else if (could_be_fast(v, r))
		fprintf(out,
			"finding: %s: %llu kicks of %s%s at 0x%llx went through kvm_mmio; an "
			"ioeventfd of length 0 there would be served as kvm_fast_mmio on VMX, and "
			"on "
			"SVM by kernels that can.\n",
			vm, (unsigned long long)n,
			r->label.device[0] ? r->label.device : "a device", queue,
			(unsigned long long)r->key.addr);
}

void vmmio_exit_findings(const struct vmmio_exit_view *v, FILE *out)
{
	char vm[96];
	size_t i;

	for (i = 0; i < v->rows->nrows; i++)
		if (vmmio_exit_view_wants(v, v->rows->rows[i].vm))
			about_row(v, &v->rows->rows[i], out);
	for (i = 0; i < v->interrupts->n; i++) {
		const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];
		__u64 n = vmmio_exit_raised(v, x);

		if (x->vm == SIZE_MAX || x->how != VMMIO_INJECT_IOCTL || n < WORTH_SAYING ||
		    (x->kind != VMMIO_INJECT_LINE && x->kind != VMMIO_INJECT_MSI) ||
		    !vmmio_exit_view_wants(v, x->vm))
			continue;
		who(v, x->vm, vm, sizeof(vm));
		if (x->kind == VMMIO_INJECT_MSI)
			fprintf(out,
				"finding: %s: %llu MSIs (data 0x%llx) were sent by ioctl; an "
				"irqfd could send them.\n",
				vm, (unsigned long long)n,
				(unsigned long long)(x->data & 0xffffffff));
		else
			fprintf(out,
				"finding: %s: %llu interrupts on GSI %llu were sent by ioctl; "
				"an irqfd could send them.\n",
				vm, (unsigned long long)n, (unsigned long long)x->data);
	}
}
