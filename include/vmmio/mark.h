/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a load tells an emulator's plugin the begin and end of its window: by a store to a page at an
 * address that nothing else in a guest uses. On a machine without the plugin it is a store to
 * memory.
 */
#ifndef VMMIO_MARK_H
#define VMMIO_MARK_H

#define VMMIO_MARK_PAGE 0x766d6d696000ull /* "vmmi`" */
#define VMMIO_MARK_SIZE 4096

/* Offsets in that page. */
#define VMMIO_MARK_ARM 0 /* a window will follow: watch closely from now on */
#define VMMIO_MARK_BEGIN 8
#define VMMIO_MARK_END 16

#endif
