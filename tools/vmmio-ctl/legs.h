/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Legs of a trial (try.c): the numbers of vmmio-stat --json for one leg, and the verdict of several
 * on A and B. Nothing is run and no device is touched here.
 */
#ifndef VMMIO_CTL_LEGS_H
#define VMMIO_CTL_LEGS_H

#include <stdbool.h>
#include <stdio.h>

#include <vmmio/fields.h>
#include "ctl.h"

#define CTL_TRY_SAME 0.01 /* legs no further apart than this part of their mean are the same */

/*
 * One round: so many times further apart than the legs of one side are the closest of A and B,
 * or there is no verdict. Four legs of noise pass that in 2.2 of 100 cases, eight pass once as
 * far in 0.06 (tests/unit/test_legs.c).
 */
#define CTL_TRY_APART 3

/*
 * X(FIELD, name, unit): what is compared, by the field table. Counts are a leg's where a
 * command is run, else a second's.
 */
/* clang-format off */
#define CTL_TRY_FIELDS(X) \
	X(KICKS, "kicks", "") \
	X(SUPPRESSED, "suppressed", "%") \
	X(BUFFERS_PER_KICK, "buffers per kick", "") \
	X(IRQS, "interrupts", "") \
	X(USED_PER_IRQ, "buffers per interrupt", "") \
	X(SPURIOUS, "spurious", "%") \
	X(ACCESSES, "register accesses", "") \
	X(KICK_MEAN, "kick cost", "ns") \
	X(LATENCY_MEAN, "kick to interrupt", "ns") \
	X(LATENCY_P99, "the same, p99", "us")
/* clang-format on */

enum {
#define CTL_TRY_ID(id, name, unit) CTL_TRY_##id,
	CTL_TRY_FIELDS(CTL_TRY_ID)
#undef CTL_TRY_ID
	CTL_TRY_SECONDS, /* of a command */
	CTL_TRY_COUNT
};

struct ctl_leg {
	bool b; /* else A */
	bool emulated, durations;
	bool unsure; /* whether events were lost is not known */
	char accel[32];
	bool known[CTL_TRY_COUNT];
	double v[CTL_TRY_COUNT];
};

enum ctl_verdict {
	CTL_NOT_KNOWN, /* a leg lacks it */
	CTL_SAME,      /* all legs are within CTL_TRY_SAME */
	CTL_UNDECIDED, /* legs of one side are as far apart as A and B are */
	CTL_DIFFERS,
};

/* The value of vmmio-stat's -f for all that is compared. */
void ctl_try_fields(char *buf, size_t size);

/*
 * Reads the output of one run of vmmio-stat, for @queue, or for all with -1; of a command (@run) or
 * of an interval. -EINVAL with @why: it is not the output for one device.
 */
int ctl_leg_read(struct ctl_leg *leg, const char *json, int queue, bool run, struct ctl_text *why);

/* Of @what (CTL_TRY_...); the means of A and of B where it is known. */
enum ctl_verdict ctl_legs_judge(const struct ctl_leg *legs, int n, int what, double *a, double *b);

/* Neither a kick nor an interrupt: too little for a verdict. */
bool ctl_leg_idle(const struct ctl_leg *leg);

/* A line that says what differs, then a table. */
void ctl_legs_print(FILE *out, const struct ctl_leg *legs, int n);

#endif
