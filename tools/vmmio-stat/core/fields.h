/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Evaluates the field table of include/vmmio/fields.h on a row of a delta.
 * Nothing else computes fields; views only print what this returns.
 */
#ifndef VMMIO_STAT_FIELDS_H
#define VMMIO_STAT_FIELDS_H

#include "vmmio/fields.h"
#include "env.h"
#include "snapshot.h"

struct vmmio_field {
	const char *key;
	const char *heading;
	const char *unit;
	enum vmmio_class cls;
	enum vmmio_field_op op;
	unsigned int a, b;
	const char *meaning;
};

_Static_assert(VMMIO_F_COUNT <= 64, "field masks are 64 bits wide");

extern const struct vmmio_field vmmio_fields[VMMIO_F_COUNT];
extern const char *const vmmio_counter_keys[VMMIO_C_COUNT];
extern const char *const vmmio_hist_keys[VMMIO_HIST_COUNT];
extern const char *const vmmio_hist_units[VMMIO_HIST_COUNT];
extern const char *const vmmio_class_names[];

/* A number that may be unknown. */
struct vmmio_value {
	bool known;
	double v;
};

/* Field @id of row @row of delta @d, in the field's unit; counts are of the whole interval. */
struct vmmio_value vmmio_field_eval(const struct vmmio_snapshot *d, size_t row, int id);

/*
 * The same, as it may be shown here: time fields are unknown where the clock traps, or is emulated
 * and --emulated-time is not given.
 */
struct vmmio_value vmmio_field_show(const struct vmmio_snapshot *d, size_t row, int id,
				    const struct vmmio_env *env);

/* Is a count shown as counts per second here? (Emulated seconds are none.) */
static inline bool vmmio_env_rates(const struct vmmio_env *env)
{
	return !env->emulated || env->emulated_time;
}

/* Is the column useful here at all? */
static inline bool vmmio_field_visible(int id, const struct vmmio_env *env)
{
	return vmmio_fields[id].cls != VMMIO_TIME || !env->emulated || env->emulated_time;
}

/* Is its value a whole number, as far as it is one interval's? */
static inline bool vmmio_field_whole(int id)
{
	return vmmio_fields[id].op == VMMIO_OP_COUNT || id == VMMIO_F_IN_FLIGHT;
}

/* Field id by key or heading, or -1. */
/* A sum of durations, not of events. */
bool vmmio_counter_is_time(int counter);

int vmmio_field_find(const char *name);

/* Histograms that the fields of mask @fields are computed from. */
__u32 vmmio_fields_hists(__u64 fields);

/* Counters that they are computed from, a bit per enum vmmio_counter. */
__u64 vmmio_fields_counters(__u64 fields);

/* Counters that only fields of class "time" are computed from. */
__u64 vmmio_fields_timed(void);

/* Does one of them need the hooks on adding and taking back buffers? */
bool vmmio_fields_requests(__u64 fields);

/*
 * Percentile @p (0..100) of @h: interpolated within its bucket, so at most
 * 12.5 % off; unknown if the histogram is empty.
 */
struct vmmio_value vmmio_hist_percentile(const struct vmmio_hist *h, double p);

__u64 vmmio_hist_total(const struct vmmio_hist *h);

#endif
