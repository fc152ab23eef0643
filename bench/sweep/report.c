// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the readable half of a sweep's folder (report.h). Knows which files
 * there are, not what they say.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/plot/plot.h"
#include "report.h"

static int begin(const struct vmmio_report *rep, struct vmmio_tables *tables,
		 struct vmmio_findings *in)
{
	const char *word, *name, *title;
	enum vmmio_accel accel;
	json_t *failed;
	json_int_t runs;
	int boots;

	if (json_unpack((json_t *)rep->result, "{s:s, s:s, s:s, s:i, s:I, s:o}", "accel", &word,
			"experiment", &name, "title", &title, "boots", &boots, "runs", &runs,
			"failed", &failed) ||
	    boots < 1 || !vmmio_accel_find(word, &accel))
		return -EPROTO;
	*in = (struct vmmio_findings){
		.tables = tables,
		.title = title,
		.name = name,
		.boots = boots,
		.runs = runs,
		.quick = json_is_true(json_object_get(rep->result, "quick")),
		.failed = json_array_size(failed),
		.repeated = json_integer_value(json_object_get(rep->result, "repeated")),
		.machine = rep->machine,
		.guest = json_object_get(rep->result, "guest"),
		.hosts = json_object_get(rep->result, "hosts"),
		.rows = rep->rows,
		.costs = rep->costs,
		.ncosts = rep->ncosts};
	return vmmio_tables_build(tables, rep->set, accel);
}

enum part {
	CSV,
	TABLES,
	PAGE,
	PREDICTED,
	PARTS,
};

static const char *const part_name[PARTS] = {"series.csv", "tables.md", "README.md",
					     "predicted.tsv"};

static void write_predicted(const struct vmmio_findings *in, FILE *f)
{
	const struct vmmio_series_set *set = in->tables->set;

	fprintf(f,
		"costs_cpu\tcosts_accel\tcosts_date\tdoorbell\tlabels\tdoorbells\treads\twrites\t"
		"predicted_ns_per_io\n");
	for (size_t m = 0; m < in->ncosts; m++) {
		const struct vmmio_costs *c = &in->costs[m];

		for (size_t i = 0; i < set->n; i++) {
			if (set->s[i].id != VMMIO_M_ACCESSES_PER_IO ||
			    set->s[i].cls != VMMIO_STRUCTURAL)
				continue;
			for (int how = 0; how < VMMIO_DOORBELLS; how++) {
				struct vmmio_prediction p;

				vmmio_predict(set, set->s[i].labels, c, how, &p);
				if (!isnan(p.ns))
					fprintf(f, "%s\t%s\t%s\t%s\t%s\t%g\t%g\t%g\t%.1f\n", c->cpu,
						vmmio_accel_name(c->accel), c->date ? c->date : "-",
						vmmio_doorbell_name[how], set->s[i].labels,
						p.doorbells, p.reads, p.writes, p.ns);
			}
		}
	}
}

static int write_part(enum part part, const struct vmmio_findings *in, const struct vmmio_result *r)
{
	struct vmmio_result_text text;
	FILE *f = vmmio_result_begin(&text);

	if (!f)
		return -ENOMEM;
	switch (part) {
	case CSV:
		vmmio_series_csv(in->tables->set, in->tables->accel, f);
		break;
	case TABLES:
		fprintf(f,
			"# Tables: %s\n\nOf [this page](README.md). A row marked ~ is true of this "
			"emulated run only: compare within it. Cells are medians over %u boot%s, "
			"with "
			"the range where boots differ; `-` was not measured. Labels that have "
			"their "
			"usual value are left out.\n",
			in->title[0] ? in->title : in->name, in->boots, in->boots == 1 ? "" : "s");
		vmmio_tables_write(in->tables, f);
		break;
	case PAGE:
		vmmio_findings_write(in, f);
		break;
	default:
		write_predicted(in, f);
	}
	return vmmio_result_end(&text, r, part_name[part]);
}

static int render(const struct vmmio_report *rep, const struct vmmio_result *r, bool all, char *why,
		  size_t len)
{
	struct vmmio_tables tables = {0};
	struct vmmio_findings in;
	json_t *plots = json_array();
	int err = begin(rep, &tables, &in), drawn;

	why[0] = '\0';
	drawn = err ?: vmmio_plot_sweep(&in, r, plots, why, len);
	in.plots = plots;
	for (int part = 0; part < PARTS && !err && all; part++)
		if (part != PREDICTED || in.ncosts)
			err = write_part(part, &in, r);
	vmmio_tables_free(&tables);
	json_decref(plots);
	return err ? err : all ? 0 : drawn;
}

int vmmio_report_write(const struct vmmio_report *rep, const struct vmmio_result *r, char *why,
		       size_t len)
{
	return render(rep, r, true, why, len);
}

int vmmio_report_plots(const struct vmmio_report *rep, const struct vmmio_result *r, char *why,
		       size_t len)
{
	return render(rep, r, false, why, len);
}

int vmmio_report_add_costs(struct vmmio_report *rep, const char *file, bool allow_soft, char *why,
			   size_t len)
{
	int err;

	if (rep->ncosts == VMMIO_COSTS_MAX) {
		snprintf(why, len, "more than %d tables of costs", VMMIO_COSTS_MAX);
		return -E2BIG;
	}
	err = vmmio_costs_load(file, allow_soft, NULL, &rep->costs[rep->ncosts], why, len);
	if (!err)
		rep->ncosts++;
	return err;
}

static void costs_name(size_t i, char *buf, size_t len)
{
	snprintf(buf, len, "costs-%zu.json", i + 1);
}

int vmmio_report_costs(struct vmmio_report *rep, const char *path, char *why, size_t len)
{
	char file[PATH_MAX], name[32];
	int err = 0;

	for (size_t i = 0; i < VMMIO_COSTS_MAX && !err; i++) {
		costs_name(i, name, sizeof(name));
		if (snprintf(file, sizeof(file), "%s/%s", path, name) >= (int)sizeof(file))
			return -ENAMETOOLONG;
		if (access(file, F_OK))
			break;
		/* who stored them allowed them */
		err = vmmio_report_add_costs(rep, file, true, why, len);
	}
	return err;
}

int vmmio_report_store_costs(const struct vmmio_report *rep, const struct vmmio_result *r)
{
	char name[32];
	int err = 0;

	for (size_t i = 0; i < rep->ncosts && !err; i++) {
		costs_name(i, name, sizeof(name));
		err = vmmio_result_write_json(r, name, rep->costs[i].json);
	}
	return err;
}

void vmmio_report_free(struct vmmio_report *rep)
{
	for (size_t i = 0; i < rep->ncosts; i++)
		vmmio_costs_free(&rep->costs[i]);
	rep->ncosts = 0;
}
