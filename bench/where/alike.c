// SPDX-License-Identifier: GPL-2.0-only
/*
 * Matching lines (alike.h): of all ways to match a function's lines in their order, the one
 * that leaves the fewest instructions and calls unexplained.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"

#define KINDS 2 /* instructions, calls */
#define COLUMNS 8
#define SAME 64 /* the cost of an instruction that is not explained */

struct line {
	uint32_t module, function, string;
	const char *file; /* its name without folders, up to the colon */
	unsigned int file_len, number;
	unsigned long hash;
	uint64_t w[KINDS][COLUMNS];
	uint32_t same; /* string of the other side's line, or NONE */
};

struct side {
	struct line *v;
	size_t n;
};

struct vmmio_alike {
	struct side side[2];
};

static int order(const struct line *x, const struct line *y)
{
	int d;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	d = (int)x->file_len - (int)y->file_len;
	return d ? d : strncmp(x->file, y->file, x->file_len);
}

static int by_line(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int d = order(x, y);

	if (d)
		return d;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->string < y->string ? -1 : x->string > y->string;
}

static struct line *line_of(struct side *s, const struct vmmio_where *w, uint32_t module,
			    uint32_t function, uint32_t string)
{
	const char *text = w->strings[string], *colon = strrchr(text, ':'), *hash, *name;
	struct line *all, *l;

	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].string == string && s->v[i].function == function &&
		    s->v[i].module == module)
			return &s->v[i];
	all = realloc(s->v, (s->n + 1) * sizeof(*all));
	if (!all)
		return NULL;
	s->v = all;
	l = &all[s->n++];
	name = colon ? colon : text + strlen(text);
	while (name > text && name[-1] != '/')
		name--; /* two builds may lie in folders of two names */
	*l = (struct line){.module = module,
			   .function = function,
			   .string = string,
			   .file = name,
			   .file_len = colon ? (unsigned int)(colon - name)
					     : (unsigned int)strlen(name),
			   .number = colon ? strtoul(colon + 1, NULL, 10) : 0,
			   .same = VMMIO_WHERE_NONE};
	hash = strchr(text, '#');
	l->hash = hash ? strtoul(hash + 1, NULL, 16) : 0;
	return l;
}

static int collect(struct side *s, const struct vmmio_where *w)
{
	struct line *l;

	for (size_t t = 0; t < w->ntrees && t < COLUMNS; t++) {
		const struct vmmio_where_tree *tree = &w->trees[t];

		for (size_t i = 0; i < tree->ncounts; i++) {
			const struct vmmio_where_count *c = &tree->counts[i];
			const struct vmmio_where_node *n = &tree->nodes[c->node];

			if (!c->line || c->what)
				continue;
			l = line_of(s, w, n->module, n->function, c->line);
			if (!l)
				return -1;
			l->w[0][t] += c->n;
		}
		for (size_t i = 1; i < tree->nnodes; i++) {
			const struct vmmio_where_node *n = &tree->nodes[i];
			const struct vmmio_where_node *p = &tree->nodes[n->parent];

			if (!n->line)
				continue;
			l = line_of(s, w, p->module, p->function, n->line);
			if (!l)
				return -1;
			l->w[1][t] += n->entries > 0 ? n->entries : 0;
		}
	}
	if (s->n)
		qsort(s->v, s->n, sizeof(*s->v), by_line);
	return 0;
}

static uint64_t weight(const struct line *l)
{
	uint64_t sum = 0;

	for (int k = 0; k < KINDS; k++)
		for (int c = 0; c < COLUMNS; c++)
			sum += l->w[k][c];
	return sum;
}

/* What is not explained if @x and @y are the same line. */
static uint64_t pair_cost(const struct line *x, const struct line *y)
{
	uint64_t differ = 0, alike = 0;

	for (int k = 0; k < KINDS; k++)
		for (int c = 0; c < COLUMNS; c++) {
			uint64_t p = x->w[k][c], q = y->w[k][c];

			differ += p > q ? p - q : q - p;
			alike += p < q ? p : q;
		}
	if (x->hash && y->hash && x->hash != y->hash)
		return differ * SAME + alike * SAME / 2 + 2;
	return differ * SAME;
}

static uint64_t alone_cost(const struct line *l)
{
	return weight(l) * SAME + 1;
}

/* Lines of one function in one file: @n of A, @m of B. */
static int match(struct line *a, size_t n, struct line *b, size_t m)
{
	uint64_t *cost = calloc((n + 1) * (m + 1), sizeof(*cost));
	size_t i, k, row = m + 1;

	if (!cost)
		return -1;
	for (i = n + 1; i-- > 0;)
		for (k = m + 1; k-- > 0;) {
			uint64_t best = i < n || k < m ? UINT64_MAX : 0, c;

			if (i < n && k < m)
				best = cost[(i + 1) * row + k + 1] + pair_cost(&a[i], &b[k]);
			if (i < n) {
				c = cost[(i + 1) * row + k] + alone_cost(&a[i]);
				best = c < best ? c : best;
			}
			if (k < m) {
				c = cost[i * row + k + 1] + alone_cost(&b[k]);
				best = c < best ? c : best;
			}
			cost[i * row + k] = best;
		}
	for (i = k = 0; i < n && k < m;) {
		if (cost[i * row + k] == cost[(i + 1) * row + k + 1] + pair_cost(&a[i], &b[k])) {
			a[i].same = b[k].string;
			b[k].same = a[i].string;
			i++;
			k++;
		} else if (cost[i * row + k] == cost[(i + 1) * row + k] + alone_cost(&a[i])) {
			i++;
		} else {
			k++;
		}
	}
	free(cost);
	return 0;
}

struct vmmio_alike *vmmio_alike_make(const struct vmmio_where *a, const struct vmmio_where *b)
{
	struct vmmio_alike *s = calloc(1, sizeof(*s));
	struct side *x, *y;
	int err;

	if (!s)
		return NULL;
	x = &s->side[0];
	y = &s->side[1];
	err = collect(x, a) || collect(y, b);
	for (size_t i = 0, k = 0; i < x->n && k < y->n && !err;) {
		int d = order(&x->v[i], &y->v[k]);
		size_t n = 0, m = 0;

		if (d) {
			i += d < 0;
			k += d > 0;
			continue;
		}
		while (i + n < x->n && !order(&x->v[i], &x->v[i + n]))
			n++;
		while (k + m < y->n && !order(&y->v[k], &y->v[k + m]))
			m++;
		err = match(&x->v[i], n, &y->v[k], m);
		i += n;
		k += m;
	}
	if (!err)
		return s;
	vmmio_alike_free(s);
	return NULL;
}

void vmmio_alike_free(struct vmmio_alike *s)
{
	if (!s)
		return;
	free(s->side[0].v);
	free(s->side[1].v);
	free(s);
}

uint32_t vmmio_alike_line(const struct vmmio_alike *s, bool of_b, uint32_t module,
			  uint32_t function, uint32_t line)
{
	const struct side *side = &s->side[of_b];

	if (!line || of_b)
		return line;
	for (size_t i = 0; i < side->n; i++)
		if (side->v[i].string == line && side->v[i].function == function &&
		    side->v[i].module == module)
			return side->v[i].same == VMMIO_WHERE_NONE ? line | VMMIO_ALIKE_GONE
								   : side->v[i].same;
	return line;
}
