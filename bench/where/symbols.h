/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest says of its own addresses (where.sh): functions by /proc/kallsyms, text
 * sections of modules, and where virtio-mmio windows lie.
 */
#ifndef VMMIO_BENCH_WHERE_SYMBOLS_H
#define VMMIO_BENCH_WHERE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmmio_symbol {
	uint64_t addr;
	const char *name;   /* without what a compiler appended (.isra.0, .cold) */
	const char *module; /* "vmlinux" of the kernel itself */
};

struct vmmio_section {
	char module[64], name[64];
	uint64_t addr;
};

struct vmmio_symbols {
	char *text; /* what the names point into */
	struct vmmio_symbol *v;
	size_t n;
	struct vmmio_section *sections; /* sorted by address */
	size_t nsections;
	struct {
		uint64_t first, last;
	} mmio[64];
	size_t nmmio;
};

/* From what the guest wrote: 0, or -errno with one line in @why. */
int vmmio_symbols_read(struct vmmio_symbols *s, const char *output, char *why, size_t len);
void vmmio_symbols_free(struct vmmio_symbols *s);

/* Number of the function that @addr is in, or -1. */
long vmmio_symbols_find(const struct vmmio_symbols *s, uint64_t addr);

/* The text section of a module that @addr is in, or NULL. */
const struct vmmio_section *vmmio_symbols_section(const struct vmmio_symbols *s, uint64_t addr);

#endif
