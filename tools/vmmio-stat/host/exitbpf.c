// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BPF engine of "exits": sizes, attaches and reads bpf/host.bpf.c. exitthreads.c finds the
 * owners of the threads' tables, exitirq.c those of interrupts.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "tools/vmmio-stat/source/bpf_util.h"
#include "exitsrc.h"
#include "exitthreads.h"
#include "host.skel.h"

/* Senders of interrupts, and accesses beyond what a thread's table holds. */
#define OTHERS 16384
#define OTHERS_PER_THREAD 64

struct vmmio_exit_source {
	struct host_bpf *skel;
	bool attached;
	struct vmmio_exit_threads *threads;
	__u64 misses; /* kept over detaching */
	char missing[160];
	bool has_time, has_fast, has_irqs, has_eois, has_left;
};

/* Missing on some kernels, without harm. */
static bool is_optional(const char *event)
{
	return !strncmp(event, "kvm_nested_", strlen("kvm_nested_"));
}

/* Another architecture's. */
static bool is_elsewhere(const char *event)
{
	static const char *const names[] = {
#if defined(__x86_64__)
		"kvm_irq_line",
		"vgic_update_irq_pending",
#else
		"kvm_pio",
		"kvm_fast_mmio",
		"kvm_eoi",
		"kvm_pv_eoi",
		"kvm_msr",
		"kvm_ioapic_set_irq",
		"kvm_msi_set_irq",
		"kvm_apic_ipi",
		"kvm_inj_virq",
		"kvm_apic_accept_irq",
#define NAMED(id, event, label, arg, field) #event,
		VMMIO_EXIT_NAMED(NAMED)
#endif
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], event))
			return true;
	return false;
}

static void note_missing(struct vmmio_exit_source *s, const char *event)
{
	size_t n = strlen(s->missing);

	snprintf(s->missing + n, sizeof(s->missing) - n, "%s%s", n ? " " : "", event);
}

static int attach_one(struct vmmio_exit_source *s, struct bpf_program *prog, struct bpf_link **link)
{
	const char *event = strrchr(bpf_program__section_name(prog), '/') + 1;

	if (is_elsewhere(event))
		return 0;
	*link = bpf_program__attach(prog);
	if (!*link && !is_optional(event))
		note_missing(s, event);
	return *link != NULL;
}

/*
 * kvm_exit is attached last and detached first, so that each counted exit has all other events to
 * name it. kvm_entry without kvm_exit, or the other way round, gives no durations.
 */
static int attach(struct vmmio_exit_source *s)
{
	struct bpf_object_skeleton *k = s->skel->skeleton;
	int i, attached = 0;

	/* without it an address could be taken for a dead task's */
	s->skel->links.host_free = bpf_program__attach(s->skel->progs.host_free);
	if (!s->skel->links.host_free)
		return -errno;
	for (i = 0; i < k->prog_cnt; i++)
		if (*k->progs[i].prog != s->skel->progs.host_exit &&
		    *k->progs[i].prog != s->skel->progs.host_free)
			attached += attach_one(s, *k->progs[i].prog, k->progs[i].link);
	attached += attach_one(s, s->skel->progs.host_exit, &s->skel->links.host_exit);
	s->has_time = s->skel->links.host_exit && s->skel->links.host_entry;
	s->has_fast = s->skel->links.host_fast;
	s->has_irqs = s->skel->links.host_accept || s->skel->links.host_vgic;
	s->has_eois = s->skel->links.host_eoi;
	s->has_left = s->skel->links.host_user;
	s->attached = true;
	return attached ? 0 : -ENOENT;
}

/* Doorbells of an unusual form, whose written value tells the queues apart. */
static void teach_values(struct vmmio_exit_source *s, const struct vmmio_host *host)
{
	int fd = bpf_map__fd(s->skel->maps.values);
	size_t i, k;
	__u8 one = 1;

	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nranges; k++) {
			const struct vmmio_host_range *g = &host->vms[i].ranges[k];
			__u64 addr = g->addr;

			if (g->type != VMMIO_HOST_IOEVENTFD || g->wildcard ||
			    (g->bus != VMMIO_BUS_PIO && vmmio_exit_is_doorbell(addr, g->len)))
				continue;
			if (!bpf_map_update_elem(fd, &addr, &one, BPF_NOEXIST))
				s->skel->bss->nr_values++;
		}
}

/* Room for twice the present threads. */
static __u32 thread_room(const struct vmmio_host *host)
{
	size_t i, n = 0;

	for (i = 0; i < host->nvms; i++)
		n += host->vms[i].nvcpus;
	return 2 * n + 128;
}

void vmmio_exit_bpf_size(struct host_bpf *skel, __u32 threads, __u32 others)
{
	skel->rodata->opt_room = threads;
	bpf_map__set_max_entries(skel->maps.tables, threads);
	bpf_map__set_max_entries(skel->maps.threads, threads);
	bpf_map__set_max_entries(skel->maps.vacant, threads);
	skel->rodata->opt_senders = others;
	bpf_map__set_max_entries(skel->maps.interrupts, others);
	bpf_map__set_max_entries(skel->maps.senders, others);
	bpf_map__set_max_entries(skel->maps.spilled, others);
}

int vmmio_exit_bpf_open(struct vmmio_exit_source **source, const struct vmmio_exit_how *how,
			const struct vmmio_host *host, const struct vmmio_exit_rows *rows,
			char *why, size_t size)
{
	struct vmmio_ksym sym = {"irqfd_inject"};
	struct vmmio_exit_source *s = calloc(1, sizeof(*s));
	int err;

	*source = NULL;
	if (!s) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	vmmio_bpf_quiet();
	s->skel = vmmio_bpf_open(host);
	if (!s->skel) {
		err = -errno;
		vmmio_bpf_why(why, size, "open", err);
		goto err;
	}
	vmmio_ksyms_read(&sym, 1);
	s->skel->rodata->opt_irqfd_inject = sym.addr;
	s->skel->rodata->opt_pid = how->pid;
	s->skel->rodata->opt_time_all = how->time_all;
	vmmio_exit_bpf_size(s->skel, how->room ? how->room : thread_room(host),
			    how->room ? OTHERS_PER_THREAD * how->room : OTHERS);
	err = host_bpf__load(s->skel);
	if (err) {
		vmmio_bpf_why(why, size, "load", err);
		goto err;
	}
	teach_values(s, host);
	err = vmmio_exit_threads_open(&s->threads, s->skel, s->skel->rodata->opt_room);
	if (!err)
		err = vmmio_exit_threads_remember(s->threads, host, rows);
	if (err) {
		snprintf(why, size, "cannot map the tables of threads: %s", strerror(-err));
		goto err;
	}
	err = attach(s);
	if (err) {
		vmmio_bpf_why(why, size, "attach", err);
		goto err;
	}
	*source = s;
	return 0;
err:
	vmmio_exit_bpf_close(s);
	return err;
}

void vmmio_exit_bpf_close(struct vmmio_exit_source *s)
{
	if (!s)
		return;
	vmmio_exit_threads_close(s->threads);
	host_bpf__destroy(s->skel);
	free(s);
}

int vmmio_exit_bpf_read(struct vmmio_exit_source *s, const struct vmmio_host *host,
			struct vmmio_exit_rows *rows, struct vmmio_exit_interrupts *interrupts,
			bool final)
{
	int err;

	if (final && s->attached) {
		s->misses = vmmio_bpf_misses(s->skel->obj);
		bpf_link__destroy(s->skel->links.host_exit);
		s->skel->links.host_exit = NULL;
		host_bpf__detach(s->skel);
		s->attached = false;
	}
	rows->no_left = !s->has_left;
	teach_values(s, host);
	err = vmmio_exit_threads_read(s->threads, host, rows, final);
	if (err)
		return err;
	vmmio_exit_rows_resolve(rows);
	return vmmio_exit_interrupts_read(
		interrupts, bpf_map__fd(s->skel->maps.interrupts), s->skel->bss->nr_senders,
		final ? s->skel->bss->slots : NULL, host, rows, vmmio_exit_threads_vm, s->threads);
}

int vmmio_exit_bpf_follow(struct vmmio_exit_source *s, const struct vmmio_host *host,
			  const struct vmmio_exit_rows *rows)
{
	teach_values(s, host);
	return vmmio_exit_threads_remember(s->threads, host, rows);
}

void vmmio_exit_bpf_health(struct vmmio_exit_source *s, struct vmmio_exit_health *h)
{
	memset(h, 0, sizeof(*h));
	h->lost = s->skel->bss->lost_threads + s->skel->bss->lost_interrupts +
		  vmmio_exit_threads_lost(s->threads);
	h->misses = s->attached ? vmmio_bpf_misses(s->skel->obj) : s->misses;
	h->has_time = s->has_time;
	h->has_fast = s->has_fast;
	h->has_irqs = s->has_irqs;
	h->has_eois = s->has_eois;
	h->has_left = s->has_left;
	snprintf(h->missing, sizeof(h->missing), "%s", s->missing[0] ? s->missing : "-");
}
