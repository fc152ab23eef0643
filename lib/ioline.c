// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one reader of QEMU's trace of register accesses (ioline.h).
 */
#include <stdio.h>
#include <string.h>

#include "ioline.h"

bool vmmio_io_line(const char *line, struct vmmio_io *io)
{
	char what[8];

	if (strncmp(line, "memory_region_ops_", 18) ||
	    sscanf(line,
		   "memory_region_ops_%7[a-z] cpu %*d mr %*s addr %llx value %llx size %u name "
		   "'%63[^']",
		   what, &io->addr, &io->value, &io->size, io->region) != 5 ||
	    !io->size || io->size > 8)
		return false;
	io->write = !strcmp(what, "write");
	return true;
}
