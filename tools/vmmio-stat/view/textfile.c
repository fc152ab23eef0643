// SPDX-License-Identifier: GPL-2.0-only
/* See textfile.h. metrics.c writes the contents. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "textfile.h"

/* A reader sees the former file or this one, never a part, also after a crash. */
static int replace(const struct vmmio_metrics *t, const struct vmmio_view *v, const char *path)
{
	char tmp[4096], dir[4096], *slash;
	FILE *out;
	int fd, err = 0;

	/* node_exporter reads *.prom: the name in between must not end so */
	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		err = -errno;
		close(fd);
		goto err_unlink;
	}
	vmmio_metrics_print(t, v, VMMIO_METRICS_PROMETHEUS, out);
	errno = 0;
	if (fflush(out) || ferror(out) || fchmod(fd, 0644) || fsync(fd))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		goto err_unlink;
	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd); /* the name; not every file system can */
		close(fd);
	}
	return 0;

err_unlink:
	unlink(tmp);
	return err;
}

int vmmio_textfile_report(struct vmmio_metrics *t, const struct vmmio_view *v,
			  const struct vmmio_report *r)
{
	int err = vmmio_metrics_add(t, r);

	return err ? err : replace(t, v, v->opt->textfile);
}
