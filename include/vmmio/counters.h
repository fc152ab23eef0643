/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The raw counters of a row (a virtqueue, or a device as a whole), in the
 * form every source delivers them: the BPF programs add them up per CPU and
 * slot, the other sources fill what they know and say so (struct
 * vmmio_counts.have in tools/). Fields (fields.h) are computed from these and
 * from nothing else.
 *
 * X(ID, key, rows, meaning): rows says where it has a meaning: Q virtqueue,
 * D device, QD both. New counters are appended (positions are ABI with BPF).
 */
#ifndef VMMIO_COUNTERS_H
#define VMMIO_COUNTERS_H

#include "types.h"

#define VMMIO_ROW_Q 1
#define VMMIO_ROW_D 2
#define VMMIO_ROW_QD 3

/* clang-format off */
#define VMMIO_COUNTERS(X)                                                                          \
	X(KICKS,           "kicks",            VMMIO_ROW_QD, "doorbell writes; device: sum of its queues") \
	X(OPPORTUNITIES,   "opportunities",    VMMIO_ROW_Q,  "virtqueue_kick_prepare() calls")     \
	X(KICKS_INDEXED,   "kicks_indexed",    VMMIO_ROW_Q,  "kicks whose avail_delta is known")   \
	X(KICK_BUFFERS,    "kick_buffers",     VMMIO_ROW_Q,  "buffers made available, summed at those kicks") \
	X(KICKS_TIMED,     "kicks_timed",      VMMIO_ROW_Q,  "kicks with a valid cost sample")     \
	X(KICK_NS,         "kick_ns",          VMMIO_ROW_Q,  "sum of these costs, ns")             \
	X(KICKS_INTERRUPTED, "kicks_interrupted", VMMIO_ROW_Q, "kicks during which an interrupt ran: no sample") \
	X(KICKS_MERGED,    "kicks_merged",     VMMIO_ROW_Q,  "kicks while a kick-to-interrupt sample was open") \
	X(KICKS_POLLED,    "kicks_polled",     VMMIO_ROW_Q,  "samples closed by a later kick: no interrupt came") \
	X(LATENCIES,       "latencies",        VMMIO_ROW_Q,  "kick-to-interrupt samples")          \
	X(LATENCY_NS,      "latency_ns",       VMMIO_ROW_Q,  "sum of these, ns")                   \
	X(LATENCIES_EMPTY, "latencies_empty",  VMMIO_ROW_Q,  "of these, with the queue empty at the kick") \
	X(LATENCY_EMPTY_NS, "latency_empty_ns", VMMIO_ROW_Q, "sum of those, ns")                   \
	X(IRQS,            "irqs",             VMMIO_ROW_QD, "queue: interrupts that checked it; device: handler runs") \
	X(IRQS_FOUND,      "irqs_found",       VMMIO_ROW_Q,  "of these, that found used buffers")  \
	X(IRQS_SPURIOUS,   "irqs_spurious",    VMMIO_ROW_QD, "queue: found none on a vector of its own; device: runs that found nothing at all") \
	X(IRQS_NOTHING,    "irqs_nothing",     VMMIO_ROW_Q,  "found none for this queue on a shared line or vector") \
	X(IRQS_INDEXED,    "irqs_indexed",     VMMIO_ROW_Q,  "interrupts whose used_delta is known") \
	X(USED_BUFFERS,    "used_buffers",     VMMIO_ROW_Q,  "buffers used, summed at those interrupts") \
	X(CONFIG_IRQS,     "config_irqs",      VMMIO_ROW_D,  "configuration changes signalled")    \
	X(HANDLER_TIMED,   "handler_timed",    VMMIO_ROW_D,  "handler runs with a duration")       \
	X(HANDLER_NS,      "handler_ns",       VMMIO_ROW_D,  "sum of these durations, ns")         \
	X(REG_READS,       "reg_reads",        VMMIO_ROW_D,  "register reads")                     \
	X(REG_WRITES,      "reg_writes",       VMMIO_ROW_D,  "register writes, doorbells left out") \
	X(ACCESSES,        "accesses",         VMMIO_ROW_D,  "register accesses, doorbells included") \
	X(ACCESSES_TIMED,  "accesses_timed",   VMMIO_ROW_D,  "accesses but doorbells with a valid cost sample") \
	X(ACCESS_NS,       "access_ns",        VMMIO_ROW_D,  "sum of these costs, ns")             \
	X(REQUESTS,        "requests",         VMMIO_ROW_Q,  "buffers taken back by the driver")   \
	X(REQUESTS_TIMED,  "requests_timed",   VMMIO_ROW_Q,  "of these, with a latency sample")    \
	X(REQUEST_NS,      "request_ns",       VMMIO_ROW_Q,  "sum of add-to-taken-back times, ns") \
	X(ADDED,           "added",            VMMIO_ROW_Q,  "buffers added by the driver")        \
	X(RING_FULL,       "ring_full",        VMMIO_ROW_Q,  "adds refused for want of room")      \
	X(SGS_OUT,         "sgs_out",          VMMIO_ROW_Q,  "scatterlists the device reads")      \
	X(SGS_IN,          "sgs_in",           VMMIO_ROW_Q,  "scatterlists the device writes")     \
	X(BYTES_OUT,       "bytes_out",        VMMIO_ROW_Q,  "bytes in those the device reads")    \
	X(BYTES_IN,        "bytes_in",         VMMIO_ROW_Q,  "bytes in those the device writes")   \
	X(OCCUPANCIES,     "occupancies",      VMMIO_ROW_Q,  "kicks whose occupancy is known")     \
	X(OCCUPANCY,       "occupancy",        VMMIO_ROW_Q,  "buffers in flight, summed at those kicks") \
	X(LATENCIES_PREEMPTED, "latencies_preempted", VMMIO_ROW_Q, "kick-to-interrupt samples left out: another task ran before the write") \
	X(LOOKS,           "looks",            VMMIO_ROW_Q,  "readings of the ring's indices, one at the end of each interval") \
	X(IN_FLIGHT,       "in_flight",        VMMIO_ROW_Q,  "buffers available and not used, summed at those")
/* clang-format on */

enum vmmio_counter {
#define VMMIO_COUNTER_ENUM(id, key, rows, meaning) VMMIO_C_##id,
	VMMIO_COUNTERS(VMMIO_COUNTER_ENUM)
#undef VMMIO_COUNTER_ENUM
	VMMIO_C_COUNT,
};

/* Size of every counter array; one bit each in a __u64 "have" mask. */
#define VMMIO_C_MAX 48

_Static_assert(VMMIO_C_COUNT <= VMMIO_C_MAX, "counter table outgrew its arrays");

/* One row's counters in a BPF per-CPU array indexed by slot. */
struct vmmio_bpf_row {
	__u32 gen; /* of the slot when it last counted; a change clears the row */
	__u32 pad;
	__u64 c[VMMIO_C_MAX];
};

_Static_assert(sizeof(struct vmmio_bpf_row) == 8 + 8 * VMMIO_C_MAX, "vmmio_bpf_row layout");

#endif
