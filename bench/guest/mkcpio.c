// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the base image of the guest: reads a list of entries from standard
 * input and writes the archive to the file named by its one argument. Part of
 * the build only.
 *
 *   dir PATH MODE              file PATH HOST-FILE
 *   link PATH TARGET           node PATH MODE MAJOR MINOR
 *   links DIR TARGET LIST-FILE     a link in DIR to TARGET for each line of the list
 */
#include "cpio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int links(struct vmmio_cpio *c, const char *dir, const char *target, const char *list)
{
	char name[256], path[4096];
	FILE *in = fopen(list, "re");
	int err = 0;

	if (!in)
		return -errno;
	while (!err && fgets(name, sizeof(name), in)) {
		name[strcspn(name, "\n")] = '\0';
		if (!name[0] || strchr(name, '/'))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (strcmp(path, target))
			err = vmmio_cpio_link(c, path, target);
	}
	fclose(in);
	return err;
}

static int entry(struct vmmio_cpio *c, char *line)
{
	char *word[6];
	int n = 0;

	for (word[n] = strtok(line, " \n"); word[n] && n < 5; word[n] = strtok(NULL, " \n"))
		n++;
	if (!n || word[0][0] == '#')
		return 0;
	if (!strcmp(word[0], "dir") && n == 3)
		return vmmio_cpio_dir(c, word[1], strtoul(word[2], NULL, 8));
	if (!strcmp(word[0], "file") && n == 3)
		return vmmio_cpio_file(c, word[1], 0, word[2]);
	if (!strcmp(word[0], "link") && n == 3)
		return vmmio_cpio_link(c, word[1], word[2]);
	if (!strcmp(word[0], "links") && n == 4)
		return links(c, word[1], word[2], word[3]);
	if (!strcmp(word[0], "node") && n == 5)
		return vmmio_cpio_node(c, word[1], strtoul(word[2], NULL, 8), atoi(word[3]),
				       atoi(word[4]));
	return -EINVAL;
}

int main(int argc, char **argv)
{
	struct vmmio_cpio c = {0};
	char line[8192], copy[8192];
	int err = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: mkcpio OUT <LIST\n");
		return 2;
	}
	c.out = fopen(argv[1], "we");
	if (!c.out) {
		fprintf(stderr, "mkcpio: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	while (!err && fgets(line, sizeof(line), stdin)) {
		snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(line, "\n"), line);
		err = entry(&c, line);
		if (err)
			fprintf(stderr, "mkcpio: %s: %s\n", copy, strerror(-err));
	}
	if (!err) {
		err = vmmio_cpio_end(&c);
		if (fclose(c.out) && !err)
			err = -errno;
		if (err)
			fprintf(stderr, "mkcpio: %s: %s\n", argv[1], strerror(-err));
	}
	if (err)
		unlink(argv[1]); /* a partial archive must not look finished */
	return err ? 1 : 0;
}
