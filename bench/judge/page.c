// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page of a sweep: headline, table of prices, findings, pictures, limits, files. findings.c
 * makes the findings.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "findings.h"
#include "lib/accel.h"

static void cell(const struct vmmio_findings *in, enum vmmio_metric_id key, const char *load,
		 const char *transport, FILE *f)
{
	char text[80];

	vmmio_series_text(vmmio_findings_nearest(in, key, load, transport, "1"), text,
			  sizeof(text));
	fprintf(f, " %s |", text);
}

/* Accesses of one role, from the registers of the setting that the total is of. */
static void role_cell(const struct vmmio_findings *in, enum vmmio_role role, const char *load,
		      const char *transport, FILE *f)
{
	const struct vmmio_series *all =
		vmmio_findings_nearest(in, VMMIO_M_ACCESSES_PER_IO, load, transport, "1");
	char text[80] = "-";
	double sum = 0;

	for (size_t i = 0; all && i < in->tables->set->n; i++) {
		const struct vmmio_series *s = &in->tables->set->s[i];

		if (s->id == VMMIO_M_REGISTER && !strcmp(s->labels, all->labels) &&
		    vmmio_role_of(s->key + 4) == role)
			sum += vmmio_series_text(s, text, sizeof(text));
	}
	if (all)
		vmmio_format(sum, text, sizeof(text));
	fprintf(f, " %s |", text);
}

/* One screen: what an I/O costs, by transport. */
static void write_prices(const struct vmmio_findings *in, FILE *f)
{
	static const struct {
		enum vmmio_metric_id key;
		const char *text;
	} rows[] = {
		{VMMIO_M_ACCESSES_PER_KICK, "accesses per kick"},
		{VMMIO_M_ACCESSES_PER_IRQ, "accesses per interrupt (EOIs not visible)"},
		{VMMIO_M_PATH_MIN, "guest instructions per I/O, shortest"},
		{VMMIO_M_PATH_P50, "guest instructions per I/O, median"},
	};
	const struct vmmio_factor *t = vmmio_findings_factor(in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	const char *load = l ? l->value[l->base] : NULL;
	bool emulated = vmmio_accel_emulated(in->tables->accel);

	if (!t || !vmmio_findings_nearest(in, VMMIO_M_ACCESSES_PER_IO, load, NULL, "1"))
		return;
	fprintf(f, "| %s, depth 1 |", load ? load : "all");
	for (size_t i = 0; i < t->n; i++)
		fprintf(f, " %s |", t->value[i]);
	fprintf(f, " class |\n|---|");
	for (size_t i = 0; i < t->n; i++)
		fprintf(f, "---|");
	fprintf(f, "---|\n| **register accesses per I/O** |");
	for (size_t i = 0; i < t->n; i++)
		cell(in, VMMIO_M_ACCESSES_PER_IO, load, t->value[i], f);
	fprintf(f, " structural |\n");
	for (int role = 0; role < VMMIO_ROLE_OTHER; role++) {
		fprintf(f, "| - %s |", vmmio_role_heading[role]);
		for (size_t i = 0; i < t->n; i++)
			role_cell(in, role, load, t->value[i], f);
		fprintf(f, " structural |\n");
	}
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
		const struct vmmio_series *any =
			vmmio_findings_nearest(in, rows[k].key, load, NULL, "1");

		if (!any || (emulated && vmmio_series_emulated(any, in->tables->accel)))
			continue;
		fprintf(f, "| %s |", rows[k].text);
		for (size_t i = 0; i < t->n; i++)
			cell(in, rows[k].key, load, t->value[i], f);
		fprintf(f, " %s |\n", vmmio_class_name(any->cls));
	}
}

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "-";
}

/* Was anything of it run under KVM in a bench host? Then exits were counted. */
static bool is_hosted(const struct vmmio_findings *in)
{
	return vmmio_tables_find(in->tables, "transport", VMMIO_M_EXITS_PER_IO) ||
	       vmmio_tables_find(in->tables, "transport", VMMIO_M_STACK_MEAN);
}

/* "5, 3, 101455": exits, those to userspace, instructions, each - where it is not known. */
static double whole_cell(const struct vmmio_findings *in, const char *labels, bool deep, FILE *f)
{
	static const enum vmmio_metric_id keys[] = {VMMIO_M_EXITS_PER_IO,
						    VMMIO_M_USER_EXITS_PER_IO};
	const struct vmmio_series *s;
	char text[80];
	double median;

	for (int i = 0; i < 2; i++) {
		vmmio_series_text(vmmio_series_get(in->tables->set, labels, keys[i]), text,
				  sizeof(text));
		fprintf(f, "%s %s", i ? "," : " |", text);
	}
	s = vmmio_series_get(in->tables->set, labels,
			     deep ? VMMIO_M_STACK_MEAN : VMMIO_M_STACK_P50);
	median = vmmio_series_text(s, text, sizeof(text));
	fprintf(f, ", %s", text);
	return median;
}

/* A row for each setting: what an I/O costs guest, KVM and monitor together. */
static void write_whole(const struct vmmio_findings *in, FILE *f)
{
	/* a host with several processors has exits, but no instructions */
	const struct vmmio_table *t =
		vmmio_tables_find(in->tables, "transport", VMMIO_M_STACK_MEAN)
			?: vmmio_tables_find(in->tables, "transport", VMMIO_M_EXITS_PER_IO);

	if (!t)
		return;
	fprintf(f,
		"Per I/O: exits, those of them to userspace, and instructions of guest, KVM and "
		"monitor together (of the median I/O at depth 1, of the mean deeper). Each count "
		"of the guest is its host's. An interrupt that the emulated processor delivered "
		"twice is in the counts: some hundredths above a whole number.\n\n| setting |");
	for (size_t v = 0; v < t->by->n; v++)
		fprintf(f, " %s |", t->by->value[v]);
	fprintf(f, " first over last |\n|---|");
	for (size_t v = 0; v < t->by->n; v++)
		fprintf(f, "---|");
	fprintf(f, "---|\n");
	for (size_t i = 0; i < t->n; i++) {
		bool deep = !vmmio_series_is(t->row[i].lead, "depth", "1");
		double first = NAN, last = NAN;

		fprintf(f, "| %s", t->row[i].setting);
		for (size_t v = 0; v < t->by->n; v++) {
			const struct vmmio_series *s =
				vmmio_tables_cell(in->tables, t, &t->row[i], v);

			if (!s) {
				fprintf(f, " | -");
				continue;
			}
			last = whole_cell(in, s->labels, deep, f);
			if (isnan(first))
				first = last;
		}
		if (isnan(first / last))
			fprintf(f, " | - |\n");
		else
			fprintf(f, " | %.2f |\n", first / last);
	}
	fputc('\n', f);
}

static void write_limits(const struct vmmio_findings *in, FILE *f)
{
	const char *under;
	json_t *host;
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");

	fprintf(f,
		"\n## What these data cannot say\n\n"
		"%s",
		is_hosted(in) ? ""
			      : "- How many exits an access costs, and EOIs: the guest counts "
				"accesses, only a host counts exits.\n");
	if (is_hosted(in))
		fprintf(f,
			"- Anything about time, and what the processor itself needs to change "
			"worlds. The accelerator is %s: what is counted is instructions.\n"
			"- What a host with more processors does: on this one the backend waits "
			"until the guest halts.\n",
			vmmio_accel_name(in->tables->accel));
	else if (vmmio_accel_emulated(in->tables->accel))
		fprintf(f,
			"- Anything about time. The accelerator is %s: all durations are the "
			"emulator's, and are not shown.\n"
			"- Which transport batches better. Under emulation the device completes "
			"inside "
			"the doorbell write (or, with a completion delay, when the emulator's "
			"timer runs): rows marked ~ are true of these runs, comparable within a "
			"row and never between mmio and pci.\n",
			vmmio_accel_name(in->tables->accel));
	else if (in->tables->accel == VMMIO_ACCEL_KVM_SOFT)
		fprintf(f, "- Times on hardware: these are of a KVM without hardware support.\n");
	if (in->boots < 4)
		fprintf(f, "- Small effects: with %u boot%s a range is all that can be given.\n",
			in->boots, in->boots == 1 ? "" : "s");
	if (in->failed)
		fprintf(f, "- What the %zu failed runs would have shown: see `result.json`.\n",
			in->failed);
	fprintf(f, "- Other devices, VMMs and kernels than these: ");
	for (size_t i = 0; l && i < l->n; i++)
		fprintf(f, "%s%s", i ? ", " : "loads ", l->value[i]);
	fprintf(f, "; QEMU %s; guest kernel %s", text_of(in->machine, "qemu"),
		text_of(in->guest, "kernel"));
	json_object_foreach((json_t *)in->hosts, under, host)
		fprintf(f, "; bench host %s: Linux %s, QEMU %s", under, text_of(host, "kernel"),
			text_of(host, "qemu"));
	fprintf(f, ".\n");
}

void vmmio_findings_write(const struct vmmio_findings *in, FILE *f)
{
	char again[64] = "";
	size_t i;
	json_t *plot;

	fprintf(f, "# %s\n\n", in->title[0] ? in->title : in->name);
	write_whole(in, f);
	write_prices(in, f);
	if (in->repeated)
		snprintf(again, sizeof(again), ", %zu hung or failed and %s run again",
			 in->repeated, in->repeated == 1 ? "was" : "were");
	fprintf(f,
		"\n%s%zu runs of one boot each, %u boot%s of every setting, %zu failed%s. "
		"Accelerator "
		"%s, CPU %s, QEMU %s. Written by `vmmio-bench sweep`; `experiment.ini` says what "
		"was "
		"run and repeats it. Numbers are medians over boots, with the [range] where they "
		"differ; a row marked ~ is true of this emulated run only; `-` was not measured. "
		"T3.2 is row 2 of table T3 in [tables.md](tables.md).\n\n## Findings\n\n",
		in->quick ? "A quick look, not a study: " : "", in->runs, in->boots,
		in->boots == 1 ? "" : "s", in->failed, again, vmmio_accel_name(in->tables->accel),
		text_of(in->machine, "cpu"), text_of(in->machine, "qemu"));
	if (!vmmio_findings_sentences(in, f))
		fprintf(f, "None: no setting was measured twice.\n");
	json_array_foreach(in->plots, i, plot)
		fprintf(f, "%s![%s](%s.svg)\n", i ? "\n" : "\n## Figures\n\n",
			text_of(plot, "text"), text_of(plot, "name"));
	write_limits(in, f);
	fprintf(f,
		"\n## Files\n\n"
		"[tables.md](tables.md): the tables. `series.csv` and `series.json`: every number, "
		"by boot in the latter. `rounds.jsonl.gz`: the raw rounds. `result.json`: seed, "
		"failures. `machine.json`: the machine. `*.tsv`: what the figures show. Made again "
		"from these by `vmmio-bench report`, without running anything.\n");
}
