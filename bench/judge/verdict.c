// SPDX-License-Identifier: GPL-2.0-only
/*
 * The comparison in sentences. Each says only what its class of number allows:
 * structural counts are stated, counts of an emulated run are not compared,
 * times are compared where they are real and by boot. What cannot be said is
 * said too. A failed check withholds the verdict.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load/load.h"
#include "compare.h"
#include "bench/data/stats.h"
#include "lib/accel.h"
#include "sentence.h"

/* The value of @s in words; false if it is not the same in all boots. */
static bool value(const struct vmmio_series *s, char *buf, size_t len)
{
	double *known, min, max;
	char a[24], b[24];
	size_t n;

	snprintf(buf, len, "-");
	if (!s || !s->n)
		return false;
	known = malloc(s->n * sizeof(*known));
	if (!known)
		return false;
	n = vmmio_series_known(s, known);
	vmmio_stats_range(known, n, &min, &max);
	vmmio_format(min, a, sizeof(a));
	vmmio_format(max, b, sizeof(b));
	if (n && min == max)
		snprintf(buf, len, "%s", a);
	else if (n)
		snprintf(buf, len, "%s to %s", a, b);
	free(known);
	return vmmio_series_exact(s);
}

/* One metric over the columns: "mmio 3<unit>, pci-intx 2, pci-msix 1 (exact, n = 4 boots)". */
static void over_columns(const struct vmmio_comparison *c, unsigned int depth,
			 enum vmmio_metric_id key, const char *what, char *buf, size_t len)
{
	bool exact = true;
	char v[64];

	for (int i = 0; i < VMMIO_COLUMNS; i++) {
		exact &= value(vmmio_comparison_series(c, vmmio_columns[i], depth, key), v,
			       sizeof(v));
		vmmio_append(buf, len, "%s%s %s%s%s", i ? ", " : "", vmmio_columns[i], v,
			     i ? "" : " ", i ? "" : what);
	}
	if (c->boots < 2)
		vmmio_append(buf, len, " (%s)", vmmio_exact_words(exact, c->boots));
	else
		vmmio_append(buf, len, " (%s, n = %u boots)",
			     exact ? "exact" : "not exact: range over boots", c->boots);
}

static void say_counts(const struct vmmio_comparison *c, unsigned int depth, json_t *sentences)
{
	char text[400];

	snprintf(text, sizeof(text), "depth %u: ", depth);
	if (depth == 1) {
		over_columns(c, depth, VMMIO_M_ACCESSES_PER_IO, "trapped accesses per I/O", text,
			     sizeof(text));
		vmmio_append(text, sizeof(text), "; EOIs are not visible from the guest");
	} else {
		over_columns(c, depth, VMMIO_M_ACCESSES_PER_IRQ, "accesses per interrupt", text,
			     sizeof(text));
		vmmio_append(text, sizeof(text), ", and ");
		over_columns(c, depth, VMMIO_M_ACCESSES_PER_KICK, "per kick", text, sizeof(text));
		if (vmmio_accel_emulated(c->accel))
			vmmio_append(
				text, sizeof(text),
				"; how many kicks and interrupts an I/O needs is not compared: "
				"under "
				"emulation the device completes inside the doorbell write");
	}
	vmmio_sentence_add(sentences, "%s", text);
}

/* Difference of two columns per boot: each boot ran both, so boots are pairs. */
static void say_time(const struct vmmio_comparison *c, unsigned int depth, const char *column,
		     json_t *sentences)
{
	const struct vmmio_series *a =
		vmmio_comparison_series(c, "mmio", depth, VMMIO_M_LATENCY_P50);
	const struct vmmio_series *b =
		vmmio_comparison_series(c, column, depth, VMMIO_M_LATENCY_P50);
	struct vmmio_interval ci;
	double *d;
	size_t n = 0;

	if (!a || !b)
		return;
	d = malloc((a->n ? a->n : 1) * sizeof(*d));
	if (!d)
		return;
	for (size_t i = 0; i < a->n && i < b->n; i++)
		if (!isnan(a->v[i] + b->v[i]))
			d[n++] = a->v[i] - b->v[i];
	if (n > 1 && !vmmio_stats_median_interval(d, n, 0.95, &ci))
		vmmio_sentence_add(sentences,
				   "depth %u: median latency of mmio minus that of %s: %+.2f us "
				   "(%.1f %% interval %+.2f to %+.2f, n = %zu boots): %s",
				   depth, column, vmmio_stats_median(d, n), 100 * ci.level, ci.low,
				   ci.high, n,
				   ci.low > 0	 ? "mmio is slower"
				   : ci.high < 0 ? "mmio is faster"
						 : "no difference shown");
	free(d);
}

json_t *vmmio_comparison_verdict(const struct vmmio_comparison *c, bool *withheld)
{
	json_t *sentences = json_array(), *check;
	unsigned int failed = 0;
	size_t i;

	*withheld = !vmmio_checks_ok(c->checks);
	if (*withheld) {
		json_array_foreach(c->checks, i, check) {
			if (json_is_true(json_object_get(check, "ok")))
				continue;
			if (failed++ < 4)
				vmmio_sentence_add(
					sentences, "%s: %s",
					json_string_value(json_object_get(check, "name")),
					json_string_value(json_object_get(check, "text")));
		}
		vmmio_sentence_add(sentences, "the verdict is withheld: %u of %zu checks failed",
				   failed, json_array_size(c->checks));
		return sentences;
	}
	for (i = 0; i < c->depths.n; i++)
		say_counts(c, c->depths.v[i], sentences);
	if (vmmio_accel_emulated(c->accel)) {
		vmmio_sentence_add(sentences, "times are emulated and no ground for a comparison");
		return sentences;
	}
	for (i = 0; i < c->depths.n; i++) {
		say_time(c, c->depths.v[i], "pci-intx", sentences);
		say_time(c, c->depths.v[i], "pci-msix", sentences);
	}
	if (c->accel == VMMIO_ACCEL_KVM_SOFT)
		vmmio_sentence_add(
			sentences,
			"these times are those of a KVM without hardware support, and of no other");
	return sentences;
}
