// SPDX-License-Identifier: GPL-2.0-only
/*
 * A comparison that grows until it is decided: looks spend no more than alpha, equal sides are
 * called different no more often than that (of stored real boots, and of rare events), and
 * what is planted is found, with the number of boots it takes. Limits from a file.
 */
#include <glob.h>
#include <limits.h>
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
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>

#include "bench/data/result.h"
#include "bench/judge/looks.h"

#define LABELS "load=randread transport=mmio depth=1"
#define IOS 1000
#define MOST 16 /* pairs */

static const struct vmmio_ab_options options = {
	.alpha = 0.05, .threshold = 5, .accel = VMMIO_ACCEL_KVM_VMX, .resolution = 0.01};

/* Where a sequence ended: pairs, and what it said. */
struct end {
	unsigned int pairs;
	bool different, regression, undecided;
	double more; /* the largest of its open rows */
};

typedef void (*add_fn)(struct vmmio_series_set side[2], unsigned int pair, void *arg);

static struct end sequence(const struct vmmio_ab_options *opts, add_fn add, void *arg)
{
	struct vmmio_ab_options o = *opts;
	struct vmmio_series_set side[2] = {0};
	struct vmmio_sequence q = {0};
	struct end end = {0};
	double spent[4] = {0};
	bool goes_on = true;

	vmmio_looks_plan(MOST, &q.looks);
	while (goes_on) {
		struct vmmio_ab ab;

		while (end.pairs < q.looks.pairs[q.look])
			add(side, end.pairs++, arg);
		vmmio_sequence_next(&q, &side[0], &o);
		assert_int_equal(vmmio_ab_compare(&side[0], &side[1], &o, &ab), 0);
		end.different |= ab.different > 0;
		end.regression = ab.regressions > 0;
		end.undecided = ab.undecided > 0;
		goes_on = vmmio_sequence_goes_on(&q, &ab);
		for (int c = 0; c < 4; c++)
			spent[c] += q.spend[c];
		end.more = 0;
		for (size_t i = 0; i < ab.n; i++)
			if (ab.row[i].open)
				end.more = fmax(end.more, ab.row[i].more);
		vmmio_ab_free(&ab);
	}
	assert_true(spent[0] + spent[1] + spent[2] + spent[3] <= o.alpha * (1 + 1e-9));
	vmmio_series_free(&side[0]);
	vmmio_series_free(&side[1]);
	return end;
}

static void test_plan(void **state)
{
	static const unsigned int want[] = {1, 2, 3, 4, 6, 8, 12, 16};
	struct vmmio_looks l;

	vmmio_looks_plan(16, &l);
	assert_int_equal(l.n, 8);
	assert_memory_equal(l.pairs, want, sizeof(want));
	vmmio_looks_plan(1, &l);
	assert_true(l.n == 1 && l.pairs[0] == 1);
	vmmio_looks_plan(5, &l);
	assert_true(l.n == 5 && l.pairs[3] == 4 && l.pairs[4] == 5);
	vmmio_looks_plan(1000, &l);
	assert_true(l.n <= VMMIO_LOOKS_MAX && l.pairs[l.n - 1] == 1000);
}

/* Rates of each side, in events a boot beyond three an I/O. */
struct rates {
	gsl_rng *rng;
	double of[2];
};

static void add_events(struct vmmio_series_set side[2], unsigned int pair, void *arg)
{
	struct rates *r = arg;

	for (int s = 0; s < 2; s++)
		assert_int_equal(vmmio_series_add_count(
					 &side[s], LABELS, VMMIO_M_ACCESSES_PER_IO, 1,
					 (struct vmmio_count){
						 3 * IOS + gsl_ran_poisson(r->rng, r->of[s]), IOS}),
				 0);
}

/*
 * Rare events on both sides alike: boots agree by chance, and then do not. At each rate alarms
 * keep to alpha, over all looks together.
 */
static void test_rare_alike(void **state)
{
	static const double rates[] = {0.1, 0.3, 1, 5, 100};
	struct rates r = {.rng = gsl_rng_alloc(gsl_rng_mt19937)};
	unsigned int draws = 2000;

	gsl_rng_set(r.rng, 3);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		unsigned int alarms = 0;

		r.of[0] = r.of[1] = rates[i];
		for (unsigned int d = 0; d < draws; d++)
			alarms += sequence(&options, add_events, &r).different;
		printf("A/A at %g events a boot: %u of %u called different\n", rates[i], alarms,
		       draws);
		assert_true(alarms <= draws * 5 / 100);
	}
	gsl_rng_free(r.rng);
}

/* Once per I/O: the first pair. Once per thousand interrupts: some pairs, told here. */
static void test_planted(void **state)
{
	struct rates r = {.rng = gsl_rng_alloc(gsl_rng_mt19937), .of = {0, IOS}};
	unsigned int found = 0, draws = 500;
	struct end e;
	double pairs[500];

	gsl_rng_set(r.rng, 5);
	e = sequence(&options, add_events, &r);
	assert_true(e.regression && e.pairs == 1);
	r.of[1] = 1; /* of a thousand I/Os, an interrupt each */
	for (unsigned int d = 0; d < draws; d++) {
		e = sequence(&options, add_events, &r);
		if (e.regression)
			pairs[found++] = e.pairs;
		else
			/* what was not found is not passed, unless no boot showed it */
			assert_true(e.undecided || e.pairs <= 2);
	}
	gsl_sort(pairs, 1, found);
	printf("one event per 1,000 interrupts: found in %u of %u, after %g pairs (median), %g "
	       "(95 %%)\n",
	       found, draws, pairs[found / 2], pairs[found * 95 / 100]);
	assert_true(found >= draws / 2);
	/* with a resolution that asks for it, it is not missed for want of looking */
	{
		struct vmmio_ab_options o = options;
		unsigned int passed = 0;

		o.resolution = 0.0005;
		for (unsigned int d = 0; d < draws; d++) {
			e = sequence(&o, add_events, &r);
			passed += !e.regression && !e.undecided;
		}
		printf("at a resolution of 0.0005: passed in %u of %u\n", passed, draws);
		assert_true(passed <= draws * 5 / 100);
	}
	gsl_rng_free(r.rng);
}

struct boot {
	double ios;
	double each; /* one more event in so many I/Os, the same on both sides; 0 for none */
};

static void add_boot(struct vmmio_series_set side[2], unsigned int pair, void *arg)
{
	const struct boot *b = arg;
	/* boots differ a little, by turns */
	double more = b->each > 0 ? floor(b->ios / b->each) + pair % 2 : 0;

	for (int s = 0; s < 2; s++)
		assert_int_equal(
			vmmio_series_add_count(&side[s], LABELS, VMMIO_M_ACCESSES_PER_IO, 1,
					       (struct vmmio_count){3 * b->ios + more, b->ios}),
			0);
}

/* What it says would decide an open row decides it, and a tenth less does not. */
static void test_more(void **state)
{
	static const double each[] = {0, 4, 100};

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
		struct vmmio_ab_options o = options;
		struct boot b = {.ios = each[i] > 0 ? 1000 : 100, .each = each[i]};
		struct end e;
		double more;

		o.resolution = each[i] > 0 ? 0.2 * sqrt(1 / each[i] / b.ios) : 1e-3;
		e = sequence(&o, add_boot, &b);
		more = e.more;
		printf("one in %g: %.3g times the I/Os\n", each[i], more);
		assert_true(e.undecided && e.pairs == MOST && more > 1.2);
		b.ios = ceil(b.ios * more * 1.02);
		assert_false(sequence(&o, add_boot, &b).undecided);
		b.ios = floor(b.ios * 0.88);
		assert_true(sequence(&o, add_boot, &b).undecided);
	}
}

/* Boots of stored results, and a draw of them. */
struct stored {
	struct vmmio_series_set all; /* one value a boot */
	size_t order[512], boots;
	gsl_rng *rng;
	double scale; /* of B */
};

static void add_stored(struct vmmio_series_set side[2], unsigned int pair, void *arg)
{
	struct stored *d = arg;

	for (int s = 0; s < 2; s++) {
		size_t boot = d->order[2 * pair + s];

		for (size_t i = 0; i < d->all.n; i++) {
			const struct vmmio_series *v = &d->all.s[i];
			struct vmmio_series copy = *v;
			struct vmmio_series_set one = {.s = &copy, .n = 1};
			/* what some boots could not measure is short of values */
			double value = (boot < v->n ? v->v[boot] : NAN) * (s ? d->scale : 1);

			copy.v = &value;
			copy.c = NULL;
			copy.n = 1;
			assert_int_equal(vmmio_series_extend(&side[s], &one), 0);
		}
	}
}

/* The boots of a stored result, all of one and the same guest. */
static void load(const char *path, struct stored *d)
{
	struct vmmio_loaded l;
	char why[256];

	if (vmmio_result_load(path, &l, why, sizeof(why)))
		fail_msg("%s: %s", path, why);
	for (size_t i = 0; i < l.series.n; i++) {
		struct vmmio_series copy = l.series.s[i];
		struct vmmio_series_set one = {.s = &copy, .n = 1};

		if ((copy.cls != VMMIO_TIME && copy.cls != VMMIO_SCHEDULE) ||
		    !strncmp(copy.key, "reg:", 4) || !strstr(copy.labels, "transport=mmio"))
			continue;
		copy.c = NULL;
		assert_int_equal(vmmio_series_extend(&d->all, &one), 0);
	}
	vmmio_result_unload(&l);
	assert_true(d->all.n > 4);
	for (size_t i = 0; i < d->all.n; i++)
		d->boots = d->all.s[i].n > d->boots ? d->all.s[i].n : d->boots;
}

static void test_stored(void **state)
{
	const char *source = getenv("VMMIO_SOURCE");
	struct stored d = {.rng = gsl_rng_alloc(gsl_rng_mt19937), .scale = 1};
	unsigned int different = 0, slower = 0, draws = 1000;
	double pairs = 0;
	char pattern[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/results/*/aa", source ? source : ".");
	if (glob(pattern, 0, NULL, &found))
		skip();
	load(found.gl_pathv[0], &d);
	globfree(&found);
	assert_true(d.boots >= 200 && d.boots <= 512);
	for (size_t i = 0; i < d.boots; i++)
		d.order[i] = i;
	gsl_rng_set(d.rng, 9);
	for (unsigned int i = 0; i < draws; i++) {
		gsl_ran_shuffle(d.rng, d.order, d.boots, sizeof(d.order[0]));
		different += sequence(&options, add_stored, &d).different;
	}
	d.scale = 1000;
	for (unsigned int i = 0; i < draws / 20; i++) {
		struct end e;

		gsl_ran_shuffle(d.rng, d.order, d.boots, sizeof(d.order[0]));
		e = sequence(&options, add_stored, &d);
		slower += e.regression;
		pairs += e.pairs;
	}
	printf("A/A: %u of %u sequences from %zu stored boots, %zu series, called different (%.1f "
	       "%%); a thousand times as slow: %u of %u, after %.1f pairs\n",
	       different, draws, d.boots, d.all.n, 100.0 * different / draws, slower, draws / 20,
	       pairs * 20 / draws);
	assert_true(different <= draws * 5 / 100);
	assert_int_equal(slower, draws / 20);
	gsl_rng_free(d.rng);
	vmmio_series_free(&d.all);
}

struct path {
	gsl_rng *rng;
	double longer; /* B's, as a factor */
};

static void add_path(struct vmmio_series_set side[2], unsigned int pair, void *arg)
{
	struct path *p = arg;

	for (int s = 0; s < 2; s++)
		assert_int_equal(vmmio_series_add(&side[s], LABELS, VMMIO_M_PATH_MIN, 1,
						  (20000 + gsl_ran_gaussian(p->rng, 40)) *
							  (s ? p->longer : 1)),
				 0);
}

/* A path: shown to be within its hard limit, above the soft one said, above the hard one found. */
static void test_limits(void **state)
{
	static const char text[] = "; what a path may grow by\n[path]\nhard = 2 %\nsoft = 0.5 %\n"
				   "[instructions_per_io transport=pci]\nhard = 0\n"
				   "[accesses_per_io transport=mmio]\nhard = 0.5\n";
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"hard = 1\n", "before the first section"},
		{"[speed]\n", "line 1: speed: no class"},
		{"[path]\nhard = 1,5 %\n", "line 2: 1,5 %: not a number"},
		{"[path]\nhard = -1\n", "not a number"},
		{"[path]\nlimit = 1\n", "line 2: limit: neither"},
		{"[path]\nsoft = 1\nsoft = 2\n", "line 3: soft: is there twice"},
	};
	char path[] = "/tmp/vmmio-limits.XXXXXX", why[200];
	struct vmmio_ab_options o = options;
	struct path p = {.rng = gsl_rng_alloc(gsl_rng_mt19937)};
	struct vmmio_limits l;
	struct end e;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(pwrite(fd, bad[i].text, strlen(bad[i].text), 0) > 0);
		assert_int_not_equal(vmmio_limits_load(path, &l, why, sizeof(why)), 0);
		if (!strstr(why, bad[i].why))
			fail_msg("%s", why);
	}
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(pwrite(fd, text, strlen(text), 0) > 0);
	if (vmmio_limits_load(path, &l, why, sizeof(why)))
		fail_msg("%s", why);
	close(fd);
	unlink(path);
	gsl_rng_set(p.rng, 13);
	o.limits = &l;
	p.longer = 1;
	e = sequence(&o, add_path, &p);
	assert_true(!e.regression && !e.undecided && e.pairs < MOST);
	p.longer = 1.01; /* above the soft limit: shown, and no failure */
	e = sequence(&o, add_path, &p);
	assert_true(e.different && !e.regression && !e.undecided);
	p.longer = 1.03;
	e = sequence(&o, add_path, &p);
	assert_true(e.regression && e.pairs <= 6);
	/* half an access an I/O was allowed, a whole one was not */
	{
		struct rates r = {.rng = p.rng, .of = {0, 0.4 * IOS}};

		e = sequence(&o, add_events, &r);
		assert_true(e.different && !e.regression && !e.undecided);
		r.of[1] = IOS;
		e = sequence(&o, add_events, &r);
		assert_true(e.regression && e.pairs == 1);
	}
	/* one per cent of the path, where one per cent is too much */
	o.limits = NULL;
	o.threshold = 0.5;
	p.longer = 1.01;
	e = sequence(&o, add_path, &p);
	printf("a path 1 %% longer (spread 0.2 %%): %s after %u pairs\n",
	       e.regression ? "found" : "missed", e.pairs);
	assert_true(e.regression);
	gsl_rng_free(p.rng);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),	cmocka_unit_test(test_rare_alike),
		cmocka_unit_test(test_planted), cmocka_unit_test(test_more),
		cmocka_unit_test(test_stored),	cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
