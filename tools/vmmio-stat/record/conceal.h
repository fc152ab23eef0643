/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that a recording must not hold: addresses of functions, the kernel's and a guest's, and the
 * data that a guest sends or receives. The events' formats tell their places, which are overwritten
 * in the rings' pages before these are written.
 */
#ifndef VMMIO_CONCEAL_H
#define VMMIO_CONCEAL_H

#include "tools/vmmio-stat/source/trace_format.h"
#include "tools/vmmio-stat/source/tracefs_ring.h"

#define VMMIO_CONCEAL_PLACES 4

/* Of one event. */
struct vmmio_conceal {
	struct {
		__u32 at, size;
	} hide[VMMIO_CONCEAL_PLACES]; /* size 0: none */
	bool is_mmio;		      /* kvm_mmio: of some values what is in them */
	struct trace_place type, len, gpa, val;
};

/* Of @event with the format @text. 0 or -EPROTO: it is not known where that is. */
int vmmio_conceal_find(struct vmmio_conceal *c, const struct trace_event *event, const char *text);

void vmmio_conceal_record(const struct vmmio_conceal *c, char *record, size_t size);

#endif
