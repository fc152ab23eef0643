// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page of a sweep, from series made by hand: what it must say, in which
 * order, and what it must never say: one transport against another by numbers
 * that are true of one emulated run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/judge/findings.h"

static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};

static void add(struct vmmio_series_set *set, const char *labels, enum vmmio_metric_id id,
		int depth, double v)
{
	for (int boot = 0; boot < 3; boot++)
		assert_int_equal(vmmio_series_add(set, labels, id, depth, v), 0);
}

static void add_register(struct vmmio_series_set *set, const char *labels, const char *reg, int n)
{
	for (int boot = 0; boot < 3; boot++)
		assert_int_equal(
			vmmio_series_add_register(set, labels, reg, 1, (struct vmmio_count){n, 1}),
			0);
}

/* One setting: all transports, depths 1 and 16; @per_kick buffers share a kick at 16. */
static void add_setting(struct vmmio_series_set *set, const char *labels, const char *load,
			double per_kick)
{
	static const int price[] = {3, 2, 1};
	char at[VMMIO_LABELS_MAX];

	for (int c = 0; c < 3; c++) {
		snprintf(at, sizeof(at), "load=%s %s transport=%s depth=1", load, labels,
			 columns[c]);
		add(set, at, VMMIO_M_ACCESSES_PER_IO, 1, price[c]);
		add(set, at, VMMIO_M_ACCESSES_PER_KICK, 1, 1);
		add(set, at, VMMIO_M_ACCESSES_PER_IRQ, 1, price[c] - 1);
		add(set, at, VMMIO_M_KICKS_PER_IO, 1, 1);
		add(set, at, VMMIO_M_IRQS_PER_IO, 1, 1);
		add(set, at, VMMIO_M_USED_PER_IRQ, 1, 1);
		add_register(set, at, c ? "notify" : "QueueNotify", 1);
		if (c < 2)
			add_register(set, at, c ? "isr_status" : "InterruptStatus", 1);
		if (c < 1)
			add_register(set, at, "InterruptACK", 1);
		snprintf(at, sizeof(at), "load=%s %s transport=%s depth=16", load, labels,
			 columns[c]);
		add(set, at, VMMIO_M_ACCESSES_PER_IO, 16, price[c] / per_kick);
		add(set, at, VMMIO_M_ACCESSES_PER_IRQ, 16, price[c] - 1);
		add(set, at, VMMIO_M_KICKS_PER_IO, 16, 1 / per_kick);
		/* a difference between transports that must not be made a finding of */
		add(set, at, VMMIO_M_USED_PER_IRQ, 16, per_kick + 5 * c);
	}
}

static char *page_of(const struct vmmio_series_set *set, enum vmmio_accel accel,
		     const struct vmmio_costs *costs)
{
	struct vmmio_tables tables;
	struct vmmio_findings in = {.tables = &tables,
				    .title = "A made-up sweep",
				    .name = "made-up",
				    .boots = 3,
				    .runs = 12,
				    .costs = costs,
				    .ncosts = costs ? 1 : 0};
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(vmmio_tables_build(&tables, set, accel), 0);
	vmmio_findings_write(&in, f);
	vmmio_tables_write(&tables, f);
	vmmio_tables_free(&tables);
	assert_int_equal(fclose(f), 0);
	return text;
}

static const char *must(const char *text, const char *what)
{
	const char *at = strstr(text, what);

	if (!at)
		fail_msg("the page does not say \"%s\":\n%s", what, text);
	return at;
}

static void fill(struct vmmio_series_set *set)
{
	add_setting(set, "driver=vmmio queue_size=256 event_idx=on", "randread", 16);
	add_setting(set, "driver=vmmio queue_size=256 event_idx=off", "randread", 8);
	add_setting(set, "driver=vmmio queue_size=64 event_idx=on", "randread", 16);
	add_setting(set, "driver=mainline queue_size=256 event_idx=on", "randread", 16);
}

static void test_says(void **state)
{
	struct vmmio_series_set set = {0};
	const char *price, *where, *irq, *driver, *event, *depth, *none;
	char *text;

	(void)state;
	fill(&set);
	text = page_of(&set, VMMIO_ACCEL_NONE, NULL);
	must(text, "| **register accesses per I/O** | 3 | 2 | 1 | structural |");
	must(text, "| - InterruptACK | 1 | 0 | 0 | structural |");
	price = must(text,
		     "**mmio 3, pci-intx 2, pci-msix 1** (kicks 1, interrupts 1) - structural, "
		     "exact in 12 of 12 "
		     "settings, n = 3 boots each; T1.");
	where = must(text, "mmio: QueueNotify 1, InterruptStatus 1, InterruptACK 1; pci-intx: "
			   "notify 1, isr_status 1; pci-msix: notify 1.");
	irq = must(text,
		   "**INTx against MSI-X.** A line of pci costs 1 access per interrupt more than a "
		   "message (reading isr_status), a line of mmio 1 more than one of pci; a kick "
		   "costs the same on all");
	driver = must(text, "**Mainline's drivers against vmmio.ko.** The same at every value: "
			    "accesses per I/O T");
	event = must(text, "~mmio, depth 16: kicks per I/O 0.125 at off, 0.062 at on - schedule; "
			   "T");
	depth = must(text, "~pci-msix: used buffers per interrupt 1 at 1, 26 at 16");
	none = must(text, "queue_size 64 to 256 (kicks per I/O, used buffers per interrupt)");
	/* the most important first */
	assert_true(price < where && where < irq && irq < driver && driver < event &&
		    event < depth && depth < none);
	free(text);
	vmmio_series_free(&set);
}

/* The same data of real hardware may be compared, of an emulated run not. */
static void test_transports(void **state)
{
	struct vmmio_series_set set = {0};
	char *text;

	(void)state;
	fill(&set);
	text = page_of(&set, VMMIO_ACCEL_KVM_VMX, NULL);
	must(text, "used buffers per interrupt, by transport");
	free(text);
	text = page_of(&set, VMMIO_ACCEL_NONE, NULL);
	for (char *at = text; (at = strstr(at, ", by transport\n")); at++) {
		char *end = strstr(at, "\n## ");

		/* up to the next table no row of such a table is marked or deeper than 1 */
		for (char *row = at; (row = strchr(row + 1, '\n')) && (!end || row < end);)
			if (row[1] == '|' && (strstr(row, "| ~") == row + 4 ||
					      (strstr(row, "schedule") &&
					       strstr(row, "schedule") < strchr(row + 1, '\n'))))
				fail_msg("transports side by side by a schedule: %.120s", row);
	}
	must(text, "never between mmio and pci");
	free(text);
	vmmio_series_free(&set);
}

static void test_loads(void **state)
{
	struct vmmio_series_set set = {0};
	char *text;

	(void)state;
	fill(&set);
	/* labels nobody thought of when the page was written */
	add_setting(&set, "driver=vmmio queue_size=256 event_idx=on arch=arm64", "rng", 16);
	for (int c = 0; c < 2; c++) {
		char at[VMMIO_LABELS_MAX];

		snprintf(
			at, sizeof(at),
			"load=udp_rr driver=vmmio queue_size=256 event_idx=on transport=%s depth=1",
			columns[c]);
		add(&set, at, VMMIO_M_ACCESSES_PER_IO, 1, c ? 4 : 6);
	}
	text = page_of(&set, VMMIO_ACCEL_NONE, NULL);
	must(text, "One transaction at depth 1 (load udp_rr) costs these register accesses, "
		   "doorbell included: **mmio 6, pci-intx 4** (");
	must(text, "One operation at depth 1 (load rng) costs");
	free(text);
	vmmio_series_free(&set);
}

/* Another architecture has prices of its own: no range over both, and a sentence. */
static void test_arch(void **state)
{
	static const int price[] = {4, 2, 1};
	struct vmmio_series_set set = {0};
	char at[VMMIO_LABELS_MAX], *text;

	(void)state;
	add_setting(&set, "arch=x86_64 queue_size=256", "randread", 16);
	add_setting(&set, "arch=x86_64 queue_size=64", "randread", 16);
	for (int c = 0; c < 3; c++) {
		snprintf(at, sizeof(at),
			 "load=randread arch=arm64 queue_size=256 transport=%s depth=1",
			 columns[c]);
		add(&set, at, VMMIO_M_ACCESSES_PER_IO, 1, price[c]);
		add(&set, at, VMMIO_M_ACCESSES_PER_IRQ, 1, price[c] - 1);
		add(&set, at, VMMIO_M_KICKS_PER_IO, 1, 1);
	}
	text = page_of(&set, VMMIO_ACCEL_NONE, NULL);
	must(text, "| **register accesses per I/O** | 3 | 2 | 1 | structural |");
	must(text,
	     "**mmio 3, pci-intx 2, pci-msix 1** (kicks 1, interrupts 1) - structural, exact in "
	     "6 of 6 settings, n = 3 boots each (x86_64); T");
	must(text, "**Architecture.** The same at every value: kicks per I/O");
	must(text,
	     "mmio, depth 1: accesses per I/O 4 at arm64, 3 at x86_64 - structural, exact; T");
	free(text);
	vmmio_series_free(&set);
}

static void test_predicted(void **state)
{
	struct vmmio_series_set set = {0};
	struct vmmio_costs costs = {.accel = VMMIO_ACCEL_KVM_SOFT, .cpu = "a made-up one"};
	char *text;

	(void)state;
	fill(&set);
	costs.json = json_loads("{\"rows\":[{\"key\":\"mmio_write_user\",\"net_ns\":2000},"
				"{\"key\":\"mmio_read_user\",\"net_ns\":3000},"
				"{\"key\":\"mmio_write_ioeventfd_match\",\"net_ns\":500}]}",
				0, NULL);
	assert_non_null(costs.json);
	text = page_of(&set, VMMIO_ACCEL_NONE, &costs);
	must(text, "PREDICTION, not measured");
	must(text, "a made-up one (kvm-soft: a KVM without hardware support, allowed by hand)");
	must(text, "doorbell to the VMM: mmio 7.0 us, pci-intx 5.0 us, pci-msix 2.0 us");
	/* the table has no cost for a wildcard ioeventfd: that is a dash, never 0 */
	must(text, "doorbell by ioeventfd: mmio 5.5 us, pci-intx -, pci-msix -");
	free(text);
	json_decref(costs.json);
	vmmio_series_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_says),	  cmocka_unit_test(test_transports),
		cmocka_unit_test(test_loads),	  cmocka_unit_test(test_arch),
		cmocka_unit_test(test_predicted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
