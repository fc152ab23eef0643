/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The window of a load, told to an emulator's plugin (vmmio/mark.h).
 */
#ifndef VMMIO_BENCH_MARK_H
#define VMMIO_BENCH_MARK_H

/* Maps the page of the marks and announces a window: 0 or -errno. */
int vmmio_mark_arm(void);

/* Waits until just behind a tick of the kernel, 100 ms at most, so that a short window has none. */
void vmmio_mark_wait(void);

/* One of VMMIO_MARK_*; nothing if no window was announced. */
void vmmio_mark(int which);

#endif
