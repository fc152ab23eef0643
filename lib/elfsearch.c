// SPDX-License-Identifier: GPL-2.0-only
/*
 * The static libelf of elfutils 0.192 (Debian 13) needs the search trees of a library that it was
 * built with and that is not shipped. Linked only where libelf needs it (cmake/bpf.cmake). A tree
 * is tsearch()'s. Its root comes first in the caller's storage, followed by a lock that is not
 * taken: one thread loads our programs.
 */
#include <search.h>
#include <stddef.h>

struct tree {
	void *root;
};

typedef int compare_fn(const void *a, const void *b);

void eu_search_tree_init(struct tree *t);
void eu_search_tree_fini(struct tree *t, void (*free_node)(void *node));
void *eu_tsearch(const void *key, struct tree *t, compare_fn *compare);
void *eu_tfind(const void *key, struct tree *t, compare_fn *compare);
void *eu_tdelete(const void *key, struct tree *t, compare_fn *compare);
void eu_tdestroy(struct tree *t, void (*free_node)(void *node));

void eu_search_tree_init(struct tree *t)
{
	t->root = NULL;
}

void eu_search_tree_fini(struct tree *t, void (*free_node)(void *node))
{
	eu_tdestroy(t, free_node);
}

void *eu_tsearch(const void *key, struct tree *t, compare_fn *compare)
{
	return tsearch(key, &t->root, compare);
}

void *eu_tfind(const void *key, struct tree *t, compare_fn *compare)
{
	return tfind(key, &t->root, compare);
}

void *eu_tdelete(const void *key, struct tree *t, compare_fn *compare)
{
	return tdelete(key, &t->root, compare);
}

void eu_tdestroy(struct tree *t, void (*free_node)(void *node))
{
	tdestroy(t->root, free_node);
	t->root = NULL;
}
