/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One boot of the block load: the script that runs in the guest, and what can
 * be held against it afterwards: the device side's counts, and the settings
 * that must be equal for a comparison. Starts nothing itself.
 */
#ifndef VMMIO_BENCH_BLK_H
#define VMMIO_BENCH_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

#include "guest.h"

#define VMMIO_COLUMNS 3
extern const char *const vmmio_columns[VMMIO_COLUMNS]; /* mmio, pci-intx, pci-msix */

struct vmmio_blk {
	const char *rw;	    /* read or write */
	unsigned int bs;    /* bytes */
	unsigned int count; /* I/Os per round */
	unsigned int rounds;
	const unsigned int *depths;
	size_t ndepths;
	const char *const *columns; /* which are loaded, in the order of this boot */
	size_t ncolumns;
	bool timing;		 /* timing rounds besides the counting ones */
	const char *driver;	 /* "vmmio" or "mainline" */
	unsigned int queue_size; /* of every ring: QEMU gives the transports different ones */
	const char *driver_args; /* for "vmmio": more module parameters, may be "" */
	const char *setup;  /* more lines of script, after the driver and before the disks; may be
			       NULL */
	const char *labels; /* put before "transport= depth=" of each round; may be "" */
};

/* Text of /run.sh; NULL for want of memory. */
char *vmmio_blk_script(const struct vmmio_blk *b);

/* The order of the columns in boot @boot: all six in turn, each next to its mirror image. */
void vmmio_blk_order(unsigned int boot, const char *out[VMMIO_COLUMNS]);

/*
 * Checks of one boot, each appended to @checks as {"boot", "name", "ok",
 * "text"}: all I/Os done, and the device side's operations equal those of the
 * guest's block layer and the load's own count.
 */
void vmmio_blk_check_device(const struct vmmio_blk *b, int boot, const json_t *rows,
			    const json_t *info, const struct vmmio_guest_result *r, json_t *checks);

/*
 * The settings that must be equal on all sides: an object {"ring_size": {"mmio":
 * 256, ...}, "max_segments": ..., "features": ..., "ioeventfd": ...} and one
 * check each.
 */
json_t *vmmio_blk_equal(const json_t *rows, const json_t *infos, json_t *checks);

/* true if every check is ok */
bool vmmio_checks_ok(const json_t *checks);
void vmmio_check_add(json_t *checks, int boot, const char *name, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
