// SPDX-License-Identifier: GPL-2.0-only
/*
 * Script, series, checks and words of vmmio.ko against mainline (versus.h).
 * QEMU counts instructions and lets one be one nanosecond, so that the load's
 * latencies are lengths of paths. What else ran in between (a timer, another
 * thread) makes single I/Os longer: the shortest is the path itself.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/rounds.h"
#include "bench/data/stats.h"
#include "versus.h"
#include "lib/csv.h"
#include "lib/embed.h"
#include "sentence.h"

const char *const vmmio_sides[VMMIO_SIDES] = {"mainline", "vmmio", "traced"};

/*
 * take SIDE: hands all disks to one driver. vmmio.ko is told mainline's ring
 * size, device by device: left alone it would choose another one.
 */
VMMIO_EMBED(vmmio_versus_text, "versus.sh");

char *vmmio_versus_script(const struct vmmio_versus *v)
{
	static const enum vmmio_side turns[] = {VMMIO_SIDE_MAINLINE, VMMIO_SIDE_VMMIO,
						VMMIO_SIDE_VMMIO, VMMIO_SIDE_MAINLINE};
	size_t size;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	fputs(vmmio_versus_text, f);
	fprintf(f, "count=%u size=%u\n", v->count, v->block_size);
	for (unsigned int r = 0; r < v->rounds; r++)
		for (unsigned int t = 0; t < 4; t++)
			fprintf(f, "turn %s %u\n", vmmio_sides[turns[t]], r * 4 + t);
	fputs("printf '@info {\"guest\":{\"kernel\":\"%s\"}}\\n' \"$(uname -r)\"\n", f);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static void labels_of(enum vmmio_side side, const char *column, char *buf, size_t len)
{
	snprintf(buf, len, "load=randread driver=%s transport=%s depth=1", vmmio_sides[side],
		 column);
}

/* Of what the load said under @key in the rounds of one boot: the least, or the median. */
static double of_boot(const json_t *rows, unsigned int boot, const char *labels, const char *key,
		      bool least)
{
	double v[256], min = NAN, max;
	size_t n = 0, i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const json_t *x = json_object_get(json_object_get(row, "load"), key);

		if (json_integer_value(json_object_get(row, "boot")) == boot &&
		    !strcmp(json_string_value(json_object_get(row, "labels")), labels) &&
		    json_is_number(x) && n < sizeof(v) / sizeof(v[0]))
			v[n++] = json_number_value(x);
	}
	if (!least)
		return vmmio_stats_median(v, n);
	vmmio_stats_range(v, n, &min, &max);
	return n ? min : NAN;
}

/* Both drivers must have had the same ring and the same segments, in every boot. */
static void check_settings(struct vmmio_versus *v, const json_t *infos)
{
	static const char *const keys[] = {"ring_size", "max_segments"};
	size_t i;
	json_t *info;

	json_array_foreach(infos, i, info) {
		json_t *all = json_object_get(info, "settings");

		if (!v->settings)
			v->settings = json_incref(all);
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			for (size_t k = 0; k < 2; k++) {
				long long got[2];

				for (int s = 0; s < 2; s++) {
					json_t *x = json_object_get(all, vmmio_sides[s]);

					x = json_object_get(x, vmmio_columns[c]);
					x = json_object_get(x, keys[k]);
					got[s] = json_is_integer(x) ? json_integer_value(x) : -1;
				}
				vmmio_check_add(v->checks, i, "equal settings",
						got[0] > 0 && got[0] == got[1],
						"%s %s: %lld with mainline, %lld with vmmio",
						vmmio_columns[c], keys[k], got[0], got[1]);
			}
		}
	}
}

static void check_rounds(struct vmmio_versus *v, const json_t *rows)
{
	long long lost = vmmio_rounds_lost(rows), wrong = 0, n = 0;
	char text[200];
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const json_t *load = json_object_get(row, "load");

		n++;
		if (json_integer_value(json_object_get(load, "ios")) != v->count ||
		    json_integer_value(json_object_get(load, "errors")))
			wrong++;
	}
	vmmio_check_add(v->checks, -1, "all I/Os done",
			n == 6ll * 3 * v->rounds * v->boots && !wrong,
			"%lld rounds, %lld of them short", n, wrong);
	vmmio_check_add(v->checks, -1, "no events lost", lost == 0,
			"%lld lost in the traced rounds", lost);
	/* proves too that the BPF programs did run in the rounds that are called traced */
	vmmio_check_add(v->checks, -1, "two witnesses",
			vmmio_rounds_agree(rows, text, sizeof(text)), "%s", text);
}

int vmmio_versus_take(struct vmmio_versus *v, const json_t *rows, const json_t *infos)
{
	char labels[VMMIO_LABELS_MAX];
	int err = 0;

	for (int s = 0; s < VMMIO_SIDES; s++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			labels_of(s, vmmio_columns[c], labels, sizeof(labels));
			for (unsigned int b = 0; b < v->boots && !err; b++) {
				err = vmmio_series_add(&v->set, labels, VMMIO_M_PATH_MIN, 1,
						       of_boot(rows, b, labels, "min_ns", true));
				if (!err)
					err = vmmio_series_add(
						&v->set, labels, VMMIO_M_PATH_P50, 1,
						of_boot(rows, b, labels, "p50_ns", false));
			}
		}
	}
	check_settings(v, infos);
	check_rounds(v, rows);
	return err;
}

double vmmio_versus_path(const struct vmmio_versus *v, enum vmmio_side side, const char *column,
			 bool median)
{
	char labels[VMMIO_LABELS_MAX];
	const struct vmmio_series *s;
	double *known, m;

	labels_of(side, column, labels, sizeof(labels));
	s = vmmio_series_get(&v->set, labels, median ? VMMIO_M_PATH_P50 : VMMIO_M_PATH_MIN);
	known = s && s->n ? malloc(s->n * sizeof(*known)) : NULL;
	if (!known)
		return NAN;
	m = vmmio_stats_median(known, vmmio_series_known(s, known));
	free(known);
	return m;
}

double vmmio_versus_above(const struct vmmio_versus *v, enum vmmio_side side, const char *column,
			  bool median)
{
	double base = vmmio_versus_path(v, VMMIO_SIDE_MAINLINE, column, median);

	return 100 * (vmmio_versus_path(v, side, column, median) - base) / base;
}

json_t *vmmio_versus_verdict(const struct vmmio_versus *v, bool *negative)
{
	json_t *sentences = json_array(), *check;
	size_t i;

	*negative = !vmmio_checks_ok(v->checks);
	json_array_foreach(v->checks, i, check)
		if (!json_is_true(json_object_get(check, "ok")))
			vmmio_sentence_add(sentences, "%s: %s",
					   json_string_value(json_object_get(check, "name")),
					   json_string_value(json_object_get(check, "text")));
	if (*negative) {
		vmmio_sentence_add(sentences, "the verdict is withheld");
		return sentences;
	}
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const char *column = vmmio_columns[c];
		double base = vmmio_versus_path(v, VMMIO_SIDE_MAINLINE, column, false);
		double off = vmmio_versus_above(v, VMMIO_SIDE_VMMIO, column, false);
		double on = vmmio_versus_above(v, VMMIO_SIDE_TRACED, column, false);
		bool bad = !(off <= v->limit), bad_on = !(on <= v->limit_traced);

		vmmio_sentence_add(sentences,
				   "%s: vmmio.ko needs %+.0f instructions per I/O (%+.2f %%) "
				   "against mainline's "
				   "%.0f: %s %+.2f %%; traced %+.1f %%: %s %+.0f %%",
				   column,
				   vmmio_versus_path(v, VMMIO_SIDE_VMMIO, column, false) - base,
				   off, base, bad ? "ABOVE the limit of" : "within", v->limit, on,
				   bad_on ? "ABOVE the limit of" : "within", v->limit_traced);
		*negative |= bad || bad_on;
	}
	vmmio_sentence_add(
		sentences,
		"instructions of the guest are no times: an access to a register counts as "
		"one, whatever it costs");
	return sentences;
}

static void print_settings(const struct vmmio_versus *v, const char *key, FILE *f)
{
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		json_t *x = json_object_get(v->settings, vmmio_sides[0]);

		x = json_object_get(json_object_get(x, vmmio_columns[c]), key);
		fprintf(f, "%s%s ", c ? ", " : "", vmmio_columns[c]);
		if (json_is_integer(x))
			fprintf(f, "%lld", (long long)json_integer_value(x));
		else
			fprintf(f, "-");
	}
}

static void print_number(double v, const char *format, int width, FILE *f)
{
	char text[32] = "-";

	if (!isnan(v))
		snprintf(text, sizeof(text), format, v);
	fprintf(f, "%*s", width, text);
}

void vmmio_versus_print(const struct vmmio_versus *v, FILE *f)
{
	fprintf(f,
		"virtio-blk, random reads of %u bytes at depth 1, null disks, instructions counted "
		"by emulation\n",
		v->block_size);
	fprintf(f,
		"%u boots x %u x (mainline vmmio vmmio mainline) x %u I/Os, guest kernel %s, QEMU "
		"%s\n",
		v->boots, v->rounds, v->count, v->kernel ? v->kernel : "-", v->qemu);
	fprintf(f, "on both sides: ring ");
	print_settings(v, "ring_size", f);
	fprintf(f, "; max_segments ");
	print_settings(v, "max_segments", f);
	fprintf(f, "\n\n%-26s%10s%10s%10s%10s%10s  class\n", "instructions per I/O", "mainline",
		"vmmio", "diff %", "traced", "traced %");
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		for (int m = 0; m < 2; m++) {
			const char *column = vmmio_columns[c];

			fprintf(f, "%-26s", m ? "  median I/O" : column);
			for (int s = 0; s < VMMIO_SIDES; s++) {
				print_number(vmmio_versus_path(v, s, column, m), "%.0f", 10, f);
				if (s)
					print_number(vmmio_versus_above(v, s, column, m), "%+.2f",
						     10, f);
			}
			fprintf(f, "  path\n");
		}
	}
}

void vmmio_versus_csv(const struct vmmio_versus *v, FILE *f)
{
	struct vmmio_csv csv = {f};

	fprintf(f, "transport,driver,boots,instructions_per_io,above_mainline_pct,"
		   "instructions_per_io_p50,above_mainline_p50_pct\n");
	for (int c = 0; c < VMMIO_COLUMNS; c++)
		for (int s = 0; s < VMMIO_SIDES; s++) {
			vmmio_csv_put(&csv, "%s", vmmio_columns[c]);
			vmmio_csv_put(&csv, "%s", vmmio_sides[s]);
			vmmio_csv_put(&csv, "%u", v->boots);
			for (int m = 0; m < 2; m++) {
				vmmio_csv_number(&csv, vmmio_versus_path(v, s, vmmio_columns[c], m),
						 10);
				vmmio_csv_number(&csv,
						 vmmio_versus_above(v, s, vmmio_columns[c], m), 10);
			}
			vmmio_csv_end(&csv);
		}
}
