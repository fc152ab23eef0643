// SPDX-License-Identifier: GPL-2.0-only
/* See bpfring.h. Long because it also learns the layout of a record from the kernel's text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <tracefs.h>

#include "bpfring.h"
#include "pager.h"
#include "record.h"
#include "record.skel.h"
#include "recordcast.skel.h"
#include "tools/vmmio-stat/core/regtable.h"
#include "tools/vmmio-stat/source/bpf_util.h"
#include "tools/vmmio-stat/source/event_fields.h"
#include "tools/vmmio-stat/source/trace_format.h"

#define PAGES 64  /* of a CPU, before they are handed out */
#define BATCH 128 /* events: what was read of them is still near when they are put down */
#define AHEAD 16
#define RUNS 12
#define NO_IRQ_STATE 2 /* TRACE_FLAG_IRQS_NOSUPPORT of common_flags: it is not known */
#define COMMON 8       /* bytes of the fields that all records have */
#define RECORD_MAX 128 /* bytes of a record, a register's name with it */
#define COMMON_FIELDS "common_"

/* Which part of an event goes where in its record. */
struct kind {
	__u16 id;
	__u16 size;    /* of the record, without a name */
	__u16 name_at; /* where the place of a register's name stands; 0: there is none */
	__u16 reg_at;  /* the register, in the event */
	bool whole;    /* the event's struct as it is, behind the fields that all records have */
	int nruns;
	struct {
		__u16 to, from, n;
	} runs[RUNS];
};

struct cpu {
	int fd; /* -1: no ring */
	struct vmmio_record_ring *ring;
	struct vmmio_pager pager;
	__u64 read, unread;
};

struct vmmio_bpfring {
	struct record_bpf *skel;
	struct vmmio_bpfring_opts opts;
	struct kind kinds[VMMIO_RECORD_KINDS];
	__u64 mask;
	size_t bytes; /* of a ring */
	size_t name_sizes[VMMIO_REG_COUNT +
			  1]; /* of registers, with their ends; of no register's */
	struct cpu *cpus;
	int ncpus;
};

#define NAME(name, type) #name,
static const char *const events[VMMIO_RECORD_KINDS] = {VMMIO_TRACEPOINTS(NAME)};

/* Fields that a record has besides those of all records. */
static int count_fields(const char *text)
{
	const char *end, *at = text;
	int n = 0;

	while ((at = strstr(at, "\tfield:"))) {
		end = at + strcspn(at, ";\n");
		n += !memmem(at, (size_t)(end - at), COMMON_FIELDS, strlen(COMMON_FIELDS));
		at = end;
	}
	return n;
}

static int add_run(struct kind *k, const struct trace_field *f, const struct trace_place *place)
{
	int last = k->nruns - 1;

	if (place->size != f->size || place->at + place->size > RECORD_MAX)
		return -EPROTO;
	if (place->at + place->size > k->size)
		k->size = (__u16)(place->at + place->size);
	if (last >= 0 && k->runs[last].to + k->runs[last].n == (int)place->at &&
	    k->runs[last].from + k->runs[last].n == f->to) {
		k->runs[last].n += f->size;
		return 0;
	}
	if (k->nruns == RUNS)
		return -EPROTO;
	k->runs[k->nruns].to = (__u16)place->at;
	k->runs[k->nruns].from = f->to;
	k->runs[k->nruns++].n = f->size;
	return 0;
}

/* From the kernel's text of an event; it must be what we know, no more and no less. */
static int learn_kind(struct kind *k, const struct trace_field *f, const char *text)
{
	struct trace_place place;
	int n = count_fields(text), err = trace_format_id(text, &k->id);

	k->size = COMMON;
	for (; !err && f->name; f++, n--) {
		err = trace_format_field(text, f->name, &place);
		if (!err)
			err = add_run(k, f, &place);
	}
	k->whole = k->nruns == 1 && k->runs[0].to == COMMON && !k->runs[0].from;
	if (!err && n == 1 && !trace_format_field(text, "name", &place)) {
		if (!place.text || place.size != sizeof(__u32) ||
		    place.at + place.size > RECORD_MAX)
			return -EPROTO;
		k->name_at = (__u16)place.at;
		k->reg_at = offsetof(struct vmmio_ev_reg, reg);
		if (place.at + place.size > k->size)
			k->size = (__u16)(place.at + place.size);
		n--;
	}
	if (!err && n)
		err = -EPROTO;
	return err == -ENOENT ? -EPROTO : err;
}

static int learn_kinds(struct vmmio_bpfring *b, char *why, size_t size)
{
	char *text;
	int i, err;

	for (i = 0; i < VMMIO_RECORD_KINDS; i++) {
		errno = 0;
		text = tracefs_event_file_read(NULL, "vmmio", events[i], "format", NULL);
		if (!text)
			return errno ? -errno : -ENOENT;
		err = learn_kind(&b->kinds[i], vmmio_event_fields(events[i]), text);
		free(text);
		if (err) {
			snprintf(why, size,
				 "the module's event %s is another one than this program's",
				 events[i]);
			return err;
		}
	}
	return 0;
}

static int create_ring(const struct vmmio_bpfring *b)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "vmmio_record", sizeof(__u32), (__u32)b->bytes,
				1, &opts);

	return fd < 0 ? -errno : fd;
}

static bool is_online(int cpu)
{
	char path[64], c = '1';
	FILE *f;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d", cpu);
	if (access(path, F_OK))
		return false;
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	f = fopen(path, "re"); /* one that cannot go has no such file */
	if (!f)
		return true;
	if (fread(&c, 1, 1, f) != 1)
		c = '0';
	fclose(f);
	return c == '1';
}

static int add_ring(struct vmmio_bpfring *b, int cpu)
{
	struct cpu *c = &b->cpus[cpu];
	int fd = create_ring(b), err;
	__u32 key = (__u32)cpu;

	if (fd < 0)
		return fd;
	c->pager = (struct vmmio_pager){
		.page_size = b->opts.page_size,
		.long_size = b->opts.long_size,
		.room = PAGES,
		.pages = malloc(PAGES * b->opts.page_size + VMMIO_RECORD_EVENT),
	};
	c->ring = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	err = c->ring == MAP_FAILED ? -errno : c->pager.pages ? 0 : -ENOMEM;
	if (!err && bpf_map_update_elem(bpf_map__fd(b->skel->maps.rings), &key, &fd, 0))
		err = -errno;
	if (!err) {
		c->fd = fd;
		return 0;
	}
	if (c->ring != MAP_FAILED)
		munmap(c->ring, b->bytes);
	c->ring = NULL;
	free(c->pager.pages);
	c->pager.pages = NULL;
	close(fd);
	return err;
}

int vmmio_bpfring_grow(struct vmmio_bpfring *b)
{
	int i, err = 0;

	for (i = 0; !err && i < b->ncpus; i++)
		if (b->cpus[i].fd < 0 && is_online(i))
			err = add_ring(b, i);
	return err;
}

/* recordcast is made of the same source: both skeletons are laid out in the same way. */
_Static_assert(sizeof(struct recordcast_bpf) == sizeof(struct record_bpf) &&
		       offsetof(struct recordcast_bpf, rodata) ==
			       offsetof(struct record_bpf, rodata) &&
		       offsetof(struct recordcast_bpf, links) == offsetof(struct record_bpf, links),
	       "the skeleton of record");

/* Not asked of the kernel's types, which take long to read. */
static bool has_cast(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname u;

	return !uname(&u) && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 2));
}

static int load_one(struct vmmio_bpfring *b, bool cast)
{
	int model, err;

	b->skel = cast ? (struct record_bpf *)vmmio_bpf_open(recordcast) : vmmio_bpf_open(record);
	if (!b->skel)
		return -errno;
	b->skel->rodata->opt_mask = b->mask;
	model = create_ring(b);
	if (model < 0)
		return model;
	err = bpf_map__set_inner_map_fd(b->skel->maps.rings, model);
	if (!err)
		err = bpf_map__set_max_entries(b->skel->maps.rings, (__u32)b->ncpus);
	if (!err)
		err = record_bpf__load(b->skel);
	close(model);
	return err;
}

static int load(struct vmmio_bpfring *b)
{
	if (has_cast()) {
		if (!load_one(b, true))
			return 0;
		record_bpf__destroy(b->skel);
		b->skel = NULL;
	}
	return load_one(b, false);
}

static int open_ring(struct vmmio_bpfring *b, char *why, size_t size)
{
	__u64 places = 4 * VMMIO_RECORD_NESTED,
	      most = b->opts.kib * 1024ull / sizeof(struct vmmio_record_place);
	const char *step = "load";
	int i, err;

	while (places * 2 <= most)
		places *= 2;
	b->mask = places - 1;
	b->bytes = sizeof(struct vmmio_record_ring) + places * sizeof(struct vmmio_record_place);
	b->ncpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	b->cpus = b->ncpus > 0 ? calloc((size_t)b->ncpus, sizeof(*b->cpus)) : NULL;
	if (!b->cpus)
		return -ENOMEM;
	for (i = 0; i < b->ncpus; i++)
		b->cpus[i].fd = -1;
	err = learn_kinds(b, why, size);
	if (err)
		return err;
	vmmio_bpf_quiet();
	err = load(b);
	if (!err)
		err = vmmio_bpfring_grow(b);
	if (!err) {
		step = "attach";
		err = record_bpf__attach(b->skel);
	}
	if (err)
		vmmio_bpf_why(why, size, step, err);
	return err;
}

int vmmio_bpfring_open(struct vmmio_bpfring **ring, const struct vmmio_bpfring_opts *opts,
		       char *why, size_t size)
{
	struct vmmio_bpfring *b = calloc(1, sizeof(*b));
	int i, err;

	if (!b)
		return -ENOMEM;
	b->opts = *opts;
	for (i = 0; i < VMMIO_REG_COUNT; i++)
		b->name_sizes[i] = strlen(vmmio_regs[i].name) + 1;
	b->name_sizes[i] = sizeof("?");
	snprintf(why, size, "cannot record by BPF");
	err = open_ring(b, why, size);
	if (err)
		vmmio_bpfring_close(b);
	else
		*ring = b;
	return err;
}

void vmmio_bpfring_close(struct vmmio_bpfring *b)
{
	int i;

	if (!b)
		return;
	record_bpf__destroy(b->skel);
	for (i = 0; b->cpus && i < b->ncpus; i++) {
		if (b->cpus[i].fd < 0)
			continue;
		munmap(b->cpus[i].ring, b->bytes);
		close(b->cpus[i].fd);
		free(b->cpus[i].pager.pages);
	}
	free(b->cpus);
	free(b);
}

void vmmio_bpfring_switch(struct vmmio_bpfring *b, bool on)
{
	__atomic_store_n(&b->skel->bss->recording, on, __ATOMIC_SEQ_CST);
}

int vmmio_bpfring_cpus(const struct vmmio_bpfring *b)
{
	return b->ncpus;
}

bool vmmio_bpfring_is_due(const struct vmmio_bpfring *b, int cpu)
{
	const struct vmmio_record_ring *r = b->cpus[cpu].ring;

	return r && __atomic_load_n(&r->head, __ATOMIC_RELAXED) - r->tail >= (b->mask + 1) / 8;
}

static struct vmmio_record_place *place_of(const struct vmmio_bpfring *b,
					   struct vmmio_record_ring *r, __u64 n)
{
	return &r->places[n & b->mask];
}

/* Is event @n written? */
static bool is_there(const struct vmmio_bpfring *b, struct vmmio_record_ring *r, __u64 n)
{
	return __atomic_load_n(&place_of(b, r, n)->number, __ATOMIC_ACQUIRE) == n + 1;
}

/* Where an event of @ns goes among @n in order: behind those that are not later. */
static size_t place_in_order(const struct vmmio_record_place *const *of, size_t n, __u64 ns)
{
	size_t from = 0, to = n, at;

	while (from < to) {
		at = from + (to - from) / 2;
		if (of[at]->ns > ns)
			to = at;
		else
			from = at + 1;
	}
	return from;
}

/*
 * The next events of a CPU in the order of their times: an event whose place was reserved
 * inside another's is the earlier one, and both are written before any later one of theirs
 * is taken. Returns how many; they are at @of.
 */
static size_t take_batch(const struct vmmio_bpfring *b, struct vmmio_record_ring *r,
			 const struct vmmio_record_place **of)
{
	size_t n, i;

	for (n = 0; n < BATCH + VMMIO_RECORD_NESTED && is_there(b, r, r->tail + n); n++) {
		const struct vmmio_record_place *p = place_of(b, r, r->tail + n);

		/* the other CPU wrote it: it is far away */
		__builtin_prefetch(place_of(b, r, r->tail + n + AHEAD));
		/* a batch ends where what follows is later */
		if (n >= BATCH && p->ns >= of[n - 1]->ns)
			break;
		i = n;
		if (n && of[n - 1]->ns > p->ns) {
			i = place_in_order(of, n, p->ns);
			memmove(of + i + 1, of + i, (n - i) * sizeof(of[0]));
		}
		of[i] = p;
	}
	return n;
}

/* A register's name, which goes behind the record; with its end. */
static const char *name_of(const struct vmmio_bpfring *b, const struct kind *k,
			   const struct vmmio_record_place *p, size_t *size)
{
	__u16 reg;

	memcpy(&reg, p->event + k->reg_at, sizeof(reg));
	reg = reg < VMMIO_REG_COUNT ? reg : VMMIO_REG_COUNT;
	*size = b->name_sizes[reg];
	return reg < VMMIO_REG_COUNT ? vmmio_regs[reg].name : "?";
}

static void hand_out(struct vmmio_bpfring *b, int cpu)
{
	struct vmmio_pager *pager = &b->cpus[cpu].pager;

	b->opts.take(b->opts.data, cpu, pager->pages, pager->full);
	vmmio_pager_restart(pager);
}

static int put(struct vmmio_bpfring *b, int cpu, const struct vmmio_record_place *p)
{
	struct vmmio_pager *pager = &b->cpus[cpu].pager;
	const struct kind *k = &b->kinds[p->kind];
	const __u64 common = k->id | NO_IRQ_STATE << 16 | (__u64)p->pid << 32;
	const char *name = NULL;
	size_t named = 0;
	char *record;
	int i;

	if (k->name_at)
		name = name_of(b, k, p, &named);
	record = vmmio_pager_add(pager, p->ns, k->size + named);
	if (!record) {
		hand_out(b, cpu);
		record = vmmio_pager_add(pager, p->ns, k->size + named);
		if (!record)
			return -EIO;
	}
	if (k->whole) {
		/* more than there is, at a size that is known: what follows is written later */
		memcpy(record + COMMON, p->event, sizeof(p->event));
	} else {
		memset(record, 0, k->size);
		for (i = 0; i < k->nruns; i++)
			memcpy(record + k->runs[i].to, p->event + k->runs[i].from, k->runs[i].n);
	}
	memcpy(record, &common, sizeof(common));
	if (name) {
		memcpy(record + k->name_at, &(__u32){(__u32)named << 16 | k->size}, sizeof(__u32));
		memcpy(record + k->size, name, named);
	}
	return 0;
}

#define END_TRIES 100 /* milliseconds that an event that is being written may take at the end */

int vmmio_bpfring_drain(struct vmmio_bpfring *b, int cpu, bool end)
{
	const struct timespec tick = {.tv_nsec = 1000000};
	const struct vmmio_record_place *of[BATCH + VMMIO_RECORD_NESTED];
	struct cpu *c = &b->cpus[cpu];
	struct vmmio_record_ring *r = c->ring;
	__u64 until;
	int err = 0, tries = 0;
	size_t n, i;

	if (!r)
		return 0;
	/* what comes meanwhile is for the next time: other CPUs wait */
	until = __atomic_load_n(&r->head, __ATOMIC_RELAXED);
	while (!err && (__s64)(until - r->tail) > 0) {
		n = take_batch(b, r, of);
		if (!n && (!end || ++tries > END_TRIES))
			break; /* the next one is still being written */
		if (!n)
			nanosleep(&tick, NULL);
		for (i = 0; !err && i < n; i++) {
			if (of[i]->kind < VMMIO_RECORD_KINDS) {
				err = put(b, cpu, of[i]);
				c->read++;
			} else if (of[i]->kind == VMMIO_RECORD_KINDS) {
				c->unread++;
			} else {
				err = -EIO;
			}
		}
		__atomic_store_n(&r->tail, r->tail + n, __ATOMIC_RELEASE);
	}
	if (end)
		vmmio_pager_end(&c->pager);
	if (c->pager.full)
		hand_out(b, cpu);
	return err;
}

void vmmio_bpfring_count(const struct vmmio_bpfring *b, int cpu, __u64 *read, __u64 *lost)
{
	const struct cpu *c = &b->cpus[cpu];
	const struct vmmio_record_ring *r = c->ring;

	*read = c->read;
	*lost = c->unread + (r ? __atomic_load_n(&r->lost, __ATOMIC_RELAXED) : 0);
	if (r && !b->skel->bss->recording) /* what is not written by now is not taken any more */
		*lost += __atomic_load_n(&r->head, __ATOMIC_RELAXED) - r->tail;
}

__u64 vmmio_bpfring_missed(const struct vmmio_bpfring *b)
{
	return b->skel->bss->homeless + vmmio_bpf_misses(b->skel->obj);
}

char *vmmio_bpfring_tasks(const struct vmmio_bpfring *b)
{
	int fd = bpf_map__fd(b->skel->maps.comms);
	char comm[VMMIO_RECORD_COMM + 1] = "", *text = NULL;
	__u32 pid, *last = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	while (!bpf_map_get_next_key(fd, last, &pid)) {
		last = &pid;
		if (!bpf_map_lookup_elem(fd, &pid, comm))
			fprintf(out, "%u %s\n", pid, comm);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}
