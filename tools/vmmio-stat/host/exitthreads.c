// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of vCPU threads (exitthreads.h). A thread is looked up in the scan by its id and start;
 * the result stays, even when VM and thread are gone. A thread that fits two VMs belongs to
 * neither.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "exitthreads.h"
#include "vmmio/hostirq.h"

#include "host.skel.h" /* needs it */

struct thread {
	__u32 tid;
	__u32 index; /* of its table */
	__u64 start_ns;
	size_t vm; /* SIZE_MAX: not known */
	__u32 vcpu;
	bool gone; /* it was dead at the last look: its table is final */
	bool kept; /* the table's counts are here; another thread has the table now */
	struct vmmio_exit_cell *cells;
	size_t ncells;
	struct vmmio_exit_totals *totals; /* kept */
	__u64 lost;
};

/* A vCPU thread of some scan: what a thread was stays known when it is gone. */
struct known {
	__u32 tid;
	__u32 vcpu;
	__u64 start_ns;
	size_t vm;
};

struct vmmio_exit_threads {
	struct host_bpf *skel;
	struct vmmio_exit_thread *tables; /* the kernel's, mapped */
	size_t size;
	__u32 room;
	size_t *owner; /* by table: index of its thread; SIZE_MAX: not met yet */
	struct thread *v;
	size_t n;
	struct known *known;
	size_t nknown;
};

int vmmio_exit_threads_open(struct vmmio_exit_threads **threads, struct host_bpf *skel, __u32 room)
{
	struct vmmio_exit_threads *x = calloc(1, sizeof(*x));
	long page = sysconf(_SC_PAGESIZE);
	__u32 i;
	int err;

	*threads = NULL;
	if (!x)
		return -ENOMEM;
	x->skel = skel;
	x->room = room;
	x->owner = calloc(room, sizeof(*x->owner));
	if (!x->owner) {
		free(x);
		return -ENOMEM;
	}
	for (i = 0; i < room; i++)
		x->owner[i] = SIZE_MAX;
	x->size = ((size_t)room * sizeof(*x->tables) + page - 1) / page * page;
	x->tables = mmap(NULL, x->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 bpf_map__fd(skel->maps.tables), 0);
	if (x->tables == MAP_FAILED) {
		err = -errno;
		free(x->owner);
		free(x);
		return err;
	}
	*threads = x;
	return 0;
}

void vmmio_exit_threads_close(struct vmmio_exit_threads *x)
{
	size_t i;

	if (!x)
		return;
	munmap(x->tables, x->size);
	for (i = 0; i < x->n; i++) {
		free(x->v[i].cells);
		free(x->v[i].totals);
	}
	free(x->v);
	free(x->owner);
	free(x->known);
	free(x);
}

int vmmio_exit_threads_remember(struct vmmio_exit_threads *x, const struct vmmio_host *host,
				const struct vmmio_exit_rows *rows)
{
	struct known *grown;
	size_t i, k, n;

	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nvcpus; k++) {
			const struct vmmio_host_vcpu *v = &host->vms[i].vcpus[k];

			if (!v->tid || !v->start_ns)
				continue;
			for (n = 0; n < x->nknown; n++)
				if (x->known[n].tid == v->tid &&
				    x->known[n].start_ns == v->start_ns)
					break;
			if (n == x->nknown) {
				grown = realloc(x->known, (n + 1) * sizeof(*grown));
				if (!grown)
					return -ENOMEM;
				x->known = grown;
				x->nknown++;
			}
			x->known[n] = (struct known){v->tid, v->id, v->start_ns,
						     vmmio_exit_rows_vm(rows, host->vms[i].kvm)};
		}
	return 0;
}

static bool is_dead(const struct vmmio_exit_threads *x, const struct thread *t)
{
	const struct thread *o;

	if (kill(t->tid, 0) && errno == ESRCH)
		return true;
	for (o = t + 1; o < x->v + x->n; o++)
		if (o->tid == t->tid)
			return true; /* its id has another owner */
	return false;
}

static bool only_one(const struct vmmio_exit_threads *x, const struct thread *t)
{
	const struct thread *o;

	for (o = x->v; o < x->v + x->n; o++)
		if (o != t && o->tid == t->tid)
			return false;
	return true;
}

/* A vCPU whose thread is dead has only that thread's number left. */
static bool runs_on(const struct vmmio_exit_threads *x, const struct vmmio_host_vcpu *v,
		    const struct thread *t)
{
	if (v->tid != t->tid)
		return false;
	if (v->start_ns)
		return v->start_ns == t->start_ns;
	return is_dead(x, t) && only_one(x, t);
}

/* The only VM whose vCPU this thread ran; two would be a guess. */
static void attribute(const struct vmmio_exit_threads *x, struct thread *t,
		      const struct vmmio_host *host, const struct vmmio_exit_rows *rows)
{
	size_t i, k, vm = SIZE_MAX;
	__u32 vcpu = VMMIO_NO_VCPU;
	int found = 0;

	for (i = 0; i < host->nvms; i++)
		for (k = 0; k < host->vms[i].nvcpus; k++)
			if (runs_on(x, &host->vms[i].vcpus[k], t)) {
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
	for (i = 0; !found && t->vm == SIZE_MAX && i < x->nknown; i++)
		if (x->known[i].tid == t->tid && x->known[i].start_ns == t->start_ns) {
			vcpu = x->known[i].vcpu;
			vm = x->known[i].vm;
			found++;
		}
	if (found) {
		t->vm = vm;
		t->vcpu = vcpu;
	}
}

static __u32 tables_in_use(const struct vmmio_exit_threads *x)
{
	__u32 n = x->skel->bss->nr_tables;

	return n < x->room ? n : x->room;
}

/* Meets threads whose tables are new. */
static int meet(struct vmmio_exit_threads *x)
{
	__u32 i, n = tables_in_use(x);
	struct thread *t;

	for (i = 0; i < n; i++) {
		const struct vmmio_exit_thread *table = &x->tables[i];

		if (!table->start_ns || x->owner[i] != SIZE_MAX)
			continue;
		t = realloc(x->v, (x->n + 1) * sizeof(*t));
		if (!t)
			return -ENOMEM;
		x->v = t;
		x->owner[i] = x->n;
		t = &x->v[x->n++];
		memset(t, 0, sizeof(*t));
		t->tid = table->tid;
		t->index = i;
		t->start_ns = table->start_ns;
		t->vm = SIZE_MAX;
		t->vcpu = VMMIO_NO_VCPU;
	}
	return 0;
}

static int keep_cell(struct thread *t, const struct vmmio_exit_cell *cell)
{
	struct vmmio_exit_cell *c = realloc(t->cells, (t->ncells + 1) * sizeof(*c));

	if (!c)
		return -ENOMEM;
	t->cells = c;
	c[t->ncells++] = *cell;
	return 0;
}

/* What a dead thread's table had no room for. */
static int keep_spilled(struct vmmio_exit_threads *x, struct thread *t)
{
	int fd = bpf_map__fd(x->skel->maps.spilled), err = 0;
	struct vmmio_exit_spill_key key, next, *prev = NULL;
	struct vmmio_exit_cell cell;
	bool drop = false;

	while (!err && !bpf_map_get_next_key(fd, prev, &next)) {
		if (drop)
			bpf_map_delete_elem(fd, &key);
		key = next;
		prev = &key;
		drop = key.table == t->index && !bpf_map_lookup_elem(fd, &key, &cell);
		if (drop)
			err = keep_cell(t, &cell);
	}
	if (drop)
		bpf_map_delete_elem(fd, &key);
	return err;
}

void vmmio_exit_totals_of(const struct vmmio_exit_thread *table, struct vmmio_exit_totals *t)
{
	t->exits = table->exits;
	memcpy(t->user, table->user, sizeof(t->user));
	t->kvm_time = table->kvm_time;
	t->user_time = table->user_time;
	memcpy(t->vectors, table->vectors, sizeof(t->vectors));
}

int vmmio_exit_unended(const struct vmmio_exit_thread *table, struct vmmio_exit_cell *out,
		       struct vmmio_exit_totals *totals)
{
	int n = 0;

	memset(out, 0, 2 * sizeof(*out));
	if (table->open_ns) {
		out[n].key = table->open;
		out[n++].other = 1;
	}
	if (table->exit_ns) {
		out[n].key = vmmio_exit_name(table);
		out[n].left = table->user_at_ns != 0;
		out[n++].exits = 1;
	}
	if (table->eoi) {
		struct vmmio_exit_vector *v =
			&totals->vectors[(table->eoi - 1) & (VMMIO_EXIT_VECTORS - 1)];

		if (table->eoi_user)
			v->user++;
		else
			v->exit++;
	}
	return n;
}

/* Takes over what a dead thread counted, and gives its table to the next. */
static int keep(struct vmmio_exit_threads *x, struct thread *t)
{
	struct vmmio_exit_thread *table = &x->tables[t->index];
	struct vmmio_exit_cell last[2];
	__u32 index = t->index, now;
	int i, n, err = 0;

	t->totals = malloc(sizeof(*t->totals));
	if (!t->totals)
		return -ENOMEM;
	vmmio_exit_totals_of(table, t->totals);
	for (i = 0; !err && i < VMMIO_EXIT_CELLS; i++)
		if (table->cells[i].key.kind != VMMIO_EXIT_KIND_NONE)
			err = keep_cell(t, &table->cells[i]);
	n = vmmio_exit_unended(table, last, t->totals);
	for (i = 0; !err && i < n; i++)
		err = keep_cell(t, &last[i]);
	if (!err)
		err = keep_spilled(x, t);
	if (err)
		return err;
	t->lost = table->lost;
	t->kept = true;
	if (!bpf_map_lookup_elem(bpf_map__fd(x->skel->maps.threads), &t->tid, &now) && now == index)
		bpf_map_delete_elem(bpf_map__fd(x->skel->maps.threads), &t->tid);
	memset(table, 0, sizeof(*table));
	x->owner[index] = SIZE_MAX;
	bpf_map_update_elem(bpf_map__fd(x->skel->maps.vacant), NULL, &index, BPF_ANY);
	return 0;
}

/* A table is taken back one look after its thread is seen dead: it is final then. */
static int take_back(struct vmmio_exit_threads *x)
{
	size_t i;
	int err;

	for (i = 0; i < x->n; i++) {
		struct thread *t = &x->v[i];

		if (t->kept)
			continue;
		if (t->gone) {
			err = keep(x, t);
			if (err)
				return err;
		}
		t->gone = is_dead(x, t);
	}
	return 0;
}

static int add_thread(const struct vmmio_exit_threads *x, const struct thread *t,
		      struct vmmio_exit_rows *rows, bool final)
{
	const struct vmmio_exit_thread *table = &x->tables[t->index];
	const struct vmmio_exit_cell *cells = t->kept ? t->cells : table->cells;
	size_t k, n = t->kept ? t->ncells : VMMIO_EXIT_CELLS;
	struct vmmio_exit_totals totals;
	struct vmmio_exit_cell last[2];
	int i, nlast = 0, err;

	if (t->kept) {
		err = vmmio_exit_rows_add_totals(rows, t->vm, t->vcpu, t->tid, t->totals);
	} else {
		vmmio_exit_totals_of(table, &totals);
		if (final || t->gone)
			nlast = vmmio_exit_unended(table, last, &totals);
		else
			totals.exits -= table->exit_ns && totals.exits;
		err = vmmio_exit_rows_add_totals(rows, t->vm, t->vcpu, t->tid, &totals);
	}
	for (i = 0; !err && i < nlast; i++)
		err = vmmio_exit_rows_add(rows, t->vm, t->vcpu, t->tid, &last[i]);
	for (k = 0; !err && k < n; k++)
		if (cells[k].key.kind != VMMIO_EXIT_KIND_NONE)
			err = vmmio_exit_rows_add(rows, t->vm, t->vcpu, t->tid, &cells[k]);
	return err;
}

/* What did not fit a thread's own table. */
static int add_spilled(struct vmmio_exit_threads *x, struct vmmio_exit_rows *rows)
{
	int fd = bpf_map__fd(x->skel->maps.spilled), err = 0;
	struct vmmio_exit_spill_key key, next, *prev = NULL;
	struct vmmio_exit_cell cell;

	while (!err && !bpf_map_get_next_key(fd, prev, &next)) {
		const struct thread *t;

		key = next;
		prev = &key;
		if (key.table >= x->room || x->owner[key.table] == SIZE_MAX ||
		    bpf_map_lookup_elem(fd, &key, &cell))
			continue;
		t = &x->v[x->owner[key.table]];
		err = vmmio_exit_rows_add(rows, t->vm, t->vcpu, t->tid, &cell);
	}
	return err;
}

int vmmio_exit_threads_read(struct vmmio_exit_threads *x, const struct vmmio_host *host,
			    struct vmmio_exit_rows *rows, bool final)
{
	size_t i;
	int err;

	err = vmmio_exit_threads_remember(x, host, rows);
	if (!err)
		err = meet(x);
	if (err)
		return err;
	for (i = 0; i < x->n; i++)
		if (!x->v[i].kept)
			attribute(x, &x->v[i], host, rows);
	err = take_back(x);
	vmmio_exit_rows_begin(rows);
	for (i = 0; !err && i < x->n; i++)
		err = add_thread(x, &x->v[i], rows, final);
	return err ? err : add_spilled(x, rows);
}

size_t vmmio_exit_threads_vm(const void *threads, __u32 tid, __u32 *vcpu)
{
	const struct vmmio_exit_threads *x = threads;
	size_t i;

	for (i = x->n; i-- > 0;)
		if (x->v[i].tid == tid) {
			*vcpu = x->v[i].vcpu;
			return x->v[i].vm;
		}
	*vcpu = VMMIO_NO_VCPU;
	return SIZE_MAX;
}

__u64 vmmio_exit_threads_lost(const struct vmmio_exit_threads *x)
{
	__u64 lost = 0;
	size_t i;

	for (i = 0; i < x->n; i++)
		lost += x->v[i].kept ? x->v[i].lost : x->tables[x->v[i].index].lost;
	return lost;
}
