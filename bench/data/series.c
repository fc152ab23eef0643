// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of series: building, finding, and their JSON form. No statistics
 * (stats.c) and no meaning beyond the metric table (series.h).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series.h"

const struct vmmio_metric vmmio_metrics[VMMIO_M_COUNT] = {
#define VMMIO_METRIC_ROW(id, k, h, u, c1, cn, m) \
	{.key = k, .heading = h, .unit = u, .meaning = m, .cls = {VMMIO_##c1, VMMIO_##cn}},
	VMMIO_METRICS(VMMIO_METRIC_ROW)
#undef VMMIO_METRIC_ROW
};

static const char *const class_names[] = VMMIO_CLASS_NAMES;

const char *vmmio_class_name(enum vmmio_class cls)
{
	return class_names[cls];
}

static void free_values(struct vmmio_series *s)
{
	free(s->v);
	free(s->c);
}

void vmmio_series_free(struct vmmio_series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free_values(&set->s[i]);
	free(set->s);
	memset(set, 0, sizeof(*set));
}

struct vmmio_series *vmmio_series_find(const struct vmmio_series_set *set, const char *labels,
				       const char *key)
{
	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->s[i].key, key) && !strcmp(set->s[i].labels, labels))
			return &set->s[i];
	return NULL;
}

const struct vmmio_series *vmmio_series_get(const struct vmmio_series_set *set, const char *labels,
					    enum vmmio_metric_id id)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->s[i].id == id && !strcmp(set->s[i].labels, labels))
			return &set->s[i];
	return NULL;
}

static enum vmmio_metric_id id_of(const char *key)
{
	for (int i = 0; i < VMMIO_M_COUNT; i++)
		if (!strcmp(vmmio_metrics[i].key, key))
			return i;
	return !strncmp(key, "reg:", 4)	 ? VMMIO_M_REGISTER
	       : !strncmp(key, "vq:", 3) ? VMMIO_M_QUEUE
					 : VMMIO_M_OTHER;
}

static struct vmmio_series *series_new(struct vmmio_series_set *set)
{
	struct vmmio_series *s;

	if (set->n == set->room) {
		size_t room = set->room ? 2 * set->room : 64;

		s = realloc(set->s, room * sizeof(*s));
		if (!s)
			return NULL;
		set->s = s;
		set->room = room;
	}
	s = &set->s[set->n++];
	memset(s, 0, sizeof(*s));
	return s;
}

static const struct vmmio_count uncounted = {NAN, NAN};

static bool is_counted(const struct vmmio_count *c)
{
	return c && !isnan(c->num) && c->den > 0;
}

static int series_push(struct vmmio_series *s, double value, struct vmmio_count c)
{
	if (s->n == s->room) {
		size_t room = s->room ? 2 * s->room : 8;
		double *v = realloc(s->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
		if (s->c) {
			struct vmmio_count *more = realloc(s->c, room * sizeof(*more));

			if (!more)
				return -ENOMEM;
			s->c = more;
		}
		s->room = room;
	}
	if (!s->c && is_counted(&c)) {
		s->c = calloc(s->room, sizeof(*s->c));
		if (!s->c)
			return -ENOMEM;
		for (size_t i = 0; i < s->n; i++)
			s->c[i] = uncounted;
	}
	if (s->c)
		s->c[s->n] = c;
	s->v[s->n++] = value;
	return 0;
}

static int add(struct vmmio_series_set *set, const char *labels, const char *key,
	       const char *heading, const char *unit, enum vmmio_class cls, double value,
	       struct vmmio_count c)
{
	struct vmmio_series *s = vmmio_series_find(set, labels, key);

	if (strlen(labels) >= sizeof(s->labels) || strlen(key) >= sizeof(s->key))
		return -ENAMETOOLONG;
	if (!s) {
		s = series_new(set);
		if (!s)
			return -ENOMEM;
		snprintf(s->labels, sizeof(s->labels), "%s", labels);
		s->id = id_of(key);
		snprintf(s->key, sizeof(s->key), "%s", key);
		snprintf(s->heading, sizeof(s->heading), "%s", heading);
		snprintf(s->unit, sizeof(s->unit), "%s", unit);
		s->cls = cls;
	}
	return series_push(s, value, c);
}

static double quotient(struct vmmio_count c, double scale)
{
	return is_counted(&c) ? scale * c.num / c.den : NAN;
}

int vmmio_series_add(struct vmmio_series_set *set, const char *labels, enum vmmio_metric_id id,
		     int depth, double value)
{
	const struct vmmio_metric *m = &vmmio_metrics[id];

	return add(set, labels, m->key, m->heading, m->unit, m->cls[depth != 1], value, uncounted);
}

int vmmio_series_add_count(struct vmmio_series_set *set, const char *labels,
			   enum vmmio_metric_id id, int depth, struct vmmio_count c)
{
	const struct vmmio_metric *m = &vmmio_metrics[id];

	return add(set, labels, m->key, m->heading, m->unit, m->cls[depth != 1],
		   quotient(c, strcmp(m->unit, "%") ? 1 : 100), c);
}

int vmmio_series_add_register(struct vmmio_series_set *set, const char *labels, const char *reg,
			      int depth, struct vmmio_count c)
{
	char key[VMMIO_KEY_MAX];

	if (snprintf(key, sizeof(key), "reg:%s", reg) >= (int)sizeof(key))
		return -ENAMETOOLONG;
	return add(set, labels, key, reg, "accesses",
		   vmmio_metrics[VMMIO_M_ACCESSES_PER_IO].cls[depth != 1], quotient(c, 1), c);
}

int vmmio_series_add_queue(struct vmmio_series_set *set, const char *labels, const char *queue,
			   enum vmmio_metric_id id, int depth, struct vmmio_count c)
{
	const struct vmmio_metric *m = &vmmio_metrics[id];
	char key[VMMIO_KEY_MAX], heading[VMMIO_KEY_MAX];

	if (snprintf(key, sizeof(key), "vq:%s:%s", queue,
		     id == VMMIO_M_KICKS_PER_IO ? "kicks" : "irqs") >= (int)sizeof(key))
		return -ENAMETOOLONG;
	snprintf(heading, sizeof(heading), "%s, %s", m->heading, queue);
	return add(set, labels, key, heading, m->unit, m->cls[depth != 1], quotient(c, 1), c);
}

void vmmio_series_label(const struct vmmio_series *s, const char *name, char *buf, size_t len)
{
	size_t n = strlen(name);
	const char *p = s->labels;

	buf[0] = '\0';
	while (*p) {
		size_t word = strcspn(p, " ");

		if (word > n && !strncmp(p, name, n) && p[n] == '=') {
			snprintf(buf, len, "%.*s", (int)(word - n - 1), p + n + 1);
			return;
		}
		p += word;
		p += strspn(p, " ");
	}
}

bool vmmio_series_any(const struct vmmio_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!isnan(s->v[i]))
			return true;
	return false;
}

size_t vmmio_series_known(const struct vmmio_series *s, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (!isnan(s->v[i]))
			out[n++] = s->v[i];
	return n;
}

size_t vmmio_series_counts(const struct vmmio_series *s, struct vmmio_count *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (isnan(s->v[i]))
			continue;
		if (!s->c || !is_counted(&s->c[i]))
			return 0;
		out[n++] = s->c[i];
	}
	return n;
}

bool vmmio_series_equal(double v, const struct vmmio_count *c, double w,
			const struct vmmio_count *d)
{
	if (isnan(v) || isnan(w))
		return false;
	if (is_counted(c) && is_counted(d))
		return (long double)c->num * d->den == (long double)d->num * c->den;
	return fabs(v - w) <= 1e-10 * fmax(fabs(v), fabs(w));
}

bool vmmio_series_exact(const struct vmmio_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (!vmmio_series_equal(s->v[i], s->c ? &s->c[i] : NULL, s->v[0], s->c))
			return false;
	return s->n > 1; /* one boot agrees with itself */
}

const char *vmmio_exact_words(bool exact, unsigned int boots)
{
	return boots < 2 ? "one boot: not known to be exact"
	       : exact	 ? "exact: the same in every boot"
			 : "NOT exact: medians of the boots";
}

bool vmmio_series_emulated(const struct vmmio_series *s, enum vmmio_accel accel)
{
	return vmmio_accel_emulated(accel) && (s->cls == VMMIO_SCHEDULE || s->cls == VMMIO_TIME);
}

/* [numerator, denominator] of each value, null where it has none; NULL if no value has. */
static json_t *counts_to_json(const struct vmmio_series *s)
{
	json_t *all = s->c ? json_array() : NULL;

	for (size_t i = 0; i < s->n && all; i++)
		json_array_append_new(all, is_counted(&s->c[i])
						   ? json_pack("[II]", (json_int_t)s->c[i].num,
							       (json_int_t)s->c[i].den)
						   : json_null());
	return all;
}

json_t *vmmio_json_number_or_null(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *vmmio_series_to_json(const struct vmmio_series_set *set)
{
	json_t *all = json_array();

	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];
		json_t *v;

		if (!vmmio_series_any(s)) /* nobody could measure it: no series */
			continue;
		v = json_array();
		for (size_t k = 0; k < s->n; k++)
			json_array_append_new(v, vmmio_json_number_or_null(s->v[k]));
		json_array_append_new(all,
				      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o*}", "labels",
						s->labels, "key", s->key, "heading", s->heading,
						"unit", s->unit, "class", vmmio_class_name(s->cls),
						"values", v, "counts", counts_to_json(s)));
	}
	return all;
}

static int class_from_name(const char *name)
{
	for (size_t i = 0; i < sizeof(class_names) / sizeof(class_names[0]); i++)
		if (!strcmp(class_names[i], name))
			return i;
	return -1;
}

/*
 * What the bench itself writes is made of these; a folder may come from others, and
 * its words end up in files' names, tables, pages and gnuplot's scripts.
 */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:,=+ ~-"

static bool made_of(const char *text, const char *set)
{
	return !text[strspn(text, set)];
}

/* The counts @j of the value @v; none is no error, others than those of @v are. */
static int take_count(const json_t *j, const json_t *v, struct vmmio_count *out)
{
	json_int_t num, den;

	if (!j || json_is_null(j))
		return 0;
	if (json_is_null(v) || json_unpack((json_t *)j, "[II!]", &num, &den) || den <= 0)
		return -EPROTO;
	*out = (struct vmmio_count){num, den};
	/* as it is, or as a share in per cent */
	return vmmio_series_equal(json_number_value(v), NULL, quotient(*out, 1), NULL) ||
			       vmmio_series_equal(json_number_value(v), NULL, quotient(*out, 100),
						  NULL)
		       ? 0
		       : -EPROTO;
}

int vmmio_series_from_json(struct vmmio_series_set *set, const json_t *j, char *why, size_t len)
{
	size_t i, k;
	json_t *item, *v;

	if (!json_is_array(j)) {
		snprintf(why, len, "no list of series");
		return -EPROTO;
	}
	json_array_foreach(j, i, item) {
		const char *labels, *key, *heading, *unit, *cls;
		int err, c;
		json_t *values, *counts = NULL;

		if (json_unpack(item, "{s:s, s:s, s:s, s:s, s:s, s:o, s?o}", "labels", &labels,
				"key", &key, "heading", &heading, "unit", &unit, "class", &cls,
				"values", &values, "counts", &counts) ||
		    (counts && json_array_size(counts) != json_array_size(values)) ||
		    !json_is_array(values) || (c = class_from_name(cls)) < 0 ||
		    !made_of(labels, LETTERS) || !made_of(key, LETTERS) ||
		    !made_of(heading, LETTERS "/()%") || !made_of(unit, LETTERS "/()%") ||
		    vmmio_series_find(set, labels, key)) {
			snprintf(why, len, "series %zu is malformed", i);
			return -EPROTO;
		}
		json_array_foreach(values, k, v) {
			struct vmmio_count of = uncounted;

			if (!json_is_number(v) && !json_is_null(v)) {
				snprintf(why, len, "series %zu holds a value that is no number", i);
				return -EPROTO;
			}
			if (take_count(json_array_get(counts, k), v, &of)) {
				snprintf(why, len,
					 "series %zu: its counts are not those of its values", i);
				return -EPROTO;
			}
			err = add(set, labels, key, heading, unit, c,
				  json_is_null(v) ? NAN : json_number_value(v), of);
			if (err) {
				snprintf(why, len, "series %zu: %s", i, strerror(-err));
				return err;
			}
		}
	}
	return 0;
}

int vmmio_series_extend(struct vmmio_series_set *to, const struct vmmio_series_set *from)
{
	int err = 0;

	for (size_t i = 0; i < from->n && !err; i++) {
		const struct vmmio_series *s = &from->s[i];

		for (size_t k = 0; k < s->n && !err; k++)
			err = add(to, s->labels, s->key, s->heading, s->unit, s->cls, s->v[k],
				  s->c ? s->c[k] : uncounted);
	}
	return err;
}
