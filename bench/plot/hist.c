// SPDX-License-Identifier: GPL-2.0-only
/*
 * Distributions from the histograms that the rounds hold: kick cost and kick to
 * interrupt at depth 1, one line per transport. All boots are added up: a
 * distribution is of events, its median is no number of the bench.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vmmio/hist.h>

#include "plot.h"
#include "bench/data/rounds.h"
#include "lib/accel.h"

static void add_buckets(struct vmmio_hist *h, const json_t *hist)
{
	size_t i;
	json_t *b;

	json_array_foreach(json_object_get(hist, "buckets"), i, b) {
		json_int_t low = json_integer_value(json_array_get(b, 0));

		if (low >= 0)
			h->n[vmmio_hist_bucket(low)] += json_integer_value(json_array_get(b, 1));
	}
}

/* Of all counting rounds of the setting @labels. */
static void gather(const json_t *rows, const char *labels, const char *key, struct vmmio_hist *h)
{
	size_t i, k;
	json_t *row, *r;

	memset(h, 0, sizeof(*h));
	json_array_foreach(rows, i, row) {
		const char *have = json_string_value(json_object_get(row, "labels"));

		if (!have || strcmp(have, labels))
			continue;
		json_array_foreach(json_object_get(json_object_get(row, "stat"), "rows"), k, r)
			if (vmmio_rounds_row_of(row, r))
				add_buckets(h, json_object_get(json_object_get(r, "hist"), key));
	}
}

static bool write_line(const struct vmmio_hist *h, const char *name, bool first, FILE *f)
{
	double all = 0, sum = 0;
	bool begun = false;

	for (unsigned int b = 0; b < VMMIO_HIST_BUCKETS; b++)
		all += h->n[b];
	if (all == 0)
		return false;
	fprintf(f, "%s\"%s (%.0f samples)\"\n", first ? "" : "\n\n", name, all);
	for (unsigned int b = 0; b < VMMIO_HIST_BUCKETS - 1; b++) {
		sum += h->n[b];
		if (!sum || (begun && !h->n[b]))
			continue;
		if (!begun)
			fprintf(f, "%.6g\t0\n", vmmio_hist_low(b) / 1e3);
		begun = true;
		fprintf(f, "%.6g\t%.6g\n", vmmio_hist_low(b + 1) / 1e3, 100 * sum / all);
	}
	return true;
}

int vmmio_plot_cdf(const json_t *rows, const struct vmmio_plot_line *line, size_t n,
		   enum vmmio_accel accel, unsigned int boots, const struct vmmio_result *r,
		   char *why, size_t len)
{
	static const char *const keys[2] = {"kick", "irq"};
	bool emulated = vmmio_accel_emulated(accel);
	char *text = NULL, vars[1024], b[512], note[256];
	struct vmmio_hist *h = malloc(sizeof(*h));
	size_t size, lines[2] = {0, 0};
	char which[2][64] = {"", ""}; /* the colour of each line is that of its setting */
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f || !h) {
		free(h);
		return -ENOMEM;
	}
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < n; i++) {
			gather(rows, line[i].labels, keys[k], h);
			if (!write_line(h, line[i].name, !lines[0], f))
				continue;
			lines[k]++;
			snprintf(which[k] + strlen(which[k]), sizeof(which[k]) - strlen(which[k]),
				 " %zu", i + 1);
		}
	}
	free(h);
	err = fclose(f) ? -ENOMEM : 0;
	if (!err && lines[0] && lines[1])
		err = vmmio_result_write(r, "cdf.tsv", text, size);
	free(text);
	if (err || !lines[0] || !lines[1])
		return err;
	snprintf(note, sizeof(note),
		 "depth 1 · events of %u boot%s, tracepoints on · accelerator %s · class: time%s · "
		 "stores that an interrupt broke into are left out",
		 boots, boots == 1 ? "" : "s", vmmio_accel_name(accel),
		 emulated ? ", EMULATED" : "");
	vmmio_plot_quote(note, true, b, sizeof(b));
	snprintf(vars, sizeof(vars),
		 "title=\"Kick cost and kick to interrupt: what share took less\"\nsubtitle=%s\n"
		 "data='cdf.tsv'\nlines1=%zu\nlines2=%zu\nwhich1='%s'\nwhich2='%s'\n%s",
		 b, lines[0], lines[1], which[0], which[1], emulated ? "emulated=1\n" : "");
	return vmmio_plot_run(VMMIO_PLOT_CDF, r->part, "cdf", vars, why, len);
}
