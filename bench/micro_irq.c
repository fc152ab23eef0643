// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt rows of `vmmio-bench micro`: from just before the host sends
 * to the first store of the guest's handler, the guest asleep in HLT and its
 * thread blocked (past the kernel's halt polling). The sender spins on a word
 * of guest memory, so no second exit is in the figure. `cpu` of these rows is
 * what sending costs the sender: the duration of the ioctl or write alone.
 */
#define _GNU_SOURCE
#include "micro.h"
#include "micro_vm.h"

#include <errno.h>
#include <signal.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define MSI_GSI 24
#define GIVE_UP_NS 1000000000ull

enum how {
	H_IRQCHIP_IOCTL,
	H_IRQCHIP_IRQFD,
	H_MSI_IOCTL,
	H_MSI_IRQFD,
	H_COUNT,
};

#define ROW(k, t, b, p)                                                                          \
	{                                                                                        \
		.key = k, .title = t, .kind = MICRO_INTERRUPT, .bus = b, .direction = "deliver", \
		.path = p                                                                        \
	}

static const struct micro_row templates[H_COUNT] = {
	[H_IRQCHIP_IOCTL] = ROW("irq_irqchip_ioctl", "irqchip line by ioctl", "irqchip", "ioctl"),
	[H_IRQCHIP_IRQFD] = ROW("irq_irqchip_irqfd", "irqchip line by irqfd", "irqchip", "irqfd"),
	[H_MSI_IOCTL] = ROW("irq_msi_ioctl", "MSI by ioctl", "msi", "ioctl"),
	[H_MSI_IRQFD] = ROW("irq_msi_irqfd", "MSI by irqfd", "msi", "irqfd"),
};

struct guest {
	struct micro_vm vm;
	int efd_irqchip, efd_msi;
	volatile int stop;
	int err; /* of the vCPU thread */
};

static uint32_t shared(const struct guest *g, uint32_t off)
{
	return __atomic_load_n((uint32_t *)(g->vm.ram + MICRO_SHARED + off), __ATOMIC_ACQUIRE);
}

static void *vcpu_thread(void *arg)
{
	struct micro_seen seen = {0};
	struct guest *g = arg;

	g->err = micro_vcpu_run(&g->vm, 0, &seen, &g->stop);
	return NULL;
}

static int send(struct guest *g, enum how how)
{
	uint64_t one = 1;

	switch (how) {
	case H_IRQCHIP_IOCTL:
		return micro_vm_irq_line(&g->vm, MICRO_GSI);
	case H_IRQCHIP_IRQFD:
		return write(g->efd_irqchip, &one, sizeof(one)) < 0 ? -errno : 0;
	case H_MSI_IOCTL:
		return micro_vm_signal_msi(&g->vm, MICRO_VEC_MSI);
	default:
		return write(g->efd_msi, &one, sizeof(one)) < 0 ? -errno : 0;
	}
}

/* Spins until word @off leaves @old. The clock is read once per 64 looks. */
static int await(const struct guest *g, uint32_t off, uint32_t old, uint64_t *when)
{
	uint64_t start = micro_now();
	unsigned int i;

	for (i = 0; shared(g, off) == old; i++) {
		if (i % 64 == 63) {
			if (micro_now() - start > GIVE_UP_NS)
				return -ETIMEDOUT;
			sched_yield(); /* where there is but one free CPU */
		}
	}
	*when = micro_now();
	return 0;
}

static int sample(struct guest *g, enum how how, long sleep_ns, double *deliver, double *cost)
{
	struct timespec ts = {.tv_nsec = sleep_ns};
	uint32_t irqs = shared(g, MICRO_SH_IRQS), armed = shared(g, MICRO_SH_ARMED);
	uint64_t t0, t1, t2;
	int err;

	nanosleep(&ts, NULL); /* past halt polling: the thread is asleep */
	t0 = micro_now();
	err = send(g, how);
	t1 = micro_now();
	if (!err)
		err = await(g, MICRO_SH_IRQS, irqs, &t2);
	if (err)
		return err;
	*deliver = t2 - t0;
	*cost = t1 - t0;
	if (shared(g, MICRO_SH_IRQS) != irqs + 1)
		return -ENOMSG;
	/* Asleep again before the next one. */
	return await(g, MICRO_SH_ARMED, armed, &t2);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int run_round(struct guest *g, enum how how, int samples, long sleep_ns,
		     struct micro_row *row, int round)
{
	double d[256], c[256];
	int i, err;

	for (i = 0; i < samples; i++) {
		err = sample(g, how, sleep_ns, &d[i], &c[i]);
		if (err)
			return err;
		row->expected++;
		row->seen++;
	}
	qsort(d, samples, sizeof(d[0]), by_value);
	qsort(c, samples, sizeof(c[0]), by_value);
	row->wall[round] = d[samples / 2];
	row->cpu[round] = c[samples / 2];
	row->rounds = round + 1;
	return 0;
}

static int start(struct guest *g, pthread_t *thread)
{
	uint64_t when;
	int err;

	err = micro_vm_route_msi(&g->vm, MSI_GSI, MICRO_VEC_MSI);
	if (err)
		return err;
	g->efd_irqchip = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->efd_msi = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (g->efd_irqchip < 0 || g->efd_msi < 0)
		return -errno;
	err = micro_vm_irqfd(&g->vm, g->efd_irqchip, MICRO_GSI);
	if (!err)
		err = micro_vm_irqfd(&g->vm, g->efd_msi, MSI_GSI);
	if (!err)
		err = micro_vcpu_prepare(&g->vm, 0, MICRO_OP_IRQ_LOOP, 0, 0, 0);
	if (err)
		return err;
	err = -pthread_create(thread, NULL, vcpu_thread, g);
	if (err)
		return err;
	return await(g, MICRO_SH_ARMED, 0, &when);
}

static void finish(struct guest *g, pthread_t thread)
{
	__atomic_store_n((uint32_t *)(g->vm.ram + MICRO_SHARED + MICRO_SH_STOP), 1,
			 __ATOMIC_RELEASE);
	send(g, H_MSI_IOCTL);
	g->stop = 1;
	/* If the guest is past help, the watchdog's signal gets the thread out. */
	while (pthread_tryjoin_np(thread, NULL) == EBUSY) {
		struct timespec ts = {.tv_nsec = 5000000};

		pthread_kill(thread, SIGALRM);
		nanosleep(&ts, NULL);
	}
}

int micro_run_interrupt(const struct micro_options *o, struct micro_result *r)
{
	struct guest g = {.efd_irqchip = -1, .efd_msi = -1};
	long sleep_ns = (r->halt_poll_ns > 0 ? r->halt_poll_ns : 200000) + 300000;
	struct micro_row *rows[H_COUNT] = {NULL};
	pthread_t thread = 0;
	volatile int *flag;
	int err, round, h;

	for (h = 0; h < H_COUNT; h++) {
		if (!micro_wanted(o->only, templates[h].key))
			continue;
		rows[h] = micro_add(r, &templates[h]);
		if (!rows[h])
			return -ENOSPC;
		rows[h]->per_round = o->irq_samples;
	}
	if (!rows[0] && !rows[1] && !rows[2] && !rows[3])
		return 0;
	micro_watchdog(0, &flag); /* installs the signal handler */
	err = micro_vm_create(&g.vm, 1, true);
	if (err)
		return err;
	err = start(&g, &thread);
	for (round = 0; !err && round < o->rounds; round++) {
		for (h = 0; h < H_COUNT; h++) {
			int k = round & 1 ? H_COUNT - 1 - h : h;

			if (!rows[k] || rows[k]->note[0])
				continue;
			err = run_round(&g, k, o->irq_samples, sleep_ns, rows[k], round);
			if (err == -ETIMEDOUT || err == -ENOMSG) {
				snprintf(rows[k]->note, sizeof(rows[k]->note), "round %d: %s",
					 round,
					 err == -ENOMSG ? "more than one interrupt was taken"
							: "no interrupt arrived");
				err = 0;
			}
		}
	}
	if (thread)
		finish(&g, thread);
	if (g.efd_irqchip >= 0)
		close(g.efd_irqchip);
	if (g.efd_msi >= 0)
		close(g.efd_msi);
	micro_vm_destroy(&g.vm);
	if (err == -ETIMEDOUT)
		for (h = 0; h < H_COUNT; h++)
			if (rows[h])
				snprintf(rows[h]->note, sizeof(rows[h]->note),
					 "the guest never went to sleep");
	return err == -ETIMEDOUT ? 0 : err;
}

void micro_keys_interrupt(FILE *f)
{
	int h;

	for (h = 0; h < H_COUNT; h++)
		fprintf(f, "%-28s %s\n", templates[h].key, templates[h].title);
}
