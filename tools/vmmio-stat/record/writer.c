// SPDX-License-Identifier: GPL-2.0-only
/*
 * See writer.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/vmmio-stat/source/dat.h"
#include "writer.h"

#define CHUNK (256 * 1024)
#define RESERVE (2 * 1024 * 1024) /* of the disk, for what finishing needs */
#define HEAD_SPARE 4096		  /* by which facts may grow when they are asked again */
#define OPTION_DONE 0
#define OPTION_CPUSTAT 2

/* A file without a name beside @path. */
static int nameless(const char *path)
{
	char name[4096];
	const char *slash = strrchr(path, '/');
	int fd, n = slash ? (int)(slash - path) + 1 : 0;

	if (snprintf(name, sizeof(name), "%.*s.vmmio-record-XXXXXX", n, path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(name);
	return fd;
}

int vmmio_writer_open(struct vmmio_writer *w, const char *path, size_t page_size, int ncpus)
{
	struct stat st;
	int i, err;

	memset(w, 0, sizeof(*w));
	w->path = path;
	w->page_size = page_size;
	w->fd = w->reserve = -1;
	w->cpus = calloc((size_t)ncpus, sizeof(*w->cpus));
	if (!w->cpus)
		return -ENOMEM;
	w->ncpus = ncpus;
	for (i = 0; i < ncpus; i++)
		w->cpus[i].fd = -1;
	w->made = access(path, F_OK) != 0;
	w->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (w->fd < 0 || fstat(w->fd, &st)) {
		err = -errno;
		w->made = false;
		goto err_close;
	}
	err = S_ISREG(st.st_mode) ? 0 : -EINVAL;
	if (!err && fchmod(w->fd, 0600))
		err = -errno;
	if (err)
		goto err_close;
	w->reserve = nameless(path);
	if (w->reserve < 0) {
		err = w->reserve;
		goto err_close;
	}
	/* where this is not known the end of the disk may cost more */
	err = fallocate(w->reserve, 0, 0, RESERVE) ? -errno : 0;
	if (err == -ENOSPC)
		goto err_close;
	return 0;

err_close:
	vmmio_writer_close(w);
	return err;
}

static int put(int fd, const void *from, size_t n, __u64 at, size_t *done)
{
	ssize_t got;

	for (*done = 0; *done < n; *done += (size_t)got) {
		got = pwrite(fd, (const char *)from + *done, n - *done, (off_t)(at + *done));
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got <= 0)
			return got ? -errno : -EIO;
	}
	return 0;
}

int vmmio_writer_pages(struct vmmio_writer *w, int cpu, const void *pages, size_t size)
{
	struct vmmio_writer_cpu *c = &w->cpus[cpu];
	size_t done = 0;

	if (!w->err && c->fd < 0) {
		c->fd = nameless(w->path);
		if (c->fd < 0)
			w->err = c->fd;
	}
	if (!w->err)
		w->err = put(c->fd, pages, size, c->size, &done);
	done -= done % w->page_size;
	c->size += done;
	c->dropped += size - done;
	w->size += done;
	return w->err;
}

static void number(FILE *out, __u64 v, unsigned int bytes)
{
	__u32 v4 = (__u32)v;
	__u16 v2 = (__u16)v;

	fwrite(bytes == 2 ? (void *)&v2 : bytes == 4 ? (void *)&v4 : (void *)&v, 1, bytes, out);
}

static void text(FILE *out, const char *t, unsigned int bytes)
{
	size_t n = t ? strlen(t) : 0;

	number(out, n, bytes);
	fwrite(t ? t : "", 1, n, out);
}

static void write_formats(FILE *out, const struct vmmio_writer_head *h)
{
	size_t i, n, systems = 0;

	number(out, 0, 4); /* of ftrace's own events none */
	for (i = 0; i < h->nevents; i++)
		systems += !i || strcmp(h->events[i].system, h->events[i - 1].system);
	number(out, systems, 4);
	for (i = 0; i < h->nevents; i += n) {
		const char *system = h->events[i].system;

		for (n = 1; i + n < h->nevents && !strcmp(h->events[i + n].system, system); n++)
			;
		fwrite(system, 1, strlen(system) + 1, out);
		number(out, n, 4);
		for (systems = i; systems < i + n; systems++)
			text(out, h->events[systems].format, 8);
	}
}

/* All before the pages, which begin at @at. */
static int write_head(const struct vmmio_writer *w, const struct vmmio_writer_head *h, __u64 at,
		      char **head, size_t *size)
{
	static const __u16 one = 1;
	char *facts = h->facts(h->data, w);
	FILE *out = facts ? open_memstream(head, size) : NULL;
	int i;

	if (!out) {
		free(facts);
		return -ENOMEM;
	}
	fwrite(DAT_MAGIC, 1, sizeof(DAT_MAGIC) - 1, out);
	fwrite("6", 1, 2, out);
	fputc(!*(const __u8 *)&one, out);
	fputc(sizeof(long), out);
	number(out, (__u64)sysconf(_SC_PAGESIZE), 4);
	fwrite("header_page", 1, 12, out);
	text(out, h->header_page, 8);
	fwrite("header_event", 1, 13, out);
	text(out, h->header_event, 8);
	write_formats(out, h);
	number(out, 0, 4); /* addresses and names of functions: not told */
	number(out, 0, 4); /* strings of trace_printk() */
	text(out, h->tasks, 8);
	number(out, (__u64)w->ncpus, 4);
	fwrite("options  ", 1, 10, out);
	for (i = 0; i < w->ncpus; i++) {
		if (!h->stats[i])
			continue;
		number(out, OPTION_CPUSTAT, 2);
		number(out, strlen(h->stats[i]) + 1, 4); /* its reader overwrites the last byte */
		fwrite(h->stats[i], 1, strlen(h->stats[i]) + 1, out);
	}
	number(out, OPTION_DONE, 2);
	fwrite("flyrecord", 1, 10, out);
	for (i = 0; i < w->ncpus; i++) {
		number(out, at, 8);
		number(out, w->cpus[i].size, 8);
		at += w->cpus[i].size;
	}
	fwrite(DAT_FACTS, 1, sizeof(DAT_FACTS) - 1, out);
	text(out, facts, 8);
	free(facts);
	return fclose(out) ? -ENOMEM : 0;
}

/* The pages of a CPU to @at of the file; what is copied is given back to the disk. */
static int move(struct vmmio_writer *w, struct vmmio_writer_cpu *c, __u64 at, char *buf)
{
	__u64 done = 0;
	size_t wrote, n;
	ssize_t got;
	int err = 0;

	while (!err && done < c->size) {
		n = c->size - done < CHUNK ? (size_t)(c->size - done) : CHUNK;
		got = pread(c->fd, buf, n, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			err = got ? -errno : -EIO;
		else
			err = put(w->fd, buf, (size_t)got, at + done, &wrote);
		if (got > 0)
			done += err ? wrote - wrote % w->page_size : (size_t)got;
		if (!err)
			fallocate(c->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
				  (off_t)done);
	}
	c->dropped += c->size - done;
	w->size -= c->size - done;
	c->size = done;
	return err;
}

int vmmio_writer_finish(struct vmmio_writer *w, const struct vmmio_writer_head *h)
{
	char *head = NULL, *buf = malloc(CHUNK);
	size_t size = 0, done;
	__u64 start, at;
	int i, err = buf ? write_head(w, h, 0, &head, &size) : -ENOMEM;

	free(head);
	head = NULL;
	if (err)
		goto out;
	start = size + HEAD_SPARE;
	start += w->page_size - start % w->page_size;
	if (w->reserve >= 0) {
		close(w->reserve);
		w->reserve = -1;
	}
	/* the head first, so that it has its room whatever comes */
	if (ftruncate(w->fd, 0))
		err = -errno;
	memset(buf, 0, CHUNK);
	for (at = 0; !err && at < start; at += done)
		err = put(w->fd, buf, start - at < CHUNK ? start - at : CHUNK, at, &done);
	if (err)
		goto out;
	for (i = 0; i < w->ncpus; i++) {
		err = move(w, &w->cpus[i], at, buf);
		if (err && !w->err)
			w->err = err;
		at += w->cpus[i].size;
		if (w->cpus[i].fd >= 0)
			close(w->cpus[i].fd);
		w->cpus[i].fd = -1;
	}
	if (ftruncate(w->fd, (off_t)at))
		w->err = w->err ? w->err : -errno;
	err = write_head(w, h, start, &head, &size);
	if (!err && size > start)
		err = -EOVERFLOW;
	if (!err)
		err = put(w->fd, head, size, 0, &done);
	if (!err)
		w->made = false; /* it stays */
out:
	free(head);
	free(buf);
	return err;
}

void vmmio_writer_close(struct vmmio_writer *w)
{
	int i;

	for (i = 0; i < w->ncpus; i++)
		if (w->cpus[i].fd >= 0)
			close(w->cpus[i].fd);
	free(w->cpus);
	w->cpus = NULL;
	w->ncpus = 0;
	if (w->reserve >= 0)
		close(w->reserve);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = w->reserve = -1;
	if (w->made)
		unlink(w->path);
	w->made = false;
}
