// SPDX-License-Identifier: GPL-2.0-only
/*
 * The script of a bench host (hosted.h): lines that say what it is to run, and
 * behind them hosted.sh.
 */
#include "hosted.h"
#include "lib/embed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

VMMIO_EMBED(vmmio_hosted_text, "hosted.sh");

char *vmmio_hosted_script(const struct vmmio_hosted *h)
{
	char *text = NULL;
	size_t size;
	FILE *f;

	for (const char *const *a = h->args; a && *a; a++)
		if (strchr(*a, '\''))
			return NULL;
	f = open_memstream(&text, &size);
	if (!f)
		return NULL;
	fprintf(f, "kicks=%s layers=%s\ncat >/tmp/l2.sh <<'L2-END'\n%sL2-END\nguest()\n{\n\tl2",
		h->kicks ? "yes" : "", h->layers ? "yes" : "", h->script);
	if (h->ioeventfd)
		fputs(" --ioeventfd", f);
	if (h->stat)
		fputs(" --file /bin/vmmio-stat:/bin/vmmio-stat", f);
	if (h->columns)
		fprintf(f, " --columns %s", h->columns);
	fputs(" --script /tmp/l2.sh", f);
	if (h->args)
		fputs(" --", f);
	for (const char *const *a = h->args; a && *a; a++)
		fprintf(f, " '%s'", *a);
	fprintf(f, "\n}\n%s", vmmio_hosted_text);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
