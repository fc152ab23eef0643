// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's script (script.h): where.sh and the calls of its functions; and its bench host's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/embed.h"
#include "script.h"

VMMIO_EMBED(vmmio_where_text, "where.sh");
VMMIO_EMBED(vmmio_where_host_text, "wherehost.sh");

static void guest_script(const struct vmmio_where_load *l, FILE *f)
{
	static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};

	fputs(vmmio_where_text, f);
	fprintf(f, "count=%u depth=%u size=%u rw=%s driver=%s\n", l->count, l->depth, l->block_size,
		l->rw, l->driver);
	fputs("like=\n", f);
	fputs(strcmp(l->driver, "mainline") ? "load_vmmio claim=all\n" : "load_mainline\n", f);
	fputs("load_blk\nwait_blk 3\nsymbols\n", f);
	if (l->host)
		fputs("echo @told\nsleep 4\n", f);
	for (unsigned int i = 0; i < 3 * l->windows; i++)
		fprintf(f, "window %s %u\n", columns[i % 3], i / 3);
	fputs("printf '@info {\"guest\":{\"kernel\":\"%s\"}}\\n' \"$(uname -r)\"\n", f);
}

/* The guest's script and what starts it, for the bench host. */
static void host_script(const struct vmmio_where_load *l, FILE *f)
{
	fputs("cat >/tmp/l2.sh <<'L2-END'\n", f);
	guest_script(l, f);
	fputs("L2-END\nguest()\n{\n\tl2 --ioeventfd --append nokaslr "
	      "--columns " VMMIO_WHERE_COLUMNS,
	      f);
	for (size_t i = 0; i < l->nmodules; i++)
		fprintf(f, " --file '" VMMIO_WHERE_MODULES "%s:/lib/modules/%s'", l->modules[i],
			l->modules[i]);
	fprintf(f, " --script /tmp/l2.sh\n}\n%s%s", vmmio_where_text, vmmio_where_host_text);
}

char *vmmio_where_script(const struct vmmio_where_load *l)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	for (size_t i = 0; i < l->nmodules; i++)
		if (strchr(l->modules[i], '\'') || strchr(l->modules[i], ':'))
			return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	if (l->host)
		host_script(l, f);
	else
		guest_script(l, f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
