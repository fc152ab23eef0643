// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `vmmio-bench micro` found: summary statistics, table, JSON, CSV and series.
 * The JSON is also the access-cost table other commands read: look for
 * bus, direction, width, path and net_ns (thread time of access rows, else wall
 * time; less the baseline of its kind). A value that was not measured is
 * "-", null, or an empty CSV cell.
 */
#define _GNU_SOURCE
#include "micro.h"

#include <math.h>
#include <string.h>

#include "bench/data/stats.h"
#include "lib/csv.h"

static const char *const kinds[] = {"access", "interrupt", "firmware"};

static const double *samples_of(const struct micro_row *row, enum micro_value what)
{
	return what == MICRO_WALL ? row->wall : what == MICRO_CPU ? row->cpu : row->send;
}

/* The values of @row that count, in @v; returns how many. */
static int values_of(const struct micro_row *row, enum micro_value what, double *v)
{
	const double *from = samples_of(row, what);
	bool all = what == MICRO_CPU || micro_row_noisy(row);
	int n = 0, i;

	for (i = 0; i < row->rounds; i++)
		if (!isnan(from[i]) && (all || micro_round_clean(row, i)))
			v[n++] = from[i];
	return n;
}

struct micro_summary micro_summarise(const struct micro_result *r, const struct micro_row *row,
				     enum micro_value what)
{
	struct micro_summary s = {NAN, NAN, NAN, NAN, NAN};
	const double *from = samples_of(row, what);
	double v[MICRO_MAX_ROUNDS];
	int n, i;

	n = row->note[0] ? 0 : values_of(row, what, v);
	if (!n)
		return s;
	s.median = vmmio_stats_median(v, n);
	s.p25 = vmmio_stats_quantile(v, n, 0.25);
	s.p75 = vmmio_stats_quantile(v, n, 0.75);
	for (s.min = v[0], i = 0; i < row->rounds; i++)
		if (from[i] < s.min)
			s.min = from[i];
	for (i = 0; i < r->nr_rows && !row->baseline; i++)
		if (r->rows[i].baseline && !r->rows[i].note[0] && r->rows[i].kind == row->kind) {
			n = values_of(&r->rows[i], what, v);
			if (n)
				s.net = s.median - vmmio_stats_median(v, n);
		}
	return s;
}

static void cell(FILE *f, int width, double v)
{
	if (isnan(v))
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*.*f", width, v < 100 ? 1 : 0, v);
}

static void table_section(FILE *f, const struct micro_result *r, enum micro_kind kind)
{
	static const char *const heading[] = {
		"ACCESS",
		"INTERRUPT (send to handler, guest halted; cpu-ns: vCPU and sender)",
		"FIRMWARE READ (SeaBIOS INT 13h, one kick and one status read each; cpu-ns: QEMU)",
	};
	bool first = true;
	int i;

	for (i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];
		struct micro_summary w, c;

		if (row->kind != kind)
			continue;
		if (first) {
			fprintf(f, "\n%s\n%-28s %-15s %8s %8s %8s %8s %8s %8s %8s %7s\n",
				heading[kind], "ROW", "PATH", "min", "p25", "ns", "p75", "cpu-ns",
				kind == MICRO_ACCESS ? "net-cpu" : "net-ns", "n", "quiet");
			first = false;
		}
		fprintf(f, "%-28s %-15s", row->key, row->path);
		if (row->note[0]) {
			fprintf(f, " %8s  %s\n", "-", row->note);
			continue;
		}
		w = micro_summarise(r, row, MICRO_WALL);
		c = micro_summarise(r, row, MICRO_CPU);
		cell(f, 8, w.min);
		cell(f, 8, w.p25);
		cell(f, 8, w.median);
		cell(f, 8, w.p75);
		cell(f, 8, c.median);
		cell(f, 8, kind == MICRO_ACCESS ? c.net : w.net);
		fprintf(f, " %8llu %4d/%d%s%s\n", (unsigned long long)row->seen,
			micro_clean_rounds(row), row->rounds, micro_row_noisy(row) ? "  NOISY" : "",
			row->baseline ? "  (baseline)" : "");
	}
}

static void percent(FILE *f, const char *what, double v)
{
	if (isnan(v))
		fprintf(f, "%s -", what);
	else
		fprintf(f, "%s %.1f %%", what, v);
}

void micro_print_table(FILE *f, const struct micro_result *r)
{
	fprintf(f, "vmmio-bench micro on %s%s: %s, %d CPUs, Linux %s, %s\n",
		micro_noisy(r) ? "a noisy " : "", vmmio_accel_name(r->accel), r->cpu, r->cpus,
		r->kernel, r->date);
	fprintf(f, "halt polling ");
	if (r->halt_poll_ns < 0)
		fprintf(f, "-");
	else
		fprintf(f, "%ld ns%s", r->halt_poll_ns, r->polls ? "" : " (off for interrupts)");
	percent(f, "; waited for a CPU", r->noise.own);
	percent(f, ", pressure", r->noise.any);
	percent(f, ", steal", r->noise.steal);
	fputc('\n', f);
	if (micro_noisy(r))
		fprintf(f,
			"NOISY: %d rows had too few undisturbed rounds; their wall times are too "
			"long\n",
			micro_noisy_rows(r));
	fprintf(f, "ns is the median of the undisturbed (quiet) rounds, cpu-ns of all; net is less "
		   "the baseline.\n");
	table_section(f, r, MICRO_ACCESS);
	table_section(f, r, MICRO_INTERRUPT);
	table_section(f, r, MICRO_FIRMWARE);
}

static json_t *summary_json(const struct micro_summary *s)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "median", vmmio_json_number_or_null(s->median),
			 "min", vmmio_json_number_or_null(s->min), "p25",
			 vmmio_json_number_or_null(s->p25), "p75",
			 vmmio_json_number_or_null(s->p75));
}

static double net_ns(const struct micro_result *r, const struct micro_row *row)
{
	return micro_summarise(r, row, row->kind == MICRO_ACCESS ? MICRO_CPU : MICRO_WALL).net;
}

static json_t *row_json(const struct micro_result *r, const struct micro_row *row)
{
	struct micro_summary w = micro_summarise(r, row, MICRO_WALL);
	struct micro_summary c = micro_summarise(r, row, MICRO_CPU);
	struct micro_summary s = micro_summarise(r, row, MICRO_SEND);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o, s:o*, s:i, "
			 "s:b, s:I, s:I, s:I, s:s?}",
			 "key", row->key, "title", row->title, "kind", kinds[row->kind], "bus",
			 row->bus, "direction", row->direction, "path", row->path, "width",
			 row->width ? json_integer(row->width) : json_null(), "baseline",
			 row->baseline, "net_ns", vmmio_json_number_or_null(net_ns(r, row)),
			 "net_wall_ns", vmmio_json_number_or_null(w.net), "wall_ns",
			 summary_json(&w), "cpu_ns", summary_json(&c), "send_ns",
			 row->kind == MICRO_INTERRUPT ? summary_json(&s) : NULL, "quiet_rounds",
			 micro_clean_rounds(row), "noisy", micro_row_noisy(row), "per_round",
			 (json_int_t)row->per_round, "expected", (json_int_t)row->expected, "seen",
			 (json_int_t)row->seen, "note", row->note[0] ? row->note : NULL);
}

json_t *micro_json(const struct micro_result *r)
{
	json_t *rows = json_array();

	for (int i = 0; i < r->nr_rows; i++)
		json_array_append_new(rows, row_json(r, &r->rows[i]));
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:b, s:o, s:o, s:o, s:o}",
			 "schema", 1, "tool", "vmmio-bench", "kind", "micro", "accel",
			 vmmio_accel_name(r->accel), "cpu", r->cpu, "cpus", r->cpus, "kernel",
			 r->kernel, "date", r->date, "halt_poll_ns",
			 r->halt_poll_ns < 0 ? json_null() : json_integer(r->halt_poll_ns), "noisy",
			 micro_noisy(r), "wait_pct", vmmio_json_number_or_null(r->noise.own),
			 "pressure_pct", vmmio_json_number_or_null(r->noise.any), "steal_pct",
			 vmmio_json_number_or_null(r->noise.steal), "rows", rows);
}

static json_t *samples_json(const struct micro_row *row, const double *from)
{
	json_t *all = json_array();

	for (int i = 0; i < row->rounds; i++)
		json_array_append_new(all, vmmio_json_number_or_null(from[i]));
	return all;
}

json_t *micro_rounds(const struct micro_result *r)
{
	json_t *all = json_array();

	for (int i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];

		json_array_append_new(
			all, json_pack("{s:s, s:o, s:o, s:o*, s:o}", "key", row->key, "wall_ns",
				       samples_json(row, row->wall), "cpu_ns",
				       samples_json(row, row->cpu), "send_ns",
				       row->kind == MICRO_INTERRUPT ? samples_json(row, row->send)
								    : NULL,
				       "wait_pct", samples_json(row, row->wait)));
	}
	return all;
}

int micro_series(const struct micro_result *r, struct vmmio_series_set *set)
{
	int err = 0;

	for (int i = 0; i < r->nr_rows && !err; i++) {
		const struct micro_row *row = &r->rows[i];
		char labels[VMMIO_LABELS_MAX];

		snprintf(labels, sizeof(labels), "row=%s", row->key);
		err = vmmio_series_add(set, labels, VMMIO_M_ROW, 1,
				       micro_summarise(r, row, MICRO_WALL).median);
		err = err ?: vmmio_series_add(set, labels, VMMIO_M_ROW_NET, 1, net_ns(r, row));
	}
	return err;
}

void micro_print_csv(FILE *f, const struct micro_result *r)
{
	struct vmmio_csv csv = {f};

	fputs("accel,key,kind,bus,direction,width,path,baseline,wall_ns_median,wall_ns_min,"
	      "wall_ns_p25,wall_ns_p75,cpu_ns_median,net_ns,expected,seen,rounds,note,"
	      "send_ns_median,quiet_rounds,noisy\n",
	      f);
	for (int i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];
		struct micro_summary w = micro_summarise(r, row, MICRO_WALL);

		vmmio_csv_put(&csv, "%s", vmmio_accel_name(r->accel));
		vmmio_csv_put(&csv, "%s", row->key);
		vmmio_csv_put(&csv, "%s", kinds[row->kind]);
		vmmio_csv_put(&csv, "%s", row->bus);
		vmmio_csv_put(&csv, "%s", row->direction);
		vmmio_csv_number(&csv, row->width ? row->width : NAN, 8);
		vmmio_csv_put(&csv, "%s", row->path);
		vmmio_csv_put(&csv, "%d", row->baseline);
		vmmio_csv_number(&csv, w.median, 8);
		vmmio_csv_number(&csv, w.min, 8);
		vmmio_csv_number(&csv, w.p25, 8);
		vmmio_csv_number(&csv, w.p75, 8);
		vmmio_csv_number(&csv, micro_summarise(r, row, MICRO_CPU).median, 8);
		vmmio_csv_number(&csv, net_ns(r, row), 8);
		vmmio_csv_put(&csv, "%llu", (unsigned long long)row->expected);
		vmmio_csv_put(&csv, "%llu", (unsigned long long)row->seen);
		vmmio_csv_put(&csv, "%d", row->rounds);
		vmmio_csv_text(&csv, row->note);
		vmmio_csv_number(&csv, micro_summarise(r, row, MICRO_SEND).median, 8);
		vmmio_csv_put(&csv, "%d", micro_clean_rounds(row));
		vmmio_csv_put(&csv, "%d", micro_row_noisy(row));
		vmmio_csv_end(&csv);
	}
}
