/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The first and last steps of every subcommand that watches: options, environment, source,
 * snapshots with a witness, error lines.
 */
#ifndef VMMIO_SESSION_H
#define VMMIO_SESSION_H

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/options.h"
#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/source/witness.h"
#include "tools/vmmio-stat/view/textfile.h"
#include "tools/vmmio-stat/view/view.h"

struct vmmio_moment {
	struct vmmio_snapshot s;
	struct vmmio_witness witness;
};

struct vmmio_session {
	/* What else the source is asked for, or NULL. */
	void (*take)(struct vmmio_session *x, struct vmmio_source_opts *so);
	struct vmmio_options opt;
	struct vmmio_env env;
	struct vmmio_source src;
	struct vmmio_want want;
	struct vmmio_view view;
	struct vmmio_snapshot delta;
	struct vmmio_metrics metrics; /* with --textfile only */
	size_t *index;		      /* rows selected; room for index_cap */
	size_t index_cap;
	bool differed;	/* --verify found a difference */
	__u32 unplaced; /* virtqueues without a row, as was said last */
	bool blind;	/* a device worked that no hook saw: trouble */
	bool ended;	/* a recording has no more to give: no trouble */
};

/* Opens what session->opt asks for. Prints the reason if it returns an error. */
int vmmio_session_open(struct vmmio_session *x);
void vmmio_session_close(struct vmmio_session *x);

void vmmio_moment_init(struct vmmio_moment *m, const struct vmmio_session *x);
void vmmio_moment_free(struct vmmio_moment *m);

/* Takes a snapshot, and what witnesses it; on error x->src.why may say more. */
int vmmio_moment_read(struct vmmio_session *x, struct vmmio_moment *m);
/* The same; prints the reason if it returns an error. -ENODATA, with
 * x->ended and nothing printed: a recording is over. */
int vmmio_moment_take(struct vmmio_session *x, struct vmmio_moment *m);

/*
 * Makes x->delta of the time between two moments and compares it with the witness. Returns 0 or
 * -errno; one line about devices that no hook saw in @why, or "".
 */
int vmmio_session_delta(struct vmmio_session *x, const struct vmmio_moment *from,
			const struct vmmio_moment *to, char *why, size_t size);

/*
 * x->delta and x->index of the time between two moments, verified if asked
 * for; says on stderr what vanished. Returns the number of rows selected, or
 * -errno (printed).
 */
int vmmio_session_compare(struct vmmio_session *x, const struct vmmio_moment *from,
			  const struct vmmio_moment *to);

#endif
