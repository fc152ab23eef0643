/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of sysfs that may wait for a lock which a stuck driver holds: a separate process reads
 * them, and may get stuck in place of this one.
 */
#ifndef VMMIO_BOUNDED_H
#define VMMIO_BOUNDED_H

#include <stddef.h>
#include <sys/types.h>

/*
 * The beginning of @path in @buf. Returns its length or -errno; -ETIMEDOUT when nothing came within
 * @ms milliseconds: each retry leaves one more process waiting there.
 */
ssize_t vmmio_read_bounded(const char *path, void *buf, size_t size, int ms);

#endif
