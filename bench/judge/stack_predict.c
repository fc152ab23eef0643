// SPDX-License-Identifier: GPL-2.0-only
/*
 * A prediction of the whole stack, compared with the measurement (stack.h): the count of each kind
 * of exit times the cost of one from exit to entry, plus the guest's own share, against the
 * instructions of an I/O. The rest is printed, not explained away.
 */
#include <math.h>
#include <string.h>

#include "stack.h"
#include "bench/data/rounds.h"
#include "bench/data/stats.h"

/* Exits of @name per I/O over all boots, and what one takes; false: none of that kind. */
static bool kind_of(const struct vmmio_stack *s, int c, const char *name, double *per_io,
		    double *each)
{
	double exits = 0, ns = 0;

	for (unsigned int b = 0; b < s->boots; b++) {
		const struct vmmio_host_round *h = &s->host[b * VMMIO_COLUMNS + c];

		for (size_t k = 0; k < h->nkinds; k++) {
			if (!h->kind[k].of_device || strcmp(h->kind[k].name, name))
				continue;
			exits += h->kind[k].exits;
			/* none of no exits, else it must be known */
			if (h->kind[k].exits != 0)
				ns += h->kind[k].exits * (h->kind[k].ns / h->kind[k].timed);
		}
	}
	*per_io = exits / ((double)s->boots * s->rounds * s->count);
	*each = ns / exits;
	return exits > 0 || isnan(exits);
}

static double median_of(const struct vmmio_stack *s, int c, enum vmmio_metric_id metric)
{
	const struct vmmio_series *v;
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	v = vmmio_series_get(&s->set, labels, metric);
	return v && v->n ? vmmio_stats_median(v->v, v->n) : NAN;
}

/* Of an I/O with the host's probes attached, as what an exit takes has them in it. */
static double measured(const struct vmmio_stack *s, int c)
{
	return median_of(s, c, VMMIO_M_STACK_MEAN) * median_of(s, c, VMMIO_M_OBSERVER);
}

json_t *vmmio_stack_predict(const struct vmmio_stack *s)
{
	json_t *kinds = vmmio_stack_kinds(s), *out = json_array(), *kind;
	size_t i;

	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		double exits = 0, all = measured(s, c), per_io, each;
		double guest = vmmio_stack_layer(s, c, VMMIO_LAYER_GUEST);
		json_t *rows = json_array();

		json_array_foreach(kinds, i, kind) {
			const char *name = json_string_value(json_object_get(kind, "kind"));

			if (!kind_of(s, c, name, &per_io, &each))
				continue;
			exits += per_io * each;
			json_array_append_new(
				rows, json_pack("{s:s, s:o, s:o}", "kind", name, "per_io",
						vmmio_json_number_or_null(per_io), "instructions",
						vmmio_json_number_or_null(each)));
		}
		json_array_append_new(out,
				      json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "transport",
						vmmio_columns[c], "kinds", rows, "exits",
						vmmio_json_number_or_null(exits), "guest",
						vmmio_json_number_or_null(guest), "measured",
						vmmio_json_number_or_null(all), "residual",
						vmmio_json_number_or_null(all - exits - guest)));
	}
	json_decref(kinds);
	return out;
}

static double number(const json_t *row, const char *key)
{
	const json_t *v = json_object_get(row, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void print_number(FILE *f, double v)
{
	if (isnan(v))
		fprintf(f, " %10s", "-");
	else
		fprintf(f, " %10.0f", v);
}

static void print_row(const json_t *rows, const char *heading, const char *key, FILE *f)
{
	fprintf(f, "%-40s", heading);
	for (int c = 0; c < VMMIO_COLUMNS; c++)
		print_number(f, number(json_array_get(rows, c), key));
	fputc('\n', f);
}

/* A kind's line, with the first column that has it; @c and later ones may. */
static void print_kind(const json_t *rows, const char *name, FILE *f)
{
	fprintf(f, "  %-38s", name);
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		double v = 0;
		json_t *k;
		size_t i;

		json_array_foreach(json_object_get(json_array_get(rows, c), "kinds"), i, k)
			if (!strcmp(json_string_value(json_object_get(k, "kind")), name))
				v = number(k, "per_io") * number(k, "instructions");
		print_number(f, v);
	}
	fputc('\n', f);
}

void vmmio_stack_print_prediction(const struct vmmio_stack *s, const json_t *rows, FILE *f)
{
	const json_t *mmio = json_array_get(rows, 0), *msix = json_array_get(rows, 2);
	json_t *kinds = vmmio_stack_kinds(s), *kind;
	double predicted, is;
	size_t i;

	fprintf(f, "%-40s %10s %10s %10s\n", "instructions per I/O", vmmio_columns[0],
		vmmio_columns[1], vmmio_columns[2]);
	print_row(rows, "exits, count times cost of one", "exits", f);
	json_array_foreach(kinds, i, kind)
		print_kind(rows, json_string_value(json_object_get(kind, "kind")), f);
	print_row(rows, "guest", "guest", f);
	print_row(rows, "measured, mean I/O, host's probes in it", "measured", f);
	print_row(rows, "residual", "residual", f);
	predicted = number(mmio, "exits") + number(mmio, "guest") - number(msix, "exits") -
		    number(msix, "guest");
	is = number(mmio, "measured") - number(msix, "measured");
	if (!isnan(predicted) && !isnan(is))
		fprintf(f,
			"mmio over pci-msix: %.0f predicted, %.0f measured; residual %.0f, %.1f "
			"%% of it\n",
			predicted, is, is - predicted, 100 * (is - predicted) / is);
	else
		fprintf(f, "mmio over pci-msix: - (%s)\n",
			s->layers ? "not all was measured" : "the layers were not measured");
	fprintf(f,
		"An exit is from exit to entry, the host's probes in it (on %s), the guest's share "
		"without\nthem. The residual is what neither holds: the device's backend, "
		"interrupts on "
		"their way,\nhalts, and probes beside the exits.\n",
		vmmio_accel_name(s->accel));
	json_decref(kinds);
}
