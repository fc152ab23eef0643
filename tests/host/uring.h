/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signals to eventfds that no system call of this process makes, for kvmload.
 */
#ifndef VMMIO_TESTS_URING_H
#define VMMIO_TESTS_URING_H

#include <stdint.h>

/* Waits until it is done. 0 or -errno. */
int uring_write(int fd, uint64_t value);

/* Reads a page of @file past the cache; its end signals @efd. 0 or -errno. */
int disk_signal(int efd, const char *file);

#endif
