// SPDX-License-Identifier: GPL-2.0-only
/*
 * See dat.h; trace-cmd.dat.v6(5) is the format.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/num.h"
#include "dat.h"
#include "trace_format.h"

#define TEXT_MAX (1u << 24) /* of one part of the head */
#define PARTS_MAX 65536
#define CPUS_MAX 8192
#define OPTION_DONE 0

/* Where in the head, and what of it could not be read. */
struct head {
	FILE *in;
	__u64 size; /* of the file */
	bool cut, strange;
};

static bool get(struct head *h, void *to, size_t n)
{
	if (h->cut || h->strange)
		return false;
	h->cut = fread(to, 1, n, h->in) != n;
	return !h->cut;
}

static __u64 number(struct head *h, unsigned int bytes)
{
	__u64 v8 = 0;
	__u32 v4 = 0;
	__u16 v2 = 0;

	if (bytes == 2)
		return get(h, &v2, 2) ? v2 : 0;
	if (bytes == 4)
		return get(h, &v4, 4) ? v4 : 0;
	return get(h, &v8, 8) ? v8 : 0;
}

/* A number of something that cannot be more than @max. */
static unsigned int count(struct head *h, unsigned int bytes, unsigned int max)
{
	__u64 v = number(h, bytes);

	h->strange |= v > max;
	return h->strange ? 0 : (unsigned int)v;
}

/* A text preceded by its length; NULL: unavailable. The caller frees. */
static char *text(struct head *h, unsigned int bytes)
{
	unsigned int n = count(h, bytes, TEXT_MAX);
	char *p;

	if (n > h->size)
		h->cut = true;
	if (h->cut || h->strange)
		return NULL;
	p = malloc((size_t)n + 1);
	if (!p || !get(h, p, n)) {
		h->strange |= !p;
		free(p);
		return NULL;
	}
	p[n] = '\0';
	return p;
}

static void skip(struct head *h, unsigned int bytes)
{
	free(text(h, bytes));
}

/* Text up to its NUL. The caller frees. */
static char *word(struct head *h)
{
	char buf[256], *p;
	size_t n = 0;

	while (n < sizeof(buf) && get(h, &buf[n], 1) && buf[n])
		n++;
	h->strange |= n == sizeof(buf);
	p = h->cut || h->strange ? NULL : strdup(buf);
	return p;
}

static bool tag(struct head *h, const char *expected, size_t n)
{
	char buf[16];

	if (get(h, buf, n) && memcmp(buf, expected, n))
		h->strange = true;
	return !h->cut && !h->strange;
}

static void read_format(struct dat *d, struct head *h, const char *system)
{
	struct dat_format *f;
	char *t = text(h, 8);

	if (!t)
		return;
	if (!(d->nformats & (d->nformats - 1))) {
		f = reallocarray(d->formats, d->nformats ? 2 * d->nformats : 1, sizeof(*f));
		if (!f) {
			free(t);
			h->strange = true;
			return;
		}
		d->formats = f;
	}
	f = &d->formats[d->nformats++];
	f->text = t;
	f->system = strdup(system);
	h->strange |= !f->system;
}

static void read_formats(struct dat *d, struct head *h)
{
	unsigned int n, systems, i;
	char *system;

	for (n = count(h, 4, PARTS_MAX); n && !h->cut && !h->strange; n--)
		skip(h, 8); /* of ftrace itself */
	systems = count(h, 4, PARTS_MAX);
	for (i = 0; i < systems && !h->cut && !h->strange; i++) {
		system = word(h);
		for (n = count(h, 4, PARTS_MAX); n && !h->cut && !h->strange; n--)
			read_format(d, h, system);
		free(system);
	}
}

static void read_options(struct head *h)
{
	while (!h->cut && !h->strange && number(h, 2) != OPTION_DONE)
		skip(h, 4);
}

static void read_cpus(struct dat *d, struct head *h)
{
	unsigned int i;

	for (i = 0; i < d->ncpus && !h->cut && !h->strange; i++) {
		struct dat_cpu *c = &d->cpus[i];

		c->at = number(h, 8);
		c->size = number(h, 8);
		if (c->at > h->size || c->size > h->size - c->at) {
			c->missing = c->size;
			c->size = c->at < h->size ? h->size - c->at : 0;
			c->missing -= c->size < c->missing ? c->size : c->missing;
		}
	}
}

static void read_facts(struct dat *d, struct head *h)
{
	char mark[sizeof(DAT_FACTS)] = "";
	struct head own = *h; /* a trace.dat of trace-cmd's has none */

	if (get(&own, mark, sizeof(mark) - 1) && !strcmp(mark, DAT_FACTS))
		d->facts = text(&own, 8);
}

static int read_head(struct dat *d, struct head *h, char *why, size_t size)
{
	static const __u16 one = 1;
	char magic[sizeof(DAT_MAGIC) - 1], *version = NULL, *page, end[10];
	__u8 big = 0, user_long = 0;

	if (!get(h, magic, sizeof(magic)) || memcmp(magic, DAT_MAGIC, sizeof(magic))) {
		snprintf(why, size, "it does not begin as a trace.dat does");
		return -EPROTO;
	}
	version = word(h);
	if (version && strcmp(version, "6")) {
		snprintf(why, size, "it is of version %.1s of trace.dat, this program reads 6",
			 strspn(version, "0123456789") == 1 ? version : "?");
		free(version);
		return -EPROTO;
	}
	free(version);
	if (get(h, &big, 1) && big != !*(const __u8 *)&one) {
		snprintf(why, size, "it was recorded on a machine of the other byte order%s",
			 big > 1 ? ", or is damaged" : "");
		return -EPROTO;
	}
	get(h, &user_long, 1);
	number(h, 4);
	tag(h, "header_page", 12);
	page = text(h, 8);
	if (page && trace_format_page(page, &d->page_size, &d->long_size))
		h->strange = true;
	free(page);
	tag(h, "header_event", 13);
	skip(h, 8);
	read_formats(d, h);
	skip(h, 4); /* kallsyms */
	skip(h, 4); /* strings of trace_printk() */
	d->tasks = text(h, 8);
	d->ncpus = count(h, 4, CPUS_MAX);
	d->cpus = calloc(d->ncpus + 1, sizeof(*d->cpus));
	if (!d->cpus)
		return -ENOMEM;
	if (get(h, end, sizeof(end)) && !memcmp(end, "options  ", sizeof(end))) {
		read_options(h);
		get(h, end, sizeof(end));
	}
	if (!h->cut && !h->strange && memcmp(end, "flyrecord", sizeof(end)))
		h->strange = true;
	read_cpus(d, h);
	if (h->strange) {
		snprintf(why, size, "its head is damaged");
		return -EPROTO;
	}
	if (h->cut) {
		snprintf(why, size, "it is cut within its head");
		return -EPROTO;
	}
	read_facts(d, h);
	return 0;
}

bool dat_is_one(const char *path)
{
	char magic[sizeof(DAT_MAGIC) - 1];
	FILE *in;
	bool is;

	if (!strcmp(path, "-"))
		return false;
	in = fopen(path, "re");
	is = in && fread(magic, 1, sizeof(magic), in) == sizeof(magic) &&
	     !memcmp(magic, DAT_MAGIC, sizeof(magic));
	if (in)
		fclose(in);
	return is;
}

int dat_open(struct dat *d, const char *path, char *why, size_t size)
{
	struct head h = {};
	char what[120] = "";
	struct stat st;
	int err = 0;

	memset(d, 0, sizeof(*d));
	d->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (d->fd < 0 || fstat(d->fd, &st)) {
		err = -errno;
		snprintf(why, size, "cannot read %s: %s", path, strerror(-err));
		goto err_close;
	}
	h.in = fopen(path, "re");
	if (!h.in) {
		err = -errno;
		goto err_close;
	}
	h.size = (__u64)st.st_size;
	err = read_head(d, &h, what, sizeof(what));
	fclose(h.in);
	if (!err)
		return 0;
	snprintf(why, size, "%s: %s", path, what[0] ? what : strerror(-err));
err_close:
	dat_close(d);
	return err;
}

void dat_close(struct dat *d)
{
	unsigned int i;

	for (i = 0; i < d->nformats; i++) {
		free(d->formats[i].system);
		free(d->formats[i].text);
	}
	free(d->formats);
	free(d->cpus);
	free(d->facts);
	free(d->tasks);
	if (d->fd >= 0)
		close(d->fd);
	memset(d, 0, sizeof(*d));
	d->fd = -1;
}

/* "name: vmmio_kick" as the first line. */
static bool is_named(const char *format, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(format, "name: ", 6) && !strncmp(format + 6, name, len) &&
	       format[6 + len] == '\n';
}

const char *dat_format(const struct dat *d, const char *system, const char *name)
{
	unsigned int i;

	for (i = 0; i < d->nformats; i++)
		if (!strcmp(d->formats[i].system, system) && is_named(d->formats[i].text, name))
			return d->formats[i].text;
	return NULL;
}

ssize_t dat_tasks(const struct dat *d, const char *task, __s32 **pids)
{
	const char *line = d->tasks, *name;
	size_t n = 0, len;
	__u64 number;
	__s32 *p;

	*pids = NULL;
	if (!vmmio_parse_u64(task, 0, 0x7fffffff, &number)) {
		*pids = malloc(sizeof(**pids));
		if (!*pids)
			return -ENOMEM;
		**pids = (__s32)number;
		return 1;
	}
	for (; line && *line; line += len + !!line[len]) {
		len = strcspn(line, "\n");
		name = memchr(line, ' ', len);
		if (!name++ || strlen(task) != len - (size_t)(name - line) ||
		    strncmp(name, task, strlen(task)))
			continue;
		p = reallocarray(*pids, n + 1, sizeof(*p));
		if (!p) {
			free(*pids);
			*pids = NULL;
			return -ENOMEM;
		}
		*pids = p;
		p[n++] = atoi(line);
	}
	return n ? (ssize_t)n : -ENOENT;
}
