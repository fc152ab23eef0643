// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses counted on the device's side: parted into rounds by what the guest wrote to its
 * result channel, held against what vmmio-stat saw, and in place of it where it saw none.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/data/devside.h"
#include "bench/data/rounds.h"

#define LABELS "load=randread transport=mmio depth=1"

static void access_line(FILE *f, const char *what, unsigned long addr, unsigned int value,
			unsigned int size, const char *region)
{
	fprintf(f, "memory_region_ops_%s cpu 0 mr 0x55d0 addr 0x%lx value 0x%x size %u name '%s'\n",
		what, addr, value, size, region);
}

static void say(FILE *f, const char *text)
{
	for (; *text; text++) {
		access_line(f, "read", 0x2fd, 0x60, 1, "serial");
		access_line(f, "write", 0x2f8, (unsigned char)*text, 1, "serial");
	}
}

/* A round of ten I/Os, with @bells doorbells and @status status reads. */
static char *trace(int bells, int status)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	access_line(f, "write", 0x2f8, 1, 1, "serial"); /* the divisor of the line's speed */
	access_line(f, "write", 0xfeb00050, 0, 4, "virtio-mmio"); /* before the round */
	say(f, "@round {\"kind\":\"count\"}\r\n");
	for (int i = 0; i < bells; i++)
		access_line(f, "write", 0xfeb00050, 0, 4, "virtio-mmio");
	for (int i = 0; i < status; i++)
		access_line(f, "read", 0xfeb00060, 1, 4, "virtio-mmio");
	for (int i = 0; i < 10; i++)
		access_line(f, "write", 0xfeb00064, 1, 4, "virtio-mmio");
	access_line(f, "read", 0x608, 7, 4, "acpi-tmr");
	say(f, "{\"ios\":10}\r\n@end 0\r\n");
	access_line(f, "write", 0xfeb00050, 0, 4, "virtio-mmio"); /* after it */
	fclose(f);
	return text;
}

/* The rows of that round; @counted: vmmio-stat counts accesses. */
static json_t *rows(bool counted)
{
	json_t *all =
		json_loads("[{\"kind\":\"count\",\"boot\":0,\"depth\":1,\"column\":\"mmio\","
			   "\"device\":\"virtio0\","
			   "\"labels\":\"" LABELS "\",\"load\":{\"ios\":10},\"stat\":{\"rows\":["
			   "{\"device\":\"virtio0\",\"queue\":null,\"counters\":{\"irqs\":10}},"
			   "{\"device\":\"virtio0\",\"queue\":0,\"counters\":{\"kicks\":10}}]}}]",
			   0, NULL);
	json_t *stat = json_object_get(json_array_get(all, 0), "stat");
	json_t *device = json_array_get(json_object_get(stat, "rows"), 0);

	assert_non_null(all);
	if (!counted)
		return all;
	json_object_set_new(json_object_get(device, "counters"), "accesses", json_integer(30));
	json_object_set_new(
		stat, "registers",
		json_loads(
			"[{\"device\":\"virtio0\",\"register\":\"QueueNotify\",\"reads\":0,"
			"\"writes\":10},{\"device\":\"virtio0\",\"register\":\"InterruptStatus\","
			"\"reads\":10,\"writes\":0},{\"device\":\"virtio0\",\"register\":"
			"\"InterruptACK\",\"reads\":0,\"writes\":10}]",
			0, NULL));
	return all;
}

static void expect(bool counted, int bells, int status, const char *found)
{
	json_t *all = rows(counted);
	char *text = trace(bells, status), why[200];
	bool agrees;

	assert_int_equal(vmmio_devside_take(text, 0, all, why, sizeof(why)), 0);
	agrees = vmmio_devside_agree(all, why, sizeof(why));
	if (agrees != !found || (found && !strstr(why, found)))
		fail_msg("'%s' instead of '%s'", why, found ? found : "agreement");
	free(text);
	json_decref(all);
}

static void test_witness(void **state)
{
	expect(true, 10, 10, NULL);
	/* a doorbell written twice that the driver counts once; a status read it does not count */
	expect(true, 11, 10, "QueueNotify: 11 accesses on the device's side, 10 by vmmio-stat");
	expect(true, 10, 11, "InterruptStatus: 11 accesses");
	expect(true, 10, 9, "InterruptStatus: 9 accesses");
	expect(true, 10, 0, "20 accesses on the device's side, 30 by vmmio-stat");
	/* of mainline only doorbells have two witnesses */
	expect(false, 10, 10, NULL);
	expect(false, 11, 10, "11 doorbells on the device's side, 10 kicks");
}

/* null is not 0: kicks that vmmio-stat does not know agree with no number of doorbells. */
static void test_unknown(void **state)
{
	json_t *all = rows(false), *stat = json_object_get(json_array_get(all, 0), "stat");
	json_t *queue = json_array_get(json_object_get(stat, "rows"), 1);
	char *text = trace(0, 10), why[200];

	json_object_set_new(json_object_get(queue, "counters"), "kicks", json_null());
	assert_int_equal(vmmio_devside_take(text, 0, all, why, sizeof(why)), 0);
	assert_false(vmmio_devside_agree(all, why, sizeof(why)));
	assert_non_null(strstr(why, "kicks of a round are not known"));
	json_array_remove(json_object_get(stat, "rows"), 1);
	assert_false(vmmio_devside_agree(all, why, sizeof(why)));
	json_decref(all);
	free(text);
}

/* A driver without counts: what it accesses is known all the same. */
static void test_mainline(void **state)
{
	struct vmmio_series_set set = {0};
	const struct vmmio_series *s;
	json_t *all = rows(false);
	char *text = trace(10, 20), why[200];

	assert_int_equal(vmmio_rounds_series(all, 1, false, &set), 0);
	s = vmmio_series_find(&set, LABELS, "accesses_per_io");
	assert_true(s && isnan(s->v[0]));
	vmmio_series_free(&set);
	assert_int_equal(vmmio_devside_take(text, 0, all, why, sizeof(why)), 0);
	assert_int_equal(vmmio_rounds_series(all, 1, false, &set), 0);
	s = vmmio_series_find(&set, LABELS, "accesses_per_io");
	assert_true(s && s->v[0] == 4);
	s = vmmio_series_find(&set, LABELS, "reg:InterruptStatus");
	assert_true(s && s->v[0] == 2);
	s = vmmio_series_find(&set, LABELS, "accesses_per_irq");
	assert_true(s && s->v[0] == 3);
	vmmio_series_free(&set);
	/* another number of rounds: then nothing is known of any */
	json_array_append_new(all, json_deep_copy(json_array_get(all, 0)));
	json_object_del(json_array_get(all, 0), "device_side");
	json_object_del(json_array_get(all, 1), "device_side");
	assert_int_not_equal(vmmio_devside_take(text, 0, all, why, sizeof(why)), 0);
	assert_null(json_object_get(json_array_get(all, 0), "device_side"));
	free(text);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_witness),
		cmocka_unit_test(test_mainline),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
