/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page of serve as the build put it together (cmake/page.sh) from page/: one file with
 * style and script in it, and the policy that lets a browser run just these.
 */
#ifndef VMMIO_SERVE_PAGE_H
#define VMMIO_SERVE_PAGE_H

#include <stddef.h>

extern const unsigned char vmmio_page[];
extern const size_t vmmio_page_len;
extern const char vmmio_page_policy[];

#endif
