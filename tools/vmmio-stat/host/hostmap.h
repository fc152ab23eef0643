/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From addresses to devices and queues: by the form of an ioeventfd, and by a map file. An address
 * that is not recognised stays an address.
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
	/* what was found out about it: */
	bool seen;			  /* an access or a doorbell was in it */
	enum vmmio_transport_guess truth; /* what a doorbell in it must be of; NONE: no objection */
	__u64 truth_at;
};

struct vmmio_hostmap {
	struct vmmio_hostmap_entry *entries; /* by base; do not overlap */
	size_t n;
	__u32 pid;    /* it is of this process's VMs only; 0: of all */
	bool machine; /* all that a machine has, not what somebody wrote down */
	char source[128];
};

/*
 * Reads a map: lines "ADDRESS SIZE NAME [mmio|pci|pio]", '#' comments, blank
 * lines; or QEMU's answers (hostqmp.c) if it begins with '{'. -EINVAL with one
 * line (naming the line) in @why when the file lies: no number, empty, wrapping
 * or absurd range, overlap, unknown word.
 */
int vmmio_hostmap_read(struct vmmio_hostmap *map, const char *path, char *why, size_t size);
int vmmio_hostmap_parse(struct vmmio_hostmap *map, FILE *f, const char *path, char *why,
			size_t size);

/* The answers in @f; entries in any order. 0 or -errno with the trouble in @why. */
int vmmio_hostmap_qmp(struct vmmio_hostmap *map, FILE *f, char *why, size_t size);

/* Asks the QEMU behind the QMP socket @path, read-only. 0 or -errno with a line in @why. */
int vmmio_hostmap_ask(struct vmmio_hostmap *map, const char *path, char *why, size_t size);

/*
 * What the options --map @file and --qmp @socket ask for, NULL for not given. 0, or the
 * exit status with a line in @why.
 */
int vmmio_hostmap_get(struct vmmio_hostmap *map, const char *file, const char *socket, char *why,
		      size_t size);

/* Sorts, and refuses overlaps. 0, or -EINVAL with a line in @why. */
int vmmio_hostmap_finish(struct vmmio_hostmap *map, const char *path, char *why, size_t size);

void vmmio_hostmap_free(struct vmmio_hostmap *map);

/* The entry that holds @addr in a VM of @pid, or NULL; @map may be NULL. */
struct vmmio_hostmap_entry *vmmio_hostmap_find(const struct vmmio_hostmap *map, __u32 pid,
					       __u64 addr, bool pio);

/* A doorbell or access at @addr, which is in @e, is certainly of transport @truth. */
void vmmio_hostmap_contradict(struct vmmio_hostmap_entry *e, enum vmmio_transport_guess truth,
			      __u64 addr);

/*
 * Fills transport, base, queue and device of every range; @map may be NULL. Where the map and the
 * form of a doorbell disagree, the form wins.
 */
void vmmio_hostmap_apply(struct vmmio_host_vm *vm, const struct vmmio_hostmap *map);

/* One line each about entries that were contradicted, and, if @unseen, never met. */
void vmmio_hostmap_report(const struct vmmio_hostmap *map, bool unseen, FILE *out);

const char *vmmio_guess_name(enum vmmio_transport_guess guess); /* "-" for none */

#endif
