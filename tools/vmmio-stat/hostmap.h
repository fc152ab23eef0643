/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From addresses to devices and queues: what the form of an ioeventfd gives
 * away, and what a map file names. Guesses are marked by their absence only:
 * what is not recognised stays an address.
 */
#ifndef VMMIO_HOSTMAP_H
#define VMMIO_HOSTMAP_H

#include <stdio.h>

#include "hostscan.h"

struct vmmio_hostmap_entry {
	__u64 base;
	__u64 size;
	bool pio;
	enum vmmio_transport_guess transport; /* NONE: the file does not say */
	char name[40];
};

struct vmmio_hostmap {
	struct vmmio_hostmap_entry *entries; /* by base; do not overlap */
	size_t n;
};

/*
 * Reads a map: lines "ADDRESS SIZE NAME [mmio|pci|pio]", '#' comments, blank
 * lines. -EINVAL with one line (naming the line) in @why when the file lies:
 * no number, empty or wrapping range, overlap, unknown word.
 */
int vmmio_hostmap_read(struct vmmio_hostmap *map, const char *path, char *why, size_t size);
int vmmio_hostmap_parse(struct vmmio_hostmap *map, FILE *f, const char *path, char *why,
			size_t size);
void vmmio_hostmap_free(struct vmmio_hostmap *map);

/* The entry that holds @addr, or NULL. */
const struct vmmio_hostmap_entry *vmmio_hostmap_find(const struct vmmio_hostmap *map, __u64 addr,
						     bool pio);

/* Fills transport, base, queue and device of every range; @map may be NULL. */
void vmmio_hostmap_apply(struct vmmio_host_vm *vm, const struct vmmio_hostmap *map);

const char *vmmio_guess_name(enum vmmio_transport_guess guess); /* "-" for none */

#endif
