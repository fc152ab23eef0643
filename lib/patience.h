/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The factor by which this machine is slower now than when idle; time limits are multiplied by it.
 * A limit ends what hangs, and a load of 8 on two processors is no hang.
 */
#ifndef VMMIO_PATIENCE_H
#define VMMIO_PATIENCE_H

/* At least 1, at most 16; 1 where /proc/loadavg cannot be read. */
double vmmio_patience(void);

/* The same from the text of /proc/loadavg. */
double vmmio_patience_of(const char *loadavg, int cpus);

#endif
