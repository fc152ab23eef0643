/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A range of commits that git bisects in a temporary worktree: the user's files and a bisection of
 * theirs stay untouched. Also keeps what was built of a commit, by the commit's tree and the build
 * command. It knows nothing of measurements.
 */
#ifndef VMMIO_BENCH_BISECT_TREE_H
#define VMMIO_BENCH_BISECT_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#define VMMIO_COMMIT_MAX 72

struct vmmio_commit {
	char id[VMMIO_COMMIT_MAX]; /* in full */
	char name[160];		   /* the short id and the subject */
};

struct vmmio_bisect_tree {
	char scratch[PATH_MAX / 4]; /* goes when it is closed */
	char tree[PATH_MAX / 2];    /* the worktree in it */
	char runs[PATH_MAX / 2];    /* and a folder for results of runs */
	char cache[PATH_MAX / 2];
	struct vmmio_commit good, bad, next;
	struct vmmio_commit first; /* the first bad one, once it is found */
	json_t *candidates;    /* names of those that it could be, where all left were skipped */
	unsigned long commits; /* between good and bad, the bad one included */
	char why[1024];	       /* of the last error */
	bool added;
};

/*
 * Commits @good and @bad of the repository in this folder; builds are kept in @cache (NULL: where
 * the user keeps such things). -errno with the reason in why, and then it is closed too.
 */
int vmmio_bisect_open(struct vmmio_bisect_tree *t, const char *good, const char *bad,
		      const char *cache);
void vmmio_bisect_close(struct vmmio_bisect_tree *t);

/*
 * What the shell command, or the words, @build make of @c, in the folder @out (PATH_MAX), which
 * keeps its name: the command is run in the worktree, with OUT in its environment, unless it is in
 * the cache (*@cached). -ECHILD if it failed, -ENOENT if it made nothing, -EINTR, -errno: see why.
 */
int vmmio_bisect_build(struct vmmio_bisect_tree *t, const struct vmmio_commit *c,
		       const char *const *build, size_t n, char *out, bool *cached);

/*
 * Begin, and tell what the commit t->next is: "good", "bad" or "skip". Each leaves the next one
 * to try in t->next, or an empty id there and what was found in t->first or t->candidates.
 */
int vmmio_bisect_begin(struct vmmio_bisect_tree *t);
int vmmio_bisect_mark(struct vmmio_bisect_tree *t, const char *as);

#endif
