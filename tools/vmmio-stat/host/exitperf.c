// SPDX-License-Identifier: GPL-2.0-only
/*
 * The perf_event engine of "exits": tracepoint counters with filters, opened on every vCPU thread,
 * for kernels and users without BPF programs. The kernel counts, nothing runs per event, and
 * nothing is left when this process ends.
 *
 * It tells apart what a filter can: each known doorbell, and the classes by path. All other
 * addresses are one row. Interrupts come from threads that are no vCPUs and are not counted: they
 * are "-". A vCPU that first runs between two scans is counted from the next scan on.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "exitperf.h"

/* One counter per class and thread, in this order. */
enum {
	C_WRITES,
	C_READS_USER,
	C_READS_DONE,
	C_OUTS,
	C_INS,
	C_EXITS_MMIO,
	C_EXITS_IO,
	C_EXITS,
	C_FAST,
	C_COUNT,
};

static const struct {
	const char *event;
	const char *filter;
} classes[C_COUNT] = {
	[C_WRITES] = {"kvm_mmio", "type == 2"},
	[C_READS_USER] = {"kvm_mmio", "type == 0"},
	[C_READS_DONE] = {"kvm_mmio", "type == 1"},
	[C_OUTS] = {"kvm_pio", "rw == 1"},
	[C_INS] = {"kvm_pio", "rw == 0"},
	[C_EXITS_MMIO] = {"kvm_userspace_exit", "reason == 6 && errno == 0"},
	[C_EXITS_IO] = {"kvm_userspace_exit", "reason == 2 && errno == 0"},
	[C_EXITS] = {"kvm_userspace_exit", NULL},
	[C_FAST] = {"kvm_fast_mmio", NULL},
};

struct doorbell {
	struct vmmio_exit_key key;
	int fd;
};

struct thread {
	__u32 tid;
	__u32 vcpu_id;
	__u64 vcpu; /* identity: a reused thread id is another vCPU */
	__u64 kvm;
	size_t vm;
	int fd[C_COUNT];
	struct doorbell *doorbells;
	size_t n;
	__u64 last[C_COUNT]; /* kept when the thread is gone */
};

struct vmmio_exit_perf {
	int id[C_COUNT]; /* of the tracepoint; -1: this kernel lacks it */
	struct thread *threads;
	size_t n;
	__u64 failed; /* counters that could not be opened */
};

static int read_id(const char *event)
{
	static const char *const roots[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	char path[128];
	size_t i;
	FILE *f;
	int id = -1;

	for (i = 0; i < 2 && id < 0; i++) {
		snprintf(path, sizeof(path), "%s/events/kvm/%s/id", roots[i], event);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%d", &id) != 1)
			id = -1;
		fclose(f);
	}
	return id;
}

static int open_counter(int id, __u32 tid, const char *filter)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = id,
		.disabled = 1,
	};
	int fd;

	fd = syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if ((filter && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter)) ||
	    ioctl(fd, PERF_EVENT_IOC_ENABLE, 0)) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int vmmio_exit_perf_open(struct vmmio_exit_perf **perf, char *why, size_t size)
{
	struct rlimit files;
	struct vmmio_exit_perf *p = calloc(1, sizeof(*p));
	int i, fd;

	*perf = NULL;
	if (!p) {
		snprintf(why, size, "out of memory");
		return -ENOMEM;
	}
	for (i = 0; i < C_COUNT; i++)
		p->id[i] = read_id(classes[i].event);
	if (p->id[C_WRITES] < 0) {
		snprintf(why, size,
			 "--engine perf needs tracefs with kvm events: mount -t tracefs "
			 "tracefs /sys/kernel/tracing, as root");
		free(p);
		return -ENOENT;
	}
	fd = open_counter(p->id[C_WRITES], getpid(), NULL);
	if (fd < 0) {
		snprintf(why, size,
			 "perf_event_open is refused: %s (kernel.perf_event_paranoid, "
			 "CAP_PERFMON)",
			 strerror(-fd));
		free(p);
		return fd;
	}
	close(fd);
	/* Some ten descriptors per vCPU. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	*perf = p;
	return 0;
}

static void close_thread(struct thread *t)
{
	size_t i;

	for (i = 0; i < C_COUNT; i++)
		if (t->fd[i] >= 0)
			close(t->fd[i]);
	for (i = 0; i < t->n; i++)
		if (t->doorbells[i].fd >= 0)
			close(t->doorbells[i].fd);
	free(t->doorbells);
}

void vmmio_exit_perf_close(struct vmmio_exit_perf *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->n; i++)
		close_thread(&p->threads[i]);
	free(p->threads);
	free(p);
}

static void add_doorbell(struct vmmio_exit_perf *p, struct thread *t,
			 const struct vmmio_host_range *g)
{
	bool pio = g->bus == VMMIO_BUS_PIO;
	struct doorbell *d;
	char filter[160];
	int n;

	n = snprintf(filter, sizeof(filter),
		     pio ? "rw == 1 && port == 0x%llx" : "type == 2 && gpa == 0x%llx",
		     (unsigned long long)g->addr);
	if (g->len)
		n += snprintf(filter + n, sizeof(filter) - n,
			      pio ? " && size == %u" : " && len == %u", g->len);
	if (!g->wildcard)
		snprintf(filter + n, sizeof(filter) - n, " && val == 0x%llx",
			 (unsigned long long)g->datamatch);
	d = realloc(t->doorbells, (t->n + 1) * sizeof(*d));
	if (!d)
		return;
	t->doorbells = d;
	d = &t->doorbells[t->n];
	d->key = (struct vmmio_exit_key){
		.addr = g->addr,
		.value = g->wildcard ? VMMIO_ANY_VALUE : g->datamatch,
		.kind = pio ? VMMIO_EXIT_PIO_WRITE : VMMIO_EXIT_MMIO_WRITE,
		.path = VMMIO_PATH_KERNEL,
		.len = g->len ? g->len : 4,
	};
	d->fd = open_counter(p->id[pio ? C_OUTS : C_WRITES], t->tid, filter);
	if (d->fd < 0) {
		p->failed++;
		return;
	}
	t->n++;
}

static bool has_doorbell(const struct thread *t, const struct vmmio_host_range *g)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->doorbells[i].key.addr == g->addr &&
		    t->doorbells[i].key.value == (g->wildcard ? VMMIO_ANY_VALUE : g->datamatch))
			return true;
	return false;
}

static struct thread *thread_of(struct vmmio_exit_perf *p, const struct vmmio_host_vm *vm,
				const struct vmmio_host_vcpu *v)
{
	struct thread *t;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (p->threads[i].tid == v->tid && p->threads[i].vcpu == v->vcpu)
			return &p->threads[i];
	t = realloc(p->threads, (p->n + 1) * sizeof(*t));
	if (!t)
		return NULL;
	p->threads = t;
	t = &p->threads[p->n++];
	memset(t, 0, sizeof(*t));
	t->tid = v->tid;
	t->vcpu = v->vcpu;
	t->vcpu_id = v->id;
	t->kvm = vm->kvm;
	for (i = 0; i < C_COUNT; i++) {
		t->fd[i] = -1;
		if (p->id[i] < 0)
			continue;
		t->fd[i] = open_counter(p->id[i], v->tid, classes[i].filter);
		if (t->fd[i] < 0)
			p->failed++;
	}
	return t;
}

int vmmio_exit_perf_follow(struct vmmio_exit_perf *p, const struct vmmio_host *host,
			   const struct vmmio_exit_rows *rows)
{
	size_t i, k, g;

	for (i = 0; i < host->nvms; i++) {
		const struct vmmio_host_vm *vm = &host->vms[i];

		for (k = 0; k < vm->nvcpus; k++) {
			struct thread *t;

			if (!vm->vcpus[k].tid)
				continue;
			t = thread_of(p, vm, &vm->vcpus[k]);
			if (!t)
				return -ENOMEM;
			t->vm = vmmio_exit_rows_vm(rows, t->kvm);
			for (g = 0; g < vm->nranges; g++)
				if (vm->ranges[g].type == VMMIO_HOST_IOEVENTFD &&
				    !has_doorbell(t, &vm->ranges[g]))
					add_doorbell(p, t, &vm->ranges[g]);
		}
	}
	return 0;
}

static __u64 counter(int fd)
{
	__u64 v = 0;

	return fd >= 0 && read(fd, &v, sizeof(v)) == sizeof(v) ? v : 0;
}

static int put(struct vmmio_exit_rows *rows, const struct thread *t, __u8 kind, __u8 path,
	       __u64 addr, __u64 count)
{
	struct vmmio_exit_cell cell = {
		.key = {.addr = addr, .value = VMMIO_ANY_VALUE, .kind = kind, .path = path},
		.other = count,
	};

	return count ? vmmio_exit_rows_add(rows, t->vm, t->vcpu_id, t->tid, &cell) : 0;
}

/* A read in between two counters' reads would make a difference negative. */
static __u64 less(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

static int read_thread(struct vmmio_exit_rows *rows, struct thread *t)
{
	__u64 kicks[2] = {0}, out_user, write_user, c;
	int err = 0, i;
	size_t k;

	for (i = 0; i < C_COUNT; i++)
		t->last[i] = counter(t->fd[i]);
	for (k = 0; k < t->n && !err; k++) {
		struct vmmio_exit_cell cell = {.key = t->doorbells[k].key};

		cell.other = c = counter(t->doorbells[k].fd);
		kicks[cell.key.kind == VMMIO_EXIT_PIO_WRITE] += c;
		if (c)
			err = vmmio_exit_rows_add(rows, t->vm, t->vcpu_id, t->tid, &cell);
	}
	write_user = less(t->last[C_EXITS_MMIO], t->last[C_READS_USER]);
	/* A port read that left the kernel cannot be told from one that did not. */
	out_user = t->last[C_EXITS_IO] < t->last[C_OUTS] ? t->last[C_EXITS_IO] : t->last[C_OUTS];
	if (t->last[C_INS])
		out_user = 0;
#define PUT(...)  \
	if (!err) \
	err = put(rows, t, __VA_ARGS__)
	PUT(VMMIO_EXIT_MMIO_WRITE, VMMIO_PATH_USER, VMMIO_ANY_ADDR, write_user);
	PUT(VMMIO_EXIT_MMIO_WRITE, VMMIO_PATH_KERNEL, VMMIO_ANY_ADDR,
	    less(t->last[C_WRITES], write_user + kicks[0]));
	PUT(VMMIO_EXIT_MMIO_WRITE, VMMIO_PATH_FAST, VMMIO_ANY_ADDR, t->last[C_FAST]);
	PUT(VMMIO_EXIT_MMIO_READ, VMMIO_PATH_USER, VMMIO_ANY_ADDR, t->last[C_READS_USER]);
	PUT(VMMIO_EXIT_MMIO_READ, VMMIO_PATH_KERNEL, VMMIO_ANY_ADDR,
	    less(t->last[C_READS_DONE], t->last[C_READS_USER]));
	PUT(VMMIO_EXIT_PIO_READ, VMMIO_PATH_UNKNOWN, VMMIO_ANY_ADDR, t->last[C_INS]);
	PUT(VMMIO_EXIT_PIO_WRITE, out_user ? VMMIO_PATH_USER : VMMIO_PATH_UNKNOWN, VMMIO_ANY_ADDR,
	    out_user ? out_user : less(t->last[C_OUTS], kicks[1]));
	if (out_user)
		PUT(VMMIO_EXIT_PIO_WRITE, VMMIO_PATH_KERNEL, VMMIO_ANY_ADDR,
		    less(t->last[C_OUTS], out_user + kicks[1]));
	PUT(VMMIO_EXIT_USER, VMMIO_PATH_USER, VMMIO_ANY_ADDR,
	    less(t->last[C_EXITS], t->last[C_EXITS_MMIO] + t->last[C_EXITS_IO]));
#undef PUT
	return err;
}

int vmmio_exit_perf_read(struct vmmio_exit_perf *p, struct vmmio_exit_rows *rows)
{
	size_t i;
	int err = 0;

	rows->no_left = p->id[C_EXITS] < 0;
	vmmio_exit_rows_begin(rows);
	for (i = 0; i < p->n && !err; i++)
		err = read_thread(rows, &p->threads[i]);
	vmmio_exit_rows_resolve(rows);
	return err;
}

void vmmio_exit_perf_health(const struct vmmio_exit_perf *p, struct vmmio_exit_health *h)
{
	memset(h, 0, sizeof(*h));
	h->lost = p->failed;
	h->has_fast = p->id[C_FAST] >= 0;
	h->has_left = p->id[C_EXITS] >= 0;
	snprintf(h->missing, sizeof(h->missing),
		 "kvm_exit kvm_entry kvm_eoi kvm_set_irq kvm_msi_set_irq");
}
