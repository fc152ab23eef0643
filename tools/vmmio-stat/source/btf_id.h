/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BTF id of a function of virtio, by which fentry is attached. libbpf searches the types of all
 * modules, and for each the kernel's again: for the hooks of a view that was half of the time to
 * the first one.
 */
#ifndef VMMIO_BTF_ID_H
#define VMMIO_BTF_ID_H

#include <stddef.h>

/* Types as the kernel has them in /sys/kernel/btf. */
struct vmmio_btf {
	const unsigned char *data;
	size_t size;
	unsigned int types; /* how many there are, by vmmio_btf_count() */
};

/* Counts them: 0 if these are no types. */
unsigned int vmmio_btf_count(struct vmmio_btf *b);

/*
 * Number of the function @name in @own, the types of a module, which go on from those of the
 * kernel, @base; or in the kernel's own, with @base NULL.
 * @base has been counted. 0: it is not there, or these
 * are no types.
 */
unsigned int vmmio_btf_function(const struct vmmio_btf *own, const struct vmmio_btf *base,
				const char *name);

/* From here on libbpf loads programs of fentry and fexit by that. */
void vmmio_btf_register(void);

#endif
