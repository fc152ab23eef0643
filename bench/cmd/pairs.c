// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs two commands in turn until the comparison is decided (pairs.h). ab.c decides, looks.c says
 * after how many pairs.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/guest/pool.h"
#include "bench/judge/looks.h"
#include "cmd.h"
#include "pairs.h"
#include "setup.h"

int vmmio_pairs_one(struct vmmio_pairs *p, char *const argv[], const char *shown, bool pool,
		    struct vmmio_side *side)
{
	char why[160] = "";
	int status = -1;

	for (unsigned int i = 0; i <= p->retries && !vmmio_stop; i++) {
		json_t *j = vmmio_run_json(argv, &status, why, sizeof(why));

		if (j && !vmmio_side_take(j, pool, side, why, sizeof(why))) {
			side->runs++;
			return 0;
		}
		if (!vmmio_stop && WIFEXITED(status) && WEXITSTATUS(status) == VMMIO_EXIT_USAGE) {
			vmmio_progress_end();
			fprintf(stderr, "vmmio-bench %s: %s: wrong usage\n", p->c->name, shown);
			return -EINVAL;
		}
		p->failed += i < p->retries && !vmmio_stop;
	}
	if (vmmio_stop)
		return -EINTR;
	vmmio_progress_end();
	snprintf(p->why, sizeof(p->why), "%s: %s, %u time%s", shown, why, p->retries + 1,
		 p->retries ? "s" : "");
	return vmmio_ab_refuse(p->c, p->why) == VMMIO_EXIT_TROUBLE ? -EIO : -EAGAIN;
}

/* Pairs @from to @to: A B, B A, A B ... so that a drift of the machine falls on both. */
static int run_pairs(struct vmmio_pairs *p, unsigned int from, unsigned int to,
		     struct vmmio_side side[2])
{
	int err = 0;

	for (unsigned int i = 2 * from; i < 2 * to && !vmmio_stop && !err; i++) {
		int which = (i & 1) ^ (i >> 1 & 1);

		if (side[which].runs > i / 2)
			continue;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\rpair %u (%c) ", i / 2 + 1, 'A' + which);
		err = vmmio_pairs_one(p, p->argv[which], p->shown[which], true, &side[which]);
	}
	vmmio_progress_end();
	return vmmio_stop ? -EINTR : err;
}

int vmmio_pairs_may(struct vmmio_pairs *p, const struct vmmio_side *a, const json_t *ma,
		    const struct vmmio_side *b, const json_t *mb)
{
	vmmio_ab_set_accel(p->c, a->accel, b->accel);
	return vmmio_ab_set_dims(p->c, a->result, ma, b->result, mb);
}

int vmmio_pairs_run(struct vmmio_pairs *p, struct vmmio_side side[2], unsigned int *pairs)
{
	struct vmmio_sequence q = {0};
	struct vmmio_ab_options *o = &p->c->o;
	bool goes_on = true;
	int err = 0;

	vmmio_looks_plan(p->most, &q.looks);
	*pairs = 0;
	while (goes_on && !err) {
		unsigned int to = p->pairs ? p->pairs : q.looks.pairs[q.look];
		struct vmmio_ab ab;

		err = run_pairs(p, *pairs, to, side);
		*pairs = to;
		err = err
			      ?: vmmio_pairs_may(
					 p, &side[0], json_object_get(side[0].result, "machine"),
					 &side[1], json_object_get(side[1].result, "machine"));
		if (err || p->pairs)
			return err;
		vmmio_sequence_next(&q, &side[0].set, o);
		err = vmmio_ab_compare(&side[0].set, &side[1].set, o, &ab);
		goes_on = !err && vmmio_sequence_goes_on(&q, &ab);
		snprintf(
			p->how, sizeof(p->how),
			"after %u pair%s, look %zu of %zu; alpha %g in equal parts for classes and "
			"their looks",
			to, to == 1 ? "" : "s", q.look, q.looks.n, o->alpha);
		o->how = p->how;
		if (!err)
			vmmio_ab_free(&ab);
	}
	return err;
}
