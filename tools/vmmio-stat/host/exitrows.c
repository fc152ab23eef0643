// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resolving and summing of exits (exitrows.h).
 *
 * A window is taken for virtio-mmio when an ioeventfd stands at its
 * QueueNotify register or when the guest read "virt" from its start: an
 * address that merely ends in 0x50 is not enough, and stays an address.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitnames.h"
#include "exitrows.h"
#include "vmmio/regs.h"

static const char *mmio_register(__u32 offset)
{
	static const struct {
		__u16 offset;
		__u8 versions;
		const char *name;
	} regs[] = {
#define ROW(id, off, width, text, access, v) {off, v, text},
		VMMIO_REGS(ROW)
#undef ROW
	};
	size_t i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		if ((regs[i].versions & VMMIO_V12) && regs[i].offset == offset)
			return regs[i].name;
	return NULL;
}

/* Does @g serve this access? */
static bool serves(const struct vmmio_host_range *g, const struct vmmio_exit_key *key)
{
	bool pio = key->kind == VMMIO_EXIT_PIO_WRITE || key->kind == VMMIO_EXIT_PIO_READ;

	if ((g->bus == VMMIO_BUS_PIO) != pio)
		return false;
	if (g->type == VMMIO_HOST_IOEVENTFD) {
		if (key->kind == VMMIO_EXIT_MMIO_READ || key->kind == VMMIO_EXIT_PIO_READ)
			return false;
		if (g->addr != key->addr)
			return false;
		if (key->path == VMMIO_PATH_FAST)
			return true;
		if (g->len && g->len != key->len)
			return false;
		return g->wildcard || key->value == VMMIO_ANY_VALUE || g->datamatch == key->value;
	}
	return key->addr >= g->addr && key->addr - g->addr < g->len;
}

static const struct vmmio_host_range *find_range(const struct vmmio_exit_vm *vm,
						 const struct vmmio_exit_key *key, __u32 type)
{
	size_t i;

	for (i = 0; vm && i < vm->nranges; i++)
		if (vm->ranges[i].type == type && serves(&vm->ranges[i], key))
			return &vm->ranges[i];
	return NULL;
}

/* The virtio-mmio window that holds @addr; false if none is known. */
static bool find_window(const struct vmmio_exit_vm *vm, __u64 addr, __u64 *base,
			const char **device)
{
	__u64 start = addr & ~(__u64)(VMMIO_MMIO_WINDOW - 1);
	size_t i;

	*device = NULL;
	for (i = 0; vm && i < vm->nranges; i++)
		if (vm->ranges[i].transport == VMMIO_GUESS_MMIO && vm->ranges[i].base == start) {
			*base = start;
			*device = vm->ranges[i].device;
			return true;
		}
	for (i = 0; vm && i < vm->nwindows; i++)
		if (vm->windows[i] == start) {
			*base = start;
			return true;
		}
	return false;
}

static bool coalesces(const struct vmmio_exit_vm *vm)
{
	size_t i;

	for (i = 0; vm && i < vm->nranges; i++)
		if (vm->ranges[i].type == VMMIO_HOST_COALESCED)
			return true;
	return false;
}

static void set_path(const struct vmmio_exit_vm *vm, const struct vmmio_exit_key *key,
		     struct vmmio_exit_label *l)
{
	if (key->path == VMMIO_PATH_USER)
		l->path = "userspace";
	else if (key->path == VMMIO_PATH_FAST)
		l->path = "fast";
	else if (key->path == VMMIO_PATH_UNKNOWN)
		l->path = "-";
	else if (find_range(vm, key, VMMIO_HOST_IOEVENTFD))
		l->path = "ioeventfd";
	else if (find_range(vm, key, VMMIO_HOST_COALESCED))
		l->path = "coalesced";
	else if (key->addr == VMMIO_ANY_ADDR && coalesces(vm))
		l->path = "kernel"; /* this engine cannot tell coalesced from a device */
	else
		l->path = "in-kernel";
}

static void in_window(const struct vmmio_exit_key *key, __u64 base, struct vmmio_exit_label *l)
{
	__u32 offset = key->addr - base;
	const char *name = mmio_register(offset);

	l->transport = VMMIO_GUESS_MMIO;
	if (offset >= VMMIO_MMIO_CONFIG) {
		l->what = VMMIO_WHAT_CONFIG;
		snprintf(l->name, sizeof(l->name), "config %s",
			 key->kind == VMMIO_EXIT_MMIO_READ ? "read" : "write");
		snprintf(l->reg, sizeof(l->reg), "Config+0x%x", offset - VMMIO_MMIO_CONFIG);
		return;
	}
	if (name)
		snprintf(l->reg, sizeof(l->reg), "%s", name);
	else
		snprintf(l->reg, sizeof(l->reg), "+0x%x", offset);
	if (offset == 0x050 && key->kind == VMMIO_EXIT_MMIO_WRITE) {
		l->what = VMMIO_WHAT_KICK;
		if (key->value != VMMIO_ANY_VALUE)
			l->queue = key->value & 0xffff;
		l->could_ioeventfd = key->path == VMMIO_PATH_USER;
		snprintf(l->name, sizeof(l->name), "kick");
	} else if (offset == 0x060 && key->kind == VMMIO_EXIT_MMIO_READ) {
		l->what = VMMIO_WHAT_STATUS_READ;
		snprintf(l->name, sizeof(l->name), "status read");
	} else if (offset == 0x064 && key->kind == VMMIO_EXIT_MMIO_WRITE) {
		l->what = VMMIO_WHAT_ACK;
		snprintf(l->name, sizeof(l->name), "ACK");
	}
}

static void resolve_access(const struct vmmio_exit_vm *vm, const struct vmmio_hostmap *map,
			   const struct vmmio_exit_key *key, struct vmmio_exit_label *l)
{
	bool pio = key->kind == VMMIO_EXIT_PIO_WRITE || key->kind == VMMIO_EXIT_PIO_READ;
	bool read = key->kind == VMMIO_EXIT_MMIO_READ || key->kind == VMMIO_EXIT_PIO_READ;
	const struct vmmio_host_range *g = find_range(vm, key, VMMIO_HOST_IOEVENTFD);
	struct vmmio_hostmap_entry *e = vmmio_hostmap_find(map, vm ? vm->pid : 0, key->addr, pio);
	const char *device = NULL;
	__u64 base;

	l->what = pio ? VMMIO_WHAT_PIO : VMMIO_WHAT_MMIO;
	snprintf(l->name, sizeof(l->name),
		 pio	? read ? "port in" : "port out"
		 : read ? "mmio read"
			: "mmio write");
	snprintf(l->reg, sizeof(l->reg), "0x%llx", (unsigned long long)key->addr);
	set_path(vm, key, l);
	if (key->addr == VMMIO_ANY_ADDR) {
		snprintf(l->reg, sizeof(l->reg), "(any)");
		return;
	}
	if (!pio && find_window(vm, key->addr, &base, &device)) {
		in_window(key, base, l);
		if (device && device[0])
			snprintf(l->device, sizeof(l->device), "%s", device);
		else
			snprintf(l->device, sizeof(l->device), "mmio@%llx",
				 (unsigned long long)base);
	} else if (g && g->transport != VMMIO_GUESS_NONE) {
		l->what = VMMIO_WHAT_KICK;
		l->transport = g->transport;
		l->queue = g->queue;
		snprintf(l->name, sizeof(l->name), "kick");
		snprintf(l->device, sizeof(l->device), "%s", g->device);
		snprintf(l->reg, sizeof(l->reg), "notify");
	} else if (g) {
		l->what = VMMIO_WHAT_KICK; /* some doorbell: an eventfd hangs on it */
		snprintf(l->name, sizeof(l->name), "kick");
	}
	if (e) {
		e->seen = true;
		snprintf(l->device, sizeof(l->device), "%s", e->name);
		if (e->transport != VMMIO_GUESS_NONE && l->transport != VMMIO_GUESS_NONE &&
		    e->transport != l->transport)
			vmmio_hostmap_contradict(e, l->transport, key->addr);
		if (e->transport == VMMIO_GUESS_MMIO && l->transport == VMMIO_GUESS_NONE)
			in_window(key, e->base, l);
		else if (l->transport == VMMIO_GUESS_NONE)
			snprintf(l->reg, sizeof(l->reg), "+0x%llx",
				 (unsigned long long)(key->addr - e->base));
	}
}

void vmmio_exit_resolve(const struct vmmio_exit_vm *vm, const struct vmmio_hostmap *map,
			const struct vmmio_exit_key *key, struct vmmio_exit_label *l)
{
	memset(l, 0, sizeof(*l));
	l->queue = -1;
	l->path = "-";
	l->what = VMMIO_WHAT_OTHER;
	switch (key->kind) {
	case VMMIO_EXIT_MMIO_WRITE:
	case VMMIO_EXIT_MMIO_READ:
	case VMMIO_EXIT_PIO_WRITE:
	case VMMIO_EXIT_PIO_READ:
		resolve_access(vm, map, key, l);
		break;
	case VMMIO_EXIT_REASON:
		vmmio_exit_reason_name(key->value, key->addr, l->name, sizeof(l->name));
		break;
	case VMMIO_EXIT_USER:
		l->path = "userspace";
		if (key->addr == VMMIO_ANY_ADDR)
			snprintf(l->name, sizeof(l->name), "user:other");
		else
			vmmio_exit_user_name(key->addr, l->name, sizeof(l->name));
		break;
	case VMMIO_EXIT_EOI:
		l->what = VMMIO_WHAT_EOI;
		l->path = "in-kernel";
		snprintf(l->name, sizeof(l->name), "EOI");
		if (key->addr <= 255)
			snprintf(l->reg, sizeof(l->reg), "vector %llu",
				 (unsigned long long)key->addr);
		break;
	case VMMIO_EXIT_CPUID:
		l->path = "in-kernel";
		snprintf(l->name, sizeof(l->name), "CPUID");
		break;
	case VMMIO_EXIT_HYPERCALL:
		l->path = "in-kernel";
		snprintf(l->name, sizeof(l->name), "hypercall %llu", (unsigned long long)key->addr);
		break;
	default:
		snprintf(l->name, sizeof(l->name), "kind %u", key->kind);
	}
}

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

	/* The kernel gives a dead VM's address to a new one, and a pid. */
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

		if (!vm)
			return -ENOMEM;
		vm->alive = true;
		vm->last_seen = x->scans;
		vm->fd = h->fd;
		vm->nth = h->nth;
		memcpy(vm->name, h->name, sizeof(vm->name));
		vmmio_hostmap_apply(h, x->map);
		for (k = 0; k < h->nranges; k++)
			if (add_range(vm, &h->ranges[k]))
				return -ENOMEM;
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
	for (i = 0; i < x->ntimes; i++) {
		struct vmmio_exit_times *t = &x->times[i];

		t->kvm_before = t->kvm;
		t->user_before = t->user;
		memset(&t->kvm, 0, sizeof(t->kvm));
		memset(&t->user, 0, sizeof(t->user));
	}
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

int vmmio_exit_rows_add(struct vmmio_exit_rows *x, size_t vm, __u32 vcpu, __u32 tid,
			const struct vmmio_exit_cell *c)
{
	struct vmmio_exit_row *r;

	if (c->key.kind == VMMIO_EXIT_MAGIC) {
		struct vmmio_exit_vm *v = vm == SIZE_MAX ? NULL : &x->vms[vm];
		size_t i;

		for (i = 0; v && i < v->nwindows; i++)
			if (v->windows[i] == c->key.addr)
				return 0;
		if (v && v->nwindows < sizeof(v->windows) / sizeof(v->windows[0]))
			v->windows[v->nwindows++] = c->key.addr;
		return 0;
	}
	vmmio_exit_rows_group(x, vm, &vcpu, &tid);
	r = row_of(x, vm, vcpu, tid, &c->key);
	if (!r)
		return -ENOMEM;
	r->sum[VMMIO_SUM_COUNT] += c->count;
	r->sum[VMMIO_SUM_TIMED] += c->timed;
	r->sum[VMMIO_SUM_NS] += c->ns;
	r->sum[VMMIO_SUM_USER] += c->user_ns;
	if (c->min_ns && (!r->min_ns || c->min_ns < r->min_ns))
		r->min_ns = c->min_ns;
	if (c->max_ns > r->max_ns)
		r->max_ns = c->max_ns;
	return 0;
}

void vmmio_exit_rows_resolve(struct vmmio_exit_rows *x)
{
	size_t i;

	for (i = 0; i < x->nrows; i++) {
		struct vmmio_exit_row *r = &x->rows[i];

		vmmio_exit_resolve(r->vm == SIZE_MAX ? NULL : &x->vms[r->vm], x->map, &r->key,
				   &r->label);
	}
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
	memset(x, 0, sizeof(*x));
}
