// SPDX-License-Identifier: GPL-2.0-only
/*
 * Result folders: what is written is read back; what is cut, changed, foreign
 * or half written is refused with one line that says what is wrong.
 */
#include <errno.h>
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

#include "bench/data/result.h"
#include "bench/data/rounds.h"

static char base[64];

static int setup(void **state)
{
	snprintf(base, sizeof(base), "/tmp/vmmio-result-XXXXXX");
	return mkdtemp(base) ? 0 : -1;
}

static int teardown(void **state)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", base);
	return system(cmd);
}

/* A small whole folder; its path in @final. */
static void make(char *final)
{
	struct vmmio_series_set set = {0};
	struct vmmio_result r;
	json_t *j;

	assert_int_equal(vmmio_result_open(&r, base), 0);
	assert_int_equal(vmmio_series_add(&set, "load=randread transport=mmio depth=1",
					  VMMIO_M_ACCESSES_PER_IO, 1, 3),
			 0);
	j = vmmio_series_to_json(&set);
	assert_int_equal(vmmio_result_write_json(&r, "series.json", j), 0);
	json_decref(j);
	j = json_pack("{s:s}", "accel", "tcg");
	assert_int_equal(vmmio_result_write_json(&r, "result.json", j), 0);
	assert_int_equal(vmmio_result_write_json(&r, "machine.json", j), 0);
	json_decref(j);
	assert_int_equal(vmmio_result_commit(&r, "set", "compare", "compare", final), 0);
	vmmio_series_free(&set);
}

static void expect_refused(const char *path, const char *word)
{
	struct vmmio_loaded l;
	char why[256] = "";

	assert_true(vmmio_result_load(path, &l, why, sizeof(why)) < 0);
	if (!strstr(why, word))
		fail_msg("expected '%s' in: %s", word, why);
	assert_null(strchr(why, '\n'));
}

static void edit(const char *dir, const char *name, const char *mode, const char *text)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, mode);
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_round_trip(void **state)
{
	char final[PATH_MAX], second[PATH_MAX], why[256];
	struct vmmio_series *s;
	struct vmmio_loaded l;

	make(final);
	if (vmmio_result_load(final, &l, why, sizeof(why)))
		fail_msg("%s", why);
	assert_string_equal(l.kind, "compare");
	assert_int_equal(l.accel, VMMIO_ACCEL_NONE);
	s = vmmio_series_find(&l.series, "load=randread transport=mmio depth=1", "accesses_per_io");
	assert_non_null(s);
	assert_true(s->n == 1 && s->v[0] == 3 && s->cls == VMMIO_STRUCTURAL);
	vmmio_result_unload(&l);
	/* a second one does not touch the first */
	make(second);
	assert_string_not_equal(final, second);
	assert_int_equal(vmmio_result_load(final, &l, why, sizeof(why)), 0);
	vmmio_result_unload(&l);
}

static void test_refused(void **state)
{
	char final[PATH_MAX];

	expect_refused("/nonexistent", "not a folder");
	expect_refused(base, "no manifest.json");

	make(final);
	edit(final, "series.json", "w", "[");
	expect_refused(final, "bytes");

	make(final);
	edit(final, "result.json", "r+", "!");
	expect_refused(final, "was changed");

	make(final);
	edit(final, "manifest.json", "w", "{\"schema\": 1, ");
	expect_refused(final, "is not JSON");
	edit(final, "manifest.json", "w", "{\"schema\":1,\"tool\":\"other\",\"kind\":\"compare\"}");
	expect_refused(final, "not written by vmmio-bench");
	edit(final, "manifest.json", "w",
	     "{\"schema\":99,\"tool\":\"vmmio-bench\",\"kind\":\"x\"}");
	expect_refused(final, "schema 99");
	edit(final, "manifest.json", "w",
	     "{\"schema\":1,\"tool\":\"vmmio-bench\",\"kind\":\"x\",\"files\":"
	     "[{\"name\":\"../../x\",\"bytes\":1,\"crc32\":\"0\"}]}");
	expect_refused(final, "malformed");
}

static void test_series_malformed(void **state)
{
	static const char *const bad[] = {
		"{}",
		"[1]",
		"[{\"labels\":\"a\",\"key\":\"k\",\"heading\":\"h\",\"unit\":\"u\",\"class\":"
		"\"none\",\"values\":[]}]",
		"[{\"labels\":\"a\",\"key\":\"k\",\"heading\":\"h\",\"unit\":\"u\",\"class\":"
		"\"time\",\"values\":[\"1\"]}]",
		"[{\"labels\":\"a\",\"key\":\"k\",\"heading\":\"h\",\"unit\":\"u\",\"class\":"
		"\"time\"}]",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct vmmio_series_set set = {0};
		json_t *j = json_loads(bad[i], 0, NULL);
		char why[128] = "";

		assert_non_null(j);
		assert_true(vmmio_series_from_json(&set, j, why, sizeof(why)) < 0);
		assert_true(why[0]);
		vmmio_series_free(&set);
		json_decref(j);
	}
}

static void test_unfinished(void **state)
{
	struct vmmio_result r, second;
	char part[PATH_MAX / 2];

	assert_int_equal(vmmio_result_open(&r, base), 0);
	assert_int_equal(vmmio_result_write(&r, "rounds.jsonl", "x", 1), 0);
	/* what is being written is hidden and has no manifest */
	assert_non_null(strstr(r.part, "/.part-"));
	expect_refused(r.part, "no manifest.json");
	/* a killed run of the same process id left its folder behind: not in the way */
	assert_int_equal(vmmio_result_open(&second, base), 0);
	assert_string_not_equal(second.part, r.part);
	vmmio_result_abandon(&second);
	assert_int_equal(access(r.part, F_OK), 0);
	snprintf(part, sizeof(part), "%s", r.part);
	vmmio_result_abandon(&r);
	assert_int_equal(access(part, F_OK), -1);
	vmmio_result_abandon(&r); /* twice is harmless */
	assert_int_equal(access(base, F_OK), 0);
	/* folders that were made for it go, one that was there stays */
	snprintf(part, sizeof(part), "%s/new/deep/", base);
	assert_int_equal(vmmio_result_open(&r, part), 0);
	assert_int_equal(access(part, F_OK), 0);
	vmmio_result_abandon(&r);
	snprintf(part, sizeof(part), "%s/new", base);
	assert_int_equal(access(part, F_OK), -1);
	assert_int_equal(access(base, F_OK), 0);
}

/* A full disk is called by its name, also by what is written compressed. */
static void test_full_disk(void **state)
{
	json_t *rows = json_array();

	for (int i = 0; i < 20000; i++)
		json_array_append_new(rows, json_pack("{s:i}", "round", i * 7919 % 20011));
	assert_int_equal(vmmio_rounds_write("/dev/full", rows), -ENOSPC);
	json_array_clear(rows); /* too little to be written before the end */
	json_array_append_new(rows, json_object());
	assert_int_equal(vmmio_rounds_write("/dev/full", rows), -ENOSPC);
	assert_int_equal(vmmio_rounds_write("/nowhere/rounds", rows), -ENOENT);
	json_decref(rows);
}

static void test_unwritable(void **state)
{
	struct vmmio_result r;
	char path[128];

	edit(base, "file", "w", "");
	snprintf(path, sizeof(path), "%s/file/results", base);
	assert_int_equal(vmmio_result_open(&r, path), -ENOTDIR);
	assert_true(vmmio_result_open(&r, "/proc/vmmio") < 0);
	assert_true(vmmio_result_open(&r, "") < 0);
	/* every byte of /dev/full is refused; a folder of that kind needs a mount */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test(test_series_malformed),
		cmocka_unit_test_setup_teardown(test_unfinished, setup, teardown),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test_setup_teardown(test_unwritable, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
