// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compiled terminfo entries, as the machine that built this has them: a bare
 * guest has no database. The build names their folder.
 */
#include <string.h>

#include "terminal.h"

/* X(symbol, name, folder of the database) */
#define ENTRIES(X)                            \
	X(ansi, "ansi", "a")                  \
	X(linux_console, "linux", "l")        \
	X(screen, "screen", "s")              \
	X(screen_256, "screen-256color", "s") \
	X(tmux, "tmux", "t")                  \
	X(tmux_256, "tmux-256color", "t")     \
	X(vt100, "vt100", "v")                \
	X(vt102, "vt102", "v")                \
	X(vt220, "vt220", "v")                \
	X(xterm, "xterm", "x")                \
	X(xterm_256, "xterm-256color", "x")

#define CARRY(symbol, name, folder)                                                \
	extern const unsigned char terminfo_##symbol[], terminfo_##symbol##_end[]; \
	__asm__(".pushsection .rodata\n"                                           \
		"terminfo_" #symbol ":\n"                                          \
		".incbin \"" VMMIO_TERMINFO "/" folder "/" name "\"\n"             \
		"terminfo_" #symbol "_end:\n"                                      \
		".byte 0\n"                                                        \
		".popsection\n");
ENTRIES(CARRY)
#undef CARRY

const unsigned char *vmmio_terminfo_find(const char *term, size_t *size)
{
#define FIND(symbol, name, folder)                                             \
	if (!strcmp(term, name)) {                                             \
		*size = (size_t)(terminfo_##symbol##_end - terminfo_##symbol); \
		return terminfo_##symbol;                                      \
	}
	ENTRIES(FIND)
#undef FIND
	return NULL;
}
