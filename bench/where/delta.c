// SPDX-License-Identifier: GPL-2.0-only
/*
 * The difference of two results (delta.h). Both trees are walked together from their roots.
 * What is printed of it is delta_print.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alike.h"
#include "delta.h"
#include "known.h"

struct walk {
	struct vmmio_delta *d;
	const struct vmmio_alike *alike;
	const struct vmmio_where_tree *a, *b;
	uint32_t tree;
	bool failed; /* no memory */
};

/* ---- one table of strings ---- */

static int unify(struct vmmio_where *to, struct vmmio_where *from)
{
	uint32_t *map = malloc((from->nstrings + 1) * sizeof(*map));
	int err = map ? 0 : -ENOMEM;

	for (size_t i = 0; i < from->nstrings && !err; i++) {
		map[i] = vmmio_where_string(to, from->strings[i]);
		err = map[i] == VMMIO_WHERE_NONE ? -ENOMEM : 0;
	}
	for (size_t t = 0; t < from->ntrees && !err; t++) {
		struct vmmio_where_tree *tree = &from->trees[t];

		for (size_t i = 0; i < tree->nnodes; i++) {
			tree->nodes[i].line = map[tree->nodes[i].line];
			tree->nodes[i].function = map[tree->nodes[i].function];
			tree->nodes[i].module = map[tree->nodes[i].module];
		}
		for (size_t i = 0; i < tree->ncounts; i++) {
			tree->counts[i].line = map[tree->counts[i].line];
			tree->counts[i].what = map[tree->counts[i].what];
		}
	}
	free(map);
	return err;
}

/* ---- rows ---- */

struct place {
	uint32_t module, function, line;
};

static struct vmmio_delta_row *row_of(struct walk *w, const struct place *p, uint32_t phase)
{
	struct vmmio_delta *d = w->d;
	struct vmmio_delta_row *all, *r;
	bool gone = p->line & VMMIO_ALIKE_GONE;
	uint32_t line = p->line & ~VMMIO_ALIKE_GONE;

	for (size_t i = d->nrows; i-- > 0 && d->rows[i].tree == w->tree;) {
		r = &d->rows[i];
		if (r->function == p->function && r->line == line && r->phase == phase &&
		    r->module == p->module && r->gone == gone)
			return r;
	}
	all = realloc(d->rows, (d->nrows + 1) * sizeof(*all));
	if (!all) {
		w->failed = true;
		return NULL;
	}
	d->rows = all;
	r = &all[d->nrows++];
	*r = (struct vmmio_delta_row){.tree = w->tree,
				      .phase = phase,
				      .module = p->module,
				      .function = p->function,
				      .line = line,
				      .gone = gone};
	return r;
}

static void add(struct walk *w, const struct place *p, const struct vmmio_where_count *c, int sign,
		uint32_t callee)
{
	struct vmmio_delta_row *r = row_of(w, p, c->phase);
	int64_t n = sign < 0 ? -(int64_t)c->n : (int64_t)c->n;
	size_t i;

	if (!r)
		return;
	if (!c->what) {
		r->n += n;
		if (callee && c->n > r->callee_n) {
			r->callee = callee;
			r->callee_n = c->n;
		}
		return;
	}
	for (i = 0; i < r->naccess && r->access[i].what != c->what; i++)
		;
	if (i == VMMIO_DELTA_ACCESSES) {
		r->more = true;
		return;
	}
	r->naccess += i == r->naccess;
	r->access[i].what = c->what;
	r->access[i].n += n;
}

/* ---- the walk ---- */

static uint32_t line_of(const struct walk *w, bool of_b, const struct vmmio_where_node *n,
			uint32_t line)
{
	return vmmio_alike_line(w->alike, of_b, n->module, n->function, line);
}

/* All below and in @node to @p. */
static void charge(struct walk *w, bool of_b, uint32_t node, const struct place *p, uint32_t callee)
{
	const struct vmmio_where_tree *t = of_b ? w->b : w->a;
	bool *below = calloc(t->nnodes, sizeof(*below));

	if (!below) {
		w->failed = true;
		return;
	}
	below[node] = true;
	for (size_t i = node + 1; i < t->nnodes; i++)
		below[i] = below[t->nodes[i].parent]; /* which comes before it */
	for (size_t i = 0; i < t->ncounts; i++)
		if (below[t->counts[i].node])
			add(w, p, &t->counts[i], of_b ? 1 : -1, callee);
	free(below);
}

static uint32_t find_child(const struct walk *w, bool of_b, uint32_t parent, uint32_t line,
			   const struct vmmio_where_node *like)
{
	const struct vmmio_where_tree *t = of_b ? w->b : w->a;

	for (size_t i = (size_t)parent + 1; i < t->nnodes; i++)
		if (t->nodes[i].parent == parent && t->nodes[i].function == like->function &&
		    t->nodes[i].module == like->module &&
		    line_of(w, of_b, &t->nodes[parent], t->nodes[i].line) == line)
			return i;
	return VMMIO_WHERE_NONE;
}

/*
 * Of what nobody called (@x is below the root), how often is no question: nobody is to charge. A
 * host's timer makes an exit now and then: there up to a twentieth is as often.
 */
static bool as_often(const struct walk *w, const struct vmmio_where_node *x,
		     const struct vmmio_where_node *y)
{
	const char *module = w->d->b->strings[x->module];
	int64_t larger = x->entries > y->entries ? x->entries : y->entries;

	if (!x->parent || x->entries < 0 || y->entries < 0 || x->entries == y->entries)
		return true;
	return !strncmp(module, VMMIO_WHERE_HOST, strlen(VMMIO_WHERE_HOST)) &&
	       llabs(x->entries - y->entries) <= larger / 20;
}

/* Where a call that the two do not share is charged to: its caller's line, or itself. */
static struct place caller(const struct vmmio_where_node *parent, bool root,
			   const struct vmmio_where_node *child, uint32_t line)
{
	if (root)
		return (struct place){child->module, child->function, 0};
	return (struct place){parent->module, parent->function, line};
}

static void walk(struct walk *w, uint32_t a, uint32_t b)
{
	const struct vmmio_where_node *x = &w->a->nodes[a], *y = &w->b->nodes[b];
	struct place p = {y->module, y->function, 0};

	for (size_t i = 0; i < w->a->ncounts; i++)
		if (w->a->counts[i].node == a) {
			p.line = line_of(w, false, x, w->a->counts[i].line);
			add(w, &p, &w->a->counts[i], -1, 0);
		}
	for (size_t i = 0; i < w->b->ncounts; i++)
		if (w->b->counts[i].node == b) {
			p.line = line_of(w, true, y, w->b->counts[i].line);
			add(w, &p, &w->b->counts[i], 1, 0);
		}
	for (size_t i = (size_t)a + 1; i < w->a->nnodes; i++) {
		const struct vmmio_where_node *c = &w->a->nodes[i];
		uint32_t line, other;

		if (c->parent != a)
			continue;
		line = line_of(w, false, x, c->line);
		other = find_child(w, true, b, line, c);
		if (other != VMMIO_WHERE_NONE && as_often(w, c, &w->b->nodes[other])) {
			walk(w, i, other);
			continue;
		}
		p = caller(x, !a, c, line);
		charge(w, false, i, &p, c->function);
	}
	for (size_t i = (size_t)b + 1; i < w->b->nnodes; i++) {
		const struct vmmio_where_node *c = &w->b->nodes[i];
		uint32_t line, other;

		if (c->parent != b)
			continue;
		line = line_of(w, true, y, c->line);
		other = find_child(w, false, a, line, c);
		if (other != VMMIO_WHERE_NONE && as_often(w, &w->a->nodes[other], c))
			continue; /* walked above */
		p = caller(y, !b, c, line);
		charge(w, true, i, &p, c->function);
	}
}

/* ---- the whole ---- */

uint64_t vmmio_delta_size(const struct vmmio_delta_row *r)
{
	uint64_t size = (uint64_t)llabs(r->n);

	for (size_t i = 0; i < r->naccess; i++)
		size += (uint64_t)llabs(r->access[i].n) * VMMIO_DELTA_ACCESS_WEIGHT;
	return size;
}

static int by_size(const void *a, const void *b)
{
	const struct vmmio_delta_row *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	if ((x->phase == VMMIO_PHASE_OTHER) != (y->phase == VMMIO_PHASE_OTHER))
		return x->phase == VMMIO_PHASE_OTHER ? 1 : -1;
	if (x->replaced != y->replaced)
		return x->replaced ? -1 : 1;
	if (vmmio_delta_size(x) != vmmio_delta_size(y))
		return vmmio_delta_size(x) > vmmio_delta_size(y) ? -1 : 1;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return (int)x->phase - (int)y->phase;
}

/* "virtio-blk.ko" is the module virtio_blk. */
static bool is_module(const char *file, const char *module)
{
	for (; *module; file++, module++)
		if (*file != *module && !(*file == '-' && *module == '_'))
			return false;
	return !strcmp(file, ".ko");
}

static void note_replaced(struct vmmio_delta *d, const json_t *replaced)
{
	const char *file;
	json_t *v;

	json_object_foreach((json_t *)replaced, file, v)
		for (size_t i = 0; i < d->nrows; i++)
			d->rows[i].replaced |= is_module(file, d->b->strings[d->rows[i].module]);
}

/* Rows that came to nothing go. */
static void tidy(struct vmmio_delta *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->nrows; i++) {
		struct vmmio_delta_row *r = &d->rows[i];
		size_t n = 0;

		for (size_t k = 0; k < r->naccess; k++)
			if (r->access[k].n)
				r->access[n++] = r->access[k];
		r->naccess = n;
		if (r->n || r->naccess || r->more)
			d->rows[kept++] = *r;
	}
	d->nrows = kept;
	if (kept)
		qsort(d->rows, kept, sizeof(*d->rows), by_size);
}

static int comparable(const struct vmmio_where *a, const struct vmmio_where *b, char *why,
		      size_t len)
{
	bool same = a->ntrees == b->ntrees;

	for (size_t i = 0; same && i < a->ntrees; i++)
		same = !strcmp(a->trees[i].column, b->trees[i].column) &&
		       a->trees[i].ios == b->trees[i].ios;
	if (same)
		return 0;
	snprintf(why, len, "the two are not of the same loads: transports or I/Os differ");
	return -EINVAL;
}

/* Do the rows add up to the difference of the totals? They must. */
static bool adds_up(const struct vmmio_delta *d, uint32_t tree)
{
	int64_t sum = (int64_t)(d->a->trees[tree].total - d->b->trees[tree].total);

	for (size_t i = 0; i < d->nrows; i++)
		sum += d->rows[i].tree == tree ? d->rows[i].n : 0;
	return !sum;
}

int vmmio_delta_make(struct vmmio_delta *d, struct vmmio_where *a, struct vmmio_where *b,
		     const json_t *replaced, char *why, size_t len)
{
	struct vmmio_alike *alike = NULL;
	int err = comparable(a, b, why, len);

	*d = (struct vmmio_delta){.a = a, .b = b};
	err = err ?: unify(a, b) ?: vmmio_where_copy_strings(b, a) ?: vmmio_where_match_lines(a, b);
	if (!err) {
		alike = vmmio_alike_make(a, b);
		err = alike ? 0 : -ENOMEM;
	}
	for (uint32_t t = 0; t < a->ntrees && !err; t++) {
		struct walk w = {
			.d = d, .alike = alike, .a = &a->trees[t], .b = &b->trees[t], .tree = t};

		walk(&w, 0, 0);
		err = w.failed ? -ENOMEM : 0;
	}
	vmmio_alike_free(alike);
	for (uint32_t t = 0; t < a->ntrees && !err; t++)
		if (!adds_up(d, t)) {
			snprintf(why, len, "the rows of %s do not add up to the difference",
				 a->trees[t].column);
			err = -EPROTO;
		}
	note_replaced(d, replaced);
	if (!err)
		tidy(d);
	else
		vmmio_delta_free(d);
	return err;
}

void vmmio_delta_free(struct vmmio_delta *d)
{
	free(d->rows);
	d->rows = NULL;
	d->nrows = 0;
}
