// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of series (limits.h): read, and looked up.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ini.h"
#include "limits.h"

struct reader {
	struct vmmio_limits *l;
	char *why;
	size_t len;
};

static int wrong(struct reader *r, int line, const char *which, const char *what)
{
	snprintf(r->why, r->len, "line %d: %s: %s", line, which, what);
	return -EINVAL;
}

/* Is the first word of @what a class or the key of a metric, register or queue? */
static bool is_known(const char *what)
{
	size_t n = strcspn(what, " ");

	for (int c = VMMIO_STRUCTURAL; c <= VMMIO_TIME; c++)
		if (strlen(vmmio_class_name(c)) == n && !strncmp(what, vmmio_class_name(c), n))
			return true;
	for (int m = 0; m < VMMIO_M_COUNT; m++)
		if (strlen(vmmio_metrics[m].key) == n && !strncmp(what, vmmio_metrics[m].key, n))
			return true;
	return !strncmp(what, "vq:", 3);
}

/* "2 %" or "0.01": not negative. */
static int number(const char *text, double *out, bool *pct)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (end == text || errno || !(*out >= 0) || isinf(*out))
		return -EINVAL;
	end += strspn(end, " ");
	*pct = *end == '%';
	return end[*pct] ? -EINVAL : 0;
}

static int take(void *arg, int line, char *section, char *key, char *value)
{
	struct reader *r = arg;
	struct vmmio_limit *l;

	if (!key) {
		if (!is_known(section))
			return wrong(r, line, section, "no class and no key of a series");
		if (r->l->n == VMMIO_LIMITS_MAX)
			return wrong(r, line, section, "too many sections");
		l = &r->l->l[r->l->n++];
		memset(l, 0, sizeof(*l));
		snprintf(l->what, sizeof(l->what), "%s", section);
		return 0;
	}
	l = &r->l->l[r->l->n - 1];
	if (strcmp(key, "soft") && strcmp(key, "hard"))
		return wrong(r, line, key, "neither soft nor hard");
	if (*key == 's' ? l->has_soft : l->has_hard)
		return wrong(r, line, key, "is there twice");
	if (*key == 's' ? number(value, &l->soft, &l->soft_pct)
			: number(value, &l->hard, &l->hard_pct))
		return wrong(r, line, value, "not a number, nor one of per cent");
	*(*key == 's' ? &l->has_soft : &l->has_hard) = true;
	return 0;
}

int vmmio_limits_load(const char *path, struct vmmio_limits *l, char *why, size_t len)
{
	struct reader r = {.l = l, .why = why, .len = len};

	memset(l, 0, sizeof(*l));
	return vmmio_ini_load(path, take, &r, NULL, why, len);
}

/* Is @word, of @n bytes, one of the words of @labels? */
static bool has_word(const char *labels, const char *word, size_t n)
{
	while (*labels) {
		size_t w = strcspn(labels, " ");

		if (w == n && !strncmp(labels, word, n))
			return true;
		labels += w;
		labels += strspn(labels, " ");
	}
	return false;
}

static bool fits(const struct vmmio_limit *l, const struct vmmio_series *s)
{
	const char *p = l->what, *cls = vmmio_class_name(s->cls);
	size_t n = strcspn(p, " ");

	if (!(strlen(s->key) == n && !strncmp(s->key, p, n)) &&
	    !(strlen(cls) == n && !strncmp(cls, p, n)))
		return false;
	for (p += n; *(p += strspn(p, " ")); p += n) {
		n = strcspn(p, " ");
		if (!has_word(s->labels, p, n))
			return false;
	}
	return true;
}

static double in_unit(double value, bool pct, double was)
{
	return pct ? value / 100 * fabs(was) : value;
}

void vmmio_limits_of(const struct vmmio_limits *l, const struct vmmio_series *s, double was,
		     double percent, double *soft, double *hard)
{
	*hard = s->cls == VMMIO_STRUCTURAL ? 0 : percent / 100 * fabs(was);
	*soft = *hard;
	for (size_t i = 0; l && i < l->n; i++) {
		const struct vmmio_limit *x = &l->l[i];

		if (!fits(x, s))
			continue;
		if (x->has_hard)
			*hard = *soft = in_unit(x->hard, x->hard_pct, was);
		if (x->has_soft)
			*soft = in_unit(x->soft, x->soft_pct, was);
	}
	*soft = fmin(*soft, *hard);
}
