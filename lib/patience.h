/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much longer things take on this machine now than if they had it for
 * themselves: what a time limit is to be stretched by. A limit ends what hangs,
 * and a load of 8 on two processors is no hang.
 */
#ifndef VMMIO_PATIENCE_H
#define VMMIO_PATIENCE_H

/* At least 1, at most 16; 1 where /proc/loadavg cannot be read. */
double vmmio_patience(void);

/* The same from the text of /proc/loadavg. */
double vmmio_patience_of(const char *loadavg, int cpus);

#endif
