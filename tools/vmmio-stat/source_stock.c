// SPDX-License-Identifier: GPL-2.0-only
/*
 * Source "stock": loads bpf/stock.bpf.c for mainline's drivers, attaches what
 * this kernel has of the functions it hooks, and reads rows and identities.
 * Its slots are numbered from VMMIO_SLOTS up, so that they never meet those of
 * our driver.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf_rows.h"
#include "bpf_util.h"
#include "source.h"
#include "stock.h"
#include "stock.skel.h"
#include "stock_sysfs.h"

#define PAIR_RUNS 100
#define LINKS_MAX 32

#define BIT(c) (1ull << VMMIO_C_##c)

static const struct vmmio_bpf_have have = {
	.queue = BIT(KICKS) | BIT(OPPORTUNITIES) | BIT(KICKS_INDEXED) | BIT(KICK_BUFFERS) |
		 BIT(KICKS_TIMED) | BIT(KICK_NS) | BIT(KICKS_INTERRUPTED) | BIT(KICKS_MERGED) |
		 BIT(KICKS_POLLED) | BIT(LATENCIES) | BIT(LATENCY_NS) | BIT(LATENCIES_EMPTY) |
		 BIT(LATENCY_EMPTY_NS) | BIT(IRQS) | BIT(IRQS_FOUND) | BIT(IRQS_SPURIOUS) |
		 BIT(IRQS_NOTHING) | BIT(IRQS_INDEXED) | BIT(USED_BUFFERS) | BIT(OCCUPANCIES) |
		 BIT(OCCUPANCY),
	.device = BIT(IRQS) | BIT(IRQS_SPURIOUS) | BIT(CONFIG_IRQS) | BIT(HANDLER_TIMED) |
		  BIT(HANDLER_NS),
	.queue_hists = 1u << VMMIO_HIST_KICK | 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH |
		       1u << VMMIO_HIST_COALESCE | 1u << VMMIO_HIST_OCCUPANCY,
};
/* Of a queue that our own driver serves: what only virtio_ring can tell. */
static const __u64 have_ours = BIT(OPPORTUNITIES);
/* Only with the request hooks, then of both. */
static const __u64 have_requests = BIT(REQUESTS) | BIT(REQUESTS_TIMED) | BIT(REQUEST_NS) |
				   BIT(ADDED) | BIT(RING_FULL) | BIT(SGS_OUT) | BIT(SGS_IN) |
				   BIT(BYTES_OUT) | BIT(BYTES_IN);

/* Programs come in pairs of flavours, fe_<name> and kp_<name>, or serve both. */
enum need {
	RING,
	MMIO,
	PCI
};

static const struct hook {
	const char *name;
	const char *function;
	enum need need; /* where the function is */
	bool irq;	/* of use only with a transport of mainline's */
	bool optional;	/* some builds have it inlined */
	bool data;	/* the doorbell where NOTIFICATION_DATA was negotiated; kernels since 6.4 */
	bool requests;	/* loaded only where it is asked for, fexit only */
	bool open;	/* the function returns with interrupts enabled */
} hooks[] = {
	{"prepare", "virtqueue_kick_prepare"},
	{"irqs_handler", NULL, .irq = true}, /* some architectures only: stock_irqs.bpf.h */
	{"irqs_ipi", NULL, .irq = true},
	{"gone", "vring_del_virtqueue"},
	{"uevent", "virtio_uevent"},
	{"add_sgs", "virtqueue_add_sgs", .requests = true},
	{"add_outbuf", "virtqueue_add_outbuf", .requests = true},
	{"add_inbuf", "virtqueue_add_inbuf", .requests = true},
	{"add_inbuf_ctx", "virtqueue_add_inbuf_ctx", .requests = true},
	{"get_buf", "virtqueue_get_buf", .requests = true},
	{"get_buf_ctx", "virtqueue_get_buf_ctx", .requests = true, .optional = true},
	{"config", "virtio_config_changed", .irq = true, .optional = true},
	{"vring_irq", "vring_interrupt", .irq = true},
	{"vring_irq_done", "vring_interrupt", .irq = true},
	{"vm_kick", "vm_notify", MMIO},
	{"vm_kick_done", "vm_notify", MMIO, .open = true},
	{"vm_irq", "vm_interrupt", MMIO},
	{"vm_irq_done", "vm_interrupt", MMIO},
	{"vp_kick", "vp_notify", PCI},
	{"vp_kick_done", "vp_notify", PCI, .open = true},
	{"vm_kick_data", "vm_notify_with_data", MMIO, .data = true},
	{"vm_kick_data_done", "vm_notify_with_data", MMIO, .data = true, .open = true},
	{"vp_kick_data", "vp_notify_with_data", PCI, .data = true},
	{"vp_kick_data_done", "vp_notify_with_data", PCI, .data = true, .open = true},
	{"vp_irq", "vp_interrupt", PCI},
	{"vp_irq_done", "vp_interrupt", PCI},
	{"vp_vring_irq", "vp_vring_interrupt", PCI, .optional = true},
	{"vp_vring_irq_done", "vp_vring_interrupt", PCI, .optional = true},
	{"vp_config_irq", "vp_config_changed", PCI, .optional = true},
	{"vp_config_irq_done", "vp_config_changed", PCI, .optional = true},
};
#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

struct source {
	struct stock_bpf *skel;
	struct vmmio_bpf_rows rows;
	struct bpf_link *links[LINKS_MAX];
	int nlinks;
	bool mmio, pci; /* mainline's transport is loaded */
	bool mainline;	/* either of them */
	bool optional;	/* load what some builds lack */
	bool keep_ours;
	bool requests; /* the request hooks are wanted, and loaded */
	bool data;     /* some device has its doorbells carry data */
	bool blind;    /* kprobes whose misses this kernel does not tell */
};

static bool wanted(const struct source *b, size_t i)
{
	const struct hook *h = &hooks[i];

	if (h->optional && !b->optional)
		return false;
	if (h->data && !b->data)
		return false;
	if (h->requests && !b->requests)
		return false;
	if (h->irq && !b->mainline)
		return false;
	if (h->open && b->blind)
		return false;
	return h->need == RING || (h->need == MMIO ? b->mmio : b->pci);
}

static struct bpf_program *program(const struct source *b, const char *flavour, const char *name)
{
	struct bpf_program *both = bpf_object__find_program_by_name(b->skel->obj, name);
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", flavour, name);
	return both ? both : bpf_object__find_program_by_name(b->skel->obj, full);
}

static int load_flavour(struct source *b, bool fentry)
{
	struct bpf_program *prog;
	size_t i;
	int err;

	b->skel = stock_bpf__open();
	if (!b->skel)
		return -errno;
	b->skel->rodata->opt_slots = b->rows.slots;
	b->skel->rodata->opt_hist_stride = b->rows.stride;
	memcpy((void *)b->skel->rodata->opt_hist_pos, b->rows.pos, sizeof(b->rows.pos));
	vmmio_bpf_rows_size(&b->rows, b->skel->maps.rows, b->skel->maps.hists);
	bpf_map__set_max_entries(b->skel->maps.infos, b->rows.slots);
	if (b->requests)
		bpf_map__set_max_entries(b->skel->maps.requests, 16384);
	bpf_object__for_each_program(prog, b->skel->obj) bpf_program__set_autoload(prog, false);
	for (i = 0; i < HOOKS; i++) {
		prog = program(b, fentry ? "fe" : "kp", hooks[i].name);
		if (prog && wanted(b, i))
			bpf_program__set_autoload(prog, true);
	}
	if (fentry && b->mainline) {
		bpf_program__set_autoload(b->skel->progs.fe_pair, true);
		bpf_program__set_autoload(b->skel->progs.fe_pair_done, true);
	}
	err = stock_bpf__load(b->skel);
	if (err) {
		stock_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	return err;
}

/* The cost of an empty pair, from the kernel's test function; stays 0 without. */
static void measure_pair(struct source *b)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	struct bpf_link *begin, *end;
	int i, fd = bpf_program__fd(b->skel->progs.fe_pair);

	if (fd < 0)
		return;
	begin = bpf_program__attach(b->skel->progs.fe_pair);
	end = bpf_program__attach(b->skel->progs.fe_pair_done);
	for (i = 0; begin && end && i < PAIR_RUNS; i++)
		if (bpf_prog_test_run_opts(fd, &opts))
			break;
	bpf_link__destroy(begin);
	bpf_link__destroy(end);
}

static int attach(struct source *b, bool fentry)
{
	size_t i;

	for (i = 0; i < HOOKS; i++) {
		struct bpf_program *prog = program(b, fentry ? "fe" : "kp", hooks[i].name);
		struct bpf_link *link;

		if (!prog || !wanted(b, i))
			continue;
		link = bpf_program__attach(prog);
		if (!link && hooks[i].optional)
			continue;
		if (!link)
			return -errno;
		b->links[b->nlinks++] = link;
		/*
		 * A return probe has its interrupts enabled, and kprobes that come up in
		 * it are missed. Where the kernel does not tell how many, there is none.
		 */
		if (!fentry && b->nlinks == 1)
			b->blind = !vmmio_bpf_tells_misses(link);
	}
	return 0;
}

static void detach(struct source *b)
{
	while (b->nlinks)
		bpf_link__destroy(b->links[--b->nlinks]);
}

/* fentry with all hooks, or with those that every build has; then kprobes. */
static int load(struct vmmio_source *src, struct source *b)
{
	bool fentry = !getenv("VMMIO_KPROBE"); /* for tests: kernels without fentry */
	int err = -ENOTSUP;

	vmmio_bpf_quiet();
	b->optional = true;
	if (fentry) {
		err = load_flavour(b, true);
		if (err && err != -EPERM) {
			b->optional = false;
			err = load_flavour(b, true);
		}
	}
	if (!err) {
		measure_pair(b);
		err = attach(b, true);
	}
	if (err && err != -EPERM) {
		detach(b);
		stock_bpf__destroy(b->skel);
		fentry = false;
		b->requests = false;
		b->optional = true;
		vmmio_bpf_quiet();
		err = load_flavour(b, false);
		if (!err)
			err = attach(b, false);
	}
	if (err) {
		vmmio_bpf_why(src->why, sizeof(src->why), b->skel ? "attach" : "load", err);
		return err;
	}
	snprintf(src->engine, sizeof(src->engine), "%s", fentry ? "fentry" : "kprobe");
	return 0;
}

static void source_free(struct source *b)
{
	detach(b);
	stock_bpf__destroy(b->skel);
	vmmio_bpf_rows_free(&b->rows);
	free(b);
}

static int stock_open(struct vmmio_source *src, const struct vmmio_source_opts *opts)
{
	struct source *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	b->keep_ours = opts->ring_of_ours;
	b->requests = opts->want.requests || (opts->want.hists >> VMMIO_HIST_REQUEST & 1);
	b->mmio = !access("/sys/bus/platform/drivers/virtio-mmio", F_OK);
	b->pci = !access("/sys/bus/pci/drivers/virtio-pci", F_OK);
	b->mainline = b->mmio || b->pci;
	b->data = b->mainline && vmmio_stock_data_doorbells();
	err = 0;
	if (access(VMMIO_VIRTIO_DEVICES, F_OK)) {
		err = -ENODEV;
		snprintf(src->why, sizeof(src->why),
			 "no virtio here: neither vmmio nor mainline's transports are loaded");
	}
	if (!err && !b->mainline && !b->keep_ours) {
		err = -ENODEV;
		snprintf(
			src->why, sizeof(src->why),
			"no transport of mainline's is loaded: neither virtio_mmio nor virtio_pci");
	}
	if (!err)
		err = vmmio_bpf_rows_init(
			&b->rows, opts->max_slots ? opts->max_slots : VMMIO_SLOTS / 2,
			opts->want.hists & (have.queue_hists | 1u << VMMIO_HIST_REQUEST), 0);
	if (!err)
		err = load(src, b);
	if (err) {
		source_free(b);
		return err;
	}
	vmmio_stock_touch();
	src->priv = b;
	if (b->skel->bss->pair_ns)
		snprintf(src->detail, sizeof(src->detail), "pair %llu ns subtracted",
			 (unsigned long long)b->skel->bss->pair_ns);
	return 0;
}

/* Queues that the device drives: filled ahead, served when it likes. */
static bool device_driven(const struct vmmio_slot_info *i)
{
	switch (i->device_id) {
	case 1: /* net: receive queues are even; so may be the control queue's number */
		return !(i->queue & 1) && strncmp(i->queue_name, "control", 7);
	case 3:	 /* console: receive queues */
	case 19: /* vsock: receive and event queue */
		return !(i->queue & 1);
	case 5:	 /* balloon */
	case 18: /* input */
		return true;
	case 8: /* scsi: event queue */
		return i->queue == 1;
	default:
		return false;
	}
}

static void complete(struct vmmio_row *r, const struct vmmio_stock_info *in)
{
	const char *bus = in->bus_driver;

	r->info = in->info;
	r->info.device[sizeof(r->info.device) - 1] = '\0';
	r->info.parent[sizeof(r->info.parent) - 1] = '\0';
	r->info.driver[sizeof(r->info.driver) - 1] = '\0';
	r->info.queue_name[sizeof(r->info.queue_name) - 1] = '\0';
	r->ours = !strncmp(bus, "vmmio-", 6);
	if (!strncmp(bus, "virtio-pci", sizeof(in->bus_driver)))
		r->info.transport = VMMIO_TRANSPORT_PCI;
	else if (!strncmp(bus, "virtio-mmio", sizeof(in->bus_driver)))
		r->info.transport = VMMIO_TRANSPORT_MMIO;
	if (r->info.transport == VMMIO_TRANSPORT_MMIO)
		r->info.irq_mode = VMMIO_IRQ_LINE;
	if (r->info.kind == VMMIO_SLOT_QUEUE && device_driven(&r->info))
		r->info.flags |= VMMIO_SLOT_DEVICE_DRIVEN;
}

/* What a device inherits from its queues: how it interrupts, how many there are. */
static void complete_devices(struct vmmio_snapshot *s)
{
	size_t i, k;

	for (i = 0; i < s->n; i++) {
		struct vmmio_slot_info *dev = &s->rows[i].info;

		if (dev->kind != VMMIO_SLOT_DEVICE)
			continue;
		for (k = 0; k < s->n; k++) {
			const struct vmmio_slot_info *q = &s->rows[k].info;

			if (q->kind != VMMIO_SLOT_QUEUE || q->dev_slot != dev->slot)
				continue;
			dev->queues++;
			if (!dev->irq_mode)
				dev->irq_mode = q->irq_mode;
		}
	}
}

static int read_rows(struct vmmio_source *src, struct vmmio_snapshot *s, bool counters)
{
	struct source *b = src->priv;
	int fd = bpf_map__fd(b->skel->maps.infos);
	struct vmmio_bpf_have all = have;
	__u32 slot, n = b->skel->bss->next_slot;

	if (b->requests) {
		all.queue |= have_requests;
		all.queue_hists |= 1u << VMMIO_HIST_REQUEST;
	}
	if (b->blind) {
		all.queue &= ~(BIT(KICKS_TIMED) | BIT(KICK_NS) | BIT(KICKS_INTERRUPTED));
		all.queue_hists &= ~(1u << VMMIO_HIST_KICK);
	}
	vmmio_snapshot_clear(s);
	s->time_ns = vmmio_now_ns();
	for (slot = 0; slot < n && slot < b->rows.slots; slot++) {
		struct vmmio_stock_info in;
		struct vmmio_row *r;

		if (bpf_map_lookup_elem(fd, &slot, &in) || in.info.kind == VMMIO_SLOT_FREE)
			continue;
		if (!b->keep_ours && !strncmp(in.bus_driver, "vmmio-", 6))
			continue;
		r = vmmio_snapshot_add(s);
		if (!r)
			return -ENOMEM;
		complete(r, &in);
		if (counters)
			vmmio_bpf_rows_count(&b->rows, s, s->n - 1, &all);
		if (r->ours) {
			r->have &= have_ours | have_requests;
			r->have_hist &= 1u << VMMIO_HIST_REQUEST;
		}
		r->info.slot += VMMIO_SLOTS;
		r->info.dev_slot += VMMIO_SLOTS;
	}
	complete_devices(s);
	return 0;
}

static int stock_discover(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	return read_rows(src, s, false);
}

static int stock_snapshot(struct vmmio_source *src, struct vmmio_snapshot *s)
{
	struct source *b = src->priv;
	int err = read_rows(src, s, true);

	if (err)
		return err;
	s->have_lost = !b->blind;
	s->events_lost = b->skel->bss->events_lost + vmmio_bpf_misses(b->skel->obj) +
			 vmmio_bpf_link_misses(b->links, b->nlinks);
	vmmio_snapshot_finish(s);
	return 0;
}

static void stock_close(struct vmmio_source *src)
{
	source_free(src->priv);
}

const struct vmmio_source_ops vmmio_source_stock = {
	.name = "stock",
	.what = "mainline's drivers, functions hooked by BPF",
	.open = stock_open,
	.discover = stock_discover,
	.snapshot = stock_snapshot,
	.close = stock_close,
};
