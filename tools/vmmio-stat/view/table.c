// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live table: units in the headings, a header every screenful on a terminal and once elsewhere,
 * and again when a column appears or a longer name. Under emulation "~" precedes the heading of a
 * number that holds for this run only.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view.h"

#define DEVICE_WIDTH 9 /* at least: names are not cut */
#define QUEUE_WIDTH 8
#define LOST_WIDTH 4

char *vmmio_format_value(char *buf, size_t size, int width, struct vmmio_value v, bool whole)
{
	static const char suffix[] = " kMGTPE";
	double x = v.v;
	int s = 0, digits;

	if (!v.known || isnan(x)) {
		snprintf(buf, size, "-");
		return buf;
	}
	digits = whole && x == floor(x) ? 0 : x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
	if (snprintf(buf, size, "%.*f", digits, x) <= width)
		return buf;
	while (x >= 999.5 && suffix[s + 1]) {
		x /= 1000;
		s++;
	}
	digits = x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
	while (snprintf(buf, size, "%.*f%c", digits, x, suffix[s]) > width && digits)
		digits--;
	return buf;
}

char *vmmio_format_queue(char *buf, size_t size, const struct vmmio_row *r)
{
	if (r->info.kind != VMMIO_SLOT_QUEUE)
		snprintf(buf, size, "*");
	else if (r->info.queue_name[0])
		snprintf(buf, size, "%u:%s", r->info.queue, r->info.queue_name);
	else
		snprintf(buf, size, "%u", r->info.queue);
	return buf;
}

/* "kick/s", or where seconds are not real ones: the count of the interval, "~kick". */
static void heading(char *buf, size_t size, const struct vmmio_view *v, int id, bool total)
{
	const struct vmmio_field *f = &vmmio_fields[id];
	const char *mark = "", *name = f->heading;
	size_t len = strlen(name);

	if (v->env->emulated && f->cls != VMMIO_STRUCTURAL && f->cls != VMMIO_PATH)
		mark = "~";
	if (f->op == VMMIO_OP_COUNT && (total || !vmmio_env_rates(v->env)) && len > 2 &&
	    !strcmp(name + len - 2, "/s"))
		len -= 2;
	snprintf(buf, size, "%s%.*s", mark, (int)len, name);
}

static int width(const struct vmmio_view *v, int id, bool total)
{
	char buf[32];
	int w;

	heading(buf, sizeof(buf), v, id, total);
	w = (int)strlen(buf);
	if (vmmio_fields[id].op == VMMIO_OP_COUNT && w < 6)
		return 6;
	return w < 5 ? 5 : w;
}

/* Does the row's source count what the field is made of? */
static bool is_counted(const struct vmmio_row *r, int id)
{
	const struct vmmio_field *f = &vmmio_fields[id];

	if (f->op == VMMIO_OP_PCTL)
		return r->have_hist >> f->a & 1;
	return vmmio_row_has(r, f->a) && (f->op == VMMIO_OP_COUNT || vmmio_row_has(r, f->b));
}

static bool is_shown(const struct vmmio_view *v, int id)
{
	return v->columns >> id & 1;
}

/* With these columns. */
static int line_width(const struct vmmio_view *v, bool total)
{
	int i, w = v->device_width + 1 + v->queue_width + 1 + LOST_WIDTH;

	if (v->opt->timestamp)
		w += 9;
	for (i = 0; i < v->opt->nfields; i++)
		if (is_shown(v, v->opt->fields[i]))
			w += 1 + width(v, v->opt->fields[i], total);
	return w;
}

/*
 * Widths and columns of these rows: none that no row has so far, unless that is all of them,
 * and of the default ones the last go where the terminal is narrow. Those asked for by -f
 * stay. True: the header is not what it was.
 */
static bool lay_out(struct vmmio_view *v, const struct vmmio_report *r)
{
	bool all = v->opt->fields_given;
	int i, w, device = v->device_width, queue = v->queue_width;
	__u64 before = v->columns;
	char name[48];
	size_t k;

	v->device_width = device > DEVICE_WIDTH ? device : DEVICE_WIDTH;
	v->queue_width = queue > QUEUE_WIDTH ? queue : QUEUE_WIDTH;
	for (k = 0; k < r->n; k++) {
		const struct vmmio_row *x = &r->delta->rows[r->rows[k]];

		w = (int)strlen(vmmio_row_device(x));
		v->device_width = w > v->device_width ? w : v->device_width;
		w = (int)strlen(vmmio_format_queue(name, sizeof(name), x));
		v->queue_width = w > v->queue_width ? w : v->queue_width;
		for (i = 0; i < v->opt->nfields; i++)
			if (all || is_counted(x, v->opt->fields[i]))
				v->columns |= 1ull << v->opt->fields[i];
	}
	all |= !v->columns;
	for (i = 0; i < v->opt->nfields; i++) {
		if (all)
			v->columns |= 1ull << v->opt->fields[i];
		if (!vmmio_field_visible(v->opt->fields[i], v->env))
			v->columns &= ~(1ull << v->opt->fields[i]);
	}
	if (!v->opt->extended && !v->opt->fields_given)
		for (i = v->opt->nfields - 1;
		     i > 0 && v->screen_columns && line_width(v, r->total) > v->screen_columns; i--)
			v->columns &= ~(1ull << v->opt->fields[i]);
	return v->device_width != device || v->queue_width != queue || v->columns != before;
}

static void header(struct vmmio_view *v, bool total)
{
	char buf[32];
	int i;

	if (v->opt->timestamp)
		fprintf(v->out, "%-8s ", "TIME");
	fprintf(v->out, "%-*s %-*s", v->device_width, "DEVICE", v->queue_width, "VQ");
	for (i = 0; i < v->opt->nfields; i++) {
		int id = v->opt->fields[i];

		if (!is_shown(v, id))
			continue;
		heading(buf, sizeof(buf), v, id, total);
		fprintf(v->out, " %*s", width(v, id, total), buf);
	}
	fprintf(v->out, " %*s\n", LOST_WIDTH, "lost");
	v->lines = 1;
}

static void cell(struct vmmio_view *v, const struct vmmio_report *r, size_t row, int id)
{
	struct vmmio_value x = vmmio_field_show(r->delta, row, id, v->env);
	bool count = vmmio_fields[id].op == VMMIO_OP_COUNT, whole = vmmio_field_whole(id);
	int w = width(v, id, r->total);
	char buf[32];

	if (count && !r->total && vmmio_env_rates(v->env)) {
		if (r->delta->time_ns)
			x.v /= (double)r->delta->time_ns / 1e9;
		else
			x.known = false;
		if (x.v >= 10)
			x.v = round(x.v);
	}
	if (count && r->total && v->opt->per) {
		x.v /= (double)v->opt->per;
		whole = false;
	}
	fprintf(v->out, " %*s", w, vmmio_format_value(buf, sizeof(buf), w, x, whole));
}

static void print_row(struct vmmio_view *v, const struct vmmio_report *r, size_t row,
		      const char *when)
{
	const struct vmmio_row *x = &r->delta->rows[row];
	struct vmmio_value lost = {r->delta->have_lost, (double)r->delta->events_lost};
	char queue[48], buf[32];
	int i;

	if (v->opt->timestamp)
		fprintf(v->out, "%-8s ", when);
	fprintf(v->out, "%-*s %-*s", v->device_width, vmmio_row_device(x), v->queue_width,
		vmmio_format_queue(queue, sizeof(queue), x));
	for (i = 0; i < v->opt->nfields; i++)
		if (is_shown(v, v->opt->fields[i]))
			cell(v, r, row, v->opt->fields[i]);
	fprintf(v->out, " %*s\n", LOST_WIDTH,
		vmmio_format_value(buf, sizeof(buf), LOST_WIDTH, lost, true));
	v->lines++;
}

void vmmio_view_table(struct vmmio_view *v, const struct vmmio_report *r)
{
	bool fresh = !v->started, other = lay_out(v, r);
	char when[16] = "";
	time_t now;
	struct tm tm;
	size_t i;

	if (fresh) {
		fprintf(v->out, "vmmio-stat: source %s%s%s%s, accelerator %s%s%s%s, clock %s%s\n",
			v->engine, v->detail && v->detail[0] ? " (" : "",
			v->detail ? v->detail : "", v->detail && v->detail[0] ? ")" : "",
			v->env->accel, v->env->emulated ? " (" : "",
			v->env->emulated ? vmmio_env_emulated_text(v->env) : "",
			v->env->emulated ? ": ~ is true of this run only)" : "",
			v->env->clocksource, v->env->clock_ok ? "" : " (traps: no durations)");
		v->started = true;
	}
	if (v->opt->timestamp) {
		now = time(NULL);
		if (localtime_r(&now, &tm))
			strftime(when, sizeof(when), "%H:%M:%S", &tm);
	}
	if (r->total) {
		fprintf(v->out, "%stotal of %.2f s", fresh ? "" : "\n",
			(double)r->delta->time_ns / 1e9);
		if (v->env->emulated)
			fprintf(v->out, " (%s)", vmmio_env_emulated_text(v->env));
		if (v->opt->per)
			fprintf(v->out, ", counts per operation, of %llu",
				(unsigned long long)v->opt->per);
		fputc('\n', v->out);
	}
	if (fresh || r->total || other ||
	    (v->screen_lines && v->lines + (int)r->n + 1 > v->screen_lines - 1))
		header(v, r->total);
	else if (r->n > 1) {
		fputc('\n', v->out); /* keeps the intervals apart */
		v->lines++;
	}
	for (i = 0; i < r->n; i++)
		print_row(v, r, r->rows[i], when);
}
