// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench predict: counts per I/O of a stored result times the access costs of a machine (a
 * result of vmmio-bench micro, or a file of that form). The output is a prediction and names the
 * machine of the costs; it leaves out EOIs and the indirect cost of an exit.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load.h"
#include "cmd.h"
#include "bench/judge/costs.h"
#include "bench/judge/stack.h"
#include "lib/opts.h"
#include "bench/judge/published.h"
#include "bench/data/result.h"

#define NAME "vmmio-bench predict: "

/* Every setting of the result, one line for each way to serve the doorbell. */
static size_t print_predictions(const struct vmmio_loaded *l, const struct vmmio_costs *c,
				json_t *json)
{
	size_t printed = 0, left_out = 0;

	for (size_t i = 0; i < l->series.n; i++) {
		const struct vmmio_series *s = &l->series.s[i];

		if (s->id != VMMIO_M_ACCESSES_PER_IO)
			continue;
		if (s->cls != VMMIO_STRUCTURAL) {
			left_out++; /* counts of one run do not go to another machine */
			continue;
		}
		for (int p = 0; p < VMMIO_DOORBELLS; p++) {
			struct vmmio_prediction r;

			vmmio_predict(&l->series, s->labels, c, p, &r);
			if (json)
				json_array_append_new(
					json,
					json_pack("{s:s, s:s, s:o, s:o, s:o, s:o}", "labels",
						  s->labels, "path", vmmio_doorbell_name[p],
						  "doorbells",
						  vmmio_json_number_or_null(r.doorbells), "reads",
						  vmmio_json_number_or_null(r.reads), "writes",
						  vmmio_json_number_or_null(r.writes),
						  "predicted_ns_per_io",
						  vmmio_json_number_or_null(r.ns)));
			else if (isnan(r.ns))
				printf("%s, %s: - (%s)\n", s->labels, vmmio_doorbell_name[p],
				       isnan(r.doorbells) ? "accesses were not counted"
							  : "the table lacks a cost");
			else
				printf("%s, %s: %.0f ns per I/O predicted (%g doorbells, %g reads, "
				       "%g other writes)\n",
				       s->labels, vmmio_doorbell_name[p], r.ns, r.doorbells,
				       r.reads, r.writes);
			printed++;
		}
	}
	if (left_out && !json)
		printf("left out: %zu settings whose counts are true of their own run only (depth "
		       "above 1)\n",
		       left_out);
	return printed;
}

/* The answer in a line for each transport: the least and the most of its settings. */
static void print_ranges(const struct vmmio_loaded *l, const struct vmmio_costs *c)
{
	for (int t = 0; t < VMMIO_COLUMNS; t++) {
		printf("%s: predicted ", vmmio_columns[t]);
		for (int p = 0; p < VMMIO_DOORBELLS; p++) {
			double low = NAN, high = NAN;
			size_t n = 0;

			for (size_t i = 0; i < l->series.n; i++) {
				const struct vmmio_series *s = &l->series.s[i];
				struct vmmio_prediction r;
				char transport[24];

				vmmio_series_label(s, "transport", transport, sizeof(transport));
				if (s->id != VMMIO_M_ACCESSES_PER_IO ||
				    s->cls != VMMIO_STRUCTURAL ||
				    strcmp(transport, vmmio_columns[t]))
					continue;
				vmmio_predict(&l->series, s->labels, c, p, &r);
				n += !isnan(r.ns);
				low = fmin(low, r.ns);
				high = fmax(high, r.ns);
			}
			if (!n)
				printf("%s- (%s)", p ? ", " : "", vmmio_doorbell_name[p]);
			else
				printf("%s%.0f to %.0f ns per I/O (%s)", p ? ", " : "", low, high,
				       vmmio_doorbell_name[p]);
		}
		printf("\n");
	}
}

/* How many accesses of each kind make up @us. */
static void explain(const struct vmmio_costs *c, double us)
{
	static const char *const keys[] = {"mmio_read_user", "mmio_write_user", "mmio_read_kernel",
					   "mmio_write_kernel"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		double ns = vmmio_costs_ns(c, keys[i]);

		if (!isnan(ns))
			printf("%.4g us are %.1f accesses of %.0f ns (%s)\n", us, us * 1000 / ns,
			       ns, keys[i]);
	}
}

/* A published set needs counts, and no costs: they are what is asked for. */
static int explain_published(const struct vmmio_loaded *l, const char *file)
{
	struct vmmio_published p;
	char why[256];

	if (vmmio_published_load(file, &p, why, sizeof(why))) {
		fprintf(stderr, NAME "--published %s: %s\n", file, why);
		return VMMIO_EXIT_TROUBLE;
	}
	if (vmmio_published_explain(&p, &l->series, stdout, why, sizeof(why))) {
		fprintf(stderr, NAME "%s: %s\n", l->path, why);
		return VMMIO_EXIT_TROUBLE;
	}
	return VMMIO_EXIT_OK;
}

/* A result of the whole stack has its own costs, and what they must come to. */
static int predict_stack(const struct vmmio_loaded *l, bool as_json)
{
	struct vmmio_stack s;
	json_t *rows;

	if (!json_is_false(json_object_get(l->result, "withheld")) ||
	    vmmio_stack_stored(&s, l->result, l->machine, l->accel, &l->series)) {
		fprintf(stderr,
			NAME "%s: no verdict was given, or not what compare --stack writes\n",
			l->path);
		return VMMIO_EXIT_TROUBLE;
	}
	rows = vmmio_stack_predict(&s);
	if (as_json) {
		vmmio_print_json(json_pack("{s:i, s:s, s:s, s:O}", "schema", 1, "kind",
					   "checked prediction", "accel",
					   vmmio_accel_name(l->accel), "rows", rows));
	} else {
		vmmio_stack_print_prediction(&s, rows, stdout);
	}
	json_decref(rows);
	vmmio_stack_stored_free(&s);
	return VMMIO_EXIT_OK;
}

int vmmio_cmd_predict(int argc, char **argv)
{
	const char *costs_path = NULL, *path = NULL, *published = NULL, *cpu;
	bool allow_soft = false, as_json = false;
	double us = 0;
	struct vmmio_opt opts[] = {
		{"costs", VMMIO_OPT_STRING, &costs_path, 0, 0, NULL, "FILE",
		 "what an access costs: the JSON of vmmio-bench micro"},
		{"allow-soft", VMMIO_OPT_FLAG, &allow_soft, 0, 0, NULL, NULL,
		 "take another processor's costs of a KVM without hardware support"},
		{"explain", VMMIO_OPT_DOUBLE, &us, 0.001, 1e9, NULL, "US",
		 "also: how many accesses make up that many microseconds"},
		{"published", VMMIO_OPT_STRING, &published, 0, 0, NULL, "FILE",
		 "instead: what the counts explain of a published set (bench/published/)"},
		{"json", VMMIO_OPT_FLAG, &as_json, 0, 0, NULL, NULL, "as JSON"},
	};
	struct vmmio_loaded l;
	struct vmmio_costs c = {0};
	char why[256];
	size_t n;
	int err, status = VMMIO_EXIT_TROUBLE;

	err = vmmio_opts_parse(
		"vmmio-bench predict",
		"RESULT --costs FILE [options], or RESULT --published FILE, or a RESULT of "
		"compare --stack",
		opts, sizeof(opts) / sizeof(opts[0]), argc, argv, &path, 1, &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	if (!n || (costs_path && published)) {
		fprintf(stderr, NAME "%s\n",
			!n ? "no result folder given" : "--published: contradicts --costs");
		return VMMIO_EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]) && published; i++) {
		if (!opts[i].given || opts[i].target == &published)
			continue;
		fprintf(stderr, NAME "--%s: not with --published\n", opts[i].name);
		return VMMIO_EXIT_USAGE;
	}
	err = vmmio_result_load(path, &l, why, sizeof(why));
	if (err) {
		fprintf(stderr, NAME "%s: %s\n", path, why);
		return VMMIO_EXIT_TROUBLE;
	}
	if (!costs_path && !published) {
		if (!strcmp(l.kind, "stack")) {
			status = predict_stack(&l, as_json);
		} else {
			fprintf(stderr, NAME "--costs or --published: one is needed\n");
			status = VMMIO_EXIT_USAGE;
		}
		goto out;
	}
	if (published) {
		status = explain_published(&l, published);
		goto out;
	}
	cpu = json_string_value(json_object_get(l.machine, "cpu"));
	if (vmmio_costs_load(costs_path, allow_soft, cpu, &c, why, sizeof(why))) {
		fprintf(stderr, NAME "--costs %s: %s\n", costs_path, why);
		goto out;
	}
	if (as_json) {
		json_t *rows = json_array(), *j;

		n = print_predictions(&l, &c, rows);
		j = json_pack("{s:i, s:s, s:s, s:s, s:b, s:o}", "schema", 1, "kind", "prediction",
			      "costs_accel", vmmio_accel_name(c.accel), "costs_cpu", c.cpu,
			      "costs_soft", vmmio_costs_soft(&c), "rows", rows);
		vmmio_print_json(j);
	} else {
		print_ranges(&l, &c);
		printf("PREDICTION: counts of %s (%s) times access costs of %s (%s).\n"
		       "Not measured; EOIs, interrupt delivery and indirect costs of an exit are "
		       "left out.\n",
		       path, vmmio_accel_name(l.accel), c.cpu, vmmio_accel_name(c.accel));
		if (vmmio_costs_soft(&c))
			printf("WARNING: that is a KVM without hardware support: an access costs "
			       "this there, and nowhere else.\n");
		n = print_predictions(&l, &c, NULL);
		if (us > 0)
			explain(&c, us);
	}
	if (!n)
		fprintf(stderr, NAME "%s: holds no structural counts per I/O\n", path);
	else
		status = VMMIO_EXIT_OK;
out:
	vmmio_costs_free(&c);
	vmmio_result_unload(&l);
	return status;
}
