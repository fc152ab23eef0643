/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One write by a worker thread of io_uring, for kvmload.
 */
#ifndef VMMIO_TESTS_URING_H
#define VMMIO_TESTS_URING_H

#include <stdint.h>

/* Waits until it is done. 0 or -errno. */
int uring_write(int fd, uint64_t value);

#endif
