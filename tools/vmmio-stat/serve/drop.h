/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes all rights from this process: no capability and no way to gain one, the overflow user if it
 * was root, no child; no file but those it holds, where the kernel has Landlock.
 */
#ifndef VMMIO_SERVE_DROP_H
#define VMMIO_SERVE_DROP_H

#include <stddef.h>

/*
 * @keep: the descriptors that stay open besides 0 to 2, @n of them, at most 8, in ascending
 * order. @files: how many may be open then. Returns 0 or -errno with what failed in @why: the
 * process must end then.
 */
int vmmio_drop(const int *keep, size_t n, unsigned int files, char *why, size_t size);

#endif
