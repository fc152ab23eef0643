/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Experiments as files: what is loaded, over which settings. A file has one
 * [experiment] section with what holds for all, and [grid NAME] sections, each
 * the full product of its lists. A run is one boot of one combination; the
 * transports and depths of a combination share it.
 *
 * Reading only: running them is sweep.c.
 */
#ifndef VMMIO_BENCH_EXPERIMENT_H
#define VMMIO_BENCH_EXPERIMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "load.h"
#include "opts.h"
#include "series.h"

/* What one boot is set up with; every combination of a grid is one of these. */
struct vmmio_setting {
	const struct vmmio_kind *kind; /* NULL: blkload on disks */
	char arch[8];		       /* "x86", "arm64"; "": x86 */
	char rw[8];		       /* read, write */
	char driver[12];	       /* vmmio, mainline */
	unsigned int queue_size, queues, vcpus, block_size, latency_us, request, response;
	bool event_idx, indirect, packed, lazy_status;
	bool icount;	/* count guest instructions; emulation only */
	bool ioeventfd; /* notifications by eventfd; KVM only */
	bool legacy;	/* mmio devices of version 1 */
	/* shared by the boot */
	const char *columns[VMMIO_COLUMNS];
	size_t ncolumns;
	struct vmmio_list depths;
	unsigned int count;
};

struct vmmio_run {
	struct vmmio_setting s;
	unsigned int boot;
	char labels[VMMIO_LABELS_MAX]; /* of the setting, transport and depth left out */
};

struct vmmio_experiment {
	char name[48], title[96];
	unsigned int boots, rounds, timeout, seed;
	bool times;		/* timing rounds besides the counting ones */
	char vmm[256];		/* template of another monitor's command, from the file's folder */
	char costs[512];	/* tables of access costs for predictions, from the file's folder */
	bool allow_soft;	/* of a KVM without hardware support too */
	struct vmmio_run *runs; /* in random order, by seed */
	size_t n;
	unsigned long crc; /* of the text */
	char *text;
};

/*
 * -errno with one line in @why, naming the line of the file. @quick takes the
 * [quick] section's values for those of [experiment].
 */
int vmmio_experiment_load(const char *path, bool quick, struct vmmio_experiment *e, char *why,
			  size_t len);
/* @s without white space at either end, for files of this form; changes it. */
char *vmmio_trim(char *s);

void vmmio_experiment_free(struct vmmio_experiment *e);

#endif
