/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Just enough of QEMU's machine protocol for one run: notice that the guest
 * ended, ask for what the block devices counted and where the processor is, say
 * good-bye. One line of
 * JSON each way; the peer is our own child, yet nothing of it is trusted.
 */
#ifndef VMMIO_BENCH_QMP_H
#define VMMIO_BENCH_QMP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/qmp.h"
#include "types.h"

struct vmmio_qmp {
	struct vmmio_qmp_reader r;

	bool asked;	 /* for the block statistics */
	bool shutdown;	 /* the guest ended */
	bool stopped;	 /* QEMU paused it without that */
	bool done;	 /* statistics are in, or cannot be had */
	char reason[32]; /* of the shutdown: "guest-shutdown", "guest-reset", ... */

	unsigned int registers; /* answers so far about the first processor's: */
	uint64_t rip;
	bool spinning; /* neither halted nor ready for an interrupt */
	struct vmmio_guest_result *result;
};

void vmmio_qmp_init(struct vmmio_qmp *q, int fd, struct vmmio_guest_result *result);

/*
 * Takes what has arrived and answers it. Returns 0, -EPIPE when QEMU has
 * closed its end, or another -errno.
 */
int vmmio_qmp_input(struct vmmio_qmp *q);

/* Asks where the first processor is; an x86-64 is told of in @registers and below. */
void vmmio_qmp_ask_registers(struct vmmio_qmp *q);

void vmmio_qmp_quit(struct vmmio_qmp *q);
void vmmio_qmp_free(struct vmmio_qmp *q);

#endif
