/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the plugin's trace to trees of calls: who called whom, in which phase, and by which
 * line. It infers calls and returns from addresses alone.
 */
#ifndef VMMIO_BENCH_WHERE_PATH_H
#define VMMIO_BENCH_WHERE_PATH_H

#include "lines.h"
#include "symbols.h"
#include "tree.h"

/* One module's lines, once they were asked for. */
struct vmmio_path_module {
	const char *name;
	const char *file; /* instead of the image's, or NULL */
	bool host;	  /* of the host, not of its guest */
};

struct vmmio_path_input {
	const struct vmmio_symbols *symbols;
	const struct vmmio_symbols *host; /* of the bench host around the guest, or NULL */
	struct vmmio_lines_where lines, host_lines;
	const struct vmmio_path_module *modules;
	size_t nmodules;
};

/*
 * Adds a tree for each window of the trace @data, in order, to @w; columns and I/Os are the
 * caller's to fill in. -EPROTO with one line in @why: cut, malformed, or not whole.
 */
int vmmio_path_read(struct vmmio_where *w, const struct vmmio_path_input *in, const void *data,
		    size_t size, char *why, size_t len);

#endif
