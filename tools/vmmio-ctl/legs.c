// SPDX-License-Identifier: GPL-2.0-only
/*
 * See legs.h. The virtqueues of a device count as one: their counters are added up, and the
 * formulas of the field table apply to the sums.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "legs.h"
#include "lib/formula.h"

static const struct {
	const char *key;
	enum vmmio_class cls;
	enum vmmio_field_op op;
	int a, b;
} fields[VMMIO_F_COUNT] = {
#define FIELD(id, key, heading, unit, cls, op, a, b, meaning) \
	[VMMIO_F_##id] = {key, VMMIO_##cls, VMMIO_OP_##op, a, b},
	VMMIO_FIELDS(FIELD)
#undef FIELD
};

static const char *const counters[VMMIO_C_COUNT] = {
#define KEY(id, key, rows, meaning) [VMMIO_C_##id] = key,
	VMMIO_COUNTERS(KEY)
#undef KEY
};

static const unsigned char rows_of[VMMIO_C_COUNT] = {
#define ROWS(id, key, rows, meaning) [VMMIO_C_##id] = rows,
	VMMIO_COUNTERS(ROWS)
#undef ROWS
};

#define NO_FIELD (-1)

static const struct {
	int field;
	const char *name, *unit;
} compared[CTL_TRY_COUNT] = {
#define COMPARED(id, name, unit) [CTL_TRY_##id] = {VMMIO_F_##id, name, unit},
	CTL_TRY_FIELDS(COMPARED)
#undef COMPARED
		[CTL_TRY_SECONDS] = {NO_FIELD, "the command took", "s"},
};

void ctl_try_fields(char *buf, size_t size)
{
	size_t used = 0;
	int i;

	for (i = 0; i < CTL_TRY_COUNT; i++)
		if (compared[i].field != NO_FIELD && used < size)
			used += snprintf(buf + used, size - used, "%s%s", used ? "," : "",
					 fields[compared[i].field].key);
}

static bool counter(const json_t *row, int c, double *v)
{
	const json_t *x = json_object_get(json_object_get(row, "counters"), counters[c]);

	*v = x ? json_number_value(x) : 0;
	return json_is_number(x);
}

static bool is_queue(const json_t *row, int queue)
{
	const json_t *number = json_object_get(row, "queue");

	return json_is_integer(number) && (queue < 0 || json_integer_value(number) == queue);
}

/*
 * A virtqueue that has sent nothing and that no handler has looked at: its other unknown numbers do
 * not matter.
 */
static bool is_idle(const json_t *row)
{
	double kicks, irqs;

	return counter(row, VMMIO_C_KICKS, &kicks) && !kicks && counter(row, VMMIO_C_IRQS, &irqs) &&
	       !irqs;
}

/*
 * The sum over the virtqueues, or the device's own number. False: a number that matters is unknown.
 */
static bool sum(const json_t *rows, int queue, int c, double *v)
{
	bool of_queues = rows_of[c] & VMMIO_ROW_Q, known = false;
	const json_t *row;
	double one;
	size_t i;

	*v = 0;
	json_array_foreach(rows, i, row) {
		if (of_queues ? !is_queue(row, queue)
			      : !json_is_null(json_object_get(row, "queue")))
			continue;
		if (counter(row, c, &one)) {
			*v += one;
			known = true;
		} else if (!of_queues || !is_idle(row)) {
			return false;
		}
	}
	return known;
}

/* Percentiles do not add up: that of the one virtqueue that did something. */
static bool percentile(const json_t *rows, int queue, const char *key, double *v)
{
	const json_t *row, *x = NULL;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (!is_queue(row, queue) || is_idle(row))
			continue;
		if (x)
			return false;
		x = json_object_get(json_object_get(row, "fields"), key);
		if (!json_is_number(x))
			return false;
		*v = json_number_value(x);
	}
	return x;
}

static bool evaluate(const json_t *rows, int queue, int id, double seconds, bool run, double *v)
{
	struct vmmio_quotient q;
	double a, b;

	if (fields[id].op == VMMIO_OP_PCTL)
		return percentile(rows, queue, fields[id].key, v);
	if (!sum(rows, queue, fields[id].a, &a))
		return false;
	if (fields[id].op == VMMIO_OP_COUNT) {
		*v = run ? a : a / seconds;
		return true;
	}
	if (!sum(rows, queue, fields[id].b, &b) || !b)
		return false;
	q = vmmio_formula(fields[id].op, a, b);
	*v = q.scale * q.num / q.den;
	return true;
}

int ctl_leg_read(struct ctl_leg *leg, const char *json, int queue, bool run, struct ctl_text *why)
{
	json_t *root = json_loads(json, 0, NULL);
	const json_t *rows = json_object_get(root, "rows"), *row, *lost;
	const char *accel = json_string_value(json_object_get(root, "accel"));
	double seconds = json_number_value(json_object_get(root, "interval_s"));
	bool queues = false;
	int i, err = -EINVAL;
	size_t k;

	if (!json_is_array(rows) || !accel || seconds <= 0) {
		ctl_say(why, "vmmio-stat gave no numbers");
		goto out;
	}
	json_array_foreach(rows, k, row)
		queues |= is_queue(row, queue);
	if (!queues) {
		ctl_say(why, "vmmio-stat saw no virtqueue of it");
		goto out;
	}
	lost = json_object_get(root, "events_lost");
	if (json_integer_value(lost)) {
		ctl_say(why, "%lld events were lost: the counts are short",
			(long long)json_integer_value(lost));
		goto out;
	}
	snprintf(leg->accel, sizeof(leg->accel), "%s", accel);
	leg->unsure = !json_is_integer(lost);
	leg->emulated = json_is_true(json_object_get(root, "emulated"));
	leg->durations = json_is_true(json_object_get(root, "durations"));
	for (i = 0; i < CTL_TRY_COUNT; i++) {
		leg->v[i] = 0;
		if (compared[i].field == NO_FIELD) {
			leg->v[i] = seconds;
			leg->known[i] = run && leg->durations;
			continue;
		}
		leg->known[i] = (leg->durations || fields[compared[i].field].cls != VMMIO_TIME) &&
				evaluate(rows, queue, compared[i].field, seconds, run, &leg->v[i]);
	}
	err = 0;
out:
	json_decref(root);
	return err;
}

enum ctl_verdict ctl_legs_judge(const struct ctl_leg *legs, int n, int what, double *a, double *b)
{
	double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, mean[2] = {};
	double all, gap, spread;
	int i, count[2] = {};

	for (i = 0; i < n; i++) {
		double v = legs[i].v[what];

		if (!legs[i].known[what])
			return CTL_NOT_KNOWN;
		low[legs[i].b] = fmin(low[legs[i].b], v);
		high[legs[i].b] = fmax(high[legs[i].b], v);
		mean[legs[i].b] += v;
		count[legs[i].b]++;
	}
	if (count[0] < 2 || count[1] < 2)
		return CTL_NOT_KNOWN;
	*a = mean[0] / count[0];
	*b = mean[1] / count[1];
	all = fmax(high[0], high[1]) - fmin(low[0], low[1]);
	/* of a share, that part is a point */
	if (all <=
	    (!strcmp(compared[what].unit, "%") ? 100 * CTL_TRY_SAME : CTL_TRY_SAME * (*a + *b) / 2))
		return CTL_SAME;
	gap = fmax(low[1] - high[0], low[0] - high[1]);
	spread = fmax(high[0] - low[0], high[1] - low[1]);
	return gap > spread * (n > 4 ? 1 : CTL_TRY_APART) ? CTL_DIFFERS : CTL_UNDECIDED;
}

bool ctl_leg_idle(const struct ctl_leg *leg)
{
	/* unknown kicks do not mean that there are none */
	return leg->known[CTL_TRY_KICKS] && leg->v[CTL_TRY_KICKS] <= 0 &&
	       (!leg->known[CTL_TRY_IRQS] || leg->v[CTL_TRY_IRQS] <= 0);
}

static void number(char *buf, size_t size, double v)
{
	snprintf(buf, size, "%.*f", v == floor(v) || v >= 1000 ? 0 : v >= 100 ? 1 : 2, v);
}

/* "52.10 -> 0 %", or of what has no unit of its own the part by which it grew. */
static void change(FILE *out, int what, double a, double b)
{
	char from[32], to[32];

	number(from, sizeof(from), a);
	number(to, sizeof(to), b);
	fprintf(out, "%s -> %s%s%s", from, to, compared[what].unit[0] ? " " : "",
		compared[what].unit);
	if (strcmp(compared[what].unit, "%") && a > 0)
		fprintf(out, " (%+.0f %%)", 100 * (b - a) / a);
}

static void first_line(FILE *out, const struct ctl_leg *legs, int n)
{
	int i, differ = 0, undecided = 0, same = 0;
	double a, b;

	for (i = 0; i < CTL_TRY_COUNT; i++) {
		switch (ctl_legs_judge(legs, n, i, &a, &b)) {
		case CTL_DIFFERS:
			fprintf(out, "%s%s ", differ++ ? "; " : "B differs: ", compared[i].name);
			change(out, i, a, b);
			break;
		case CTL_UNDECIDED:
			undecided++;
			break;
		case CTL_SAME:
			same++;
			break;
		case CTL_NOT_KNOWN:
			break;
		}
	}
	if (!differ && undecided)
		fprintf(out,
			"No verdict: %d quantit%s as far apart among legs of one side as "
			"between A and B",
			undecided, undecided == 1 ? "y is" : "ies are");
	else if (!differ)
		fprintf(out,
			same ? "No difference of %.0f %% or more in what is known"
			     : "No verdict: nothing is known of all legs",
			100 * CTL_TRY_SAME);
	fputc('\n', out);
}

/* Four legs; with @verdict also what all @n of them say. */
static void print_round(FILE *out, const struct ctl_leg *legs, int n, int first, bool verdict)
{
	static const char *const words[] = {
		[CTL_NOT_KNOWN] = "-",
		[CTL_SAME] = "the same",
		[CTL_UNDECIDED] = "no verdict",
		[CTL_DIFFERS] = "differs",
	};
	char text[32], name[48];
	double a, b;
	int i, k;

	fprintf(out, "%-24s %9s %9s %9s %9s\n", "", "A", "B", "B", "A");
	for (i = 0; i < CTL_TRY_COUNT; i++) {
		bool any = false;

		for (k = 0; k < n; k++)
			any |= legs[k].known[i];
		if (!any)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", compared[i].name,
			 compared[i].unit[0] ? ", " : "", compared[i].unit);
		fprintf(out, "%-24s", name);
		for (k = first; k < first + 4; k++) {
			number(text, sizeof(text), legs[k].v[i]);
			fprintf(out, " %9s", legs[k].known[i] ? text : "-");
		}
		if (verdict)
			fprintf(out, "  %s", words[ctl_legs_judge(legs, n, i, &a, &b)]);
		fputc('\n', out);
	}
}

void ctl_legs_print(FILE *out, const struct ctl_leg *legs, int n)
{
	bool unsure = false;
	int first;

	first_line(out, legs, n);
	fprintf(out, "accelerator %s%s\n", legs[0].accel,
		legs[0].emulated ? ": emulated: it holds for this run alone, times are left out"
				 : "");
	for (int i = 0; i < n; i++)
		unsure |= legs[i].unsure;
	if (unsure)
		fprintf(out, "whether events were lost is not known here: counts may be short\n");
	for (first = 0; first + 4 <= n; first += 4)
		print_round(out, legs, n, first, first + 4 == n);
}
