/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels that affect a transport. Kbuild finds each in the headers, never by
 * version number.
 */
#ifndef VMMIO_KMOD_COMPAT_H
#define VMMIO_KMOD_COMPAT_H

#include <linux/atomic.h>
#include <linux/types.h>

/* 5.10's version does not compile where a long has 32 bits. */
static inline s64 vmmio_atomic64_read_acquire(const atomic64_t *v)
{
#ifdef CONFIG_64BIT
	return atomic64_read_acquire(v);
#else
	s64 n = atomic64_read(v);

	smp_mb();
	return n;
#endif
}

/* Since 6.10 the source of a trace event's string is named only once. */
#ifdef VMMIO_ASSIGN_STR_ONE
#define vmmio_assign_str(dst, src) __assign_str(dst)
#else
#define vmmio_assign_str(dst, src) __assign_str(dst, src)
#endif

#ifdef VMMIO_PLATFORM_REMOVE_VOID
#define VMMIO_REMOVE_TYPE void
#define VMMIO_REMOVE_DONE
#else
#define VMMIO_REMOVE_TYPE int
#define VMMIO_REMOVE_DONE return 0
#endif

/* Until 5.11 an AMBA driver's remove returned a value, which was ignored. */
#ifdef VMMIO_AMBA_REMOVE_INT
#define VMMIO_AMBA_REMOVE_TYPE int
#define VMMIO_AMBA_REMOVE_DONE return 0
#else
#define VMMIO_AMBA_REMOVE_TYPE void
#define VMMIO_AMBA_REMOVE_DONE
#endif

/* Since 6.16 the callbacks of binary attributes take them as const. */
#ifdef VMMIO_BIN_ATTR_IS_CONST
#define VMMIO_BIN_ATTR_CONST const
#else
#define VMMIO_BIN_ATTR_CONST
#endif

#ifndef VIRTIO_F_NOTIFICATION_DATA
#define VIRTIO_F_NOTIFICATION_DATA 38
#endif
#ifndef VIRTIO_F_RING_RESET
#define VIRTIO_F_RING_RESET 40
#endif

#endif
