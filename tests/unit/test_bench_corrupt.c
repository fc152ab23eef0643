// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cut, flipped and foreign input: result folders, with and without a manifest
 * that fits, experiment files and tables of costs. Whatever is in them, the
 * answer is a clean reading or one line; the address sanitizer build of this
 * test is what finds the rest.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#include "bench/judge/ab.h"
#include "bench/sweep/experiment.h"
#include "bench/plot/plot.h"
#include "bench/sweep/report.h"
#include "bench/data/result.h"
#include "bench/data/rounds.h"

#define SPOTS 8 /* places in each file that are spoilt */

static const char *const files[] = {"result.json",    "machine.json",	 "series.json",
				    "experiment.ini", "rounds.jsonl.gz", "costs-1.json"};

#define FILES (sizeof(files) / sizeof(files[0]))

static char base[64], dir[96], source[PATH_MAX];
static char *good[FILES];
static size_t size[FILES];

static void put(const char *name, const char *data, size_t n)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, n, f), n);
	fclose(f);
}

static char *read_whole(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *data = malloc(1 << 20);

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	*n = fread(data, 1, 1 << 20, f);
	fclose(f);
	return data;
}

/* A manifest that fits @data as file @which and the good ones otherwise. */
static void seal(size_t which, const char *data, size_t n)
{
	json_t *list = json_array(), *m;
	char sum[16], *text;

	for (size_t i = 0; i < FILES; i++) {
		const char *d = i == which ? data : good[i];
		size_t len = i == which ? n : size[i];

		snprintf(sum, sizeof(sum), "%08lx", crc32(crc32(0, NULL, 0), (void *)d, len));
		json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "name", files[i], "bytes",
						      (json_int_t)len, "crc32", sum));
	}
	m = json_pack("{s:i, s:s, s:s, s:o}", "schema", VMMIO_RESULT_SCHEMA, "tool", "vmmio-bench",
		      "kind", "sweep", "files", list);
	text = json_dumps(m, 0);
	put("manifest.json", text, strlen(text));
	free(text);
	json_decref(m);
}

static const char result[] =
	"{\"schema\":1,\"tool\":\"vmmio-bench\",\"kind\":\"sweep\",\"accel\":\"tcg\","
	"\"experiment\":\"x\",\"title\":\"t\",\"boots\":2,\"runs\":2,\"failed\":[],"
	"\"guest\":{\"kernel\":\"6.1\"}}";
#define SEEN(hist)                                                                           \
	"{\"rows\":[{\"transport\":\"mmio\",\"irq_mode\":\"line\",\"device_id\":2,"          \
	"\"device\":\"virtio0\",\"queue\":null,\"counters\":{\"accesses\":12,\"irqs\":4}},"  \
	"{\"transport\":\"mmio\",\"irq_mode\":\"line\",\"device\":\"virtio0\",\"queue\":0,"  \
	"\"counters\":{\"kicks\":4}" hist "}],\"events_lost\":0,\"registers\":[{\"device\":" \
	"\"virtio0\",\"register\":\"QueueNotify\",\"reads\":0,\"writes\":4}]}"

static const char rounds[] =
	"{\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":4,"
	"\"labels\":\"load=randread transport=mmio depth=1\",\"boot\":0,\"load\":{\"ios\":4,"
	"\"p50_ns\":9},\"driver\":" SEEN("") ",\"stat\":" SEEN(
		",\"hist\":{\"kick\":{\"buckets\":[[16,3],[20,1]]},\"irq\":{\"buckets\":[[100,4]]}"
		"}") "}\n";

static int setup(void **state)
{
	struct vmmio_series_set set = {0};
	static const char *const transports[] = {"mmio", "pci-msix"};
	char labels[VMMIO_LABELS_MAX], path[PATH_MAX];
	json_t *j;
	gzFile gz;

	(void)state;
	/* thousands of small files, each synced: in memory where there is such a place */
	snprintf(base, sizeof(base), "%s/vmmio-corrupt.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(base));
	snprintf(dir, sizeof(dir), "%s/x", base);
	assert_int_equal(mkdir(dir, 0777), 0);
	for (int t = 0; t < 2; t++) {
		snprintf(labels, sizeof(labels), "load=randread transport=%s depth=1",
			 transports[t]);
		for (int boot = 0; boot < 2; boot++) {
			vmmio_series_add(&set, labels, VMMIO_M_ACCESSES_PER_IO, 1, 3 - t);
			vmmio_series_add(&set, labels, VMMIO_M_KICKS_PER_IO, 1, 1);
			vmmio_series_add_register(&set, labels, t ? "notify" : "QueueNotify", 1,
						  (struct vmmio_count){1, 1});
		}
	}
	j = vmmio_series_to_json(&set);
	good[2] = json_dumps(j, 0);
	json_decref(j);
	vmmio_series_free(&set);
	good[0] = strdup(result);
	good[1] = strdup("{\"accel\":\"tcg\",\"cpu\":\"c\",\"qemu\":\"7.2\"}");
	good[3] = strdup("[experiment]\nboots = 2\n[grid a]\ndepth = 1\n");
	good[5] = strdup("{\"accel\":\"kvm-vmx\",\"cpu\":\"c\",\"rows\":[{\"key\":"
			 "\"mmio_write_user\",\"net_ns\":2000}]}");
	for (size_t i = 0; i < FILES; i++)
		size[i] = good[i] ? strlen(good[i]) : 0;
	snprintf(path, sizeof(path), "%s/%s", dir, files[4]);
	gz = gzopen(path, "wb");
	assert_true(gzputs(gz, rounds) > 0);
	gzclose(gz);
	good[4] = read_whole(path, &size[4]);
	for (size_t i = 0; i < FILES; i++)
		put(files[i], good[i], size[i]);
	seal(FILES, NULL, 0);
	/* the figures are not what is tested here: no gnuplot is found */
	setenv("PATH", "/nonexistent", 1);
	return 0;
}

static int teardown(void **state)
{
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
		free(good[i]);
	}
	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	unlink(path);
	return rmdir(dir) || rmdir(base) ? -1 : 0;
}

static void one_line(const char *why, const char *what)
{
	if (!why[0] || strchr(why, '\n'))
		fail_msg("%s: not one line: '%s'", what, why);
}

/* Whatever was loaded goes through all that reads it. */
static void use(const struct vmmio_loaded *l)
{
	struct vmmio_report rep = {.result = l->result, .machine = l->machine, .set = &l->series};
	struct vmmio_ab_options o = {.alpha = 0.05, .threshold = 5, .accel = l->accel};
	struct vmmio_series_set set = {0};
	struct vmmio_result r;
	struct vmmio_ab ab;
	char why[256] = "", figures[256];
	json_t *rows;
	int err;

	rows = vmmio_rounds_load(l->path, why, sizeof(why));
	if (!rows)
		one_line(why, "rounds");
	else
		vmmio_rounds_series(rows, 2, true, &set);
	vmmio_series_free(&set);
	err = vmmio_report_costs(&rep, l->path, why, sizeof(why));
	if (err)
		one_line(why, "costs");
	rep.rows = rows;
	assert_int_equal(vmmio_result_open(&r, base), 0);
	err = vmmio_report_write(&rep, &r, figures, sizeof(figures));
	assert_true(err == 0 || err == -EPROTO);
	vmmio_result_abandon(&r);
	vmmio_report_free(&rep);
	json_decref(rows);
	assert_int_equal(vmmio_ab_compare(&l->series, &l->series, &o, &ab), 0);
	vmmio_ab_free(&ab);
}

/* @data as file @which: refused in one line, or read. Returns whether it was read. */
static bool try(size_t which, const char *data, size_t n, bool fits)
{
	struct vmmio_loaded l;
	char why[256] = "";
	int err;

	put(files[which], data, n);
	seal(fits ? which : FILES, data, n);
	err = vmmio_result_load(dir, &l, why, sizeof(why));
	if (err) {
		one_line(why, files[which]);
	} else {
		use(&l);
		vmmio_result_unload(&l);
	}
	put(files[which], good[which], size[which]);
	return !err;
}

static const char spoil[] = {'\0', '"', '{', '9', '-', '\n', '\x80'};

static void test_folders(void **state)
{
	size_t read = 0;

	(void)state;
	assert_true(try(0, good[0], size[0], true)); /* as it is */
	for (size_t f = 0; f < FILES; f++) {
		for (size_t s = 0; s < SPOTS; s++) {
			size_t at = size[f] * s / SPOTS;
			char *bad;

			/* cut: seen by the manifest, and by the reader if the manifest was redone
			 */
			assert_false(try(f, good[f], at, false));
			read += try(f, good[f], at, true);
			for (size_t k = 0; k < sizeof(spoil); k++) {
				bad = malloc(size[f]);
				memcpy(bad, good[f], size[f]);
				bad[at] = spoil[k];
				if (bad[at] != good[f][at])
					assert_false(try(f, bad, size[f], false));
				read += try(f, bad, size[f], true);
				free(bad);
			}
		}
	}
	/* a spoilt letter in a title is none of our business, so that some are read */
	assert_true(read > 0);
	seal(FILES, NULL, 0);
}

/* Right JSON of the wrong kind, in the place of each file. */
static void test_foreign(void **state)
{
	static const char *const foreign[] = {
		"",
		"null",
		"[]",
		"{}",
		"1e400",
		"[[[[]]]]",
		"{\"accel\":\"tcg\"}",
		"{\"accel\":7}",
		"{\"accel\":\"a very long name of an accelerator\",\"boots\":-1}",
		"\x7f"
		"ELF\x02\x01",
	};

	(void)state;
	for (size_t f = 0; f < FILES; f++)
		for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
			try(f, foreign[i], strlen(foreign[i]), true);
	seal(FILES, NULL, 0);
}

static const char *const payloads[] = {
	"`touch /tmp/x`",
	"';system('id')#",
	"\";system(\"id\")#",
	"@x",
	"\\",
	"a\nb",
	"\x7f",
	"<x>",
	"$(id)",
};

/* What a shell, gnuplot or a page could take for more than text: in no label of a series. */
static void test_payloads(void **state)
{
	static const char *const keys[] = {"labels", "key", "heading", "unit"};

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		for (int k = 0; k < 5; k++) {
			json_t *j = json_loads(k < 4 ? good[2] : good[0], 0, NULL);
			json_t *of = k < 4 ? json_array_get(j, 0) : j;
			const char *key = k < 4 ? keys[k] : "accel";
			char value[64], *bad;

			snprintf(value, sizeof(value), "%s%s", k ? "x" : "transport=", payloads[i]);
			json_object_set_new(of, key, json_string(value));
			bad = json_dumps(j, 0);
			if (try(k < 4 ? 2 : 0, bad, strlen(bad), true))
				fail_msg("%s '%s' was read", key, value);
			free(bad);
			json_decref(j);
		}
	}
	seal(FILES, NULL, 0);
}

/* One string in single quotes, in which gnuplot runs nothing, however short the room. */
static void test_quote(void **state)
{
	char buf[64];

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		for (size_t len = 8; len <= sizeof(buf); len++) {
			size_t n;

			vmmio_plot_quote(payloads[i], true, buf, len);
			n = strlen(buf);
			assert_true(n >= 2 && n < len && buf[0] == '\'' && buf[n - 1] == '\'');
			assert_null(strpbrk(buf, "`\n\x7f"));
			for (size_t at = 1; at < n - 1; at++)
				if (buf[at] == '\'' && (++at == n - 1 || buf[at] != '\''))
					fail_msg("%s ends before its end", buf);
		}
	}
	vmmio_plot_quote("it's a_b", true, buf, sizeof(buf));
	assert_string_equal(buf, "'it''s a\\_b'");
	vmmio_plot_quote("it's a_b", false, buf, sizeof(buf));
	assert_string_equal(buf, "'it''s a_b'");
}

static void test_manifest(void **state)
{
	char path[PATH_MAX], *text, *bad;
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/manifest.json", dir);
	text = read_whole(path, &n);
	bad = malloc(n);
	for (size_t at = 0; at < n; at += 3) {
		for (size_t k = 0; k <= sizeof(spoil); k++) {
			struct vmmio_loaded l;
			char why[256] = "";

			memcpy(bad, text, n);
			bad[at] = k < sizeof(spoil) ? spoil[k] : bad[at];
			put("manifest.json", bad, k < sizeof(spoil) ? n : at);
			if (vmmio_result_load(dir, &l, why, sizeof(why)))
				one_line(why, "manifest.json");
			else
				vmmio_result_unload(&l);
		}
	}
	put("manifest.json", text, n);
	free(text);
	free(bad);
}

/* Rounds are compressed, which finds nearly all; here what is in them is wrong. */
static void test_rounds(void **state)
{
	size_t n = strlen(rounds), whole = 0;
	char *bad = malloc(n), path[PATH_MAX];

	(void)state;
	for (size_t at = 0; at < n; at++) {
		for (size_t k = 0; k < sizeof(spoil); k++) {
			struct vmmio_series_set set = {0};
			char why[256] = "";
			json_t *rows;
			int err;

			memcpy(bad, rounds, n);
			bad[at] = spoil[k];
			put("rounds.jsonl", bad, n);
			rows = vmmio_rounds_load(dir, why, sizeof(why));
			if (!rows) {
				one_line(why, "rounds.jsonl");
				continue;
			}
			err = vmmio_rounds_series(rows, 2, true, &set);
			assert_true(err == 0 || err == -EPROTO || err == -ENAMETOOLONG);
			whole += !err;
			vmmio_rounds_lost(rows);
			vmmio_rounds_agree(rows, why, sizeof(why));
			one_line(why, "agree");
			vmmio_series_free(&set);
			json_decref(rows);
		}
	}
	free(bad);
	assert_true(whole > 100);
	snprintf(path, sizeof(path), "%s/rounds.jsonl", dir);
	unlink(path);
}

static void load_experiment(const char *data, size_t n)
{
	struct vmmio_experiment e = {0};
	char path[PATH_MAX], why[256] = "";

	put(files[3], data, n);
	snprintf(path, sizeof(path), "%s/%s", dir, files[3]);
	if (vmmio_experiment_load(path, n & 1, &e, why, sizeof(why)))
		one_line(why, "experiment");
	else
		vmmio_experiment_free(&e);
}

static void test_experiments(void **state)
{
	char path[PATH_MAX + 64], *text, *bad;
	size_t n;

	(void)state;
	snprintf(path, sizeof(path), "%s/bench/experiments/study.ini", source);
	text = read_whole(path, &n);
	bad = malloc(n);
	for (size_t at = 0; at < n; at += 5) {
		load_experiment(text, at);
		for (size_t k = 0; k < sizeof(spoil); k++) {
			memcpy(bad, text, n);
			bad[at] = spoil[k];
			load_experiment(bad, n);
		}
	}
	free(text);
	free(bad);
	put(files[3], good[3], size[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),	    cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_manifest),    cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_experiments), cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_quote),
	};
	const char *from = getenv("VMMIO_SOURCE");

	snprintf(source, sizeof(source), "%s", from ? from : ".");
	return cmocka_run_group_tests(tests, setup, teardown);
}
