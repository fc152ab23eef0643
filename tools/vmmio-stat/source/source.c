// SPDX-License-Identifier: GPL-2.0-only
/* The choice among sources; each has its own file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "source.h"

const struct vmmio_source_ops *const vmmio_sources[] = {
	&vmmio_source_bpf,   &vmmio_source_stock, &vmmio_source_tracefs,
	&vmmio_source_sysfs, &vmmio_source_file,  NULL,
};

const struct vmmio_source_ops *vmmio_source_find(const char *name)
{
	size_t len;
	int i;

	if (!strcmp(name, "stock"))
		name = "mainline"; /* its former name */
	len = strcspn(name, ":");
	for (i = 0; vmmio_sources[i]; i++)
		if (strlen(vmmio_sources[i]->name) == len &&
		    !strncmp(vmmio_sources[i]->name, name, len) &&
		    (name[len] == ':') == vmmio_sources[i]->asked_only)
			return vmmio_sources[i];
	return NULL;
}

static int open_one(struct vmmio_source *src, const struct vmmio_source_ops *ops,
		    const struct vmmio_source_opts *opts)
{
	int err;

	src->ops = ops;
	src->priv = NULL;
	src->why[0] = '\0';
	err = ops->open(src, opts);
	if (err)
		src->ops = NULL;
	return err;
}

int vmmio_source_open(struct vmmio_source *src, const char *name,
		      const struct vmmio_source_opts *opts)
{
	const struct vmmio_source_ops *ops;
	struct vmmio_source_opts mine;
	int err;
	char why[sizeof(src->why)] = "", note[sizeof(src->note)];

	memset(src, 0, sizeof(*src));
	if (strcmp(name, "auto")) {
		ops = vmmio_source_find(name);
		if (!ops) {
			snprintf(src->why, sizeof(src->why), "no source is named '%s'", name);
			return -EINVAL;
		}
		mine = *opts;
		if (ops->asked_only)
			mine.path = strchr(name, ':') + 1;
		return open_one(src, ops, &mine);
	}
	err = open_one(src, &vmmio_source_both, opts);
	if (!err)
		return 0;
	/* The user should act on the best source's reason. */
	memcpy(why, src->why, sizeof(why));
	if (!open_one(src, &vmmio_source_tracefs, opts)) {
		memcpy(note, src->note, sizeof(note));
		snprintf(src->note, sizeof(src->note), "%.200s%s%.100s", why, note[0] ? "; " : "",
			 note);
		return 0;
	}
	snprintf(note, sizeof(note), "%.200s", why);
	if (err != -ENODEV)
		snprintf(note, sizeof(note), "%.180s; %.135s", why, src->why);
	if (open_one(src, &vmmio_source_sysfs, opts)) {
		memcpy(src->why, note, sizeof(note));
		return err;
	}
	memcpy(src->note, note, sizeof(note));
	return 0;
}

void vmmio_source_close(struct vmmio_source *src)
{
	if (src->ops)
		src->ops->close(src);
	src->ops = NULL;
}
