// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the pages of a recording are in its file: all that were written are, in order, where its
 * head says, whatever the head's size and whichever CPU came first.
 */
#include <fcntl.h>
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

#include "tools/vmmio-stat/record/writer.h"

#define PAGE 4096
#define CPUS 3
#define MIB (1024 * 1024)
#define OLD "what was there"

#define PATH "/tmp/vmmio-writer-XXXXXX"

static char path[sizeof(PATH)];

static int make_path(void **state)
{
	int fd;

	(void)state;
	memcpy(path, PATH, sizeof(path));
	fd = mkstemp(path);
	return fd < 0 || close(fd) || unlink(path) ? -1 : 0;
}

static int drop_path(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

static char *no_facts(void *data, const struct vmmio_writer *w)
{
	(void)data;
	(void)w;
	return strdup("{}");
}

static void put(struct vmmio_writer *w, int cpu, __u64 number)
{
	static __u64 page[PAGE / 8];

	page[0] = number;
	page[1] = (__u64)cpu;
	page[PAGE / 8 - 1] = ~number;
	assert_int_equal(vmmio_writer_pages(w, cpu, page, PAGE), 0);
}

/* @pages of each CPU, in turns, that of @first first. */
static void fill(struct vmmio_writer *w, const unsigned int *pages, int first)
{
	unsigned int n;
	int i, cpu;

	for (n = 0; n < pages[0] || n < pages[1] || n < pages[2]; n++) {
		for (i = 0; i < CPUS; i++) {
			cpu = (first + i) % CPUS;
			if (n < pages[cpu])
				put(w, cpu, n);
		}
	}
}

static void finish(struct vmmio_writer *w, size_t head_bytes)
{
	static const char *const stats[CPUS];
	char *tasks = malloc(head_bytes + 1);
	struct vmmio_writer_head head = {.header_page = "",
					 .header_event = "",
					 .tasks = tasks,
					 .stats = stats,
					 .facts = no_facts};

	memset(tasks, '1', head_bytes);
	tasks[head_bytes] = '\0';
	assert_int_equal(vmmio_writer_finish(w, &head), 0);
	free(tasks);
}

struct place {
	__u64 at, size;
};

/* Returns the file's size; @of: of each CPU, from the end of the head. */
static __u64 read_places(struct place *of)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *head, *at;
	size_t n;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	head = malloc(4 * MIB);
	n = fread(head, 1, 4 * MIB, f);
	at = memmem(head, n, "flyrecord", 10);
	assert_non_null(at);
	memcpy(of, at + 10, CPUS * sizeof(*of));
	free(head);
	fclose(f);
	return (__u64)st.st_size;
}

static void check(const unsigned int *pages, __u64 size, const struct place *of)
{
	__u64 page[PAGE / 8], n, end = 0;
	FILE *f = fopen(path, "r");
	int i;

	assert_non_null(f);
	for (i = 0; i < CPUS; i++) {
		assert_int_equal(of[i].size, (__u64)pages[i] * PAGE);
		assert_int_equal(of[i].at % PAGE, 0);
		fseek(f, (long)of[i].at, SEEK_SET);
		for (n = 0; n < pages[i]; n++) {
			assert_int_equal(fread(page, 1, PAGE, f), PAGE);
			assert_int_equal(page[0], n);
			assert_int_equal(page[1], i);
			assert_int_equal(page[PAGE / 8 - 1], ~n);
		}
		if (of[i].size && of[i].at + of[i].size > end)
			end = of[i].at + of[i].size;
	}
	if (end)
		assert_int_equal(size, end);
	fclose(f);
}

/* Returns where the pages of @first are. */
static __u64 whole(const unsigned int *pages, int first, size_t head_bytes)
{
	struct place of[CPUS];
	struct vmmio_writer w;

	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	fill(&w, pages, first);
	finish(&w, head_bytes);
	assert_int_equal(w.size, (__u64)(pages[0] + pages[1] + pages[2]) * PAGE);
	vmmio_writer_close(&w);
	check(pages, read_places(of), of);
	return of[first].at;
}

static const unsigned int none[CPUS], few[CPUS] = {3, 0, 200}, many[CPUS] = {2500, 2100, 2300};

/* A small recording has no gap in it. */
static void test_few_pages_are_behind_the_head(void **state)
{
	(void)state;
	assert_true(whole(few, 2, 100) < 16 * 1024);
	unlink(path);
	assert_true(whole(few, 0, 100) < 16 * 1024);
	unlink(path);
	whole(none, 0, 100);
}

static void test_many_pages_stay_where_they_are(void **state)
{
	(void)state;
	assert_int_equal(whole(many, 0, 100), MIB);
	unlink(path);
	assert_int_equal(whole(many, 1, 100), MIB);
}

static void test_large_heads_have_their_room(void **state)
{
	(void)state;
	assert_true(whole(many, 1, 2 * MIB) > 2 * MIB);
	unlink(path);
	assert_true(whole(few, 2, 2 * MIB) > 2 * MIB);
	unlink(path);
	assert_true(whole(few, 2, MIB - 5000) < 2 * MIB);
}

/* What a file had is lost once there is something in its place, not before. */
static void test_old_files_stay_until_the_end(void **state)
{
	char text[sizeof(OLD)] = "";
	struct vmmio_writer w;
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs(OLD, f);
	fclose(f);
	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	fill(&w, many, 0);
	f = fopen(path, "r");
	assert_int_equal(fread(text, 1, sizeof(text), f), strlen(OLD));
	assert_string_equal(text, OLD);
	fclose(f);
	vmmio_writer_close(&w);
	assert_int_equal(access(path, F_OK), 0);
	assert_true(whole(many, 0, 100) < MIB);
}

static void test_nothing_stays_of_what_was_not_finished(void **state)
{
	struct vmmio_writer w;
	struct stat st;
	FILE *f;

	(void)state;
	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	fill(&w, few, 0);
	vmmio_writer_close(&w);
	assert_int_not_equal(access(path, F_OK), 0);
	f = fopen(path, "w");
	fclose(f);
	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	fill(&w, few, 0);
	vmmio_writer_close(&w);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* Pages that are in the file already are lost if somebody cuts it, and it is said. */
static void test_cut_files_are_no_success(void **state)
{
	struct place of[CPUS];
	struct vmmio_writer w, other;

	(void)state;
	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	assert_int_equal(vmmio_writer_open(&other, path, PAGE, CPUS), -EBUSY);
	vmmio_writer_close(&other);
	fill(&w, many, 1);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(w.err, 0);
	finish(&w, 100);
	assert_int_equal(w.err, -EIO);
	assert_int_equal(w.cpus[1].dropped, (__u64)many[1] * PAGE);
	vmmio_writer_close(&w);
	check((const unsigned int[CPUS]){many[0], 0, many[2]}, read_places(of), of);
	unlink(path);

	/* in between: what comes after it has no place either */
	assert_int_equal(vmmio_writer_open(&w, path, PAGE, CPUS), 0);
	put(&w, 1, 0);
	put(&w, 1, 1);
	assert_int_equal(truncate(path, PAGE), 0);
	assert_int_equal(vmmio_writer_pages(&w, 1, (__u64[PAGE / 8]){0}, PAGE), -EIO);
	assert_int_equal(w.cpus[1].dropped, 3 * PAGE);
	finish(&w, 100);
	vmmio_writer_close(&w);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_path, drop_path)
	const struct CMUnitTest tests[] = {
		T(test_few_pages_are_behind_the_head),
		T(test_many_pages_stay_where_they_are),
		T(test_large_heads_have_their_room),
		T(test_old_files_stay_until_the_end),
		T(test_nothing_stays_of_what_was_not_finished),
		T(test_cut_files_are_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
