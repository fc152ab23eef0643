/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kicks of a recording that waited longer than a bound for their interrupt, as a table or JSON. No
 * record tells why one waited: stalls does while it lasts.
 */
#ifndef VMMIO_WAITS_H
#define VMMIO_WAITS_H

#include "tools/vmmio-stat/view/view.h"
#include "journey.h"

#define VMMIO_WAITS_MAX 100000

enum vmmio_wait_end {
	VMMIO_WAIT_GOES_ON,   /* where the recording ends */
	VMMIO_WAIT_INTERRUPT, /* it came */
	VMMIO_WAIT_KICK,      /* a later kick found its buffers used, and no interrupt had come */
};

struct vmmio_wait {
	struct vmmio_journey x;
	enum vmmio_wait_end end;
	__u64 ns; /* how long; to the end of the recording, where it goes on */
};

struct vmmio_waits {
	struct vmmio_journeys journeys;
	__u64 bound_ns, now_ns; /* @now_ns: of the last step */
	struct vmmio_wait *v;
	size_t n;
	__u64 more; /* beyond VMMIO_WAITS_MAX */
	int err;    /* -ENOMEM: some are missing */
};

/* Returns 0 or -ENOMEM. */
int vmmio_waits_init(struct vmmio_waits *w, __u64 bound_ns);
void vmmio_waits_free(struct vmmio_waits *w);

/* In the order of the records; for struct vmmio_steps. */
void vmmio_waits_step(void *waits, const struct vmmio_step *s);

/* No more will come: the recording ends at @end_ns. In the order in which they began. */
void vmmio_waits_finish(struct vmmio_waits *w, __u64 end_ns);

/*
 * Those of whose virtqueue @row_of knows a row. @start_ns: of the recording, from which times
 * are shown. Returns how many.
 */
size_t vmmio_waits_show(const struct vmmio_waits *w, const struct vmmio_view *v, __u64 start_ns,
			const struct vmmio_row *(*row_of)(void *data,
							  const struct vmmio_journey *x),
			void *data);

#endif
