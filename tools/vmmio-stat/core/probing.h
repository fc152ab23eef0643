/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether hooks on functions of the kernel can fire here: two switches silence them without an
 * error, and the same name can belong to another function. A hook that cannot fire counts 0 for
 * ever.
 */
#ifndef VMMIO_PROBING_H
#define VMMIO_PROBING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Why no hook by fentry (@kprobe: by a kprobe at a function's entry) would ever fire, with the
 * remedy; NULL: no reason is known. @root is before every path: "", or in tests a folder.
 */
const char *vmmio_probing_off(const char *root, bool kprobe);

/* @module, or NULL if it is part of the kernel. */
const char *vmmio_probing_module(const char *module);

/*
 * @function as kprobes take it, in @buf: "module:function" where @module is one and
 * no part of the kernel, since others may have a function of that name.
 */
const char *vmmio_probing_name(const char *module, const char *function, char *buf, size_t size);

/*
 * Text of enabled_functions, to be freed; NULL if unavailable. Mounts nothing, unlike libtracefs:
 * an observer leaves the system unchanged.
 */
char *vmmio_probing_enabled(void);

/*
 * Does @list, the text of enabled_functions, have @function of @module (NULL: of
 * the kernel itself)? By name alone a hook may have come to sit on another's.
 */
bool vmmio_probing_landed(const char *list, const char *module, const char *function);

#endif
