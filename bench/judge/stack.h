/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest and host of one run, compared and put into one table: exits per I/O by kind, and the
 * instructions of guest, KVM and monitor together. If a count of the guest differs from the host's
 * there is no verdict.
 */
#ifndef VMMIO_BENCH_STACK_H
#define VMMIO_BENCH_STACK_H

#include <stdbool.h>
#include <stdio.h>
#include <jansson.h>

#include "bench/data/hostexits.h"
#include "bench/data/layers.h"
#include "bench/data/series.h"
#include "bench/load/load.h"

/*
 * Instructions of an I/O by the guest's own clock, in rounds with nothing attached,
 * under the layers by KVM's events and under those by system calls; NAN: no round.
 */
struct vmmio_stack_seen {
	double mean, min, median;
};

/* The rounds of @kind in @boot and column @c among @rows: mean of all I/Os but the
 * last, from submission to submission, the shortest, and the mean of the rounds' medians. */
struct vmmio_stack_seen vmmio_stack_seen(const json_t *rows, unsigned int boot, int c,
					 const char *kind);

enum vmmio_stack_way {
	VMMIO_WAY_PLAIN,
	VMMIO_WAY_KVM,
	VMMIO_WAY_CALLS,
	VMMIO_WAYS,
};

/* Where the instructions of one boot and column went: vmmio_stack_add_layers(). */
struct vmmio_stack_layers {
	struct vmmio_layer_sums sums[VMMIO_WAYS]; /* none of VMMIO_WAY_PLAIN */
	struct vmmio_stack_seen seen[VMMIO_WAYS];
	/*
	 * Per I/O, by KVM's events, what the probes took taken off: their own, and around
	 * each of them what makes the median I/O longer besides, half of it on each side.
	 */
	double layer[VMMIO_LAYERS], around, probes;
	double vmm_by_calls;	     /* the monitor's, the same way, by system calls */
	double residual[VMMIO_WAYS]; /* of the sum against what the guest saw: a share */
};

/* Instructions by the guest's clock, its probes attached, mean; NAN: none was timed. */
struct vmmio_stack_kick {
	double cost;	     /* of the doorbell write */
	double to_interrupt; /* from before it to the handler */
};

struct vmmio_stack {
	enum vmmio_accel accel;
	const char *load;      /* "randread": the label of the series */
	const char *load_text; /* "random reads of 4 KiB" */
	bool vhost;	       /* the host's kernel serves the device, not the monitor */
	const char *qemu;      /* version of the monitor, in the bench host */
	const char *kernel;    /* release of the bench host's; NULL: a result that does not say */
	unsigned int boots, rounds, count;
	unsigned int layer_count;	   /* I/Os of a round under vmmio-layers */
	unsigned int hung;		   /* boots that did not end and were run again */
	struct vmmio_host_round *host;	   /* [boot][column], the rounds of each added up */
	struct vmmio_stack_kick *kicks;	   /* [boot][column] */
	struct vmmio_stack_layers *layers; /* [boot][column]; NULL: not measured */
	struct vmmio_series_set set;
	json_t *checks;	 /* see load.h */
	json_t *equal;	 /* settings by name and column, see load.h; may be NULL */
	json_t *differs; /* rows {"boot", "column", "what", "guest", "host"} */
};

/* Loads of the whole stack: what an option says, the label of their series, and words. */
struct vmmio_stack_load {
	const char *name, *label, *text;
};

/* By what an option says of it, or by its label; NULL: there is none. */
const struct vmmio_stack_load *vmmio_stack_load(const char *name);

/* The labels of column @c's series. */
void vmmio_stack_labels(const struct vmmio_stack *s, int c, char *buf, size_t len);

/*
 * Adds the host's rounds of @boot to its cells; @columns names each. -ENOBUFS if
 * there are more kinds than room.
 */
int vmmio_stack_add(struct vmmio_stack *s, unsigned int boot, const char *const *columns,
		    const struct vmmio_host_round *rounds, size_t n);

/*
 * Adds what vmmio-stat told of kicks in @text of @boot (a line "@kicks {...}"); @rows say
 * which device was which. 0 or -errno, with one line in @why.
 */
int vmmio_stack_add_kicks(struct vmmio_stack *s, unsigned int boot, const char *text,
			  const json_t *rows, char *why, size_t len);

/*
 * Adds what vmmio-layers told in @text of @boot, which vmmio_stack_add() knows, and
 * what the guest's @rows say of the same rounds; @s->layers has room. 0 or -errno, with
 * one line in @why.
 */
int vmmio_stack_add_layers(struct vmmio_stack *s, unsigned int boot, const char *text,
			   const json_t *rows, char *why, size_t len);
/* The layers as an array, a row a boot and column; null where they were not measured. */
json_t *vmmio_stack_layers_json(const struct vmmio_stack *s);
/* Of stack_layers.c, for stack.c: checks and series; rows of the table; a sentence or NULL. */
int vmmio_stack_judge_layers(struct vmmio_stack *s);
void vmmio_stack_print_layers(const struct vmmio_stack *s, FILE *f);
json_t *vmmio_stack_layers_sentence(const struct vmmio_stack *s);
/* Median over boots of @layer in column @c, or of their sum (VMMIO_LAYERS); NAN: not known. */
double vmmio_stack_layer(const struct vmmio_stack *s, int c, int layer);

/*
 * Series of the guest's @rows, exits beside them; each count of the guest against
 * the host's, differences into s->differs. 0 or -errno.
 */
int vmmio_stack_judge(struct vmmio_stack *s, const json_t *rows);

/*
 * @s of a stored @result (kind "stack") and its @machine: exits by kind with what one takes
 * from exit to entry, layers where they were measured, and @set. It borrows @accel, @machine's
 * text and @set. -EPROTO: not what compare --stack writes. vmmio_stack_stored_free().
 */
int vmmio_stack_stored(struct vmmio_stack *s, const json_t *result, const json_t *machine,
		       enum vmmio_accel accel, const struct vmmio_series_set *set);
void vmmio_stack_stored_free(struct vmmio_stack *s);

/*
 * Counts times costs against the measurement, an object a transport: {"transport", "kinds":
 * [{"kind", "per_io", "instructions"}], "exits", "guest", "measured", "residual"}, in
 * instructions per I/O. The second prints it.
 */
json_t *vmmio_stack_predict(const struct vmmio_stack *s);
void vmmio_stack_print_prediction(const struct vmmio_stack *s, const json_t *rows, FILE *f);

void vmmio_stack_print(const struct vmmio_stack *s, FILE *f);
/* kinds of exits by column, medians over boots: what the plot and the file show */
json_t *vmmio_stack_kinds(const struct vmmio_stack *s);
/* Sentences; *@withheld if they only say why there is no verdict. */
json_t *vmmio_stack_verdict(const struct vmmio_stack *s, bool *withheld);

#endif
