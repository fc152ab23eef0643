/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Journeys as a table or JSON, one after the other.
 */
#ifndef VMMIO_SLOWEST_H
#define VMMIO_SLOWEST_H

#include "lib/json.h"
#include "tools/vmmio-stat/view/view.h"
#include "journey.h"

struct vmmio_slowest {
	const struct vmmio_view *view;
	__u64 start_ns;
	struct vmmio_json json;
};

/* @start_ns: of the recording, from which times are shown. */
void vmmio_slowest_begin(struct vmmio_slowest *w, const struct vmmio_view *v, __u64 start_ns);
void vmmio_slowest_row(struct vmmio_slowest *w, const struct vmmio_journey *j,
		       const struct vmmio_row *row);
void vmmio_slowest_end(struct vmmio_slowest *w);

#endif
