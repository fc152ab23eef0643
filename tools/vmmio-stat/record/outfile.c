// SPDX-License-Identifier: GPL-2.0-only
/*
 * See outfile.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"

bool vmmio_outfile_same(const char *a, const char *b)
{
	struct stat x, y;

	return !stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* To @path; under the name @tmp until it is whole, NULL: no file, a pipe. */
static int put(const char *path, const char *tmp, const struct stat *old,
	       int (*write)(void *data, FILE *out), void *data)
{
	FILE *out = fopen(tmp ? tmp : path, tmp ? "wxe" : "we");
	int err;

	if (!out)
		return -errno;
	err = write(data, out);
	if (!err && tmp && old && fchmod(fileno(out), old->st_mode & 0777))
		err = -errno;
	if (fclose(out) && !err)
		err = -errno;
	if (!err && tmp && rename(tmp, path))
		err = -errno;
	if (err && tmp)
		unlink(tmp);
	return err;
}

int vmmio_outfile_write(const char *path, int (*write)(void *data, FILE *out), void *data)
{
	struct stat st;
	bool there = !stat(path, &st);
	char *real = realpath(path, NULL), *tmp = NULL; /* a link stays one */
	int err = -ENOMEM;

	if (there && !S_ISREG(st.st_mode))
		err = put(path, NULL, NULL, write, data);
	else if (asprintf(&tmp, "%s.%d.tmp", real ? real : path, (int)getpid()) >= 0)
		err = put(real ? real : path, tmp, there ? &st : NULL, write, data);
	else
		tmp = NULL;
	free(tmp);
	free(real);
	return err;
}
