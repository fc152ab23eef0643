/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small help with lines of text.
 */
#ifndef VMMIO_TEXT_H
#define VMMIO_TEXT_H

/* @s without white space at either end; changes it. */
char *vmmio_trim(char *s);

#endif
