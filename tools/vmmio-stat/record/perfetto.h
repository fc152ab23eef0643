/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of a recording as a trace that Perfetto's UI shows: TrackEvent packets of its
 * protobuf. A track for each virtqueue, below its device, and for each CPU; a flow
 * from a kick to the interrupt to the handler's end.
 */
#ifndef VMMIO_PERFETTO_H
#define VMMIO_PERFETTO_H

#include <stdio.h>

#include "tools/vmmio-stat/core/snapshot.h"
#include "tools/vmmio-stat/source/steps.h"

struct vmmio_perfetto;

/* NULL: no memory, or no place for a temporary file. */
struct vmmio_perfetto *vmmio_perfetto_new(void);
/* In the order of the records; for struct vmmio_steps. */
void vmmio_perfetto_step(void *perfetto, const struct vmmio_step *s);
/* Names from @rows, then all that came. Returns 0 or -errno. */
int vmmio_perfetto_write(struct vmmio_perfetto *p, const struct vmmio_snapshot *rows, FILE *out);
void vmmio_perfetto_free(struct vmmio_perfetto *p);

#endif
