// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparison as a table for people and as CSV. It decides how a value is
 * written (exact, spread, "~", "-"), not what it means.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load.h"
#include "compare.h"
#include "bench/data/stats.h"
#include "lib/accel.h"
#include "lib/csv.h"

#define HEADING_WIDTH 34
#define CELL_WIDTH 25

const char *const vmmio_role_heading[VMMIO_ROLES] = {
	[VMMIO_ROLE_DOORBELL] = "doorbell (QueueNotify, notify)",
	[VMMIO_ROLE_REASON] = "InterruptStatus, isr_status",
	[VMMIO_ROLE_ACK] = "InterruptACK",
	[VMMIO_ROLE_OTHER] = "other registers",
};

const struct vmmio_series *vmmio_comparison_series(const struct vmmio_comparison *c,
						   const char *column, unsigned int depth,
						   enum vmmio_metric_id key)
{
	char labels[VMMIO_LABELS_MAX];

	snprintf(labels, sizeof(labels), "load=%s transport=%s depth=%u", c->load, column, depth);
	return vmmio_series_get(&c->set, labels, key);
}

enum vmmio_role vmmio_role_of(const char *reg)
{
	if (!strcmp(reg, "QueueNotify") || !strcmp(reg, "notify"))
		return VMMIO_ROLE_DOORBELL;
	if (!strcmp(reg, "InterruptStatus") || !strcmp(reg, "isr_status"))
		return VMMIO_ROLE_REASON;
	return strcmp(reg, "InterruptACK") ? VMMIO_ROLE_OTHER : VMMIO_ROLE_ACK;
}

int vmmio_comparison_role(const struct vmmio_comparison *c, const char *column, unsigned int depth,
			  enum vmmio_role role, struct vmmio_series *out)
{
	const struct vmmio_series *all =
		vmmio_comparison_series(c, column, depth, VMMIO_M_ACCESSES_PER_IO);
	char labels[VMMIO_LABELS_MAX];

	memset(out, 0, sizeof(*out));
	if (!all)
		return -1;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the caller frees what an earlier call made */
	snprintf(labels, sizeof(labels), "%s", all->labels);
	snprintf(out->heading, sizeof(out->heading), "%s", vmmio_role_heading[role]);
	snprintf(out->unit, sizeof(out->unit), "accesses");
	out->cls = all->cls;
	out->n = all->n;
	out->v = calloc(all->n ? all->n : 1, sizeof(*out->v));
	if (!out->v)
		return -1;
	for (size_t b = 0; b < all->n; b++)
		if (isnan(all->v[b])) /* a boot that did not count knows no register either */
			out->v[b] = NAN;
	for (size_t i = 0; i < c->set.n; i++) {
		const struct vmmio_series *s = &c->set.s[i];

		if (s->id != VMMIO_M_REGISTER || strcmp(s->labels, labels) ||
		    vmmio_role_of(s->key + 4) != role)
			continue;
		for (size_t b = 0; b < all->n && b < s->n; b++)
			out->v[b] += s->v[b];
	}
	return 0;
}

void vmmio_format(double v, char *buf, size_t len)
{
	if (isnan(v)) {
		snprintf(buf, len, "-");
		return;
	}
	if (v == floor(v) && fabs(v) < 1e6)
		snprintf(buf, len, "%.0f", v);
	else if (fabs(v) >= 1000)
		snprintf(buf, len, "%.0f", v);
	else if (fabs(v) >= 10)
		snprintf(buf, len, "%.1f", v);
	else
		snprintf(buf, len, "%.3f", v);
}

/* One cell: the value if all boots agree, else the median and the range. */
static bool print_cell(const struct vmmio_series *s, FILE *f)
{
	char mid[24], low[24], high[24], text[96] = "-";
	double *known, min, max;
	bool exact = true;
	size_t n;

	if (s && s->n) {
		known = malloc(s->n * sizeof(*known));
		if (!known)
			return false;
		n = vmmio_series_known(s, known);
		exact = vmmio_series_exact(s);
		vmmio_format(vmmio_stats_median(known, n), mid, sizeof(mid));
		if (exact || n < 2) {
			snprintf(text, sizeof(text), "%s", mid);
			exact = n == s->n;
		} else {
			vmmio_stats_range(known, n, &min, &max);
			vmmio_format(min, low, sizeof(low));
			vmmio_format(max, high, sizeof(high));
			snprintf(text, sizeof(text), "%s [%s-%s]", mid, low, high);
		}
		free(known);
	}
	fprintf(f, "%-*s", CELL_WIDTH, text);
	return exact;
}

static void print_row(const struct vmmio_comparison *c,
		      const struct vmmio_series *cell[VMMIO_COLUMNS], const char *indent, FILE *f)
{
	const struct vmmio_series *any = NULL;
	bool exact = true, emulated;
	char heading[96];

	for (int i = 0; i < VMMIO_COLUMNS; i++)
		if (cell[i] && !any)
			any = cell[i];
	if (!any)
		return;
	emulated = vmmio_series_emulated(any, c->accel);
	snprintf(heading, sizeof(heading), "%s%s%s%s%s%s", indent, emulated ? "~" : "",
		 any->heading, any->cls == VMMIO_TIME ? ", " : "",
		 any->cls == VMMIO_TIME ? any->unit : "", "");
	fprintf(f, "%-*s", HEADING_WIDTH, heading);
	for (int i = 0; i < VMMIO_COLUMNS; i++)
		exact &= print_cell(cell[i], f);
	fprintf(f, "%s%s\n", vmmio_class_name(any->cls),
		any->cls != VMMIO_STRUCTURAL ? ""
		: c->boots < 2		     ? ", one boot"
		: exact			     ? ", exact"
					     : ", NOT EXACT");
}

static bool all_zero(const struct vmmio_series *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] != 0)
			return false;
	return true;
}

static void print_roles(const struct vmmio_comparison *c, unsigned int depth, FILE *f)
{
	for (int role = 0; role < VMMIO_ROLES; role++) {
		struct vmmio_series s[VMMIO_COLUMNS];
		const struct vmmio_series *cell[VMMIO_COLUMNS];
		bool any = false;

		for (int i = 0; i < VMMIO_COLUMNS; i++) {
			cell[i] = NULL;
			if (vmmio_comparison_role(c, vmmio_columns[i], depth, role, &s[i]))
				continue;
			cell[i] = &s[i];
			any |= !all_zero(&s[i]);
		}
		if (any)
			print_row(c, cell, "  ", f);
		for (int i = 0; i < VMMIO_COLUMNS; i++)
			free(s[i].v);
	}
}

void vmmio_equal_print(const json_t *settings, FILE *f)
{
	static const char *const keys[] = {"ring_size", "max_segments", "features", "ioeventfd"};
	static const char *const words[] = {"ring", "max_segments", "features", "ioeventfd"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *values = json_object_get(settings, keys[i]);
		const char *column;
		json_t *v, *first = NULL;
		bool equal = true;

		json_object_foreach(values, column, v) {
			if (first && !json_equal(first, v))
				equal = false;
			first = v;
		}
		fprintf(f, "%s%s ", i ? ", " : "", words[i]);
		if (!first || json_is_null(first))
			fprintf(f, "-");
		else if (!equal)
			fprintf(f, "DIFFERS");
		else if (json_is_string(first))
			fprintf(f, "%s", json_string_value(first));
		else if (json_is_boolean(first))
			fprintf(f, "%s", json_is_true(first) ? "on" : "off");
		else
			fprintf(f, "%lld", (long long)json_integer_value(first));
	}
	fprintf(f, "\n");
}

void vmmio_comparison_print(const struct vmmio_comparison *c, FILE *f)
{
	const char *kernel = json_string_value(json_object_get(c->guest, "kernel"));

	fprintf(f, "virtio-blk, %s, null disks, accelerator %s\n", c->load_text,
		vmmio_accel_name(c->accel));
	fprintf(f, "%u boots x %u rounds x %u I/Os, guest kernel %s, QEMU %s\n", c->boots,
		c->rounds, c->count, kernel ? kernel : "-", c->qemu);
	fprintf(f, "on all sides: ");
	vmmio_equal_print(c->equal, f);
	for (size_t d = 0; d < c->depths.n; d++) {
		char head[32];

		snprintf(head, sizeof(head), "depth %u", c->depths.v[d]);
		fprintf(f, "\n%-*s", HEADING_WIDTH, head);
		for (int i = 0; i < VMMIO_COLUMNS; i++)
			fprintf(f, "%-*s", CELL_WIDTH, vmmio_columns[i]);
		fprintf(f, "class\n");
		for (int m = 0; m < VMMIO_M_COUNT; m++) {
			const struct vmmio_series *cell[VMMIO_COLUMNS];
			bool known = false;

			for (int i = 0; i < VMMIO_COLUMNS; i++) {
				cell[i] = vmmio_comparison_series(c, vmmio_columns[i],
								  c->depths.v[d], m);
				for (size_t b = 0; cell[i] && b < cell[i]->n; b++)
					known |= !isnan(cell[i]->v[b]);
			}
			/* a row that no column could measure says nothing */
			if (known)
				print_row(c, cell, "", f);
			if (m == VMMIO_M_ACCESSES_PER_IO)
				print_roles(c, c->depths.v[d], f);
		}
	}
	if (vmmio_accel_emulated(c->accel))
		fprintf(f,
			"\n~ true of this emulated run only: the device completes inside the "
			"doorbell "
			"write.%s\n",
			c->times ? "" : " Times are left out (--emulated-time shows them).");
}

void vmmio_comparison_csv(const struct vmmio_comparison *c, FILE *f)
{
	static const char *const labels[] = {"load", "transport", "depth"};
	struct vmmio_csv csv = {f};

	fprintf(f, "accel,load,transport,depth,key,heading,unit,class,boots,median,min,max,iqr,"
		   "exact\n");
	for (size_t i = 0; i < c->set.n; i++) {
		vmmio_csv_put(&csv, "%s", vmmio_accel_name(c->accel));
		for (size_t l = 0; l < sizeof(labels) / sizeof(labels[0]); l++) {
			char value[32];

			vmmio_series_label(&c->set.s[i], labels[l], value, sizeof(value));
			vmmio_csv_put(&csv, "%s", value);
		}
		vmmio_series_cells(&csv, &c->set.s[i], NULL);
	}
}
