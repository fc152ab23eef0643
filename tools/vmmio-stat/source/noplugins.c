// SPDX-License-Identifier: GPL-2.0-only
/*
 * A static program loads no libraries: libtraceevent's calls of dlopen(), for plugins that we never
 * use, come here by the linker's --wrap, which also avoids a warning of the build.
 */
#include <stddef.h>

void *__wrap_dlopen(const char *file, int mode);

void *__wrap_dlopen(const char *file, int mode)
{
	return NULL;
}
