// SPDX-License-Identifier: GPL-2.0-only
/*
 * See writer.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tools/vmmio-stat/source/dat.h"
#include "writer.h"

#define CHUNK (256 * 1024)
#define RESERVE (2 * 1024 * 1024) /* of the disk, for what finishing needs */
#define HEAD_SPARE 4096		  /* by which facts may grow when they are asked again */
#define HOME (1024 * 1024)	  /* where pages begin that are in the file before its head is */
#define HOME_MIN (8 * HOME)	  /* fewer bytes of them are put right behind the head */
#define AHEAD (4 * 1024 * 1024)	  /* of a CPU's pages, for which there is disk before they come */
#define ROOMY (128 * 1024 * 1024) /* a disk that has less free is left alone */
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
	w->fd = w->reserve = w->home = -1;
	w->cpus = calloc((size_t)ncpus, sizeof(*w->cpus));
	if (!w->cpus)
		return -ENOMEM;
	w->ncpus = ncpus;
	for (i = 0; i < ncpus; i++)
		w->cpus[i].fd = -1;
	w->made = access(path, F_OK) != 0;
	w->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
	if (w->fd < 0 || fstat(w->fd, &st)) {
		err = -errno;
		w->made = false;
		goto err_close;
	}
	err = S_ISREG(st.st_mode) ? 0 : -EINVAL;
	/* another recorder's pages may be in it */
	if (!err && flock(w->fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		err = -EBUSY;
		w->made = false;
	}
	w->direct = !st.st_size; /* what is there stays until there is something in its place */
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

/* Does the disk have room for @size bytes, and for as much of others? */
static bool is_roomy(const struct vmmio_writer *w, __u64 size)
{
	struct statvfs fs;

	return !fstatvfs(w->fd, &fs) && (__u64)fs.f_bavail * fs.f_frsize / 2 > size;
}

/*
 * Allocates disk for a CPU's next pages at once: block by block the writes take a third more CPU
 * time. Where this fails the result is the same.
 */
static void allocate(struct vmmio_writer *w, struct vmmio_writer_cpu *c, int fd, __u64 at,
		     __u64 size)
{
	if (is_roomy(w, ROOMY + size) && fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)size))
		c->room = ~0ull; /* never again */
	else
		c->room += size;
}

/* Pages of the first CPU that has any are in the file at once: they are written once only. */
static bool is_home(struct vmmio_writer *w, int cpu)
{
	if (w->home < 0 && w->direct)
		w->home = cpu;
	return w->home == cpu;
}

/* The file was cut: the pages that were in it are lost, and reported. */
static void check_home(struct vmmio_writer *w)
{
	struct vmmio_writer_cpu *c = w->home < 0 ? NULL : &w->cpus[w->home];
	struct stat st;

	if (!c || !c->size || (!fstat(w->fd, &st) && (__u64)st.st_size >= HOME + c->size))
		return;
	c->dropped += c->size;
	w->size -= c->size;
	c->size = 0;
	w->err = w->err ?: -EIO;
}

int vmmio_writer_pages(struct vmmio_writer *w, int cpu, const void *pages, size_t size)
{
	struct vmmio_writer_cpu *c = &w->cpus[cpu];
	bool home = is_home(w, cpu);
	size_t done = 0;

	if (!w->err && c->fd < 0 && !home) {
		c->fd = nameless(w->path);
		if (c->fd < 0)
			w->err = c->fd;
	}
	if (home)
		check_home(w);
	if (!w->err) {
		int fd = home ? w->fd : c->fd;
		__u64 from = home ? HOME : 0;

		if (c->size + size > c->room)
			allocate(w, c, fd, from + c->room, AHEAD);
		w->err = put(fd, pages, size, from + c->size, &done);
	}
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

/* All before the pages. */
static int write_head(const struct vmmio_writer *w, const struct vmmio_writer_head *h, char **head,
		      size_t *size)
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
	fputc(*(const __u8 *)&one ? 0 : 1, out);
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
		number(out, w->cpus[i].at, 8);
		number(out, w->cpus[i].size, 8);
	}
	fwrite(DAT_FACTS, 1, sizeof(DAT_FACTS) - 1, out);
	text(out, facts, 8);
	free(facts);
	return fclose(out) ? -ENOMEM : 0;
}

/* What was read of @c up to @done is given back to the disk: ext4 writes it out before. */
static void give_back(struct vmmio_writer_cpu *c, __u64 done)
{
	fallocate(c->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)done);
}

/* The pages of a CPU to their place in the file; the disk has them twice where it has room. */
static int move(struct vmmio_writer *w, struct vmmio_writer_cpu *c, char *buf)
{
	bool roomy = is_roomy(w, c->size);
	__u64 done = 0;
	size_t wrote, n;
	ssize_t got;
	int err = 0;

	if (c->size && c->room != ~0ull)
		allocate(w, c, w->fd, c->at, c->size);
	while (!err && done < c->size) {
		n = c->size - done < CHUNK ? (size_t)(c->size - done) : CHUNK;
		got = pread(c->fd, buf, n, (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			err = got ? -errno : -EIO;
			break;
		}
		err = put(w->fd, buf, (size_t)got, c->at + done, &wrote);
		if (err == -ENOSPC && roomy && done) { /* others took it meanwhile */
			roomy = false;
			give_back(c, done);
			err = 0;
			continue;
		}
		done += err ? wrote - wrote % w->page_size : (size_t)got;
		if (!err && !roomy)
			give_back(c, done);
	}
	c->dropped += c->size - done;
	w->size -= c->size - done;
	c->size = done;
	return err;
}

/* Those pages that are in the file to @to. */
static int shift(struct vmmio_writer *w, struct vmmio_writer_cpu *c, __u64 to, char *buf)
{
	__u64 left = c->size, at;
	size_t n, wrote;
	ssize_t got;
	int err = 0;

	while (!err && left) {
		n = left < CHUNK ? (size_t)left : CHUNK;
		at = to < c->at ? c->size - left : left - n;
		got = pread(w->fd, buf, n, (off_t)(c->at + at));
		if (got < 0 && errno == EINTR)
			continue;
		if (got != (ssize_t)n)
			return got < 0 ? -errno : -EIO;
		err = put(w->fd, buf, n, to + at, &wrote);
		left -= n;
	}
	if (!err)
		c->at = to;
	return err;
}

/*
 * The head's room, so that it has it whatever comes, then the pages: those that are there
 * already stay where they are, unless they are few, or the head needs more room.
 */
static int settle(struct vmmio_writer *w, __u64 room, char *buf)
{
	struct vmmio_writer_cpu *home = w->home < 0 ? NULL : &w->cpus[w->home];
	size_t n, done;
	__u64 at = 0;
	int err = 0;

	if (!home && ftruncate(w->fd, 0))
		return -errno;
	if (home) {
		home->at = HOME;
		if (room > HOME)
			err = shift(w, home, room, buf);
	}
	memset(buf, 0, CHUNK);
	for (; !err && at < room; at += done) {
		n = room - at < CHUNK ? (size_t)(room - at) : CHUNK;
		if (home && at + n > home->at)
			return -EOVERFLOW;
		err = put(w->fd, buf, n, at, &done);
	}
	if (!err && home && home->at > room && home->size < HOME_MIN) {
		err = shift(w, home, room, buf);
		if (err == -ENOSPC) /* in the gap: all are still where they were */
			err = 0;
	}
	return err;
}

int vmmio_writer_finish(struct vmmio_writer *w, const struct vmmio_writer_head *h)
{
	char *head = NULL, *buf = malloc(CHUNK);
	size_t size = 0, done;
	__u64 room, at;
	int i, err;

	check_home(w);
	err = buf ? write_head(w, h, &head, &size) : -ENOMEM;
	free(head);
	head = NULL;
	if (err)
		goto out;
	room = size + HEAD_SPARE;
	room += w->page_size - room % w->page_size;
	if (w->reserve >= 0) {
		close(w->reserve);
		w->reserve = -1;
	}
	err = settle(w, room, buf);
	if (err)
		goto out;
	at = w->home < 0 ? room : w->cpus[w->home].at + w->cpus[w->home].size;
	for (i = 0; i < w->ncpus; i++) {
		if (i == w->home)
			continue;
		w->cpus[i].at = at;
		err = move(w, &w->cpus[i], buf);
		if (err && !w->err)
			w->err = err;
		at += w->cpus[i].size;
		if (w->cpus[i].fd >= 0)
			close(w->cpus[i].fd);
		w->cpus[i].fd = -1;
	}
	if (ftruncate(w->fd, (off_t)at))
		w->err = w->err ? w->err : -errno;
	err = write_head(w, h, &head, &size);
	if (!err && size > room)
		err = -EOVERFLOW;
	if (!err)
		err = put(w->fd, head, size, 0, &done);
	if (!err)
		w->made = w->direct = false; /* it stays */
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
	if (w->fd >= 0 && w->direct && w->home >= 0 && ftruncate(w->fd, 0) && !w->err)
		w->err = -errno; /* pages without a head stay, if it was not made here */
	if (w->fd >= 0)
		close(w->fd);
	w->fd = w->reserve = w->home = -1;
	if (w->made)
		unlink(w->path);
	w->made = false;
}
