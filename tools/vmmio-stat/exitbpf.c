// SPDX-License-Identifier: GPL-2.0-only
/*
 * The BPF engine of "exits": attaches bpf/host.bpf.c, copies its tables, and
 * finds out whose threads and interrupts they are. A thread is looked up in
 * the scan by its id; once found, that stays, even when VM and thread are
 * gone. What fits two VMs is given to neither.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_util.h"
#include "exitsrc.h"
#include "host.skel.h"

/* One thread's table as last read. */
struct thread {
	__u32 tid;
	size_t vm; /* SIZE_MAX: not known */
	__u32 vcpu;
	bool seen; /* in this snapshot; else what is here is its last word */
	struct vmmio_exit_thread table;
};

/* A vCPU thread of some scan: what a thread was stays known when it is gone. */
struct known {
	__u32 tid;
	__u32 vcpu;
	__u64 kvm;
};

struct vmmio_exit_source {
	struct host_bpf *skel;
	bool attached;
	struct known *known;
	size_t nknown;
	struct thread *threads;
	size_t n;
	struct vmmio_exit_thread *buffer; /* for one table */
	__u64 misses;			  /* kept over detaching */
	char missing[160];
	bool has_time, has_fast;
};

static void note_missing(struct vmmio_exit_source *s, const char *event)
{
	size_t n = strlen(s->missing);

	snprintf(s->missing + n, sizeof(s->missing) - n, "%s%s", n ? " " : "", event);
}

/* kvm_entry without kvm_exit, or the other way round, gives no durations. */
static int attach(struct vmmio_exit_source *s)
{
	struct bpf_object_skeleton *k = s->skel->skeleton;
	int i, attached = 0;

	for (i = 0; i < k->prog_cnt; i++) {
		struct bpf_prog_skeleton *p = &k->progs[i];

		*p->link = bpf_program__attach(*p->prog);
		if (*p->link)
			attached++;
		else
			note_missing(s, strrchr(bpf_program__section_name(*p->prog), '/') + 1);
	}
	s->has_time = s->skel->links.host_exit && s->skel->links.host_entry;
	s->has_fast = s->skel->links.host_fast;
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

static int remember(struct vmmio_exit_source *s, const struct vmmio_host *host)
{
	struct known *grown;
	size_t i, k, n;

	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nvcpus; k++) {
			const struct vmmio_host_vcpu *v = &host->vms[i].vcpus[k];

			for (n = 0; n < s->nknown && s->known[n].tid != v->tid; n++)
				;
			if (!v->tid)
				continue;
			if (n == s->nknown) {
				grown = realloc(s->known, (n + 1) * sizeof(*grown));
				if (!grown)
					return -ENOMEM;
				s->known = grown;
				s->nknown++;
			}
			s->known[n] = (struct known){v->tid, v->id, host->vms[i].kvm};
		}
	return 0;
}

/* Room for the threads of today and as many again. */
static __u32 thread_room(const struct vmmio_host *host)
{
	size_t i, n = 0;

	for (i = 0; i < host->nvms; i++)
		n += host->vms[i].nvcpus;
	return 2 * n + 128;
}

int vmmio_exit_bpf_open(struct vmmio_exit_source **source, __u32 pid, const struct vmmio_host *host,
			char *why, size_t size)
{
	struct vmmio_ksym sym = {"irqfd_inject"};
	struct vmmio_exit_source *s = calloc(1, sizeof(*s));
	int err;

	*source = NULL;
	if (s)
		s->buffer = malloc(sizeof(*s->buffer));
	if (!s || !s->buffer) {
		free(s);
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	vmmio_bpf_quiet();
	s->skel = host_bpf__open();
	if (!s->skel) {
		err = -errno;
		vmmio_bpf_why(why, size, "open", err);
		goto err;
	}
	vmmio_ksyms_read(&sym, 1);
	s->skel->rodata->opt_irqfd_inject = sym.addr;
	s->skel->rodata->opt_pid = pid;
	s->skel->rodata->opt_time = true;
	bpf_map__set_max_entries(s->skel->maps.threads, thread_room(host));
	err = host_bpf__load(s->skel);
	if (err) {
		vmmio_bpf_why(why, size, "load", err);
		goto err;
	}
	teach_values(s, host);
	err = remember(s, host);
	if (err) {
		snprintf(why, size, "out of memory");
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
	host_bpf__destroy(s->skel);
	free(s->known);
	free(s->threads);
	free(s->buffer);
	free(s);
}

static struct thread *thread_of(struct vmmio_exit_source *s, __u32 tid, __u64 start)
{
	struct thread *t;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->threads[i].tid == tid && s->threads[i].table.start_ns == start)
			return &s->threads[i];
	t = realloc(s->threads, (s->n + 1) * sizeof(*t));
	if (!t)
		return NULL;
	s->threads = t;
	t = &s->threads[s->n++];
	t->tid = tid;
	t->vm = SIZE_MAX;
	t->vcpu = VMMIO_NO_VCPU;
	return t;
}

/* The one VM whose vCPU this thread ran; two would be a guess. */
static void attribute(const struct vmmio_exit_source *s, struct thread *t,
		      const struct vmmio_host *host, const struct vmmio_exit_rows *rows)
{
	size_t i, k, vm = SIZE_MAX;
	__u32 vcpu = VMMIO_NO_VCPU;
	int found = 0;

	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nvcpus; k++)
			if (host->vms[i].vcpus[k].tid == t->tid) {
				size_t at = vmmio_exit_rows_vm(rows, host->vms[i].kvm);

				if (found && at != vm) {
					t->vm = SIZE_MAX;
					t->vcpu = VMMIO_NO_VCPU;
					return;
				}
				/* several vCPUs of one VM on a thread: the VM is certain */
				vcpu = found ? VMMIO_NO_VCPU : host->vms[i].vcpus[k].id;
				vm = at;
				found++;
			}
	for (i = 0; !found && t->vm == SIZE_MAX && i < s->nknown; i++)
		if (s->known[i].tid == t->tid) {
			vcpu = s->known[i].vcpu;
			vm = vmmio_exit_rows_vm(rows, s->known[i].kvm);
			found++;
		}
	if (found) {
		t->vm = vm;
		t->vcpu = vcpu;
	}
}

static int read_threads(struct vmmio_exit_source *s, const struct vmmio_host *host,
			const struct vmmio_exit_rows *rows)
{
	int fd = bpf_map__fd(s->skel->maps.threads);
	__u32 tid, *prev = NULL, key;
	size_t i;

	for (i = 0; i < s->n; i++)
		s->threads[i].seen = false;
	while (!bpf_map_get_next_key(fd, prev, &tid)) {
		struct thread *t;

		key = tid;
		prev = &key;
		if (bpf_map_lookup_elem(fd, &tid, s->buffer))
			continue;
		t = thread_of(s, tid, s->buffer->start_ns);
		if (!t)
			return -ENOMEM;
		memcpy(&t->table, s->buffer, sizeof(t->table));
		t->seen = true;
		attribute(s, t, host, rows);
	}
	return 0;
}

static size_t vm_of_thread(const void *source, __u32 tid)
{
	const struct vmmio_exit_source *s = source;
	size_t i;

	for (i = s->n; i-- > 0;)
		if (s->threads[i].tid == tid)
			return s->threads[i].vm;
	return SIZE_MAX;
}

/* What did not fit a thread's own table; the newest thread of that id has it. */
static int add_spilled(struct vmmio_exit_source *s, struct vmmio_exit_rows *rows)
{
	int fd = bpf_map__fd(s->skel->maps.spilled), err = 0;
	struct vmmio_exit_spill_key key, next, *prev = NULL;
	struct vmmio_exit_cell cell;
	size_t i;

	while (!err && !bpf_map_get_next_key(fd, prev, &next)) {
		key = next;
		prev = &key;
		if (bpf_map_lookup_elem(fd, &key, &cell))
			continue;
		for (i = s->n; i-- > 0 && s->threads[i].tid != key.tid;)
			;
		if (i < s->n)
			err = vmmio_exit_rows_add(rows, s->threads[i].vm, s->threads[i].vcpu,
						  key.tid, &cell);
	}
	return err;
}

int vmmio_exit_bpf_read(struct vmmio_exit_source *s, const struct vmmio_host *host,
			struct vmmio_exit_rows *rows, struct vmmio_exit_interrupts *interrupts,
			bool final)
{
	size_t i, k;
	int err;

	if (final && s->attached) {
		s->misses = vmmio_bpf_misses(s->skel->obj);
		host_bpf__detach(s->skel);
		s->attached = false;
	}
	teach_values(s, host);
	err = remember(s, host);
	if (!err)
		err = read_threads(s, host, rows);
	if (err)
		return err;
	vmmio_exit_rows_begin(rows);
	for (i = 0; i < s->n; i++) {
		const struct thread *t = &s->threads[i];
		struct vmmio_exit_cell open = {.key = t->table.open, .count = 1};

		err = vmmio_exit_rows_add_times(rows, t->vm, t->vcpu, t->tid, &t->table.kvm_time,
						&t->table.user_time);
		if (err)
			return err;
		/* Nothing will come that could tell its path. */
		if (final && t->table.open_ns) {
			err = vmmio_exit_rows_add(rows, t->vm, t->vcpu, t->tid, &open);
			if (err)
				return err;
		}

		for (k = 0; k < VMMIO_EXIT_CELLS; k++) {
			if (t->table.cells[k].key.kind == VMMIO_EXIT_KIND_NONE)
				continue;
			err = vmmio_exit_rows_add(rows, t->vm, t->vcpu, t->tid, &t->table.cells[k]);
			if (err)
				return err;
		}
	}
	err = add_spilled(s, rows);
	if (err)
		return err;
	vmmio_exit_rows_resolve(rows);
	return vmmio_exit_interrupts_read(interrupts, bpf_map__fd(s->skel->maps.interrupts), host,
					  rows, vm_of_thread, s);
}

void vmmio_exit_bpf_health(struct vmmio_exit_source *s, struct vmmio_exit_health *h)
{
	size_t i;

	memset(h, 0, sizeof(*h));
	h->lost = s->skel->bss->lost_threads + s->skel->bss->lost_interrupts;
	for (i = 0; i < s->n; i++)
		h->lost += s->threads[i].table.lost;
	h->misses = s->attached ? vmmio_bpf_misses(s->skel->obj) : s->misses;
	h->has_time = s->has_time;
	h->has_fast = s->has_fast;
	snprintf(h->missing, sizeof(h->missing), "%s", s->missing[0] ? s->missing : "-");
}
