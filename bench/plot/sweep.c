// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which figures a sweep has, and what they show.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "bench/data/stats.h"

#define STACKS_MAX 24
#define BARS_MAX 24

static double median_of(const struct vmmio_series *s)
{
	char text[80];

	return vmmio_series_text(s, text, sizeof(text));
}

/* The stack of the setting that @all is the total of. */
static void fill_stack(const struct vmmio_findings *in, const struct vmmio_series *all,
		       const char *group, const char *column, struct vmmio_plot_stack *out)
{
	const struct vmmio_series_set *set = in->tables->set;

	memset(out, 0, sizeof(*out));
	snprintf(out->group, sizeof(out->group), "%s", group);
	snprintf(out->column, sizeof(out->column), "%s", column);
	out->total = median_of(all);
	for (size_t i = 0; i < set->n; i++)
		if (set->s[i].id == VMMIO_M_REGISTER && !strcmp(set->s[i].labels, all->labels))
			out->role[vmmio_role_of(set->s[i].key + 4)] += median_of(&set->s[i]);
	out->per_kick = median_of(vmmio_series_get(set, all->labels, VMMIO_M_ACCESSES_PER_KICK));
	out->per_irq = median_of(vmmio_series_get(set, all->labels, VMMIO_M_ACCESSES_PER_IRQ));
}

/* Accesses per I/O at depth 1 where the label @name has @value; NULL if that was not run. */
static const struct vmmio_series *variant(const struct vmmio_findings *in, const char *load,
					  const char *transport, const char *name,
					  const char *value)
{
	const struct vmmio_series_set *set = in->tables->set;

	for (size_t i = 0; i < set->n; i++)
		if (set->s[i].id == VMMIO_M_ACCESSES_PER_IO &&
		    vmmio_series_is(&set->s[i], name, value) &&
		    vmmio_series_is(&set->s[i], "load", load) &&
		    vmmio_series_is(&set->s[i], "transport", transport) &&
		    vmmio_series_is(&set->s[i], "depth", "1") && !isnan(median_of(&set->s[i])))
			return &set->s[i];
	return NULL;
}

static void note_plot(json_t *names, const char *name, const char *text)
{
	json_array_append_new(names, json_pack("{s:s, s:s}", "name", name, "text", text));
}

static int plot_accesses(const struct vmmio_findings *in, const struct vmmio_result *r,
			 json_t *names, char *why, size_t len)
{
	static const char heading[] = "Register accesses of one I/O, by transport";
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	const char *load = l ? l->value[l->base] : NULL;
	struct vmmio_plot_stack stack[STACKS_MAX];
	const struct vmmio_series *s;
	const struct vmmio_factor *arch = vmmio_findings_factor(in, "arch");
	bool exact = true, have_lazy = false;
	char note[256], name[48];
	double usual;
	size_t n = 0;
	int err;

	for (size_t i = 0; t && i < t->n && n < STACKS_MAX - 1; i++) {
		s = vmmio_findings_nearest(in, VMMIO_M_ACCESSES_PER_IO, load, t->value[i], "1");
		if (!s)
			continue;
		exact &= vmmio_series_exact(s);
		fill_stack(in, s, "", t->value[i], &stack[n++]);
		usual = median_of(s);
		s = variant(in, load, t->value[i], "lazy_status", "on");
		if (s && n < STACKS_MAX) {
			exact &= vmmio_series_exact(s);
			have_lazy = true;
			snprintf(name, sizeof(name), "%s, lazy", t->value[i]);
			fill_stack(in, s, "", name, &stack[n++]);
		}
		/* another architecture where its price is another one */
		for (size_t v = 0; arch && v < arch->n && n < STACKS_MAX; v++) {
			s = v == arch->base
				    ? NULL
				    : variant(in, load, t->value[i], "arch", arch->value[v]);
			if (!s || median_of(s) == usual)
				continue;
			exact &= vmmio_series_exact(s);
			snprintf(name, sizeof(name), "%s, %s", t->value[i], arch->value[v]);
			fill_stack(in, s, "", name, &stack[n++]);
		}
	}
	if (n < 2) /* nothing to hold it against; and gnuplot 5.4 dies of a single bar */
		return 0;
	snprintf(note, sizeof(note),
		 "load %s, depth 1%s · n = %u boot%s · accelerator %s · structural, %s",
		 load ? load : "-", have_lazy ? "; lazy: lazy_status=on" : "", in->boots,
		 in->boots == 1 ? "" : "s", vmmio_accel_name(in->tables->accel),
		 vmmio_exact_words(exact, in->boots));
	err = vmmio_plot_stacks(stack, n, "accesses", heading, note, "I/O", true, r, why, len);
	if (!err)
		note_plot(names, "accesses", heading);
	return err;
}

/* An operation of one load is many requests of another: per kick they compare. */
static bool per_kick(const struct vmmio_findings *in, const struct vmmio_series *all,
		     struct vmmio_plot_stack *s)
{
	double kicks =
		median_of(vmmio_series_get(in->tables->set, all->labels, VMMIO_M_KICKS_PER_IO));

	if (!(kicks > 0))
		return false;
	s->total /= kicks;
	for (int role = 0; role < VMMIO_ROLES; role++)
		s->role[role] /= kicks;
	return true;
}

/* All loads side by side, if there are several with a price of their own. */
static int plot_loads(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		      char *why, size_t len)
{
	static const char heading[] = "Register accesses per kick, by load and transport";
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	struct vmmio_plot_stack stack[STACKS_MAX];
	size_t n = 0, loads = 0;
	char note[256];
	int err;

	for (size_t k = 0; t && l && k < l->n; k++) {
		size_t before = n;

		for (size_t i = 0; i < t->n && n < STACKS_MAX; i++) {
			const struct vmmio_series *s = vmmio_findings_nearest(
				in, VMMIO_M_ACCESSES_PER_IO, l->value[k], t->value[i], "1");

			if (!s || s->cls != VMMIO_STRUCTURAL)
				continue;
			fill_stack(in, s, l->value[k], t->value[i], &stack[n]);
			n += per_kick(in, s, &stack[n]);
		}
		loads += n > before;
	}
	if (loads < 2)
		return 0;
	snprintf(note, sizeof(note),
		 "depth 1, interrupts of the answer included · n = %u boot%s, medians · "
		 "accelerator %s · "
		 "structural",
		 in->boots, in->boots == 1 ? "" : "s", vmmio_accel_name(in->tables->accel));
	err = vmmio_plot_stacks(stack, n, "loads", heading, note, "kick", false, r, why, len);
	if (!err)
		note_plot(names, "loads", heading);
	return err;
}

struct bar {
	char name[96], words[64];
	double value, low, high;
	unsigned int group;
};

static int plot_bars(const struct bar *bar, size_t n, const char *name, const char *heading,
		     const char *note, const char *xname, const struct vmmio_result *r,
		     json_t *names, char *why, size_t len)
{
	char vars[1400], a[256], b[512], file[64];
	struct vmmio_result_text text;
	FILE *f = vmmio_result_begin(&text);
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "row\tname\tvalue\tlow\thigh\tgroup\twords\n");
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%zu\t%s\t%.10g\t%.10g\t%.10g\t%u\t%s\n", i, bar[i].name, bar[i].value,
			bar[i].low, bar[i].high, bar[i].group, bar[i].words);
	snprintf(file, sizeof(file), "%s.tsv", name);
	err = vmmio_result_end(&text, r, file);
	if (err)
		return err;
	vmmio_plot_quote(heading, true, a, sizeof(a));
	vmmio_plot_quote(note, true, b, sizeof(b));
	snprintf(vars, sizeof(vars), "title=%s\nsubtitle=%s\ndata='%s'\nrows=%zu\nxname=\"%s\"\n",
		 a, b, file, n, xname);
	err = vmmio_plot_run(VMMIO_PLOT_BARS, r->part, name, vars, why, len);
	if (!err)
		note_plot(names, name, heading);
	return err;
}

/* Parts of a name that all bars share say nothing. */
static void drop_shared(struct bar *bar, size_t n)
{
	char part[96], *save = NULL, first[96];

	snprintf(first, sizeof(first), "%s", bar[0].name);
	for (char *w = strtok_r(first, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		bool shared = true;

		w += *w == ' ';
		for (size_t i = 0; i < n; i++)
			shared &= strstr(bar[i].name, w) != NULL;
		if (!shared)
			continue;
		for (size_t i = 0; i < n; i++) {
			char *at = strstr(bar[i].name, w), *end = at + strlen(w);

			end += strspn(end, ", ");
			snprintf(part, sizeof(part), "%s", end);
			if (!*end && at > bar[i].name)
				at -= 2; /* the comma before the last one */
			snprintf(at, sizeof(bar[i].name) - (at - bar[i].name), "%s", part);
		}
	}
}

/* Path lengths of every setting that counted instructions, grouped by transport. */
static int plot_path(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		     char *why, size_t len)
{
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_series_set *set = in->tables->set;
	enum vmmio_metric_id key = VMMIO_M_PATH_MIN;
	struct bar bar[BARS_MAX];
	char note[256];
	size_t n = 0;

	if (!vmmio_findings_nearest(in, key, NULL, NULL, NULL))
		key = VMMIO_M_PATH_P50;
	for (size_t c = 0; t && c < t->n; c++) {
		for (size_t i = 0; i < set->n && n < BARS_MAX; i++) {
			const struct vmmio_series *s = &set->s[i];
			struct bar *b = &bar[n];

			if (s->id != key || !vmmio_series_is(s, "transport", t->value[c]))
				continue;
			b->value = vmmio_series_text(s, b->words, sizeof(b->words));
			vmmio_stats_range(s->v, s->n, &b->low, &b->high);
			if (isnan(b->value))
				continue;
			b->group = c % 6 + 1;
			vmmio_factors_describe(&in->tables->factors, s->labels, "icount", b->name,
					       sizeof(b->name));
			n++;
		}
	}
	if (!n)
		return 0;
	drop_shared(bar, n);
	snprintf(note, sizeof(note),
		 "depth 1 · median over n = %u boots, bars: their range · accelerator %s with "
		 "-icount · path: of this kernel build",
		 in->boots, vmmio_accel_name(in->tables->accel));
	return plot_bars(bar, n, "path", "Guest instructions of an I/O, submission to completion",
			 note,
			 key == VMMIO_M_PATH_P50 ? "guest instructions in the median I/O"
						 : "guest instructions in the shortest I/O",
			 r, names, why, len);
}

static int plot_predicted(const struct vmmio_findings *in, const struct vmmio_result *r,
			  json_t *names, char *why, size_t len)
{
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	struct bar bar[BARS_MAX];
	char note[256];
	size_t n = 0;

	for (size_t m = 0; m < in->ncosts; m++) {
		for (int how = 0; how < VMMIO_DOORBELLS; how++) {
			for (size_t i = 0; t && l && i < t->n && n < BARS_MAX; i++) {
				const struct vmmio_series *s =
					vmmio_findings_nearest(in, VMMIO_M_ACCESSES_PER_IO,
							       l->value[l->base], t->value[i], "1");
				struct vmmio_prediction p;
				struct bar *b = &bar[n];

				if (!s)
					continue;
				vmmio_predict(in->tables->set, s->labels, &in->costs[m], how, &p);
				if (isnan(p.ns))
					continue;
				b->value = b->low = b->high = p.ns / 1000;
				b->group = how + 1;
				snprintf(b->name, sizeof(b->name), "%s%s%s, %s",
					 in->ncosts > 1 ? vmmio_accel_name(in->costs[m].accel) : "",
					 in->ncosts > 1 ? ": " : "", t->value[i],
					 how ? "ioeventfd" : "VMM");
				snprintf(b->words, sizeof(b->words), "%.1f us (%g + %g + %g)",
					 b->value, p.doorbells, p.reads, p.writes);
				n++;
			}
		}
	}
	if (!n)
		return 0;
	snprintf(note, sizeof(note),
		 "doorbells + reads + writes per I/O at depth 1 x costs of %s, %s%s · EOIs and "
		 "delivery "
		 "left out · not measured",
		 in->costs[0].cpu, vmmio_accel_name(in->costs[0].accel),
		 in->costs[0].accel == VMMIO_ACCEL_KVM_SOFT ? " (no hardware support)" : "");
	return plot_bars(
		bar, n, "predicted", "PREDICTED cost of an I/O's register accesses", note,
		"us per I/O (doorbells + reads + other writes), EOIs and delivery left out", r,
		names, why, len);
}

static int plot_cdf(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		    char *why, size_t len)
{
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	struct vmmio_plot_line line[VMMIO_FACTOR_VALUES_MAX];
	size_t n = 0;
	int err;

	for (size_t i = 0; t && i < t->n; i++) {
		const struct vmmio_series *s =
			vmmio_findings_nearest(in, VMMIO_M_KICKS_PER_IO, NULL, t->value[i], "1");

		if (!s)
			continue;
		snprintf(line[n].name, sizeof(line[n].name), "%s", t->value[i]);
		snprintf(line[n].labels, sizeof(line[n].labels), "%s", s->labels);
		n++;
	}
	err = vmmio_plot_cdf(in->rows, line, n, in->tables->accel, in->boots, r, why, len);
	if (!err && n)
		note_plot(names, "cdf", "Kick cost and kick to interrupt");
	return err;
}

/* Loads have curves of their own; the usual one's come first. */
static int plot_curves(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		       char *why, size_t len)
{
	static const char *const factors[] = {"depth", "queue_size"};
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	int err = 0;

	for (int f = 0; l && f < 2 && !err; f++) {
		err = vmmio_plot_curves(in, factors[f], l->value[l->base], true, r, names, why,
					len);
		for (size_t i = 0; i < l->n && !err; i++)
			if (i != l->base)
				err = vmmio_plot_curves(in, factors[f], l->value[i], false, r,
							names, why, len);
	}
	return err;
}

int vmmio_plot_sweep(const struct vmmio_findings *in, const struct vmmio_result *r, json_t *names,
		     char *why, size_t len)
{
	static int (*const figures[])(const struct vmmio_findings *, const struct vmmio_result *,
				      json_t *, char *, size_t) = {
		plot_accesses, plot_loads, plot_curves, plot_path, plot_predicted, plot_cdf};
	int first = 0;

	why[0] = '\0';
	/* without gnuplot there are none; if it fails at one, there are the others */
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]) && first != -ENOENT; i++) {
		char text[256] = "";
		int err = figures[i] == plot_cdf && !in->rows
				  ? 0
				  : figures[i](in, r, names, text, sizeof(text));

		if (!err || first)
			continue;
		first = err;
		snprintf(why, len, "%s", text[0] ? text : strerror(-err));
	}
	return first;
}
