/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lays out records as the kernel's ring buffer does: pages with the time of their first
 * record, records with the time since the one before (include/linux/ring_buffer.h, and
 * events/header_page and header_event in tracefs). For the byte order of this machine, and
 * little-endian ones only, as all that vmmio records on are.
 */
#ifndef VMMIO_PAGER_H
#define VMMIO_PAGER_H

#include <stddef.h>

#include "vmmio/types.h"

struct vmmio_pager {
	size_t page_size;
	unsigned int long_size; /* bytes of the page's length */
	char *pages;		/* @room of them, the caller's */
	size_t room;
	/* pages that are full; the next one is begun if @used is not 0 */
	size_t full, used; /* pages; bytes behind its head */
	__u64 ns;	   /* of the last record */
};

/*
 * Where a record of @size bytes goes, made at @ns (CLOCK_MONOTONIC; earlier than the one
 * before counts as the same time), for the caller to fill: @size is rounded up to words of 4
 * bytes, and what is behind it, on the page or the next one, is not written yet. NULL: all
 * pages are full, or no page has room for it.
 */
void *vmmio_pager_add(struct vmmio_pager *p, __u64 ns, size_t size);
/* Ends the page that is begun. Returns how many there are; they are the caller's to take. */
size_t vmmio_pager_end(struct vmmio_pager *p);
/* After the full ones were taken: goes on with the one that is begun, as the first. */
void vmmio_pager_restart(struct vmmio_pager *p);

#endif
