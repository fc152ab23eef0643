// SPDX-License-Identifier: GPL-2.0-only
/* A comparison in the formats of CI (ab_ci.h). It concludes nothing itself. */
#include <math.h>
#include <string.h>

#include "ab_ci.h"
#include "compare.h"

/* What a row is to its reader. */
enum mark {
	REGRESSION,
	UNDECIDED,
	WARNING,
	DIFFERENT,
	FINE,
};

static const char *const marks[] = {":x: regression", ":grey_question: not decided",
				    ":warning: above the soft limit", "different", "same"};

static enum mark mark_of(const struct vmmio_ab_row *r)
{
	if (r->regression)
		return REGRESSION;
	if (r->open || ((r->finding == VMMIO_AB_GONE || r->finding == VMMIO_AB_LOST ||
			 r->finding == VMMIO_AB_TOO_FEW) &&
			r->required))
		return UNDECIDED;
	if (r->warning)
		return WARNING;
	return r->finding == VMMIO_AB_DIFFERENT || r->finding == VMMIO_AB_LOST ||
			       r->finding == VMMIO_AB_GONE
		       ? DIFFERENT
		       : FINE;
}

static void number(double v, char *buf, size_t len)
{
	if (isnan(v))
		snprintf(buf, len, "-");
	else
		vmmio_format(v, buf, len);
}

/* What is believed of both sides. */
static void values(const struct vmmio_ab_row *r, char *a, char *b, size_t len)
{
	bool events = r->tested && r->by == VMMIO_AB_EVENTS;
	double x = events ? r->events.rate[0] : r->median_a;
	double y = events ? r->events.rate[1] : r->median_b;

	number(x, a, len);
	number(y, b, len);
	if (strcmp(a, b) || x == y || isnan(x) || isnan(y))
		return;
	snprintf(a, len, "%.10g", x);
	snprintf(b, len, "%.10g", y);
}

static void how_sure(const struct vmmio_ab_row *r, char *buf, size_t len)
{
	size_t n = r->b ? r->b->n : 0;

	if (!r->b)
		snprintf(buf, len, "vanished");
	else if (r->finding == VMMIO_AB_GONE)
		snprintf(buf, len, "no value in B");
	else if (r->tested && r->by == VMMIO_AB_RANK)
		snprintf(buf, len, "p %.2g, n = %zu and %zu", r->p, r->a->n, n);
	else if (r->tested)
		snprintf(buf, len, "p %.2g, %.0f events, n = %zu and %zu", r->p, r->events.events,
			 r->a->n, n);
	else if (r->finding == VMMIO_AB_SAME || r->finding == VMMIO_AB_DIFFERENT)
		snprintf(buf, len, "exact, n = %zu and %zu", r->a->n, n);
	else
		snprintf(buf, len, "n = %zu and %zu", r->a->n, n);
}

/* The first line: what the author of a change wants to know. */
static void headline(const struct vmmio_ab_report *r, FILE *f)
{
	char a[24], b[24];

	if (!r->ab) {
		fprintf(f, "UNDECIDED: %s", r->why);
		return;
	}
	fprintf(f, "%s", vmmio_ab_verdict(r->ab));
	for (size_t i = 0; i < r->ab->n; i++) {
		const struct vmmio_ab_row *row = &r->ab->row[i];

		if (!row->regression)
			continue;
		values(row, a, b, sizeof(a));
		fprintf(f, ": %s %s -> %s (%s)", row->a->heading, a, b, row->a->labels);
		if (r->ab->regressions > 1)
			fprintf(f, " and %zu more", r->ab->regressions - 1);
		return;
	}
	fprintf(f, ": %zu of %zu series different", r->ab->different, r->ab->n);
}

/* Bytes of the UTF-8 character that @text begins with, 0 if it is none. */
static int utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	int n = *p < 0x80 ? 1 : *p >= 0xf0 && *p < 0xf5 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 0;

	if (*p >= 0xf5)
		return 0;
	for (int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

void vmmio_ab_cell(const char *text, FILE *f)
{
	for (; *text; text++) {
		int n = utf8(text);

		if (!n || (unsigned char)*text < ' ') {
			fputc('?', f);
			continue;
		}
		if (strchr("|<>`*\\", *text))
			fputc('\\', f);
		fwrite(text, 1, n, f);
		text += n - 1;
	}
}

void vmmio_ab_markdown(const struct vmmio_ab_report *r, FILE *f)
{
	size_t i, rows = 0;
	json_t *v;

	fprintf(f, "**");
	headline(r, f);
	fprintf(f, "**\n");
	if (r->ab && r->o->how)
		fprintf(f, "\n%s\n", r->o->how);
	for (int mark = REGRESSION; r->ab && mark < FINE; mark++) {
		for (i = 0; i < r->ab->n; i++) {
			const struct vmmio_ab_row *row = &r->ab->row[i];
			char a[24], b[24], sure[80];

			if (mark_of(row) != (enum mark)mark)
				continue;
			if (!rows++)
				fprintf(f, "\n| | series | of | was | is | how sure |\n"
					   "|---|---|---|---:|---:|---|\n");
			values(row, a, b, sizeof(a));
			how_sure(row, sure, sizeof(sure));
			fprintf(f, "| %s | ", marks[mark]);
			vmmio_ab_cell(row->a->heading, f);
			fprintf(f, " | ");
			vmmio_ab_cell(row->a->labels, f);
			fprintf(f, " | %s | %s | %s |\n", a, b, sure);
		}
	}
	for (i = 0; r->ab && i < r->ab->nnew; i++)
		fprintf(f, "%s- new: %s (%s)\n", i ? "" : "\n", r->ab->new[i]->heading,
			r->ab->new[i]->labels);
	json_array_foreach((json_t *)r->changed, i, v) {
		fprintf(f, "%s- changed: ", i ? "" : "\n");
		vmmio_ab_cell(json_string_value(v), f);
		fprintf(f, "\n");
	}
	if (r->ab)
		fprintf(f, "\n%zu series compared, alpha %g for all of them.\n", r->ab->n,
			r->o->alpha);
}

void vmmio_ab_xml(const char *text, FILE *f)
{
	for (; *text; text++) {
		int n = utf8(text);
		const char *as = *text == '<'	 ? "&lt;"
				 : *text == '>'	 ? "&gt;"
				 : *text == '&'	 ? "&amp;"
				 : *text == '"'	 ? "&quot;"
				 : *text == '\n' ? "&#10;"
						 : NULL;

		if (as) {
			fputs(as, f);
		} else if (!n || ((unsigned char)*text < ' ' && *text != '\t')) {
			fputc('?', f); /* XML has no such character */
		} else {
			fwrite(text, 1, n, f);
			text += n - 1;
		}
	}
}

static void junit_row(const struct vmmio_ab_row *r, FILE *f)
{
	static const char *const tags[] = {"failure", "error", NULL, NULL, NULL};
	enum mark mark = mark_of(r);
	char a[24], b[24], sure[80], text[200];

	values(r, a, b, sizeof(a));
	how_sure(r, sure, sizeof(sure));
	snprintf(text, sizeof(text), "%s -> %s (%s)", a, b, sure);
	fprintf(f, "  <testcase classname=\"");
	vmmio_ab_xml(r->a->labels, f);
	fprintf(f, "\" name=\"");
	vmmio_ab_xml(r->a->key, f);
	fprintf(f, "\">");
	if (tags[mark]) {
		fprintf(f, "<%s message=\"", tags[mark]);
		vmmio_ab_xml(text, f);
		fprintf(f, "\"/>");
	} else if (mark != FINE) {
		fprintf(f, "<system-out>");
		vmmio_ab_xml(marks[mark], f);
		fprintf(f, ": ");
		vmmio_ab_xml(text, f);
		fprintf(f, "</system-out>");
	}
	fprintf(f, "</testcase>\n");
}

void vmmio_ab_junit(const struct vmmio_ab_report *r, FILE *f)
{
	size_t tests = 1, failures = 0, errors = r->ab ? 0 : 1;

	for (size_t i = 0; r->ab && i < r->ab->n; i++) {
		failures += mark_of(&r->ab->row[i]) == REGRESSION;
		errors += mark_of(&r->ab->row[i]) == UNDECIDED;
	}
	if (r->ab)
		tests = r->ab->n;
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"vmmio-bench\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n",
		tests, failures, errors);
	if (!r->ab) {
		fprintf(f, "  <testcase classname=\"vmmio-bench\" name=\"compared\"><error "
			   "message=\"");
		vmmio_ab_xml(r->why, f);
		fprintf(f, "\"/></testcase>\n");
	}
	for (size_t i = 0; r->ab && i < r->ab->n; i++)
		junit_row(&r->ab->row[i], f);
	fprintf(f, "</testsuite>\n");
}

/* A command's text in GitHub's log: its end of line and '%' are written as codes. */
static void coded(const char *text, FILE *f)
{
	for (; *text; text++)
		if (*text == '%' || *text == '\r' || *text == '\n')
			fprintf(f, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, f);
}

void vmmio_ab_github(const struct vmmio_ab_report *r, FILE *f)
{
	static const char *const kinds[] = {"error", "warning", "warning", "notice"};
	static const char *const titles[] = {"regression", "not decided", "above the soft limit",
					     "different"};

	if (!r->ab) {
		fprintf(f, "::warning title=vmmio-bench could not decide::");
		coded(r->why, f);
		fputc('\n', f);
		return;
	}
	for (size_t i = 0; i < r->ab->n; i++) {
		const struct vmmio_ab_row *row = &r->ab->row[i];
		enum mark mark = mark_of(row);
		char a[24], b[24], sure[80], text[600];

		if (mark == FINE)
			continue;
		values(row, a, b, sizeof(a));
		how_sure(row, sure, sizeof(sure));
		snprintf(text, sizeof(text), "%s: %s -> %s, %s (%s)", row->a->heading, a, b,
			 row->a->labels, sure);
		fprintf(f, "::%s title=vmmio-bench %s::", kinds[mark], titles[mark]);
		coded(text, f);
		fputc('\n', f);
	}
}
