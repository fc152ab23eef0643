// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt rows of `vmmio-bench micro`: from just before the host sends
 * to the first store of the guest's handler, the guest asleep in HLT and its
 * thread blocked (halt polling off, or waited out). The sender spins on a word
 * of guest memory, so no second exit is in the figure. The baseline is the
 * same without a guest: an eventfd wakes a thread. `cpu` is what the vCPU's
 * thread spent per interrupt, up to its next sleep, and the sender on sending;
 * a kworker in between is in no thread's account but the kernel's.
 */
#define _GNU_SOURCE
#include "micro.h"
#include "vm.h"
#include "lib/clock.h"

#include <errno.h>
#include <signal.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MSI_GSI 24
#define GIVE_UP_NS 1000000000ull

enum how {
	H_IRQCHIP_IOCTL,
	H_IRQCHIP_IRQFD,
	H_MSI_IOCTL,
	H_MSI_IRQFD,
	H_WAKE, /* no interrupt: the baseline */
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
	[H_WAKE] = {.key = "irq_wake",
		    .title = "thread woken by eventfd, no guest",
		    .kind = MICRO_INTERRUPT,
		    .bus = "none",
		    .direction = "deliver",
		    .path = "eventfd",
		    .baseline = true},
};

struct guest {
	struct micro_vm vm;
	int efd_irqchip, efd_msi, efd_wake;
	volatile int stop;
	int err;	  /* of the vCPU thread */
	uint32_t wake[2]; /* the baseline's words: taken, asleep */
	pthread_t vcpu, waked;
	bool has_vcpu, has_waked;
	bool no_polling; /* halt polling is off for this VM */
};

/* The two words that a sample watches: taken, and about to sleep. */
static uint32_t *word(struct guest *g, enum how how, bool asleep)
{
	if (how == H_WAKE)
		return &g->wake[asleep];
	return (uint32_t *)(g->vm.ram + MICRO_SHARED + (asleep ? MICRO_SH_ARMED : MICRO_SH_IRQS));
}

static uint32_t value(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void *waked_thread(void *arg)
{
	struct guest *g = arg;
	uint64_t n;

	do {
		__atomic_fetch_add(&g->wake[1], 1, __ATOMIC_RELEASE);
		if (read(g->efd_wake, &n, sizeof(n)) != sizeof(n))
			break;
		__atomic_fetch_add(&g->wake[0], 1, __ATOMIC_RELEASE);
	} while (!g->stop);
	return NULL;
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
	case H_MSI_IRQFD:
		return write(g->efd_msi, &one, sizeof(one)) < 0 ? -errno : 0;
	default:
		return write(g->efd_wake, &one, sizeof(one)) < 0 ? -errno : 0;
	}
}

/* Spins until @word leaves @old. The clock is read once per 64 looks. */
static int await(const uint32_t *word, uint32_t old, uint64_t *when)
{
	uint64_t start = vmmio_now_ns();
	unsigned int i;

	for (i = 0; value(word) == old; i++) {
		if (i % 64 == 63) {
			if (vmmio_now_ns() - start > GIVE_UP_NS)
				return -ETIMEDOUT;
			sched_yield(); /* where there is but one free CPU */
		}
	}
	*when = vmmio_now_ns();
	return 0;
}

struct sample {
	double deliver, send, send_cpu;
};

static int sample(struct guest *g, enum how how, long sleep_ns, struct sample *x)
{
	uint32_t *taken = word(g, how, false), *asleep = word(g, how, true);
	uint32_t irqs = value(taken), armed = value(asleep);
	struct timespec ts = {.tv_nsec = sleep_ns};
	uint64_t c0, c1, t0, t1, t2;
	bool arrived;
	int err;

	nanosleep(&ts, NULL); /* the thread is asleep by now */
	c0 = micro_thread_cpu();
	t0 = vmmio_now_ns();
	err = send(g, how);
	t1 = vmmio_now_ns();
	arrived = value(taken) != irqs;
	c1 = micro_thread_cpu();
	if (!err)
		err = await(taken, irqs, &t2);
	if (err)
		return err;
	x->deliver = (arrived ? t1 : t2) - t0;
	x->send = t1 - t0;
	x->send_cpu = c1 - c0;
	if (value(taken) != irqs + 1)
		return -ENOMSG;
	/* Asleep again before the next one. */
	return await(asleep, armed, &t2);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static uint64_t cpu_of(pthread_t thread)
{
	struct timespec ts;
	clockid_t clock;

	if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &ts))
		return 0;
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

#define MOST_SAMPLES 256

static int try_round(struct guest *g, enum how how, int samples, long sleep_ns,
		     struct micro_row *row, int round, bool *clean)
{
	pthread_t thread = how == H_WAKE ? g->waked : g->vcpu;
	double deliver[MOST_SAMPLES], send[MOST_SAMPLES], cpu = 0;
	struct micro_noise noise;
	struct sample x;
	uint64_t spent;
	int i, err;

	if (samples > MOST_SAMPLES)
		return -E2BIG;
	micro_noise_start(&noise);
	spent = cpu_of(thread);
	for (i = 0; i < samples; i++) {
		err = sample(g, how, sleep_ns, &x);
		if (err)
			return err;
		deliver[i] = x.deliver;
		send[i] = x.send;
		cpu += x.send_cpu;
		row->expected++;
		row->seen++;
	}
	cpu += cpu_of(thread) - spent;
	micro_noise_end(&noise);
	qsort(deliver, samples, sizeof(deliver[0]), by_value);
	qsort(send, samples, sizeof(send[0]), by_value);
	/* A thread that polls for its next interrupt works for none. */
	if (!g->no_polling && how != H_WAKE)
		cpu = NAN;
	*clean = micro_round_keep(row, round, deliver[samples / 2], cpu / samples,
				  send[samples / 2], noise.any);
	return 0;
}

static int run_round(struct guest *g, enum how how, int samples, long sleep_ns,
		     struct micro_row *row, int round)
{
	bool clean = false;
	int i, err = 0;

	for (i = 0; !err && !clean && i < MICRO_TRIES; i++)
		err = try_round(g, how, samples, sleep_ns, row, round, &clean);
	return err;
}

static int start(struct guest *g)
{
	struct kvm_enable_cap polling = {.cap = KVM_CAP_HALT_POLL, .args = {0}};
	uint64_t when;
	int err;

	g->no_polling = !ioctl(g->vm.fd, KVM_ENABLE_CAP, &polling);
	err = micro_vm_route_msi(&g->vm, MSI_GSI, MICRO_VEC_MSI);
	if (err)
		return err;
	g->efd_irqchip = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->efd_msi = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	g->efd_wake = eventfd(0, EFD_CLOEXEC);
	if (g->efd_irqchip < 0 || g->efd_msi < 0 || g->efd_wake < 0)
		return -errno;
	err = micro_vm_irqfd(&g->vm, g->efd_irqchip, MICRO_GSI);
	if (!err)
		err = micro_vm_irqfd(&g->vm, g->efd_msi, MSI_GSI);
	if (!err)
		err = micro_vcpu_prepare(&g->vm, 0, MICRO_OP_IRQ_LOOP, 0, 0, 0);
	if (!err)
		err = -pthread_create(&g->waked, NULL, waked_thread, g);
	if (err)
		return err;
	g->has_waked = true;
	err = -pthread_create(&g->vcpu, NULL, vcpu_thread, g);
	if (err)
		return err;
	g->has_vcpu = true;
	err = await(&g->wake[1], 0, &when);
	return err ? err : await(word(g, H_MSI_IOCTL, true), 0, &when);
}

static void finish(struct guest *g)
{
	g->stop = 1;
	if (g->has_waked && !send(g, H_WAKE))
		pthread_join(g->waked, NULL);
	if (g->has_vcpu) {
		__atomic_store_n((uint32_t *)(g->vm.ram + MICRO_SHARED + MICRO_SH_STOP), 1,
				 __ATOMIC_RELEASE);
		send(g, H_MSI_IOCTL);
	}
	/* If the guest is past help, the watchdog's signal gets the thread out. */
	while (g->has_vcpu && pthread_tryjoin_np(g->vcpu, NULL) == EBUSY) {
		struct timespec ts = {.tv_nsec = 5000000};

		pthread_kill(g->vcpu, SIGALRM);
		nanosleep(&ts, NULL);
	}
	if (g->efd_irqchip >= 0)
		close(g->efd_irqchip);
	if (g->efd_msi >= 0)
		close(g->efd_msi);
	if (g->efd_wake >= 0)
		close(g->efd_wake);
	micro_vm_destroy(&g->vm);
}

/* Adds the rows that are wanted; the baseline with any of them. How many, or -errno. */
static int add_rows(const struct micro_options *o, struct micro_result *r, struct micro_row **rows)
{
	int h, n = 0;

	for (h = 0; h < H_COUNT; h++) {
		bool wanted = micro_wanted(o->only, templates[h].key);

		if (!wanted && !(templates[h].baseline && n))
			continue;
		rows[h] = micro_add(r, &templates[h]);
		if (!rows[h])
			return -ENOSPC;
		rows[h]->per_round = o->irq_samples;
		n++;
	}
	return n;
}

int micro_run_interrupt(const struct micro_options *o, struct micro_result *r)
{
	struct guest g = {.efd_irqchip = -1, .efd_msi = -1, .efd_wake = -1};
	struct micro_row *rows[H_COUNT] = {NULL};
	volatile int *flag;
	long sleep_ns;
	int err, round, h;

	err = add_rows(o, r, rows);
	if (err <= 0)
		return err;
	micro_watchdog(0, &flag); /* installs the signal handler */
	err = micro_vm_create(&g.vm, 1, true);
	if (err)
		return err;
	err = start(&g);
	sleep_ns = 300000;
	if (!g.no_polling)
		sleep_ns += r->halt_poll_ns > 0 ? r->halt_poll_ns : 200000;
	r->polls = !g.no_polling;
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
	finish(&g);
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
