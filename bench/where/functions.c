// SPDX-License-Identifier: GPL-2.0-only
/*
 * Functions over the transports (functions.h).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "functions.h"

#define TREES 8

struct function {
	uint32_t name, module;
	double per_io[TREES];
};

struct table {
	struct function *v;
	size_t n, trees;
};

static struct function *find(struct table *t, const struct vmmio_where_node *n)
{
	struct function *all;

	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].name == n->function && t->v[i].module == n->module)
			return &t->v[i];
	all = realloc(t->v, (t->n + 1) * sizeof(*all));
	if (!all)
		return NULL;
	t->v = all;
	all[t->n] = (struct function){.name = n->function, .module = n->module};
	return &all[t->n++];
}

/* Is a caller of node @i the same function? Then what it runs is counted there. */
static bool within_itself(const struct vmmio_where_tree *t, size_t i)
{
	for (uint32_t p = t->nodes[i].parent; p; p = t->nodes[p].parent)
		if (t->nodes[p].function == t->nodes[i].function &&
		    t->nodes[p].module == t->nodes[i].module)
			return true;
	return false;
}

static int add_tree(struct table *all, const struct vmmio_where_tree *t, size_t column)
{
	uint64_t *sum = calloc(t->nnodes, sizeof(*sum));
	int err = sum ? 0 : -ENOMEM;

	for (size_t i = 0; i < t->ncounts && !err; i++)
		if (!t->counts[i].what)
			sum[t->counts[i].node] += t->counts[i].n;
	/* a parent comes before its children */
	for (size_t i = t->nnodes; i-- > 1 && !err;)
		sum[t->nodes[i].parent] += sum[i];
	for (size_t i = 1; i < t->nnodes && !err; i++) {
		struct function *f;

		if (within_itself(t, i))
			continue;
		f = find(all, &t->nodes[i]);
		if (f)
			f->per_io[column] += (double)sum[i] / t->ios;
		else
			err = -ENOMEM;
	}
	free(sum);
	return err;
}

static double spread(const struct function *f, size_t trees)
{
	double low = f->per_io[0], high = low;

	for (size_t i = 1; i < trees; i++) {
		low = fmin(low, f->per_io[i]);
		high = fmax(high, f->per_io[i]);
	}
	return high - low;
}

static int by_spread(const void *a, const void *b, void *trees)
{
	double x = spread(a, *(size_t *)trees), y = spread(b, *(size_t *)trees);

	return x > y ? -1 : x < y;
}

static bool alike(const struct function *a, const struct function *b, size_t trees)
{
	for (size_t i = 0; i < trees; i++)
		if (fabs(a->per_io[i] - b->per_io[i]) > 0.05 * fmax(a->per_io[i], b->per_io[i]))
			return false;
	return true;
}

int vmmio_where_print_functions(const struct vmmio_where *w, size_t top, FILE *f)
{
	struct table t = {.trees = w->ntrees < TREES ? w->ntrees : TREES};
	size_t printed = 0, k;
	int err = 0;

	for (size_t i = 0; i < t.trees && !err; i++)
		err = add_tree(&t, &w->trees[i], i);
	if (t.n && !err)
		qsort_r(t.v, t.n, sizeof(*t.v), by_spread, &t.trees);
	for (size_t i = 0; i < t.n && printed < top && !err; i++) {
		for (k = 0; k < printed && !alike(&t.v[k], &t.v[i], t.trees); k++)
			;
		if (k < printed || spread(&t.v[i], t.trees) < 1)
			continue;
		for (k = 0; k < t.trees; k++)
			fprintf(f, "%10.1f ", t.v[i].per_io[k]);
		fprintf(f, " %s [%s]\n", w->strings[t.v[i].name], w->strings[t.v[i].module]);
		t.v[printed++] = t.v[i]; /* those before it are printed or left out */
	}
	free(t.v);
	return err;
}
