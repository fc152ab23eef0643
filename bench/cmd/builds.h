/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two builds of one thing in one command: regress --kernel A --kernel B, and the same for --initrd,
 * --modules and --qemu. An option given once holds for both sides.
 */
#ifndef VMMIO_BENCH_BUILDS_H
#define VMMIO_BENCH_BUILDS_H

#include <stdbool.h>
#include <stddef.h>

enum vmmio_build {
	VMMIO_BUILD_QEMU,
	VMMIO_BUILD_KERNEL,
	VMMIO_BUILD_INITRD,
	VMMIO_BUILD_MODULES
};
#define VMMIO_BUILDS 4

/* What was given of each, as often as it was; the texts are the command line's. */
struct vmmio_builds {
	struct vmmio_build_given {
		const char *v[2];
		unsigned int n;
	} of[VMMIO_BUILDS];
};

#define VMMIO_BUILDS_OPTS(b)                                                             \
	{"qemu",                                                                         \
	 VMMIO_OPT_CALL,                                                                 \
	 &(b)->of[VMMIO_BUILD_QEMU],                                                     \
	 .arg = "PROGRAM",                                                               \
	 .take = vmmio_build_take,                                                       \
	 .help = "QEMU of the new run; twice: of A and of B (qemu-system-x86_64)"},      \
		{"kernel",                                                               \
		 VMMIO_OPT_CALL,                                                         \
		 &(b)->of[VMMIO_BUILD_KERNEL],                                           \
		 .arg = "FILE",                                                          \
		 .take = vmmio_build_take,                                               \
		 .help = "guest kernel of it, or a folder with vmlinuz and initrd.cpio " \
			 "(that of the build)"},                                         \
		{"initrd",                                                               \
		 VMMIO_OPT_CALL,                                                         \
		 &(b)->of[VMMIO_BUILD_INITRD],                                           \
		 .arg = "FILE",                                                          \
		 .take = vmmio_build_take,                                               \
		 .help = "guest image of it (that of the build)"},                       \
	{                                                                                \
		"modules", VMMIO_OPT_CALL, &(b)->of[VMMIO_BUILD_MODULES],                \
			.arg = "DIR", .take = vmmio_build_take,                          \
			.help = "kernel modules of it, in place of the image's of the "  \
				"same name"                                              \
	}

/* For the parser of options: @target is a struct vmmio_build_given. */
int vmmio_build_take(void *target, const char *value, char *why);

/* The first that was given, or that was given twice; NULL if none was. Without the dashes. */
const char *vmmio_builds_given(const struct vmmio_builds *b);
const char *vmmio_builds_twice(const struct vmmio_builds *b);

/* Is @word one of these options, "--kernel"? */
bool vmmio_builds_is(const char *word);

#define VMMIO_BUILDS_ARGS (2 * VMMIO_BUILDS)

/* Add what holds for @side (0 or 1) to @argv from *@n on: VMMIO_BUILDS_ARGS words at most. */
void vmmio_builds_add(const struct vmmio_builds *b, int side, char *argv[], size_t *n);

#endif
