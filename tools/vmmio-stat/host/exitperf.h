/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The perf_event engine of "exits": counters on vCPU threads, without BPF programs per event. A
 * scan tells it the vCPUs.
 */
#ifndef VMMIO_EXITPERF_H
#define VMMIO_EXITPERF_H

#include "exitsrc.h"

struct vmmio_exit_perf;

/* -errno with a line in @why when tracepoint counters cannot be had. */
int vmmio_exit_perf_open(struct vmmio_exit_perf **perf, char *why, size_t size);

/* Opens counters for vCPUs and doorbells that are new. 0 or -errno. */
int vmmio_exit_perf_follow(struct vmmio_exit_perf *perf, const struct vmmio_host *host,
			   const struct vmmio_exit_rows *rows);

/* One snapshot into @rows. 0 or -errno. */
int vmmio_exit_perf_read(struct vmmio_exit_perf *perf, struct vmmio_exit_rows *rows);
void vmmio_exit_perf_health(const struct vmmio_exit_perf *perf, struct vmmio_exit_health *health);
void vmmio_exit_perf_close(struct vmmio_exit_perf *perf);

#endif
