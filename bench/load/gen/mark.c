// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks for the plugin: stores to a page at a fixed address, see mark.h.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>

#include "mark.h"
#include "vmmio/mark.h"
#include "lib/clock.h"

static volatile unsigned char *page;

void vmmio_mark(int which)
{
	if (page)
		page[which] = 1;
}

int vmmio_mark_arm(void)
{
	void *p = mmap((void *)VMMIO_MARK_PAGE, VMMIO_MARK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	if (p != (void *)VMMIO_MARK_PAGE) { /* a kernel before 4.17 takes it for a wish */
		munmap(p, VMMIO_MARK_SIZE);
		return -EEXIST;
	}
	page = p;
	vmmio_mark(VMMIO_MARK_ARM);
	return 0;
}

void vmmio_mark_wait(void)
{
	unsigned long long limit = vmmio_now_ns() + 100000000;
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &a);
	do
		clock_gettime(CLOCK_MONOTONIC_COARSE, &b);
	while (a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec && vmmio_now_ns() < limit);
}
