// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trees of calls (tree.h): making, storing and reading them back, with every number
 * of a file checked before it is used.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

const char *const vmmio_phases[VMMIO_PHASES] = {"submit", "kick", "interrupt", "complete",
						"other",  "host", "monitor"};

#define NODES_MAX (1u << 20)

/* Makes room for one more element of @p, which has @n of @size. */
static void *grow(void *p, size_t n, size_t size)
{
	/* at every power of two */
	return n & (n - 1) || (n && n < 16) ? p : realloc(p, (n ? n * 2 : 16) * size);
}

int vmmio_where_init(struct vmmio_where *w)
{
	memset(w, 0, sizeof(*w));
	return vmmio_where_string(w, "-") ? -ENOMEM : 0;
}

static void free_strings(struct vmmio_where *w)
{
	tdestroy(w->index, free);
	w->index = NULL;
	w->nindexed = 0;
	for (size_t i = 0; i < w->nstrings; i++)
		free(w->strings[i]);
	free(w->strings);
}

void vmmio_where_free(struct vmmio_where *w)
{
	free_strings(w);
	for (size_t i = 0; i < w->ntrees; i++) {
		free(w->trees[i].nodes);
		free(w->trees[i].counts);
	}
	free(w->trees);
	memset(w, 0, sizeof(*w));
}

static uint32_t add_string(struct vmmio_where *w, const char *text)
{
	char **all = grow(w->strings, w->nstrings, sizeof(*all));
	char *copy = all ? strdup(text) : NULL;

	if (all)
		w->strings = all;
	if (!copy)
		return VMMIO_WHERE_NONE;
	w->strings[w->nstrings] = copy;
	return w->nstrings++;
}

struct indexed {
	const char *text;
	uint32_t number;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct indexed *)a)->text, ((const struct indexed *)b)->text);
}

/* The strings that are not in the index yet; false: no memory. */
static bool index_strings(struct vmmio_where *w)
{
	for (; w->nindexed < w->nstrings; w->nindexed++) {
		struct indexed *one = malloc(sizeof(*one)), **at;

		if (!one)
			return false;
		*one = (struct indexed){w->strings[w->nindexed], w->nindexed};
		at = tsearch(one, &w->index, by_text);
		if (!at || *at != one)
			free(one); /* no memory, or there twice */
		if (!at)
			return false;
	}
	return true;
}

uint32_t vmmio_where_string(struct vmmio_where *w, const char *text)
{
	struct indexed like = {.text = text}, **at;

	if (!index_strings(w))
		return VMMIO_WHERE_NONE;
	at = tfind(&like, &w->index, by_text);
	return at ? (*at)->number : add_string(w, text);
}

int vmmio_where_copy_strings(struct vmmio_where *to, const struct vmmio_where *from)
{
	char **all = calloc(from->nstrings, sizeof(*all));
	int err = all ? 0 : -ENOMEM;

	for (size_t i = 0; i < from->nstrings && !err; i++) {
		all[i] = strdup(from->strings[i]);
		err = all[i] ? 0 : -ENOMEM;
	}
	free_strings(to);
	to->strings = all;
	to->nstrings = all ? from->nstrings : 0;
	return err;
}

struct vmmio_where_tree *vmmio_where_add(struct vmmio_where *w)
{
	struct vmmio_where_tree *all = grow(w->trees, w->ntrees, sizeof(*all)), *t;

	if (!all)
		return NULL;
	w->trees = all;
	t = &all[w->ntrees++];
	memset(t, 0, sizeof(*t));
	return vmmio_where_child(t, VMMIO_WHERE_NONE, 0, 0, 0) ? NULL : t; /* the root */
}

uint32_t vmmio_where_child(struct vmmio_where_tree *t, uint32_t parent, uint32_t line,
			   uint32_t function, uint32_t module)
{
	struct vmmio_where_node *all;

	/* a parent comes before its children */
	for (size_t i = parent + 1; i < t->nnodes; i++)
		if (t->nodes[i].parent == parent && t->nodes[i].line == line &&
		    t->nodes[i].function == function && t->nodes[i].module == module)
			return i;
	all = grow(t->nodes, t->nnodes, sizeof(*all));
	if (!all || t->nnodes >= NODES_MAX)
		return VMMIO_WHERE_NONE;
	t->nodes = all;
	all[t->nnodes] = (struct vmmio_where_node){
		.parent = parent == VMMIO_WHERE_NONE ? 0 : parent,
		.line = line,
		.function = function,
		.module = module,
	};
	return t->nnodes++;
}

int vmmio_where_count(struct vmmio_where_tree *t, uint32_t node, uint32_t line, uint32_t phase,
		      uint32_t what, uint64_t n)
{
	struct vmmio_where_count *all, *c;

	/* what comes is mostly of the node and line that were last */
	for (size_t i = t->ncounts; i-- > 0 && t->counts[i].node == node;) {
		c = &t->counts[i];
		if (c->line == line && c->phase == phase && c->what == what) {
			c->n += n;
			return 0;
		}
	}
	all = grow(t->counts, t->ncounts, sizeof(*all));
	if (!all)
		return -ENOMEM;
	t->counts = all;
	all[t->ncounts++] = (struct vmmio_where_count){node, line, phase, what, n};
	return 0;
}

bool vmmio_where_whole(const struct vmmio_where_tree *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->ncounts; i++)
		sum += t->counts[i].what ? 0 : t->counts[i].n;
	return sum == t->total;
}

json_t *vmmio_where_to_json(const struct vmmio_where *w)
{
	json_t *strings = json_array(), *trees = json_array();

	for (size_t i = 0; i < w->nstrings; i++)
		json_array_append_new(strings, json_string(w->strings[i]));
	for (size_t i = 0; i < w->ntrees; i++) {
		const struct vmmio_where_tree *t = &w->trees[i];
		json_t *nodes = json_array(), *counts = json_array();

		for (size_t k = 0; k < t->nnodes; k++)
			json_array_append_new(nodes, json_pack("[I, I, I, I, I]",
							       (json_int_t)t->nodes[k].parent,
							       (json_int_t)t->nodes[k].line,
							       (json_int_t)t->nodes[k].function,
							       (json_int_t)t->nodes[k].module,
							       (json_int_t)t->nodes[k].entries));
		for (size_t k = 0; k < t->ncounts; k++)
			json_array_append_new(counts, json_pack("[I, I, I, I, I]",
								(json_int_t)t->counts[k].node,
								(json_int_t)t->counts[k].line,
								(json_int_t)t->counts[k].phase,
								(json_int_t)t->counts[k].what,
								(json_int_t)t->counts[k].n));
		json_array_append_new(
			trees,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "column", t->column,
				  "ios", (json_int_t)t->ios, "instructions", (json_int_t)t->total,
				  "elapsed_ns", (json_int_t)t->elapsed_ns, "windows",
				  (json_int_t)t->windows, "alike", (json_int_t)t->alike, "nodes",
				  nodes, "counts", counts));
	}
	return json_pack("{s:i, s:o, s:o}", "schema", 1, "strings", strings, "windows", trees);
}

/* Five numbers that are no more than @max (0: any), and not below 0 but the last, if @below. */
static bool five(const json_t *row, const uint64_t max[5], bool below, json_int_t out[5])
{
	if (json_array_size(row) != 5)
		return false;
	for (size_t i = 0; i < 5; i++) {
		const json_t *v = json_array_get(row, i);

		out[i] = json_integer_value(v);
		if (!json_is_integer(v) || out[i] < (below && i == 4 ? -1 : 0) ||
		    (max[i] && out[i] >= (json_int_t)max[i]))
			return false;
	}
	return true;
}

static int read_tree(struct vmmio_where *w, const json_t *j, char *why, size_t len)
{
	struct vmmio_where_tree *all = grow(w->trees, w->ntrees, sizeof(*all)), *t;
	json_int_t ios, total, elapsed, windows = 0, alike = 0, v[5];
	json_t *nodes, *counts, *row;
	const char *column;
	size_t i;

	if (!all)
		return -ENOMEM;
	w->trees = all;
	t = &all[w->ntrees++];
	memset(t, 0, sizeof(*t));
	if (json_unpack((json_t *)j, "{s:s, s:I, s:I, s:I, s?I, s?I, s:o, s:o}", "column", &column,
			"ios", &ios, "instructions", &total, "elapsed_ns", &elapsed, "windows",
			&windows, "alike", &alike, "nodes", &nodes, "counts", &counts) ||
	    windows < 0 || alike < 0 || alike > windows || ios < 1 || total < 1 || elapsed < 1 ||
	    !json_is_array(nodes) || !json_is_array(counts) || !json_array_size(nodes) ||
	    json_array_size(nodes) > NODES_MAX || strlen(column) >= sizeof(t->column)) {
		snprintf(why, len, "where.json: a window is malformed");
		return -EPROTO;
	}
	strcpy(t->column, column);
	t->ios = ios;
	t->total = total;
	t->elapsed_ns = elapsed;
	t->windows = windows;
	t->alike = alike;
	t->nodes = calloc(json_array_size(nodes), sizeof(*t->nodes));
	t->counts = calloc(json_array_size(counts) + 1, sizeof(*t->counts));
	if (!t->nodes || !t->counts)
		return -ENOMEM;
	json_array_foreach(nodes, i, row) {
		/* a parent comes before its children: no circle */
		uint64_t max[5] = {i ? i : 1, w->nstrings, w->nstrings, w->nstrings, 0};

		if (!five(row, max, true, v)) {
			snprintf(why, len, "where.json: node %zu of %s is malformed", i, column);
			return -EPROTO;
		}
		t->nodes[t->nnodes++] = (struct vmmio_where_node){v[0], v[1], v[2], v[3], v[4]};
	}
	json_array_foreach(counts, i, row) {
		uint64_t max[5] = {t->nnodes, w->nstrings, VMMIO_PHASES, w->nstrings, 0};

		if (!five(row, max, false, v)) {
			snprintf(why, len, "where.json: count %zu of %s is malformed", i, column);
			return -EPROTO;
		}
		t->counts[t->ncounts++] = (struct vmmio_where_count){v[0], v[1], v[2], v[3], v[4]};
	}
	if (vmmio_where_whole(t))
		return 0;
	snprintf(why, len, "where.json: the rows of %s do not add up to its total", column);
	return -EPROTO;
}

int vmmio_where_from_json(struct vmmio_where *w, const json_t *j, char *why, size_t len)
{
	json_t *strings, *trees, *v;
	int schema, err = 0;
	size_t i;

	memset(w, 0, sizeof(*w));
	if (json_unpack((json_t *)j, "{s:i, s:o, s:o}", "schema", &schema, "strings", &strings,
			"windows", &trees) ||
	    schema != 1 || !json_array_size(strings) || !json_array_size(trees)) {
		snprintf(why, len, "where.json is not of this vmmio-bench");
		return -EPROTO;
	}
	json_array_foreach(strings, i, v) {
		if (!json_is_string(v)) {
			snprintf(why, len, "where.json: string %zu is none", i);
			err = -EPROTO;
		}
		err = err ?: add_string(w, json_string_value(v)) == VMMIO_WHERE_NONE ? -ENOMEM : 0;
		if (err)
			break;
	}
	json_array_foreach(trees, i, v)
		err = err ?: read_tree(w, v, why, len);
	if (err)
		vmmio_where_free(w);
	return err;
}
