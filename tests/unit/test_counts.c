// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's counters on a machine whose words have 32 bits, compiled as there, and
 * how they are added up while another CPU counts: no half of a carry is ever read, each
 * count is written within its sequence and with interrupts off, and there are never more
 * interrupts that found nothing than interrupts. The other CPU is step_in().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "kernel.h"
#include "kmod/sums.h"

unsigned int irqs_off;
static void (*other_cpu)(void);
static unsigned int steps, begun, ended;

void step_in(void)
{
	steps++;
	if (other_cpu)
		other_cpu();
}

static struct vmmio_queue_counts queue;
static struct vmmio_device_counts device;

void u64_stats_update_begin(struct u64_stats_sync *s)
{
	assert_int_equal(irqs_off, 1); /* or a handler here would count within this count */
	assert_int_equal(s->seq & 1, 0);
	s->seq++;
	begun++;
}

void u64_stats_update_end(struct u64_stats_sync *s)
{
	assert_int_equal(irqs_off, 1);
	assert_int_equal(s->seq & 1, 1);
	s->seq++;
	ended++;
}

static int reset(void **state)
{
	(void)state;
	queue = (struct vmmio_queue_counts){};
	device = (struct vmmio_device_counts){};
	other_cpu = NULL;
	steps = begun = ended = irqs_off = 0;
	return 0;
}

/* A carry in two halves, each at one of the reader's steps; then the writer rests. */
static void carry(void)
{
	if (steps == 1) {
		queue.syncp.seq++;
		queue.kicks = 0; /* of 0xffffffff the low half is written */
	} else if (steps == 2) {
		queue.kicks = 1ull << 32;
		queue.syncp.seq++;
	}
}

static void test_carry(void **state)
{
	(void)state;
	queue.kicks = 0xffffffff;
	other_cpu = carry;
	assert_true(vmmio_counted(&queue, kicks) == 1ull << 32);
	assert_int_equal(steps, 4); /* it has looked again */
	assert_int_equal(irqs_off, 0);
}

static void test_count(void **state)
{
	(void)state;
	queue.kicks = 0xffffffff;
	vmmio_count(&queue, kicks);
	assert_true(queue.kicks == 1ull << 32);
	vmmio_count(&device, reads[VMMIO_REG_MAX - 1]);
	assert_true(device.reads[VMMIO_REG_MAX - 1] == 1);
	assert_int_equal(begun, 2);
	assert_int_equal(ended, 2);
	assert_int_equal(irqs_off, 0);
}

/* Each time an interrupt comes and finds nothing, counted in the handler's order. */
static void nothing_found(void)
{
	queue.irqs++;
	queue.irqs_none++;
	device.runs_read++;
	device.irqs_none++;
}

static void test_queue_order(void **state)
{
	struct vmmio_queue_sum sum = {};

	(void)state;
	other_cpu = nothing_found;
	vmmio_sum_queue(&sum, &queue, true);
	assert_true(steps > 2);
	assert_true(sum.irqs > 0);
	assert_true(sum.irqs_none <= sum.irqs);
	assert_true(sum.irqs_dedicated_none <= sum.irqs_dedicated);
}

static void test_device_order(void **state)
{
	struct vmmio_slot_counters sum = {};

	(void)state;
	other_cpu = nothing_found;
	vmmio_sum_device(&sum, &device);
	assert_true(steps > 2);
	assert_true(sum.irqs > 0);
	assert_true(sum.irqs_none <= sum.irqs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_carry, reset),
		cmocka_unit_test_setup(test_count, reset),
		cmocka_unit_test_setup(test_queue_order, reset),
		cmocka_unit_test_setup(test_device_order, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
