// SPDX-License-Identifier: GPL-2.0-only
/*
 * The figure of `vmmio-bench micro`: median and quartiles of each row.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/accel.h"
#include "plot.h"

int vmmio_plot_micro(const json_t *result, const struct vmmio_result *r, char *why, size_t len)
{
	const char *word, *cpu, *date, *key;
	enum vmmio_accel accel;
	char *text = NULL, title[512], quoted[600], vars[700];
	size_t size, i, n = 0;
	json_t *rows, *row;
	int noisy, err;
	FILE *f;

	if (json_unpack((json_t *)result, "{s:s, s:s, s:s, s:b, s:o}", "accel", &word, "cpu", &cpu,
			"date", &date, "noisy", &noisy, "rows", &rows) ||
	    !vmmio_accel_find(word, &accel)) {
		snprintf(why, len, "result.json lacks what micro writes");
		return -EPROTO;
	}
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	fprintf(f, "row\tname\tmedian\tp25\tp75\n");
	json_array_foreach(rows, i, row) {
		double median, p25, p75;

		if (!json_unpack(row, "{s:s, s:{s:F, s:F, s:F}}", "key", &key, "wall_ns", "median",
				 &median, "p25", &p25, "p75", &p75))
			fprintf(f, "%zu\t\"%s\"\t%.2f\t%.2f\t%.2f\n", n++, key, median, p25, p75);
	}
	err = fclose(f) ? -ENOMEM : vmmio_result_write(r, "micro.tsv", text, size);
	free(text);
	if (err || !n)
		return err;
	snprintf(title, sizeof(title), "vmmio-bench micro on %s%s: %s, %s", noisy ? "a noisy " : "",
		 word, cpu, date);
	vmmio_plot_quote(title, true, quoted, sizeof(quoted));
	snprintf(vars, sizeof(vars), "title=%s\nrows=%zu\n%s", quoted, n,
		 vmmio_accel_emulated(accel) ? "emulated=1\n" : "");
	return vmmio_plot_run(VMMIO_PLOT_MICRO, r->part, "micro", vars, why, len);
}
