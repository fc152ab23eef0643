// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sentences that do not fit, and cells of CSV.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <math.h>

#include "lib/csv.h"
#include "lib/text.h"

static void sentences(void **state)
{
	char why[16] = "before";

	vmmio_say(why, sizeof(why), "%s: %d", "a number", 7);
	assert_string_equal(why, "a number: 7");
	vmmio_say(why, sizeof(why), "%s", "fifteen letters");
	assert_string_equal(why, "fifteen letters");
	vmmio_say(why, sizeof(why), "%s", "sixteen letters!");
	assert_string_equal(why, "sixteen lett...");
	vmmio_say(why, 3, "%s", "no room");
	assert_string_equal(why, "no");
}

static void cells(void **state)
{
	char *text;
	size_t size;
	struct vmmio_csv c = {open_memstream(&text, &size)};

	vmmio_csv_unknown(&c);
	vmmio_csv_put(&c, "%u", 5u);
	vmmio_csv_text(&c, "say \"a,b\"\n");
	vmmio_csv_number(&c, NAN, 6);
	vmmio_csv_number(&c, 1234567890, 6);
	vmmio_csv_number(&c, 2.0 / 3, 6);
	vmmio_csv_end(&c);
	vmmio_csv_put(&c, "next");
	vmmio_csv_end(&c);
	fclose(c.out);
	assert_string_equal(text, ",5,\"say \"\"a,b\"\"?\",,1234567890,0.666667\nnext\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sentences),
		cmocka_unit_test(cells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
