// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers of `vmmio-bench micro`: summary statistics, table, JSON and CSV.
 * The JSON is also the access-cost table other commands read: look for
 * bus, direction, width, path and net_ns (thread time of access rows, else wall
 * time; less the baseline of its kind). A value that was not measured is
 * "-", null, or an empty CSV cell.
 */
#define _GNU_SOURCE
#include "micro.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"access", "interrupt", "firmware"};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Linear between order statistics; @v sorted, n > 0. */
static double quantile(const double *v, int n, double q)
{
	double pos = q * (n - 1);
	int i = (int)pos;

	return i + 1 < n ? v[i] + (pos - i) * (v[i + 1] - v[i]) : v[n - 1];
}

/* The values of @row that count, sorted, in @v; returns how many. */
static int values_of(const struct micro_row *row, enum micro_value what, double *v)
{
	const double *from = what == MICRO_WALL	 ? row->wall
			     : what == MICRO_CPU ? row->cpu
						 : row->send;
	bool all = what == MICRO_CPU || micro_row_noisy(row);
	int n = 0, i;

	for (i = 0; i < row->rounds; i++)
		if (!isnan(from[i]) && (all || micro_round_clean(row, i)))
			v[n++] = from[i];
	if (n)
		qsort(v, n, sizeof(v[0]), by_value);
	return n;
}

struct micro_summary micro_summarise(const struct micro_result *r, const struct micro_row *row,
				     enum micro_value what)
{
	struct micro_summary s = {NAN, NAN, NAN, NAN, NAN};
	const double *from = what == MICRO_WALL	 ? row->wall
			     : what == MICRO_CPU ? row->cpu
						 : row->send;
	double v[MICRO_MAX_ROUNDS];
	int n, i;

	n = row->note[0] ? 0 : values_of(row, what, v);
	if (!n)
		return s;
	s.median = quantile(v, n, 0.5);
	s.p25 = quantile(v, n, 0.25);
	s.p75 = quantile(v, n, 0.75);
	for (s.min = v[0], i = 0; i < row->rounds; i++)
		if (from[i] < s.min)
			s.min = from[i];
	for (i = 0; i < r->nr_rows && !row->baseline; i++)
		if (r->rows[i].baseline && r->rows[i].kind == row->kind) {
			n = values_of(&r->rows[i], what, v);
			if (n)
				s.net = s.median - quantile(v, n, 0.5);
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

static void json_number(FILE *f, const char *key, double v)
{
	if (isnan(v))
		fprintf(f, "\"%s\":null", key);
	else
		fprintf(f, "\"%s\":%.2f", key, v);
}

/* Keys, titles and notes are ours, CPU names are the machine's: escape all. */
static void json_string(FILE *f, const char *key, const char *s)
{
	fprintf(f, "\"%s\":\"", key);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			fprintf(f, "\\u%04x", *s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void json_summary(FILE *f, const char *key, const struct micro_summary *s)
{
	fprintf(f, "\"%s\":{", key);
	json_number(f, "median", s->median);
	fputc(',', f);
	json_number(f, "min", s->min);
	fputc(',', f);
	json_number(f, "p25", s->p25);
	fputc(',', f);
	json_number(f, "p75", s->p75);
	fputc('}', f);
}

static void json_samples(FILE *f, const char *key, const struct micro_row *row, const double *from)
{
	int i;

	fprintf(f, "\"%s\":[", key);
	for (i = 0; i < row->rounds; i++) {
		double v = from[i];

		if (isnan(v))
			fprintf(f, "%snull", i ? "," : "");
		else
			fprintf(f, "%s%.2f", i ? "," : "", v);
	}
	fputc(']', f);
}

static void json_row(FILE *f, const struct micro_result *r, const struct micro_row *row)
{
	struct micro_summary w = micro_summarise(r, row, MICRO_WALL);
	struct micro_summary c = micro_summarise(r, row, MICRO_CPU);
	struct micro_summary s = micro_summarise(r, row, MICRO_SEND);

	fputs("  {", f);
	json_string(f, "key", row->key);
	fputc(',', f);
	json_string(f, "title", row->title);
	fprintf(f, ",\"kind\":\"%s\",\"bus\":\"%s\",\"direction\":\"%s\",\"path\":\"%s\",",
		kinds[row->kind], row->bus, row->direction, row->path);
	if (row->width)
		fprintf(f, "\"width\":%d,", row->width);
	else
		fputs("\"width\":null,", f);
	fprintf(f, "\"baseline\":%s,", row->baseline ? "true" : "false");
	json_number(f, "net_ns", row->kind == MICRO_ACCESS ? c.net : w.net);
	fputc(',', f);
	json_number(f, "net_wall_ns", w.net);
	fputc(',', f);
	json_summary(f, "wall_ns", &w);
	fputc(',', f);
	json_summary(f, "cpu_ns", &c);
	if (row->kind == MICRO_INTERRUPT) {
		fputc(',', f);
		json_summary(f, "send_ns", &s);
	}
	fprintf(f, ",\"quiet_rounds\":%d,\"noisy\":%s", micro_clean_rounds(row),
		micro_row_noisy(row) ? "true" : "false");
	fprintf(f, ",\"per_round\":%llu,\"expected\":%llu,\"seen\":%llu,",
		(unsigned long long)row->per_round, (unsigned long long)row->expected,
		(unsigned long long)row->seen);
	if (row->note[0])
		json_string(f, "note", row->note);
	else
		fputs("\"note\":null", f);
	fputc(',', f);
	json_samples(f, "wall_samples", row, row->wall);
	fputc(',', f);
	json_samples(f, "cpu_samples", row, row->cpu);
	fputc(',', f);
	if (row->kind == MICRO_INTERRUPT) {
		json_samples(f, "send_samples", row, row->send);
		fputc(',', f);
	}
	json_samples(f, "wait_pct_samples", row, row->wait);
	fputc('}', f);
}

void micro_print_json(FILE *f, const struct micro_result *r)
{
	int i;

	fputs("{\"schema\":1,\"tool\":\"vmmio-bench\",\"command\":\"micro\",", f);
	fprintf(f, "\"accel\":\"%s\",", vmmio_accel_name(r->accel));
	json_string(f, "cpu", r->cpu);
	fprintf(f, ",\"cpus\":%d,", r->cpus);
	json_string(f, "kernel", r->kernel);
	fputc(',', f);
	json_string(f, "date", r->date);
	if (r->halt_poll_ns < 0)
		fputs(",\"halt_poll_ns\":null,", f);
	else
		fprintf(f, ",\"halt_poll_ns\":%ld,", r->halt_poll_ns);
	fprintf(f, "\"noisy\":%s,", micro_noisy(r) ? "true" : "false");
	json_number(f, "wait_pct", r->noise.own);
	fputc(',', f);
	json_number(f, "pressure_pct", r->noise.any);
	fputc(',', f);
	json_number(f, "steal_pct", r->noise.steal);
	fputs(",\"rows\":[\n", f);
	for (i = 0; i < r->nr_rows; i++) {
		json_row(f, r, &r->rows[i]);
		fputs(i + 1 < r->nr_rows ? ",\n" : "\n", f);
	}
	fputs("]}\n", f);
}

static void csv_number(FILE *f, double v)
{
	if (isnan(v))
		fputc(',', f);
	else
		fprintf(f, ",%.2f", v);
}

void micro_print_csv(FILE *f, const struct micro_result *r)
{
	int i;

	fputs("accel,key,kind,bus,direction,width,path,baseline,wall_ns_median,wall_ns_min,"
	      "wall_ns_p25,wall_ns_p75,cpu_ns_median,net_ns,expected,seen,rounds,note,"
	      "send_ns_median,quiet_rounds,noisy\n",
	      f);
	for (i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];
		struct micro_summary w = micro_summarise(r, row, MICRO_WALL);
		struct micro_summary c = micro_summarise(r, row, MICRO_CPU);

		fprintf(f, "%s,%s,%s,%s,%s,", vmmio_accel_name(r->accel), row->key,
			kinds[row->kind], row->bus, row->direction);
		if (row->width)
			fprintf(f, "%d", row->width);
		fprintf(f, ",%s,%d", row->path, row->baseline);
		csv_number(f, w.median);
		csv_number(f, w.min);
		csv_number(f, w.p25);
		csv_number(f, w.p75);
		csv_number(f, c.median);
		csv_number(f, row->kind == MICRO_ACCESS ? c.net : w.net);
		fprintf(f, ",%llu,%llu,%d,\"%s\"", (unsigned long long)row->expected,
			(unsigned long long)row->seen, row->rounds, row->note);
		csv_number(f, micro_summarise(r, row, MICRO_SEND).median);
		fprintf(f, ",%d,%d\n", micro_clean_rounds(row), micro_row_noisy(row));
	}
}
