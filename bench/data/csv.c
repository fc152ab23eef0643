// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any set of series as CSV: one row each, with what is needed to use it
 * without this program.
 */
#include <stdlib.h>

#include "series.h"
#include "stats.h"

void vmmio_series_csv(const struct vmmio_series_set *set, const char *accel, FILE *f)
{
	fprintf(f, "accel,labels,key,heading,unit,class,emulated,boots,median,min,max,iqr,exact\n");
	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];
		double *known = malloc((s->n ? s->n : 1) * sizeof(*known)), min, max;
		size_t n;

		if (!known)
			return;
		n = vmmio_series_known(s, known);
		if (!n) {
			free(known);
			continue;
		}
		vmmio_stats_range(known, n, &min, &max);
		fprintf(f, "%s,%s,%s,\"%s\",%s,%s,%s,%zu,", accel, s->labels, s->key, s->heading,
			s->unit, vmmio_class_name(s->cls),
			vmmio_series_emulated(s, accel) ? "yes" : "no", n);
		fprintf(f, "%.10g,%.10g,%.10g,%.10g", vmmio_stats_median(known, n), min, max,
			vmmio_stats_iqr(known, n));
		fprintf(f, ",%s\n", vmmio_series_exact(s) ? "yes" : "no");
		free(known);
	}
}
