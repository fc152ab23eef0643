// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a guest's symbols (symbols.h). The list comes compressed, since a serial port
 * is slow: gzip, as base64 between two marks.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "symbols.h"
#include "lib/text.h"

#define TEXT_MAX (64u << 20)

static int digit(char c)
{
	static const char all[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(all, c) : NULL;

	return p ? (int)(p - all) : -1;
}

/* The bytes of the base64 text up to @end; NULL for want of memory. */
static unsigned char *decode(const char *p, const char *end, size_t *n)
{
	unsigned char *out = malloc(end - p + 1);
	unsigned int bits = 0, have = 0;

	*n = 0;
	for (; out && p < end; p++) {
		int d = digit(*p);

		if (d < 0)
			continue; /* ends of lines, and of it all */
		bits = bits << 6 | (unsigned int)d;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[(*n)++] = bits >> have;
		}
	}
	return out;
}

static int inflate_all(const unsigned char *in, size_t n, char **out)
{
	z_stream z = {.next_in = (unsigned char *)in, .avail_in = n};
	size_t room = 4u << 20;
	int st = Z_OK;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	*out = NULL;
	while (st == Z_OK && room <= TEXT_MAX) {
		char *more = realloc(*out, room + 1);

		if (!more)
			break;
		*out = more;
		z.next_out = (unsigned char *)*out + z.total_out;
		z.avail_out = room - z.total_out;
		st = inflate(&z, Z_NO_FLUSH);
		room *= 2;
	}
	inflateEnd(&z);
	if (st != Z_STREAM_END)
		return -EPROTO;
	(*out)[z.total_out] = '\0';
	return 0;
}

/*
 * __softirqentry_text_start is no function; __do_softirq, which begins there, is. A function of a
 * program may have a name, and a beginning that has none.
 */
static bool is_border(const char *name)
{
	return name[0] == '(' || strstr(name, "text_start") || strstr(name, "text_end");
}

static int by_addr(const void *a, const void *b)
{
	const struct vmmio_symbol *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	if (is_border(x->name) != is_border(y->name))
		return is_border(x->name) ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int section_by_addr(const void *a, const void *b)
{
	const struct vmmio_section *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* "ffffffff81000000 T name\t[module]" */
static bool take_symbol(struct vmmio_symbols *s, char *line)
{
	char *end, *module;
	uint64_t addr = strtoull(line, &end, 16);

	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ' || !end[3])
		return false;
	line = end + 3;
	module = strchr(line, '\t');
	if (module) {
		*module = '\0';
		module += 2;
		module[strcspn(module, "]")] = '\0';
	}
	/* not a leading dot: that is a name */
	if (line[0] && strchr(line + 1, '.'))
		*strchr(line + 1, '.') = '\0';
	s->v[s->n++] = (struct vmmio_symbol){addr, line, module ? module : "vmlinux"};
	return true;
}

void vmmio_symbols_settle(struct vmmio_symbols *s)
{
	size_t kept = 0;

	qsort(s->v, s->n, sizeof(*s->v), by_addr);
	for (size_t i = 0; i < s->n; i++)
		if (!kept || s->v[i].addr != s->v[kept - 1].addr)
			s->v[kept++] = s->v[i];
	s->n = kept;
	if (s->nsections)
		qsort(s->sections, s->nsections, sizeof(*s->sections), section_by_addr);
}

/* Those of the text, and of the kernel of @like if it is not NULL. */
static int take_symbols(struct vmmio_symbols *s, const struct vmmio_symbols *like, char *why,
			size_t len)
{
	size_t lines = 0;
	char *p, *next;

	for (p = s->text; *p; p++)
		lines += *p == '\n';
	s->v = calloc(lines + 1 + (like ? like->n : 0), sizeof(*s->v));
	if (!s->v)
		return -ENOMEM;
	for (p = s->text; p && *p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		if (!take_symbol(s, p)) {
			vmmio_say(why, len, "a list of symbols has a line that is none: %s", p);
			return -EPROTO;
		}
	}
	for (size_t i = 0; like && i < like->n; i++)
		if (!strcmp(like->v[i].module, "vmlinux"))
			s->v[s->n++] = like->v[i];
	vmmio_symbols_settle(s);
	if (s->n < 100 || !s->v[s->n - 1].addr) {
		snprintf(why, len, "no addresses of functions were told (%zu names)", s->n);
		return -EPROTO;
	}
	return 0;
}

static int take_line(struct vmmio_symbols *s, const char *p)
{
	struct vmmio_section one, *all;
	uint64_t first, last;

	if (sscanf(p, "section %63s %63s %" SCNx64, one.module, one.name, &one.addr) == 3) {
		all = realloc(s->sections, (s->nsections + 1) * sizeof(*all));
		if (!all)
			return -ENOMEM;
		s->sections = all;
		all[s->nsections++] = one;
	} else if (sscanf(p, "window %" SCNx64 "-%" SCNx64, &first, &last) == 2 &&
		   s->nmmio < sizeof(s->mmio) / sizeof(s->mmio[0])) {
		s->mmio[s->nmmio].first = first;
		s->mmio[s->nmmio++].last = last;
	}
	return 0;
}

int vmmio_symbols_read(struct vmmio_symbols *s, const char *output, bool host,
		       const struct vmmio_symbols *like, char *why, size_t len)
{
	const char *mark = host ? "@host-symbols\n" : "@symbols\n";
	const char *begin = strstr(output, mark), *end, *p;
	size_t skip = host ? strlen("host-") : 0;
	unsigned char *packed;
	size_t n;
	int err = 0;

	memset(s, 0, sizeof(*s));
	end = begin ? strstr(begin, "@symbols-end\n") : NULL;
	if (!end) {
		snprintf(why, len, "the %s told no symbols", host ? "host" : "guest");
		return -EPROTO;
	}
	packed = decode(begin + strlen(mark), end, &n);
	if (!packed)
		return -ENOMEM;
	err = inflate_all(packed, n, &s->text);
	free(packed);
	if (err)
		snprintf(why, len, "the %s's list of symbols is cut or damaged",
			 host ? "host" : "guest");
	if (!strstr(output, "@same-kernel\n"))
		like = NULL;
	err = err ?: take_symbols(s, like, why, len);
	for (p = output; *p && !err; p += strcspn(p, "\n"), p += *p == '\n')
		if (*p == '@' && (!host || !strncmp(p + 1, "host-", skip)))
			err = take_line(s, p + 1 + skip);
	vmmio_symbols_settle(s);
	return err;
}

const char *vmmio_symbols_own(struct vmmio_symbols *s, const char *text)
{
	char **all = s->nown & (s->nown - 1)
			     ? s->own
			     : realloc(s->own, (s->nown ? 2 * s->nown : 1) * sizeof(*all));

	if (!all)
		return NULL;
	s->own = all;
	all[s->nown] = strdup(text);
	return all[s->nown] ? all[s->nown++] : NULL;
}

int vmmio_symbols_add(struct vmmio_symbols *s, uint64_t addr, const char *name, const char *module)
{
	struct vmmio_symbol *all = s->v;

	if (s->n == s->room) {
		all = realloc(s->v, (s->n + 65536) * sizeof(*all));
		if (!all)
			return -ENOMEM;
		s->v = all;
		s->room = s->n + 65536;
	}
	name = vmmio_symbols_own(s, name);
	if (!name)
		return -ENOMEM;
	all[s->n++] = (struct vmmio_symbol){addr, name, module};
	return 0;
}

void vmmio_symbols_free(struct vmmio_symbols *s)
{
	for (size_t i = 0; i < s->nown; i++)
		free(s->own[i]);
	free(s->own);
	free(s->text);
	free(s->v);
	free(s->sections);
	memset(s, 0, sizeof(*s));
}

long vmmio_symbols_find(const struct vmmio_symbols *s, uint64_t addr)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (long)lo - 1;
}

const struct vmmio_section *vmmio_symbols_section(const struct vmmio_symbols *s, uint64_t addr)
{
	const struct vmmio_section *found = NULL;

	for (size_t i = 0; i < s->nsections && s->sections[i].addr <= addr; i++)
		found = &s->sections[i];
	return found;
}
