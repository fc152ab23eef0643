// SPDX-License-Identifier: GPL-2.0-only
/*
 * See json.h. Bytes that are not printable ASCII become \u00xx, so that any
 * name the kernel gives makes valid output.
 */
#include <math.h>

#include "json.h"

static void quoted(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void place(struct vmmio_json *j, const char *key)
{
	if (j->comma)
		fputc(',', j->out);
	j->comma = true;
	if (key) {
		quoted(j->out, key);
		fputc(':', j->out);
	}
}

void vmmio_json_open(struct vmmio_json *j, const char *key, char bracket)
{
	place(j, key);
	fputc(bracket, j->out);
	j->comma = false;
}

void vmmio_json_close(struct vmmio_json *j, char bracket)
{
	fputc(bracket, j->out);
	j->comma = true;
}

void vmmio_json_text(struct vmmio_json *j, const char *key, const char *text)
{
	place(j, key);
	quoted(j->out, text);
}

void vmmio_json_u64(struct vmmio_json *j, const char *key, __u64 value)
{
	place(j, key);
	fprintf(j->out, "%llu", (unsigned long long)value);
}

void vmmio_json_known(struct vmmio_json *j, const char *key, __u64 value)
{
	if (value)
		vmmio_json_u64(j, key, value);
	else
		vmmio_json_null(j, key);
}

void vmmio_json_double(struct vmmio_json *j, const char *key, double value)
{
	place(j, key);
	if (!isfinite(value))
		fputs("null", j->out);
	else if (value == floor(value) && fabs(value) < 1e15)
		fprintf(j->out, "%.0f", value);
	else
		fprintf(j->out, "%.9g", value);
}

void vmmio_json_bool(struct vmmio_json *j, const char *key, bool value)
{
	place(j, key);
	fputs(value ? "true" : "false", j->out);
}

void vmmio_json_null(struct vmmio_json *j, const char *key)
{
	place(j, key);
	fputs("null", j->out);
}
