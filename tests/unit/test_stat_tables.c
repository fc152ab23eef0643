// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shared tables: registers, counters, histograms and fields are what their
 * readers take for granted.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tools/vmmio-stat/core/fields.h"
#include "tools/vmmio-stat/core/regtable.h"

static void register_offsets_are_unique(void **state)
{
	int i, k;

	for (i = 0; i < VMMIO_REG_COUNT; i++) {
		const struct vmmio_reg_info *a = &vmmio_regs[i];

		assert_true(a->versions && !(a->versions & ~(VMMIO_V12 | VMMIO_PCI)));
		assert_true(a->access && !(a->access & ~VMMIO_RW));
		assert_true(a->width == 0 || a->width == 1 || a->width == 2 || a->width == 4);
		assert_true(!a->width || a->offset % a->width == 0);
		for (k = 0; k < i; k++) {
			const struct vmmio_reg_info *b = &vmmio_regs[k];

			assert_string_not_equal(a->name, b->name);
			/* PCI has several structures, each from 0: only the common one has widths
			 */
			if (!(a->versions & b->versions) || (a->versions & VMMIO_PCI))
				continue;
			assert_int_not_equal(a->offset, b->offset);
		}
	}
}

/* Spot checks against the specification, 4.2.2 and 4.1.4.3. */
static void registers_are_where_the_spec_says(void **state)
{
	assert_int_equal(vmmio_regs[VMMIO_REG_QUEUE_NOTIFY].offset, 0x50);
	assert_string_equal(vmmio_regs[VMMIO_REG_QUEUE_NOTIFY].name, "QueueNotify");
	assert_int_equal(vmmio_regs[VMMIO_REG_INTERRUPT_STATUS].offset, 0x60);
	assert_int_equal(vmmio_regs[VMMIO_REG_INTERRUPT_ACK].offset, 0x64);
	assert_int_equal(vmmio_regs[VMMIO_REG_CONFIG_GENERATION].offset, 0xfc);
	assert_int_equal(vmmio_regs[VMMIO_REG_PCI_DEVICE_STATUS].offset, 0x14);
	assert_int_equal(vmmio_regs[VMMIO_REG_PCI_QUEUE_RESET].offset, 0x3a);
}

static void is_key(const char *s)
{
	assert_true(*s);
	for (; *s; s++)
		assert_true(islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_');
}

static void field_keys_and_headings(void **state)
{
	int i, k;

	for (i = 0; i < VMMIO_F_COUNT; i++) {
		const struct vmmio_field *f = &vmmio_fields[i];

		is_key(f->key);
		assert_true(strlen(f->heading) <= 8);
		assert_true(*f->unit && *f->meaning);
		for (k = 0; k < i; k++) {
			assert_string_not_equal(f->key, vmmio_fields[k].key);
			assert_string_not_equal(f->heading, vmmio_fields[k].heading);
		}
		assert_int_equal(vmmio_field_find(f->key), i);
		assert_int_equal(vmmio_field_find(f->heading), i);
		if (f->op == VMMIO_OP_PCTL) {
			assert_true(f->a < VMMIO_HIST_COUNT && f->b <= 100);
			assert_int_equal(vmmio_fields_hists(1ull << i), 1u << f->a);
		} else {
			assert_true(f->a < VMMIO_C_COUNT && f->b < VMMIO_C_COUNT);
			assert_int_equal(vmmio_fields_hists(1ull << i), 0);
		}
		/* a duration is of class time, whatever it is called */
		if (!strcmp(f->unit, "ns") || !strcmp(f->unit, "us"))
			assert_int_equal(f->cls, VMMIO_TIME);
	}
	assert_int_equal(vmmio_field_find("kick"), VMMIO_F_KICKS); /* as it is headed if emulated */
	assert_int_equal(vmmio_field_find("kic"), -1);
	assert_int_equal(vmmio_field_find(""), -1);
	assert_int_equal(vmmio_field_find("nonsense"), -1);
}

static void counter_and_hist_keys(void **state)
{
	int i, k;

	for (i = 0; i < VMMIO_C_COUNT; i++) {
		is_key(vmmio_counter_keys[i]);
		for (k = 0; k < i; k++)
			assert_string_not_equal(vmmio_counter_keys[i], vmmio_counter_keys[k]);
	}
	for (i = 0; i < VMMIO_HIST_COUNT; i++)
		is_key(vmmio_hist_keys[i]);
}

/* One delta with one row, its counters 1000, 10, ... by hand. */
static struct vmmio_snapshot one_row(__u32 hists)
{
	struct vmmio_want want = {.hists = hists};
	struct vmmio_snapshot s;

	vmmio_snapshot_init(&s, &want);
	assert_non_null(vmmio_snapshot_add(&s));
	return s;
}

static void every_operation(void **state)
{
	struct vmmio_snapshot s = one_row(1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_KICK);
	struct vmmio_row *r = &s.rows[0];
	struct vmmio_value v;

	vmmio_row_set(r, VMMIO_C_KICKS, 25);
	vmmio_row_set(r, VMMIO_C_OPPORTUNITIES, 100);
	vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, 20);
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, 50);
	vmmio_row_set(r, VMMIO_C_IRQS, 8);
	vmmio_row_set(r, VMMIO_C_IRQS_SPURIOUS, 2);
	vmmio_row_set(r, VMMIO_C_KICKS_TIMED, 4);
	vmmio_row_set(r, VMMIO_C_KICK_NS, 1000);
	r->have_hist = 1u << VMMIO_HIST_IRQ;
	vmmio_row_hist(&s, 0, VMMIO_HIST_IRQ)->n[vmmio_hist_bucket(4096)] = 10;

	v = vmmio_field_eval(&s, 0, VMMIO_F_KICKS); /* COUNT */
	assert_true(v.known && v.v == 25);
	v = vmmio_field_eval(&s, 0, VMMIO_F_SUPPRESSED); /* REST */
	assert_true(v.known && v.v == 75);
	v = vmmio_field_eval(&s, 0, VMMIO_F_BUFFERS_PER_KICK); /* RATIO */
	assert_true(v.known && v.v == 2.5);
	v = vmmio_field_eval(&s, 0, VMMIO_F_SPURIOUS); /* SHARE */
	assert_true(v.known && v.v == 25);
	v = vmmio_field_eval(&s, 0, VMMIO_F_KICK_MEAN); /* MEAN */
	assert_true(v.known && v.v == 250);
	v = vmmio_field_eval(&s, 0, VMMIO_F_LATENCY_P50); /* PCTL, ns to us */
	assert_true(v.known && v.v >= 4.096 && v.v < 4.608);
	/* asked for, but the source has it not */
	assert_false(vmmio_field_eval(&s, 0, VMMIO_F_KICK_P50).known);
	/* not asked for */
	assert_false(vmmio_field_eval(&s, 0, VMMIO_F_REQUEST_P50).known);
	vmmio_snapshot_free(&s);
}

static void unknown_is_not_zero(void **state)
{
	struct vmmio_snapshot s = one_row(0);
	struct vmmio_row *r = &s.rows[0];
	int id;

	for (id = 0; id < VMMIO_F_COUNT; id++)
		assert_false(vmmio_field_eval(&s, 0, id).known);
	vmmio_row_set(r, VMMIO_C_KICKS, 0);
	assert_true(vmmio_field_eval(&s, 0, VMMIO_F_KICKS).known);
	/* half of a ratio, and a ratio of nothing */
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, 3);
	assert_false(vmmio_field_eval(&s, 0, VMMIO_F_BUFFERS_PER_KICK).known);
	vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, 0);
	assert_false(vmmio_field_eval(&s, 0, VMMIO_F_BUFFERS_PER_KICK).known);
	/* counters are read one after the other: never below 0 % */
	vmmio_row_set(r, VMMIO_C_KICKS, 11);
	vmmio_row_set(r, VMMIO_C_OPPORTUNITIES, 10);
	assert_true(vmmio_field_eval(&s, 0, VMMIO_F_SUPPRESSED).v == 0);
	vmmio_snapshot_free(&s);
}

/* Emulated time never passes for real time, and a clock that traps gives none. */
static void time_is_shown_where_it_is_real(void **state)
{
	struct vmmio_env real = {.accel = "kvm", .clock_ok = true};
	struct vmmio_env tcg = {.accel = "tcg", .clock_ok = true, .emulated = true};
	struct vmmio_env traps = {.accel = "kvm"};
	struct vmmio_snapshot s = one_row(0);

	vmmio_row_set(&s.rows[0], VMMIO_C_KICK_NS, 10);
	vmmio_row_set(&s.rows[0], VMMIO_C_KICKS_TIMED, 1);
	vmmio_row_set(&s.rows[0], VMMIO_C_KICKS, 1);
	assert_true(vmmio_field_show(&s, 0, VMMIO_F_KICK_MEAN, &real).known);
	assert_true(vmmio_env_rates(&real));
	assert_false(vmmio_field_show(&s, 0, VMMIO_F_KICK_MEAN, &tcg).known);
	assert_false(vmmio_field_visible(VMMIO_F_KICK_MEAN, &tcg));
	assert_false(vmmio_env_rates(&tcg));
	assert_true(vmmio_field_show(&s, 0, VMMIO_F_KICKS, &tcg).known);
	tcg.emulated_time = true;
	assert_true(vmmio_field_show(&s, 0, VMMIO_F_KICK_MEAN, &tcg).known);
	assert_false(vmmio_field_show(&s, 0, VMMIO_F_KICK_MEAN, &traps).known);
	assert_true(vmmio_clock_is_direct("tsc"));
	assert_true(vmmio_clock_is_direct("hyperv_clocksource_tsc_page"));
	assert_false(vmmio_clock_is_direct("hpet"));
	assert_false(vmmio_clock_is_direct("unknown"));
	vmmio_snapshot_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_offsets_are_unique),
		cmocka_unit_test(registers_are_where_the_spec_says),
		cmocka_unit_test(field_keys_and_headings),
		cmocka_unit_test(counter_and_hist_keys),
		cmocka_unit_test(every_operation),
		cmocka_unit_test(unknown_is_not_zero),
		cmocka_unit_test(time_is_shown_where_it_is_real),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
