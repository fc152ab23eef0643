// SPDX-License-Identifier: GPL-2.0-only
/*
 * See trace_format.h. A field is a line of the form
 *	field:u32 slot;	offset:24;	size:4;	signed:0;
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_format.h"

#define PAGE_MIN 4096
#define PAGE_MAX (1u << 24)

static const char *next_line(const char *at)
{
	at += strcspn(at, "\n");
	return *at ? at + 1 : NULL;
}

int trace_format_id(const char *text, __u16 *id)
{
	unsigned long v;
	char *end;

	for (; text; text = next_line(text)) {
		if (strncmp(text, "ID: ", 4) || !isdigit((unsigned char)text[4]))
			continue;
		v = strtoul(text + 4, &end, 10);
		if (*end != '\n' || !v || v > 0xffff)
			return -EPROTO;
		*id = (__u16)v;
		return 0;
	}
	return -EPROTO;
}

/* "offset:24;" within @line. */
static bool number(const char *line, const char *key, __u32 *v)
{
	const char *end = line + strcspn(line, "\n"), *at = strstr(line, key);
	unsigned long n;
	char *stop;

	if (!at || at >= end || !isdigit((unsigned char)at[strlen(key)]))
		return false;
	n = strtoul(at + strlen(key), &stop, 10);
	*v = (__u32)n;
	return *stop == ';' && n <= PAGE_MAX;
}

/* Is @name what the declaration that ends at @semicolon declares? */
static bool declares(const char *from, const char *semicolon, const char *name)
{
	size_t len = strlen(name);
	const char *end = semicolon;

	if (end > from && end[-1] == ']')
		while (end > from && *--end != '[')
			;
	if ((size_t)(end - from) <= len || strncmp(end - len, name, len))
		return false;
	end -= len;
	return end[-1] == ' ' || end[-1] == '*';
}

int trace_format_field(const char *text, const char *name, struct trace_place *place)
{
	static const char head[] = "field:";
	const char *from, *semicolon;

	for (; text; text = next_line(text)) {
		from = text + strspn(text, " \t");
		if (strncmp(from, head, sizeof(head) - 1))
			continue;
		from += sizeof(head) - 1;
		semicolon = from + strcspn(from, ";\n");
		if (*semicolon != ';' || !declares(from, semicolon, name))
			continue;
		if (!number(semicolon, "offset:", &place->at) ||
		    !number(semicolon, "size:", &place->size))
			return -EPROTO;
		place->text = !strncmp(from, "__data_loc ", 11);
		return 0;
	}
	return -ENOENT;
}

int trace_format_page(const char *text, size_t *page_size, unsigned int *long_size)
{
	struct trace_place commit, data;

	if (trace_format_field(text, "commit", &commit) || trace_format_field(text, "data", &data))
		return -EPROTO;
	if (commit.at != 8 || (commit.size != 4 && commit.size != 8) ||
	    data.at != commit.at + commit.size)
		return -EPROTO;
	*page_size = data.at + (size_t)data.size;
	*long_size = commit.size;
	return *page_size >= PAGE_MIN && *page_size <= PAGE_MAX ? 0 : -EPROTO;
}
