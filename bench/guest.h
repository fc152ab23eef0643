/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest, from its boot to its power-off: a QEMU process, a script that
 * runs inside, the text that it wrote to the result channel, and what QEMU
 * itself counted. Knows nothing of what is measured in it.
 *
 * The base image is bench/image/; the script becomes its /run.sh. The result
 * channel is the second serial port, never a virtio device. A run is good only
 * if the last line there says VMMIO-END 0; no QEMU outlives its parent.
 */
#ifndef VMMIO_BENCH_GUEST_H
#define VMMIO_BENCH_GUEST_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accel.h"

struct vmmio_args;

struct vmmio_guest_file {
	const char *host;  /* path here */
	const char *guest; /* absolute path in the guest; mode is kept */
};

/* What to run. Zero means the default; strings stay the caller's. */
struct vmmio_guest {
	const char *target;	/* machine, see target.h; NULL: microvm */
	const char *qemu;	/* NULL: the one of the target */
	enum vmmio_accel accel; /* NONE: TCG; see probe.h */
	unsigned int smp;	/* 0: 1 */
	unsigned int mem_mib;	/* 0: 256 */
	const char *kernel;	/* NULL: VMMIO_IMAGE_DIR "/vmlinuz" */
	const char *initrd;	/* NULL: VMMIO_IMAGE_DIR "/initrd.cpio" */
	const char *script;	/* text of /run.sh, for /bin/sh; has /lib/vmmio.sh sourced */
	const struct vmmio_guest_file *files;
	size_t nfiles;
	/*
	 * More arguments, NULL-terminated; may be NULL. "{dir}" in one is the folder of the
	 * run; files there called side-NAME are what vmmio_guest_side() tells of.
	 */
	const char *const *qemu_args;
	const struct vmmio_args *vmm; /* another command instead of QEMU's (vmm.h); may be NULL */
	const char *columns;	  /* disks in this order, for example "mmio,pci-msix,pci-intx" */
	const char *append;	  /* more of the kernel's command line */
	const char *trace_events; /* QEMU trace events, comma-separated; NULL: none */
	const char *trace_log;	  /* where they go; NULL: to the result's trace */
	bool icount;		  /* TCG only: count instructions, time is virtual */
	unsigned int timeout_s;	  /* 0: 60 */
	const volatile sig_atomic_t *stop; /* gives up when it becomes non-zero; may be NULL */
};

enum vmmio_guest_end {
	VMMIO_GUEST_DONE,	 /* VMMIO-END was read; see status */
	VMMIO_GUEST_PANIC,	 /* the kernel panicked or reset the machine */
	VMMIO_GUEST_TIMEOUT,	 /* time ran out */
	VMMIO_GUEST_SILENT,	 /* it powered off without VMMIO-END as the last line */
	VMMIO_GUEST_QEMU,	 /* QEMU failed; why holds its last message */
	VMMIO_GUEST_INTERRUPTED, /* *stop was set */
};

/* What the device side counted for one -blockdev node. */
struct vmmio_guest_drive {
	char node[32];
	uint64_t rd_operations, wr_operations, flush_operations;
	uint64_t rd_bytes, wr_bytes;
	uint64_t failed; /* reads and writes */
};

/* A file that a device's backend wrote. */
struct vmmio_guest_side {
	char name[32];
	uint64_t size;
};

#define VMMIO_GUEST_DRIVES 32
#define VMMIO_GUEST_SIDES 8

struct vmmio_guest_result {
	enum vmmio_guest_end end;
	int status;   /* of /run.sh; -1 unless end is DONE */
	char *output; /* the result channel, VMMIO-END left out; 0-terminated */
	size_t output_len;
	char *console;	   /* last lines of the console */
	char *qemu_line;   /* the command, paths reduced to file names */
	char *append_line; /* the kernel's command line */
	char why[256];	   /* one line when it did not end with status 0 */
	char *trace;	   /* what trace_events gave without a trace_log, or NULL */
	double wall_s;	   /* QEMU's start to its end */
	bool no_answers;   /* a monitor that is not asked what it counted: no drives */
	unsigned int ndrives;
	struct vmmio_guest_drive drives[VMMIO_GUEST_DRIVES];
	unsigned int nsides;
	struct vmmio_guest_side sides[VMMIO_GUEST_SIDES];
};

/*
 * Boots @g and waits for its end. Returns 0 if the run took place, however the
 * guest ended (see r->end and r->status: only DONE with status 0 is good), or
 * -errno if it could not be started, with r->why set. Fills @r either way;
 * free it with vmmio_guest_result_free().
 *
 * Leaves no process, socket or temporary file, also when it is interrupted by
 * g->stop. The caller's signal handling is left alone.
 */
int vmmio_guest_run(const struct vmmio_guest *g, struct vmmio_guest_result *r);

void vmmio_guest_result_free(struct vmmio_guest_result *r);

/* The device side's counts of the disk behind @column ("mmio", ...), or NULL. */
const struct vmmio_guest_drive *vmmio_guest_column(const struct vmmio_guest_result *r,
						   const char *column);

/* Path of @name beside the build's guest image, or in the folder VMMIO_IMAGE_DIR names. */
const char *vmmio_guest_image(const char *name, char *buf, size_t len);

/* Bytes in side-@name when the guest had ended, or -1. */
long long vmmio_guest_side(const struct vmmio_guest_result *r, const char *name);

/*
 * QEMU's version as major * 10000 + minor * 100 + micro in *@version, and
 * whether it has the "log" trace backend. Returns 0 or -errno (-ENOENT: there
 * is no such program).
 */
int vmmio_guest_qemu(const char *qemu, unsigned int *version, bool *trace_log);

#endif
