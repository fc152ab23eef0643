// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any set of series as CSV: one row each, with what is needed to use it
 * without this program.
 */
#include <stdlib.h>

#include "lib/csv.h"
#include "series.h"
#include "stats.h"

void vmmio_series_cells(struct vmmio_csv *c, const struct vmmio_series *s, const char *emulated)
{
	double *known = malloc((s->n ? s->n : 1) * sizeof(*known)), min, max;
	size_t n = known ? vmmio_series_known(s, known) : 0;

	vmmio_stats_range(known, n, &min, &max);
	vmmio_csv_put(c, "%s", s->key);
	vmmio_csv_text(c, s->heading);
	vmmio_csv_put(c, "%s", s->unit);
	vmmio_csv_put(c, "%s", vmmio_class_name(s->cls));
	if (emulated)
		vmmio_csv_put(c, "%s", emulated);
	vmmio_csv_put(c, "%zu", n);
	vmmio_csv_number(c, vmmio_stats_median(known, n), 10);
	vmmio_csv_number(c, min, 10);
	vmmio_csv_number(c, max, 10);
	vmmio_csv_number(c, vmmio_stats_iqr(known, n), 10);
	vmmio_csv_put(c, "%s", vmmio_series_exact(s) ? "yes" : "no");
	vmmio_csv_end(c);
	free(known);
}

void vmmio_series_csv(const struct vmmio_series_set *set, enum vmmio_accel accel, FILE *f)
{
	struct vmmio_csv c = {f};

	fprintf(f, "accel,labels,key,heading,unit,class,emulated,boots,median,min,max,iqr,exact\n");
	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];

		if (!vmmio_series_any(s))
			continue;
		vmmio_csv_put(&c, "%s", vmmio_accel_name(accel));
		vmmio_csv_put(&c, "%s", s->labels);
		vmmio_series_cells(&c, s, vmmio_series_emulated(s, accel) ? "yes" : "no");
	}
}
