/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reader of the rows and histograms that bpf/rows.bpf.h keeps: sums the CPUs
 * of a slot's generation into a row of a snapshot.
 */
#ifndef VMMIO_BPF_ROWS_READER_H
#define VMMIO_BPF_ROWS_READER_H

#include <stdbool.h>

#include "guest.h"
#include "tools/vmmio-stat/core/snapshot.h"

struct bpf_map;

struct vmmio_bpf_rows {
	unsigned int slots;  /* entries of rows; the last is the overflow slot's */
	unsigned int stride; /* histograms kept per slot */
	__u8 pos[VMMIO_HIST_COUNT];
	int cpus;
	void *values;	/* one map value for each CPU, whichever map */
	bool *live;	/* CPUs that counted for the row at hand */
	int model;	/* part of rows that shows the kernel what they are, until it is loaded */
	int rows, regs; /* maps of parts; regs -1: none */
	int row_parts[VMMIO_BPF_CHUNKS], reg_parts[VMMIO_BPF_CHUNKS];
	const __u32 *counted; /* generation of each slot that has counted, the program's */
};

/* What an object counts: bits of counters and histograms by kind of row. */
struct vmmio_bpf_have {
	__u64 queue, device;
	__u32 queue_hists, device_hists;
};

/* What guest_count.h counts of our driver's events, whoever runs it. */
extern const struct vmmio_bpf_have vmmio_guest_have;

/* Says in @r what is counted of its kind; returns the histograms. */
__u32 vmmio_bpf_have_row(const struct vmmio_bpf_have *have, struct vmmio_row *r);

/* Room for values of @value_size at least. Returns 0 or -errno. */
int vmmio_bpf_rows_init(struct vmmio_bpf_rows *b, unsigned int slots, __u32 hists,
			size_t value_size);
void vmmio_bpf_rows_free(struct vmmio_bpf_rows *b);

/* Between open and load: sizes the parts. Returns 0 or -errno. */
int vmmio_bpf_rows_size(struct vmmio_bpf_rows *b, struct bpf_map *rows);
/* After load: the maps that the parts go into, @regs may be NULL; and what rows_counted is. */
void vmmio_bpf_rows_loaded(struct vmmio_bpf_rows *b, const struct bpf_map *rows,
			   const struct bpf_map *regs, const __u32 *counted);
/* Room for @slot and its neighbours, if there is none yet. Returns 0 or -errno. */
int vmmio_bpf_rows_grow(struct vmmio_bpf_rows *b, __u32 slot);

/* Map of the part of @parts that has @slot, -1 if none (its events are counted as lost). */
int vmmio_bpf_rows_part(const struct vmmio_bpf_rows *b, const int *parts, __u32 slot);

/* Fills row @i of @s, whose info is known already. */
void vmmio_bpf_rows_count(struct vmmio_bpf_rows *b, struct vmmio_snapshot *s, size_t i,
			  const struct vmmio_bpf_have *have);

#endif
