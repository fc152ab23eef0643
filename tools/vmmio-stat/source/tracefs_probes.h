/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our kprobe events: what they fetch, how they are created and removed, and what they missed. The
 * handler of a record knows its meaning.
 */
#ifndef VMMIO_TRACEFS_PROBES_H
#define VMMIO_TRACEFS_PROBES_H

#include "tracefs_devices.h"
#include "tracefs_ring.h"

struct tracefs_dynevent;

/* What a probe fetches, and the record that its handler gets. */
enum fetch {
	QUEUE,	   /* argument 0: struct vq_record */
	IRQ_QUEUE, /* arguments 0 and 1 */
	DEVICE,	   /* argument 0: struct device_record */
	IRQ_DEVICE,
	RESULT, /* at the function's end: struct result_record */
};

struct device_record {
	__u32 dev, irq;
};

struct result_record {
	__u32 ret;
};

struct trace_probes {
	struct trace_ring *ring;
	char system[sizeof(((struct trace_ring *)0)->system)]; /* outlives the ring */
	struct trace_probe {
		char name[48];
		char title[48]; /* of its events in a recording */
		struct tracefs_dynevent *event;
	} list[TRACE_EVENTS];
	int n;
	bool recorded; /* fetch no addresses */
};

/* The fields of such a record; values that are not among them stay as they were. */
const struct trace_field *trace_probe_recorded(enum fetch fetch);

/*
 * Makes and enables a probe on @function; @event has handler, data and arg.
 * Returns 0 or -errno with @why.
 */
int trace_probe_set(struct trace_probes *p, const char *name, const char *function,
		    enum fetch fetch, struct trace_event event, char *why, size_t size);
/* Those of the event @name in a text of the kernel's, kprobe_profile. */
__u64 trace_profile_missed(const char *text, const char *name);
/* Hits that found the CPU in another probe, or too many calls under way. */
__u64 trace_probes_missed(struct trace_probes *p);
/* After the ring was closed or forgot them: a probe in use cannot be removed. */
void trace_probes_remove(struct trace_probes *p);

#endif
