/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal as a full-screen view needs it: an entry of terminfo even where
 * there is no database, a size even on a serial line, and the state before
 * whatever ends the program. It draws nothing.
 */
#ifndef VMMIO_TERMINAL_H
#define VMMIO_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes the terminal over (curses; alternate screen where there is one).
 * Returns 0 or -errno with one line in @why.
 */
int vmmio_term_open(char *why, size_t size);

/* Gives it back. May be called twice, and without _open(). */
void vmmio_term_close(void);

/* Does it show UTF-8? As the environment says (LC_ALL, LC_CTYPE, LANG). */
bool vmmio_term_utf8(void);

/*
 * Asks the terminal for its size where the kernel does not know it, and tells
 * curses. Called by _open(); again when the user redraws the screen, as a
 * serial line does not tell of a change.
 */
void vmmio_term_measure(void);

/* A compiled terminfo entry carried in this program, or NULL; see terminfo.c. */
const unsigned char *vmmio_terminfo_find(const char *term, size_t *size);

#endif
