// SPDX-License-Identifier: GPL-2.0-only
/*
 * See probing.h. It attaches nothing.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probing.h"

#define FTRACE "/proc/sys/kernel/ftrace_enabled"
#define KPROBES "/sys/kernel/debug/kprobes/enabled"

/* Does the file say 0? One that is not there does not. */
static bool zero(const char *root, const char *file)
{
	char path[PATH_MAX];
	int c = EOF;
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", root, file);
	f = fopen(path, "re");
	if (f) {
		c = fgetc(f);
		fclose(f);
	}
	return c == '0';
}

const char *vmmio_probing_off(const char *root, bool kprobe)
{
	/* a kprobe at a function's entry is one of ftrace's, save on arm and arm64 */
#if defined(__arm__) || defined(__aarch64__)
	bool ftrace = !kprobe;
#else
	bool ftrace = true;
#endif

	if (ftrace && zero(root, FTRACE))
		return "the kernel's function tracing is off, so no hook fires: sysctl "
		       "kernel.ftrace_enabled=1";
	if (kprobe && zero(root, KPROBES))
		return "kprobes are off, so none fires: echo 1 >" KPROBES;
	return NULL;
}

static bool loadable(const char *module)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", module);
	return !access(path, F_OK);
}

const char *vmmio_probing_module(const char *module)
{
	return loadable(module) ? module : NULL;
}

const char *vmmio_probing_name(const char *module, const char *function, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", loadable(module) ? module : "", loadable(module) ? ":" : "",
		 function);
	return buf;
}

bool vmmio_probing_landed(const char *list, const char *module, const char *function)
{
	char begin[128];
	const char *p;
	size_t len;

	len = (size_t)snprintf(begin, sizeof(begin), "%s %s%s%s(", function, module ? "[" : "",
			       module ? module : "", module ? "] " : "");
	for (p = list; (p = strstr(p, begin)); p += len)
		if (p == list || p[-1] == '\n')
			return true;
	return false;
}

char *vmmio_probing_enabled(void)
{
	static const char *const paths[] = {"/sys/kernel/tracing/enabled_functions",
					    "/sys/kernel/debug/tracing/enabled_functions"};
	char *text = NULL;
	size_t size = 0, i;
	FILE *f = NULL;

	for (i = 0; !f && i < sizeof(paths) / sizeof(paths[0]); i++)
		f = fopen(paths[i], "re");
	if (!f)
		return NULL;
	if (getdelim(&text, &size, '\0', f) < 0) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}
