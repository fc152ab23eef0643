/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an experiment comes to: settings, runs, and what holds for all of them.
 */
#ifndef VMMIO_BENCH_SETTING_H
#define VMMIO_BENCH_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/data/series.h"
#include "bench/load/load.h"
#include "lib/opts.h"

/*
 * Which interrupt controllers of a guest on a bench host are in KVM: the local APICs (split, as
 * QEMU's microvm has it by itself), the I/O APIC too (on), none (off).
 */
enum vmmio_irqchip {
	VMMIO_IRQCHIP_SPLIT,
	VMMIO_IRQCHIP_ON,
	VMMIO_IRQCHIP_OFF
};

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
	bool iothread;	/* each disk has a thread of its own in QEMU */
	bool shared;	/* MSI-X has one vector for all virtqueues, not one for each */
	bool vhost;	/* interfaces are served by the bench host's kernel, not by QEMU */
	enum vmmio_irqchip irqchip;
	bool legacy;	/* mmio devices of version 1 */
	bool host;	/* under KVM in a bench host, whose exits are counted as well */
	char under[12]; /* which bench host: "build", or what cmake/other-host.sh made */
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

#endif
