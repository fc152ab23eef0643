// SPDX-License-Identifier: GPL-2.0-only
/*
 * A published set explained: the arithmetic by hand, the file in the tree, and
 * files that are not such a set.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/judge/published.h"

static void count(struct vmmio_series_set *set, const char *labels, double per_irq, double irqs)
{
	for (int boot = 0; boot < 3; boot++) {
		assert_int_equal(
			vmmio_series_add(set, labels, VMMIO_M_ACCESSES_PER_IRQ, 1, per_irq), 0);
		assert_int_equal(vmmio_series_add(set, labels, VMMIO_M_IRQS_PER_IO, 1, irqs), 0);
	}
}

static void must(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("it does not say \"%s\":\n%s", what, text);
}

static void test_explained(void **state)
{
	struct vmmio_series_set set = {0};
	struct vmmio_published p;
	char path[4096], why[256], *text = NULL;
	const char *source = getenv("VMMIO_SOURCE");
	size_t size;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/bench/published/liu-2020-netperf.ini",
		 source ? source : ".");
	if (vmmio_published_load(path, &p, why, sizeof(why)))
		fail_msg("%s: %s", path, why);
	count(&set, "load=udp_rr transport=mmio depth=1", 2, 2);
	count(&set, "load=udp_rr transport=pci-msix depth=1", 0, 2);
	/* an edge-triggered line and an experimental setting are no part of it */
	count(&set, "load=udp_rr arch=arm64 transport=mmio depth=1", 3, 2);
	count(&set, "load=udp_rr lazy_status=on transport=mmio depth=1", 1, 2);
	f = open_memstream(&text, &size);
	assert_int_equal(vmmio_published_explain(&p, &set, f, why, sizeof(why)), 0);
	fclose(f);
	/* 1/7021 s - 1/9721 s = 39.56 us; 1/9522 s - 1/9721 s = 2.15 us */
	must(text, "142.4 us  +39.6 us against pci");
	must(text, "37.4 of the 39.6 us are not there in \"mmio with MSI\"");
	must(text, "(counted: 2 against 0)");
	must(text, "\n1                           3      13.2\n");
	must(text, "\n4                           12     3.3\n");
	must(text, "at 2.3 us per exit (Kunpeng 920): 17.2 exits, 5.7 interrupts");
	must(text, "load udp_rr, mmio, depth 1: 2 interrupts per transaction: 6.6 us per exit");
	must(text, "Not known: the hardware");
	free(text);
	vmmio_series_free(&set);
}

/* docs/measuring.md quotes the command: the same lines, indented. */
static void test_quoted(void **state)
{
	struct vmmio_series_set set = {0};
	struct vmmio_published p;
	const char *source = getenv("VMMIO_SOURCE");
	char path[4096], why[256], *text = NULL, *line, *save = NULL;
	static char doc[1 << 16];
	size_t size, quoted = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/docs/measuring.md", source ? source : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_true(fread(doc, 1, sizeof(doc) - 1, f) > 1000);
	fclose(f);
	snprintf(path, sizeof(path), "%s/bench/published/liu-2020-netperf.ini",
		 source ? source : ".");
	assert_int_equal(vmmio_published_load(path, &p, why, sizeof(why)), 0);
	count(&set, "load=randread transport=mmio depth=1", 2, 1);
	count(&set, "load=randread transport=pci-msix depth=1", 0, 1);
	f = open_memstream(&text, &size);
	assert_int_equal(vmmio_published_explain(&p, &set, f, why, sizeof(why)), 0);
	fclose(f);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char want[256];

		if (!strncmp(line, "Assumed", 7)) /* in the document's own words */
			break;
		if (!strcmp(line, p.title) || !strcmp(line, p.source))
			continue;
		snprintf(want, sizeof(want), "\n    %s\n", line);
		if (!strstr(doc, want))
			fail_msg("docs/measuring.md does not quote: %s", line);
		quoted++;
	}
	assert_true(quoted > 10);
	free(text);
	vmmio_series_free(&set);
}

/* Counts that differ between settings explain nothing. */
static void test_no_counts(void **state)
{
	struct vmmio_series_set set = {0};
	struct vmmio_published p = {.nrates = 2, .reference = "a", .without_line = "a"};
	char why[256] = "";

	(void)state;
	strcpy(p.rate[0].name, "a");
	strcpy(p.rate[1].name, "b");
	p.rate[0].value = p.rate[1].value = 1;
	assert_true(vmmio_published_explain(&p, &set, stdout, why, sizeof(why)) < 0);
	count(&set, "load=x transport=mmio depth=1", 2, 1);
	count(&set, "load=y transport=mmio depth=1", 3, 1);
	count(&set, "load=x transport=pci-msix depth=1", 0, 1);
	assert_true(vmmio_published_explain(&p, &set, stdout, why, sizeof(why)) < 0);
	assert_non_null(strstr(why, "accesses per interrupt"));
	vmmio_series_free(&set);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"", "empty"},
		{"x = 1\n", "line 1"},
		{"[set]\n[nonsense]\n", "line 2"},
		{"[set]\ncolour = red\n", "line 2"},
		{"[rate]\npci = fast\n", "line 2"},
		{"[rate]\npci = -1\n", "line 2"},
		{"[rate]\npci = nan\n", "line 2"},
		{"[rate]\n = 1\n", "line 2"},
		{"[set]\ntitle = t\nsource = s\nreference = pci\nwithout_line = msi\n"
		 "[rate]\npci = 1\nmmio = 2\n",
		 "lacks"},
	};
	char path[] = "/tmp/vmmio-published.XXXXXX", why[256];
	struct vmmio_published p;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t n = strlen(bad[i].text);

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, bad[i].text, n, 0), n);
		assert_true(vmmio_published_load(path, &p, why, sizeof(why)) < 0);
		if (!strstr(why, bad[i].why))
			fail_msg("'%s' instead of '%s' for: %s", why, bad[i].why, bad[i].text);
	}
	close(fd);
	unlink(path);
	assert_true(vmmio_published_load(path, &p, why, sizeof(why)) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_quoted),
		cmocka_unit_test(test_no_counts),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
