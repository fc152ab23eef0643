// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interrupts by VM, kind and sender (exitsrc.h): finds their owners and sums them up. An owner
 * stays known when sender and VM are gone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "exitsrc.h"

int vmmio_exit_interrupts_add(struct vmmio_exit_interrupts *x, size_t vm,
			      const struct vmmio_inject_key *k,
			      const struct vmmio_inject_count *count)
{
	const __u32 vcpu = count->vcpu == VMMIO_NO_VECTOR ? VMMIO_NO_VCPU : count->vcpu;
	struct vmmio_exit_interrupt *v;
	size_t i;

	for (i = 0; i < x->n; i++) {
		v = &x->v[i];
		if (v->vm == vm && v->kind == k->kind && v->how == k->how && v->data == k->data &&
		    (count->vector == VMMIO_NO_VECTOR || v->vector == VMMIO_NO_VECTOR ||
		     v->vcpu == vcpu))
			break;
	}
	if (i == x->n) {
		v = realloc(x->v, (x->n + 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		x->v = v;
		x->v[x->n++] = (struct vmmio_exit_interrupt){
			.vm = vm,
			.kind = k->kind,
			.how = k->how,
			.data = k->data,
			.vector = VMMIO_NO_VECTOR,
			.vcpu = VMMIO_NO_VCPU,
		};
	}
	v = &x->v[i];
	v->raised += count->raised;
	v->accepted += count->accepted;
	if (count->vector != VMMIO_NO_VECTOR) {
		v->vector = count->vector;
		v->vcpu = vcpu;
	}
	return 0;
}

/* How to ask the engine about a thread. */
struct vmmio_exit_lookup {
	size_t (*vm_of_thread)(const void *source, __u32 tid, __u32 *vcpu);
	const void *source;
};

/* Does an irqfd of @vm send this? Tells apart two VMs in one process. */
static bool routes(const struct vmmio_exit_vm *vm, const struct vmmio_inject_key *key)
{
	size_t i;

	for (i = 0; i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];

		if (key->kind == VMMIO_INJECT_MSI
			    ? q->route == VMMIO_ROUTE_MSI &&
				      (__u32)q->msi_addr == key->data >> 32 &&
				      q->msi_data == (__u32)key->data
			    : key->kind == VMMIO_INJECT_LINE && q->gsi == key->data)
			return true;
	}
	return false;
}

/* The only VM that has such an irqfd. */
static size_t vm_of_route(const struct vmmio_exit_rows *rows, const struct vmmio_inject_key *key)
{
	size_t i, vm = SIZE_MAX;

	for (i = 0; i < rows->nvms; i++) {
		if (!vmmio_exit_rows_was_there(rows, i) || !routes(&rows->vms[i], key))
			continue;
		if (vm != SIZE_MAX)
			return SIZE_MAX;
		vm = i;
	}
	return vm;
}

/* The VM of process @pid; of several, the only one with such an irqfd. */
static size_t vm_of_pid(const struct vmmio_exit_rows *rows, __u32 pid,
			const struct vmmio_inject_key *key)
{
	size_t i, vm = SIZE_MAX, routed = SIZE_MAX;
	int n = 0, nrouted = 0;

	for (i = 0; i < rows->nvms; i++) {
		if (rows->vms[i].pid != pid || !vmmio_exit_rows_was_there(rows, i))
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
		if (vmmio_exit_rows_was_there(rows, i) && rows->vms[i].pid == key->pid &&
		    rows->vms[i].fd == key->fd)
			return i;
	return vm_of_pid(rows, key->pid, key);
}

/* The eventfd behind the descriptor in @key: of this scan, or of the one before. 0: unknown. */
static __u64 eventfd_of(const struct vmmio_exit_interrupts *x, const struct vmmio_host *host,
			const struct vmmio_inject_key *key)
{
	size_t i;

	for (i = 0; i < host->nfds; i++)
		if (host->fds[i].pid == key->pid && host->fds[i].fd == key->fd)
			return host->fds[i].eventfd;
	for (i = 0; i < x->nfds; i++)
		if (x->fds[i].pid == key->pid && x->fds[i].fd == key->fd)
			return x->fds[i].eventfd;
	return 0;
}

/* The VM that has an irqfd on that eventfd. */
static size_t vm_of_eventfd(const struct vmmio_exit_interrupts *x,
			    const struct vmmio_exit_rows *rows, const struct vmmio_host *host,
			    const struct vmmio_inject_key *key)
{
	__u64 eventfd = eventfd_of(x, host, key);
	size_t k, q;

	for (k = 0; eventfd && k < rows->nvms; k++) {
		const struct vmmio_exit_vm *vm = &rows->vms[k];

		for (q = 0; vmmio_exit_rows_was_there(rows, k) && q < vm->nirqfds; q++)
			if (vm->irqfds[q].eventfd == eventfd)
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

static size_t whose(struct vmmio_exit_lookup *s, const struct vmmio_exit_interrupts *x,
		    const struct vmmio_exit_rows *rows, const struct vmmio_host *host,
		    const struct vmmio_inject_key *k, __u32 *vcpu)
{
	switch (k->how) {
	case VMMIO_INJECT_WORK:
		return vmmio_exit_rows_vm(rows, k->kvm);
	case VMMIO_INJECT_IOCTL:
		return vm_of_fd(rows, k);
	case VMMIO_INJECT_IRQFD:
		return vm_of_eventfd(x, rows, host, k);
	case VMMIO_INJECT_KTHREAD:
		return vm_of_kthread(rows, k);
	case VMMIO_INJECT_INTERRUPT:
		return vm_of_route(rows, k);
	case VMMIO_INJECT_GUEST:
		return s->vm_of_thread(s->source, k->fd, vcpu);
	}
	return vm_of_pid(rows, k->pid, k);
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
	x->senders[i] = (struct vmmio_exit_sender){*key, SIZE_MAX, 0, 0};
	x->nsenders++;
	return &x->senders[i];
}

/* @now: all of it so far */
static int add_sender(struct vmmio_exit_interrupts *x, struct vmmio_exit_lookup *look,
		      const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
		      const struct vmmio_inject_key *key, const struct vmmio_inject_count *now)
{
	struct vmmio_exit_sender *sender = sender_of(x, key);
	struct vmmio_inject_count fresh = *now;
	__u32 vcpu = VMMIO_NO_VCPU;
	size_t vm;

	if (!sender)
		return -ENOMEM;
	vm = whose(look, x, rows, host, key, &vcpu);
	if (vm == SIZE_MAX)
		vm = sender->vm;
	fresh.raised -= sender->raised;
	fresh.accepted -= sender->accepted;
	if (key->kind == VMMIO_INJECT_EXTERNAL) /* on the thread that takes it */
		fresh.vcpu = vcpu == VMMIO_NO_VCPU ? VMMIO_NO_VECTOR : vcpu;
	if (!rows->by_vcpu) /* one sum for all of them */
		fresh.vcpu = VMMIO_NO_VECTOR;
	sender->vm = vm;
	if (vm != SIZE_MAX) {
		sender->raised = now->raised;
		sender->accepted = now->accepted;
	}
	if (!fresh.raised && !fresh.accepted)
		return 0;
	return vmmio_exit_interrupts_add(x, vm, key, &fresh);
}

/* The last send from each place, if it was not accepted: nothing else will count it. */
static int add_slots(struct vmmio_exit_interrupts *x, const struct vmmio_inject_slot *slots,
		     struct vmmio_exit_lookup *look, const struct vmmio_host *host,
		     const struct vmmio_exit_rows *rows)
{
	struct vmmio_inject_count one = {
		.raised = 1, .vector = VMMIO_NO_VECTOR, .vcpu = VMMIO_NO_VECTOR};
	const struct vmmio_inject_slot *s;
	__u32 vcpu;
	size_t vm;
	int err = 0;

	for (s = slots; !err && slots && s < slots + VMMIO_INJECT_SLOTS; s++) {
		if (!s->raised || !vmmio_inject_is_sent(&s->key))
			continue;
		vm = whose(look, x, rows, host, &s->key, &vcpu);
		err = vmmio_exit_interrupts_add(x, vm, &s->key, &one);
	}
	return err;
}

int vmmio_exit_interrupts_follow(struct vmmio_exit_interrupts *x, const struct vmmio_host *host)
{
	free(x->fds);
	x->nfds = 0;
	x->fds = calloc(host->nfds + 1, sizeof(*x->fds));
	if (!x->fds)
		return -ENOMEM;
	if (host->nfds)
		memcpy(x->fds, host->fds, host->nfds * sizeof(*x->fds));
	x->nfds = host->nfds;
	return 0;
}

int vmmio_exit_interrupts_read(struct vmmio_exit_interrupts *x, int fd, __u32 n,
			       const struct vmmio_inject_slot *slots, const struct vmmio_host *host,
			       const struct vmmio_exit_rows *rows,
			       size_t (*vm_of_thread)(const void *source, __u32 tid, __u32 *vcpu),
			       const void *source)
{
	struct vmmio_exit_lookup look = {vm_of_thread, source};
	struct vmmio_inject_entry e;
	__u32 at;
	size_t i;
	int err = 0;

	for (i = 0; i < x->n; i++) {
		x->v[i].raised_before = x->v[i].raised;
		x->v[i].accepted_before = x->v[i].accepted;
		if (x->v[i].vm == SIZE_MAX)
			x->v[i].raised = x->v[i].accepted = 0; /* it may be told today */
	}
	for (at = 0; !err && at < n; at++)
		if (!bpf_map_lookup_elem(fd, &at, &e) && (e.count.raised || e.count.accepted))
			err = add_sender(x, &look, host, rows, &e.key, &e.count);
	if (!err)
		err = add_slots(x, slots, &look, host, rows);
	return err ? err : vmmio_exit_interrupts_follow(x, host);
}

void vmmio_exit_interrupts_free(struct vmmio_exit_interrupts *x)
{
	free(x->v);
	free(x->senders);
	free(x->fds);
	memset(x, 0, sizeof(*x));
}
