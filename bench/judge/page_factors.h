/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each setting of a sweep does, in sentences.
 */
#ifndef VMMIO_BENCH_PAGE_FACTORS_H
#define VMMIO_BENCH_PAGE_FACTORS_H

#include "sentence.h"

/* What each factor does, and which do nothing. */
void vmmio_page_factors(struct vmmio_page *p);

#endif
