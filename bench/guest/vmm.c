// SPDX-License-Identifier: GPL-2.0-only
/*
 * Templates of a monitor's command (vmm.h).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

#define DEVICES "{devices}"

static const char *const names[] = {"kernel", "initrd", "cmdline", "console", "result",
				    "dir",    "smp",	"memory",  "accel"};

/* Does "{name}" begin at @at? Its length, or 0. */
static size_t placeholder(const char *at, size_t *which)
{
	for (*which = 0; *which < sizeof(names) / sizeof(names[0]); ++*which) {
		size_t n = strlen(names[*which]);

		if (!strncmp(at + 1, names[*which], n) && at[1 + n] == '}')
			return n + 2;
	}
	return 0;
}

static int check_line(const char *line, int number, char *why, size_t len)
{
	size_t which;

	if (!strcmp(line, DEVICES))
		return 0;
	for (const char *p = strchr(line, '{'); p; p = strchr(p + 1, '{')) {
		if (placeholder(p, &which))
			continue;
		snprintf(why, len, "line %d: no such placeholder: %s", number, p);
		return -EINVAL;
	}
	return 0;
}

int vmmio_vmm_load(const char *path, struct vmmio_args *lines, char *why, size_t len)
{
	char buf[1024];
	int number = 0, err = 0;
	FILE *f = fopen(path, "re");

	if (!f) {
		err = -errno;
		snprintf(why, len, "%s", strerror(-err));
		return err;
	}
	while (!err && fgets(buf, sizeof(buf), f)) {
		char *s = buf + strspn(buf, " \t"), *end = s + strlen(s);

		number++;
		if (strlen(buf) == sizeof(buf) - 1) {
			snprintf(why, len, "line %d: too long", number);
			err = -EINVAL;
			break;
		}
		while (end > s && isspace((unsigned char)end[-1]))
			*--end = '\0';
		if (!*s || *s == '#')
			continue;
		err = check_line(s, number, why, len);
		vmmio_args_add(lines, s);
	}
	fclose(f);
	if (!err && !lines->n) {
		snprintf(why, len, "no command in it");
		err = -EINVAL;
	}
	return err ? err : vmmio_args_error(lines);
}

static void put(FILE *f, size_t which, const struct vmmio_vmm_values *v)
{
	switch (which) {
	case 0:
		fputs(v->kernel, f);
		break;
	case 1:
		fputs(v->initrd, f);
		break;
	case 2:
		fputs(v->cmdline, f);
		break;
	case 3:
	case 4:
		fprintf(f, "%s/%s", v->dir, names[which]);
		break;
	case 5:
		fputs(v->dir, f);
		break;
	case 6:
		fprintf(f, "%u", v->smp);
		break;
	case 7:
		fprintf(f, "%u", v->mem_mib);
		break;
	case 8:
		fputs(v->accel, f);
		break;
	}
}

static void expand_line(const char *line, const struct vmmio_vmm_values *v, struct vmmio_args *out)
{
	char *text = NULL;
	size_t size, which, n;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		out->err = -ENOMEM;
		return;
	}
	while (*line) {
		n = *line == '{' ? placeholder(line, &which) : 0;
		if (n)
			put(f, which, v);
		else
			fputc(*line, f);
		line += n ? n : 1;
	}
	if (fclose(f))
		out->err = -ENOMEM;
	else
		vmmio_args_add(out, text);
	free(text);
}

void vmmio_vmm_expand(const struct vmmio_args *lines, const struct vmmio_vmm_values *v,
		      struct vmmio_args *out)
{
	for (size_t i = 0; i < lines->n; i++) {
		if (strcmp(lines->v[i], DEVICES)) {
			expand_line(lines->v[i], v, out);
			continue;
		}
		for (size_t k = 0; v->devices && v->devices[k]; k++)
			vmmio_args_add(out, v->devices[k]);
	}
}

bool vmmio_vmm_has(const struct vmmio_args *lines, const char *name)
{
	char word[32];

	snprintf(word, sizeof(word), "{%s}", name);
	for (size_t i = 0; i < lines->n; i++)
		if (strcmp(word, DEVICES) ? strstr(lines->v[i], word) != NULL
					  : !strcmp(lines->v[i], word))
			return true;
	return false;
}

bool vmmio_vmm_tested(const struct vmmio_args *lines)
{
	const char *slash = strrchr(lines->v[0], '/');

	return !strcmp(slash ? slash + 1 : lines->v[0], "qemu-system-x86_64");
}
