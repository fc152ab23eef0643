/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing argument vector, and its text form for people. Errors stick: check
 * vmmio_args_error() once at the end.
 */
#ifndef VMMIO_BENCH_ARGS_H
#define VMMIO_BENCH_ARGS_H

#include <stddef.h>

struct vmmio_args {
	char **v; /* NULL-terminated */
	size_t n, size;
	int err;
};

void vmmio_args_add(struct vmmio_args *a, const char *arg);
__attribute__((format(printf, 2, 3))) void vmmio_args_addf(struct vmmio_args *a, const char *format,
							   ...);
int vmmio_args_error(const struct vmmio_args *a);
void vmmio_args_free(struct vmmio_args *a);

/*
 * One line, quoted for a shell where needed. Absolute paths, also within an argument, are reduced
 * to their file names: a path describes the machine, not the measurement. The caller frees it; NULL
 * for want of memory.
 */
char *vmmio_args_line(char *const *v);

#endif
