/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions of a program or library, as it is mapped in a process: by its symbols, by the table
 * for unwinding where one has none, and the linker's stubs.
 */
#ifndef VMMIO_BENCH_WHERE_PROGRAM_H
#define VMMIO_BENCH_WHERE_PROGRAM_H

#include "symbols.h"

/*
 * Adds the functions of what the monitor of a bench host has mapped by @output ("@host-map" and a
 * line of /proc/PID/maps), out of the host's image @initrd: those that have a name, "(static
 * 0x1234)" at others' beginnings, by their place in the file, and VMMIO_SYMBOL_PLT. Each .text is a
 * section of its file's name. 0, or -errno with one line in @why.
 */
int vmmio_symbols_programs(struct vmmio_symbols *s, const char *output, const char *initrd,
			   char *why, size_t len);

#endif
