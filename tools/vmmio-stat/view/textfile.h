/* SPDX-License-Identifier: GPL-2.0-only */
/* --textfile: the metrics in a file for node_exporter, replaced as a whole at every interval. */
#ifndef VMMIO_TEXTFILE_H
#define VMMIO_TEXTFILE_H

#include "metrics.h"

/*
 * Adds the report's delta to the sums and replaces the file. Returns 0 or
 * -errno; on an error the former file stands.
 */
int vmmio_textfile_report(struct vmmio_metrics *t, const struct vmmio_view *v,
			  const struct vmmio_report *r);

#endif
