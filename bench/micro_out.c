// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers of `vmmio-bench micro`: summary statistics, table, JSON and CSV.
 * The JSON is also the access-cost table other commands read: look for
 * bus, direction, width, path and net_ns (thread time of access rows, else wall
 * time; less the baseline). A value that was not measured is
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

static double median_of(const struct micro_row *row, bool cpu)
{
	double v[MICRO_MAX_ROUNDS];
	int n = 0, i;

	for (i = 0; i < row->rounds; i++) {
		double x = cpu ? row->cpu[i] : row->wall[i];

		if (!isnan(x))
			v[n++] = x;
	}
	if (!n)
		return NAN;
	qsort(v, n, sizeof(v[0]), by_value);
	return quantile(v, n, 0.5);
}

struct micro_summary micro_summarise(const struct micro_result *r, const struct micro_row *row,
				     bool cpu)
{
	struct micro_summary s = {NAN, NAN, NAN, NAN, NAN};
	double v[MICRO_MAX_ROUNDS], base = NAN;
	int n = 0, i;

	for (i = 0; i < row->rounds; i++) {
		double x = cpu ? row->cpu[i] : row->wall[i];

		if (!isnan(x))
			v[n++] = x;
	}
	if (!n || row->note[0])
		return s;
	qsort(v, n, sizeof(v[0]), by_value);
	s.median = quantile(v, n, 0.5);
	s.min = v[0];
	s.p25 = quantile(v, n, 0.25);
	s.p75 = quantile(v, n, 0.75);
	for (i = 0; i < r->nr_rows; i++)
		if (r->rows[i].baseline && r->rows[i].kind == row->kind)
			base = median_of(&r->rows[i], cpu);
	if (!row->baseline && !isnan(base))
		s.net = s.median - base;
	return s;
}

static void cell(FILE *f, int width, double v)
{
	if (isnan(v))
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*.*f", width, v < 100 ? 1 : 0, v);
}

/* Half the distance between the quartiles, in per cent of the median. */
static double spread(const struct micro_summary *s)
{
	return s->median > 0 ? 50 * (s->p75 - s->p25) / s->median : NAN;
}

static void table_section(FILE *f, const struct micro_result *r, enum micro_kind kind)
{
	static const char *const heading[] = {
		"ACCESS",
		"INTERRUPT (send to handler, guest halted)",
		"FIRMWARE READ (SeaBIOS INT 13h, one kick and one status read each)",
	};
	bool first = true;
	int i;

	for (i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];
		struct micro_summary w, c;

		if (row->kind != kind)
			continue;
		if (first) {
			fprintf(f, "\n%s\n%-28s %-15s %8s %8s %6s %8s %8s %8s\n", heading[kind],
				"ROW", "PATH", "ns", "min", "+-%",
				kind == MICRO_INTERRUPT ? "send-ns" : "cpu-ns",
				kind == MICRO_ACCESS ? "net-cpu" : "net-ns", "n");
			first = false;
		}
		fprintf(f, "%-28s %-15s", row->key, row->path);
		if (row->note[0]) {
			fprintf(f, " %8s  %s\n", "-", row->note);
			continue;
		}
		w = micro_summarise(r, row, false);
		c = micro_summarise(r, row, true);
		cell(f, 8, w.median);
		cell(f, 8, w.min);
		cell(f, 6, spread(&w));
		cell(f, 8, c.median);
		cell(f, 8, kind == MICRO_ACCESS ? c.net : w.net);
		fprintf(f, " %8llu%s\n", (unsigned long long)row->seen,
			row->baseline ? "  (baseline)" : "");
	}
}

void micro_print_table(FILE *f, const struct micro_result *r)
{
	fprintf(f, "vmmio-bench micro on %s: %s, %d CPUs, Linux %s, %s\n",
		vmmio_accel_name(r->accel), r->cpu, r->cpus, r->kernel, r->date);
	fprintf(f, "halt polling ");
	if (r->halt_poll_ns < 0)
		fprintf(f, "-");
	else
		fprintf(f, "%ld ns", r->halt_poll_ns);
	fprintf(f, ", steal ");
	if (isnan(r->steal_pct))
		fprintf(f, "-\n");
	else
		fprintf(f, "%.1f %%\n", r->steal_pct);
	fprintf(f, "Median over rounds; +-%% is half the quartile distance; net is less the "
		   "baseline.\n");
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

static void json_samples(FILE *f, const char *key, const struct micro_row *row, bool cpu)
{
	int i;

	fprintf(f, "\"%s\":[", key);
	for (i = 0; i < row->rounds; i++) {
		double v = cpu ? row->cpu[i] : row->wall[i];

		if (isnan(v))
			fprintf(f, "%snull", i ? "," : "");
		else
			fprintf(f, "%s%.2f", i ? "," : "", v);
	}
	fputc(']', f);
}

static void json_row(FILE *f, const struct micro_result *r, const struct micro_row *row)
{
	struct micro_summary w = micro_summarise(r, row, false);
	struct micro_summary c = micro_summarise(r, row, true);

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
	json_summary(f, row->kind == MICRO_INTERRUPT ? "send_ns" : "cpu_ns", &c);
	fprintf(f, ",\"per_round\":%llu,\"expected\":%llu,\"seen\":%llu,",
		(unsigned long long)row->per_round, (unsigned long long)row->expected,
		(unsigned long long)row->seen);
	if (row->note[0])
		json_string(f, "note", row->note);
	else
		fputs("\"note\":null", f);
	fputc(',', f);
	json_samples(f, "wall_samples", row, false);
	fputc(',', f);
	json_samples(f, row->kind == MICRO_INTERRUPT ? "send_samples" : "cpu_samples", row, true);
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
	json_number(f, "steal_pct", r->steal_pct);
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
	      "wall_ns_p25,wall_ns_p75,cpu_or_send_ns_median,net_ns,expected,seen,rounds,note\n",
	      f);
	for (i = 0; i < r->nr_rows; i++) {
		const struct micro_row *row = &r->rows[i];
		struct micro_summary w = micro_summarise(r, row, false);
		struct micro_summary c = micro_summarise(r, row, true);

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
		fprintf(f, ",%llu,%llu,%d,\"%s\"\n", (unsigned long long)row->expected,
			(unsigned long long)row->seen, row->rounds, row->note);
	}
}
