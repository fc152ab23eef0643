/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of this machine in a recording, besides single events: collected while it is made, and
 * written as the JSON that source/dat_facts.c reads.
 */
#ifndef VMMIO_RECORD_FACTS_H
#define VMMIO_RECORD_FACTS_H

#include <stdio.h>

#include "tools/vmmio-stat/source/dat_facts.h"

/* Machine and clocks. */
void vmmio_facts_begin(struct dat_facts *f);

/* Adds devices, virtqueues and interrupts that are new. Returns 0 or -errno. */
int vmmio_facts_look(struct dat_facts *f);

void vmmio_facts_write(const struct dat_facts *f, FILE *out);

#endif
