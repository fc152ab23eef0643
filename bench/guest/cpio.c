// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cpio writer (cpio.h). Format: 110 bytes of ASCII header, the name with
 * its 0 byte, the data; name and data are each padded to 4 bytes
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
#include "cpio.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

static int pad(FILE *out, size_t len)
{
	static const char zero[4];
	size_t n = -len & 3;

	return fwrite(zero, 1, n, out) == n ? 0 : -EIO;
}

static int header(struct vmmio_cpio *c, const char *path, unsigned int mode, size_t len,
		  unsigned int major, unsigned int minor)
{
	size_t name;

	while (*path == '/')
		path++;
	name = strlen(path) + 1;
	if (len > UINT32_MAX)
		return -EFBIG;
	if (fprintf(c->out, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ++c->ino,
		    mode, 0, 0, 1, 0, (unsigned int)len, 0, 0, major, minor, (unsigned int)name,
		    0) != 110)
		return -EIO;
	if (fwrite(path, 1, name, c->out) != name)
		return -EIO;
	return pad(c->out, 110 + name);
}

int vmmio_cpio_dir(struct vmmio_cpio *c, const char *path, unsigned int mode)
{
	return header(c, path, S_IFDIR | (mode & 07777), 0, 0, 0);
}

int vmmio_cpio_data(struct vmmio_cpio *c, const char *path, unsigned int mode, const void *data,
		    size_t len)
{
	int err = header(c, path, S_IFREG | (mode & 07777), len, 0, 0);

	if (err)
		return err;
	if (fwrite(data, 1, len, c->out) != len)
		return -EIO;
	return pad(c->out, len);
}

int vmmio_cpio_link(struct vmmio_cpio *c, const char *path, const char *target)
{
	size_t len = strlen(target);
	int err = header(c, path, S_IFLNK | 0777, len, 0, 0);

	if (err)
		return err;
	if (fwrite(target, 1, len, c->out) != len)
		return -EIO;
	return pad(c->out, len);
}

int vmmio_cpio_node(struct vmmio_cpio *c, const char *path, unsigned int mode, unsigned int major,
		    unsigned int minor)
{
	return header(c, path, S_IFCHR | (mode & 07777), 0, major, minor);
}

int vmmio_cpio_file(struct vmmio_cpio *c, const char *path, unsigned int mode, const char *host)
{
	char buf[65536];
	size_t left, n;
	struct stat st;
	int err = 0;
	FILE *in;

	in = fopen(host, "re");
	if (!in)
		return -errno;
	if (fstat(fileno(in), &st)) {
		err = -errno;
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		goto out;
	}
	err = header(c, path, S_IFREG | ((mode ? mode : st.st_mode) & 07777), st.st_size, 0, 0);
	for (left = st.st_size; !err && left; left -= n) {
		n = fread(buf, 1, left < sizeof(buf) ? left : sizeof(buf), in);
		if (!n) /* it shrank: the header's length is no longer true */
			err = ferror(in) ? -EIO : -ESTALE;
		else if (fwrite(buf, 1, n, c->out) != n)
			err = -EIO;
	}
	if (!err)
		err = pad(c->out, st.st_size);
out:
	fclose(in);
	return err;
}

int vmmio_cpio_parents(struct vmmio_cpio *c, const char *path)
{
	const char *slash = path;
	char dir[4096];
	int err;

	while ((slash = strchr(slash + 1, '/'))) {
		if ((size_t)(slash - path) >= sizeof(dir))
			return -ENAMETOOLONG;
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
		err = vmmio_cpio_dir(c, dir, 0755);
		if (err)
			return err;
	}
	return 0;
}

int vmmio_cpio_end(struct vmmio_cpio *c)
{
	int err = header(c, "TRAILER!!!", 0, 0, 0, 0);

	if (!err && fflush(c->out))
		err = -errno;
	return err;
}
