/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guest of compare --where does: windows of a load over each transport.
 */
#ifndef VMMIO_BENCH_WHERE_SCRIPT_H
#define VMMIO_BENCH_WHERE_SCRIPT_H

#define VMMIO_WHERE_COLUMNS "mmio,pci-intx,pci-msix"

struct vmmio_where_load {
	unsigned int count, block_size, depth, windows;
	const char *rw, *driver; /* "vmmio" or "mainline" */
};

/* Text of /run.sh; NULL for want of memory. */
char *vmmio_where_script(const struct vmmio_where_load *l);

#endif
