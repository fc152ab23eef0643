/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a list of guests, a few at a time. Order of start is the order of the
 * list; what the guests do is their script's business.
 */
#ifndef VMMIO_BENCH_POOL_H
#define VMMIO_BENCH_POOL_H

#include <signal.h>
#include "guest.h"

struct vmmio_job {
	struct vmmio_guest guest;
	struct vmmio_guest_result result; /* free it; valid once run */
	int err;			  /* of vmmio_guest_run(); -ECANCELED if never started */
	unsigned int failed;		  /* times that it failed and was run again */
	char why[256];			  /* the last of them */
};

/*
 * Run all @n, at most @parallel at once. A guest that fails is run again, as long as no more
 * than @retries of all did: what is left of the others is not thrown away. Starts no more once
 * one could not be run or *@stop is set, unless @go_on. @done(n done, arg) is called after each
 * from the thread that called; may be NULL.
 */
int vmmio_pool_run(struct vmmio_job *jobs, size_t n, unsigned int parallel, bool go_on,
		   unsigned int retries, const volatile sig_atomic_t *stop,
		   void (*done)(struct vmmio_job *job, size_t, void *), void *arg);

/*
 * SIGINT, SIGTERM and SIGHUP set *vmmio_stop from now on; a second one kills
 * at once (the guests go with their parent).
 */
extern volatile sig_atomic_t vmmio_stop;
void vmmio_stop_on_signals(void);

#endif
