// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reader of INI files (ini.h). It knows lines, not meanings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ini.h"
#include "text.h"

#define FILE_MAX 65536

static int wrong(char *why, size_t len, int line, const char *which, const char *what)
{
	snprintf(why, len, "line %d: %s: %s", line, which, what);
	return -EINVAL;
}

int vmmio_ini_parse(const char *text, vmmio_ini_fn fn, void *arg, char *why, size_t len)
{
	char section[96] = "";
	int number = 0, err = 0;
	size_t n;

	for (; *text && !err; text += n + (text[n] == '\n')) {
		char line[320], *s, *eq, *end, name[96];

		n = strcspn(text, "\n");
		number++;
		if (n >= sizeof(line))
			return wrong(why, len, number, "the line", "too long");
		memcpy(line, text, n);
		line[n] = '\0';
		s = vmmio_trim(line);
		if (!*s || *s == ';' || *s == '#')
			continue;
		if (*s == '[') {
			end = strchr(++s, ']');
			if (!end || end[1] || end == s || end - s >= (long)sizeof(section))
				return wrong(why, len, number, s, "not a section");
			*end = '\0';
			snprintf(section, sizeof(section), "%s", s);
			err = fn(arg, number, s, NULL, NULL);
			continue;
		}
		eq = strchr(s, '=');
		if (!eq || !section[0])
			return wrong(why, len, number, s,
				     eq ? "before the first section" : "not 'key = value'");
		*eq = '\0';
		snprintf(name, sizeof(name), "%s", section);
		err = fn(arg, number, name, vmmio_trim(s), vmmio_trim(eq + 1));
	}
	return err;
}

static int slurp(const char *path, char **out, char *why, size_t len)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(FILE_MAX + 1) : NULL;
	size_t n = 0;
	int err = text ? 0 : -(errno ? errno : ENOMEM);

	if (text) {
		errno = 0;
		n = fread(text, 1, FILE_MAX, f);
		if (ferror(f))
			err = errno ? -errno : -EIO;
		text[n] = '\0';
	}
	if (f)
		fclose(f);
	if (err)
		snprintf(why, len, "%s", strerror(-err));
	else if (n == FILE_MAX || !text || !*text) {
		snprintf(why, len, n == FILE_MAX ? "too long" : "empty");
		err = -EINVAL;
	}
	if (err) {
		free(text);
		text = NULL;
	}
	*out = text;
	return err;
}

int vmmio_ini_load(const char *path, vmmio_ini_fn fn, void *arg, char **text, char *why, size_t len)
{
	char *own;
	int err = slurp(path, &own, why, len);

	err = err ?: vmmio_ini_parse(own, fn, arg, why, len);
	if (text && !err)
		*text = own;
	else
		free(own);
	return err;
}
