/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small help with lines of text.
 */
#ifndef VMMIO_TEXT_H
#define VMMIO_TEXT_H

#include <stddef.h>

/* @s without white space at either end; changes it. */
char *vmmio_trim(char *s);

/* A sentence into @why; of one that does not fit the last characters are "...". */
void vmmio_say(char *why, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* More to the text in @buf, as far as it fits. */
void vmmio_append(char *buf, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
