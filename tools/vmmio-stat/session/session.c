// SPDX-License-Identifier: GPL-2.0-only
/*
 * See session.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/program.h"
#include "session.h"

#define PROC_INTERRUPTS "/proc/interrupts"

static int screen_lines(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return 0;
	/* A serial console may not know its size. */
	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row > 4 ? w.ws_row : 24;
}

int vmmio_session_open(struct vmmio_session *x)
{
	struct vmmio_source_opts so = {.want = x->want, .max_slots = x->opt.max_slots};
	int err;

	vmmio_env_detect(&x->env);
	x->env.emulated_time = x->opt.emulated_time;
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
	x->view.screen_lines = screen_lines();
	return 0;
}

void vmmio_session_close(struct vmmio_session *x)
{
	vmmio_source_close(&x->src);
	vmmio_snapshot_free(&x->delta);
	vmmio_textfile_free(&x->textfile);
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
	vmmio_irqs_free(&m->irqs.before);
	vmmio_irqs_free(&m->irqs.after);
}

int vmmio_moment_take(struct vmmio_session *x, struct vmmio_moment *m)
{
	int err = 0;

	if (x->opt.verify)
		err = vmmio_irqs_read(&m->irqs.before, PROC_INTERRUPTS);
	if (!err) {
		err = x->src.ops->snapshot(&x->src, &m->s);
		if (err == -ENODATA) {
			x->ended = true;
			return err;
		}
		if (err) {
			vmmio_complain("%s", x->src.why[0] ? x->src.why : strerror(-err));
			return err;
		}
	}
	if (!err && x->opt.verify)
		err = vmmio_irqs_read(&m->irqs.after, PROC_INTERRUPTS);
	if (err)
		vmmio_complain("cannot read %s: %s", PROC_INTERRUPTS, strerror(-err));
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

int vmmio_session_compare(struct vmmio_session *x, const struct vmmio_moment *from,
			  const struct vmmio_moment *to)
{
	char why[200];
	int err;

	err = vmmio_delta(&x->delta, &from->s, &to->s);
	if (!err)
		err = reserve(x);
	if (err) {
		vmmio_complain("%s", strerror(-err));
		return err;
	}
	if (x->opt.verify &&
	    vmmio_irqs_verify(&x->delta, &from->irqs, &to->irqs, why, sizeof(why))) {
		vmmio_complain("verify: %s", why);
		x->differed = true;
	}
	return (int)vmmio_rows_select(&x->delta, &x->opt, x->index);
}
