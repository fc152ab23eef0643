// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-callfeed: system calls at a steady rate for vmmio-stat-called, from a thread on each
 * CPU, each call with a kick of our driver's in its registers (statcost_loop.S). Says how
 * many there were, in which time, and how much CPU time they took. With a folder it first
 * writes the files that our driver would have below /sys/kernel/vmmio (abi, slots) there.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/num.h"
#include "vmmio/events.h"
#include "vmmio/slots.h"
#include "slots.h"

#define CPUS_MAX 64
#define STEP_NS 1000000ull
#define ROWS 270 /* devices and their 8 queues */
/* other threads' registers pass for events, too: no numbers that are common */
#define SLOT 263
#define GEN 0x5eed

void statcost_loop(const uint64_t event[8], uint64_t n);

struct feeder {
	pthread_t thread;
	int cpu;
	__u64 per_step, steps, cpu_ns, ns;
};

static __u64 thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (__u64)t.tv_sec * 1000000000 + (__u64)t.tv_nsec;
}

/* Late, it makes up for it: the rate is that of the whole. */
static void *feed(void *arg)
{
	struct vmmio_ev_kick kick = {.slot = SLOT, .gen = GEN, .avail_idx = 5, .avail_delta = 3};
	struct feeder *f = arg;
	uint64_t event[8] = {};
	struct timespec until;
	__u64 start, cpu, i, at;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(f->cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	_Static_assert(sizeof(kick) <= 6 * sizeof(event[0]), "fits into the registers");
	start = vmmio_now_ns();
	cpu = thread_ns();
	for (i = 1; i <= f->steps; i++) {
		kick.time_ns = vmmio_now_ns(); /* as BPF records it */
		memcpy(event, &kick, sizeof(kick));
		statcost_loop(event, f->per_step);
		at = start + i * STEP_NS;
		if (vmmio_now_ns() >= at)
			continue;
		until.tv_sec = (time_t)(at / 1000000000);
		until.tv_nsec = (long)(at % 1000000000);
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	f->cpu_ns = thread_ns() - cpu;
	f->ns = vmmio_now_ns() - start;
	return NULL;
}

int main(int argc, char **argv)
{
	struct feeder f[CPUS_MAX] = {};
	long n = sysconf(_SC_NPROCESSORS_ONLN), i;
	__u64 rate, seconds, calls = 0, cpu = 0, ns = 0;
	int err;

	if (argc == 3 && !strcmp(argv[1], "slots")) {
		err = vmmio_cost_slots(argv[2], ROWS, GEN);
		if (err)
			fprintf(stderr, "vmmio-callfeed: %s: %s\n", argv[2], strerror(-err));
		return err ? 1 : 0;
	}
	if (argc != 3 || n < 1 || n > CPUS_MAX ||
	    vmmio_parse_u64(argv[1], (__u64)n * 1000, 100000000, &rate) ||
	    vmmio_parse_u64(argv[2], 1, 3600, &seconds)) {
		fprintf(stderr, "usage: vmmio-callfeed CALLS-A-SECOND SECONDS\n"
				"       vmmio-callfeed slots DIR\n");
		return 2;
	}
	for (i = 0; i < n; i++) {
		f[i].cpu = (int)i;
		f[i].per_step = rate * STEP_NS / 1000000000 / (__u64)n;
		f[i].steps = seconds * 1000000000 / STEP_NS;
		err = -pthread_create(&f[i].thread, NULL, feed, &f[i]);
		if (err) {
			fprintf(stderr, "vmmio-callfeed: a thread: %s\n", strerror(-err));
			return 1;
		}
	}
	for (i = 0; i < n; i++) {
		pthread_join(f[i].thread, NULL);
		calls += f[i].per_step * f[i].steps;
		cpu += f[i].cpu_ns;
		ns = f[i].ns > ns ? f[i].ns : ns;
	}
	printf("%llu %.3f %.2f\n", (unsigned long long)calls, (double)ns / 1e9,
	       (double)cpu / (double)calls);
	return 0;
}
