/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trace.dat as "record" writes it, of a machine that never was: one MMIO device of
 * ours and one PCI device of mainline's, two CPUs. Written by record/writer.c and
 * record/facts.c; the ring's pages are made here.
 */
#ifndef VMMIO_DAT_SAMPLE_H
#define VMMIO_DAT_SAMPLE_H

#define DAT_SAMPLE_KICKS 40 /* of each device; each with an interrupt */

#define DAT_SAMPLE_FEW 8 /* for the fuzzer: a page or two of each CPU */

/* @kicks of each device, and some of a host's events. Returns 0 or -errno. */
int dat_sample_write(const char *path, unsigned long kicks);
/* Without a host's, 8 events a pair of kicks, for those who measure. */
int dat_sample_write_long(const char *path, unsigned long kicks);

#endif
