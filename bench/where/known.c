// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines that only one of two results knows (known.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "known.h"

struct function {
	uint32_t module, function;
	unsigned int seen, lined; /* a bit for each side */
};

struct functions {
	struct function *all;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->module != y->module)
		return x->module < y->module ? -1 : 1;
	return x->function < y->function ? -1 : x->function > y->function;
}

static void note(struct functions *f, const struct vmmio_where_node *n, uint32_t line,
		 unsigned int side)
{
	f->all[f->n++] = (struct function){n->module, n->function, side, line ? side : 0};
}

static void collect(struct functions *f, const struct vmmio_where *w, unsigned int side)
{
	for (size_t t = 0; t < w->ntrees; t++) {
		const struct vmmio_where_tree *tree = &w->trees[t];

		for (size_t i = 1; i < tree->nnodes; i++)
			note(f, &tree->nodes[tree->nodes[i].parent], tree->nodes[i].line, side);
		for (size_t i = 0; i < tree->ncounts; i++)
			note(f, &tree->nodes[tree->counts[i].node], tree->counts[i].line, side);
	}
}

static size_t size_of(const struct vmmio_where *w)
{
	size_t n = 0;

	for (size_t t = 0; t < w->ntrees; t++)
		n += w->trees[t].nnodes + w->trees[t].ncounts;
	return n;
}

/* Those that both sides have, and one of them with lines; in the order of by_name(). */
static void choose(struct functions *f)
{
	size_t kept = 0, i = 0;

	qsort(f->all, f->n, sizeof(*f->all), by_name);
	while (i < f->n) {
		struct function one = f->all[i];

		for (; i < f->n && !by_name(&one, &f->all[i]); i++) {
			one.seen |= f->all[i].seen;
			one.lined |= f->all[i].lined;
		}
		if (one.seen == 3 && one.lined != 0 && one.lined != 3)
			f->all[kept++] = one;
	}
	f->n = kept;
}

static bool is_chosen(const struct functions *f, const struct vmmio_where_node *n)
{
	const struct function like = {.module = n->module, .function = n->function};

	return bsearch(&like, f->all, f->n, sizeof(like), by_name) != NULL;
}

/* Node @i of @from in @to, its parent being there already. */
static uint32_t copy_node(const struct functions *f, const struct vmmio_where_tree *from, size_t i,
			  struct vmmio_where_tree *to, const uint32_t *at)
{
	const struct vmmio_where_node *n = &from->nodes[i];
	uint32_t parent = at[n->parent], line = n->line, made;
	size_t had = to->nnodes;

	if (parent && is_chosen(f, &to->nodes[parent])) {
		if (n->entries < 0)
			return parent; /* inlined there */
		line = 0;
	}
	made = vmmio_where_child(to, parent, line, n->function, n->module);
	if (made == VMMIO_WHERE_NONE)
		return made;
	if (to->nnodes > had)
		to->nodes[made].entries = n->entries;
	else if (n->entries >= 0 && to->nodes[made].entries >= 0)
		to->nodes[made].entries += n->entries;
	else
		to->nodes[made].entries = -1;
	return made;
}

static int forget(const struct functions *f, struct vmmio_where_tree *tree)
{
	struct vmmio_where fresh = {0};
	struct vmmio_where_tree *to = vmmio_where_add(&fresh);
	uint32_t *at = calloc(tree->nnodes + 1, sizeof(*at));
	int err = to && at ? 0 : -ENOMEM;

	if (!err)
		to->nodes[0] = tree->nodes[0];
	for (size_t i = 1; i < tree->nnodes && !err; i++) {
		at[i] = copy_node(f, tree, i, to, at);
		err = at[i] == VMMIO_WHERE_NONE ? -ENOMEM : 0;
	}
	for (size_t i = 0; i < tree->ncounts && !err; i++) {
		const struct vmmio_where_count *c = &tree->counts[i];
		uint32_t node = at[c->node];

		err = vmmio_where_count(to, node,
					node && is_chosen(f, &to->nodes[node]) ? 0 : c->line,
					c->phase, c->what, c->n);
	}
	free(at);
	if (!err) { /* the old ones go with what held the new */
		struct vmmio_where_node *nodes = tree->nodes;
		struct vmmio_where_count *counts = tree->counts;

		tree->nodes = to->nodes;
		tree->nnodes = to->nnodes;
		tree->counts = to->counts;
		tree->ncounts = to->ncounts;
		to->nodes = nodes;
		to->counts = counts;
	}
	vmmio_where_free(&fresh);
	return err;
}

int vmmio_where_match_lines(struct vmmio_where *a, struct vmmio_where *b)
{
	struct functions f = {.all = calloc(size_of(a) + size_of(b) + 1, sizeof(*f.all))};
	int err = f.all ? 0 : -ENOMEM;

	if (!err) {
		collect(&f, a, 1);
		collect(&f, b, 2);
		choose(&f);
	}
	for (size_t t = 0; t < a->ntrees && !err && f.n; t++)
		err = forget(&f, &a->trees[t]);
	for (size_t t = 0; t < b->ntrees && !err && f.n; t++)
		err = forget(&f, &b->trees[t]);
	free(f.all);
	return err;
}
