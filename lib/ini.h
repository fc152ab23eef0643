/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one reader of INI files: experiments, published sets, limits. Sections, "key = value",
 * comments of a whole line by ';' or '#'. The caller knows the sections and keys, and reports
 * unknown ones.
 */
#ifndef VMMIO_INI_H
#define VMMIO_INI_H

#include <stddef.h>

/*
 * Called for each section, with @key NULL, and for each key of it. The texts may be changed and
 * last as long as the call. A result other than 0 ends the reading.
 */
typedef int (*vmmio_ini_fn)(void *arg, int line, char *section, char *key, char *value);

/* 0, what @fn returned, or -EINVAL with one line in @why: "line 3: x: not 'key = value'". */
int vmmio_ini_parse(const char *text, vmmio_ini_fn fn, void *arg, char *why, size_t len);

/*
 * The same for a file of up to 64 KiB, whose text is in *@text until freed; -ENOENT and others with
 * the reason in @why if it cannot be read. @text may be NULL.
 */
int vmmio_ini_load(const char *path, vmmio_ini_fn fn, void *arg, char **text, char *why,
		   size_t len);

#endif
