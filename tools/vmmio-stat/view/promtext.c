// SPDX-License-Identifier: GPL-2.0-only
/*
 * See promtext.h.
 */
#include <stdarg.h>
#include <string.h>

#include "promtext.h"

void vmmio_prom_flush(struct vmmio_promtext *w)
{
	fwrite(w->buf, 1, w->used, w->out);
	w->used = 0;
}

static void put(struct vmmio_promtext *w, const char *text, size_t len)
{
	if (len > sizeof(w->buf) - w->used)
		vmmio_prom_flush(w);
	if (len > sizeof(w->buf)) {
		fwrite(text, 1, len, w->out);
		return;
	}
	memcpy(w->buf + w->used, text, len);
	w->used += len;
}

void vmmio_prom_put(struct vmmio_promtext *w, const char *text)
{
	put(w, text, strlen(text));
}

void vmmio_prom_putf(struct vmmio_promtext *w, const char *format, ...)
{
	char text[512];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n > 0)
		put(w, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

/* A sample's end: its value. */
void vmmio_prom_count(struct vmmio_promtext *w, __u64 v)
{
	char text[24], *p = text + sizeof(text);

	*--p = '\n';
	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	*--p = ' ';
	*--p = '}';
	put(w, p, (size_t)(text + sizeof(text) - p));
}

void vmmio_prom_seconds(struct vmmio_promtext *w, __u64 ns)
{
	vmmio_prom_putf(w, "} %.9f\n", (double)ns / 1e9);
}

/* name="value"; what it takes at most is twice the value and the name. */
size_t vmmio_prom_label(char *to, const char *name, const char *value)
{
	char *p = to;

	p = stpcpy(p, name);
	p = stpcpy(p, "=\"");
	for (; *value; value++) {
		if (*value == '\n' || *value == '"' || *value == '\\')
			*p++ = '\\';
		if (*value == '\n')
			*p++ = 'n';
		else if ((unsigned char)*value < ' ' || (unsigned char)*value > '~')
			*p++ = '?'; /* must stay valid UTF-8 */
		else
			*p++ = *value;
	}
	*p++ = '"';
	*p = '\0';
	return (size_t)(p - to);
}

void vmmio_prom_put_label(struct vmmio_promtext *w, const char *name, const char *value)
{
	char text[512], part[128];

	snprintf(part, sizeof(part), "%s", value);
	put(w, text, vmmio_prom_label(text, name, part));
}

static bool ends(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len > n && !strncmp(text + len - n, with, n);
}

/*
 * OpenMetrics names a family without what its samples end in, and the unit with which
 * its name ends.
 */
static void open_head(struct vmmio_promtext *w, const char *name, const char *type,
		      const char *help)
{
	static const char *const units[] = {"_seconds", "_bytes", "_buffers"};
	size_t len = strlen(name), i;

	if (!strcmp(type, "counter"))
		len -= strlen("_total");
	else if (!strcmp(type, "info"))
		len -= strlen("_info");
	vmmio_prom_putf(w, "# HELP %.*s %s\n# TYPE %.*s %s\n", (int)len, name, help, (int)len, name,
			type);
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ends(name, len, units[i]))
			vmmio_prom_putf(w, "# UNIT %.*s %s\n", (int)len, name, units[i] + 1);
}

/* Before each sample; a family without samples is not mentioned. */
void vmmio_prom_head(struct vmmio_promtext *w, const char *name, const char *type, const char *help)
{
	if (w->last && !strcmp(w->last, name))
		return;
	w->last = name;
	if (w->open)
		open_head(w, name, type, help);
	else
		vmmio_prom_putf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
				strcmp(type, "info") ? type : "gauge");
}
