// SPDX-License-Identifier: GPL-2.0-only
/*
 * Factors from labels (factors.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "factors.h"

enum vmmio_factor_id vmmio_factor_id(const char *name, size_t len)
{
	static const char *const names[] = {
		[VMMIO_F_TRANSPORT] = "transport", [VMMIO_F_DEPTH] = "depth",
		[VMMIO_F_LOAD] = "load",	   [VMMIO_F_DRIVER] = "driver",
		[VMMIO_F_ARCH] = "arch",	   [VMMIO_F_ICOUNT] = "icount",
	};
	enum vmmio_factor_id id = 0;

	while (id < VMMIO_F_OTHER && (strlen(names[id]) != len || strncmp(names[id], name, len)))
		id++;
	return id;
}

static void note_label(struct vmmio_factors *all, const char *name, size_t nlen, const char *value,
		       size_t vlen)
{
	struct vmmio_factor *l;
	size_t i, k;

	for (i = 0; i < all->n; i++)
		if (strlen(all->f[i].name) == nlen && !strncmp(all->f[i].name, name, nlen))
			break;
	if (i == VMMIO_FACTORS_MAX || nlen >= sizeof(l->name) || vlen >= sizeof(l->value[0]))
		return;
	l = &all->f[i];
	if (i == all->n) {
		snprintf(l->name, sizeof(l->name), "%.*s", (int)nlen, name);
		l->id = vmmio_factor_id(name, nlen);
		all->n++;
	}
	for (k = 0; k < l->n; k++)
		if (strlen(l->value[k]) == vlen && !strncmp(l->value[k], value, vlen))
			break;
	if (k == VMMIO_FACTOR_VALUES_MAX)
		return;
	if (k == l->n)
		snprintf(l->value[l->n++], sizeof(l->value[0]), "%.*s", (int)vlen, value);
	l->count[k]++;
}

static bool by_value(const char *a, const char *b)
{
	char *ea, *eb;
	double x = strtod(a, &ea), y = strtod(b, &eb);

	return *ea || *eb ? strcmp(a, b) > 0 : x > y;
}

void vmmio_factors_collect(struct vmmio_factors *all, const struct vmmio_series_set *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];

		/* a setting counts once, however many numbers it has */
		if (i && !strcmp(s->labels, set->s[i - 1].labels))
			continue;
		for (const char *w = s->labels; *w; w += strspn(w, " ")) {
			size_t word = strcspn(w, " ");
			const char *eq = memchr(w, '=', word);

			if (eq)
				note_label(all, w, eq - w, eq + 1, word - (eq - w) - 1);
			w += word;
		}
	}
	for (size_t i = 0; i < all->n; i++) {
		struct vmmio_factor *l = &all->f[i];

		for (size_t a = 0; a < l->n; a++) {
			for (size_t b = a + 1; b < l->n; b++) {
				char tmp[sizeof(l->value[0])];
				size_t n = l->count[a];

				if (!by_value(l->value[a], l->value[b]))
					continue;
				memcpy(tmp, l->value[a], sizeof(tmp));
				memcpy(l->value[a], l->value[b], sizeof(tmp));
				memcpy(l->value[b], tmp, sizeof(tmp));
				l->count[a] = l->count[b];
				l->count[b] = n;
			}
		}
		for (size_t a = 0; a < l->n; a++)
			if (l->count[a] > l->count[l->base])
				l->base = a;
	}
}

void vmmio_labels_with(const char *labels, const char *name, const char *value, char *buf,
		       size_t len)
{
	char key[32];
	const char *at;
	size_t n, word;

	buf[0] = '\0';
	n = snprintf(key, sizeof(key), "%s=", name);
	for (at = labels; (at = strstr(at, key)); at++)
		if (at == labels || at[-1] == ' ')
			break;
	if (!at)
		return;
	word = strcspn(at, " ");
	snprintf(buf, len, "%.*s%s%s", (int)(at - labels + n), labels, value, at + word);
}

void vmmio_factors_describe(const struct vmmio_factors *all, const char *labels, const char *but,
			    char *buf, size_t len)
{
	struct vmmio_series s;
	size_t n = 0;

	snprintf(s.labels, sizeof(s.labels), "%s", labels);
	buf[0] = '\0';
	for (size_t i = 0; i < all->n; i++) {
		const struct vmmio_factor *l = &all->f[i];
		bool always = l->id == VMMIO_F_TRANSPORT || l->id == VMMIO_F_DEPTH;
		char value[24];

		vmmio_series_label(&s, l->name, value, sizeof(value));
		if (!strcmp(l->name, but) || !value[0] ||
		    (!always && !strcmp(value, l->value[l->base])))
			continue;
		if (n < len)
			n += snprintf(buf + n, len - n, "%s%s%s%s", n ? ", " : "",
				      l->id == VMMIO_F_TRANSPORT ? "" : l->name,
				      l->id == VMMIO_F_TRANSPORT ? "" : " ", value);
	}
}

bool vmmio_factors_usual(const struct vmmio_factors *all, const struct vmmio_series *s,
			 const struct vmmio_factor *but)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct vmmio_factor *k = &all->f[i];
		char value[24];

		vmmio_series_label(s, k->name, value, sizeof(value));
		if (k != but && k->id != VMMIO_F_TRANSPORT && k->id != VMMIO_F_DEPTH && value[0] &&
		    strcmp(value, k->value[k->base]))
			return false;
	}
	return true;
}
