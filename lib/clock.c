// SPDX-License-Identifier: GPL-2.0-only
/*
 * See clock.h.
 */
#include <time.h>

#include "clock.h"

__u64 vmmio_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (__u64)t.tv_sec * 1000000000 + t.tv_nsec;
}

#if defined(__x86_64__)
#include <x86intrin.h>

static bool counter(__u64 *ticks)
{
	_mm_lfence(); /* ordered with the code around it */
	*ticks = __rdtsc();
	_mm_lfence();
	return true;
}

static double ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* Counter and clock read together: the closest of some tries. */
static void together(unsigned long long *ticks, double *at)
{
	double best = 1e18;
	int i;

	for (i = 0; i < 16; i++) {
		double before = ns();
		unsigned long long t = __rdtsc();
		double after = ns();

		if (after - before < best) {
			best = after - before;
			*ticks = t;
			*at = (before + after) / 2;
		}
	}
}

/*
 * Measured, because CPUID's value is missing on many machines and wrong on some virtual ones, and
 * /proc/cpuinfo has the current clock. 20 ms between two readings good to 50 ns leave 5 ppm.
 */
unsigned long vmmio_tsc_khz(void)
{
	struct timespec pause = {.tv_nsec = 20000000};
	static unsigned long khz;
	unsigned long long t0 = 0, t1 = 0;
	double a = 0, b = 0;

	if (!khz) {
		together(&t0, &a);
		nanosleep(&pause, NULL);
		together(&t1, &b);
		if (t1 > t0 && b > a)
			khz = (t1 - t0) * 1e6 / (b - a) + 0.5;
	}
	return khz;
}
#elif defined(__aarch64__)
/* QEMU's emulated counter is the host's. */
unsigned long vmmio_tsc_khz(void)
{
	unsigned long hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz / 1000;
}

static bool counter(__u64 *ticks)
{
	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(*ticks)::"memory");
	return true;
}
#else
static bool counter(__u64 *ticks)
{
	return false;
}

unsigned long vmmio_tsc_khz(void)
{
	return 0;
}
#endif

bool vmmio_clock_pair(__u64 *mono_ns, __u64 *ticks, __u64 *window_ns)
{
	__u64 before, after, t;
	int i;

	*window_ns = ~0ull;
	for (i = 0; i < 32; i++) {
		before = vmmio_now_ns();
		if (!counter(&t))
			return false;
		after = vmmio_now_ns();
		if (after - before >= *window_ns)
			continue;
		*window_ns = after - before;
		*mono_ns = before + (after - before) / 2;
		*ticks = t;
	}
	return true;
}
