// SPDX-License-Identifier: GPL-2.0-only
/*
 * Legs of vmmio-ctl try: what is read of vmmio-stat's JSON, what several legs say of A
 * and B, and how often chance alone says it.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/vmmio-ctl/legs.h"

#define HEAD                                                                                      \
	"{\"accel\":\"kvm-vmx\",\"emulated\":false,\"durations\":true,\"interval_s\":2,\"events_" \
	"lost\":0,\"rows\":["
#define DEVICE "{\"queue\":null,\"counters\":{\"accesses\":300,\"kicks\":7},\"fields\":{}}"
#define QUEUE0                                                                               \
	"{\"queue\":0,\"counters\":{\"kicks\":100,\"opportunities\":400,\"irqs\":50,"        \
	"\"kicks_indexed\":100,\"kick_buffers\":400,\"irqs_found\":50,\"used_buffers\":400," \
	"\"irqs_spurious\":0,\"kicks_timed\":100,\"kick_ns\":90000},"                        \
	"\"fields\":{\"kick_to_irq_p99_us\":12.5}}"
#define QUEUE1                                                                               \
	"{\"queue\":1,\"counters\":{\"kicks\":100,\"opportunities\":100,\"irqs\":100,"       \
	"\"kicks_indexed\":100,\"kick_buffers\":100,\"irqs_found\":50,\"used_buffers\":100," \
	"\"irqs_spurious\":50,\"kicks_timed\":100,\"kick_ns\":30000},"                       \
	"\"fields\":{\"kick_to_irq_p99_us\":20}}"
#define IDLE                                                                                    \
	"{\"queue\":2,\"counters\":{\"kicks\":0,\"opportunities\":null,\"irqs\":0},\"fields\":" \
	"{}}"
/* it may have been looked at */
#define UNSEEN                                                                                     \
	"{\"queue\":4,\"counters\":{\"kicks\":0,\"opportunities\":null,\"irqs\":null},\"fields\":" \
	"{}}"
#define BLIND \
	"{\"queue\":3,\"counters\":{\"kicks\":5,\"opportunities\":null,\"irqs\":5},\"fields\":{}}"

static struct ctl_leg leg(const char *json, int queue, bool run)
{
	struct ctl_leg l = {};
	struct ctl_text why;

	assert_int_equal(ctl_leg_read(&l, json, queue, run, &why), 0);
	return l;
}

static void queues_add_up(void **state)
{
	struct ctl_leg l = leg(HEAD DEVICE "," QUEUE0 "," QUEUE1 "," IDLE "]}", -1, true);

	(void)state;
	assert_string_equal(l.accel, "kvm-vmx");
	assert_float_equal(l.v[CTL_TRY_KICKS], 200, 0);
	assert_float_equal(l.v[CTL_TRY_SUPPRESSED], 60, 1e-9);
	assert_float_equal(l.v[CTL_TRY_BUFFERS_PER_KICK], 2.5, 1e-9);
	assert_float_equal(l.v[CTL_TRY_IRQS], 150, 0);
	assert_float_equal(l.v[CTL_TRY_USED_PER_IRQ], 5, 1e-9);
	assert_float_equal(l.v[CTL_TRY_SPURIOUS], 100.0 / 3, 1e-9);
	assert_float_equal(l.v[CTL_TRY_ACCESSES], 300, 0);
	assert_float_equal(l.v[CTL_TRY_KICK_MEAN], 600, 1e-9);
	assert_float_equal(l.v[CTL_TRY_SECONDS], 2, 0);
	assert_true(l.known[CTL_TRY_SUPPRESSED] && l.known[CTL_TRY_SECONDS]);
	assert_false(l.known[CTL_TRY_LATENCY_MEAN]);
	assert_false(l.known[CTL_TRY_LATENCY_P99]); /* of two virtqueues there is none */

	l = leg(HEAD DEVICE "," QUEUE0 "," QUEUE1 "]}", 0, false);
	assert_float_equal(l.v[CTL_TRY_KICKS], 50, 0); /* a second */
	assert_float_equal(l.v[CTL_TRY_LATENCY_P99], 12.5, 0);
	assert_true(l.known[CTL_TRY_LATENCY_P99]);
	assert_false(l.known[CTL_TRY_SECONDS]);

	/* what one virtqueue does not know is not known of all */
	l = leg(HEAD QUEUE0 "," BLIND "]}", -1, true);
	assert_true(l.known[CTL_TRY_KICKS]);
	assert_false(l.known[CTL_TRY_SUPPRESSED]);
	assert_false(l.known[CTL_TRY_ACCESSES]);
	assert_false(l.unsure);

	l = leg(HEAD QUEUE0 "," UNSEEN "]}", -1, true);
	assert_true(l.known[CTL_TRY_KICKS]);
	assert_false(l.known[CTL_TRY_IRQS]);
	assert_false(l.known[CTL_TRY_SUPPRESSED]);
}

static void losses_that_are_not_known(void **state)
{
	static const char json[] =
		"{\"accel\":\"tcg\",\"interval_s\":2,\"events_lost\":null,\"rows\":[" QUEUE0 "]}";
	struct ctl_leg legs[4] = {leg(json, -1, true), leg(HEAD QUEUE0 "]}", -1, true)};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	assert_true(legs[0].unsure);
	legs[2] = legs[3] = legs[1];
	legs[2].b = legs[1].b = true;
	ctl_legs_print(f, legs, 4);
	fclose(f);
	assert_non_null(strstr(text, "\nwhether events were lost is not known here"));
	free(text);
}

static void times_of_no_clock(void **state)
{
	struct ctl_leg l = leg("{\"accel\":\"tcg\",\"emulated\":true,\"durations\":false,"
			       "\"interval_s\":2,\"rows\":[" QUEUE0 "]}",
			       -1, true);

	(void)state;
	assert_true(l.emulated);
	assert_false(l.known[CTL_TRY_KICK_MEAN]);
	assert_false(l.known[CTL_TRY_LATENCY_P99]);
	assert_false(l.known[CTL_TRY_SECONDS]);
	assert_true(l.known[CTL_TRY_SUPPRESSED]);
}

static void no_numbers(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"[]",
		"no JSON",
		"{\"accel\":\"tcg\",\"interval_s\":0,\"rows\":[" QUEUE0 "]}",
		HEAD "]}",
		HEAD DEVICE "]}",
		"{\"accel\":\"tcg\",\"interval_s\":1,\"events_lost\":3,\"rows\":[" QUEUE0 "]}",
	};
	struct ctl_leg l = {};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ctl_text why = {};

		assert_int_not_equal(ctl_leg_read(&l, bad[i], -1, true, &why), 0);
		assert_true(why.s[0]);
	}
	/* the virtqueue asked for is not there */
	{
		struct ctl_text why = {};

		assert_int_not_equal(ctl_leg_read(&l, HEAD QUEUE0 "]}", 1, true, &why), 0);
	}
}

static enum ctl_verdict verdict(int what, double a1, double b1, double b2, double a2)
{
	const double v[] = {a1, b1, b2, a2};
	struct ctl_leg legs[4] = {};
	double a, b;
	int i;

	for (i = 0; i < 4; i++) {
		legs[i].b = i == 1 || i == 2;
		legs[i].known[what] = !isnan(v[i]);
		legs[i].v[what] = v[i];
	}
	return ctl_legs_judge(legs, 4, what, &a, &b);
}

static void verdicts(void **state)
{
	(void)state;
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 200, 201, 102), CTL_DIFFERS);
	assert_int_equal(verdict(CTL_TRY_KICKS, 200, 100, 101, 202), CTL_DIFFERS);
	/* the two A are as far apart as A and B */
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 200, 200, 150), CTL_UNDECIDED);
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 200, 200, 130), CTL_UNDECIDED);
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 200, 150, 100), CTL_UNDECIDED);
	/* a drift is no difference */
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 110, 120, 130), CTL_UNDECIDED);
	assert_int_equal(verdict(CTL_TRY_KICKS, 1000, 1005, 1004, 1000), CTL_SAME);
	assert_int_equal(verdict(CTL_TRY_KICKS, 0, 0, 0, 0), CTL_SAME);
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, 200, 200, 124), CTL_DIFFERS);
	assert_int_equal(verdict(CTL_TRY_KICKS, 1000, 1020, 1020, 1000), CTL_DIFFERS);
	/* shares by points */
	assert_int_equal(verdict(CTL_TRY_SUPPRESSED, 0, 0.9, 0.9, 0), CTL_SAME);
	assert_int_equal(verdict(CTL_TRY_SUPPRESSED, 0, 50, 50.1, 0.1), CTL_DIFFERS);
	assert_int_equal(verdict(CTL_TRY_KICKS, 100, NAN, 200, 100), CTL_NOT_KNOWN);
}

/* Of 100,000 quantities that are noise alone, how many differ? */
static double by_chance(int rounds)
{
	const int tries = 100000;
	struct ctl_leg legs[4 * 8] = {};
	int i, k, n = 4 * rounds, differ = 0;
	double a, b;

	srand48(1);
	for (i = 0; i < tries; i++) {
		for (k = 0; k < n; k++) {
			legs[k].b = k % 4 == 1 || k % 4 == 2;
			legs[k].known[CTL_TRY_KICKS] = true;
			legs[k].v[CTL_TRY_KICKS] = 1000 + 100 * sqrt(-2 * log(1 - drand48())) *
								  cos(2 * M_PI * drand48());
		}
		differ += ctl_legs_judge(legs, n, CTL_TRY_KICKS, &a, &b) == CTL_DIFFERS;
	}
	return 100.0 * differ / tries;
}

static void chance(void **state)
{
	double one = by_chance(1), two = by_chance(2);

	(void)state;
	print_message("by chance: %.2f of 100 in one round, %.2f in two\n", one, two);
	assert_true(one > 1 && one < 2.5); /* "2 of 100" in the help */
	assert_true(two < 0.1);		   /* "less than 1 of 1,000" */
}

static void printed(void **state)
{
	struct ctl_leg legs[4];
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		legs[i] = leg(HEAD DEVICE "," QUEUE0 "]}", -1, true);
		legs[i].b = i == 1 || i == 2;
		if (legs[i].b)
			legs[i].v[CTL_TRY_SUPPRESSED] = 0;
	}
	ctl_legs_print(f, legs, 4);
	fclose(f);
	assert_non_null(strstr(text, "B differs: suppressed 75 -> 0 %\n"));
	assert_non_null(strstr(text, "kicks                          100       100       100"
				     "       100  the same\n"));
	assert_non_null(strstr(text, "suppressed, %                   75         0         0"
				     "        75  differs\n"));
	assert_null(strstr(text, "kick to interrupt"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queues_add_up),     cmocka_unit_test(losses_that_are_not_known),
		cmocka_unit_test(times_of_no_clock), cmocka_unit_test(no_numbers),
		cmocka_unit_test(verdicts),	     cmocka_unit_test(chance),
		cmocka_unit_test(printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
