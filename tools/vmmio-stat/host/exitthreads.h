/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vCPU threads of the BPF engine of "exits": their tables, which bpf/host.bpf.c fills, and
 * their owners. A thread's counts outlive it; its table does not, so threads may come and go
 * without limit.
 */
#ifndef VMMIO_EXITTHREADS_H
#define VMMIO_EXITTHREADS_H

#include "exitrows.h"

struct host_bpf;
struct vmmio_exit_threads;

/* Of the loaded object @skel with room for @room tables. 0 or -errno. */
int vmmio_exit_threads_open(struct vmmio_exit_threads **threads, struct host_bpf *skel, __u32 room);
void vmmio_exit_threads_close(struct vmmio_exit_threads *x);

/* Takes down whose vCPUs run on which threads, once @rows has learnt @host. 0 or -errno. */
int vmmio_exit_threads_remember(struct vmmio_exit_threads *x, const struct vmmio_host *host,
				const struct vmmio_exit_rows *rows);

/*
 * Finds new threads and who they are, and adds all that was counted, of the
 * dead as well, to @rows. @final: also what is still open. 0 or -errno.
 */
int vmmio_exit_threads_read(struct vmmio_exit_threads *x, const struct vmmio_host *host,
			    struct vmmio_exit_rows *rows, bool final);

/* The VM of the last thread of that id, and the vCPU it ran; SIZE_MAX, VMMIO_NO_VCPU if not known.
 */
size_t vmmio_exit_threads_vm(const void *threads, __u32 tid, __u32 *vcpu);

/* All of a table that is no cell. */
void vmmio_exit_totals_of(const struct vmmio_exit_thread *table, struct vmmio_exit_totals *t);

/*
 * Exits of a finished thread that no event has ended: an exit in progress, a write of unknown path,
 * an EOI. @out: two cells. Returns how many there are.
 */
int vmmio_exit_unended(const struct vmmio_exit_thread *table, struct vmmio_exit_cell *out,
		       struct vmmio_exit_totals *totals);

/* Accesses that found no cell. */
__u64 vmmio_exit_threads_lost(const struct vmmio_exit_threads *x);

#endif
