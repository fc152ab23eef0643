// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and explains published rates (published.h).
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ini.h"
#include "published.h"
#include "bench/data/stats.h"

#define EOIS 1 /* assumed per line interrupt: the guest cannot count them */

static int set_text(struct vmmio_published *p, const char *key, const char *value)
{
	const struct {
		const char *key;
		char *to;
		size_t room;
	} texts[] = {
		{"title", p->title, sizeof(p->title)},
		{"source", p->source, sizeof(p->source)},
		{"reference", p->reference, sizeof(p->reference)},
		{"without_line", p->without_line, sizeof(p->without_line)},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(texts[i].key, key))
			return snprintf(texts[i].to, texts[i].room, "%s", value) <
					       (int)texts[i].room
				       ? 0
				       : -ENAMETOOLONG;
	return -EINVAL;
}

/* One named positive number of [rate] or [exit]. */
static int set_number(struct vmmio_published *p, bool rate, const char *key, const char *value)
{
	size_t *n = rate ? &p->nrates : &p->nexits;
	char *name, *end;
	double v;

	errno = 0;
	v = strtod(value, &end);
	if (end == value || *end || errno || !(v > 0) || v > 1e12 || !*key)
		return -EINVAL;
	if (*n == VMMIO_PUBLISHED_MAX)
		return -E2BIG;
	name = rate ? p->rate[*n].name : p->exit[*n].name;
	if (snprintf(name, sizeof(p->rate[0].name), "%s", key) >= (int)sizeof(p->rate[0].name))
		return -ENAMETOOLONG;
	*(rate ? &p->rate[*n].value : &p->exit[*n].value) = v;
	(*n)++;
	return 0;
}

static int find_rate(const struct vmmio_published *p, const char *name)
{
	for (size_t i = 0; i < p->nrates; i++)
		if (!strcmp(p->rate[i].name, name))
			return i;
	return -1;
}

struct reader {
	struct vmmio_published *p;
	int line;
};

static int take(void *arg, int line, char *section, char *key, char *value)
{
	static const char *const sections[] = {"set", "rate", "exit"};
	struct reader *r = arg;
	int which = 2;

	r->line = line;
	while (which >= 0 && strcmp(section, sections[which]))
		which--;
	if (which < 0 || !key)
		return which < 0 ? -EINVAL : 0;
	return which ? set_number(r->p, which == 1, key, value) : set_text(r->p, key, value);
}

int vmmio_published_load(const char *path, struct vmmio_published *p, char *why, size_t len)
{
	struct reader r = {.p = p};
	int err;

	memset(p, 0, sizeof(*p));
	why[0] = '\0';
	err = vmmio_ini_load(path, take, &r, NULL, why, len);
	if (err && why[0])
		return err;
	if (err)
		snprintf(why, len, "line %d: not what a published set has", r.line);
	else if (!p->title[0] || !p->source[0] || p->nrates < 2 || find_rate(p, p->reference) < 0 ||
		 find_rate(p, p->without_line) < 0) {
		snprintf(why, len, "lacks a title, a source, or the rates it refers to");
		err = -EINVAL;
	}
	return err;
}

/*
 * The one structural value of @key over all settings of a transport, NAN if there are several. Of
 * x86: an edge-triggered line, as on arm64, costs our driver another read.
 */
static double constant(const struct vmmio_series_set *set, enum vmmio_metric_id key,
		       const char *transport, const char *load)
{
	double value = NAN;

	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];
		char have[32], lazy[8], arch[16];

		vmmio_series_label(s, "transport", have, sizeof(have));
		vmmio_series_label(s, "lazy_status", lazy, sizeof(lazy));
		vmmio_series_label(s, "arch", arch, sizeof(arch));
		if (s->id != key || s->cls != VMMIO_STRUCTURAL || strcmp(have, transport) ||
		    !strcmp(lazy, "on") || (arch[0] && strcmp(arch, "x86")) ||
		    !vmmio_series_exact(s))
			continue;
		vmmio_series_label(s, "load", have, sizeof(have));
		if (load && strcmp(have, load))
			continue;
		if (!isnan(value) && s->v[0] != value)
			return NAN;
		value = s->v[0];
	}
	return value;
}

int vmmio_published_explain(const struct vmmio_published *p, const struct vmmio_series_set *set,
			    FILE *f, char *why, size_t len)
{
	static const char *const loads[] = {"tcp_rr", "udp_rr"};
	double line = constant(set, VMMIO_M_ACCESSES_PER_IRQ, "mmio", NULL);
	double message = constant(set, VMMIO_M_ACCESSES_PER_IRQ, "pci-msix", NULL);
	double base = 1e6 / p->rate[find_rate(p, p->reference)].value, most = 0, exits;

	if (isnan(line) || isnan(message) || line <= message) {
		snprintf(why, len,
			 "has no accesses per interrupt of mmio and pci-msix that are the same in "
			 "every setting");
		return -ENODATA;
	}
	fprintf(f, "%s\n%s\n\n", p->title, p->source);
	for (size_t i = 0; i < p->nrates; i++) {
		double us = 1e6 / p->rate[i].value;

		fprintf(f, "%-16s %8.0f/s %8.1f us", p->rate[i].name, p->rate[i].value, us);
		if (strcmp(p->rate[i].name, p->reference))
			fprintf(f, "  %+.1f us against %s", us - base, p->reference);
		fprintf(f, "\n");
		most = us - base > most ? us - base : most;
	}
	exits = line - message + EOIS;
	fprintf(f,
		"\n%.1f of the %.1f us are not there in \"%s\": it is interrupts that cost them.\n"
		"A line interrupt of mmio costs %g accesses more than a message (counted: %g "
		"against "
		"%g),\nand an EOI that a message may not need (assumed): %g exits.\n\n"
		"interrupts per transaction  exits  us per exit that explain %.1f us\n",
		most - (1e6 / p->rate[find_rate(p, p->without_line)].value - base), most,
		p->without_line, line - message, line, message, exits, most);
	for (int k = 1; k <= 4; k++)
		fprintf(f, "%-26d  %-5g  %.1f\n", k, k * exits, most / (k * exits));
	fprintf(f, "\n");
	for (size_t i = 0; i < p->nexits; i++)
		fprintf(f, "at %.1f us per exit (%s): %.1f exits, %.1f interrupts\n",
			p->exit[i].value, p->exit[i].name, most / p->exit[i].value,
			most / p->exit[i].value / exits);
	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		double irqs = constant(set, VMMIO_M_IRQS_PER_IO, "mmio", loads[i]);

		if (!isnan(irqs))
			fprintf(f,
				"counted here, load %s, mmio, depth 1: %g interrupts per "
				"transaction: "
				"%.1f us per exit\n",
				loads[i], irqs, most / (irqs * exits));
	}
	fprintf(f,
		"\nAssumed: every access and the EOI leave the guest at one price; as many "
		"interrupts\nover either transport; one machine for all means. Not known: the "
		"hardware, the VMM's\npath, vhost or not, the interrupts per transaction there.\n");
	return 0;
}
