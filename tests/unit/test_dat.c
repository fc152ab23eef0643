// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recording as a source: whole, cut at any byte, with bits flipped, of another byte
 * order or version. What can be read is; what cannot makes one line, or is said to be
 * missing. With an argument: writes the sample there; "few": with few kicks, for the fuzzer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dat_sample.h"
#include "tools/vmmio-stat/record/journey.h"
#include "tools/vmmio-stat/record/waits.h"
#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/source/trace_format.h"

#define KICKS DAT_SAMPLE_KICKS

static char path[512], *whole;
static size_t size;

static void put(const char *bytes, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

struct result {
	int err;
	bool said, known; /* a line on error; events_lost is known */
	bool damaged, noted;
	__u64 kicks, irqs, latencies, lost, steps;
	size_t rows;
};

static void step(void *data, const struct vmmio_step *s)
{
	++*(__u64 *)data;
}

static struct result read_it(struct vmmio_source_opts opts)
{
	struct vmmio_source src = {};
	struct vmmio_snapshot s;
	struct result r = {};
	char name[600];
	size_t i;

	snprintf(name, sizeof(name), "file:%s", path);
	opts.steps.take = step;
	opts.steps.data = &r.steps;
	r.err = vmmio_source_open(&src, name, &opts);
	if (r.err) {
		r.said = src.why[0] && !strchr(src.why, '\n');
		return r;
	}
	vmmio_snapshot_init(&s, &opts.want);
	do {
		r.err = src.ops->snapshot(&src, &s);
		if (r.err)
			break;
		r.known = s.have_lost;
		r.lost = s.events_lost;
		r.rows = s.n;
		for (r.kicks = r.irqs = r.latencies = i = 0; i < s.n; i++) {
			if (s.rows[i].info.kind != VMMIO_SLOT_QUEUE)
				continue;
			r.kicks += s.rows[i].c[VMMIO_C_KICKS];
			r.irqs += s.rows[i].c[VMMIO_C_IRQS];
			r.latencies += s.rows[i].c[VMMIO_C_LATENCIES];
		}
	} while (!r.err);
	r.said = r.err && src.why[0] && !strchr(src.why, '\n');
	r.err = r.err == -ENODATA ? 0 : r.err;
	r.damaged = src.damaged;
	r.noted = src.note[0];
	vmmio_snapshot_free(&s);
	vmmio_source_close(&src);
	return r;
}

static int load_sample(void **state)
{
	FILE *f;

	snprintf(path, sizeof(path), "%s/vmmio-dat-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	close(mkstemp(path));
	if (dat_sample_write(path, DAT_SAMPLE_KICKS))
		return -1;
	f = fopen(path, "r");
	if (!f)
		return -1;
	fseek(f, 0, SEEK_END);
	size = (size_t)ftell(f);
	rewind(f);
	whole = malloc(size);
	if (!whole || fread(whole, 1, size, f) != size)
		return -1;
	fclose(f);
	return 0;
}

static int drop_sample(void **state)
{
	unlink(path);
	free(whole);
	return 0;
}

static void reads_all_of_a_whole_one(void **state)
{
	struct vmmio_source_opts opts = {.want.hists = (1u << VMMIO_HIST_COUNT) - 1};
	struct result r;

	put(whole, size);
	r = read_it(opts);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.kicks, 2 * KICKS);
	assert_int_equal(r.irqs, 2 * KICKS);
	assert_int_equal(r.latencies, KICKS);
	assert_true(r.known);
	assert_int_equal(r.lost, 0);
	assert_int_equal(r.rows, 4);
	assert_int_equal(r.steps, 8 * KICKS);
	opts.interval_ns = 333333;
	r = read_it(opts);
	assert_int_equal(r.kicks, 2 * KICKS);
}

/* @was in the facts becomes @is, of the same length. */
static void differ(const char *was, const char *is)
{
	size_t at, n = strlen(was);

	for (at = 0; at < size - n && memcmp(whole + at, was, n); at++)
		;
	assert_true(at < size - n);
	memcpy(whole + at, is, n);
}

/* What was read and not written, or never read, is an unknown number of events. */
static void knows_not_what_was_not_saved(void **state)
{
	static const char *const said[][2] = {
		{"\"dropped_bytes\":0", "\"dropped_bytes\":8"},
		{"\"ended_by\":\"asked\"", "\"ended_by\":\"error\""},
	};
	struct vmmio_source_opts opts = {};
	struct result r;
	size_t i;

	for (i = 0; i < 2; i++) {
		differ(said[i][0], said[i][1]);
		put(whole, size);
		differ(said[i][1], said[i][0]);
		r = read_it(opts);
		assert_int_equal(r.err, 0);
		assert_int_equal(r.kicks, 2 * KICKS);
		assert_false(r.known);
		assert_false(r.damaged);
		assert_true(r.noted);
	}
}

static void takes_a_part(void **state)
{
	static const unsigned char first[VMMIO_CPUS_MAX / 8] = {1},
							  second[VMMIO_CPUS_MAX / 8] = {2};
	struct vmmio_source_opts opts = {};
	struct result a, b;

	put(whole, size);
	opts.cpus = first;
	a = read_it(opts);
	opts.cpus = second;
	b = read_it(opts);
	assert_int_equal(a.kicks, KICKS);
	assert_int_equal(b.kicks, KICKS);
	assert_int_equal(a.irqs + b.irqs, 2 * KICKS);
	opts.cpus = NULL;
	opts.until_ns = 1000000 + 10 * 100000 - 1; /* the first begins 1 ms after the start */
	a = read_it(opts);
	opts.from_ns = opts.until_ns + 1;
	opts.until_ns = 0;
	b = read_it(opts);
	assert_int_equal(a.kicks, 2 * 10);
	assert_int_equal(b.kicks, 2 * (KICKS - 10));
}

/* Of tasks 70, 71, 80 and the idle one, two have their names in it, and so has 90 none. */
static void tells_of_tasks_without_a_name(void **state)
{
	struct vmmio_source_opts opts = {.task = "blkload"};
	struct vmmio_source src = {};
	struct vmmio_snapshot s;
	char name[600];

	put(whole, size);
	snprintf(name, sizeof(name), "file:%s", path);
	assert_int_equal(vmmio_source_open(&src, name, &opts), 0);
	vmmio_snapshot_init(&s, &opts.want);
	while (!src.ops->snapshot(&src, &s))
		;
	assert_string_equal(src.note, "2 tasks in it have no name: by their number only");
	vmmio_source_close(&src);
	opts.task = "70";
	assert_int_equal(vmmio_source_open(&src, name, &opts), 0);
	while (!src.ops->snapshot(&src, &s))
		;
	assert_string_equal(src.note, "");
	vmmio_source_close(&src);
	vmmio_snapshot_free(&s);
}

static bool all(void *data, const struct vmmio_journey *x)
{
	return !data || x->mainline;
}

static void joins_the_steps_of_each_kick(void **state)
{
	const struct vmmio_journey *list[4];
	struct vmmio_journeys j;
	struct vmmio_source_opts opts = {.steps = {vmmio_journeys_step, &j}};
	struct vmmio_source src = {};
	struct vmmio_snapshot s;
	char name[600];
	int i;

	put(whole, size);
	snprintf(name, sizeof(name), "file:%s", path);
	assert_int_equal(vmmio_journeys_init(&j, 3), 0);
	assert_int_equal(vmmio_source_open(&src, name, &opts), 0);
	vmmio_snapshot_init(&s, &opts.want);
	while (!src.ops->snapshot(&src, &s))
		;
	vmmio_journeys_finish(&j);
	assert_int_equal(j.finished, 2 * KICKS);
	assert_int_equal(vmmio_journeys_slowest(&j, all, NULL, list, 4), 4);
	for (i = 0; i < 3; i++) {
		__u64 n = KICKS - 1 - (__u64)i;

		assert_int_equal(list[i]->kick_ns, 1000000000 + n * 100000);
		assert_int_equal(list[i]->latency_ns, 20000 + n * 100);
		assert_int_equal(list[i]->write_ns, 2000 + n * 10);
		assert_int_equal(vmmio_journey_whole(list[i]), list[i]->latency_ns + 900);
		assert_int_equal(list[i]->kick_cpu, n % 2);
		assert_int_equal(list[i]->irq_cpu, 0);
		assert_int_equal(list[i]->used, 1);
		assert_int_equal(list[i]->slot, 1);
	}
	assert_int_equal(vmmio_journeys_slowest(&j, all, &j, list, 2), 2);
	assert_int_equal(list[1]->latency_ns, 8500);
	assert_int_equal(list[1]->kick_ns - list[1]->asked_ns, 500);
	assert_int_equal(vmmio_journey_whole(list[1]), 9000);
	assert_int_equal(list[1]->slot, VMMIO_SLOTS + 2); /* after two devices */
	vmmio_snapshot_free(&s);
	vmmio_source_close(&src);
	vmmio_journeys_free(&j);
}

/* Those of @w that are longer than its bound; until @until_ns. */
static void wait_for(struct vmmio_waits *w, __u64 bound_ns, __u64 until_ns)
{
	struct vmmio_source_opts opts = {.until_ns = until_ns, .steps = {vmmio_waits_step, w}};
	struct vmmio_source src = {};
	struct vmmio_snapshot s;
	char name[600];

	put(whole, size);
	snprintf(name, sizeof(name), "file:%s", path);
	assert_int_equal(vmmio_waits_init(w, bound_ns), 0);
	assert_int_equal(vmmio_source_open(&src, name, &opts), 0);
	vmmio_snapshot_init(&s, &opts.want);
	while (!src.ops->snapshot(&src, &s))
		;
	vmmio_waits_finish(w, s.time_ns);
	assert_int_equal(w->err, 0);
	vmmio_snapshot_free(&s);
	vmmio_source_close(&src);
}

static void lists_who_waited(void **state)
{
	struct vmmio_waits w;
	size_t i;

	/* as many as were longer, in their order, each ended by its interrupt */
	wait_for(&w, 20000 + 29 * 100, 0);
	assert_int_equal(w.n, KICKS - 30);
	for (i = 0; i < w.n; i++) {
		assert_int_equal(w.v[i].end, VMMIO_WAIT_INTERRUPT);
		assert_int_equal(w.v[i].ns, 20000 + (30 + i) * 100);
		assert_int_equal(w.v[i].x.kick_ns, 1000000000 + (30 + i) * 100000);
		assert_int_equal(w.v[i].x.slot, 1);
	}
	vmmio_waits_free(&w);
	/* the recording ends 15 us after the eleventh kick: ours waits for longer, mainline's not
	 */
	wait_for(&w, 10000, 1000000 + 10 * 100000 + 15000);
	assert_int_equal(w.n, 11);
	assert_int_equal(w.v[9].end, VMMIO_WAIT_INTERRUPT);
	assert_int_equal(w.v[10].end, VMMIO_WAIT_GOES_ON);
	assert_int_equal(w.v[10].ns, 15000);
	assert_int_equal(w.v[10].x.slot, 1);
	vmmio_waits_free(&w);
}

static void survives_a_cut_anywhere(void **state)
{
	struct vmmio_source_opts opts = {};
	struct result r, last = {};
	size_t n;

	for (n = 0; n < size; n += n < 200 || n > size - 200 ? 1 : 13) {
		put(whole, n);
		r = read_it(opts);
		if (r.err) {
			assert_true(r.said);
			assert_int_equal(last.kicks, 0); /* no more of it is never less */
			continue;
		}
		assert_true(r.damaged && !r.known);
		assert_true(r.kicks >= last.kicks && r.kicks <= 2 * KICKS);
		last = r;
	}
	assert_true(last.kicks > KICKS);
}

static void survives_flipped_bits(void **state)
{
	struct vmmio_source_opts opts = {};
	unsigned int seed = 1, damaged = 0;
	struct result r;
	size_t at;
	int i, bit;

	for (i = 0; i < 4000; i++) {
		seed = seed * 1103515245 + 12345;
		at = (seed >> 8) % size;
		bit = (int)(seed >> 5 & 7);
		whole[at] ^= (char)(1 << bit);
		put(whole, size);
		r = read_it(opts);
		whole[at] ^= (char)(1 << bit);
		assert_true(!r.err || r.said);
		damaged += r.err || !r.known;
	}
	assert_true(damaged > 10);
}

/* A record that claims to be longer than its page: what comes before it is counted. */
static void leaves_out_what_a_page_cannot_hold(void **state)
{
	static const unsigned int lengths[] = {0x7ffffff0, 0xfffffffc, 4096, 3, 0};
	const unsigned int head = 0; /* its length stands in front of it */
	struct vmmio_source_opts opts = {};
	char *second = whole + size - 4096 + 16, old[8];
	struct result r, all_of_it;
	size_t i;

	put(whole, size);
	all_of_it = read_it(opts);
	memcpy(old, second, 8);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memcpy(second, &head, 4);
		memcpy(second + 4, &lengths[i], 4);
		put(whole, size);
		r = read_it(opts);
		assert_int_equal(r.err, 0);
		assert_false(r.known);
		assert_true(r.steps && r.steps < all_of_it.steps);
	}
	memcpy(second, old, 8);
}

/* @at: of the byte to change in the head. */
static void refused(size_t at, char value, const char *why)
{
	struct vmmio_source_opts opts = {.path = path};
	struct vmmio_source src = {};
	char name[600], old = whole[at];

	whole[at] = value;
	put(whole, size);
	whole[at] = old;
	snprintf(name, sizeof(name), "file:%s", path);
	assert_true(vmmio_source_open(&src, name, &opts) < 0);
	assert_non_null(strstr(src.why, why));
	assert_null(strchr(src.why, '\n'));
}

static void refuses_what_it_cannot_read(void **state)
{
	size_t at;

	refused(10, '7', "version 7");
	refused(12, !whole[12], "other byte order");
	for (at = 0; memcmp(whole + at, "vmmiofct", 8); at++)
		;
	refused(at, 'x', "not recorded by vmmio-stat record");
	refused(at + 16, '[', "damaged");
}

static void places_fields_by_the_text(void **state)
{
	static const char text[] =
		"name: x\nID: 77\nformat:\n"
		"\tfield:u64 a_ns;\toffset:8;\tsize:8;\tsigned:0;\n"
		"\tfield:u32 ns;\toffset:16;\tsize:4;\tsigned:0;\n"
		"\tfield:__data_loc char[] name;\toffset:20;\tsize:4;\tsigned:0;\n"
		"\tfield:char c[16];\toffset:24;\tsize:16;\tsigned:0;\n"
		"\tfield:u32 broken;\toffset:x;\tsize:4;\n"
		"\tfield:u32 cut;\toffset:40";
	struct trace_place p;
	__u16 id = 0;

	assert_int_equal(trace_format_id(text, &id), 0);
	assert_int_equal(id, 77);
	assert_int_equal(trace_format_id("ID: 65536\n", &id), -EPROTO);
	assert_int_equal(trace_format_id("ID: 0\n", &id), -EPROTO);
	assert_int_equal(trace_format_id("ID: 5", &id), -EPROTO);
	assert_int_equal(trace_format_field(text, "ns", &p), 0);
	assert_int_equal(p.at, 16);
	assert_false(p.text);
	assert_int_equal(trace_format_field(text, "name", &p), 0);
	assert_true(p.text);
	assert_int_equal(trace_format_field(text, "c", &p), 0);
	assert_int_equal(p.size, 16);
	assert_int_equal(trace_format_field(text, "broken", &p), -EPROTO);
	assert_int_equal(trace_format_field(text, "cut", &p), -EPROTO);
	assert_int_equal(trace_format_field(text, "s", &p), -ENOENT);
	assert_int_equal(trace_format_field("", "s", &p), -ENOENT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_of_a_whole_one),
		cmocka_unit_test(knows_not_what_was_not_saved),
		cmocka_unit_test(takes_a_part),
		cmocka_unit_test(tells_of_tasks_without_a_name),
		cmocka_unit_test(joins_the_steps_of_each_kick),
		cmocka_unit_test(lists_who_waited),
		cmocka_unit_test(survives_a_cut_anywhere),
		cmocka_unit_test(survives_flipped_bits),
		cmocka_unit_test(leaves_out_what_a_page_cannot_hold),
		cmocka_unit_test(refuses_what_it_cannot_read),
		cmocka_unit_test(places_fields_by_the_text),
	};

	if (argc > 2 && !strcmp(argv[2], "few"))
		return dat_sample_write(argv[1], DAT_SAMPLE_FEW) ? 1 : 0;
	if (argc > 2)
		return dat_sample_write_long(argv[1], strtoul(argv[2], NULL, 10)) ? 1 : 0;
	if (argc > 1)
		return dat_sample_write(argv[1], DAT_SAMPLE_KICKS) ? 1 : 0;
	return cmocka_run_group_tests(tests, load_sample, drop_sample);
}
