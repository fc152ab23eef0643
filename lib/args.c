// SPDX-License-Identifier: GPL-2.0-only
/*
 * Argument vectors (args.h).
 */
#include "args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void take(struct vmmio_args *a, char *arg)
{
	if (!arg)
		a->err = -ENOMEM;
	if (!a->err && a->n + 1 >= a->size) {
		size_t size = a->size ? 2 * a->size : 64;
		char **v = realloc(a->v, size * sizeof(*v));

		if (v) {
			a->v = v;
			a->size = size;
		} else {
			a->err = -ENOMEM;
		}
	}
	if (a->err) {
		free(arg);
		return;
	}
	a->v[a->n++] = arg;
	a->v[a->n] = NULL;
}

void vmmio_args_add(struct vmmio_args *a, const char *arg)
{
	take(a, strdup(arg));
}

void vmmio_args_addf(struct vmmio_args *a, const char *format, ...)
{
	va_list ap;
	char *arg;

	va_start(ap, format);
	if (vasprintf(&arg, format, ap) < 0)
		arg = NULL;
	va_end(ap);
	take(a, arg);
}

int vmmio_args_error(const struct vmmio_args *a)
{
	return a->err;
}

void vmmio_args_free(struct vmmio_args *a)
{
	size_t i;

	for (i = 0; i < a->n; i++)
		free(a->v[i]);
	free(a->v);
	memset(a, 0, sizeof(*a));
}

/* Writes @arg with paths reduced, returns how many bytes: never more than @arg has. */
static size_t reduce(char *to, const char *arg)
{
	const char *p = arg, *end, *name;
	char *start = to;

	while (*p) {
		if (*p != '/' || (p != arg && p[-1] != '=' && p[-1] != ':' && p[-1] != ',')) {
			*to++ = *p++;
			continue;
		}
		end = p + strcspn(p, ",: ");
		for (name = end; name > p && name[-1] != '/'; name--)
			;
		memcpy(to, name, end - name);
		to += end - name;
		p = end;
	}
	return to - start;
}

char *vmmio_args_line(char *const *v)
{
	size_t size = 1, i;
	char *line, *to;

	for (i = 0; v[i]; i++)
		size += strlen(v[i]) + 3;
	line = to = malloc(size);
	if (!line)
		return NULL;
	for (i = 0; v[i]; i++) {
		bool quote = !*v[i] || strpbrk(v[i], " \t\n\"$&;|<>()*?");

		if (i)
			*to++ = ' ';
		if (quote)
			*to++ = '\'';
		to += reduce(to, v[i]);
		if (quote)
			*to++ = '\'';
	}
	*to = '\0';
	return line;
}
