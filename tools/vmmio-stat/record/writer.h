/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a trace.dat of version 6 (trace-cmd.dat.v6(5)). The format wants each CPU's pages in one
 * piece: those of the first CPU that has any go into the file, the others' into unnamed files until
 * the end, when all is put together. If the disk is full, the data written so far stay. The caller
 * knows what the events are.
 */
#ifndef VMMIO_WRITER_H
#define VMMIO_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "vmmio/types.h"

struct vmmio_writer_cpu {
	int fd;		     /* its pages so far; -1: none, or they are in the file itself */
	__u64 size, dropped; /* bytes */
	__u64 room;	     /* bytes for which there is disk; ~0: that is not asked for any more */
	__u64 at;	     /* in the file, once it is finished */
};

struct vmmio_writer {
	const char *path;
	int fd, reserve;
	bool made;   /* the file was not there before */
	bool direct; /* nothing was in it, and it has no head yet */
	int home;    /* the CPU whose pages are in the file itself; -1: none */
	size_t page_size;
	struct vmmio_writer_cpu *cpus; /* by number */
	int ncpus;
	__u64 size; /* of all pages */
	int err;    /* the first that befell a page: what comes then is dropped */
};

/* Of the head: everything but the pages. Texts are the kernel's own. */
struct vmmio_writer_head {
	const char *header_page, *header_event, *tasks;
	const struct vmmio_writer_event {
		const char *system, *format;
	} * events; /* of one system next to each other */
	size_t nevents;
	const char *const *stats; /* by CPU; NULL: it has none */
	/* Our own section; requested again once it is known what found room. */
	char *(*facts)(void *data, const struct vmmio_writer *w);
	void *data;
};

/*
 * Makes @path with mode 0600, or takes one that is there. Returns 0 or -errno; -EBUSY: another
 * recorder writes it.
 */
int vmmio_writer_open(struct vmmio_writer *w, const char *path, size_t page_size, int ncpus);
/* Whole pages of one CPU. Returns 0 or the first -errno; all that came before stays. */
int vmmio_writer_pages(struct vmmio_writer *w, int cpu, const void *pages, size_t size);
/* Puts it together. Returns 0 or -errno: there is no file. */
int vmmio_writer_finish(struct vmmio_writer *w, const struct vmmio_writer_head *head);
/* Also ends one that was not finished: a file that it made is gone. */
void vmmio_writer_close(struct vmmio_writer *w);

#endif
