/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The serving process: HTTP on a listening socket, answers from the data of the feed. The numbers
 * here bound everything that a client can make it hold or wait for.
 */
#ifndef VMMIO_SERVE_SERVER_H
#define VMMIO_SERVE_SERVER_H

#include <stdbool.h>

#include "tools/vmmio-stat/core/options.h"

#define VMMIO_SERVE_CLIENTS 32	/* at a time; more wait in the kernel's queue */
#define VMMIO_SERVE_STREAMS 16	/* of these, event streams */
#define VMMIO_SERVE_HEAD_S 5	/* a request has to be there in full */
#define VMMIO_SERVE_ANSWER_S 20 /* an answer has to be taken in full */
#define VMMIO_SERVE_STUCK_S 20	/* a stream that takes nothing */

struct vmmio_serve {
	int listener, feed;
	bool check_host; /* only local names: DNS rebinding */
	struct vmmio_options opt;
};

/* Serves until the feed ends. Returns 0 or -errno. */
int vmmio_serve_run(const struct vmmio_serve *s);

#endif
