// SPDX-License-Identifier: GPL-2.0-only
/*
 * The number parser: what it takes and, above all, what it refuses.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/num.h"

static void takes_numbers(void **state)
{
	__u64 v = 0;

	assert_int_equal(vmmio_parse_u64("0", 0, 10, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(vmmio_parse_u64("18446744073709551615", 0, ~0ull, &v), 0);
	assert_true(v == ~0ull);
	assert_int_equal(vmmio_parse_u64("0xfF", 0, 255, &v), 0);
	assert_int_equal(v, 255);
	assert_int_equal(vmmio_parse_u64("007", 7, 7, &v), 0);
	assert_int_equal(v, 7);
}

static void refuses_junk(void **state)
{
	static const char *const junk[] = {"",	 " ",	 "1 ",	" 1",  "+1",  "-1", "1x",
					   "x",	 "0x",	 "1e3", "1.0", "1,0", "\n", "1\n",
					   "--", "0x-1", "0xg", "1_0", "٣",   "०"};
	__u64 v = 42;
	size_t i;

	for (i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		assert_int_equal(vmmio_parse_u64(junk[i], 0, ~0ull, &v), -EINVAL);
	assert_int_equal(vmmio_parse_u64(NULL, 0, ~0ull, &v), -EINVAL);
	assert_int_equal(v, 42); /* untouched */
}

static void refuses_what_does_not_fit(void **state)
{
	__u64 v = 42;

	assert_int_equal(vmmio_parse_u64("18446744073709551616", 0, ~0ull, &v), -ERANGE);
	assert_int_equal(vmmio_parse_u64("99999999999999999999999999", 0, ~0ull, &v), -ERANGE);
	assert_int_equal(vmmio_parse_u64("0x10000000000000000", 0, ~0ull, &v), -ERANGE);
	assert_int_equal(vmmio_parse_u64("11", 0, 10, &v), -ERANGE);
	assert_int_equal(vmmio_parse_u64("1", 2, 10, &v), -ERANGE);
	assert_int_equal(v, 42);
}

static void takes_seconds(void **state)
{
	__u64 ns = 0;

	assert_int_equal(vmmio_parse_seconds("1", 0, ~0ull, &ns), 0);
	assert_int_equal(ns, 1000000000);
	assert_int_equal(vmmio_parse_seconds("0.5", 0, ~0ull, &ns), 0);
	assert_int_equal(ns, 500000000);
	assert_int_equal(vmmio_parse_seconds("12.000000001", 0, ~0ull, &ns), 0);
	assert_true(ns == 12000000001ull);
}

static void refuses_bad_seconds(void **state)
{
	static const char *const junk[] = {"",	   ".",	  "1.",	 ".5",	"1.5s",		"-1",
					   "1..2", "1e3", "inf", "nan", "1.0000000001", "0x1"};
	__u64 ns = 42;
	size_t i;

	for (i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		assert_int_equal(vmmio_parse_seconds(junk[i], 0, ~0ull, &ns), -EINVAL);
	assert_int_equal(vmmio_parse_seconds("18446744074", 0, ~0ull, &ns), -ERANGE);
	assert_int_equal(vmmio_parse_seconds("18446744073.709551616", 0, ~0ull, &ns), -ERANGE);
	assert_int_equal(vmmio_parse_seconds("2", 0, 1000000000, &ns), -ERANGE);
	assert_int_equal(vmmio_parse_seconds("0", 1, ~0ull, &ns), -ERANGE);
	assert_int_equal(ns, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_numbers),
		cmocka_unit_test(refuses_junk),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(takes_seconds),
		cmocka_unit_test(refuses_bad_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
