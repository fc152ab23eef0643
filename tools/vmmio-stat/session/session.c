// SPDX-License-Identifier: GPL-2.0-only
/*
 * See session.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/program.h"
#include "session.h"

#define PROC_INTERRUPTS "/proc/interrupts"

/* The size of the terminal; 0 each: none. A serial console may not know its size. */
static void screen(int *lines, int *columns)
{
	struct winsize w;

	*lines = *columns = 0;
	if (!isatty(STDOUT_FILENO))
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		memset(&w, 0, sizeof(w));
	*lines = w.ws_row > 4 ? w.ws_row : 24;
	*columns = w.ws_col;
}

/* Numbers that are not shown are not taken, unless all are asked for. */
static void leave_out_times(struct vmmio_want *want)
{
	int i;

	if (!want->counters)
		return;
	for (i = 0; i < VMMIO_HIST_COUNT; i++)
		if (!strcmp(vmmio_hist_units[i], "ns"))
			want->hists &= ~(1u << i);
	want->counters &= ~vmmio_fields_timed();
}

int vmmio_session_open(struct vmmio_session *x)
{
	struct vmmio_source_opts so = {.max_slots = x->opt.max_slots};
	int err;

	x->want.device_driven = x->opt.device_driven;
	vmmio_env_detect(&x->env);
	x->env.emulated_time = x->opt.emulated_time;
	/* a recording has an environment of its own */
	if (!vmmio_env_times(&x->env) && !x->take && strncmp(x->opt.source, "file:", 5))
		leave_out_times(&x->want);
	so.want = x->want;
	so.interval_ns = x->opt.interval_ns;
	if (x->take)
		x->take(x, &so);
	err = vmmio_source_open(&x->src, x->opt.source, &so);
	if (err) {
		vmmio_complain("%s", x->src.why[0] ? x->src.why : strerror(-err));
		return err;
	}
	if (x->src.accel[0])
		vmmio_env_set(&x->env, x->src.accel, x->src.clocksource);
	if (x->src.note[0])
		vmmio_complain("source %s: %s", x->src.engine, x->src.note);
	vmmio_snapshot_init(&x->delta, &x->want);
	x->view.out = stdout;
	x->view.opt = &x->opt;
	x->view.env = &x->env;
	x->view.engine = x->src.engine;
	x->view.detail = x->src.detail;
	screen(&x->view.screen_lines, &x->view.screen_columns);
	return 0;
}

void vmmio_session_close(struct vmmio_session *x)
{
	vmmio_source_close(&x->src);
	vmmio_snapshot_free(&x->delta);
	vmmio_metrics_free(&x->metrics);
	free(x->index);
	x->index = NULL;
}

void vmmio_moment_init(struct vmmio_moment *m, const struct vmmio_session *x)
{
	memset(m, 0, sizeof(*m));
	vmmio_snapshot_init(&m->s, &x->want);
}

void vmmio_moment_free(struct vmmio_moment *m)
{
	vmmio_snapshot_free(&m->s);
	vmmio_witness_free(&m->witness);
}

static __u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (__u64)t.tv_sec * 1000 + (__u64)t.tv_nsec / 1000000;
}

int vmmio_moment_read(struct vmmio_session *x, struct vmmio_moment *m)
{
	bool live = !x->src.accel[0]; /* of a recording there is no witness */
	int err = 0;

	x->src.why[0] = '\0';
	if (live)
		err = vmmio_witness_before(&m->witness);
	if (!err)
		err = x->src.ops->snapshot(&x->src, &m->s);
	else
		snprintf(x->src.why, sizeof(x->src.why), "cannot read %s: %s", PROC_INTERRUPTS,
			 strerror(-err));
	if (!err && live)
		m->s.wall_ms = now_ms();
	if (!err && live)
		err = vmmio_witness_after(&m->witness);
	return err;
}

int vmmio_moment_take(struct vmmio_session *x, struct vmmio_moment *m)
{
	int err = vmmio_moment_read(x, m);

	if (err == -ENODATA)
		x->ended = true;
	else if (err)
		vmmio_complain("%s", x->src.why[0] ? x->src.why : strerror(-err));
	return err;
}

static int reserve(struct vmmio_session *x)
{
	size_t *p;

	if (x->index_cap >= x->delta.n && x->index)
		return 0;
	p = reallocarray(x->index, x->delta.n + 1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	x->index = p;
	x->index_cap = x->delta.n;
	return 0;
}

int vmmio_session_delta(struct vmmio_session *x, const struct vmmio_moment *from,
			const struct vmmio_moment *to, char *why, size_t size)
{
	int err = vmmio_delta(&x->delta, &from->s, &to->s);

	why[0] = '\0';
	if (!err)
		err = vmmio_witness_check(&x->delta, &from->witness, &to->witness, x->src.sees, why,
					  size);
	if (!err)
		err = reserve(x);
	return err;
}

/* Does the selection include a device that no hook saw? */
static bool asked_for_unseen(const struct vmmio_session *x)
{
	struct vmmio_options o = x->opt;
	__u64 irqs;
	size_t i;

	o.queue = NULL; /* which it has is not known */
	for (i = 0; i < x->delta.n; i++)
		if (x->delta.rows[i].info.kind == VMMIO_SLOT_DEVICE &&
		    !vmmio_device_irqs(&x->delta, &x->delta.rows[i], &irqs) &&
		    vmmio_row_matches(&x->delta.rows[i], &o))
			return true;
	return false;
}

int vmmio_session_compare(struct vmmio_session *x, const struct vmmio_moment *from,
			  const struct vmmio_moment *to)
{
	char why[240];
	int err = vmmio_session_delta(x, from, to, why, sizeof(why));

	if (err) {
		vmmio_complain("%s", strerror(-err));
		return err;
	}
	if (x->delta.unplaced && x->delta.unplaced != x->unplaced)
		vmmio_complain("%u virtqueue%s found no room and %s not counted", x->delta.unplaced,
			       x->delta.unplaced == 1 ? "" : "s",
			       x->delta.unplaced == 1 ? "is" : "are");
	x->unplaced = x->delta.unplaced;
	if (x->delta.unseen && (x->src.accel[0] || asked_for_unseen(x))) {
		if (!x->blind)
			vmmio_complain("%s", why);
		x->blind = true;
	}
	if (x->opt.verify && vmmio_irqs_verify(&x->delta, &from->witness.irqs, &to->witness.irqs,
					       why, sizeof(why))) {
		vmmio_complain("verify: %s", why);
		x->differed = true;
	}
	return (int)vmmio_rows_select(&x->delta, &x->opt, x->index);
}
