// SPDX-License-Identifier: GPL-2.0-only
/*
 * See stock_load.h. Hooks that only mainline's devices need are not attached
 * while there is none: they would run for ours and find nothing to do.
 * Long because the table of hooks and what chooses from it belong together.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf_util.h"
#include "btf_id.h"
#include "tools/vmmio-stat/core/probing.h"
#include "stock_load.h"
#include "stock_sysfs.h"
#include "stock.skel.h"

#define PAIR_RUNS 25

#define SEEN VMMIO_STOCK_RUNS_SEEN
#define BUFFERS (VMMIO_STOCK_BUFFERS | VMMIO_STOCK_USED)
#define ASKED (VMMIO_STOCK_OPPORTUNITIES | VMMIO_STOCK_INDICES | BUFFERS | LATENCY)
#define COST VMMIO_STOCK_KICK_COST
#define ENDS (VMMIO_STOCK_KICK_COST | VMMIO_STOCK_PREEMPTED)
#define LATENCY (VMMIO_STOCK_LATENCY | VMMIO_STOCK_OCCUPANCY)
#define RUNS VMMIO_STOCK_RUNS
#define MORE (VMMIO_STOCK_INDICES | BUFFERS | LATENCY | ENDS) /* of a kick than that it came */
#define TIMES (VMMIO_STOCK_LATENCY | RUNS)

#define HEADROOM 12 /* slots for queues that appear between two snapshots */

enum where {
	RING,
	CORE,
	KERNEL,
	MMIO,
	PCI,
	MODULES
};

static const char *const modules[MODULES] = {"virtio_ring", "virtio", "vmlinux", "virtio_mmio",
					     "virtio_pci"};

/* Programs come in pairs of flavours, fe_<name> and kp_<name>, or serve both. */
static const struct hook {
	const char *name;
	const char *function;
	enum where where; /* the function is */
	bool irq;	  /* of no use with our own driver's split rings */
	bool packed;	  /* of use with its packed rings only */
	bool optional;	  /* some kernels have no such function, or have it inlined */
	bool data;	  /* the doorbell where NOTIFICATION_DATA was negotiated */
	bool requests;	  /* loaded only where it is asked for */
	bool kprobe;	  /* there is no fentry flavour of it */
	bool fentry;	  /* nor a kprobe's */
	bool open;	  /* the function returns with interrupts enabled */
	bool event;	  /* it is a tracepoint of the kernel's virtio */
	bool replaced;	  /* where there is one */
	/* Of no use without one of these. Begin and end of an interrupt go together with kprobes.
	 */
	unsigned int need;
	bool pair;
	bool begins; /* of a device's handler, which is counted there, its end where it is not */
	bool ends;
	bool whole; /* begin and end of an interrupt, or instead of them */
	bool early;
	bool vectors; /* of use with vectors that virtqueues share only */
	bool taken;   /* what is taken back is seen where it leaves the ring, which is two functions
		       */
	bool in_order; /* in those that later kernels have for it */
	bool rings;    /* packed ones, of either driver: no device has one otherwise */
	bool either;   /* with both */
	bool got;      /* it is seen where the driver asks for it */
	bool traced;   /* tracepoints around handlers */
	bool untraced; /* of no use beside them */
	bool kick;     /* the doorbell */
	bool looks;    /* of use where rings are looked at */
	bool bare;     /* instead of it where nothing is asked for but how many */
} hooks[] = {
	{"prepare", "virtqueue_kick_prepare", .need = ASKED},
	{"whole", "virtqueue_kick", .need = ASKED},
	{"whole_done", "virtqueue_kick", .open = true, .need = ASKED},
	/* tracepoints: one that this architecture does not have is no loss */
	{"irqs_handler", NULL, .irq = true, .need = COST, .untraced = true},
	{"handler", NULL, .irq = true, .need = RUNS, .fentry = true, .traced = true},
	{"handler_done", NULL, .irq = true, .need = RUNS, .fentry = true, .traced = true},
	{"irqs_ipi", NULL, .irq = true, .need = COST},
	{"irqs_timer", NULL, .irq = true, .need = COST},
	{"irqs_resched", NULL, .irq = true, .need = COST},
	{"irqs_call", NULL, .irq = true, .need = COST},
	{"irqs_call_single", NULL, .irq = true, .need = COST},
	{"irqs_work", NULL, .irq = true, .need = COST},
	{"ours_kick", "virtqueue_kick_prepare", .packed = true,
	 .need = VMMIO_STOCK_INDICES | BUFFERS | LATENCY},
	{"gone", "vring_del_virtqueue"},
	{"resized", "virtqueue_resize", .optional = true},
	{"resized_at", "virtqueue_resize", .optional = true, .fentry = true, .looks = true},
	{"reset", "virtqueue_reset", .optional = true},
	{"reset_at", "virtqueue_reset", .optional = true, .fentry = true, .looks = true},
	{"uevent", "virtio_uevent", CORE},
	{"shown", "dev_attr_show", KERNEL},
	{"add_sgs", "virtqueue_add_sgs", .requests = true},
	{"add_outbuf", "virtqueue_add_outbuf", .requests = true},
	{"add_inbuf", "virtqueue_add_inbuf", .requests = true},
	{"add_inbuf_ctx", "virtqueue_add_inbuf_ctx", .requests = true},
	{"add_outbuf_premapped", "virtqueue_add_outbuf_premapped", .requests = true,
	 .optional = true},
	{"add_inbuf_premapped", "virtqueue_add_inbuf_premapped", .requests = true,
	 .optional = true},
	{"add_inbuf_cache_clean", "virtqueue_add_inbuf_cache_clean", .requests = true,
	 .optional = true},
	{"taken_split", "detach_buf_split", .requests = true, .taken = true},
	{"taken_packed", "detach_buf_packed", .requests = true, .taken = true, .rings = true},
	{"taken_split_in", "detach_buf_split_in_order", .requests = true, .taken = true,
	 .in_order = true},
	{"taken_packed_in", "detach_buf_packed_in_order", .requests = true, .taken = true,
	 .in_order = true, .rings = true},
	{"unused", "virtqueue_detach_unused_buf", .requests = true, .taken = true, .either = true},
	{"detached", "virtqueue_detach_unused_buf", .requests = true, .got = true},
	{"get_buf", "virtqueue_get_buf", .requests = true, .got = true},
	{"get_buf_ctx", "virtqueue_get_buf_ctx", .requests = true, .optional = true, .got = true},
	{"settle", "virtqueue_kick_prepare", .requests = true, .kprobe = true},
	{"config", "virtio_config_changed", CORE, .irq = true, .optional = true},
	{"vring_irq", "vring_interrupt", .irq = true, .need = TIMES, .pair = true, .whole = true},
	{"vring_irq_done", "vring_interrupt", .irq = true,
	 .need = VMMIO_STOCK_FOUND | VMMIO_STOCK_INDICES | RUNS, .pair = true, .whole = true},
	{"vring_look", "vring_interrupt", .irq = true, .need = VMMIO_STOCK_FOUND | TIMES,
	 .fentry = true, .early = true},
	{"vring_seen", "vring_interrupt", .irq = true, .need = VMMIO_STOCK_IRQS_ONLY,
	 .fentry = true, .replaced = true},
	/* of kernels that have patches/trace: for all transports, where no time is asked for */
	{"tp_kick", "virtqueue_notify", .event = true},
	{"tp_seen", "virtqueue_interrupt", .irq = true, .need = VMMIO_STOCK_IRQS_ONLY,
	 .fentry = true, .event = true},
	{"vm_kick", "vm_notify", MMIO, .replaced = true, .kick = true},
	{"vm_kick_seen", "vm_notify", MMIO, .replaced = true, .kick = true, .bare = true},
	{"vm_kick_done", "vm_notify", MMIO, .open = true, .need = ENDS},
	{"vm_irq", "vm_interrupt", MMIO, .need = TIMES, .pair = true, .begins = true,
	 .untraced = true},
	{"vm_irq_done", "vm_interrupt", MMIO, .need = SEEN | RUNS, .pair = true, .ends = true,
	 .untraced = true},
	{"vp_kick", "vp_notify", PCI, .replaced = true, .kick = true},
	{"vp_kick_seen", "vp_notify", PCI, .replaced = true, .kick = true, .bare = true},
	{"vp_kick_done", "vp_notify", PCI, .open = true, .need = ENDS},
	{"vm_kick_data", "vm_notify_with_data", MMIO, .data = true, .replaced = true, .kick = true},
	{"vm_kick_data_seen", "vm_notify_with_data", MMIO, .data = true, .replaced = true,
	 .kick = true, .bare = true},
	{"vm_kick_data_done", "vm_notify_with_data", MMIO, .data = true, .open = true,
	 .need = ENDS},
	{"vp_kick_data", "vp_notify_with_data", PCI, .data = true, .replaced = true, .kick = true},
	{"vp_kick_data_seen", "vp_notify_with_data", PCI, .data = true, .replaced = true,
	 .kick = true, .bare = true},
	{"vp_kick_data_done", "vp_notify_with_data", PCI, .data = true, .open = true, .need = ENDS},
	{"vp_irq", "vp_interrupt", PCI, .need = TIMES, .pair = true, .begins = true,
	 .untraced = true},
	{"vp_irq_done", "vp_interrupt", PCI, .need = SEEN | RUNS, .pair = true, .ends = true,
	 .untraced = true},
	{"vp_vring_irq", "vp_vring_interrupt", PCI, .optional = true, .need = TIMES, .pair = true,
	 .begins = true, .vectors = true, .untraced = true},
	{"vp_vring_irq_done", "vp_vring_interrupt", PCI, .optional = true, .need = SEEN | RUNS,
	 .pair = true, .ends = true, .vectors = true, .untraced = true},
	{"vp_config_irq", "vp_config_changed", PCI, .optional = true, .need = RUNS, .pair = true,
	 .untraced = true},
	{"vp_config_irq_done", "vp_config_changed", PCI, .optional = true, .untraced = true},
};
#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))
_Static_assert(HOOKS <= 64, "one bit per hook");

static bool wanted(const struct vmmio_stock *b, const struct vmmio_stock_present *p, size_t i)
{
	const struct hook *h = &hooks[i];

	if (b->attached >> i & 1)
		return false;
	if ((h->ends && (b->begins || b->alone)) || (h->whole && b->early) ||
	    (h->early && !b->early))
		return false;
	if (h->need && !(b->need & h->need) && !(h->pair && !b->fentry) &&
	    !(h->begins && b->begins && ((b->need & SEEN) || b->runs_only)))
		return false;
	if (b->runs_only && h->need == VMMIO_STOCK_IRQS_ONLY && !p->unlined)
		return false;
	if (h->vectors && !p->vectors)
		return false;
	if ((h->traced && !b->traced) || (h->untraced && b->traced))
		return false;
	if (h->rings && !p->rings)
		return false;
	if (h->looks && !vmmio_stock_looks(b) && !b->flight)
		return false;
	if ((h->taken && !b->taken) || (h->got && b->taken) ||
	    (h->taken && !h->either && h->in_order != b->in_order))
		return false;
	if (h->kick && h->bare != (b->fentry && !(b->need & MORE)))
		return false;
	if ((h->data && !p->data) || (h->requests && !b->requests) || (h->kprobe && b->fentry) ||
	    (h->fentry && !b->fentry))
		return false;
	if ((h->event && !b->events) || (h->replaced && b->events))
		return false;
	if (h->event || h->need == VMMIO_STOCK_IRQS_ONLY) /* ours are counted by their driver */
		return p->device;
	if (h->where == MMIO)
		return p->device && p->mmio;
	if (h->where == PCI)
		return p->device && p->pci;
	if (h->packed)
		return p->packed && b->fentry;
	return !h->irq || p->device || (p->packed && b->fentry);
}

/* All of a file of sysfs that does not tell its size, or NULL. */
static char *read_all(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t n;

	*size = 0;
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0)
		text = malloc(st.st_size);
	while (text && *size < (size_t)st.st_size) {
		n = read(fd, text + *size, st.st_size - *size);
		if (n <= 0)
			break;
		*size += n;
	}
	close(fd);
	return text;
}

/* Types of one module, or of the kernel that has it built in. */
struct types {
	char *text;
	size_t size;
};

/* Has the kernel @function? Its BTF names it if so: the strings say enough. */
static bool exists(struct types *all, enum where where, const char *function)
{
	struct types *t = &all[where];
	char name[64], path[64];
	int len;

	if (!t->text) {
		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[where]);
		t->text = read_all(path, &t->size);
	}
	if (!t->text)
		t->text = read_all("/sys/kernel/btf/vmlinux", &t->size);
	len = snprintf(name + 1, sizeof(name) - 1, "%s", function);
	name[0] = '\0';
	return t->text && memmem(t->text, t->size, name, len + 2);
}

/* Which functions tell of a buffer that leaves the ring. */
static void find_taken(struct vmmio_stock *b)
{
	struct types types[MODULES] = {};

	b->in_order = exists(types, RING, "detach_buf_split_in_order") &&
		      exists(types, RING, "detach_buf_packed_in_order");
	b->taken = b->in_order || (exists(types, RING, "detach_buf_split") &&
				   exists(types, RING, "detach_buf_packed"));
	free(types[RING].text);
}

/* A tracepoint has a type of its own. */
static bool has_events(void)
{
	struct types types[MODULES] = {};
	bool has = exists(types, RING, "btf_trace_virtqueue_notify") &&
		   exists(types, RING, "btf_trace_virtqueue_interrupt");

	free(types[RING].text);
	return has;
}

static struct bpf_program *program(struct stock_bpf *skel, bool fentry, const char *name)
{
	struct bpf_program *both = bpf_object__find_program_by_name(skel->obj, name);
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", fentry ? "fe" : "kp", name);
	return both ? both : bpf_object__find_program_by_name(skel->obj, full);
}

/* Those wanted that this kernel can have, a bit each. */
static __u64 choose(const struct vmmio_stock *b, const struct vmmio_stock_present *p)
{
	struct types types[MODULES] = {};
	__u64 set = 0;
	size_t i;

	for (i = 0; i < HOOKS; i++)
		if (wanted(b, p, i) && (!b->fentry || !hooks[i].optional ||
					exists(types, hooks[i].where, hooks[i].function)))
			set |= 1ull << i;
	for (i = 0; i < MODULES; i++)
		free(types[i].text);
	return set;
}

static int share_maps(struct stock_bpf *skel, const struct stock_bpf *first)
{
	struct bpf_map *map, *from;
	int err;

	bpf_object__for_each_map(map, skel->obj) {
		from = bpf_object__find_map_by_name(first->obj, bpf_map__name(map));
		if (from && !bpf_map__autocreate(from)) {
			bpf_map__set_autocreate(map, false);
			continue;
		}
		err = from ? bpf_map__reuse_fd(map, bpf_map__fd(from)) : -ENOENT;
		if (err)
			return err;
	}
	return 0;
}

int vmmio_stock_near_size(const struct vmmio_bpf_rows *rows, struct bpf_map *near)
{
	int err;

	if (!rows->stride)
		return 0;
	err = bpf_map__set_value_size(near, rows->stride * sizeof(struct vmmio_hist));
	return err ? err : bpf_map__set_max_entries(near, VMMIO_STOCK_NEAR);
}

/*
 * Linux from 6.2 on wants a destructor for the type of a pointer with the tag "kptr", and
 * refuses all BTF of the object without. Then no function of it is verified by itself any more, and
 * the programs are too long. So another name stands there, which says nothing to any kernel.
 */
static void forget_tag(struct btf *btf)
{
	int other = btf__find_str(btf, "typed");

	for (__u32 i = 1; other > 0 && i < btf__type_cnt(btf); i++) {
		struct btf_type *t = (struct btf_type *)btf__type_by_id(btf, i);

		if (btf_is_type_tag(t) && !strcmp(btf__name_by_offset(btf, t->name_off), "kptr"))
			t->name_off = other;
	}
}

static int size_maps(struct vmmio_stock *b, struct stock_bpf *skel)
{
	bool few = getenv("VMMIO_FEW_REQUESTS"); /* for tests */
	int err;

	skel->rodata->opt_slots = b->rows.slots;
	skel->rodata->opt_indices = b->need & VMMIO_STOCK_INDICES;
	skel->rodata->opt_occupancy = b->need & VMMIO_STOCK_OCCUPANCY;
	skel->rodata->opt_latency = b->need & VMMIO_STOCK_LATENCY;
	skel->rodata->opt_kick_cost = b->need & VMMIO_STOCK_KICK_COST;
	skel->rodata->opt_runs = b->need & VMMIO_STOCK_RUNS;
	skel->rodata->opt_preempted = b->need & VMMIO_STOCK_PREEMPTED;
	skel->rodata->opt_empty = b->need & VMMIO_STOCK_EMPTY;
	skel->rodata->opt_looks = vmmio_stock_looks(b);
	skel->rodata->opt_flight = b->flight;
	skel->rodata->opt_taken = b->taken;
	skel->rodata->opt_begins = b->begins;
	skel->rodata->opt_fentry = b->fentry;
	skel->rodata->opt_typed = b->typed;
	if (!b->typed)
		forget_tag(bpf_object__btf(skel->obj));
	bpf_map__set_autocreate(skel->maps.typed, b->typed);
	skel->rodata->opt_device_driven = b->device_driven;
	skel->rodata->opt_hist_stride = b->rows.stride;
	memcpy((void *)skel->rodata->opt_hist_pos, b->rows.pos, sizeof(b->rows.pos));
	if (b->requests && b->fentry) {
		bpf_map__set_max_entries(skel->maps.requests,
					 few ? VMMIO_STOCK_FEW : VMMIO_STOCK_REQUESTS);
		bpf_map__set_max_entries(skel->maps.places, VMMIO_STOCK_SLOTS);
	}
	if (b->requests && !b->fentry)
		bpf_map__set_max_entries(skel->maps.calls, VMMIO_STOCK_SLOTS);
	err = vmmio_stock_near_size(&b->rows, skel->maps.near);
	return err ? err : vmmio_bpf_rows_size(&b->rows, skel->maps.rows);
}

/* Of the slots that there are, those that are nobody's. */
static __u32 count_free(const struct vmmio_stock *b)
{
	__u32 slot, n = 0;

	for (slot = 0; slot < b->room; slot++)
		n += !b->states[slot].key;
	return n;
}

int vmmio_stock_room(struct vmmio_stock *b)
{
	__u32 end;
	int err = 0;

	while (!err && b->room < b->rows.slots - 1 && count_free(b) < HEADROOM) {
		/* with kprobes requests are counted in rows */
		if (b->room >= VMMIO_STOCK_NEAR || !b->fentry)
			err = vmmio_bpf_rows_grow(&b->rows, b->room);
		end = b->room + VMMIO_BPF_CHUNK;
		/* the last row is the overflow slot's */
		for (; !err && b->room < end && b->room < b->rows.slots - 1; b->room++)
			err = bpf_map_update_elem(b->free_slots, NULL, &b->room, 0);
	}
	return err;
}

static int load_object(struct vmmio_stock *b, struct stock_bpf *skel, __u64 set)
{
	struct stock_bpf *first = b->nobjects ? b->objects[0] : NULL;
	struct bpf_program *prog;
	size_t i;
	int err;

	bpf_object__for_each_program(prog, skel->obj)
		bpf_program__set_autoload(prog, false);
	for (i = 0; i < HOOKS; i++) {
		prog = set >> i & 1 ? program(skel, b->fentry, hooks[i].name) : NULL;
		if (prog)
			bpf_program__set_autoload(prog, true);
		if (prog && b->fentry && hooks[i].open && hooks[i].where >= MMIO &&
		    (b->need & COST)) {
			bpf_program__set_autoload(skel->progs.fe_pair, true);
			bpf_program__set_autoload(skel->progs.fe_pair_done, true);
		}
	}
	if (first)
		err = share_maps(skel, first);
	else
		err = size_maps(b, skel);
	if (!err)
		err = stock_bpf__load(skel);
	if (err || first)
		return err;
	b->states = skel->bss->states;
	b->mainline_seen = &skel->bss->mainline_seen;
	b->packed_seen = &skel->bss->packed_seen;
	b->events_lost = &skel->bss->events_lost;
	b->pair_ns = &skel->bss->pair_ns;
	b->infos = bpf_map__fd(skel->maps.infos);
	b->near = b->rows.stride ? bpf_map__fd(skel->maps.near) : -1;
	b->free_slots = bpf_map__fd(skel->maps.free_slots);
	b->unplaced = &skel->bss->queues_unplaced;
	b->look = &skel->bss->look;
	*b->look = 1; /* 0 is none */
	vmmio_bpf_rows_loaded(&b->rows, skel->maps.rows, NULL, skel->bss->rows_counted);
	/* what an object before it had, whose hooks were refused, is gone with it */
	b->room = 0;
	b->placed = 0;
	b->without = 0;
	return vmmio_stock_room(b);
}

/* The cost of an empty pair, from the kernel's test function; stays 0 without. */
static void measure_pair(struct vmmio_stock *b, struct stock_bpf *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int i, fd = bpf_program__fd(skel->progs.fe_pair);

	if (fd < 0 || b->pair[0])
		return;
	b->pair[0] = bpf_program__attach(skel->progs.fe_pair);
	b->pair[1] = bpf_program__attach(skel->progs.fe_pair_done);
	for (i = 0; b->pair[0] && b->pair[1] && i < PAIR_RUNS; i++)
		if (bpf_prog_test_run_opts(fd, &opts))
			break;
}

/* They stay until the end: to take them off takes long, and nobody comes by there. */
static void drop_pair(struct vmmio_stock *b)
{
	bpf_link__destroy(b->pair[0]);
	bpf_link__destroy(b->pair[1]);
	b->pair[0] = b->pair[1] = NULL;
}

/* A kprobe takes the name of the module, too; fentry has it from the types. */
static struct bpf_link *attach_one(const struct vmmio_stock *b, struct bpf_program *prog,
				   const struct hook *h)
{
	char name[64];

	if (b->fentry || !h->function || h->event)
		return bpf_program__attach(prog);
	vmmio_probing_name(modules[h->where], h->function, name, sizeof(name));
	return bpf_program__attach_kprobe(
		prog, !strncmp(bpf_program__section_name(prog), "kretprobe", 9), name);
}

/*
 * Kernels until 6.2 look a function of a module up by its name alone. Those that
 * tell where hooks are say if that was another's.
 */
static bool landed(const struct vmmio_stock *b, __u64 set)
{
	char *list = b->fentry ? vmmio_probing_enabled() : NULL;
	bool all = true;
	size_t i;

	for (i = 0; list && list[0] && i < HOOKS; i++)
		if (set >> i & 1 && hooks[i].function && !hooks[i].event && b->linked >> i & 1)
			all &= vmmio_probing_landed(list,
						    vmmio_probing_module(modules[hooks[i].where]),
						    hooks[i].function);
	free(list);
	return all;
}

static int attach(struct vmmio_stock *b, struct stock_bpf *skel, __u64 set)
{
	size_t i;

	for (i = 0; i < HOOKS; i++) {
		struct bpf_program *prog = program(skel, b->fentry, hooks[i].name);
		struct bpf_link *link;

		if (!(set >> i & 1) || b->nlinks == VMMIO_STOCK_LINKS)
			continue;
		/* had or not, it is not asked for again when a device appears */
		b->attached |= 1ull << i;
		if (!prog || (hooks[i].open && b->untimed))
			continue;
		/* for tests: a kernel that has these inlined where buffers are taken back */
		if (hooks[i].taken && !hooks[i].either && getenv("VMMIO_INLINED"))
			continue;
		link = attach_one(b, prog, &hooks[i]);
		if (!link && (hooks[i].optional || (!hooks[i].function && errno == ENOENT)))
			continue;
		if (!link)
			return -errno;
		b->links[b->nlinks++] = link;
		b->linked |= 1ull << i;
		/*
		 * A return probe has its interrupts enabled, and kprobes that come up in
		 * it are missed. Where the kernel does not tell how many, there is none;
		 * nor with requests, which are taken back there, many at once.
		 */
		if (!b->fentry && b->nlinks == 1) {
			b->blind = !vmmio_bpf_tells_misses(link);
			b->untimed = b->blind || b->requests;
		}
		b->packed |= hooks[i].packed;
		b->vectors |= hooks[i].vectors;
		b->irqs |= !strncmp(hooks[i].name, "vring_", 6) || (hooks[i].event && hooks[i].irq);
		b->mmio |= hooks[i].where == MMIO;
		b->pci |= hooks[i].where == PCI;
	}
	return 0;
}

/* The tracepoint of doorbells serves whatever transport there is. */
static void follow_events(struct vmmio_stock *b, const struct vmmio_stock_present *p)
{
	size_t i;

	for (i = 0; i < HOOKS; i++) {
		if (!hooks[i].event || hooks[i].irq || !(b->linked >> i & 1))
			continue;
		b->mmio |= p->mmio;
		b->pci |= p->pci;
	}
}

/* One object with the hooks of @set; on failure none of them stays. */
static int add_object(struct vmmio_stock *b, __u64 set)
{
	struct stock_bpf *skel;
	struct vmmio_stock before = *b;
	int err;

	if (b->nobjects == VMMIO_STOCK_OBJECTS)
		return -ENOSPC;
	skel = vmmio_bpf_open(stock);
	if (!skel)
		return -errno;
	err = load_object(b, skel, set);
	if (!err) {
		measure_pair(b, skel);
		err = attach(b, skel, set);
	}
	if (!err && !landed(b, set))
		err = -EADDRNOTAVAIL;
	if (!err) {
		b->objects[b->nobjects++] = skel;
		return 0;
	}
	while (b->nlinks > before.nlinks)
		bpf_link__destroy(b->links[--b->nlinks]);
	if (!before.pair[0])
		drop_pair(b);
	/* what is not attached must not be taken for counted */
	b->attached = before.attached;
	b->linked = before.linked;
	b->packed = before.packed;
	b->irqs = before.irqs;
	b->vectors = before.vectors;
	b->mmio = before.mmio;
	b->pci = before.pci;
	stock_bpf__destroy(skel);
	return err;
}

/*
 * Can a task be preempted in the kernel? The model can be chosen at boot, and later: where
 * it is not shown it may be so.
 */
static bool preemptible(void)
{
	char text[80] = "";
	struct utsname u;
	FILE *f;

	f = fopen("/sys/kernel/debug/sched/preempt", "re");
	if (f && !fgets(text, sizeof(text), f))
		text[0] = '\0';
	if (f)
		fclose(f);
	if (text[0])
		return !strstr(text, "(none)") && !strstr(text, "(voluntary)");
	return uname(&u) || strstr(u.version, "PREEMPT");
}

/* Pointers with their type, in maps and under the name that they had then. */
static bool keeps_types(void)
{
	unsigned int major, minor;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major == 5 ? minor >= 19 : major == 6 && minor <= 1;
}

int vmmio_stock_load(struct vmmio_source *src, struct vmmio_stock *b)
{
	struct vmmio_stock_present p;
	const char *off;
	int err = -ENOTSUP;

	vmmio_stock_look(&p);
	vmmio_bpf_quiet();
	vmmio_btf_register();
	b->fentry = !getenv("VMMIO_KPROBE"); /* for tests: kernels without fentry */
	/* a second look at the ring costs as much as an end, but a sample takes the first anyway */
	b->early = b->fentry && (b->need & VMMIO_STOCK_LATENCY) &&
		   !(b->need & (RUNS | VMMIO_STOCK_INDICES));
	b->traced = b->fentry && (b->need & RUNS) && !p.threaded;
	b->early |= b->traced;
	if (b->fentry && b->requests)
		find_taken(b);
	b->events = !(b->need & COST) && has_events();
	off = b->fentry ? vmmio_probing_off("", false) : NULL;
	if (b->fentry && (b->need & VMMIO_STOCK_LATENCY) && preemptible())
		b->need |= VMMIO_STOCK_PREEMPTED;
	/*
	 * Where a handler has one virtqueue to look at, its looks tell of its runs, and take no
	 * hook. Where each run finds something, its begin tells as much as its end, for half
	 * the price.
	 */
	if (b->fentry && !(b->need & RUNS) && !b->handlers && !p.lines) {
		b->alone = p.line && !p.several;
		b->begins = !b->alone && (b->need & (SEEN | TIMES));
	}
	/*
	 * Where one has several, and nothing is asked for but how many, its run is counted: a hook
	 * on each look costs as much for every virtqueue.
	 */
	b->runs_only = b->fentry && (b->need & VMMIO_STOCK_IRQS_ONLY) &&
		       !(b->need & (SEEN | TIMES)) && !b->handlers && !b->events && p.several &&
		       !p.unlined;
	b->begins |= b->runs_only;
	b->typed = b->taken && keeps_types();
	if (b->fentry && !off)
		err = add_object(b, choose(b, &p));
	if (err && err != -EPERM && b->typed) {
		b->typed = false;
		err = add_object(b, choose(b, &p));
	}
	if (err && err != -EPERM) {
		b->fentry = b->begins = b->alone = b->early = b->taken = b->traced = false;
		b->runs_only = false;
		b->need &= ~VMMIO_STOCK_PREEMPTED;
		off = vmmio_probing_off("", true);
		if (off) {
			snprintf(src->why, sizeof(src->why), "%s", off);
			return -EOPNOTSUPP;
		}
		vmmio_bpf_quiet();
		err = add_object(b, choose(b, &p));
	}
	if (err) {
		vmmio_bpf_why(src->why, sizeof(src->why), "load or attach", err);
		return err;
	}
	follow_events(b, &p);
	b->vectors |= b->traced;
	snprintf(src->engine, sizeof(src->engine), "%s%s", b->fentry ? "fentry" : "kprobe",
		 b->events ? "+tp" : "");
	return 0;
}

/* Each queue that asks in vain is counted each time that it is met. */
void vmmio_stock_place(struct vmmio_stock *b)
{
	__u32 before, room;

	do {
		room = b->room;
		before = *b->unplaced;
		if (vmmio_stock_room(b) || (b->room == room && before == b->placed))
			return;
		vmmio_stock_touch();
		b->without = *b->unplaced - before;
		b->placed = *b->unplaced;
	} while (b->without && b->room != room);
}

void vmmio_stock_follow(struct vmmio_stock *b)
{
	__u32 seen = *b->mainline_seen + *b->packed_seen;
	struct vmmio_stock_present p;
	__u64 set;

	vmmio_stock_place(b);
	if (seen == b->seen)
		return;
	b->seen = seen;
	vmmio_stock_look(&p);
	set = choose(b, &p);
	if (set)
		add_object(b, set); /* without it the counts stay unknown */
	follow_events(b, &p);
}

__u64 vmmio_stock_lost(const struct vmmio_stock *b)
{
	__u64 n = *b->events_lost + vmmio_bpf_link_misses(b->links, b->nlinks);
	int i;

	for (i = 0; i < b->nobjects; i++)
		n += vmmio_bpf_misses(b->objects[i]->obj);
	return n;
}

/* A kprobe is more than its link, and is taken off at once. */
static void leave(const struct vmmio_stock *b)
{
	struct bpf_link *all[VMMIO_STOCK_LINKS + 2];
	int n = b->nlinks;

	memcpy(all, b->links, n * sizeof(*all));
	if (b->pair[0] && b->pair[1]) {
		all[n++] = b->pair[0];
		all[n++] = b->pair[1];
	}
	if (b->fentry)
		vmmio_bpf_leave(all, n);
}

void vmmio_stock_free(struct vmmio_stock *b)
{
	leave(b);
	drop_pair(b);
	while (b->nlinks)
		bpf_link__destroy(b->links[--b->nlinks]);
	while (b->nobjects)
		stock_bpf__destroy(b->objects[--b->nobjects]);
	vmmio_bpf_rows_free(&b->rows);
}
