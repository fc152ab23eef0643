/* SPDX-License-Identifier: GPL-2.0-only */
/* This machine's clocks. */
#ifndef VMMIO_CLOCK_H
#define VMMIO_CLOCK_H

#include <stdbool.h>

#include <linux/types.h>

/* CLOCK_MONOTONIC, ns. */
__u64 vmmio_now_ns(void);

/*
 * Frequency of the time stamp counter in kHz, which a guest needs (tsc_early_khz=) on a machine
 * without a timer to calibrate it; 0 if unknown.
 */
unsigned long vmmio_tsc_khz(void);

/*
 * CLOCK_MONOTONIC and the processor's counter (TSC, CNTVCT) at one moment: the closest
 * of some tries, which is right to @window_ns. False: there is no such counter.
 */
bool vmmio_clock_pair(__u64 *mono_ns, __u64 *ticks, __u64 *window_ns);

#endif
