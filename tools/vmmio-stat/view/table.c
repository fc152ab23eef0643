// SPDX-License-Identifier: GPL-2.0-only
/*
 * The live table: fixed columns, units in the headings, a header every
 * screenful on a terminal and once elsewhere. Under emulation "~" stands
 * before the heading of what is true of this run only.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "view.h"

#define DEVICE_WIDTH 9
#define QUEUE_WIDTH 8

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

static void header(struct vmmio_view *v, bool total)
{
	char buf[32];
	int i;

	if (v->opt->timestamp)
		fprintf(v->out, "%-8s ", "TIME");
	fprintf(v->out, "%-*s %-*s", DEVICE_WIDTH, "DEVICE", QUEUE_WIDTH, "VQ");
	for (i = 0; i < v->opt->nfields; i++) {
		int id = v->opt->fields[i];

		if (!vmmio_field_visible(id, v->env))
			continue;
		heading(buf, sizeof(buf), v, id, total);
		fprintf(v->out, " %*s", width(v, id, total), buf);
	}
	fprintf(v->out, " %4s\n", "lost");
	v->lines = 1;
}

static void cell(struct vmmio_view *v, const struct vmmio_report *r, size_t row, int id)
{
	struct vmmio_value x = vmmio_field_show(r->delta, row, id, v->env);
	bool count = vmmio_fields[id].op == VMMIO_OP_COUNT, whole = count;
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
	fprintf(v->out, "%-*.*s %-*.*s", DEVICE_WIDTH, DEVICE_WIDTH, vmmio_row_device(x),
		QUEUE_WIDTH, QUEUE_WIDTH, vmmio_format_queue(queue, sizeof(queue), x));
	for (i = 0; i < v->opt->nfields; i++)
		if (vmmio_field_visible(v->opt->fields[i], v->env))
			cell(v, r, row, v->opt->fields[i]);
	fprintf(v->out, " %4s\n", vmmio_format_value(buf, sizeof(buf), 4, lost, true));
	v->lines++;
}

void vmmio_view_table(struct vmmio_view *v, const struct vmmio_report *r)
{
	bool fresh = !v->started;
	char when[16] = "";
	time_t now;
	struct tm tm;
	size_t i;

	if (fresh) {
		fprintf(v->out, "vmmio-stat: source %s%s%s%s, accelerator %s%s, clock %s%s\n",
			v->engine, v->detail && v->detail[0] ? " (" : "",
			v->detail ? v->detail : "", v->detail && v->detail[0] ? ")" : "",
			v->env->accel,
			v->env->emulated ? " (emulated: ~ is true of this run only)" : "",
			v->env->clocksource, v->env->clock_ok ? "" : " (traps: no durations)");
		v->started = true;
	}
	if (v->opt->timestamp) {
		now = time(NULL);
		if (localtime_r(&now, &tm))
			strftime(when, sizeof(when), "%H:%M:%S", &tm);
	}
	if (r->total) {
		fprintf(v->out, "%stotal of %.2f s%s", fresh ? "" : "\n",
			(double)r->delta->time_ns / 1e9, v->env->emulated ? " (emulated)" : "");
		if (v->opt->per)
			fprintf(v->out, ", counts per operation, of %llu",
				(unsigned long long)v->opt->per);
		fputc('\n', v->out);
	}
	if (fresh || r->total ||
	    (v->screen_lines && v->lines + (int)r->n + 1 > v->screen_lines - 1))
		header(v, r->total);
	else if (r->n > 1) {
		fputc('\n', v->out); /* keeps the intervals apart */
		v->lines++;
	}
	for (i = 0; i < r->n; i++)
		print_row(v, r, r->rows[i], when);
}
