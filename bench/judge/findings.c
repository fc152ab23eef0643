// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sentences of a sweep's page, the most important first: what an I/O costs
 * and in which registers, then what each setting does to it, then what nothing
 * does. Transports are compared by structural numbers and by path lengths; what
 * is true of one emulated run is only ever set against the same transport.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "findings.h"
#include "page_factors.h"
#include "bench/data/stats.h"

/* What is the least thing a load does? */
static const char *unit_of(const char *load)
{
	return strstr(load, "_rr")	   ? "transaction"
	       : !strncmp(load, "rand", 4) ? "I/O"
					   : "operation";
}

/* The medians of @key over all settings of a load and transport. */
struct spread {
	double min, max;
	size_t n, exact;
};

static struct spread spread_of(const struct vmmio_page *p, enum vmmio_metric_id key,
			       const char *load, const char *transport)
{
	const struct vmmio_factor *arch = vmmio_findings_factor(p->in, "arch");
	struct spread out = {INFINITY, -INFINITY, 0, 0};

	for (size_t i = 0; i < p->tables->set->n; i++) {
		const struct vmmio_series *s = &p->tables->set->s[i];
		char text[80];
		double m;

		/* leaving the status out departs from the specification, and another architecture
		 * has another machine: both are told apart */
		if (s->id != key || s->cls != VMMIO_STRUCTURAL ||
		    !vmmio_series_is(s, "load", load) ||
		    !vmmio_series_is(s, "transport", transport) ||
		    vmmio_series_is(s, "lazy_status", "on") ||
		    (arch && arch->n > 1 && !vmmio_series_is(s, "arch", arch->value[arch->base])))
			continue;
		m = vmmio_series_text(s, text, sizeof(text));
		if (isnan(m))
			continue;
		out.n++;
		out.exact += vmmio_series_exact(s);
		out.min = m < out.min ? m : out.min;
		out.max = m > out.max ? m : out.max;
	}
	return out;
}

/* "mmio 3, pci-intx 2, pci-msix 1"; the settings counted and those exact are added up. */
static void over_transports(const struct vmmio_page *p, enum vmmio_metric_id key, const char *load,
			    char *buf, size_t len, struct spread *sum)
{
	const struct vmmio_factor *t = vmmio_findings_factor(p->in, "transport");

	buf[0] = '\0';
	memset(sum, 0, sizeof(*sum));
	for (size_t i = 0; t && i < t->n; i++) {
		struct spread s = spread_of(p, key, load, t->value[i]);
		char a[24], b[24];

		if (!s.n)
			continue;
		vmmio_format(s.min, a, sizeof(a));
		vmmio_format(s.max, b, sizeof(b));
		vmmio_append(buf, len, "%s%s %s%s%s", buf[0] ? ", " : "", t->value[i], a,
			     s.min < s.max ? " to " : "", s.min < s.max ? b : "");
		sum->n += s.n;
		sum->exact += s.exact;
	}
}

/* The same, or one number where all transports have it. */
static void over_transports_short(const struct vmmio_page *p, enum vmmio_metric_id key,
				  const char *load, char *buf, size_t len)
{
	struct spread all = spread_of(p, key, load, NULL), sum;

	if (all.n && all.min == all.max)
		vmmio_format(all.min, buf, len);
	else
		over_transports(p, key, load, buf, len, &sum);
}

static void ref_nearest(const struct vmmio_page *p, const char *by, enum vmmio_metric_id key,
			const char *load, const char *depth, char *buf, size_t len)
{
	const struct vmmio_series *s = vmmio_findings_nearest(p->in, key, load, NULL, depth);

	buf[0] = '\0';
	if (s)
		vmmio_tables_ref(p->tables, by, key, s->labels, buf, len);
	if (!buf[0])
		snprintf(buf, len, "`series.csv`, key `%s`", vmmio_metrics[key].key);
}

/* What the ranges above leave to sentences of their own. */
static const char *apart(const struct vmmio_page *p)
{
	const struct vmmio_factor *l = vmmio_findings_factor(p->in, "lazy_status");
	const struct vmmio_factor *arch = vmmio_findings_factor(p->in, "arch");
	bool lazy = l && l->n > 1, arches = arch && arch->n > 1;
	static char text[64];

	text[0] = '\0';
	if (lazy || arches)
		snprintf(text, sizeof(text), " (%s%s%s%s)", arches ? arch->value[arch->base] : "",
			 arches && lazy ? "; " : "", lazy ? "lazy_status apart" : "", "");
	return text;
}

/* "exact in 3 of 4 settings, n = 3 boots each"; one boot does not tell */
static const char *exactness(const struct vmmio_page *p, size_t exact, size_t n, char *buf,
			     size_t len)
{
	if (p->in->boots > 1)
		snprintf(buf, len, "exact in %zu of %zu settings, %s each", exact, n,
			 vmmio_page_boots(p));
	else
		snprintf(buf, len, "%zu settings, one boot each: whether exact was not asked", n);
	return buf;
}

/* Do two loads cost the same, in the same unit, on the transports that both were run on? */
static bool same_price(const struct vmmio_page *p, const char *a, const char *b)
{
	const struct vmmio_factor *t = vmmio_findings_factor(p->in, "transport");
	bool common = false;

	for (size_t i = 0; t && i < t->n; i++) {
		struct spread x = spread_of(p, VMMIO_M_ACCESSES_PER_IO, a, t->value[i]);
		struct spread y = spread_of(p, VMMIO_M_ACCESSES_PER_IO, b, t->value[i]);

		if (!x.n || !y.n)
			continue;
		if (x.min != y.min || x.max != y.max)
			return false;
		common = true;
	}
	return common && !strcmp(unit_of(a), unit_of(b));
}

/* The price of load @i and of all that cost the same, which are then @said; @title or their names.
 */
static void say_price(struct vmmio_page *p, const struct vmmio_factor *l, size_t i, bool *said,
		      const char *title)
{
	char how[80];
	char list[300], other[300], kicks[300], irqs[300], names[200] = "", row[64], loads[220];
	size_t n = 0, exact = 0;
	struct spread sum;

	for (size_t j = 0; j < l->n; j++) {
		if (said[j] || !same_price(p, l->value[i], l->value[j]))
			continue;
		over_transports(p, VMMIO_M_ACCESSES_PER_IO, l->value[j], other, sizeof(other),
				&sum);
		vmmio_append(names, sizeof(names), "%s%s", names[0] ? ", " : "", l->value[j]);
		said[j] = true;
		n += sum.n;
		exact += sum.exact;
	}
	if (!n)
		return;
	over_transports(p, VMMIO_M_ACCESSES_PER_IO, l->value[i], list, sizeof(list), &sum);
	ref_nearest(p, "transport", VMMIO_M_ACCESSES_PER_IO, l->value[i], "1", row, sizeof(row));
	over_transports_short(p, VMMIO_M_KICKS_PER_IO, l->value[i], kicks, sizeof(kicks));
	over_transports_short(p, VMMIO_M_IRQS_PER_IO, l->value[i], irqs, sizeof(irqs));
	snprintf(loads, sizeof(loads), "Load %s", names);
	vmmio_page_say(p, title ? title : loads,
		       "One %s at depth 1 (load %s) costs these register accesses, doorbell "
		       "included: **%s** (kicks %s, interrupts %s) - structural, %s%s; %s.",
		       unit_of(l->value[i]), names, list, kicks, irqs,
		       exactness(p, exact, n, how, sizeof(how)), apart(p), row);
}

static void say_registers(struct vmmio_page *p)
{
	char how[80];
	const struct vmmio_factor *t = vmmio_findings_factor(p->in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(p->in, "load");
	char list[600] = "", per[300], row[64];
	struct spread sum;

	for (size_t i = 0; t && l && i < t->n; i++) {
		const struct vmmio_series *all = vmmio_findings_nearest(
			p->in, VMMIO_M_ACCESSES_PER_IO, l->value[l->base], t->value[i], "1");
		bool any = false;

		for (int role = 0; all && role < VMMIO_ROLES; role++) {
			for (size_t k = 0; k < p->tables->set->n; k++) {
				const struct vmmio_series *s = &p->tables->set->s[k];
				char text[80];

				if (s->id != VMMIO_M_REGISTER || strcmp(s->labels, all->labels) ||
				    (int)vmmio_role_of(s->key + 4) != role ||
				    !(vmmio_series_text(s, text, sizeof(text)) > 0))
					continue;
				if (!any)
					vmmio_append(list, sizeof(list),
						     "%s%s:", list[0] ? "; " : "", t->value[i]);
				vmmio_append(list, sizeof(list), "%s %s %s", any ? "," : "",
					     s->key + 4, text);
				any = true;
			}
		}
	}
	if (!list[0])
		return;
	over_transports(p, VMMIO_M_ACCESSES_PER_IRQ, NULL, per, sizeof(per), &sum);
	ref_nearest(p, "transport", VMMIO_M_ACCESSES_PER_IRQ, NULL, NULL, row, sizeof(row));
	vmmio_page_say(
		p, "Where it goes",
		"Per I/O by register - %s. What is not the doorbell is the price of an interrupt, "
		"at every depth: **%s** accesses per interrupt - structural, %s%s; %s.",
		list, per, exactness(p, sum.exact, sum.n, how, sizeof(how)), apart(p), row);
}

/* INTx against MSI-X, and MMIO against both: differences of the above, where they are exact. */
static void say_interrupts(struct vmmio_page *p)
{
	struct spread mmio = spread_of(p, VMMIO_M_ACCESSES_PER_IRQ, NULL, "mmio");
	struct spread intx = spread_of(p, VMMIO_M_ACCESSES_PER_IRQ, NULL, "pci-intx");
	struct spread msix = spread_of(p, VMMIO_M_ACCESSES_PER_IRQ, NULL, "pci-msix");
	struct spread kick = spread_of(p, VMMIO_M_ACCESSES_PER_KICK, NULL, NULL);
	char row[64], more[80] = "", how[80];

	if (!intx.n || !msix.n || intx.min != intx.max || msix.min != msix.max)
		return;
	if (mmio.n && mmio.min == mmio.max && mmio.min > intx.min)
		snprintf(more, sizeof(more), ", a line of mmio %g more than one of pci",
			 mmio.min - intx.min);
	ref_nearest(p, "transport", VMMIO_M_ACCESSES_PER_IRQ, NULL, NULL, row, sizeof(row));
	vmmio_page_say(p, "INTx against MSI-X",
		       "A line of pci costs %g access per interrupt more than a message (reading "
		       "isr_status)%s%s - structural, %s%s; %s.",
		       intx.min - msix.min, more,
		       kick.n && kick.min == kick.max ? "; a kick costs the same on all" : "",
		       exactness(p, intx.exact + msix.exact, intx.n + msix.n, how, sizeof(how)),
		       apart(p), row);
}

/* Path lengths compare across transports: they are the driver's, not the emulator's. */
static void say_path(struct vmmio_page *p)
{
	static const enum vmmio_metric_id keys[] = {VMMIO_M_PATH_MIN, VMMIO_M_PATH_P50};
	const struct vmmio_factor *t = vmmio_findings_factor(p->in, "transport");

	/* the shortest, where it is known: the median holds whatever came in between */
	for (size_t k = 0; k < 2; k++) {
		char list[400] = "", text[80], row[64];
		const char *heading = "";

		for (size_t i = 0; t && i < t->n; i++) {
			const struct vmmio_series *s =
				vmmio_findings_nearest(p->in, keys[k], NULL, t->value[i], "1");

			if (!s)
				continue;
			vmmio_series_text(s, text, sizeof(text));
			vmmio_append(list, sizeof(list), "%s%s %s", list[0] ? ", " : "",
				     t->value[i], text);
			heading = s->heading;
		}
		if (!list[0])
			continue;
		ref_nearest(p, "transport", keys[k], NULL, "1", row, sizeof(row));
		vmmio_page_say(
			p, "Path length",
			"Guest %s, at depth 1: **%s** - path (of this kernel build; load generator "
			"included), %s; %s.",
			heading, list, vmmio_page_boots(p), row);
		return;
	}
}

static void say_predictions(struct vmmio_page *p)
{
	const struct vmmio_factor *t = vmmio_findings_factor(p->in, "transport");
	const struct vmmio_factor *l = vmmio_findings_factor(p->in, "load");

	for (size_t m = 0; m < p->in->ncosts; m++) {
		const struct vmmio_costs *c = &p->in->costs[m];
		bool soft = c->accel == VMMIO_ACCEL_KVM_SOFT;

		vmmio_page_say(
			p, "Predicted cost per I/O",
			"PREDICTION, not measured: counts of this study times the access costs "
			"of %s (%s%s%s%s), depth 1%s. EOIs, interrupt delivery and indirect "
			"costs of an exit are left out.",
			c->cpu, vmmio_accel_name(c->accel), c->date ? ", " : "",
			c->date ? c->date : "",
			soft ? ": a KVM without hardware support, allowed by hand" : "",
			soft ? "; these costs hold for no other machine" : "");
		for (int how = 0; l && how < VMMIO_DOORBELLS; how++) {
			char list[400] = "", text[32];

			for (size_t i = 0; t && i < t->n; i++) {
				const struct vmmio_series *s =
					vmmio_findings_nearest(p->in, VMMIO_M_ACCESSES_PER_IO,
							       l->value[l->base], t->value[i], "1");
				struct vmmio_prediction r;

				if (!s)
					continue;
				vmmio_predict(p->tables->set, s->labels, c, how, &r);
				snprintf(text, sizeof(text), isnan(r.ns) ? "-" : "%.1f us",
					 r.ns / 1000);
				vmmio_append(list, sizeof(list), "%s%s %s", list[0] ? ", " : "",
					     t->value[i], text);
			}
			fprintf(p->f, "   - %s: %s; `predicted.tsv`\n", vmmio_doorbell_name[how],
				list);
		}
	}
}

size_t vmmio_findings_sentences(const struct vmmio_findings *in, FILE *f)
{
	struct vmmio_page p = {.in = in, .tables = in->tables, .f = f};
	const struct vmmio_factor *l = vmmio_findings_factor(in, "load");
	bool said[VMMIO_FACTOR_VALUES_MAX] = {false};

	if (l)
		say_price(&p, l, l->base, said, "The price of an I/O");
	say_registers(&p);
	say_interrupts(&p);
	vmmio_page_factors(&p);
	say_path(&p);
	for (size_t i = 0; l && i < l->n; i++)
		if (!said[i])
			say_price(&p, l, i, said, NULL);
	say_predictions(&p);
	return p.n;
}
