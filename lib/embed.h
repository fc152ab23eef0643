/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a text file part of the program: a script that its own checker can read in the tree.
 * vmmio_embed() of cmake/functions.cmake names the file.
 */
#ifndef VMMIO_EMBED_H
#define VMMIO_EMBED_H

#define VMMIO_EMBED(symbol, file)                                \
	__asm__(".pushsection .rodata\n" #symbol ":\n"           \
		".incbin \"" file "\"\n.byte 0\n.popsection\n"); \
	extern const char symbol[]

#endif
