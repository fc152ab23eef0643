// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tiny KVM VMs on command, for the host tests: reads one command per line and
 * answers each with one line, "ok …" or "error …". A vCPU has one thread for
 * life, as in a VMM. It counts what its own loops saw and judges nothing.
 *
 *   vm [VCPUS] [noirq]                   ok VM PID FD
 *   ioeventfd VM ADDR LEN VALUE|any mmio|pio [remove]
 *   coalesce VM ADDR SIZE mmio|pio
 *   irqfd VM GSI | msi VM GSI VECTOR     (msi: the route, then the irqfd)
 *   signal VM GSI N                      N times through its irqfd
 *   line VM GSI N | message VM VECTOR N  N times by ioctl
 *   run VM VCPU OP ADDR VALUE N          ok TID writes reads pio-writes pio-reads drained
 *   start VM VCPU OP ADDR VALUE N        the same, not waited for …
 *   wait VM VCPU                         … until here
 *   here VM VCPU OP ADDR VALUE N         run, on the main thread
 *   disk VM GSI N FILE                   N times through its irqfd, by a disk's interrupt
 *   uring VM GSI N                       N times through its irqfd, by a worker of io_uring
 *   events VM                            ok sum of all eventfd counters of it
 *   backend VM ADDR                      ok TID of a thread that takes each event of it
 *   close VM
 *   quit
 *
 * OP: store32 load32 store16 out32 in32 out16 out8 in8 cpuid loop
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>

#include "bench/micro/vm.h"
#include "uring.h"

#define MAX_VMS 1024
#define MAX_EVENTFDS 64

struct job {
	int op;
	uint64_t addr;
	uint32_t value, count;
};

struct cpu {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool started, quit, busy;
	struct job job;
	struct micro_seen seen;
	int err, tid;
	struct load *vm;
	int id;
};

struct load {
	struct micro_vm vm;
	struct cpu cpu[MICRO_MAX_VCPUS];
	int efd[MAX_EVENTFDS];
	uint32_t gsi[MAX_EVENTFDS]; /* of irqfds */
	uint64_t addr[MAX_EVENTFDS];
	int nefd;
};

static struct load *vms[MAX_VMS];
static int nvms;

static void *work(void *arg)
{
	struct cpu *c = arg;

	pthread_mutex_lock(&c->lock);
	c->tid = syscall(SYS_gettid);
	for (;;) {
		while (!c->busy && !c->quit)
			pthread_cond_wait(&c->change, &c->lock);
		if (c->quit)
			break;
		pthread_mutex_unlock(&c->lock);
		memset(&c->seen, 0, sizeof(c->seen));
		c->err = micro_vcpu_prepare(&c->vm->vm, c->id, c->job.op, c->job.addr, c->job.value,
					    c->job.count);
		if (!c->err)
			c->err = micro_vcpu_run(&c->vm->vm, c->id, &c->seen, NULL);
		pthread_mutex_lock(&c->lock);
		c->busy = false;
		pthread_cond_broadcast(&c->change);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static int start_job(struct load *l, int id, const struct job *job)
{
	struct cpu *c = &l->cpu[id];
	int err = 0;

	if (!c->started) {
		pthread_mutex_init(&c->lock, NULL);
		pthread_cond_init(&c->change, NULL);
		c->vm = l;
		c->id = id;
		err = pthread_create(&c->thread, NULL, work, c);
		if (err)
			return -err;
		c->started = true;
	}
	pthread_mutex_lock(&c->lock);
	if (c->busy)
		err = -EBUSY;
	c->job = *job;
	c->busy = !err;
	pthread_cond_broadcast(&c->change);
	pthread_mutex_unlock(&c->lock);
	return err;
}

static void answer(int tid, const struct micro_seen *seen)
{
	printf("ok %d %llu %llu %llu %llu %llu\n", tid, (unsigned long long)seen->mmio_writes,
	       (unsigned long long)seen->mmio_reads, (unsigned long long)seen->pio_writes,
	       (unsigned long long)seen->pio_reads, (unsigned long long)seen->drained);
}

static int wait_job(struct load *l, int id)
{
	struct cpu *c = &l->cpu[id];

	if (!c->started)
		return -ESRCH;
	pthread_mutex_lock(&c->lock);
	while (c->busy)
		pthread_cond_wait(&c->change, &c->lock);
	pthread_mutex_unlock(&c->lock);
	if (!c->err)
		answer(c->tid, &c->seen);
	return c->err;
}

static int run_here(struct load *l, int id, const struct job *job)
{
	struct micro_seen seen = {0};
	int err;

	if (l->cpu[id].started)
		return -EBUSY;
	err = micro_vcpu_prepare(&l->vm, id, job->op, job->addr, job->value, job->count);
	if (!err)
		err = micro_vcpu_run(&l->vm, id, &seen, NULL);
	if (!err)
		answer(getpid(), &seen);
	return err;
}

static void close_vm(int i)
{
	struct load *l = vms[i];
	int k;

	for (k = 0; k < MICRO_MAX_VCPUS; k++) {
		struct cpu *c = &l->cpu[k];

		if (!c->started)
			continue;
		pthread_mutex_lock(&c->lock);
		c->quit = true;
		pthread_cond_broadcast(&c->change);
		pthread_mutex_unlock(&c->lock);
		pthread_join(c->thread, NULL);
	}
	micro_vm_destroy(&l->vm);
	for (k = 0; k < l->nefd; k++)
		close(l->efd[k]);
	free(l);
	vms[i] = NULL;
}

static int op_of(const char *name)
{
	static const struct {
		const char *name;
		int op;
	} ops[] = {
		{"store32", MICRO_OP_STORE32}, {"load32", MICRO_OP_LOAD32},
		{"store16", MICRO_OP_STORE16}, {"out32", MICRO_OP_OUT32},
		{"in32", MICRO_OP_IN32},       {"out16", MICRO_OP_OUT16},
		{"in8", MICRO_OP_IN8},	       {"cpuid", MICRO_OP_CPUID},
		{"loop", MICRO_OP_EMPTY},      {"out8", MICRO_OP_OUT8},
	};
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(name, ops[i].name))
			return ops[i].op;
	return -1;
}

static int new_eventfd(struct load *l)
{
	int fd;

	if (l->nefd == MAX_EVENTFDS)
		return -ENOSPC;
	fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	l->efd[l->nefd] = fd;
	return l->nefd++;
}

static int do_ioeventfd(struct load *l, char **w, int n)
{
	uint64_t addr = strtoull(w[2], NULL, 0);
	bool any = !strcmp(w[4], "any");
	uint32_t flags = (!strcmp(w[5], "pio") ? KVM_IOEVENTFD_FLAG_PIO : 0) |
			 (any ? 0 : KVM_IOEVENTFD_FLAG_DATAMATCH);
	int i;

	if (n == 7) {
		for (i = 0; i < l->nefd; i++)
			if (l->addr[i] == addr)
				return micro_vm_ioeventfd(&l->vm, l->efd[i], addr, atoi(w[3]),
							  any ? 0 : strtoull(w[4], NULL, 0),
							  flags | KVM_IOEVENTFD_FLAG_DEASSIGN);
		return -ENOENT;
	}
	i = new_eventfd(l);
	if (i < 0)
		return i;
	l->addr[i] = addr;
	return micro_vm_ioeventfd(&l->vm, l->efd[i], addr, atoi(w[3]),
				  any ? 0 : strtoull(w[4], NULL, 0), flags);
}

static int do_signal(struct load *l, uint32_t gsi, int times, bool by_worker, const char *file)
{
	uint64_t one = 1;
	int i, k, err;

	for (i = 0; i < l->nefd; i++) {
		if (l->gsi[i] != gsi)
			continue;
		for (k = 0; k < times; k++) {
			err = 0;
			if (file)
				err = disk_signal(l->efd[i], file);
			else if (by_worker)
				err = uring_write(l->efd[i], one);
			else if (write(l->efd[i], &one, sizeof(one)) != sizeof(one))
				err = -errno;
			if (err)
				return err;
			usleep(30000); /* a kworker sends it: two in one go would be one */
		}
		return 0;
	}
	return -ENOENT;
}

static int do_irqfd(struct load *l, char **w, bool msi)
{
	uint32_t gsi = strtoul(w[2], NULL, 0);
	int i, err = 0;

	if (msi)
		err = micro_vm_route_msi(&l->vm, gsi, strtoul(w[3], NULL, 0));
	if (err)
		return err;
	i = new_eventfd(l);
	if (i < 0)
		return i;
	l->gsi[i] = gsi;
	return micro_vm_irqfd(&l->vm, l->efd[i], gsi);
}

/* What a VMM's device thread does: sleep until there is an event. */
static volatile int backend_tid;

static void *backend(void *arg)
{
	struct pollfd p = {.fd = *(int *)arg, .events = POLLIN};
	uint64_t v;

	__atomic_store_n(&backend_tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (poll(&p, 1, -1) == 1 && read(p.fd, &v, sizeof(v)) == sizeof(v))
		;
	return NULL;
}

static int do_backend(struct load *l, uint64_t addr)
{
	pthread_t thread;
	int i;

	for (i = 0; i < l->nefd; i++)
		if (l->addr[i] == addr) {
			int tid, err;

			backend_tid = 0;
			err = pthread_create(&thread, NULL, backend, &l->efd[i]);
			if (err)
				return -err;
			while (!(tid = __atomic_load_n(&backend_tid, __ATOMIC_ACQUIRE)))
				usleep(1000);
			printf("ok %d\n", tid);
			return 1;
		}
	return -ENOENT;
}

static int new_vm(int vcpus, bool irqchip)
{
	struct load *l;
	int err;

	if (nvms == MAX_VMS)
		return -ENOSPC;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	err = micro_vm_create(&l->vm, vcpus, irqchip);
	if (err) {
		free(l);
		return err;
	}
	vms[nvms] = l;
	printf("ok %d %d %d\n", nvms++, getpid(), l->vm.fd);
	return 1;
}

/* 0: answer "ok"; 1: answered; -errno. */
static int command(char **w, int n)
{
	struct load *l = NULL;
	int i, err = 0, cpu = 0, times = 0;
	struct job job;

	if (!strcmp(w[0], "vm"))
		return new_vm(n > 1 ? atoi(w[1]) : 1, n < 3);
	if (n >= 2 && atoi(w[1]) >= 0 && atoi(w[1]) < nvms)
		l = vms[atoi(w[1])];
	if (!l)
		return -ENODEV;
	if (n >= 3)
		cpu = atoi(w[2]) & (MICRO_MAX_VCPUS - 1);
	if ((!strcmp(w[0], "run") || !strcmp(w[0], "start") || !strcmp(w[0], "here")) && n == 7) {
		job = (struct job){op_of(w[3]), strtoull(w[4], NULL, 0), strtoul(w[5], NULL, 0),
				   strtoul(w[6], NULL, 0)};
		if (job.op < 0 || cpu >= l->vm.nr_vcpus)
			return -EINVAL;
		err = w[0][0] == 'h' ? run_here(l, cpu, &job) : start_job(l, cpu, &job);
		if (w[0][0] == 'h')
			return err ? err : 1;
		if (err || w[0][0] == 's')
			return err;
		err = wait_job(l, cpu);
		return err ? err : 1;
	}
	if (!strcmp(w[0], "wait") && n == 3) {
		err = wait_job(l, cpu);
		return err ? err : 1;
	}
	if (!strcmp(w[0], "ioeventfd") && n >= 6)
		return do_ioeventfd(l, w, n);
	if (!strcmp(w[0], "coalesce") && n == 5)
		return micro_vm_coalesce(&l->vm, strtoull(w[2], NULL, 0), atoi(w[3]),
					 !strcmp(w[4], "pio"));
	if (!strcmp(w[0], "backend") && n == 3)
		return do_backend(l, strtoull(w[2], NULL, 0));
	if (!strcmp(w[0], "irqfd") && n == 3)
		return do_irqfd(l, w, false);
	if (!strcmp(w[0], "msi") && n == 4)
		return do_irqfd(l, w, true);
	if ((!strcmp(w[0], "signal") || !strcmp(w[0], "uring")) && n == 4)
		return do_signal(l, strtoul(w[2], NULL, 0), atoi(w[3]), w[0][0] == 'u', NULL);
	if (!strcmp(w[0], "disk") && n == 5)
		return do_signal(l, strtoul(w[2], NULL, 0), atoi(w[3]), false, w[4]);
	if (n == 4)
		times = atoi(w[3]);
	if (!strcmp(w[0], "line") && n == 4) {
		for (i = 0; !err && i < times; i++)
			err = micro_vm_irq_line(&l->vm, strtoul(w[2], NULL, 0));
		return err;
	}
	if (!strcmp(w[0], "message") && n == 4) {
		for (i = 0; !err && i < times; i++)
			err = micro_vm_signal_msi(&l->vm, strtoul(w[2], NULL, 0));
		return err;
	}
	if (!strcmp(w[0], "events")) {
		uint64_t sum = 0, v;

		for (i = 0; i < l->nefd; i++)
			if (read(l->efd[i], &v, sizeof(v)) == sizeof(v))
				sum += v;
		printf("ok %llu\n", (unsigned long long)sum);
		return 1;
	}
	if (!strcmp(w[0], "close")) {
		close_vm(atoi(w[1]));
		return 0;
	}
	return -EINVAL;
}

int main(void)
{
	char line[256];

	/* No stray VM outlives its test. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		char *w[8], *save = NULL, *p;
		int n = 0, ret;

		for (p = strtok_r(line, " \n", &save); p && n < 8; p = strtok_r(NULL, " \n", &save))
			w[n++] = p;
		if (!n)
			continue;
		if (!strcmp(w[0], "quit"))
			break;
		ret = command(w, n);
		if (ret < 0)
			printf("error %s: %s\n", w[0], strerror(-ret));
		else if (!ret)
			printf("ok\n");
	}
	return 0;
}
