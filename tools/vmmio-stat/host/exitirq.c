// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts by VM, kind and sender (exitsrc.h): finds out whose each is, and sums.
 * What was once told stays known when sender and VM are gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

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

/* How to ask the engine about a thread. */
struct vmmio_exit_lookup {
	size_t (*vm_of_thread)(const void *source, __u32 tid);
	const void *source;
};

/* Does an irqfd of @vm send this? Of two VMs in a process that tells which. */
static bool routes(const struct vmmio_exit_vm *vm, const struct vmmio_inject_key *key)
{
	size_t i;

	for (i = 0; i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];

		if (key->msi ? q->route == VMMIO_ROUTE_MSI &&
				       (__u32)q->msi_addr == key->data >> 32 &&
				       q->msi_data == (__u32)key->data
			     : q->gsi == key->data)
			return true;
	}
	return false;
}

/* The only VM that has such an irqfd. */
static size_t vm_of_route(const struct vmmio_exit_rows *rows, const struct vmmio_inject_key *key)
{
	size_t i, vm = SIZE_MAX;

	for (i = 0; i < rows->nvms; i++) {
		if (!rows->vms[i].alive || !routes(&rows->vms[i], key))
			continue;
		if (vm != SIZE_MAX)
			return SIZE_MAX;
		vm = i;
	}
	return vm;
}

/* The VM of process @pid; of several, the one that alone has such an irqfd. */
static size_t vm_of_pid(const struct vmmio_exit_rows *rows, __u32 pid,
			const struct vmmio_inject_key *key)
{
	size_t i, vm = SIZE_MAX, routed = SIZE_MAX;
	int n = 0, nrouted = 0;

	for (i = 0; i < rows->nvms; i++) {
		if (rows->vms[i].pid != pid || !rows->vms[i].alive)
			continue;
		vm = i;
		n++;
		if (routes(&rows->vms[i], key)) {
			routed = i;
			nrouted++;
		}
	}
	if (n == 1)
		return vm;
	return nrouted == 1 ? routed : SIZE_MAX;
}

static size_t vm_of_fd(const struct vmmio_exit_rows *rows, const struct vmmio_inject_key *key)
{
	size_t i;

	for (i = 0; i < rows->nvms; i++)
		if (rows->vms[i].alive && rows->vms[i].pid == key->pid &&
		    rows->vms[i].fd == key->fd)
			return i;
	return vm_of_pid(rows, key->pid, key);
}

/* The VM one of whose irqfds is the eventfd behind the descriptor in @key. */
static size_t vm_of_eventfd(const struct vmmio_exit_rows *rows, const struct vmmio_host *host,
			    const struct vmmio_inject_key *key)
{
	size_t i, k;

	for (i = 0; i < host->nfds; i++)
		if (host->fds[i].pid == key->pid && host->fds[i].fd == key->fd)
			break;
	for (k = 0; i < host->nfds && k < rows->nvms; k++) {
		const struct vmmio_exit_vm *vm = &rows->vms[k];
		size_t q;

		for (q = 0; vm->alive && q < vm->nirqfds; q++)
			if (vm->irqfds[q].eventfd == host->fds[i].eventfd)
				return k;
	}
	return vm_of_pid(rows, key->pid, key);
}

/* A thread of the VMM's own, or "kvm-pit/1234", "vhost-1234": the number is its process. */
static size_t vm_of_kthread(const struct vmmio_exit_rows *rows, const struct vmmio_inject_key *key)
{
	size_t vm = vm_of_pid(rows, key->pid, key);
	char path[48], comm[32] = "";
	const char *digits;
	FILE *f;

	if (vm != SIZE_MAX)
		return vm;
	snprintf(path, sizeof(path), "/proc/%u/comm", key->fd);
	f = fopen(path, "re");
	if (!f)
		return vm_of_route(rows, key);
	if (!fgets(comm, sizeof(comm), f))
		comm[0] = '\0';
	fclose(f);
	if (strncmp(comm, "kvm-", 4) && strncmp(comm, "vhost-", 6))
		return vm_of_route(rows, key); /* ksoftirqd, for an interrupt */
	digits = strpbrk(comm, "0123456789");
	return digits ? vm_of_pid(rows, strtoul(digits, NULL, 10), key) : SIZE_MAX;
}

static size_t whose(struct vmmio_exit_lookup *s, const struct vmmio_exit_rows *rows,
		    const struct vmmio_host *host, const struct vmmio_inject_key *k)
{
	switch (k->how) {
	case VMMIO_INJECT_WORK:
		return vmmio_exit_rows_vm(rows, k->kvm);
	case VMMIO_INJECT_IOCTL:
		return vm_of_fd(rows, k);
	case VMMIO_INJECT_IRQFD:
		return vm_of_eventfd(rows, host, k);
	case VMMIO_INJECT_KTHREAD:
		return vm_of_kthread(rows, k);
	case VMMIO_INJECT_INTERRUPT:
		return vm_of_route(rows, k);
	case VMMIO_INJECT_GUEST:
		return s->vm_of_thread(s->source, k->fd);
	}
	return vm_of_pid(rows, k->pid, k);
}

/* A line that is routed to an MSI is seen twice: as a line, and as the MSI. */
static bool is_msi_line(const struct vmmio_exit_rows *rows, size_t vm, __u64 gsi)
{
	size_t i;

	for (i = 0; vm != SIZE_MAX && i < rows->vms[vm].nirqfds; i++)
		if (rows->vms[vm].irqfds[i].gsi == gsi)
			return rows->vms[vm].irqfds[i].route == VMMIO_ROUTE_MSI;
	return false;
}

static struct vmmio_exit_sender *sender_of(struct vmmio_exit_interrupts *x,
					   const struct vmmio_inject_key *key)
{
	struct vmmio_exit_sender *grown;
	size_t i;

	for (i = 0; i < x->nsenders; i++)
		if (!memcmp(&x->senders[i].key, key, sizeof(*key)))
			return &x->senders[i];
	grown = realloc(x->senders, (i + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	x->senders = grown;
	x->senders[i] = (struct vmmio_exit_sender){*key, SIZE_MAX, 0};
	x->nsenders++;
	return &x->senders[i];
}

int vmmio_exit_interrupts_read(struct vmmio_exit_interrupts *x, int fd,
			       const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
			       size_t (*vm_of_thread)(const void *source, __u32 tid),
			       const void *source)
{
	struct vmmio_exit_lookup look = {vm_of_thread, source};
	struct vmmio_inject_key key, next, *prev = NULL;
	struct vmmio_exit_sender *sender;
	__u64 count, fresh;
	size_t i, vm;
	int err;

	for (i = 0; i < x->n; i++) {
		x->v[i].before = x->v[i].count;
		if (x->v[i].vm == SIZE_MAX)
			x->v[i].count = 0; /* it may be told today */
	}
	while (!bpf_map_get_next_key(fd, prev, &next)) {
		key = next;
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &count))
			continue;
		sender = sender_of(x, &key);
		if (!sender)
			return -ENOMEM;
		vm = whose(&look, rows, host, &key);
		if (vm == SIZE_MAX)
			vm = sender->vm;
		fresh = count - sender->counted;
		sender->vm = vm;
		if (vm != SIZE_MAX)
			sender->counted = count;
		if (!fresh || (!key.msi && is_msi_line(rows, vm, key.data)))
			continue;
		err = vmmio_exit_interrupts_add(x, vm, &key, fresh);
		if (err)
			return err;
	}
	return 0;
}

void vmmio_exit_interrupts_free(struct vmmio_exit_interrupts *x)
{
	free(x->v);
	free(x->senders);
	memset(x, 0, sizeof(*x));
}
