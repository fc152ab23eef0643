/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the instructions of a window went: a tree of calls, in each node instructions by
 * line and phase, and accesses that reached a device. One tree is one load over one
 * transport. Numbers are of the whole window.
 */
#ifndef VMMIO_BENCH_WHERE_TREE_H
#define VMMIO_BENCH_WHERE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

/* What was going on. One boundary each, see docs/gate.md. */
enum vmmio_phase {
	VMMIO_PHASE_SUBMIT,    /* all that is none of the others */
	VMMIO_PHASE_KICK,      /* from virtqueue_notify() until user space or the next buffer */
	VMMIO_PHASE_INTERRUPT, /* a device's, until vring_interrupt() */
	VMMIO_PHASE_COMPLETE,  /* from there to its end */
	VMMIO_PHASE_OTHER,     /* interrupts of the processor's own: timers, calls */
	VMMIO_PHASE_HOST,      /* the kernel of the host, from the guest's exit to its entry */
	VMMIO_PHASE_MONITOR,   /* user space of the host */
	VMMIO_PHASES,
};

extern const char *const vmmio_phases[VMMIO_PHASES];

/* What an exit of a guest to its host is called among the accesses. */
#define VMMIO_WHERE_EXIT "exit"

/* What the names of a bench host's modules begin with. */
#define VMMIO_WHERE_HOST "host/"

/* Strings are numbers of vmmio_where's table; line 0 is "-": not known. */
struct vmmio_where_node {
	uint32_t parent; /* of the root, node 0: 0 */
	uint32_t line;	 /* of the parent, from which it was called */
	uint32_t function, module;
	int64_t entries; /* -1: inlined, not known */
};

struct vmmio_where_count {
	uint32_t node, line, phase, what; /* what: 0 instructions, else an access by name */
	uint64_t n;
};

struct vmmio_where_tree {
	char column[32];
	uint64_t ios, total;   /* total: by the plugin's own counter */
	uint64_t elapsed_ns;   /* by the load's clock, which counts instructions */
	size_t windows, alike; /* of that transport, and as long as this one; 0: not known */
	struct vmmio_where_node *nodes;
	size_t nnodes;
	struct vmmio_where_count *counts;
	size_t ncounts;
};

struct vmmio_where {
	bool host;	/* a bench host is in it, not a guest alone */
	char **strings; /* "kmod/mmio.c:51", with " #hash" of the line's text where it is known */
	size_t nstrings;
	struct vmmio_where_tree *trees;
	size_t ntrees;
	void *index; /* of the first @nindexed strings, by text */
	size_t nindexed;
};

int vmmio_where_init(struct vmmio_where *w);
void vmmio_where_free(struct vmmio_where *w);

/* All of these end the program's hope with -ENOMEM as a number that no string or node has. */
#define VMMIO_WHERE_NONE UINT32_MAX

uint32_t vmmio_where_string(struct vmmio_where *w, const char *text);
/* The strings of @from are @to's, too, by the same numbers; 0 or -ENOMEM. */
int vmmio_where_copy_strings(struct vmmio_where *to, const struct vmmio_where *from);
struct vmmio_where_tree *vmmio_where_add(struct vmmio_where *w);
uint32_t vmmio_where_child(struct vmmio_where_tree *t, uint32_t parent, uint32_t line,
			   uint32_t function, uint32_t module);
int vmmio_where_count(struct vmmio_where_tree *t, uint32_t node, uint32_t line, uint32_t phase,
		      uint32_t what, uint64_t n);

/* Do the instructions of each tree add up to its total? */
bool vmmio_where_whole(const struct vmmio_where_tree *t);

json_t *vmmio_where_to_json(const struct vmmio_where *w);
/* -EPROTO with one line in @why: not such an object, or one that does not add up. */
int vmmio_where_from_json(struct vmmio_where *w, const json_t *j, char *why, size_t len);

#endif
