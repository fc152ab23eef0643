/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine's clocks tell of themselves.
 */
#ifndef VMMIO_CLOCK_H
#define VMMIO_CLOCK_H

#include <linux/types.h>

/* CLOCK_MONOTONIC, ns. */
__u64 vmmio_now_ns(void);

/*
 * Frequency of the time stamp counter in kHz, as the guest has to be told
 * (tsc_early_khz=) on a machine that has no timer to calibrate it with;
 * 0 if it cannot be found out.
 */
unsigned long vmmio_tsc_khz(void);

#endif
