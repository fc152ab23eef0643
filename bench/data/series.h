/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A series: one number, measured once per boot under one setting. Every
 * subcommand of the bench makes, stores, compares and draws series; a result
 * folder keeps them in series.json. What a number means is the metric table
 * below; what was measured with is in the labels.
 */
#ifndef VMMIO_BENCH_SERIES_H
#define VMMIO_BENCH_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <jansson.h>
#include <vmmio/fields.h>

#include "lib/accel.h"
#include "stats.h"

/* As many as it takes to read back the very number: what is rendered from a stored
 * set is what was rendered from the run. A flag of json_dump(). */
#define VMMIO_REAL_DIGITS JSON_REAL_PRECISION(17)

/*
 * X(ID, key, heading, unit, class at depth 1, class at other depths, meaning)
 * At depth 1 a closed loop leaves nothing to chance: one I/O is one kick is
 * one interrupt. Deeper, batching decides, and the number is true of the run.
 */
/* clang-format off */
#define VMMIO_METRICS(X) \
	X(ACCESSES_PER_IO, "accesses_per_io", "accesses per I/O", "accesses", STRUCTURAL, SCHEDULE, \
	  "transport register accesses, doorbells included, per I/O") \
	X(ACCESSES_PER_KICK, "accesses_per_kick", "accesses per kick", "accesses", STRUCTURAL, STRUCTURAL, \
	  "doorbell register writes per kick") \
	X(ACCESSES_PER_IRQ, "accesses_per_irq", "accesses per interrupt", "accesses", STRUCTURAL, STRUCTURAL, \
	  "all other register accesses per handler run") \
	X(KICKS_PER_IO, "kicks_per_io", "kicks per I/O", "kicks", STRUCTURAL, SCHEDULE, \
	  "doorbell writes per I/O") \
	X(IRQS_PER_IO, "irqs_per_io", "interrupts per I/O", "interrupts", STRUCTURAL, SCHEDULE, \
	  "handler runs per I/O") \
	X(BUFFERS_PER_KICK, "buffers_per_kick", "buffers per kick", "buffers", STRUCTURAL, SCHEDULE, \
	  "buffers made available per kick") \
	X(USED_PER_IRQ, "used_per_irq", "used buffers per interrupt", "buffers", STRUCTURAL, SCHEDULE, \
	  "the coalescing factor") \
	X(SPURIOUS_PER_IO, "spurious_per_io", "spurious interrupts per I/O", "interrupts", STRUCTURAL, SCHEDULE, \
	  "handler runs that found nothing, per I/O") \
	X(SUPPRESSED, "suppressed_pct", "kicks suppressed", "%", STRUCTURAL, SCHEDULE, \
	  "share of notification checks that sent no kick") \
	X(KICK_NS, "kick_mean_ns", "kick cost, mean", "ns", TIME, TIME, \
	  "duration of the doorbell write, the vCPU blocked (counting rounds)") \
	X(KICK_TO_IRQ_NS, "kick_to_irq_mean_ns", "kick to interrupt, mean", "ns", TIME, TIME, \
	  "an upper bound at depths other than 1 (counting rounds)") \
	X(HANDLER_NS, "handler_mean_ns", "interrupt handler, mean", "ns", TIME, TIME, \
	  "duration of a handler run, callbacks included (counting rounds)") \
	X(ACCESS_NS, "access_mean_ns", "register access, mean", "ns", TIME, TIME, \
	  "doorbells left out (counting rounds)") \
	X(LATENCY_P50, "latency_p50_us", "latency, median", "us", TIME, TIME, \
	  "of an I/O, seen by the load (timing rounds: nothing attached)") \
	X(LATENCY_P99, "latency_p99_us", "latency, 99th percentile", "us", TIME, TIME, \
	  "of an I/O, seen by the load (timing rounds: nothing attached)") \
	X(IOPS, "iops", "I/O rate", "1/s", TIME, TIME, \
	  "seen by the load (timing rounds: nothing attached)") \
	X(OBSERVER, "observer_cost", "observer cost", "ratio", TIME, TIME, \
	  "median latency of counting rounds over that of timing rounds") \
	X(EXITS_PER_IO, "exits_per_io", "exits per I/O", "exits", STRUCTURAL, SCHEDULE, \
	  "kvm_exit events that the device's own accesses and interrupts cause, per I/O") \
	X(USER_EXITS_PER_IO, "user_exits_per_io", "exits to userspace per I/O", "exits", STRUCTURAL, SCHEDULE, \
	  "those of them after which the virtual machine monitor ran") \
	X(STACK_P50, "stack_instructions_per_io", "instructions per I/O, whole stack", "instructions", PATH, PATH, \
	  "of guest, KVM and monitor together, in the median I/O, nothing attached") \
	X(STACK_MEAN, "stack_instructions_mean", "instructions per I/O, whole stack, mean", "instructions", PATH, PATH, \
	  "of guest, KVM and monitor together, over all I/Os of a boot, nothing attached") \
	X(STACK_MIN, "stack_instructions_min", "instructions per I/O, whole stack, shortest", "instructions", PATH, PATH, \
	  "of guest, KVM and monitor together, in the shortest I/O, nothing attached") \
	X(STACK_GUEST, "guest_instructions_per_io", "instructions per I/O, guest", "instructions", PATH, PATH, \
	  "of the whole stack's, those of the guest, probes taken off (mean)") \
	X(STACK_KVM, "kvm_instructions_per_io", "instructions per I/O, KVM", "instructions", PATH, PATH, \
	  "from an exit to the next entry or the return to userspace, probes taken off (mean)") \
	X(STACK_VMM, "vmm_instructions_per_io", "instructions per I/O, monitor", "instructions", PATH, PATH, \
	  "of the monitor's threads, their system calls too, probes taken off (mean)") \
	X(STACK_KICK, "kick_instructions", "instructions of a kick", "instructions", PATH, PATH, \
	  "of guest, KVM and monitor, in the doorbell write as the guest sees it, its probes attached (mean)") \
	X(STACK_KICK_TO_IRQ, "kick_to_irq_instructions", "instructions from kick to interrupt", "instructions", PATH, PATH, \
	  "of guest, KVM and monitor, as the guest sees it, its probes attached (mean)") \
	X(PATH_MIN, "instructions_per_io", "instructions per I/O", "instructions", PATH, PATH, \
	  "of the guest, in the shortest I/O: the path with nothing in between") \
	X(PATH_P50, "instructions_per_io_p50", "instructions per I/O, median", "instructions", PATH, PATH, \
	  "of the guest, in the median I/O") \
	X(ROW, "row_ns", "access or interrupt", "ns", TIME, TIME, \
	  "median of the undisturbed rounds (vmmio-bench micro)") \
	X(ROW_NET, "row_net_ns", "access or interrupt, net", "ns", TIME, TIME, \
	  "the same less its baseline; of an access, thread time (vmmio-bench micro)")
/* clang-format on */

enum vmmio_metric_id {
#define VMMIO_METRIC_ENUM(id, key, heading, unit, c1, cn, meaning) VMMIO_M_##id,
	VMMIO_METRICS(VMMIO_METRIC_ENUM)
#undef VMMIO_METRIC_ENUM
	VMMIO_M_COUNT,
	VMMIO_M_REGISTER = VMMIO_M_COUNT, /* accesses of one register: key "reg:" + its name */
	VMMIO_M_QUEUE,			  /* of one virtqueue: see vmmio_series_add_queue() */
	VMMIO_M_OTHER,			  /* that this program does not know */
};

struct vmmio_metric {
	const char *key, *heading, *unit, *meaning;
	enum vmmio_class cls[2]; /* at depth 1, at other depths */
};

extern const struct vmmio_metric vmmio_metrics[VMMIO_M_COUNT];

#define VMMIO_LABELS_MAX 320
#define VMMIO_KEY_MAX 48

struct vmmio_series {
	char labels[VMMIO_LABELS_MAX]; /* "load=randread transport=mmio depth=1" */
	enum vmmio_metric_id id;
	char key[VMMIO_KEY_MAX]; /* what tells @id in a stored result */
	char heading[VMMIO_KEY_MAX];
	char unit[16];
	enum vmmio_class cls;
	double *v;	       /* NAN: that boot could not measure it */
	struct vmmio_count *c; /* what each is the quotient of, or NULL; NAN where it is none */
	size_t n;
	size_t room;
};

struct vmmio_series_set {
	struct vmmio_series *s;
	size_t n;
	size_t room;
};

const char *vmmio_class_name(enum vmmio_class cls);

void vmmio_series_free(struct vmmio_series_set *set);

/* Append the values of @from to the series of the same name in @to, made where missing. */
int vmmio_series_extend(struct vmmio_series_set *to, const struct vmmio_series_set *from);

/* Append @value to the series of @labels and metric @id, made if it is new. */
int vmmio_series_add(struct vmmio_series_set *set, const char *labels, enum vmmio_metric_id id,
		     int depth, double value);
/* The same of the quotient of two counts, kept with it; unknown unless @c.den is above 0. */
int vmmio_series_add_count(struct vmmio_series_set *set, const char *labels,
			   enum vmmio_metric_id id, int depth, struct vmmio_count c);
/* The same for accesses of one register per I/O. */
int vmmio_series_add_register(struct vmmio_series_set *set, const char *labels, const char *reg,
			      int depth, struct vmmio_count c);

/*
 * Kicks or interrupts per I/O of one virtqueue, key "vq:" + its name + ":kicks" or
 * ":irqs"; an interrupt is one that found used buffers on it.
 */
int vmmio_series_add_queue(struct vmmio_series_set *set, const char *labels, const char *queue,
			   enum vmmio_metric_id id, int depth, struct vmmio_count c);

struct vmmio_series *vmmio_series_find(const struct vmmio_series_set *set, const char *labels,
				       const char *key);

/* The same by what the number is. */
const struct vmmio_series *vmmio_series_get(const struct vmmio_series_set *set, const char *labels,
					    enum vmmio_metric_id id);

/* Value of one label, "" if it has none. */
void vmmio_series_label(const struct vmmio_series *s, const char *name, char *buf, size_t len);

/* Is any value known? */
bool vmmio_series_any(const struct vmmio_series *s);

/* Known values only, in @out (room for s->n); returns how many. */
size_t vmmio_series_known(const struct vmmio_series *s, double *out);

/* Counts of the known values, in @out (room for s->n); 0 unless each of them has some. */
size_t vmmio_series_counts(const struct vmmio_series *s, struct vmmio_count *out);

/*
 * The same number: of counts, the same quotient, whatever its digits; else equal to ten
 * digits, since results were stored with twelve. @c may be NULL.
 */
bool vmmio_series_equal(double v, const struct vmmio_count *c, double w,
			const struct vmmio_count *d);

/* Two boots or more, all known and the same number. */
bool vmmio_series_exact(const struct vmmio_series *s);

/* The same in words, for a figure of @boots boots: one is never exact. */
const char *vmmio_exact_words(bool exact, unsigned int boots);

/* Marked "~": true of an emulated run only (field classes). */
bool vmmio_series_emulated(const struct vmmio_series *s, enum vmmio_accel accel);

/* null where @v is not known: JSON has no NAN, and json_pack() gives up at one */
json_t *vmmio_json_number_or_null(double v);

/* csv.c: @s from its key on, to the end of the line; @emulated: "yes", "no", or NULL, no cell */
struct vmmio_csv;
void vmmio_series_cells(struct vmmio_csv *c, const struct vmmio_series *s, const char *emulated);
void vmmio_series_csv(const struct vmmio_series_set *set, enum vmmio_accel accel, FILE *f);

json_t *vmmio_series_to_json(const struct vmmio_series_set *set);
/* -EPROTO with the reason in @why if @j is not what to_json() makes. */
int vmmio_series_from_json(struct vmmio_series_set *set, const json_t *j, char *why, size_t len);

#endif
