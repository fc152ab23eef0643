/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a sweep between its runs: a hidden folder that holds the plan's
 * identity and one file per finished run, each renamed into place when whole.
 * A sweep that was killed goes on from there.
 */
#ifndef VMMIO_BENCH_SWEEP_H
#define VMMIO_BENCH_SWEEP_H

#include <limits.h>
#include <jansson.h>

#include "experiment.h"
#include "bench/guest/guest.h"

struct vmmio_sweep_state {
	char dir[PATH_MAX / 2];
	int lock;   /* held on @dir; -1 if not ours */
	int holder; /* process that has it, after -EBUSY; 0 if it does not say */
};

/*
 * Open or begin the state of @e under @accel in @out. *@begun: how many runs
 * are there already. -ESTALE: there is one of another text of the experiment or
 * of another @setup, whose runs are not to be mixed with these; -EBUSY: another process is at it.
 * vmmio_sweep_close() in any case.
 */
int vmmio_sweep_open(struct vmmio_sweep_state *st, const char *out,
		     const struct vmmio_experiment *e, const char *accel, json_t *setup,
		     bool restart, size_t *begun);

/* The stored run, or NULL. */
json_t *vmmio_sweep_get(const struct vmmio_sweep_state *st, size_t run);
int vmmio_sweep_put(const struct vmmio_sweep_state *st, size_t run, const json_t *j);
/* Forget a finished sweep, then close. */
void vmmio_sweep_remove(struct vmmio_sweep_state *st);
void vmmio_sweep_close(struct vmmio_sweep_state *st);

/* The guest of one run; strings and arguments live in @store. */
struct vmmio_run_guest {
	char *script, *inner; /* of a bench host, and of its guest */
	struct vmmio_args args;
	struct vmmio_load plan;
	const char *order[VMMIO_COLUMNS];
	char setup[1024];
	char kernel[PATH_MAX / 4], initrd[PATH_MAX / 4], stat[PATH_MAX / 4];
	struct vmmio_guest_file file;
	bool sided; /* accesses are counted on the device's side as well */
	char events[128];
};

/*
 * Can this build and @accel run all of @e? -errno with one line in @why that says
 * what to do.
 */
int vmmio_run_possible(const struct vmmio_experiment *e, enum vmmio_accel accel, char *why,
		       size_t len);

/* Has @s a bench host of its own, not the build's, which --kernel and --initrd replace? */
bool vmmio_run_has_own_host(const struct vmmio_setting *s);

/* Where the runs of @e are counted: @accel, or KVM of a bench host. */
enum vmmio_accel vmmio_run_accel(const struct vmmio_experiment *e, enum vmmio_accel accel);

/*
 * Does the template @vmm apply what the labels of @e will say? -EINVAL with one line in
 * @why: it lacks the placeholder of a setting, which its monitor would never get.
 */
int vmmio_run_template(const struct vmmio_experiment *e, const struct vmmio_args *vmm, char *why,
		       size_t len);

/*
 * Checksums of the kernels and images that the runs of @e boot, by their names, those
 * given in place of the build's included; NULL with @why: one cannot be read.
 */
json_t *vmmio_run_images(const struct vmmio_experiment *e, const char *kernel, const char *initrd,
			 char *why, size_t len);

int vmmio_run_prepare(const struct vmmio_experiment *e, const struct vmmio_run *run,
		      struct vmmio_run_guest *store, struct vmmio_guest *g);
void vmmio_run_free(struct vmmio_run_guest *store);

/*
 * What came of a run, as it is stored: labels, boot, rows and info, or
 * "failed" with one line. A check that failed makes the run a failed one.
 */
json_t *vmmio_run_report(const struct vmmio_run *run, const struct vmmio_run_guest *store, int err,
			 const struct vmmio_guest_result *r);

#endif
