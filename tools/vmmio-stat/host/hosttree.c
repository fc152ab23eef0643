// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the records of a scan to a tree of VMs (hostscan.h): one VM per identity whatever the number
 * of descriptors, one range per bus address. Records may be incomplete: a vCPU whose VM was not met
 * is left out, because its VM died during the walk.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hostscan.h"

/* The last component of argv[0], or what the VMM was told to call the guest. */
static void name_vm(struct vmmio_host_vm *vm)
{
	static const char *const options[] = {"-name", "--name", "--id", NULL};
	char path[64], buf[8192];
	const char *p, *found = NULL;
	size_t n;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "/proc/%u/cmdline", vm->pid);
	f = fopen(path, "re");
	n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;
	if (f)
		fclose(f);
	if (!n) {
		snprintf(vm->name, sizeof(vm->name), "?");
		return;
	}
	buf[n] = '\0';
	for (p = buf; p < buf + n && !found; p += strlen(p) + 1)
		for (i = 0; options[i]; i++)
			if (!strcmp(p, options[i]) && p + strlen(p) + 1 < buf + n)
				found = p + strlen(p) + 1;
	if (found && !strncmp(found, "guest=", 6))
		found += 6;
	if (!found) {
		found = strrchr(buf, '/');
		found = found ? found + 1 : buf;
	}
	snprintf(vm->name, sizeof(vm->name), "%.*s", (int)strcspn(found, ","), found);
	for (char *c = vm->name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* an untrusted name: no escapes to the terminal */
}

static void *grow(void *array, size_t n, size_t size)
{
	/* doubles at powers of two */
	if (n & (n - 1))
		return array;
	return realloc(array, (n ? 2 * n : 1) * size);
}

#define APPEND(array, n)                                             \
	({                                                           \
		void *grown_ = grow((array), (n), sizeof(*(array))); \
		if (grown_) {                                        \
			(array) = grown_;                            \
			memset(&(array)[n], 0, sizeof((array)[0]));  \
		}                                                    \
		grown_ ? &(array)[(n)++] : NULL;                     \
	})

static int by_kvm(const void *a, const void *b)
{
	const struct vmmio_host_rec *x = *(const struct vmmio_host_rec *const *)a;
	const struct vmmio_host_rec *y = *(const struct vmmio_host_rec *const *)b;

	if (x->kvm != y->kvm)
		return x->kvm < y->kvm ? -1 : 1;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1; /* VMs first */
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int add_vcpu(struct vmmio_host_vm *vm, const struct vmmio_host_rec *r)
{
	struct vmmio_host_vcpu *v;
	size_t i;

	for (i = 0; i < vm->nvcpus; i++)
		if (vm->vcpus[i].vcpu == r->addr)
			return 0;
	v = APPEND(vm->vcpus, vm->nvcpus);
	if (!v)
		return -ENOMEM;
	v->vcpu = r->addr;
	v->id = r->id;
	v->tid = r->tid;
	v->start_ns = r->value;
	return 0;
}

static int add_range(struct vmmio_host_vm *vm, const struct vmmio_host_rec *r)
{
	bool wildcard = r->flags & VMMIO_HOST_WILDCARD;
	struct vmmio_host_range *g;

	g = APPEND(vm->ranges, vm->nranges);
	if (!g)
		return -ENOMEM;
	g->type = r->type;
	g->bus = r->bus;
	g->addr = r->addr;
	g->len = r->len;
	g->wildcard = wildcard;
	g->datamatch = wildcard ? 0 : r->value;
	g->eventfd = r->eventfd;
	g->eventfd_id = r->id;
	g->queue = -1;
	return 0;
}

static int add_irqfd(struct vmmio_host_vm *vm, const struct vmmio_host_rec *r)
{
	struct vmmio_host_irqfd *q = APPEND(vm->irqfds, vm->nirqfds);

	if (!q)
		return -ENOMEM;
	q->gsi = r->tid;
	q->route = r->route;
	q->resample = r->flags & VMMIO_HOST_RESAMPLE;
	q->eventfd = r->eventfd;
	q->eventfd_id = r->id;
	q->msi_addr = r->addr;
	q->msi_data = r->value;
	return 0;
}

static int range_order(const void *a, const void *b)
{
	const struct vmmio_host_range *x = a, *y = b;

	if (x->bus != y->bus)
		return x->bus < y->bus ? -1 : 1;
	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->datamatch != y->datamatch)
		return x->datamatch < y->datamatch ? -1 : 1;
	return x->eventfd < y->eventfd ? -1 : x->eventfd > y->eventfd;
}

static int irqfd_order(const void *a, const void *b)
{
	const struct vmmio_host_irqfd *x = a, *y = b;

	if (x->gsi != y->gsi)
		return x->gsi < y->gsi ? -1 : 1;
	return x->eventfd < y->eventfd ? -1 : x->eventfd > y->eventfd;
}

static int vcpu_order(const void *a, const void *b)
{
	const struct vmmio_host_vcpu *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/*
 * A VM reached through several descriptors was walked several times, and each
 * length-0 MMIO doorbell stands on two buses. Folds the copies.
 */
static void fold(struct vmmio_host_vm *vm)
{
	size_t i, k, n = 0;

	if (vm->nranges)
		qsort(vm->ranges, vm->nranges, sizeof(vm->ranges[0]), range_order);
	for (i = 0; i < vm->nranges; i++) {
		struct vmmio_host_range *g = &vm->ranges[i];
		bool drop = n && !range_order(&vm->ranges[n - 1], g);

		for (k = 0; !drop && k < n && g->bus == VMMIO_BUS_FAST_MMIO; k++) {
			struct vmmio_host_range *m = &vm->ranges[k];

			if (m->bus == VMMIO_BUS_MMIO && m->addr == g->addr &&
			    m->eventfd == g->eventfd) {
				m->fast = true;
				drop = true;
			}
		}
		if (drop)
			continue;
		for (k = 0; k < n && g->type == VMMIO_HOST_IOEVENTFD; k++)
			if (vm->ranges[k].eventfd == g->eventfd)
				g->alias = true;
		vm->ranges[n++] = *g;
	}
	vm->nranges = n;
	if (vm->nirqfds)
		qsort(vm->irqfds, vm->nirqfds, sizeof(vm->irqfds[0]), irqfd_order);
	for (i = n = 0; i < vm->nirqfds; i++)
		if (!n || irqfd_order(&vm->irqfds[n - 1], &vm->irqfds[i]))
			vm->irqfds[n++] = vm->irqfds[i];
	vm->nirqfds = n;
	if (vm->nvcpus)
		qsort(vm->vcpus, vm->nvcpus, sizeof(vm->vcpus[0]), vcpu_order);
}

static int vm_order(const void *a, const void *b)
{
	const struct vmmio_host_vm *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int fd_order(const void *a, const void *b)
{
	const struct vmmio_host_fd *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static int add(struct vmmio_host *h, const struct vmmio_host_rec *r)
{
	struct vmmio_host_vm *vm = h->nvms ? &h->vms[h->nvms - 1] : NULL;
	struct vmmio_host_fd *fd;

	switch (r->type) {
	case VMMIO_HOST_EVENTFD:
		fd = APPEND(h->fds, h->nfds);
		if (!fd)
			return -ENOMEM;
		fd->pid = r->pid;
		fd->fd = r->fd;
		fd->eventfd = r->eventfd;
		return 0;
	case VMMIO_HOST_VM:
		if (vm && vm->kvm == r->kvm) {
			vm->cut |= r->flags & VMMIO_HOST_CUT;
			return 0;
		}
		vm = APPEND(h->vms, h->nvms);
		if (!vm)
			return -ENOMEM;
		vm->kvm = r->kvm;
		vm->pid = r->pid;
		vm->fd = r->fd;
		vm->start_ns = r->value;
		vm->online = r->id;
		vm->cut = r->flags & VMMIO_HOST_CUT;
		return 0;
	}
	if (!vm || vm->kvm != r->kvm)
		return 0; /* its VM was gone when we came by */
	switch (r->type) {
	case VMMIO_HOST_VCPU:
		return add_vcpu(vm, r);
	case VMMIO_HOST_IOEVENTFD:
	case VMMIO_HOST_COALESCED:
	case VMMIO_HOST_KERNEL:
		return add_range(vm, r);
	case VMMIO_HOST_IRQFD:
		return add_irqfd(vm, r);
	}
	return 0;
}

int vmmio_host_build(const struct vmmio_host_rec *recs, size_t n, struct vmmio_host *h)
{
	const struct vmmio_host_rec **order;
	size_t i;
	int err = 0;

	memset(h, 0, sizeof(*h));
	h->records = n;
	order = calloc(n ? n : 1, sizeof(*order));
	if (!order)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		order[i] = &recs[i];
	qsort(order, n, sizeof(*order), by_kvm);
	for (i = 0; !err && i < n; i++)
		err = add(h, order[i]);
	free(order);
	if (err) {
		vmmio_host_free(h);
		return err;
	}
	if (h->nvms)
		qsort(h->vms, h->nvms, sizeof(h->vms[0]), vm_order);
	if (h->nfds)
		qsort(h->fds, h->nfds, sizeof(h->fds[0]), fd_order);
	for (i = 0; i < h->nvms; i++) {
		struct vmmio_host_vm *vm = &h->vms[i];
		bool shared = i + 1 < h->nvms && h->vms[i + 1].pid == vm->pid;

		if (i && h->vms[i - 1].pid == vm->pid)
			vm->nth = h->vms[i - 1].nth + 1;
		else if (shared)
			vm->nth = 1;
		fold(vm);
		name_vm(vm);
	}
	return 0;
}

struct vmmio_host_vm *vmmio_host_find(const struct vmmio_host *h, __u64 kvm)
{
	size_t i;

	for (i = 0; i < h->nvms; i++)
		if (h->vms[i].kvm == kvm)
			return &h->vms[i];
	return NULL;
}

void vmmio_host_free(struct vmmio_host *h)
{
	size_t i;

	for (i = 0; i < h->nvms; i++) {
		free(h->vms[i].vcpus);
		free(h->vms[i].ranges);
		free(h->vms[i].irqfds);
	}
	free(h->vms);
	free(h->fds);
	memset(h, 0, sizeof(*h));
}
