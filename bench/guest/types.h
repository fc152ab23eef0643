/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The properties of a guest, and its outcome: the structs that the files of this folder exchange.
 * guest.h has the functions.
 */
#ifndef VMMIO_BENCH_GUEST_TYPES_H
#define VMMIO_BENCH_GUEST_TYPES_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/accel.h"

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
	bool host;		/* a bench host: KVM on an emulated processor, QEMU inside */
	unsigned int smp;	/* 0: 1 */
	unsigned int mem_mib;	/* 0: 256; of a bench host 2048 */
	const char *kernel;	/* NULL: "vmlinuz" of the guest images */
	const char *initrd;	/* NULL: theirs, "initrd.cpio" or "host.cpio" */
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
	bool ioeventfd;		  /* kicks by ioeventfd, as QEMU does by itself under KVM */
	const char *append;	  /* more of the kernel's command line */
	const char *trace_events; /* QEMU trace events, comma-separated; NULL: none */
	const char *trace_log;	  /* where they go; NULL: to the result's trace */
	bool icount;		  /* TCG only: count instructions, time is virtual */
	unsigned int timeout_s;	  /* of a free machine, longer on a busy one; 0: 60 */
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

#endif
