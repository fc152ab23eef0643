// SPDX-License-Identifier: GPL-2.0-only
/* Histories in the formats of CI (history_ci.h). It concludes nothing itself. */
#include <math.h>
#include <string.h>

#include "ab_ci.h"
#include "compare.h"
#include "history_ci.h"

/* What a series is to its reader. */
enum mark {
	REGRESSION,
	UNDECIDED,
	WARNING,
	CHANGED,
	FINE
};

static const char *const marks[] = {":x: regression", ":grey_question: not decided",
				    ":warning: above the soft limit", "changed"};

static enum mark mark_of(const struct vmmio_history_line *l)
{
	return l->regression  ? REGRESSION
	       : l->undecided ? UNDECIDED
	       : l->warning   ? WARNING
	       : l->changes   ? CHANGED
			      : FINE;
}

/* Between which commits a change lies, or which results where they do not say theirs. */
static void between(const struct vmmio_history_result *a, const struct vmmio_history_result *b,
		    char *buf, size_t len)
{
	if (a->commit && b->commit)
		snprintf(buf, len, "%s..%s", a->commit, b->commit);
	else
		snprintf(buf, len, "%s (%.10s) and %s (%.10s)", a->path, a->date, b->path, b->date);
}

/* The last change of a series, or what else there is to say. */
static void what(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		 char *was, char *is, size_t nlen, char *where, size_t len)
{
	const struct vmmio_history_change *c = l->changes ? &l->change[l->changes - 1] : NULL;

	snprintf(was, nlen, "-");
	snprintf(is, nlen, "-");
	snprintf(where, len, "-");
	if (l->gone && l->n) {
		vmmio_format(l->level, was, nlen);
		snprintf(where, len, "last known in %s (%.10s)", r[l->at[l->n - 1]].path,
			 r[l->at[l->n - 1]].date);
	} else if (l->n && l->open < l->n) {
		vmmio_format_two(l->level, l->v[l->open], was, is, nlen);
		snprintf(where, len, "since %s (%.10s), too few events to tell",
			 r[l->at[l->open]].path, r[l->at[l->open]].date);
	} else if (c) {
		vmmio_format_two(c->was, c->is, was, is, nlen);
		between(&r[c->before], &r[c->after], where, len);
	} else if (l->n) {
		vmmio_format(l->level, is, nlen);
		snprintf(where, len, "%s", l->few ? "too few results" : "no change");
	}
}

void vmmio_history_markdown(const struct vmmio_history_report *r, FILE *f)
{
	size_t series = 0, rows = 0, i;
	json_t *v;

	fprintf(f, "**%s**\n", r->verdict);
	for (int mark = REGRESSION; mark < FINE; mark++)
		for (size_t p = 0; p < r->n; p++)
			for (i = 0; r->part[p].h && i < r->part[p].h->n; i++) {
				const struct vmmio_history_line *l = &r->part[p].h->line[i];
				char was[24], is[24], where[400];

				if (mark_of(l) != (enum mark)mark)
					continue;
				if (!rows++)
					fprintf(f, "\n| | series | of | was | is | between |\n"
						   "|---|---|---|---:|---:|---|\n");
				what(l, r->part[p].r, was, is, sizeof(was), where, sizeof(where));
				fprintf(f, "| %s | %s", marks[mark],
					vmmio_series_emulated(l->like, l->accel) ? "~" : "");
				vmmio_ab_cell(l->like->heading, f);
				fprintf(f, " | ");
				vmmio_ab_cell(l->like->labels, f);
				fprintf(f, " | %s | %s | ", was, is);
				vmmio_ab_cell(where, f);
				fprintf(f, " |\n");
			}
	json_array_foreach((json_t *)r->trouble, i, v) {
		fprintf(f, "%s- not judged: ", i ? "" : "\n");
		vmmio_ab_cell(json_string_value(v), f);
		fprintf(f, "\n");
	}
	fprintf(f, "\n");
	for (size_t p = 0; p < r->n; p++) {
		series = r->part[p].h ? r->part[p].h->n : 0;
		fprintf(f, "- %zu result%s, %zu series: %s\n", r->part[p].n,
			r->part[p].n == 1 ? "" : "s", series, r->part[p].question);
	}
}

static void junit_line(const struct vmmio_history_line *l, const struct vmmio_history_result *r,
		       FILE *f)
{
	static const char *const tags[] = {"failure", "error"};
	char was[24], is[24], where[400], text[480];
	enum mark mark = mark_of(l);

	what(l, r, was, is, sizeof(was), where, sizeof(where));
	snprintf(text, sizeof(text), "%s -> %s, %s", was, is, where);
	fprintf(f, "  <testcase classname=\"");
	vmmio_ab_xml(l->like->labels, f);
	fprintf(f, "\" name=\"");
	vmmio_ab_xml(l->like->key, f);
	fprintf(f, "\">");
	if (mark <= UNDECIDED) {
		fprintf(f, "<%s message=\"", tags[mark]);
		vmmio_ab_xml(text, f);
		fprintf(f, "\"/>");
	} else if (mark != FINE) {
		fprintf(f, "<system-out>%s: ", marks[mark]);
		vmmio_ab_xml(text, f);
		fprintf(f, "</system-out>");
	}
	fprintf(f, "</testcase>\n");
}

void vmmio_history_junit(const struct vmmio_history_report *r, FILE *f)
{
	size_t tests = json_array_size(r->trouble), failures = 0, errors = tests, i;
	json_t *v;

	for (size_t p = 0; p < r->n; p++)
		for (i = 0; r->part[p].h && i < r->part[p].h->n; i++) {
			enum mark mark = mark_of(&r->part[p].h->line[i]);

			tests++;
			failures += mark == REGRESSION;
			errors += mark == UNDECIDED;
		}
	fprintf(f,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"vmmio-bench history\" tests=\"%zu\" failures=\"%zu\" "
		"errors=\"%zu\">\n",
		tests, failures, errors);
	json_array_foreach((json_t *)r->trouble, i, v) {
		fprintf(f, "  <testcase classname=\"vmmio-bench\" name=\"judged\"><error "
			   "message=\"");
		vmmio_ab_xml(json_string_value(v), f);
		fprintf(f, "\"/></testcase>\n");
	}
	for (size_t p = 0; p < r->n; p++)
		for (i = 0; r->part[p].h && i < r->part[p].h->n; i++)
			junit_line(&r->part[p].h->line[i], r->part[p].r, f);
	fprintf(f, "</testsuite>\n");
}
