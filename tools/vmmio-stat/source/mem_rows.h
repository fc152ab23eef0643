/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows and histograms by slot in our memory: like bpf/rows.bpf.h's maps, for a source that counts
 * records itself. One writer at a time.
 */
#ifndef VMMIO_MEM_ROWS_H
#define VMMIO_MEM_ROWS_H

#include <stdbool.h>

#include "bpf_rows.h"
#include "guest.h"

struct vmmio_mem_rows {
	unsigned int stride; /* histograms kept per slot */
	__u8 pos[VMMIO_HIST_COUNT];
	bool device_driven; /* latencies of queues that the device drives, too */
	__u64 lost;	    /* records that found no place */
	/* VMMIO_SLOTS each; what is never touched takes no memory */
	struct vmmio_bpf_row *rows;
	struct vmmio_hist *hists;
	struct vmmio_bpf_regs *regs;
};

/* @regs: count accesses by register. Returns 0 or -ENOMEM. */
int vmmio_mem_rows_init(struct vmmio_mem_rows *m, __u32 hists, bool regs);
void vmmio_mem_rows_free(struct vmmio_mem_rows *m);

/* The row of @slot, cleared if another generation had it; NULL, counted as lost. */
struct vmmio_bpf_row *vmmio_mem_rows_get(struct vmmio_mem_rows *m, __u32 slot, __u32 gen);
void vmmio_mem_rows_hist(struct vmmio_mem_rows *m, __u32 slot, int id, __u64 value);

/* Fills row @i of @s from @slot; info is known already. */
void vmmio_mem_rows_count(const struct vmmio_mem_rows *m, struct vmmio_snapshot *s, size_t i,
			  __u32 slot, const struct vmmio_bpf_have *have);

/* The same for every row of @s, by the slot of each, and accesses by register of devices. */
void vmmio_mem_rows_fill(const struct vmmio_mem_rows *m, struct vmmio_snapshot *s,
			 const struct vmmio_bpf_have *have);

#endif
