/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Just enough of QEMU's machine protocol for one run: notice that the guest
 * ended, ask for what the block devices counted, say good-bye. One line of
 * JSON each way; the peer is our own child, yet nothing of it is trusted.
 */
#ifndef VMMIO_BENCH_QMP_H
#define VMMIO_BENCH_QMP_H

#include <stdbool.h>
#include <stddef.h>

#include "types.h"

struct vmmio_qmp {
	int fd;
	char *line; /* what has arrived of the current one */
	size_t used, size;

	bool asked;	 /* for the block statistics */
	bool shutdown;	 /* the guest ended */
	bool stopped;	 /* QEMU paused it without that */
	bool done;	 /* statistics are in, or cannot be had */
	char reason[32]; /* of the shutdown: "guest-shutdown", "guest-reset", ... */
	struct vmmio_guest_result *result;
};

void vmmio_qmp_init(struct vmmio_qmp *q, int fd, struct vmmio_guest_result *result);

/*
 * Takes what has arrived and answers it. Returns 0, -EPIPE when QEMU has
 * closed its end, or another -errno.
 */
int vmmio_qmp_input(struct vmmio_qmp *q);

void vmmio_qmp_quit(struct vmmio_qmp *q);
void vmmio_qmp_free(struct vmmio_qmp *q);

#endif
