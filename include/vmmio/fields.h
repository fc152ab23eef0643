/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one field table: every number that a table, JSON, CSV, textfile, man
 * page or bench shows is defined here, once.
 *
 * X(ID, key, heading, unit, class, op, a, b, meaning)
 *   key      name in JSON, CSV and -f; heading: of the live table
 *   class    see below; decides what is shown on which accelerator
 *   op       how it is computed from the raw counters a and b:
 *     COUNT    a; shown per second in the live table where time is real
 *     RATIO    a / b
 *     SHARE    100 * a / b
 *     REST     100 * (1 - a / b)
 *     MEAN     a / b, a duration in ns
 *     PCTL     percentile b of histogram a (b in per cent)
 *   A field is "-" / null where a or b is not known to the source, or b is 0.
 */
#ifndef VMMIO_FIELDS_H
#define VMMIO_FIELDS_H

#include "counters.h"
#include "hist.h"

/*
 * STRUCTURAL transfers between machines. SCHEDULE is true of this run: under
 * emulation it is marked "~". PATH is guest instructions. TIME is durations
 * and rates: under emulation marked "~" and shown only when asked for.
 */
enum vmmio_class {
	VMMIO_STRUCTURAL,
	VMMIO_SCHEDULE,
	VMMIO_PATH,
	VMMIO_TIME,
};

#define VMMIO_CLASS_NAMES                                \
	{                                                \
		"structural", "schedule", "path", "time" \
	}

enum vmmio_field_op {
	VMMIO_OP_COUNT,
	VMMIO_OP_RATIO,
	VMMIO_OP_SHARE,
	VMMIO_OP_REST,
	VMMIO_OP_MEAN,
	VMMIO_OP_PCTL,
};

/* clang-format off */
#define VMMIO_FIELDS(X) \
	X(BUFFERS, "buffers", "buf/s", "buffers", SCHEDULE, COUNT, VMMIO_C_KICK_BUFFERS, 0, \
	  "buffers made available, of a disk its requests; of a packed ring descriptors, one a buffer where they are indirect") \
	X(IN_FLIGHT, "in_flight", "infl", "buffers", SCHEDULE, RATIO, VMMIO_C_IN_FLIGHT, VMMIO_C_LOOKS, \
	  "buffers in flight at the end of the interval: made available and not used yet; of a total the mean of its intervals; by BPF") \
	X(KICKS, "kicks", "kick/s", "kicks", SCHEDULE, COUNT, VMMIO_C_KICKS, 0, \
	  "doorbell writes (available-buffer notifications sent)") \
	X(OPPORTUNITIES, "opportunities", "opp/s", "calls", SCHEDULE, COUNT, VMMIO_C_OPPORTUNITIES, 0, \
	  "notification checks: virtqueue_kick_prepare() calls") \
	X(SUPPRESSED, "suppressed_pct", "supp%", "%", SCHEDULE, REST, VMMIO_C_KICKS, VMMIO_C_OPPORTUNITIES, \
	  "share of notification checks that sent no kick") \
	X(BUFFERS_PER_KICK, "buffers_per_kick", "buf/kick", "buffers", SCHEDULE, RATIO, VMMIO_C_KICK_BUFFERS, VMMIO_C_KICKS_INDEXED, \
	  "buffers made available per kick; of a packed ring descriptors, one a buffer where they are indirect") \
	X(KICK_MEAN, "kick_mean_ns", "kick-ns", "ns", TIME, MEAN, VMMIO_C_KICK_NS, VMMIO_C_KICKS_TIMED, \
	  "mean cost of a doorbell write, the vCPU blocked") \
	X(KICK_P50, "kick_p50_ns", "k50ns", "ns", TIME, PCTL, VMMIO_HIST_KICK, 50, \
	  "median cost of a doorbell write") \
	X(KICK_P99, "kick_p99_ns", "k99ns", "ns", TIME, PCTL, VMMIO_HIST_KICK, 99, \
	  "99th percentile of the cost of a doorbell write") \
	X(KICKS_INTERRUPTED, "kicks_interrupted", "kintr/s", "kicks", SCHEDULE, COUNT, VMMIO_C_KICKS_INTERRUPTED, 0, \
	  "kicks during which an interrupt ran; their cost is not sampled") \
	X(KICKS_MERGED, "kicks_merged", "kmrg/s", "kicks", SCHEDULE, COUNT, VMMIO_C_KICKS_MERGED, 0, \
	  "kicks sent while a kick-to-interrupt sample was open") \
	X(KICKS_POLLED, "kicks_polled", "kpol/s", "kicks", SCHEDULE, COUNT, VMMIO_C_KICKS_POLLED, 0, \
	  "kick-to-interrupt samples given up: buffers were used but no interrupt came before the next kick") \
	X(IRQS, "irqs", "irq/s", "interrupts", SCHEDULE, COUNT, VMMIO_C_IRQS, 0, \
	  "interrupts: a virtqueue checked by a handler; on a device's row, handler runs; of a line or vector for several virtqueues one of the two is `-` where nothing else is asked of interrupts") \
	X(USED_PER_IRQ, "used_per_irq", "buf/irq", "buffers", SCHEDULE, RATIO, VMMIO_C_USED_BUFFERS, VMMIO_C_IRQS_FOUND, \
	  "used buffers per interrupt that found any as its handler came to the virtqueue: the coalescing factor; of a packed ring descriptors") \
	X(SPURIOUS, "spurious_pct", "spur%", "%", SCHEDULE, SHARE, VMMIO_C_IRQS_SPURIOUS, VMMIO_C_IRQS, \
	  "share of interrupts that found nothing; of a line, or of a vector for several virtqueues, on the device's row") \
	X(IRQS_SPURIOUS, "irqs_spurious", "spur/s", "interrupts", SCHEDULE, COUNT, VMMIO_C_IRQS_SPURIOUS, 0, \
	  "interrupts that found nothing") \
	X(IRQS_NOTHING, "irqs_nothing", "none/s", "interrupts", SCHEDULE, COUNT, VMMIO_C_IRQS_NOTHING, 0, \
	  "interrupts on a shared line or vector that found nothing for this virtqueue") \
	X(CONFIG_IRQS, "config_irqs", "cfg/s", "interrupts", SCHEDULE, COUNT, VMMIO_C_CONFIG_IRQS, 0, \
	  "configuration changes signalled") \
	X(LATENCY_MEAN, "kick_to_irq_mean_ns", "k2i-ns", "ns", TIME, MEAN, VMMIO_C_LATENCY_NS, VMMIO_C_LATENCIES, \
	  "mean kick-to-interrupt time; exact at depth 1 and for in-order devices, else an upper bound") \
	X(LATENCY_P50, "kick_to_irq_p50_us", "k50us", "us", TIME, PCTL, VMMIO_HIST_IRQ, 50, \
	  "median kick-to-interrupt time") \
	X(LATENCY_P99, "kick_to_irq_p99_us", "k99us", "us", TIME, PCTL, VMMIO_HIST_IRQ, 99, \
	  "99th percentile of the kick-to-interrupt time") \
	X(LATENCY_EMPTY_MEAN, "kick_to_irq_empty_mean_ns", "k2i0-ns", "ns", TIME, MEAN, VMMIO_C_LATENCY_EMPTY_NS, VMMIO_C_LATENCIES_EMPTY, \
	  "mean kick-to-interrupt time of kicks that found the queue empty") \
	X(LATENCIES_PREEMPTED, "kick_to_irq_preempted", "kpre/s", "kicks", SCHEDULE, COUNT, VMMIO_C_LATENCIES_PREEMPTED, 0, \
	  "kick-to-interrupt samples left out: another task ran between the kick's begin and its doorbell write") \
	X(HANDLER_MEAN, "handler_mean_ns", "hdl-ns", "ns", TIME, MEAN, VMMIO_C_HANDLER_NS, VMMIO_C_HANDLER_TIMED, \
	  "mean duration of the interrupt handler, callbacks included") \
	X(REG_READS, "reg_reads", "read/s", "accesses", STRUCTURAL, COUNT, VMMIO_C_REG_READS, 0, \
	  "transport register reads") \
	X(REG_WRITES, "reg_writes", "writ/s", "accesses", STRUCTURAL, COUNT, VMMIO_C_REG_WRITES, 0, \
	  "transport register writes, doorbells left out") \
	X(ACCESSES, "accesses", "acc/s", "accesses", STRUCTURAL, COUNT, VMMIO_C_ACCESSES, 0, \
	  "transport register accesses, doorbells included; config space and MSI-X table accesses that bypass the driver's accessors are not counted") \
	X(ACCESS_MEAN, "access_mean_ns", "acc-ns", "ns", TIME, MEAN, VMMIO_C_ACCESS_NS, VMMIO_C_ACCESSES_TIMED, \
	  "mean cost of a register access, doorbells left out") \
	X(REQUESTS, "requests", "req/s", "buffers", SCHEDULE, COUNT, VMMIO_C_REQUESTS, 0, \
	  "buffers taken back by the driver") \
	X(REQUEST_MEAN, "request_mean_ns", "req-ns", "ns", TIME, MEAN, VMMIO_C_REQUEST_NS, VMMIO_C_REQUESTS_TIMED, \
	  "mean request latency, from adding a buffer to taking it back") \
	X(REQUEST_P50, "request_p50_us", "r50us", "us", TIME, PCTL, VMMIO_HIST_REQUEST, 50, \
	  "median request latency") \
	X(REQUEST_P99, "request_p99_us", "r99us", "us", TIME, PCTL, VMMIO_HIST_REQUEST, 99, \
	  "99th percentile of the request latency") \
	X(OCCUPANCY, "occupancy", "occ", "buffers", SCHEDULE, RATIO, VMMIO_C_OCCUPANCY, VMMIO_C_OCCUPANCIES, \
	  "buffers in flight at a kick; of a packed ring descriptors") \
	X(RING_FULL, "ring_full", "full/s", "adds", SCHEDULE, COUNT, VMMIO_C_RING_FULL, 0, \
	  "adds refused for want of room in the ring") \
	X(SGS_OUT, "sgs_out", "osg/s", "scatterlists", SCHEDULE, COUNT, VMMIO_C_SGS_OUT, 0, \
	  "scatterlists the device reads") \
	X(SGS_IN, "sgs_in", "isg/s", "scatterlists", SCHEDULE, COUNT, VMMIO_C_SGS_IN, 0, \
	  "scatterlists the device writes") \
	X(BYTES_OUT, "bytes_out", "oB/s", "bytes", SCHEDULE, COUNT, VMMIO_C_BYTES_OUT, 0, \
	  "bytes in scatterlists the device reads") \
	X(BYTES_IN, "bytes_in", "iB/s", "bytes", SCHEDULE, COUNT, VMMIO_C_BYTES_IN, 0, \
	  "bytes in scatterlists the device writes")
/* clang-format on */

enum vmmio_field_id {
#define VMMIO_FIELD_ENUM(id, key, heading, unit, cls, op, a, b, meaning) VMMIO_F_##id,
	VMMIO_FIELDS(VMMIO_FIELD_ENUM)
#undef VMMIO_FIELD_ENUM
	VMMIO_F_COUNT,
};

#endif
