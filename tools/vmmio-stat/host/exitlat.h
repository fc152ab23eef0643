/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Out latencies for "exits --latency": loads bpf/outlat.bpf.c and sums its
 * entries per VM and queue. Counts since the start.
 */
#ifndef VMMIO_EXITLAT_H
#define VMMIO_EXITLAT_H

#include "exitrows.h"
#include "vmmio/hostlat.h"

struct vmmio_exit_latency {
	size_t vm; /* SIZE_MAX: unattributed */
	struct vmmio_exit_label label;
	struct vmmio_outlat v;
};

struct vmmio_exit_latencies {
	struct vmmio_exit_latency *v;
	size_t n;
	__u64 lost;   /* samples that found no room */
	__u64 misses; /* events that the kernel did not show us */
	__u64 awake;  /* wake-ups of a backend still on its CPU: no sample */
};

struct vmmio_exitlat;

/* -errno with a line in @why. */
int vmmio_exitlat_open(struct vmmio_exitlat **lat, __u32 pid, char *why, size_t size);

/* Tells it the doorbells and threads of a scan. 0 or -errno. */
int vmmio_exitlat_follow(struct vmmio_exitlat *lat, const struct vmmio_host *host,
			 const struct vmmio_exit_rows *rows);

/* Reads them again, for vmmio_exitlat_free(). 0 or -errno. */
int vmmio_exitlat_read(struct vmmio_exitlat *lat, const struct vmmio_exit_rows *rows,
		       struct vmmio_exit_latencies *out);
void vmmio_exitlat_free(struct vmmio_exit_latencies *l);
void vmmio_exitlat_close(struct vmmio_exitlat *lat);

void vmmio_exitlat_print(const struct vmmio_exit_rows *rows, const struct vmmio_exit_latencies *l,
			 FILE *out);

#endif
