// SPDX-License-Identifier: GPL-2.0-only
/*
 * What was not seen: no device in a report, no report, no queue, no round. None of it
 * is 0, agreement, or done.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "bench/data/rounds.h"
#include "bench/load/load.h"

/* One round of a device, its two reports and label as given, into rows. */
static json_t *one_round(const char *label, const char *first, const char *second)
{
	char text[8192], why[200] = "";
	json_t *rows = json_array(), *info = json_object();

	snprintf(
		text, sizeof(text),
		"@round {\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":10,"
		"\"device\":\"virtio0\",\"labels\":\"load=x %stransport=mmio depth=1\"}\n"
		"{\"tool\":\"blkload\",\"ios\":10}\n%s%s@end 0\n",
		label, first, second);
	if (vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)))
		fail_msg("%s", why);
	json_decref(info);
	return rows;
}

#define REPORT(source, lost, rows) \
	"{\"source\":\"" source "\",\"events_lost\":" lost ",\"rows\":[" rows "]}\n"
#define ROWS(kicks)                                                                           \
	"{\"device\":\"virtio0\",\"queue\":null,\"counters\":{\"irqs\":10,\"accesses\":30}}," \
	"{\"device\":\"virtio0\",\"queue\":0,\"counters\":{\"kicks\":" kicks "}}"

/* What was not seen is no agreement, and no loss of 0. */
static void test_not_seen(void **state)
{
	static const struct {
		const char *label, *first, *second, *says;
		bool agree;
		long long lost;
	} is[] = {
		{"", REPORT("sysfs", "null", ROWS("10")), REPORT("tp_btf", "0", ROWS("10")),
		 "50 kicks, interrupts and accesses by tp_btf and by the driver", true, 0},
		/* the driver's own counters twice */
		{"", REPORT("sysfs", "null", ROWS("10")), REPORT("sysfs", "null", ROWS("10")),
		 "both counts of a round are the driver's own", false, -1},
		/* the device is in neither report: 0 would be equal to 0 */
		{"", REPORT("sysfs", "null", ""), REPORT("tp_btf", "0", ""),
		 "kicks of a round: - by tp_btf, - by the driver", false, 0},
		{"", REPORT("sysfs", "null", ""), REPORT("tp_btf", "0", ROWS("10")),
		 "kicks of a round: 10 by tp_btf, - by the driver", false, 0},
		/* no report of the driver, and the label does not excuse it */
		{"", REPORT("tp_btf", "0", ROWS("10")), "", "10 by tp_btf, - by the driver", false,
		 0},
		{"driver=mainline ", REPORT("fentry", "0", ROWS("10")), "",
		 "1 rounds of a driver that keeps no counters: no second witness", true, 0},
		/* whatever the label says, a count that is there must agree */
		{"driver=mainline ", REPORT("sysfs", "null", ROWS("10")),
		 REPORT("tp_btf", "0", ROWS("11")), "11 by tp_btf, 10 by the driver", false, 0},
	};
	char text[200];

	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		json_t *rows = one_round(is[i].label, is[i].first, is[i].second);

		if (vmmio_rounds_agree(rows, text, sizeof(text)) != is[i].agree ||
		    !strstr(text, is[i].says))
			fail_msg("case %zu: %s", i, text);
		assert_int_equal(vmmio_rounds_lost(rows), is[i].lost);
		json_decref(rows);
	}
}

/* 16 pairs and a control queue are 33; a queue whose counts are unknown was not idle. */
static void test_queues(void **state)
{
	static const char labels[] = "load=x transport=mmio depth=1";
	char text[8192], *end = text + sizeof(text), *p;
	struct vmmio_series_set set = {0};
	const struct vmmio_series *s;
	json_t *rows;

	p = text + snprintf(text, sizeof(text),
			    "{\"source\":\"tp_btf\",\"events_lost\":0,\"rows\":[{\"device\":"
			    "\"virtio0\",\"queue\":null,\"counters\":{\"irqs\":10}}");
	for (int q = 0; q < 33; q++)
		p += snprintf(p, end - p,
			      ",{\"device\":\"virtio0\",\"queue\":%d,\"queue_name\":\"q.%d\","
			      "\"counters\":{\"kicks\":%s,\"irqs_found\":1}}",
			      q, q, q == 7 ? "null" : "10");
	snprintf(p, end - p, "]}\n");
	rows = one_round("", REPORT("sysfs", "null", ROWS("10")), text);
	assert_int_equal(vmmio_rounds_series(rows, 1, false, &set), 0);
	for (int q = 0; q < 33; q++) {
		char key[VMMIO_KEY_MAX];

		snprintf(key, sizeof(key), "vq:q.%d:kicks", q);
		s = vmmio_series_find(&set, labels, key);
		if (!s || (q == 7 ? !isnan(s->v[0]) : s->v[0] != 1))
			fail_msg("%s", key);
	}
	vmmio_series_free(&set);
	json_decref(rows);
}

/* Rounds that nobody made, or whose load does not say what it did, are not done. */
static void test_no_ios(void **state)
{
	static const char *const columns[] = {"mmio"};
	struct vmmio_guest_result r = {0};
	struct vmmio_load b = {.rw = "read", .columns = columns, .ncolumns = 1};
	json_t *rows = json_array(), *info = json_object(), *checks = json_array();

	vmmio_load_check(&b, 0, rows, info, &r, checks);
	assert_string_equal(json_string_value(json_object_get(json_array_get(checks, 0), "name")),
			    "all I/Os done");
	assert_false(json_is_true(json_object_get(json_array_get(checks, 0), "ok")));
	json_decref(rows);
	json_array_clear(checks);
	rows = one_round("", REPORT("sysfs", "null", ROWS("10")),
			 REPORT("tp_btf", "0", ROWS("10")));
	json_object_del(json_object_get(json_array_get(rows, 0), "load"), "ios");
	vmmio_load_check(&b, 0, rows, info, &r, checks);
	assert_false(json_is_true(json_object_get(json_array_get(checks, 0), "ok")));
	json_decref(rows);
	json_decref(info);
	json_decref(checks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_seen),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_no_ios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
