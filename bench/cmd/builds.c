// SPDX-License-Identifier: GPL-2.0-only
/*
 * Builds that are given on the command line, once or for each side (builds.h).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/opts.h"
#include "builds.h"

static const struct {
	const char *name, *option;
} builds[VMMIO_BUILDS] = {
	[VMMIO_BUILD_QEMU] = {"qemu", "--qemu"},
	[VMMIO_BUILD_KERNEL] = {"kernel", "--kernel"},
	[VMMIO_BUILD_INITRD] = {"initrd", "--initrd"},
	[VMMIO_BUILD_MODULES] = {"modules", "--modules"},
};

int vmmio_build_take(void *target, const char *value, char *why)
{
	struct vmmio_build_given *g = target;

	if (!value[0] || g->n == 2) {
		snprintf(why, VMMIO_OPT_WHY, "%s", value[0] ? "there are two sides" : "is empty");
		return -EINVAL;
	}
	g->v[g->n++] = value;
	return 0;
}

static const char *at_least(const struct vmmio_builds *b, unsigned int n)
{
	for (size_t i = 0; i < VMMIO_BUILDS; i++)
		if (b->of[i].n >= n)
			return builds[i].name;
	return NULL;
}

const char *vmmio_builds_given(const struct vmmio_builds *b)
{
	return at_least(b, 1);
}

const char *vmmio_builds_twice(const struct vmmio_builds *b)
{
	return at_least(b, 2);
}

bool vmmio_builds_is(const char *word)
{
	for (size_t i = 0; i < VMMIO_BUILDS; i++) {
		size_t n = strlen(builds[i].option);

		if (!strncmp(word, builds[i].option, n) && (!word[n] || word[n] == '='))
			return true;
	}
	return false;
}

void vmmio_builds_add(const struct vmmio_builds *b, int side, char *argv[], size_t *n)
{
	for (size_t i = 0; i < VMMIO_BUILDS; i++) {
		if (!b->of[i].n)
			continue;
		argv[(*n)++] = (char *)builds[i].option;
		argv[(*n)++] = (char *)b->of[i].v[b->of[i].n == 2 ? side : 0];
	}
}
