/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine's clocks tell of themselves.
 */
#ifndef VMMIO_CLOCK_H
#define VMMIO_CLOCK_H

#include <stdbool.h>

#include <linux/types.h>

/* CLOCK_MONOTONIC, ns. */
__u64 vmmio_now_ns(void);

/*
 * Frequency of the time stamp counter in kHz, as the guest has to be told
 * (tsc_early_khz=) on a machine that has no timer to calibrate it with;
 * 0 if it cannot be found out.
 */
unsigned long vmmio_tsc_khz(void);

/*
 * CLOCK_MONOTONIC and the processor's counter (TSC, CNTVCT) at one moment: the closest
 * of some tries, which is right to @window_ns. False: there is no such counter.
 */
bool vmmio_clock_pair(__u64 *mono_ns, __u64 *ticks, __u64 *window_ns);

#endif
