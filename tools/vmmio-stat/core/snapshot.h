/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A snapshot: a source's knowledge at one moment, one row per virtqueue and one per device (queue
 * rows and device rows share a type; info.kind tells). A delta has the same shape, with the counts
 * of an interval. Rows are sorted by slot. An unknown value has no bit in have / have_hist: 0 means
 * counted and none.
 */
#ifndef VMMIO_SNAPSHOT_H
#define VMMIO_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/counters.h"
#include "vmmio/hist.h"
#include "vmmio/regs.h"
#include "vmmio/slots.h"

struct vmmio_reg_counts {
	__u64 reads[VMMIO_REG_MAX];
	__u64 writes[VMMIO_REG_MAX];
	__u64 read_ns[VMMIO_REG_MAX];
	__u64 write_ns[VMMIO_REG_MAX];
};

struct vmmio_row {
	struct vmmio_slot_info info;
	__u64 have; /* bit per enum vmmio_counter */
	__u64 c[VMMIO_C_MAX];
	__u32 have_hist; /* bit per enum vmmio_hist_id */
	bool have_regs;
	bool have_reg_ns;
	bool reset;	     /* of a delta: the row is new in this interval */
	bool packed_counted; /* the source follows packed rings, too */
	bool ours;	     /* source mainline: our own driver serves it, only ring hooks count */
};

/* What a source is asked for; it may deliver less, as the have bits show. */
struct vmmio_want {
	__u64 counters;	    /* bit per enum vmmio_counter; 0: all */
	__u32 hists;	    /* bit per enum vmmio_hist_id */
	bool regs;	    /* accesses by register */
	bool requests;	    /* requests, their latency and bytes: hooks of their own */
	bool device_driven; /* latencies of queues that the device drives */
	bool handlers;	    /* their runs by hooks, to be held against the kernel's own counts */
};

struct vmmio_snapshot {
	__u64 time_ns;	    /* CLOCK_MONOTONIC; of a delta: the interval */
	__u64 wall_ms;	    /* its end, since 1970; 0: not known */
	__u64 events_lost;  /* whole source, not one row */
	bool have_lost;	    /* false: this source cannot lose events */
	__u32 gone;	    /* of a delta: rows of the earlier snapshot that vanished */
	char gone_name[48]; /* one of them, for the message */
	__u32 unplaced;	    /* virtqueues that have no row, for want of room */
	__u32 unseen;	    /* of a delta: devices that work unseen by any hook */
	bool untold;	    /* a recording that says neither of these two */
	struct vmmio_want want;
	size_t n;
	struct vmmio_row *rows;

	/* storage, see snapshot.c */
	size_t cap;
	__u32 nhist;
	struct vmmio_hist *hists;
	struct vmmio_reg_counts *regs;
};

void vmmio_snapshot_init(struct vmmio_snapshot *s, const struct vmmio_want *want);
void vmmio_snapshot_free(struct vmmio_snapshot *s);
/* Forget the rows, keep the memory. */
void vmmio_snapshot_clear(struct vmmio_snapshot *s);
/* One more row, all zero; pointers to rows become stale. NULL: no memory. */
struct vmmio_row *vmmio_snapshot_add(struct vmmio_snapshot *s);
int vmmio_snapshot_copy(struct vmmio_snapshot *to, const struct vmmio_snapshot *from);

/* Storage of one row's histogram; NULL if it was not asked for. */
struct vmmio_hist *vmmio_row_hist(const struct vmmio_snapshot *s, size_t row, int id);
struct vmmio_reg_counts *vmmio_row_regs(const struct vmmio_snapshot *s, size_t row);

/*
 * Interrupts of the device of row @dev: its handlers' runs, or the looks at its queues where only
 * these are counted. False: both are unknown.
 */
bool vmmio_device_irqs(const struct vmmio_snapshot *s, const struct vmmio_row *dev, __u64 *irqs);

static inline bool vmmio_row_has(const struct vmmio_row *r, int counter)
{
	return r->have >> counter & 1;
}

static inline void vmmio_row_set(struct vmmio_row *r, int counter, __u64 value)
{
	r->have |= 1ull << counter;
	r->c[counter] = value;
}

/*
 * Every source calls this last: sums that belong to a device (kicks of its queues, accesses),
 * doorbells into the register counts; have bits that make no sense for a row are cleared (index
 * counts of a packed ring, spurious on a shared line, ...).
 */
void vmmio_snapshot_finish(struct vmmio_snapshot *s);

/*
 * @d = @new - @old; @d must have been initialised. A row whose generation
 * changed, or that @old lacks, counts from zero; one that only @old has is
 * counted in gone. A counter that ran backwards is unknown, never negative.
 * Returns 0 or -ENOMEM.
 */
int vmmio_delta(struct vmmio_snapshot *d, const struct vmmio_snapshot *old,
		const struct vmmio_snapshot *new);

/* "virtio0" of row @r, or what stands for it. */
const char *vmmio_row_device(const struct vmmio_row *r);

const char *vmmio_transport_name(unsigned int transport);
const char *vmmio_irq_mode_name(unsigned int mode);

#endif
