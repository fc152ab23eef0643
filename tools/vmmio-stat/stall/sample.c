// SPDX-License-Identifier: GPL-2.0-only
/*
 * See sample.h. Identities come from sysfs, the ring from BPF, interrupts from /proc/interrupts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <vmmio/devices.h>

#include "lib/clock.h"
#include "sample.h"
#include "stalls.skel.h"
#include "tools/vmmio-stat/core/probing.h"
#include "tools/vmmio-stat/source/bpf_util.h"
#include "tools/vmmio-stat/source/stock_sysfs.h"

/* The transports whose doorbells can be hooked, by the bus driver's name. */
enum {
	MMIO = 1 << 0,
	PCI = 1 << 1,
	OURS = 1 << 2,
	DATA = 1 << 3, /* doorbells that carry data, besides */
	IRQS = 1 << 4, /* interrupts: attached once a queue needs it */
};

static const struct hook {
	const char *name;
	const char *module;
	const char *function;
	unsigned int where; /* all of these must be there; 0: always wanted */
	bool kprobe;	    /* only as such */
} hooks[] = {
	{"shown", "vmlinux", "dev_attr_show"},
	{"interrupt", "virtio_ring", "vring_interrupt", IRQS},
	{"vm", "virtio_mmio", "vm_notify", MMIO},
	{"vm_data", "virtio_mmio", "vm_notify_with_data", MMIO | DATA},
	{"vp", "virtio_pci", "vp_notify", PCI},
	{"vp_data", "virtio_pci", "vp_notify_with_data", PCI | DATA},
	{"ours_mmio", "vmmio", "kick_mmio", OURS, true},
	{"ours_pci", "vmmio", "kick_pci", OURS, true},
	{"ours_pci_io", "vmmio", "kick_pci_io", OURS, true},
	{"ours_data", "vmmio", "kick_data", OURS, true},
};
#define HOOKS (sizeof(hooks) / sizeof(hooks[0]))

struct vmmio_stall_sampler {
	struct stalls_bpf *skel;
	struct bpf_link *links[HOOKS];
	unsigned int there; /* transports, when it was attached */
	bool fentry, no_irqs;
	struct vmmio_irqs irqs;
	__u64 *steal; /* ticks of each CPU */
	size_t ncpus;
	__u64 *known; /* queues of the look before, whose kicks are kept */
	size_t nknown;
	size_t nunseen; /* in this look: devices without a sample; the last of them */
	char unseen[64];
};

static unsigned int look_there(void)
{
	struct vmmio_stock_present p;
	unsigned int there;

	vmmio_stock_look(&p);
	there = (p.mmio ? MMIO : 0) | (p.pci ? PCI : 0) | (p.data ? DATA : 0);
	return there | (access("/sys/module/vmmio", F_OK) ? 0 : OURS);
}

static bool wanted(const struct hook *h, unsigned int there)
{
	return (h->where & there) == h->where;
}

static struct bpf_program *program(const struct vmmio_stall_sampler *p, const struct hook *h)
{
	char name[32];

	snprintf(name, sizeof(name), "%s_%s", p->fentry && !h->kprobe ? "fe" : "kp", h->name);
	return bpf_object__find_program_by_name(p->skel->obj, name);
}

/* See landed() in stock_load.c: before 6.3 a name may have led elsewhere. */
static bool landed(const struct vmmio_stall_sampler *p)
{
	char *list = vmmio_probing_enabled();
	bool all = true;
	size_t i;

	for (i = 0; list && list[0] && i < HOOKS; i++)
		if (p->links[i])
			all &= vmmio_probing_landed(list, vmmio_probing_module(hooks[i].module),
						    hooks[i].function);
	free(list);
	return all;
}

static int attach_one(struct vmmio_stall_sampler *p, size_t i)
{
	const struct hook *h = &hooks[i];
	struct bpf_program *prog = program(p, h);
	char name[64];

	if (p->fentry && !h->kprobe)
		p->links[i] = bpf_program__attach(prog);
	else
		p->links[i] = bpf_program__attach_kprobe(
			prog, false,
			vmmio_probing_name(h->module, h->function, name, sizeof(name)));
	return p->links[i] ? 0 : -errno;
}

static void detach(struct vmmio_stall_sampler *p)
{
	size_t i;

	for (i = 0; i < HOOKS; i++) {
		bpf_link__destroy(p->links[i]);
		p->links[i] = NULL;
	}
	stalls_bpf__destroy(p->skel);
	p->skel = NULL;
}

static int ask_whoami(struct vmmio_stall_sampler *p)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(p->skel->progs.whoami), &opts);

	return err ? err : p->skel->bss->asker ? 0 : -EIO;
}

static int attach(struct vmmio_stall_sampler *p)
{
	struct bpf_program *prog;
	size_t i;
	int err;

	p->there = look_there();
	p->skel = vmmio_bpf_open(stalls);
	if (!p->skel)
		return -errno;
	bpf_object__for_each_program(prog, p->skel->obj)
		bpf_program__set_autoload(prog, false);
	bpf_program__set_autoload(p->skel->progs.whoami, true);
	for (i = 0; i < HOOKS; i++)
		if (wanted(&hooks[i], p->there | IRQS))
			bpf_program__set_autoload(program(p, &hooks[i]), true);
	err = stalls_bpf__load(p->skel);
	if (!err)
		err = ask_whoami(p);
	for (i = 0; !err && i < HOOKS; i++)
		if (wanted(&hooks[i], p->there))
			err = attach_one(p, i);
	if (!err && !landed(p))
		err = -EADDRNOTAVAIL;
	if (err)
		detach(p);
	return err;
}

static int open_hooks(struct vmmio_stall_sampler *p, char *why, size_t size)
{
	const char *off;
	int err = -ENOTSUP;

	vmmio_bpf_quiet();
	p->fentry = !getenv("VMMIO_KPROBE"); /* for tests: kernels without fentry */
	if (p->fentry && !vmmio_probing_off("", false))
		err = attach(p);
	if (err && err != -EPERM) {
		p->fentry = false;
		off = vmmio_probing_off("", true);
		if (off) {
			snprintf(why, size, "%s", off);
			return -EOPNOTSUPP;
		}
		vmmio_bpf_quiet();
		err = attach(p);
	}
	if (err)
		vmmio_bpf_why(why, size, "load or attach", err);
	return err;
}

int vmmio_stall_open(struct vmmio_stall_sampler **to, char *why, size_t size)
{
	struct vmmio_stall_sampler *p;
	int err;

	*to = NULL;
	if (access(VMMIO_VIRTIO_DEVICES, F_OK)) {
		snprintf(why, size, "no virtio here: the module virtio is not loaded");
		return -ENODEV;
	}
	p = calloc(1, sizeof(*p));
	if (!p) {
		snprintf(why, size, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	err = open_hooks(p, why, size);
	if (err)
		vmmio_stall_close(p);
	else
		*to = p;
	return err;
}

void vmmio_stall_close(struct vmmio_stall_sampler *p)
{
	if (!p)
		return;
	if (p->fentry)
		vmmio_bpf_leave(p->links, HOOKS);
	detach(p);
	vmmio_irqs_free(&p->irqs);
	free(p->steal);
	free(p->known);
	free(p);
}

const char *vmmio_stall_engine(const struct vmmio_stall_sampler *p)
{
	return p->fentry ? "fentry" : "kprobe";
}

size_t vmmio_stall_unseen(const struct vmmio_stall_sampler *p, char *name, size_t size)
{
	snprintf(name, size, "%s", p->nunseen ? p->unseen : "");
	return p->nunseen;
}

__u32 vmmio_stall_unplaced(const struct vmmio_stall_sampler *p)
{
	return p->skel->bss->unplaced;
}

/* The most that one CPU lost to its host since the last call, ns. */
static __u64 steal_ns(struct vmmio_stall_sampler *p)
{
	long hz = sysconf(_SC_CLK_TCK);
	FILE *f = fopen("/proc/stat", "re");
	unsigned long long ticks, most = 0;
	char line[512];
	size_t cpu = 0;

	while (f && fgets(line, sizeof(line), f) && !strncmp(line, "cpu", 3)) {
		if (line[3] == ' ' ||
		    sscanf(line, "%*s %*u %*u %*u %*u %*u %*u %*u %llu", &ticks) != 1)
			continue;
		if (cpu == p->ncpus) {
			void *more = reallocarray(p->steal, cpu + 1, sizeof(*p->steal));

			if (!more)
				break;
			p->steal = more;
			p->ncpus++;
			p->steal[cpu] = ticks;
		}
		/* a CPU that came or went moves those behind it: then it is no time */
		if (ticks >= p->steal[cpu] && ticks - p->steal[cpu] > most)
			most = ticks - p->steal[cpu];
		p->steal[cpu++] = ticks;
	}
	if (f)
		fclose(f);
	return hz > 0 ? most * (1000000000ull / hz) : 0;
}

/* Name of what a link in sysfs leads to; empty if there is none. */
static void link_name(const char *device, const char *link, char *name, size_t size)
{
	char path[320], to[512];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), VMMIO_VIRTIO_DEVICES "/%s%s", device, link);
	n = readlink(path, to, sizeof(to) - 1);
	to[n > 0 ? n : 0] = '\0';
	if (!strcmp(link, "")) { /* of the device itself: its parent's is the last but one */
		char *slash = strrchr(to, '/');

		if (slash)
			*slash = '\0';
	}
	last = strrchr(to, '/');
	snprintf(name, size, "%.*s", (int)size - 1, last ? last + 1 : to);
}

/* The facts that the queues of one device share. */
static void identify(const struct vmmio_stall_sampler *p, const char *device,
		     struct vmmio_stall_queue *who)
{
	char bus[24];

	memset(who, 0, sizeof(*who));
	snprintf(who->info.device, sizeof(who->info.device), "%.*s",
		 (int)sizeof(who->info.device) - 1, device);
	link_name(device, "", who->info.parent, sizeof(who->info.parent));
	link_name(device, "/driver", who->info.driver, sizeof(who->info.driver));
	link_name(device, "/../driver", bus, sizeof(bus));
	who->info.kind = VMMIO_SLOT_QUEUE;
	who->info.vector = 0xffff;
	who->ours = !strncmp(bus, "vmmio-", 6);
	if (!strcmp(bus, "virtio-pci") || !strcmp(bus, "vmmio-pci"))
		who->info.transport = VMMIO_TRANSPORT_PCI;
	else if (!strcmp(bus, "virtio-mmio") || !strcmp(bus, "vmmio-mmio"))
		who->info.transport = VMMIO_TRANSPORT_MMIO;
	else if (who->ours)
		who->info.transport = VMMIO_TRANSPORT_AMBA;
	if (who->ours)
		who->hooked = p->there & OURS;
	else if (who->info.transport == VMMIO_TRANSPORT_PCI)
		who->hooked = p->there & PCI;
	else if (who->info.transport == VMMIO_TRANSPORT_MMIO)
		who->hooked = p->there & MMIO;
}

static void complete(struct vmmio_stall_queue *who, const struct vmmio_stall_sample *s)
{
	who->info.queue = s->index;
	who->info.device_id = s->device_id;
	who->info.features = s->features;
	who->info.ring_size = s->ring;
	who->info.flags = s->flags & VMMIO_LOOK_PACKED ? VMMIO_SLOT_PACKED : 0;
	if (vmmio_queue_driven(s->device_id, s->index, s->name))
		who->info.flags |= VMMIO_SLOT_DEVICE_DRIVEN;
	snprintf(who->info.queue_name, sizeof(who->info.queue_name), "%s", s->name);
}

/* A device that a driver is at: its queues, if it has any yet, are rows of their own. */
static bool is_underway(const struct vmmio_stall_binding *b)
{
	return b->key && (b->state == VMMIO_BINDING_PROBING || b->state == VMMIO_BINDING_REMOVING);
}

static void note_unseen(struct vmmio_stall_sampler *p, const char *device)
{
	char driver[32];

	link_name(device, "/driver", driver, sizeof(driver));
	if (!driver[0])
		return;
	p->nunseen++;
	snprintf(p->unseen, sizeof(p->unseen), "%.*s", (int)sizeof(p->unseen) - 1, device);
}

static int look_device(struct vmmio_stall_sampler *p, const char *device,
		       struct vmmio_stall_watch *w, const struct vmmio_irqs *irqs)
{
	struct vmmio_stall_queue who;
	int err = 0;
	__u32 i;

	p->skel->bss->nsamples = 0;
	p->skel->bss->binding.key = 0;
	if (vmmio_stock_touch_one(device))
		return 0; /* it has just gone */
	identify(p, device, &who);
	if (is_underway(&p->skel->bss->binding))
		err = vmmio_stall_watch_binding(w, &who, &p->skel->bss->binding);
	else if (!p->skel->bss->nsamples)
		note_unseen(p, device);
	for (i = 0; !err && i < p->skel->bss->nsamples; i++) {
		complete(&who, &p->skel->bss->samples[i]);
		err = vmmio_stall_watch_add(w, &who, &p->skel->bss->samples[i], irqs);
	}
	return err;
}

/* Is there a queue whose ring does not show whether it was interrupted? */
static bool needs_irqs(const struct vmmio_stall_watch *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		const struct vmmio_stall_sample *s = &w->list[i].now;

		if (w->list[i].info.kind == VMMIO_SLOT_QUEUE && s->flags & VMMIO_LOOK_CALLBACK &&
		    !(s->flags & VMMIO_LOOK_EVENT && s->flags & VMMIO_LOOK_KNOWS))
			return true;
	}
	return false;
}

/* Without it those queues are judged as if nothing were known of their interrupts. */
static void hook_irqs(struct vmmio_stall_sampler *p)
{
	size_t i;

	for (i = 0; hooks[i].where != IRQS; i++)
		;
	p->no_irqs = attach_one(p, i);
	p->skel->bss->irqs_hooked = !p->no_irqs;
}

/* What an interrupt's handlers found, by the kernel's own count. */
static void ask_found(struct vmmio_stall_watch *w, __u32 irq)
{
	unsigned int count, none;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/irq/%u/spurious", irq);
	f = fopen(path, "re");
	if (!f)
		return;
	if (fscanf(f, "count %u unhandled %u", &count, &none) == 2)
		vmmio_stall_watch_found(w, irq, count, none);
	fclose(f);
}

static void ask_all_found(struct vmmio_stall_watch *w)
{
	size_t i, k;

	for (i = 0; i < w->n; i++) {
		for (k = 0; k < i && w->list[k].info.irq != w->list[i].info.irq; k++)
			;
		if (k == i && w->list[i].info.irq)
			ask_found(w, w->list[i].info.irq);
	}
}

/* Kicks of queues that are gone: another may come to have their address. */
static int forget_kicks(struct vmmio_stall_sampler *p, const struct vmmio_stall_watch *w)
{
	__u64 *now = calloc(w->n + 1, sizeof(*now));
	int map = bpf_map__fd(p->skel->maps.kicked);
	size_t i, k;

	if (!now)
		return -ENOMEM;
	for (i = 0; i < w->n; i++)
		now[i] = w->list[i].now.vq;
	for (i = 0; i < p->nknown; i++) {
		for (k = 0; k < w->n && now[k] != p->known[i]; k++)
			;
		if (k == w->n)
			bpf_map_delete_elem(map, &p->known[i]);
	}
	free(p->known);
	p->known = now;
	p->nknown = w->n;
	return 0;
}

/* Has the set of transports changed? Then all is attached anew. */
static int follow(struct vmmio_stall_sampler *p, char *why, size_t size)
{
	if (look_there() == p->there)
		return 0;
	detach(p);
	p->nknown = 0;
	return open_hooks(p, why, size);
}

int vmmio_stall_look(struct vmmio_stall_sampler *p, struct vmmio_stall_watch *w, char *why,
		     size_t size)
{
	const struct vmmio_irqs *irqs = NULL;
	struct dirent *e;
	int err;
	DIR *d;

	err = follow(p, why, size);
	if (err)
		return err;
	if (w->wants_irqs && !vmmio_irqs_now(&p->irqs))
		irqs = &p->irqs;
	d = opendir(VMMIO_VIRTIO_DEVICES);
	if (!d) {
		err = -errno;
		snprintf(why, size, VMMIO_VIRTIO_DEVICES ": %s", strerror(-err));
		return err;
	}
	p->nunseen = 0;
	vmmio_stall_watch_begin(w, vmmio_now_ns(), steal_ns(p));
	while (!err && (e = readdir(d)))
		if (e->d_name[0] != '.')
			err = look_device(p, e->d_name, w, irqs);
	closedir(d);
	if (!err && !p->no_irqs && !p->skel->bss->irqs_hooked && needs_irqs(w))
		hook_irqs(p);
	if (!err && vmmio_stall_watch_asks_found(w))
		ask_all_found(w);
	vmmio_stall_watch_end(w);
	if (!err)
		err = forget_kicks(p, w);
	if (err)
		snprintf(why, size, "%s", strerror(-err));
	return err;
}
