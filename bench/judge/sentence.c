// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers for the sentences of a sweep's page (sentence.h): the series of a sentence, and its text.
 */
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "sentence.h"

bool vmmio_series_is(const struct vmmio_series *s, const char *name, const char *value)
{
	char have[64];

	if (!value)
		return true;
	vmmio_series_label(s, name, have, sizeof(have));
	return !strcmp(have, value);
}

const struct vmmio_factor *vmmio_findings_factor(const struct vmmio_findings *in, const char *name)
{
	const struct vmmio_factors *all = &in->tables->factors;

	for (size_t i = 0; i < all->n; i++)
		if (!strcmp(all->f[i].name, name))
			return &all->f[i];
	return NULL;
}

/* How many labels of @s are not the usual ones; one that a load does not have is none. */
static unsigned int unusual(const struct vmmio_tables *t, const struct vmmio_series *s)
{
	unsigned int n = 0;

	for (size_t i = 0; i < t->factors.n; i++) {
		const struct vmmio_factor *l = &t->factors.f[i];

		n += l->id != VMMIO_F_TRANSPORT && l->id != VMMIO_F_DEPTH &&
		     l->id != VMMIO_F_LOAD && !vmmio_series_is(s, l->name, "") &&
		     !vmmio_series_is(s, l->name, l->value[l->base]);
	}
	return n;
}

const struct vmmio_series *vmmio_findings_nearest(const struct vmmio_findings *in,
						  enum vmmio_metric_id key, const char *load,
						  const char *transport, const char *depth)
{
	const struct vmmio_series_set *set = in->tables->set;
	const struct vmmio_series *best = NULL;
	unsigned int least = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];
		unsigned int n;

		if (s->id != key || !vmmio_series_is(s, "load", load) ||
		    !vmmio_series_is(s, "transport", transport) ||
		    !vmmio_series_is(s, "depth", depth) || !vmmio_series_any(s))
			continue;
		n = unusual(in->tables, s);
		if (!best || n < least) {
			best = s;
			least = n;
		}
	}
	return best;
}

unsigned int vmmio_page_unusual(const struct vmmio_page *p, const struct vmmio_series *s)
{
	return unusual(p->tables, s);
}

void vmmio_page_say(struct vmmio_page *p, const char *title, const char *fmt, ...)
{
	va_list ap;

	fprintf(p->f, "%zu. **%s.** ", ++p->n, title);
	va_start(ap, fmt);
	vfprintf(p->f, fmt, ap);
	va_end(ap);
	fputc('\n', p->f);
}

void vmmio_sentence_add(json_t *all, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	json_array_append_new(all, json_vsprintf(fmt, ap));
	va_end(ap);
}

const char *vmmio_page_boots(const struct vmmio_page *p)
{
	static char text[32];

	snprintf(text, sizeof(text), "n = %u boot%s", p->in->boots, p->in->boots == 1 ? "" : "s");
	return text;
}
