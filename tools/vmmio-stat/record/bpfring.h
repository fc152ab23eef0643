/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our driver's events by bpf/record.bpf.c, as pages of records in the kernel's layout for the same
 * tracepoints. A record takes about half the time of ftrace's. It lacks the state of interrupts
 * (common_flags says so) and the preemption depth.
 */
#ifndef VMMIO_BPFRING_H
#define VMMIO_BPFRING_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/types.h"

struct vmmio_bpfring;

/* Where a CPU's pages go: @n of them; the caller may look at and change them. */
typedef void vmmio_bpfring_take(void *data, int cpu, char *pages, size_t n);

/* KiB of a CPU's ring: what a value of a map can be. */
#define VMMIO_BPFRING_KIB_MAX 2048

struct vmmio_bpfring_opts {
	unsigned int kib; /* of each CPU's ring; it is rounded down to a power of two */
	size_t page_size; /* of the recording, and its layout (events/header_page) */
	unsigned int long_size;
	vmmio_bpfring_take *take;
	void *data;
};

/*
 * Attaches; nothing is recorded yet. Returns 0, or -errno with one line in @why: this kernel
 * refuses BPF, or its module's events are not those that this program knows.
 */
int vmmio_bpfring_open(struct vmmio_bpfring **ring, const struct vmmio_bpfring_opts *opts,
		       char *why, size_t size);
/* NULL: nothing. */
void vmmio_bpfring_close(struct vmmio_bpfring *b);

void vmmio_bpfring_switch(struct vmmio_bpfring *b, bool on);
/* Makes rings for CPUs that came since. Until then their events are missed. 0 or -errno. */
int vmmio_bpfring_grow(struct vmmio_bpfring *b);

int vmmio_bpfring_cpus(const struct vmmio_bpfring *b);
/* Is a CPU's ring full to an eighth? */
bool vmmio_bpfring_is_due(const struct vmmio_bpfring *b, int cpu);
/*
 * Hands out the records, in full pages; with @end also the page that is begun. Returns 0 or -EIO: a
 * place in the ring has content that no program writes.
 */
int vmmio_bpfring_drain(struct vmmio_bpfring *b, int cpu, bool end);

/* Events of a CPU so far: handed out, and those that found its ring full. */
void vmmio_bpfring_count(const struct vmmio_bpfring *b, int cpu, __u64 *read, __u64 *lost);
/* Events that no ring was asked for: of CPUs without one, or withheld from the program. */
__u64 vmmio_bpfring_missed(const struct vmmio_bpfring *b);

/* "PID NAME" lines of the tasks that had events; the caller frees it. NULL: no memory. */
char *vmmio_bpfring_tasks(const struct vmmio_bpfring *b);

#endif
