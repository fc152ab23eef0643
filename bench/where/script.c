// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's script (script.h): where.sh and the calls of its functions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/embed.h"
#include "script.h"

VMMIO_EMBED(vmmio_where_text, "where.sh");

char *vmmio_where_script(const struct vmmio_where_load *l)
{
	static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(vmmio_where_text, f);
	fprintf(f, "count=%u depth=%u size=%u rw=%s driver=%s\n", l->count, l->depth, l->block_size,
		l->rw, l->driver);
	fputs(strcmp(l->driver, "mainline") ? "load_vmmio claim=all\n" : "load_mainline\n", f);
	fputs("load_blk\nwait_blk 3\nsymbols\n", f);
	for (unsigned int i = 0; i < 3 * l->windows; i++)
		fprintf(f, "window %s %u\n", columns[i % 3], i / 3);
	fputs("printf '@info {\"guest\":{\"kernel\":\"%s\"}}\\n' \"$(uname -r)\"\n", f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
