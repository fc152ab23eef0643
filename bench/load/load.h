/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One boot of a load on virtio devices: the script that runs in the guest, and
 * what can be held against it afterwards: the device side's counts, and the
 * settings that must be equal for a comparison. What is different for disks,
 * interfaces and character devices is in the kinds below. Starts nothing itself.
 */
#ifndef VMMIO_BENCH_LOAD_H
#define VMMIO_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <jansson.h>

#include "lib/args.h"
#include "bench/guest/guest.h"

#define VMMIO_COLUMNS 3
extern const char *const vmmio_columns[VMMIO_COLUMNS]; /* mmio, pci-intx, pci-msix */

struct vmmio_kind;

/* How the devices are offered; all columns get the same. */
struct vmmio_device {
	unsigned int queue_size, queues, latency_us;
	bool event_idx, indirect, packed, ioeventfd;
	bool iothread; /* a disk has a thread of its own in QEMU; with ioeventfd only */
	bool shared;   /* MSI-X has one vector for all virtqueues, not one for each */
	bool tap;      /* an interface ends in a TAP device of the guest's host ... */
	bool vhost;    /* ... and that host's kernel serves it, not QEMU */
};

/* Rounds after all others, each of @kind in the report. */
struct vmmio_pass {
	const char *kind;
	const char *before; /* lines of script before the first */
	const char *apart;  /* a line before and after each; may be NULL */
	unsigned int count; /* I/Os of each; 0: as the others */
};

struct vmmio_load {
	const struct vmmio_kind *kind;	/* NULL: blkload on disks */
	const char *rw;			/* of a disk: read or write */
	unsigned int bs;		/* bytes of an I/O */
	unsigned int request, response; /* bytes of a transaction's two messages */
	unsigned int count;		/* I/Os per round */
	unsigned int rounds;
	const unsigned int *depths;
	size_t ndepths;
	const char *const *columns; /* which are loaded, in the order of this boot */
	size_t ncolumns;
	bool timing;		 /* timing rounds besides the counting ones */
	bool host_counts;	 /* so does the guest's host: the driver's own counters do here */
	bool doorbells;		 /* and the guest says where they are of PCI devices */
	const char *driver;	 /* "vmmio" or "mainline" */
	unsigned int queue_size; /* of every ring: QEMU gives the transports different ones */
	const char *driver_args; /* for "vmmio": more module parameters, may be "" */
	const char *setup;   /* more lines of script, after the driver and before the devices; may
				be NULL */
	const char *between; /* lines of script: the counting rounds are all before them, the timing
				rounds after; NULL: they take turns */
	const struct vmmio_pass *more; /* passes after the timing rounds, timed as they are */
	size_t nmore;
	const char *apart;  /* a line before and after each counting round; may be NULL */
	const char *labels; /* put before "transport= depth=" of each round; may be "" */
};

/* A kind of load: one row of a table in kinds.c or blk.c. */
struct vmmio_kind {
	const char *name;      /* as an experiment says it */
	bool disk;	       /* loads disks */
	const char *prefix;    /* of the label of a kind of disk; NULL: none */
	bool deep;	       /* can have more than one I/O in flight */
	unsigned int ring_max; /* largest ring of its queues in QEMU; 0: as asked for */
	bool transactions;     /* a request and a response of given sizes */
	const char *image;     /* initrd beside the build's own image; NULL: that one */
	const char *trace;     /* QEMU's events that check() wants; NULL: none */
	bool pair;	       /* a second device of the guest is as busy as the counted one */
	bool hosted;	       /* there is a form of it for a bench host (host_counts) */
	bool hosted_only;      /* and no other */
	/* Arguments of QEMU for the device(s) of @column; files of the run are in "{dir}". */
	void (*devices)(const struct vmmio_load *b, const struct vmmio_device *d,
			const char *column, struct vmmio_args *a);
	/* Script: find the devices, $node_COLUMN and $dev_COLUMN (its virtio name). */
	void (*prepare)(const struct vmmio_load *b, FILE *f);
	/* Script: a line before each round, outside of what is measured; may be NULL. */
	void (*select)(const struct vmmio_load *b, const char *column, FILE *f);
	/* Script: the words that load the device of @column once. */
	void (*command)(const struct vmmio_load *b, const char *column, unsigned int depth,
			FILE *f);
	/* Script: after the rounds; may be NULL. */
	void (*finish)(const struct vmmio_load *b, FILE *f);
	/* The device side against @sent I/Os of the rounds in @column; appends to @checks. */
	void (*check)(const struct vmmio_load *b, int boot, const char *column, long long sent,
		      const json_t *rows, const json_t *info, const struct vmmio_guest_result *r,
		      json_t *checks);
	/* The rest for a bench host; all may be NULL. Script of the host, before its guest
	 * and after it: what the guest's devices end in. And that against the load. */
	void (*host_before)(const struct vmmio_load *b, bool vhost, FILE *f);
	void (*host_after)(const struct vmmio_load *b, FILE *f);
	void (*host_check)(const struct vmmio_load *b, int boot, const char *column, long long sent,
			   const json_t *info, json_t *checks);
};

/* NULL if there is no such kind. */
const struct vmmio_kind *vmmio_kind_find(const char *name);
extern const struct vmmio_kind vmmio_kind_block, vmmio_kind_fio, vmmio_kind_scsi;

/* "mmio" of "mmio-legacy": what the guest sees of it. */
const char *vmmio_column_bus(const char *column);
/* Name of a shell variable: @prefix + column, '-' as '_'. */
const char *vmmio_column_var(const char *prefix, const char *column, char *buf, size_t len);

/* Text of /run.sh; NULL for want of memory. */
char *vmmio_load_script(const struct vmmio_load *b);

/* The order of the columns in boot @boot: all six in turn, each next to its mirror image. */
void vmmio_load_order(unsigned int boot, const char *out[VMMIO_COLUMNS]);

/*
 * Did the load make all I/Os of each round of @column in @boot? Goes into @checks; returns
 * how many it made.
 */
long long vmmio_load_done(int boot, const char *column, const json_t *rows, json_t *checks);

/*
 * Checks of one boot, each appended to @checks as {"boot", "name", "ok",
 * "text"}: all I/Os done, and what the device side counted equals what the
 * guest and the load counted.
 */
void vmmio_load_check(const struct vmmio_load *b, int boot, const json_t *rows, const json_t *info,
		      const struct vmmio_guest_result *r, json_t *checks);

/*
 * The settings that must be equal on all sides: an object {"ring_size": {"mmio":
 * 256, ...}, "max_segments": ..., "features": ..., "ioeventfd": ...} and one
 * check each, in @chosen of what a driver chooses: ring size, features; max_segments for disks
 * only.
 */
json_t *vmmio_load_equal(const json_t *rows, const json_t *infos, json_t *checks, json_t *chosen);

/* true if every check is ok */
bool vmmio_checks_ok(const json_t *checks);
void vmmio_check_add(json_t *checks, int boot, const char *name, bool ok, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

#endif
