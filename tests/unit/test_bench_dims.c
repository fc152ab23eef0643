// SPDX-License-Identifier: GPL-2.0-only
/*
 * What changed between two results: one thing is what is asked about, of two
 * nobody knows which it was, and another load is another question.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/judge/dims.h"

/* Two results, of which the second differs in @what (a letter a dimension), now @to. */
static void check_dims(const char *what, const char *to, const char *allow, const char *refused)
{
	static const char result[] =
		"{\"kind\":\"compare\",\"accel\":\"tcg\",\"load\":\"randread\",\"options\":{"
		"\"count\":500,\"rounds\":2,\"block_size\":4096,\"driver\":\"vmmio\"},\"guest\":"
		"{\"kernel\":\"6.1\"},\"under\":{\"kernel\":\"6.1\",\"qemu\":\"7.2\"},\"equal\":{"
		"\"ring_size\":256}}";
	json_t *a = json_loads(result, 0, NULL), *b = json_deep_copy(a), *x, *y, *obj = b;
	json_t *ma = json_loads("{\"cpu\":\"EPYC\",\"kernel\":\"6.18\",\"qemu\":\"7.2\"}", 0, NULL);
	json_t *mb = json_deep_copy(ma);
	struct vmmio_dims d;

	for (const char *p = what; *p; p++) {
		switch (*p) {
		case 'c':
			json_object_set_new(json_object_get(obj, "options"), "count",
					    json_integer(atoi(to)));
			break;
		case 'l':
			json_object_set_new(json_object_get(obj, "options"), "block_size",
					    json_integer(atoi(to)));
			break;
		case 'd':
			json_object_set_new(json_object_get(obj, "options"), "driver",
					    json_string(to));
			break;
		case 'k':
			json_object_set_new(json_object_get(obj, "guest"), "kernel",
					    json_string(to));
			break;
		case 'q':
			json_object_set_new(mb, "qemu", json_string(to));
			break;
		case 'u': /* B does not say its QEMU, A does */
			json_object_del(mb, "qemu");
			break;
		case 'v': /* nor how many I/Os it was */
			json_object_del(json_object_get(obj, "options"), "count");
			break;
		case 'h': /* the bench host has another QEMU */
			json_object_set_new(json_object_get(obj, "under"), "qemu", json_string(to));
			break;
		case 'p':
			json_object_set_new(mb, "cpu", json_string(to));
			break;
		}
	}
	x = vmmio_dims_of(a, ma);
	y = vmmio_dims_of(b, mb);
	assert_int_equal(vmmio_dims_compare(x, y, allow, &d), 0);
	assert_int_equal(json_array_size(d.changed), strlen(what));
	assert_int_equal(d.machine, strchr(what, 'p') != NULL);
	if (*refused ? !strstr(d.refused, refused) : d.refused[0])
		fail_msg("%s: '%s' instead of '%s'", what, d.refused, refused);
	json_decref(d.changed);
	json_decref(x);
	json_decref(y);
	json_decref(a);
	json_decref(b);
	json_decref(ma);
	json_decref(mb);
}

static void test_dims(void **state)
{
	char bad[40];

	check_dims("", "", NULL, "");
	/* one thing is what is asked about */
	check_dims("k", "6.12", NULL, "");
	check_dims("q", "10.0", NULL, "");
	check_dims("p", "Xeon", NULL, "");
	check_dims("h", "10.0", NULL, "");
	check_dims("kh", "7.3", NULL, "more than one thing changed: kernel, host");
	/* of two nobody knows which it was */
	check_dims("kq", "10.0", NULL, "more than one thing changed: kernel, qemu");
	check_dims("dp", "mainline", NULL, "more than one thing changed: driver, machine");
	check_dims("kq", "10.0", "qemu", "");
	check_dims("dkq", "10.0", "qemu", "more than one");
	check_dims("dkq", "10.0", "qemu,kernel", "");
	/* another load is another question */
	check_dims("c", "1000", NULL, "another count: 500 -> 1000");
	check_dims("l", "512", NULL, "another load");
	check_dims("c", "1000", "count", "");
	/* what one side does not say is not known to be equal */
	check_dims("u", "", NULL, "");
	check_dims("ku", "6.12", NULL, "more than one thing changed: kernel, qemu");
	check_dims("v", "", NULL, "another count: 500 -> not said");
	assert_true(vmmio_dims_are("qemu,kernel", bad, sizeof(bad)));
	assert_true(vmmio_dims_are(NULL, bad, sizeof(bad)));
	assert_false(vmmio_dims_are("qemu,qem", bad, sizeof(bad)));
	assert_string_equal(bad, "qem");
	assert_false(vmmio_dims_are("qemu,,kernel", bad, sizeof(bad)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_dims)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
