// SPDX-License-Identifier: GPL-2.0-only
/*
 * See csv.h.
 */
#include <math.h>
#include <stdarg.h>

#include "csv.h"

void vmmio_csv_unknown(struct vmmio_csv *c)
{
	if (c->comma)
		fputc(',', c->out);
	c->comma = true;
}

void vmmio_csv_put(struct vmmio_csv *c, const char *fmt, ...)
{
	va_list ap;

	vmmio_csv_unknown(c);
	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
}

void vmmio_csv_text(struct vmmio_csv *c, const char *text)
{
	vmmio_csv_put(c, "\"");
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', c->out);
		fputc((unsigned char)*text < ' ' ? '?' : *text, c->out);
	}
	fputc('"', c->out);
}

void vmmio_csv_number(struct vmmio_csv *c, double v, int digits)
{
	if (isnan(v))
		vmmio_csv_unknown(c);
	else if (v == floor(v) && fabs(v) < 1e15)
		vmmio_csv_put(c, "%.0f", v);
	else
		vmmio_csv_put(c, "%.*g", digits, v);
}

void vmmio_csv_end(struct vmmio_csv *c)
{
	fputc('\n', c->out);
	c->comma = false;
}
