// SPDX-License-Identifier: GPL-2.0-only
/*
 * The difference of two results as a table, as JSON and as stacks (delta.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "delta.h"

/* A line without the hash of its text. */
static const char *line_text(const struct vmmio_delta *d, const struct vmmio_delta_row *r,
			     char *buf, size_t len)
{
	const char *s = d->b->strings[r->line];

	snprintf(buf, len, "%.*s%s", (int)strcspn(s, " "), s, r->gone ? " (of A)" : "");
	return buf;
}

static const char *function_text(const struct vmmio_delta *d, const struct vmmio_delta_row *r,
				 char *buf, size_t len)
{
	snprintf(buf, len, "%s [%s]", d->b->strings[r->function], d->b->strings[r->module]);
	return buf;
}

static int64_t difference(const struct vmmio_delta *d, uint32_t tree)
{
	return (int64_t)(d->b->trees[tree].total - d->a->trees[tree].total);
}

static size_t rows_of(const struct vmmio_delta *d, uint32_t tree, bool other, int64_t *sum)
{
	size_t n = 0;

	*sum = 0;
	for (size_t i = 0; i < d->nrows; i++) {
		const struct vmmio_delta_row *r = &d->rows[i];

		if (r->tree != tree || (r->phase == VMMIO_PHASE_OTHER) != other)
			continue;
		n++;
		*sum += r->n;
	}
	return n;
}

static void print_row(const struct vmmio_delta *d, const struct vmmio_delta_row *r, double ios,
		      int64_t all, FILE *f)
{
	char line[160], function[200], share[16] = "-";

	if (all)
		snprintf(share, sizeof(share), "%.0f%%", 100.0 * r->n / all);
	fprintf(f, "  %+10.2f %6s  %-9s  %-34s  %s", r->n / ios, share, vmmio_phases[r->phase],
		function_text(d, r, function, sizeof(function)),
		line_text(d, r, line, sizeof(line)));
	if (r->callee)
		fprintf(f, "  calls %s", d->b->strings[r->callee]);
	for (size_t k = 0; k < r->naccess; k++)
		fprintf(f, "%s %s %+.2f", k ? "," : " ;", d->b->strings[r->access[k].what],
			r->access[k].n / ios);
	fprintf(f, "%s\n", r->more ? ", more" : "");
}

static void print_tree(const struct vmmio_delta *d, uint32_t tree, size_t top, FILE *f)
{
	const struct vmmio_where_tree *a = &d->a->trees[tree], *b = &d->b->trees[tree];
	int64_t all = difference(d, tree), sum, other_sum, shown = 0;
	size_t n = rows_of(d, tree, false, &sum), others = rows_of(d, tree, true, &other_sum);
	size_t printed = 0;
	double ios = b->ios;

	fprintf(f, "%s: %" PRIu64 " -> %" PRIu64 " instructions in %" PRIu64 " I/Os\n", b->column,
		a->total, b->total, b->ios);
	if (!n && !others) {
		fprintf(f, "  the same, to the instruction\n");
		return;
	}
	fprintf(f, "  %10s %6s  %-9s  %-34s  %s\n", "per I/O", "share", "phase", "function",
		"line");
	for (size_t i = 0; i < d->nrows; i++) {
		const struct vmmio_delta_row *r = &d->rows[i];

		if (r->tree != tree || (r->phase == VMMIO_PHASE_OTHER && top) ||
		    (top && printed == top))
			continue;
		print_row(d, r, ios, all, f);
		printed++;
		shown += r->n;
	}
	if (top && n > printed)
		fprintf(f, "  %+10.2f %6s  %zu rows more (--all)\n", (sum - shown) / ios, "",
			n - printed);
	if (top && others)
		fprintf(f, "  %+10.2f %6s  %-9s  timers and the processor's other interrupts\n",
			other_sum / ios, "", vmmio_phases[VMMIO_PHASE_OTHER]);
	fprintf(f, "  %+10.2f %6s  the sum: %+" PRId64 " instructions\n", all / ios, "", all);
}

/* Was the window that is kept the only one of its length? Then nothing says that it was
 * undisturbed. */
static bool alone(const struct vmmio_where_tree *t)
{
	return t->windows > 1 && t->alike < 2;
}

static void print_alone(const struct vmmio_where_tree *t, const char *side, FILE *f)
{
	if (alone(t))
		fprintf(f,
			"%s: of the %zu windows of %s no two are as long: what it waited for is "
			"in these rows; take it again on a calmer machine\n",
			t->column, t->windows, side);
}

void vmmio_delta_print(const struct vmmio_delta *d, size_t top, FILE *f)
{
	const struct vmmio_delta_row *first = NULL;
	char line[160], function[200];

	for (size_t i = 0; i < d->nrows; i++) {
		const struct vmmio_delta_row *r = &d->rows[i];

		if (r->phase != VMMIO_PHASE_OTHER &&
		    (!first || r->replaced > first->replaced ||
		     (r->replaced == first->replaced &&
		      vmmio_delta_size(r) > vmmio_delta_size(first))))
			first = r;
	}
	if (!first)
		fprintf(f, "no difference in what an I/O runs\n");
	else
		fprintf(f, "%s: %s, %s, in %s over %s: %+.2f instructions an I/O\n",
			first->replaced ? "most of it in replaced modules" : "most of it",
			function_text(d, first, function, sizeof(function)),
			line_text(d, first, line, sizeof(line)), vmmio_phases[first->phase],
			d->b->trees[first->tree].column,
			(double)first->n / d->b->trees[first->tree].ios);
	for (uint32_t t = 0; t < d->b->ntrees; t++) {
		fputc('\n', f);
		print_tree(d, t, top, f);
		print_alone(&d->a->trees[t], "A", f);
		print_alone(&d->b->trees[t], "B", f);
	}
}

/* Of the windows of a side, how many are as long as the one that is kept; null: it does not say. */
static json_t *alike_json(const struct vmmio_where_tree *t)
{
	return t->windows ? json_pack("{s:I, s:I}", "windows", (json_int_t)t->windows, "alike",
				      (json_int_t)t->alike)
			  : json_null();
}

static json_t *row_json(const struct vmmio_delta *d, const struct vmmio_delta_row *r)
{
	json_t *accesses = json_object();
	char line[160];

	for (size_t k = 0; k < r->naccess; k++)
		json_object_set_new(accesses, d->b->strings[r->access[k].what],
				    json_integer(r->access[k].n));
	line_text(d, r, line, sizeof(line));
	line[strcspn(line, " ")] = '\0';
	return json_pack("{s:s, s:s, s:s, s:o, s:b, s:I, s:s?, s:o}", "phase",
			 vmmio_phases[r->phase], "module", d->b->strings[r->module], "function",
			 d->b->strings[r->function], "line",
			 r->line ? json_string(line) : json_null(), "of_a_only", r->gone,
			 "instructions", (json_int_t)r->n, "calls",
			 r->callee ? d->b->strings[r->callee] : NULL, "accesses", accesses);
}

json_t *vmmio_delta_json(const struct vmmio_delta *d)
{
	json_t *trees = json_array();

	for (uint32_t t = 0; t < d->b->ntrees; t++) {
		const struct vmmio_where_tree *a = &d->a->trees[t], *b = &d->b->trees[t];
		json_t *rows = json_array();

		for (size_t i = 0; i < d->nrows; i++)
			if (d->rows[i].tree == t)
				json_array_append_new(rows, row_json(d, &d->rows[i]));
		json_array_append_new(
			trees,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "transport",
				  b->column, "ios", (json_int_t)b->ios, "instructions_a",
				  (json_int_t)a->total, "instructions_b", (json_int_t)b->total,
				  "difference", (json_int_t)difference(d, t), "windows_a",
				  alike_json(a), "windows_b", alike_json(b), "rows", rows));
	}
	return json_pack("{s:i, s:s, s:o}", "schema", 1, "tool", "vmmio-bench", "where", trees);
}

struct stack {
	char *path;
	uint64_t n[2];
};

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct stack *)a)->path, ((const struct stack *)b)->path);
}

/* "mmio;submit;entry_SYSCALL_64;...": of a node, from the root. */
static void print_path(const struct vmmio_where *w, const struct vmmio_where_tree *t, uint32_t node,
		       FILE *f)
{
	if (!node)
		return;
	print_path(w, t, t->nodes[node].parent, f);
	fprintf(f, ";%s", w->strings[t->nodes[node].function]);
}

static int add_stacks(const struct vmmio_where *w, int side, struct stack **all, size_t *n)
{
	for (size_t t = 0; t < w->ntrees; t++)
		for (size_t i = 0; i < w->trees[t].ncounts; i++) {
			const struct vmmio_where_count *c = &w->trees[t].counts[i];
			struct stack *more;
			size_t size;
			FILE *f;

			if (c->what)
				continue;
			more = realloc(*all, (*n + 1) * sizeof(*more));
			if (!more)
				return -ENOMEM;
			*all = more;
			more[*n] = (struct stack){0};
			f = open_memstream(&more[*n].path, &size);
			if (!f)
				return -ENOMEM;
			fprintf(f, "%s;%s", w->trees[t].column, vmmio_phases[c->phase]);
			print_path(w, &w->trees[t], c->node, f);
			if (fclose(f))
				return -ENOMEM;
			more[(*n)++].n[side] = c->n;
		}
	return 0;
}

int vmmio_delta_folded(const struct vmmio_delta *d, FILE *f)
{
	struct stack *all = NULL;
	size_t n = 0, i, k;
	int err = add_stacks(d->a, 0, &all, &n);

	err = err ?: add_stacks(d->b, 1, &all, &n);
	if (n)
		qsort(all, n, sizeof(*all), by_path);
	for (i = 0; i < n && !err; i = k) {
		uint64_t sum[2] = {0, 0};

		for (k = i; k < n && !strcmp(all[k].path, all[i].path); k++) {
			sum[0] += all[k].n[0];
			sum[1] += all[k].n[1];
		}
		fprintf(f, "%s %" PRIu64 " %" PRIu64 "\n", all[i].path, sum[0], sum[1]);
	}
	for (i = 0; i < n; i++)
		free(all[i].path);
	free(all);
	return err;
}
