// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel says in text about kprobe events: hits withheld from a probe
 * of ours, and not those of another's with a name that begins alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/vmmio-stat/source/tracefs_probes.h"

static void finds_the_whole_name(void **state)
{
	static const char text[] = "  call_1234                       1               7\n"
				   "  vcall_123                       2               8\n"
				   "  call_123                        5               9\n"
				   "  call_r_123                      5              11\n";

	assert_int_equal(trace_profile_missed(text, "call_123"), 9);
	assert_int_equal(trace_profile_missed(text, "call_1234"), 7);
	assert_int_equal(trace_profile_missed(text, "call_r_123"), 11);
}

static void counts_nothing_that_is_not_said(void **state)
{
	assert_int_equal(trace_profile_missed("", "call_123"), 0);
	assert_int_equal(trace_profile_missed("\n\n  call_1234 1 7", "call_123"), 0);
	assert_int_equal(trace_profile_missed("call_123 5\ncall_123 x 4\ncall_123 1 2", "call_123"),
			 2);
	assert_int_equal(trace_profile_missed("call_123 5 18446744073709551615", "call_123"),
			 ~0ull);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_whole_name),
		cmocka_unit_test(counts_nothing_that_is_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
