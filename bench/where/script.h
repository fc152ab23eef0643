/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest of compare --where does: windows of a load over each transport.
 */
#ifndef VMMIO_BENCH_WHERE_SCRIPT_H
#define VMMIO_BENCH_WHERE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define VMMIO_WHERE_COLUMNS "mmio,pci-intx,pci-msix"

/* Where a bench host finds its guest's modules. */
#define VMMIO_WHERE_MODULES "/l2/modules/"

struct vmmio_where_load {
	unsigned int count, block_size, depth, windows;
	const char *rw, *driver; /* "vmmio" or "mainline" */
	bool host;		 /* in a guest of a bench host, whose script this is */
	const char **modules;	 /* of that guest, names of files in VMMIO_WHERE_MODULES */
	size_t nmodules;
};

/* Text of /run.sh, to be freed; NULL for want of memory, or a module's name that cannot be told. */
char *vmmio_where_script(const struct vmmio_where_load *l);

#endif
