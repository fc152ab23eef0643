/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest says of its own addresses (where.sh): functions by /proc/kallsyms, text
 * sections of modules, and where virtio-mmio windows lie. Of a bench host the functions of its
 * monitor besides, by the files that are mapped in it.
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

/* The linker's calls, as a name. */
#define VMMIO_SYMBOL_PLT "(plt)"

struct vmmio_symbols {
	char *text; /* what the names point into */
	char **own; /* names of programs */
	size_t nown;
	struct vmmio_symbol *v;
	size_t n, room;
	struct vmmio_section *sections; /* sorted by address */
	size_t nsections;
	struct {
		uint64_t first, last;
	} mmio[64];
	size_t nmmio;
};

/*
 * From what a guest wrote, or with @host its bench host: 0, or -errno with one line in @why. @like
 * is NULL, or the host's, whose kernel is the guest's where the guest says so; it lives longer.
 */
int vmmio_symbols_read(struct vmmio_symbols *s, const char *output, bool host,
		       const struct vmmio_symbols *like, char *why, size_t len);

/* A copy of @text that lives as long as @s, or NULL. */
const char *vmmio_symbols_own(struct vmmio_symbols *s, const char *text);
/* One more, its name copied: 0 or -ENOMEM. Out of order until all are there and settled. */
int vmmio_symbols_add(struct vmmio_symbols *s, uint64_t addr, const char *name, const char *module);
/* In order, of several names of one address the first; sections, too. */
void vmmio_symbols_settle(struct vmmio_symbols *s);
void vmmio_symbols_free(struct vmmio_symbols *s);

/* Number of the function that @addr is in, or -1. */
long vmmio_symbols_find(const struct vmmio_symbols *s, uint64_t addr);

/* The text section of a module that @addr is in, or NULL. */
const struct vmmio_section *vmmio_symbols_section(const struct vmmio_symbols *s, uint64_t addr);

#endif
