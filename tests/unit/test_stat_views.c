// SPDX-License-Identifier: GPL-2.0-only
/*
 * The views of a synthetic delta: table, CSV and JSON, to the letter where
 * somebody parses it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/view/view.h"
#include "tools/vmmio-stat/session/parse.h"

const struct vmmio_cmd vmmio_cmds[] = {{}}; /* the program has its own */

struct fixture {
	struct vmmio_snapshot d;
	struct vmmio_options opt;
	struct vmmio_env env;
	struct vmmio_view view;
	struct vmmio_report report;
	size_t rows[2];
	char *text;
	size_t size;
};

static int setup(void **state)
{
	static const struct vmmio_form form = {.program = "x", .usage = ""};
	static const struct vmmio_want want = {.hists = 1u << VMMIO_HIST_IRQ, .regs = true};
	struct fixture *f = calloc(1, sizeof(*f));
	struct vmmio_row *r;

	vmmio_snapshot_init(&f->d, &want);
	vmmio_snapshot_add(&f->d);
	vmmio_snapshot_add(&f->d);
	f->d.time_ns = 2000000000;
	f->d.have_lost = true;
	f->d.events_lost = 3;
	r = &f->d.rows[0];
	r->info.kind = VMMIO_SLOT_DEVICE;
	r->info.queues = 1;
	r->info.transport = VMMIO_TRANSPORT_MMIO;
	r->info.irq_mode = VMMIO_IRQ_LINE;
	strcpy(r->info.device, "virtio0");
	strcpy(r->info.parent, "LNRO0005:00");
	strcpy(r->info.driver, "virtio_blk");
	r->have_regs = true;
	vmmio_row_regs(&f->d, 0)->reads[VMMIO_REG_INTERRUPT_STATUS] = 12;
	f->d.rows[1].info = r->info;
	r = &f->d.rows[1];
	r->info.kind = VMMIO_SLOT_QUEUE;
	r->info.slot = 1;
	r->info.ring_size = r->info.ring_max = 256;
	strcpy(r->info.queue_name, "re\"q,\1");
	vmmio_row_set(r, VMMIO_C_KICKS, 246);
	vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, 100);
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, 150);
	r->have_hist = 1u << VMMIO_HIST_IRQ;
	vmmio_row_hist(&f->d, 1, VMMIO_HIST_IRQ)->n[5] = 2;

	assert_int_equal(vmmio_options_parse(&f->opt, &form, 1, (char *[]){"x", NULL}), 0);
	strcpy(f->env.accel, "kvm");
	strcpy(f->env.clocksource, "tsc");
	f->env.clock_ok = true;
	f->rows[0] = 0;
	f->rows[1] = 1;
	f->report = (struct vmmio_report){.delta = &f->d, .rows = f->rows, .n = 2};
	f->view = (struct vmmio_view){.opt = &f->opt, .env = &f->env, .engine = "raw_tp"};
	f->view.out = open_memstream(&f->text, &f->size);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fclose(f->view.out);
	free(f->text);
	vmmio_snapshot_free(&f->d);
	free(f);
	return 0;
}

static char *show(struct fixture *f)
{
	vmmio_view_report(&f->view, &f->report);
	fflush(f->view.out);
	return f->text;
}

static void table_fits_a_terminal(void **state)
{
	struct fixture *f = *state;
	char *line, *save = NULL;
	int n = 0;

	for (line = strtok_r(show(f), "\n", &save); line; line = strtok_r(NULL, "\n", &save), n++)
		assert_true(strlen(line) <= 80);
	assert_int_equal(n, 4);
}

static void table_shows_rates_and_dashes(void **state)
{
	struct fixture *f = *state;
	char *text = show(f);

	assert_non_null(strstr(text, "source raw_tp, accelerator kvm, clock tsc\n"));
	/* 246 kicks in 2 s, 1.5 buffers a kick; opportunities are known of no row */
	assert_non_null(strstr(text, "  buf/s kick/s buf/kick "));
	assert_non_null(strstr(text, "    75    123     1.50 "));
	/* of one they are: the column comes, and is a dash in the others */
	vmmio_row_set(&f->d.rows[0], VMMIO_C_KICKS, 10);
	vmmio_row_set(&f->d.rows[0], VMMIO_C_OPPORTUNITIES, 100);
	text = show(f);
	assert_non_null(strstr(text, "  buf/s kick/s supp% buf/kick "));
	assert_non_null(strstr(text, "   123     -     1.50 "));
	assert_null(strstr(text, "~"));
	assert_null(strstr(text, "nan"));
}

static void table_under_emulation(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->env.emulated = true;
	strcpy(f->env.accel, "tcg");
	text = show(f);
	assert_non_null(strstr(text, "accelerator tcg (emulated"));
	assert_non_null(strstr(text, "~kick "));
	assert_null(strstr(text, "kick/s"));
	assert_null(strstr(text, "k50us"));	/* durations stay away */
	assert_non_null(strstr(text, " 246 ")); /* counts instead of rates */
}

static void table_does_not_cut_names(void **state)
{
	struct fixture *f = *state;

	show(f);
	strcpy(f->d.rows[1].info.queue_name, "notifications.12");
	strcpy(f->d.rows[1].info.device, "virtio1234567");
	/* a longer name: the header again, and nothing out of its column */
	assert_non_null(strstr(show(f), "\nDEVICE        VQ                  buf/s kick/s"));
	assert_non_null(strstr(f->text, "\nvirtio1234567 0:notifications.12     75    123"));
}

static void table_drops_the_last_on_a_narrow_terminal(void **state)
{
	static const int known[] = {
		VMMIO_C_KICKS,	      VMMIO_C_OPPORTUNITIES, VMMIO_C_IRQS,  VMMIO_C_USED_BUFFERS,
		VMMIO_C_IRQS_FOUND,   VMMIO_C_IRQS_SPURIOUS, VMMIO_C_LOOKS, VMMIO_C_IN_FLIGHT,
		VMMIO_C_KICK_BUFFERS, VMMIO_C_KICKS_INDEXED};
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		vmmio_row_set(&f->d.rows[0], known[i], 1);
	f->view.screen_columns = 75;
	assert_null(strstr(show(f), "k99us"));
	assert_non_null(
		strstr(f->text, "  buf/s  infl kick/s supp% buf/kick  irq/s buf/irq lost\n"));
	/* what was asked for is shown */
	f->opt.fields_given = true;
	assert_non_null(strstr(show(f), "k50us lost\n"));
}

static void table_leaves_out_what_no_row_has(void **state)
{
	struct fixture *f = *state;
	int i;

	f->opt.extended = true;
	f->opt.nfields = 0;
	for (i = 0; i < VMMIO_F_COUNT; i++)
		f->opt.fields[f->opt.nfields++] = i;
	assert_non_null(strstr(show(f), "  buf/s kick/s buf/kick k50us k99us lost\n"));
	/* there from the next interval on, when one has it */
	vmmio_row_set(&f->d.rows[1], VMMIO_C_IRQS, 0);
	assert_non_null(strstr(show(f), "  buf/s kick/s buf/kick  irq/s k50us k99us lost\n"));
	/* of the default ones, too */
	f->opt.extended = false;
	f->view = (struct vmmio_view){
		.opt = &f->opt, .env = &f->env, .engine = "raw_tp", .out = f->view.out};
	assert_non_null(strstr(show(f), "  buf/s kick/s buf/kick  irq/s k50us k99us lost\n"));
	/* of those asked for by name a dash tells */
	f->opt.fields_given = true;
	assert_non_null(strstr(show(f), " opp/s "));
}

static void table_header_comes_once_a_screen(void **state)
{
	struct fixture *f = *state;
	char *p;
	int i, n = 0;

	f->view.screen_lines = 10;
	for (i = 0; i < 7; i++)
		show(f);
	for (p = f->text; (p = strstr(p, "DEVICE")); p++)
		n++;
	assert_int_equal(n, 3); /* ten lines take a header and three intervals */
}

static void csv_to_the_letter(void **state)
{
	struct fixture *f = *state;
	char *text;

	f->opt.format = VMMIO_FORMAT_CSV;
	f->d.wall_ms = 1795900000007;
	f->opt.nfields = 3;
	f->opt.fields[0] = VMMIO_F_KICKS;
	f->opt.fields[1] = VMMIO_F_BUFFERS_PER_KICK;
	f->opt.fields[2] = VMMIO_F_IRQS;
	text = show(f);
	assert_memory_equal(
		text,
		"time_s,interval_s,accel,device,parent,transport,irq_mode,driver,queue,queue_name,"
		"slot,kicks,buffers_per_kick,irqs,events_lost\n",
		126);
	/* unknown cells are empty, names are quoted, control characters are not passed on */
	assert_non_null(
		strstr(text, "\n1795900000.007,2.000000,kvm,\"virtio0\",\"LNRO0005:00\",mmio,line,"
			     "\"virtio_blk\",,\"\",0,,,,3\n"));
	assert_non_null(strstr(text, "\"virtio_blk\",0,\"re\"\"q,?\",1,246,1.5,,3\n"));
}

static void json_is_json(void **state)
{
	struct fixture *f = *state;
	json_t *root, *row, *reg;
	json_error_t error;

	f->opt.format = VMMIO_FORMAT_JSON;
	f->opt.json_full = true;
	f->report.have_status = true;
	f->report.command_status = 7;
	f->d.wall_ms = 1795900000007;
	root = json_loads(show(f), 0, &error);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "schema")), 1);
	assert_int_equal(json_integer_value(json_object_get(root, "events_lost")), 3);
	assert_int_equal(json_integer_value(json_object_get(root, "command_status")), 7);
	assert_int_equal(json_integer_value(json_object_get(root, "time_ms")), 1795900000007);
	assert_string_equal(json_string_value(json_object_get(root, "source")), "raw_tp");
	assert_int_equal(json_array_size(json_object_get(root, "rows")), 2);
	row = json_array_get(json_object_get(root, "rows"), 0);
	assert_true(json_is_null(json_object_get(row, "queue")));
	assert_true(json_is_null(json_object_get(json_object_get(row, "counters"), "kicks")));
	row = json_array_get(json_object_get(root, "rows"), 1);
	assert_int_equal(json_integer_value(json_object_get(row, "queue")), 0);
	assert_string_equal(json_string_value(json_object_get(row, "queue_name")), "re\"q,\1");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(row, "counters"), "kicks")),
		246);
	assert_true(
		json_is_null(json_object_get(json_object_get(row, "fields"), "suppressed_pct")));
	assert_int_equal(
		json_integer_value(json_array_get(
			json_array_get(json_object_get(
					       json_object_get(json_object_get(row, "hist"), "irq"),
					       "buckets"),
				       0),
			1)),
		2);
	reg = json_array_get(json_object_get(root, "registers"), 0);
	assert_string_equal(json_string_value(json_object_get(reg, "register")), "InterruptStatus");
	assert_int_equal(json_integer_value(json_object_get(reg, "offset")), 0x60);
	assert_int_equal(json_integer_value(json_object_get(reg, "reads")), 12);
	json_decref(root);
}

static void json_has_what_was_asked_for(void **state)
{
	struct fixture *f = *state;
	json_t *root, *counters;
	json_error_t error;

	f->opt.format = VMMIO_FORMAT_JSON;
	f->opt.chosen = true;
	f->opt.nfields = 1;
	f->opt.fields[0] = VMMIO_F_SUPPRESSED;
	root = json_loads(show(f), 0, &error);
	assert_non_null(root);
	counters = json_object_get(json_array_get(json_object_get(root, "rows"), 1), "counters");
	assert_int_equal(json_object_size(counters), 2);
	assert_non_null(json_object_get(counters, "kicks"));
	assert_non_null(json_object_get(counters, "opportunities"));
	json_decref(root);
}

static void json_hides_emulated_time(void **state)
{
	struct fixture *f = *state;
	char *text;
	int i;

	f->opt.format = VMMIO_FORMAT_JSON;
	for (i = 0; i < VMMIO_F_COUNT; i++)
		f->opt.fields[i] = i;
	f->opt.nfields = VMMIO_F_COUNT;
	f->opt.json_full = true;
	f->env.emulated = true;
	vmmio_row_set(&f->d.rows[1], VMMIO_C_KICKS_TIMED, 246);
	vmmio_row_set(&f->d.rows[1], VMMIO_C_KICK_NS, 4711);
	text = show(f);
	assert_non_null(strstr(text, "\"kick_to_irq_p50_us\":null"));
	/* nor sums and histograms to make it from */
	assert_non_null(strstr(text, "\"kicks_timed\":246,\"kick_ns\":null"));
	assert_non_null(strstr(text, "\"hist\":{\"kick\":null,\"irq\":null,"));
	f->env.emulated_time = true;
	text = strchr(show(f), '\n');
	assert_non_null(strstr(text, "\"kick_ns\":4711"));
	assert_non_null(strstr(text, "\"irq\":{\"unit\":\"ns\",\"buckets\":[[5,2]]}"));
}

static void values_fit_their_width(void **state)
{
	static const double v[] = {0,	   0.001, 0.999,     9.996, 99.96,   12345,
				   999999, 1e6,	  123456789, 1e12,  9.99e17, 1e19};
	char buf[64];
	size_t i;
	int width;

	for (width = 4; width < 9; width++)
		for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
			struct vmmio_value x = {true, v[i]};

			vmmio_format_value(buf, sizeof(buf), width, x, false);
			assert_true(strlen(buf) <= (size_t)(width < 5 ? 5 : width));
		}
	assert_string_equal(
		vmmio_format_value(buf, sizeof(buf), 6, (struct vmmio_value){true, 12345678}, true),
		"12.3M");
	assert_string_equal(vmmio_format_value(buf, sizeof(buf), 6, (struct vmmio_value){}, true),
			    "-");
}

static void sorted_with_the_unknown_last(void **state)
{
	struct fixture *f = *state;
	size_t index[2];

	f->opt.sort = VMMIO_F_KICKS;
	assert_int_equal(vmmio_rows_select(&f->d, &f->opt, index), 2);
	assert_int_equal(index[0], 1);
	f->opt.sort = -1;
	assert_int_equal(vmmio_rows_select(&f->d, &f->opt, index), 2);
	assert_int_equal(index[0], 0);
	f->opt.skip_idle = true;
	assert_int_equal(vmmio_rows_select(&f->d, &f->opt, index), 1);
	assert_int_equal(index[0], 1);
	f->opt.skip_idle = false;
	f->opt.queue = "1";
	assert_int_equal(vmmio_rows_select(&f->d, &f->opt, index), 0);
	f->opt.queue = "0";
	f->opt.device = "LNRO*";
	assert_int_equal(vmmio_rows_select(&f->d, &f->opt, index), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(table_fits_a_terminal),
		TEST(table_shows_rates_and_dashes),
		TEST(table_under_emulation),
		TEST(table_does_not_cut_names),
		TEST(table_drops_the_last_on_a_narrow_terminal),
		TEST(table_leaves_out_what_no_row_has),
		TEST(table_header_comes_once_a_screen),
		TEST(csv_to_the_letter),
		TEST(json_is_json),
		TEST(json_has_what_was_asked_for),
		TEST(json_hides_emulated_time),
		TEST(sorted_with_the_unknown_last),
		cmocka_unit_test(values_fit_their_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
