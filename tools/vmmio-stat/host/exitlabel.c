// SPDX-License-Identifier: GPL-2.0-only
/*
 * The meaning of exits' keys (exitrows.h).
 *
 * A window counts as virtio-mmio when an ioeventfd is at its QueueNotify register, when the guest
 * read "virt" from its start, or when it serves interrupts there as only virtio-mmio's driver does.
 * An address that merely ends in 0x50 is not enough, and stays an address.
 */
#include <stdio.h>
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
	if (offset == VMMIO_OFF_QUEUE_NOTIFY && key->kind == VMMIO_EXIT_MMIO_WRITE) {
		l->what = VMMIO_WHAT_KICK;
		if (key->value != VMMIO_ANY_VALUE)
			l->queue = key->value & 0xffff;
		l->could_ioeventfd = key->path == VMMIO_PATH_USER;
		snprintf(l->name, sizeof(l->name), "kick");
	} else if (offset == VMMIO_OFF_INTERRUPT_STATUS && key->kind == VMMIO_EXIT_MMIO_READ) {
		l->what = VMMIO_WHAT_STATUS_READ;
		snprintf(l->name, sizeof(l->name), "status read");
	} else if (offset == VMMIO_OFF_INTERRUPT_ACK && key->kind == VMMIO_EXIT_MMIO_WRITE) {
		l->what = VMMIO_WHAT_ACK;
		snprintf(l->name, sizeof(l->name), "ACK");
	}
}

/* The interrupt controllers of a PC, at their fixed addresses. */
static bool in_apic(const struct vmmio_exit_key *key, struct vmmio_exit_label *l)
{
	__u32 offset = key->addr & 0xfff;

	if (key->addr >> 12 == 0xfee00) {
		snprintf(l->device, sizeof(l->device), "local APIC");
		vmmio_exit_msr_name(0x800 + (offset >> 4), l->reg, sizeof(l->reg));
		memmove(l->reg, l->reg + 2, strlen(l->reg + 2) + 1); /* "x2" */
		if (key->addr == VMMIO_XAPIC_EOI && key->value != VMMIO_ANY_VALUE) {
			l->what = VMMIO_WHAT_EOI;
			snprintf(l->reg, sizeof(l->reg), "APIC EOI, vector %u", key->value);
		}
		return true;
	}
	if (key->addr >> 12 == 0xfec00) {
		snprintf(l->device, sizeof(l->device), "I/O APIC");
		snprintf(l->reg, sizeof(l->reg), "%s",
			 offset == 0	  ? "IOREGSEL"
			 : offset == 0x10 ? "IOWIN"
			 : offset == 0x40 ? "EOI"
					  : "");
		if (!l->reg[0])
			snprintf(l->reg, sizeof(l->reg), "+0x%x", offset);
		return true;
	}
	return false;
}

#if defined(__aarch64__)
/* The board "virt" of QEMU, as its hw/arm/virt.c lays it out since 2.7. */
static bool on_board(const struct vmmio_exit_vm *vm, const struct vmmio_exit_key *key,
		     struct vmmio_exit_label *l)
{
	static const struct {
		__u64 base, size;
		const char *name;
	} board[] = {
		{0x08000000, 0x10000, "GIC distributor"},
		{0x08010000, 0x10000, "GIC CPU interface"},
		{0x08020000, 0x1000, "GICv2m"},
		{0x080a0000, 0xf60000, "GIC redistributor"},
		{0x09000000, 0x1000, "PL011"},
		{0x09010000, 0x1000, "PL031"},
		{0x09020000, 0x18, "fw_cfg"},
		{0x09030000, 0x1000, "PL061"},
		{0x3eff0000, 0x10000, "PCI ports"},
		{0x4010000000, 0x10000000, "PCI configuration"},
	};

	/* a name of 15 letters, as the kernel cuts it */
	if (!vm || strncmp(vm->name, "qemu-system-aar", 15))
		return false;
	for (size_t i = 0; i < sizeof(board) / sizeof(board[0]); i++)
		if (key->addr - board[i].base < board[i].size) {
			snprintf(l->device, sizeof(l->device), "%s", board[i].name);
			snprintf(l->reg, sizeof(l->reg), "+0x%llx",
				 (unsigned long long)(key->addr - board[i].base));
			return true;
		}
	return false;
}
#else
static bool on_board(const struct vmmio_exit_vm *vm, const struct vmmio_exit_key *key,
		     struct vmmio_exit_label *l)
{
	return false;
}
#endif

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
	if (!pio && in_apic(key, l)) {
		;
	} else if (!pio && find_window(vm, key->addr, &base, &device)) {
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
	} else if (!pio && on_board(vm, key, l)) {
		;
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

static void named(struct vmmio_exit_label *l, const char *label, const char *field, __u64 number)
{
	l->path = "in-kernel";
	if (field)
		snprintf(l->name, sizeof(l->name), "%s %llu", label, (unsigned long long)number);
	else
		snprintf(l->name, sizeof(l->name), "%s", label);
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
		if (key->path == VMMIO_PATH_USER)
			l->path = "userspace";
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
		set_path(vm, key, l);
		snprintf(l->name, sizeof(l->name), "EOI");
		snprintf(l->reg, sizeof(l->reg), "vector %llu", (unsigned long long)key->addr);
		break;
	case VMMIO_EXIT_MSR_READ:
	case VMMIO_EXIT_MSR_WRITE:
		l->what = VMMIO_WHAT_MSR;
		l->path = key->path == VMMIO_PATH_USER ? "userspace" : "in-kernel";
		snprintf(l->name, sizeof(l->name), "msr %s",
			 key->kind == VMMIO_EXIT_MSR_READ ? "read" : "write");
		vmmio_exit_msr_name(key->addr, l->reg, sizeof(l->reg));
		if (key->value != VMMIO_ANY_VALUE) {
			l->what = VMMIO_WHAT_EOI;
			snprintf(l->reg, sizeof(l->reg), "x2APIC EOI, vector %u", key->value);
		}
		break;
#define NAMED(id, event, label, arg, field)        \
	case VMMIO_EXIT_##id:                      \
		named(l, label, field, key->addr); \
		break;
		VMMIO_EXIT_NAMED(NAMED)
	default:
		snprintf(l->name, sizeof(l->name), "kind %u", key->kind);
	}
}

/* A few events can be chance. */
#define BUSY 8

/*
 * Does the window at @base of VM @vm have the traffic of a virtio-mmio device: kicks, a read of the
 * status for each acknowledgement, and below the configuration only whole accesses to registers?
 */
static bool is_busy_window(const struct vmmio_exit_rows *x, size_t vm, __u64 base)
{
	__u64 kicks = 0, reads = 0, acks = 0;
	size_t i;

	for (i = 0; i < x->nrows; i++) {
		const struct vmmio_exit_key *k = &x->rows[i].key;
		__u64 n = x->rows[i].sum[VMMIO_SUM_COUNT], offset = k->addr - base;

		if (x->rows[i].vm != vm || !n || offset >= VMMIO_MMIO_CONFIG ||
		    (k->kind != VMMIO_EXIT_MMIO_READ && k->kind != VMMIO_EXIT_MMIO_WRITE))
			continue;
		if (k->len != 4 || !mmio_register(offset))
			return false;
		if (k->kind == VMMIO_EXIT_MMIO_WRITE && offset == VMMIO_OFF_QUEUE_NOTIFY)
			kicks += n;
		else if (k->kind == VMMIO_EXIT_MMIO_READ && offset == VMMIO_OFF_INTERRUPT_STATUS)
			reads += n;
		else if (k->kind == VMMIO_EXIT_MMIO_WRITE && offset == VMMIO_OFF_INTERRUPT_ACK)
			acks += n;
	}
	return kicks && acks >= BUSY && reads >= acks;
}

static void find_busy_windows(struct vmmio_exit_rows *x)
{
	size_t i;

	for (i = 0; i < x->nrows; i++) {
		const struct vmmio_exit_row *r = &x->rows[i];
		__u64 base = r->key.addr - VMMIO_OFF_INTERRUPT_ACK;

		if (r->vm != SIZE_MAX && r->key.kind == VMMIO_EXIT_MMIO_WRITE && r->key.len == 4 &&
		    !(base & (VMMIO_MMIO_WINDOW - 1)) && is_busy_window(x, r->vm, base))
			vmmio_exit_vm_window(&x->vms[r->vm], base);
	}
}

/* An EOI belongs to the device of its interrupt, if known. */
static void name_eoi(const struct vmmio_exit_rows *x, struct vmmio_exit_row *r)
{
	__u32 vector = r->key.kind == VMMIO_EXIT_EOI ? r->key.addr : r->key.value;
	char whose[40];

	vmmio_exit_rows_vector(x, r->vm, r->vcpu, vector, whose, sizeof(whose));
	if (whose[0])
		memcpy(r->label.device, whose, sizeof(r->label.device));
}

void vmmio_exit_rows_resolve(struct vmmio_exit_rows *x)
{
	size_t i;

	find_busy_windows(x);
	for (i = 0; i < x->nrows; i++) {
		struct vmmio_exit_row *r = &x->rows[i];

		vmmio_exit_resolve(r->vm == SIZE_MAX ? NULL : &x->vms[r->vm], x->map, &r->key,
				   &r->label);
		r->fires = vmmio_exit_rows_fires(x, r->vm);
		if (x->no_left && !strcmp(r->label.path, "in-kernel") &&
		    r->key.kind != VMMIO_EXIT_MMIO_READ && r->key.kind != VMMIO_EXIT_CPUID)
			r->label.path = "-";
		if (r->label.what == VMMIO_WHAT_EOI)
			name_eoi(x, r);
	}
}
