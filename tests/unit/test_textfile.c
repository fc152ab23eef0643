// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording as a source, and the metrics made of it: deltas of its
 * snapshots are its lines again, and every sample of the textfile equals the
 * sum that the recording's own JSON gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/view/metrics.h"

#define LINES_MAX 16

static const struct vmmio_want want = {.hists = (1u << VMMIO_HIST_COUNT) - 1, .regs = true};

struct recording {
	char path[512];
	json_t *line[LINES_MAX];
	int n;
};

static void recording_load(struct recording *r)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *f;

	memset(r, 0, sizeof(*r));
	snprintf(r->path, sizeof(r->path), "%s/tests/data/guest.jsonl", getenv("VMMIO_SOURCE"));
	f = fopen(r->path, "r");
	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		assert_true(r->n < LINES_MAX);
		r->line[r->n] = json_loads(line, 0, NULL);
		assert_non_null(r->line[r->n++]);
	}
	free(line);
	fclose(f);
	assert_true(r->n > 2);
}

static void recording_free(struct recording *r)
{
	while (r->n)
		json_decref(r->line[--r->n]);
}

static void source_open(struct vmmio_source *src, const char *path)
{
	struct vmmio_source_opts opts = {.want = want};
	char name[600];

	snprintf(name, sizeof(name), "file:%s", path);
	assert_int_equal(vmmio_source_open(src, name, &opts), 0);
}

static const json_t *row_of(const json_t *line, unsigned int slot)
{
	const json_t *rows = json_object_get(line, "rows");
	size_t i;

	for (i = 0; i < json_array_size(rows); i++) {
		const json_t *r = json_array_get(rows, i);

		if (json_integer_value(json_object_get(r, "slot")) == (json_int_t)slot)
			return r;
	}
	return NULL;
}

static void deltas_are_the_lines(void **state)
{
	struct vmmio_snapshot a, b, d;
	struct vmmio_source src;
	struct recording rec;
	int i, c, id, k;
	size_t row;

	recording_load(&rec);
	source_open(&src, rec.path);
	vmmio_snapshot_init(&a, &want);
	vmmio_snapshot_init(&b, &want);
	vmmio_snapshot_init(&d, &want);
	assert_string_equal(src.accel, "tcg");
	assert_int_equal(src.ops->snapshot(&src, &a), 0);
	for (i = 0; i < rec.n; i++) {
		const json_t *line = rec.line[i];

		assert_int_equal(src.ops->snapshot(&src, &b), 0);
		assert_int_equal(vmmio_delta(&d, &a, &b), 0);
		assert_int_equal(d.n, json_array_size(json_object_get(line, "rows")));
		assert_int_equal(d.gone, 0);
		assert_float_equal((double)d.time_ns / 1e9,
				   json_number_value(json_object_get(line, "interval_s")), 1e-6);
		for (row = 0; row < d.n; row++) {
			const struct vmmio_row *r = &d.rows[row];
			const json_t *from = row_of(line, r->info.slot);

			assert_non_null(from);
			for (c = 0; c < VMMIO_C_COUNT; c++) {
				const json_t *v = json_object_get(json_object_get(from, "counters"),
								  vmmio_counter_keys[c]);

				assert_int_equal(vmmio_row_has(r, c), json_is_integer(v));
				assert_int_equal(r->c[c], json_integer_value(v));
			}
			for (id = 0; id < VMMIO_HIST_COUNT; id++) {
				const json_t *h = json_object_get(json_object_get(from, "hist"),
								  vmmio_hist_keys[id]);
				const json_t *p = json_object_get(h, "buckets");

				assert_int_equal(r->have_hist >> id & 1, json_is_object(h));
				for (k = 0; k < (int)json_array_size(p); k++) {
					const json_t *pair = json_array_get(p, k);
					__u32 bucket = vmmio_hist_bucket(
						json_integer_value(json_array_get(pair, 0)));

					assert_int_equal(
						vmmio_row_hist(&d, row, id)->n[bucket],
						json_integer_value(json_array_get(pair, 1)));
				}
			}
		}
		assert_int_equal(vmmio_snapshot_copy(&a, &b), 0);
	}
	assert_int_equal(src.ops->snapshot(&src, &b), -ENODATA);
	vmmio_snapshot_free(&a);
	vmmio_snapshot_free(&b);
	vmmio_snapshot_free(&d);
	vmmio_source_close(&src);
	recording_free(&rec);
}

/* The sample of @metric whose labels contain @labels; -1: there is none. */
static double sample(const char *text, const char *metric, const char *labels)
{
	const char *p = text;

	while ((p = strstr(p, metric))) {
		const char *end = strchr(p, '\n'), *brace = p + strlen(metric), *close;
		char line[512];

		if ((p == text || p[-1] == '\n') && *brace == '{') {
			snprintf(line, sizeof(line), "%.*s", (int)(end - p), p);
			close = strstr(line, "} ");
			assert_non_null(close);
			if (strstr(line, labels))
				return atof(close + 2);
		}
		p = end;
	}
	return -1;
}

static char *metrics(const struct recording *rec, const char *accel, bool emulated_time)
{
	struct vmmio_env env = {.emulated_time = emulated_time};
	struct vmmio_view view = {.env = &env, .engine = "file"};
	struct vmmio_metrics t = {};
	struct vmmio_snapshot a, b, d;
	struct vmmio_source src;
	size_t rows[64], i, size;
	char *text = NULL;
	FILE *out;

	vmmio_env_set(&env, accel, "tsc");
	source_open(&src, rec->path);
	vmmio_snapshot_init(&a, &want);
	vmmio_snapshot_init(&b, &want);
	vmmio_snapshot_init(&d, &want);
	for (i = 0; i < 64; i++)
		rows[i] = i;
	assert_int_equal(src.ops->snapshot(&src, &a), 0);
	while (!src.ops->snapshot(&src, &b)) {
		struct vmmio_report r = {.delta = &d, .rows = rows};

		assert_int_equal(vmmio_delta(&d, &a, &b), 0);
		r.n = d.n;
		assert_true(d.n < 64);
		assert_int_equal(vmmio_metrics_add(&t, &r), 0);
		assert_int_equal(vmmio_snapshot_copy(&a, &b), 0);
	}
	out = open_memstream(&text, &size);
	assert_non_null(out);
	vmmio_metrics_print(&t, &view, VMMIO_METRICS_PROMETHEUS, out);
	assert_int_equal(fclose(out), 0);
	vmmio_metrics_free(&t);
	vmmio_snapshot_free(&a);
	vmmio_snapshot_free(&b);
	vmmio_snapshot_free(&d);
	vmmio_source_close(&src);
	return text;
}

static double total(const struct recording *rec, unsigned int slot, const char *counter)
{
	double sum = 0;
	int i;

	for (i = 0; i < rec->n; i++)
		sum += json_number_value(json_object_get(
			json_object_get(row_of(rec->line[i], slot), "counters"), counter));
	return sum;
}

/* Of three intervals one does not say what it lost: whichever it is, the sum is not told. */
static void a_sum_that_lacks_one(void **state)
{
	struct vmmio_env env = {};
	struct vmmio_view view = {.env = &env, .engine = "file"};

	vmmio_env_set(&env, "kvm-vmx", "tsc");
	for (int unknown = 0; unknown < 4; unknown++) { /* 3: none */
		struct vmmio_metrics t = {};
		struct vmmio_snapshot d;
		struct vmmio_report r = {.delta = &d};
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		vmmio_snapshot_init(&d, &want);
		d.events_lost = 2;
		for (int i = 0; i < 3; i++) {
			d.have_lost = i != unknown;
			assert_int_equal(vmmio_metrics_add(&t, &r), 0);
		}
		vmmio_metrics_print(&t, &view, VMMIO_METRICS_PROMETHEUS, out);
		assert_int_equal(fclose(out), 0);
		assert_int_equal(!!strstr(text, "\nvmmio_events_lost_total 6\n"), unknown == 3);
		assert_int_equal(!!strstr(text, "vmmio_events_lost_total"), unknown == 3);
		free(text);
		vmmio_metrics_free(&t);
		vmmio_snapshot_free(&d);
	}
}

static void metrics_are_the_sums(void **state)
{
	struct recording rec;
	char *text;
	size_t i;

	recording_load(&rec);
	text = metrics(&rec, "kvm-vmx", false);
	for (i = 0; i < json_array_size(json_object_get(rec.line[0], "rows")); i++) {
		const json_t *r = json_array_get(json_object_get(rec.line[0], "rows"), i);
		unsigned int slot = json_integer_value(json_object_get(r, "slot"));
		const char *device = json_string_value(json_object_get(r, "device"));
		char labels[128];
		double inf;

		if (!json_is_integer(json_object_get(r, "queue")))
			continue;
		snprintf(labels, sizeof(labels), "device=\"%s\",queue=\"%d\"", device,
			 (int)json_integer_value(json_object_get(r, "queue")));
		assert_float_equal(sample(text, "vmmio_kicks_total", labels),
				   total(&rec, slot, "kicks"), 0);
		assert_float_equal(sample(text, "vmmio_kick_duration_seconds_sum", labels),
				   total(&rec, slot, "kick_ns") / 1e9, 1e-9);
		inf = sample(text, "vmmio_kick_duration_seconds_count", labels);
		assert_float_equal(inf, total(&rec, slot, "kicks_timed"), 0);
		assert_float_equal(sample(text, "vmmio_kick_buffers_count", labels),
				   total(&rec, slot, "kicks_indexed"), 0);
	}
	assert_true(strstr(text, "le=\"1.024e-06\"") != NULL);
	assert_true(strstr(text, "le=\"+Inf\"") != NULL);
	free(text);
	recording_free(&rec);
}

static void emulated_time_is_left_out(void **state)
{
	struct recording rec;
	char *text;

	recording_load(&rec);
	text = metrics(&rec, "tcg", false);
	assert_null(strstr(text, "_seconds"));
	assert_non_null(strstr(text, "vmmio_kick_buffers_bucket"));
	free(text);
	text = metrics(&rec, "tcg", true);
	assert_non_null(strstr(text, "vmmio_kick_duration_seconds_bucket"));
	assert_non_null(strstr(text, "emulated_time=\"true\""));
	free(text);
	recording_free(&rec);
}

/* What is not known has no sample. */
static void unknown_is_no_zero(void **state)
{
	struct recording rec;
	char *text;

	recording_load(&rec);
	assert_true(
		json_is_null(json_object_get(json_object_get(row_of(rec.line[0], 0), "counters"),
					     "opportunities")) ||
		!json_object_get(json_object_get(row_of(rec.line[0], 0), "counters"),
				 "opportunities"));
	text = metrics(&rec, "kvm-vmx", false);
	assert_null(strstr(text, "vmmio_kicks_suppressed_total"));
	assert_null(strstr(text, "vmmio_kick_opportunities_total"));
	free(text);
	recording_free(&rec);
}

static void refuses(const char *content, const char *words)
{
	struct vmmio_source_opts opts = {.want = want};
	struct vmmio_snapshot s;
	struct vmmio_source src;
	char path[] = "/tmp/vmmio-recording.XXXXXX", name[64];
	int fd = mkstemp(path), err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	close(fd);
	snprintf(name, sizeof(name), "file:%s", path);
	vmmio_snapshot_init(&s, &want);
	err = vmmio_source_open(&src, name, &opts);
	while (!err)
		err = src.ops->snapshot(&src, &s);
	assert_int_not_equal(err, 0);
	if (!strstr(src.why, words))
		fail_msg("'%s' does not say '%s'", src.why, words);
	vmmio_source_close(&src);
	vmmio_snapshot_free(&s);
	unlink(path);
}

static void bad_recordings(void **state)
{
	struct vmmio_source_opts opts = {.want = want};
	struct vmmio_source src;

	refuses("", "holds no recording");
	refuses("junk\n", "line 1: not a JSON object");
	refuses("[]\n", "line 1: not a JSON object");
	refuses("{\"schema\":2,\"rows\":[]}\n", "not of schema 1");
	refuses("{\"schema\":1}\n", "no rows");
	refuses("{\"schema\":1,\"rows\":[7]}\n", "without slot or counters");
	refuses("{\"schema\":1,\"rows\":[{\"slot\":0}]}\n", "without slot or counters");
	refuses("{\"schema\":1,\"rows\":[{\"slot\":9999,\"counters\":{}}]}\n",
		"without slot or counters");
	refuses("{\"schema\":1,\"rows\":[{\"slot\":-1,\"counters\":{}}]}\n",
		"without slot or counters");
	refuses("{\"schema\":1,\"interval_s\":-1,\"rows\":[]}\n", "an interval that is none");
	refuses("{\"schema\":1,\"interval_s\":1e300,\"rows\":[]}\n", "an interval that is none");
	refuses("{\"schema\":1,\"rows\":[{\"slot\":0,\"counters\":{},"
		"\"hist\":{\"kick\":{\"buckets\":[[1]]}}}]}\n",
		"a histogram that is none");
	refuses("{\"schema\":1,\"rows\":[]}\n{\"schema\":1,", "line 2: not a JSON object");
	assert_int_not_equal(vmmio_source_open(&src, "file:/nonexistent/x", &opts), 0);
	assert_non_null(strstr(src.why, "cannot read /nonexistent/x"));
	assert_null(vmmio_source_find("file"));
	assert_null(vmmio_source_find("sysfs:x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deltas_are_the_lines), cmocka_unit_test(metrics_are_the_sums),
		cmocka_unit_test(a_sum_that_lacks_one), cmocka_unit_test(emulated_time_is_left_out),
		cmocka_unit_test(unknown_is_no_zero),	cmocka_unit_test(bad_recordings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
