/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The environment of a number: the accelerator this kernel runs under, and whether its clock can be
 * read without a trap. Detected from inside; it changes nothing.
 */
#ifndef VMMIO_ENV_H
#define VMMIO_ENV_H

#include <stdbool.h>

struct vmmio_env {
	char accel[16]; /* tcg, kvm, hyperv, vmware, xen, apple, other, none, unknown, "… on tcg" */
	char clocksource[32]; /* "unknown" if it cannot be read */
	bool emulated;	      /* no real time: tcg, and whatever is not known */
	bool clock_ok;	      /* durations mean something */
	bool emulated_time;   /* the user asked for emulated durations */
};

/*
 * VMMIO_ACCEL in the environment overrides the detection (a guest cannot tell one kind of KVM from
 * another; its starter can).
 */
void vmmio_env_detect(struct vmmio_env *env);

/* The same for another machine, whose names are known. */
void vmmio_env_set(struct vmmio_env *env, const char *accel, const char *clocksource);

/* "emulated", or "perhaps emulated" where that is unknown. */
const char *vmmio_env_emulated_text(const struct vmmio_env *env);
/* Why durations are not shown there: "durations are ...". */
const char *vmmio_env_hidden_text(const struct vmmio_env *env);

/* May durations be shown? */
bool vmmio_env_times(const struct vmmio_env *env);

bool vmmio_clock_is_direct(const char *clocksource);

#endif
