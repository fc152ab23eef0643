// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the text of the result channel to series and to the verdict, on
 * hand-made reports of two boots.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/judge/costs.h"
#include "bench/load/load.h"
#include "bench/judge/compare.h"
#include "bench/data/rounds.h"

/* What vmmio-stat says of one disk: @acc accesses, @irqs interrupts, @kicks kicks. */
static void print_stat(FILE *f, const char *source, const char *transport, const char *mode,
		       int kicks, int irqs, int acc, int ring)
{
	fprintf(f, "{\"schema\":1,\"tool\":\"vmmio-stat\",\"source\":\"%s\",\"events_lost\":%s,",
		source, strcmp(source, "sysfs") ? "0" : "null");
	fprintf(f,
		"\"rows\":[{\"device\":\"virtio0\",\"transport\":\"%s\",\"irq_mode\":\"%s\","
		"\"queue\":null,\"features\":\"0x1\",\"fields\":{\"irqs\":1},\"counters\":"
		"{\"accesses\":%d,\"irqs\":%d,\"irqs_spurious\":0,\"handler_ns\":null}},",
		transport, mode, acc, irqs);
	fprintf(f,
		"{\"device\":\"virtio0\",\"transport\":\"%s\",\"irq_mode\":\"%s\",\"queue\":0,"
		"\"ring_size\":%d,\"counters\":{\"kicks\":%d,\"kick_buffers\":100,\"kicks_"
		"indexed\":%d,"
		"\"used_buffers\":100,\"irqs_indexed\":%d}}],",
		transport, mode, ring, kicks, kicks, irqs);
	fprintf(f,
		"\"registers\":[{\"device\":\"virtio0\",\"register\":\"%s\",\"reads\":0,\"writes\":"
		"%d},"
		"{\"device\":\"virtio0\",\"register\":\"InterruptStatus\",\"reads\":%d,\"writes\":"
		"0}]}\n",
		strcmp(transport, "mmio") ? "notify" : "QueueNotify", kicks, acc - kicks);
}

static void print_round(FILE *f, const char *column, int kicks, int irqs, int acc, int driver_acc,
			int ring)
{
	const char *transport = strcmp(column, "mmio") ? "pci" : "mmio";
	const char *mode = !strcmp(column, "mmio") ? "line" : column + 4;

	fprintf(f,
		"@round {\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"%s\",\"ios\":100,"
		"\"labels\":\"load=randread transport=%s depth=1\"}\n",
		column, column);
	fprintf(f, "{\"tool\":\"blkload\",\"ios\":100,\"p50_ns\":10,\"elapsed_ns\":1000}\n");
	print_stat(f, "sysfs", transport, mode, kicks, irqs, driver_acc, ring);
	print_stat(f, "tp_btf", transport, mode, kicks, irqs, acc, ring);
	fprintf(f, "@end 0\n");
}

/* A value of the one boot that @text tells of. */
static double value_of(const char *text, const char *labels, const char *key)
{
	json_t *rows = json_array(), *info = json_object();
	struct vmmio_series_set set = {0};
	const struct vmmio_series *s;
	char why[200];
	double v;

	if (vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(vmmio_rounds_series(rows, 1, false, &set), 0);
	s = vmmio_series_find(&set, labels, key);
	assert_non_null(s);
	v = s->v[0];
	vmmio_series_free(&set);
	json_decref(rows);
	json_decref(info);
	return v;
}

/*
 * Used buffers are told by interrupt, not by look at a queue: a network device on one line
 * looks at three queues in each of its 200 interrupts, and finds one buffer.
 */
static void test_shared_line(void **state)
{
	static const char text[] =
		"@round "
		"{\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":100,"
		"\"labels\":\"load=udp_rr transport=mmio depth=1\",\"device\":\"virtio0\"}\n"
		"{\"tool\":\"netload\",\"ios\":100}\n"
		"{\"source\":\"sysfs\",\"rows\":[]}\n"
		"{\"source\":\"tp_btf\",\"events_lost\":0,\"rows\":["
		"{\"device\":\"virtio0\",\"queue\":null,\"counters\":{\"irqs\":200,\"irqs_"
		"spurious\":0,"
		"\"accesses\":500}},"
		"{\"device\":\"virtio0\",\"queue\":0,\"counters\":{\"kicks\":0,\"irqs\":200,"
		"\"irqs_found\":100,\"irqs_nothing\":100,\"irqs_indexed\":200,\"used_buffers\":100,"
		"\"opportunities\":0}},"
		"{\"device\":\"virtio0\",\"queue\":1,\"counters\":{\"kicks\":10,\"irqs\":200,"
		"\"irqs_found\":100,\"irqs_nothing\":100,\"irqs_indexed\":200,\"used_buffers\":100,"
		"\"opportunities\":9}},"
		"{\"device\":\"virtio0\",\"queue\":2,\"counters\":{\"kicks\":0,\"irqs\":200,"
		"\"irqs_found\":0,\"irqs_nothing\":200,\"irqs_indexed\":200,\"used_buffers\":0,"
		"\"opportunities\":0}}]}\n@end 0\n";
	static const char labels[] = "load=udp_rr transport=mmio depth=1";

	assert_true(value_of(text, labels, "used_per_irq") == 1);
	/* the kick counter was read later than that of opportunities: as vmmio-stat has it */
	assert_true(value_of(text, labels, "suppressed_pct") == 0);
	/* a device that was not seen at all */
	assert_true(isnan(value_of(
		"@round "
		"{\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":100,"
		"\"labels\":\"load=x transport=mmio depth=1\",\"device\":\"virtio0\"}\n"
		"{\"tool\":\"blkload\",\"ios\":100}\n{\"rows\":[]}\n{\"rows\":[]}\n@end 0\n",
		"load=x transport=mmio depth=1", "irqs_per_io")));
}

/* What nobody counted costs nobody knows what: it is not free. */
static void test_unknown_cost(void **state)
{
	static const char labels[] = "load=randread transport=mmio depth=1";
	struct vmmio_series_set set = {0};
	struct vmmio_prediction p;

	vmmio_predict(&set, labels, NULL, 0, &p);
	assert_true(isnan(p.ns) && isnan(p.doorbells));
	assert_int_equal(vmmio_series_add(&set, labels, VMMIO_M_ACCESSES_PER_IO, 1, NAN), 0);
	vmmio_predict(&set, labels, NULL, 0, &p);
	assert_true(isnan(p.ns) && isnan(p.reads) && isnan(p.writes));
	vmmio_series_free(&set);
}

struct fixture {
	json_t *rows, *infos, *checks;
	struct vmmio_comparison c;
};

/* Two boots of three columns; @acc: accesses of mmio in the second boot. */
static void make(struct fixture *fx, int acc, int ring)
{
	memset(fx, 0, sizeof(*fx));
	fx->rows = json_array();
	fx->infos = json_array();
	fx->checks = json_array();
	for (int boot = 0; boot < 2; boot++) {
		char *text = NULL, why[200];
		size_t size;
		FILE *f = open_memstream(&text, &size);
		json_t *info = json_object();

		print_round(f, "mmio", 100, 100, boot ? acc : 300, boot ? acc : 300, 256);
		print_round(f, "pci-intx", 100, 100, 200, 200, 256);
		print_round(f, "pci-msix", 100, 100, 100, 100, ring);
		fprintf(f, "some chatter\n@info {\"disks\":{\"mmio\":{\"max_segments\":254}}}\n");
		fclose(f);
		if (vmmio_rounds_parse(text, boot, fx->rows, info, why, sizeof(why)))
			fail_msg("%s", why);
		json_object_set_new(info, "ioeventfd", json_false());
		json_array_append_new(fx->infos, info);
		free(text);
	}
	fx->c.accel = VMMIO_ACCEL_NONE;
	fx->c.load = "randread";
	fx->c.load_text = "reads";
	fx->c.boots = 2;
	fx->c.depths.n = fx->c.depths.v[0] = 1;
	fx->c.checks = fx->checks;
	fx->c.equal = vmmio_load_equal(fx->rows, fx->infos, fx->checks, fx->checks);
	assert_int_equal(vmmio_rounds_series(fx->rows, 2, false, &fx->c.set), 0);
}

static void drop(struct fixture *fx)
{
	json_decref(fx->rows);
	json_decref(fx->infos);
	json_decref(fx->checks);
	json_decref(fx->c.equal);
	vmmio_series_free(&fx->c.set);
}

static const char *sentence(json_t *verdict, size_t i)
{
	return json_string_value(json_array_get(verdict, i));
}

static void test_exact(void **state)
{
	const struct vmmio_series *s;
	struct fixture fx;
	json_t *verdict;
	char text[200];
	bool withheld;

	make(&fx, 300, 256);
	s = vmmio_comparison_series(&fx.c, "mmio", 1, VMMIO_M_ACCESSES_PER_IO);
	assert_non_null(s);
	assert_true(s->n == 2 && s->v[0] == 3 && s->v[1] == 3 && s->cls == VMMIO_STRUCTURAL);
	s = vmmio_comparison_series(&fx.c, "pci-msix", 1, VMMIO_M_ACCESSES_PER_IRQ);
	assert_true(s->v[0] == 0);
	s = vmmio_comparison_series(&fx.c, "mmio", 1, VMMIO_M_SUPPRESSED);
	assert_true(isnan(s->v[0])); /* nobody counted opportunities: unknown, not 0 */
	assert_null(vmmio_comparison_series(&fx.c, "mmio", 1, VMMIO_M_LATENCY_P50));
	assert_true(vmmio_rounds_agree(fx.rows, text, sizeof(text)));
	assert_int_equal(vmmio_rounds_lost(fx.rows), 0);
	verdict = vmmio_comparison_verdict(&fx.c, &withheld);
	assert_false(withheld);
	assert_string_equal(sentence(verdict, 0),
			    "depth 1: mmio 3 trapped accesses per I/O, pci-intx 2, pci-msix 1 "
			    "(exact, n = 2 boots); EOIs are not visible from the guest");
	json_decref(verdict);
	drop(&fx);
}

static void test_not_exact(void **state)
{
	struct fixture fx;
	json_t *verdict;
	bool withheld;

	make(&fx, 350, 256);
	verdict = vmmio_comparison_verdict(&fx.c, &withheld);
	assert_false(withheld);
	assert_non_null(strstr(sentence(verdict, 0), "mmio 3 to 3.500"));
	assert_non_null(strstr(sentence(verdict, 0), "not exact"));
	json_decref(verdict);
	drop(&fx);

	/* one boot agrees with itself, which shows nothing */
	make(&fx, 300, 256);
	fx.c.boots = 1;
	fx.c.set.s[0].n = 1;
	assert_false(vmmio_series_exact(&fx.c.set.s[0]));
	fx.c.set.s[0].n = 2;
	verdict = vmmio_comparison_verdict(&fx.c, &withheld);
	assert_non_null(strstr(sentence(verdict, 0), "one boot"));
	json_decref(verdict);
	drop(&fx);
}

static void test_withheld(void **state)
{
	struct fixture fx;
	json_t *verdict;
	bool withheld;

	make(&fx, 300, 128);
	verdict = vmmio_comparison_verdict(&fx.c, &withheld);
	assert_true(withheld);
	assert_non_null(strstr(sentence(verdict, 0), "ring size differs"));
	assert_null(strstr(sentence(verdict, 0), "trapped"));
	json_decref(verdict);
	drop(&fx);
}

static void test_witnesses(void **state)
{
	char *text = NULL, why[200];
	json_t *rows = json_array(), *info = json_object();
	size_t size;
	FILE *f = open_memstream(&text, &size);

	print_round(f, "mmio", 100, 100, 300, 301, 256);
	fclose(f);
	assert_int_equal(vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)), 0);
	assert_false(vmmio_rounds_agree(rows, why, sizeof(why)));
	assert_non_null(strstr(why, "accesses of a round: 300 by tp_btf, 301 by the driver"));
	free(text);
	json_decref(rows);
	json_decref(info);
}

/* Mainline: one witness, and registers that nobody counted are unknown, not 0. */
static void test_mainline(void **state)
{
	static const char text[] =
		"@round {\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":10,"
		"\"labels\":\"load=x driver=mainline transport=mmio depth=1\"}\n"
		"{\"tool\":\"blkload\",\"ios\":10,\"p50_ns\":10,\"elapsed_ns\":1000}\n"
		"{\"source\":\"fentry\",\"events_lost\":0,\"rows\":[{\"device\":\"virtio0\","
		"\"transport\":\"mmio\",\"irq_mode\":\"line\",\"queue\":null,\"counters\":"
		"{\"accesses\":null,\"irqs\":10,\"irqs_spurious\":0}},{\"device\":\"virtio0\","
		"\"transport\":\"mmio\",\"irq_mode\":\"line\",\"queue\":0,\"counters\":{\"kicks\":"
		"10}}],"
		"\"registers\":[]}\n@end 0\n";
	json_t *rows = json_array(), *info = json_object();
	struct vmmio_series_set set = {0};
	const struct vmmio_series *s;
	char why[200];

	assert_int_equal(vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)), 0);
	assert_true(vmmio_rounds_agree(rows, why, sizeof(why)));
	assert_int_equal(vmmio_rounds_series(rows, 1, false, &set), 0);
	for (size_t i = 0; i < set.n; i++) {
		s = &set.s[i];
		if (!strncmp(s->key, "accesses_per_", 13))
			assert_true(isnan(s->v[0]));
		if (!strcmp(s->key, "kicks_per_io") || !strcmp(s->key, "irqs_per_io"))
			assert_true(s->v[0] == 1);
	}
	vmmio_series_free(&set);
	json_decref(rows);
	json_decref(info);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *word;
	} bad[] = {
		{"@round {\n", "line 1"},
		{"@round "
		 "{\"kind\":\"other\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		 "\"labels\":\"\"}\n",
		 "line 1"},
		{"@end 0\n", "line 1"},
		{"x\n{\"ios\":1}\n", "line 2"},
		{"@info [1]\n", "line 1"},
		{"@round "
		 "{\"kind\":\"time\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		 "\"labels\":\"l\"}\n",
		 "did not end"},
		{"@round "
		 "{\"kind\":\"time\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		 "\"labels\":\"l\"}\n@end 3\n",
		 "status 3"},
		{"@round "
		 "{\"kind\":\"time\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		 "\"labels\":\"l\"}\n@end 0\n",
		 "report of the load"},
		{"@round "
		 "{\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		 "\"labels\":\"l\"}\n{\"ios\":1}\n@end 0\n",
		 "report of vmmio-stat"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *rows = json_array(), *info = json_object();
		char why[200] = "";

		assert_true(vmmio_rounds_parse(bad[i].text, 0, rows, info, why, sizeof(why)) < 0);
		if (!strstr(why, bad[i].word))
			fail_msg("case %zu: expected '%s' in: %s", i, bad[i].word, why);
		json_decref(rows);
		json_decref(info);
	}
}

static void test_script(void **state)
{
	static const unsigned int depths[] = {1, 16};
	const char *order[VMMIO_COLUMNS];
	struct vmmio_load b = {.rw = "read",
			       .bs = 4096,
			       .count = 10,
			       .rounds = 2,
			       .depths = depths,
			       .ndepths = 2,
			       .columns = order,
			       .ncolumns = 3,
			       .driver = "vmmio",
			       .driver_args = "",
			       .queue_size = 256,
			       .labels = "load=randread"};
	char *text, *first, *last;

	/* next to each other lie an order and its mirror image */
	vmmio_load_order(1, order);
	assert_string_equal(order[0], "pci-msix");
	vmmio_load_order(0, order);
	assert_string_equal(order[0], "mmio");
	text = vmmio_load_script(&b);
	assert_non_null(text);
	/* forward, then backward */
	first = strstr(text, "round count 0 1 mmio ");
	last = strstr(text, "round count 1 1 mmio ");
	assert_true(first && last && first < strstr(text, "round count 0 16 pci-msix "));
	assert_true(last > strstr(text, "round count 1 16 pci-msix "));
	assert_null(strstr(text, "round time"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact),	     cmocka_unit_test(test_shared_line),
		cmocka_unit_test(test_unknown_cost), cmocka_unit_test(test_not_exact),
		cmocka_unit_test(test_withheld),     cmocka_unit_test(test_witnesses),
		cmocka_unit_test(test_mainline),     cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
