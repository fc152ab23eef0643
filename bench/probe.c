// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding out what guests can run on (probe.h). A KVM that opens may still be
 * unable to run Linux, so a guest is booted before it is believed.
 */
#include "probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guest.h"

#define PROBE_S 10

int vmmio_accel_probe(const char *wish, const char *kernel, const char *initrd,
		      enum vmmio_accel *accel, char *why, size_t len)
{
	bool must = !strcmp(wish, "kvm");
	struct vmmio_guest_result r;
	struct vmmio_guest g = {0};
	int err;

	why[0] = '\0';
	*accel = VMMIO_ACCEL_NONE;
	if (!strcmp(wish, "tcg"))
		return 0;
	if (!must && strcmp(wish, "auto"))
		return -EINVAL;

	err = vmmio_accel_detect(&g.accel);
	if (err) {
		snprintf(why, len, "/dev/kvm: %s", strerror(-err));
		return must ? -ENODEV : 0;
	}
	g.kernel = kernel;
	g.initrd = initrd;
	g.timeout_s = PROBE_S;
	err = vmmio_guest_run(&g, &r);
	if (err)
		snprintf(why, len, "%s", r.why); /* no image, no QEMU: not KVM's fault */
	else if (r.end == VMMIO_GUEST_DONE && !r.status)
		*accel = g.accel;
	else
		snprintf(why, len, "%s cannot run a Linux guest: %s", vmmio_accel_name(g.accel),
			 r.why);
	vmmio_guest_result_free(&r);
	if (err)
		return err;
	return must && *accel == VMMIO_ACCEL_NONE ? -ENODEV : 0;
}

#if defined(__x86_64__)
#include <x86intrin.h>

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
 * Measured rather than asked for: what CPUID says is missing on many machines
 * and wrong on some virtual ones, and /proc/cpuinfo has the current clock.
 * 20 ms between two readings good to 50 ns leave 5 ppm.
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
#else
unsigned long vmmio_tsc_khz(void)
{
	return 0;
}
#endif
