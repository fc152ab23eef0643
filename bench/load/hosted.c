// SPDX-License-Identifier: GPL-2.0-only
/* The script of a bench host (hosted.h): lines with its parameters, and behind them hosted.sh. */
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
	if (h->vcpus > 1)
		fprintf(f, " --smp %u", h->vcpus);
	if (h->stat)
		fputs(" --file /bin/vmmio-stat:/bin/vmmio-stat", f);
	if (h->columns)
		fprintf(f, " --columns %s", h->columns);
	fputs(" --script /tmp/l2.sh", f);
	if (h->args)
		fputs(" --", f);
	for (const char *const *a = h->args; a && *a; a++)
		fprintf(f, " '%s'", *a);
	fputs("\n}\nbefore()\n{\n\t:\n", f);
	if (h->load && h->load->kind && h->load->kind->host_before)
		h->load->kind->host_before(h->load, h->vhost, f);
	fputs("}\nafter()\n{\n\t:\n", f);
	if (h->load && h->load->kind && h->load->kind->host_after)
		h->load->kind->host_after(h->load, f);
	fprintf(f, "}\n%s", vmmio_hosted_text);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}
