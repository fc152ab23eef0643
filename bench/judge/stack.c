// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest against host, table and verdict of the whole stack (stack.h).
 *
 * Long because the table's rows, their checks and the sentences are of the same cells.
 */
#include "stack.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/rounds.h"
#include "bench/judge/compare.h"

#define CELL(s, boot, c) (&(s)->host[(boot)*VMMIO_COLUMNS + (c)])

static int column_of(const char *name)
{
	int c = 0;

	while (c < VMMIO_COLUMNS && strcmp(vmmio_columns[c], name))
		c++;
	return c;
}

static int add_kinds(struct vmmio_host_round *to, const struct vmmio_host_round *from)
{
	for (size_t i = 0; i < from->nkinds; i++) {
		size_t k = 0;

		while (k < to->nkinds && strcmp(to->kind[k].name, from->kind[i].name))
			k++;
		if (k == VMMIO_HOST_KINDS)
			return -ENOBUFS;
		if (k == to->nkinds) {
			to->kind[to->nkinds++] = from->kind[i];
			continue;
		}
		to->kind[k].ns += from->kind[i].ns;
		to->kind[k].timed += from->kind[i].timed;
		to->kind[k].exits += from->kind[i].exits;
		to->kind[k].user += from->kind[i].user;
	}
	return 0;
}

int vmmio_stack_add(struct vmmio_stack *s, unsigned int boot, const char *const *columns,
		    const struct vmmio_host_round *rounds, size_t n)
{
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		const struct vmmio_host_round *r = &rounds[i];
		int c = column_of(columns[i]);
		struct vmmio_host_round *to;

		if (c == VMMIO_COLUMNS)
			return -EINVAL;
		to = CELL(s, boot, c);
		if (!to->device[0]) {
			*to = *r;
			continue;
		}
		if (strcmp(to->device, r->device)) /* one column, one disk */
			to->kicks = NAN;
		to->kicks += r->kicks;
		to->reads += r->reads;
		to->acks += r->acks;
		to->interrupts += r->interrupts;
		to->eoi_free += r->eoi_free;
		to->eoi_exit += r->eoi_exit;
		to->eoi_user += r->eoi_user;
		to->again += r->again;
		to->exits += r->exits;
		to->user += r->user;
		to->others += r->others;
		to->report += r->report;
		to->halts += r->halts;
		to->lost += r->lost;
		err = add_kinds(to, r);
	}
	return err;
}

/* Over the queues of @device in what vmmio-stat told: @sum / @n; NAN: not known or none. */
static double mean_of(const json_t *told, const char *device, const char *sum, const char *n)
{
	double sums = 0, ns = 0;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(told, "rows"), i, row) {
		const char *name = json_string_value(json_object_get(row, "device"));
		const json_t *c = json_object_get(row, "counters");
		const json_t *a = json_object_get(c, sum), *b = json_object_get(c, n);

		if (!name || strcmp(name, device) || json_is_null(json_object_get(row, "queue")))
			continue;
		sums += json_is_number(a) ? json_number_value(a) : NAN;
		ns += json_is_number(b) ? json_number_value(b) : NAN;
	}
	return ns > 0 ? sums / ns : NAN;
}

/* The device of column @c in @boot, as the guest called it; NULL: no round of it. */
static const char *device_of(const json_t *rows, unsigned int boot, int c)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (json_integer_value(json_object_get(row, "boot")) == boot &&
		    !strcmp(json_string_value(json_object_get(row, "column")), vmmio_columns[c]))
			return json_string_value(json_object_get(row, "device"));
	return NULL;
}

int vmmio_stack_add_kicks(struct vmmio_stack *s, unsigned int boot, const char *text,
			  const json_t *rows, char *why, size_t len)
{
	static const char mark[] = "\n@kicks ";
	const char *line = strstr(text, mark);
	json_t *told = NULL;

	if (line) {
		line += sizeof(mark) - 1;
		told = json_loadb(line, strcspn(line, "\n"), 0, NULL);
	}
	if (!json_is_array(json_object_get(told, "rows"))) {
		snprintf(why, len, "vmmio-stat told nothing of kicks in the guest");
		json_decref(told);
		return -EPROTO;
	}
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const char *device = device_of(rows, boot, c);
		struct vmmio_stack_kick *k = &s->kicks[boot * VMMIO_COLUMNS + c];

		k->cost = device ? mean_of(told, device, "kick_ns", "kicks_timed") : NAN;
		k->to_interrupt = device ? mean_of(told, device, "latency_ns", "latencies") : NAN;
	}
	json_decref(told);
	return 0;
}

const struct vmmio_stack_load *vmmio_stack_load(const char *name)
{
	static const struct vmmio_stack_load loads[] = {
		{"block", "randread", "random reads of 4 KiB"},
		{"scsi", "scsi-randread", "random reads of 4 KiB from a SCSI disk"},
		{"udp_rr", "udp_rr", "UDP requests of 32 bytes, responses of 1024"},
	};

	for (size_t i = 0; name && i < sizeof(loads) / sizeof(loads[0]); i++)
		if (!strcmp(loads[i].name, name) || !strcmp(loads[i].label, name))
			return &loads[i];
	return NULL;
}

void vmmio_stack_labels(const struct vmmio_stack *s, int c, char *buf, size_t len)
{
	snprintf(buf, len, "load=%s transport=%s depth=1", s->load, vmmio_columns[c]);
}

/* The guest's count of @key in @boot: the numerator that its series keeps; NAN: unknown. */
static double guest_count(const struct vmmio_stack *s, int c, unsigned int boot,
			  enum vmmio_metric_id key)
{
	const struct vmmio_series *v;
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	v = vmmio_series_get(&s->set, labels, key);
	return v && v->c && boot < v->n ? v->c[boot].num : NAN;
}

static double value(const struct vmmio_stack *s, int c, unsigned int boot, enum vmmio_metric_id key)
{
	const struct vmmio_series *v;
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	v = vmmio_series_get(&s->set, labels, key);
	return v && boot < v->n ? v->v[boot] : NAN;
}

/* How often the driver touched the register of series @key; one that no boot touched has none. */
static double guest_register(const struct vmmio_stack *s, int c, unsigned int boot, const char *key)
{
	const struct vmmio_series *v;
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	v = vmmio_series_find(&s->set, labels, key);
	if (v)
		return v->c && boot < v->n ? v->c[boot].num : NAN;
	return isnan(guest_count(s, c, boot, VMMIO_M_ACCESSES_PER_IO)) ? NAN : 0;
}

/* Unknown on either side is a difference. */
static void hold(struct vmmio_stack *s, unsigned int boot, int c,
		 const struct vmmio_host_held *held)
{
	char g[32] = "-", h[48] = "-";
	bool same = vmmio_host_same(held);

	if (!isnan(held->guest))
		snprintf(g, sizeof(g), "%.0f", held->guest);
	if (!isnan(held->host) && held->more > 0)
		snprintf(h, sizeof(h), "%.0f to %.0f", held->host, held->host + held->more);
	else if (!isnan(held->host))
		snprintf(h, sizeof(h), "%.0f", held->host);
	vmmio_check_add(s->checks, boot, "guest and host", same,
			"%s: %s, by the guest %s, by its host %s", vmmio_columns[c], held->what, g,
			h);
	if (!same)
		json_array_append_new(s->differs,
				      json_pack("{s:i, s:s, s:s, s:s, s:s}", "boot", boot, "column",
						vmmio_columns[c], "what", held->what, "guest", g,
						"host", h));
}

static void hold_boot(struct vmmio_stack *s, unsigned int boot)
{
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const struct vmmio_host_round *h = CELL(s, boot, c);
		const struct vmmio_guest_counts g = {
			.kicks = guest_count(s, c, boot, VMMIO_M_KICKS_PER_IO),
			.irqs = guest_count(s, c, boot, VMMIO_M_IRQS_PER_IO),
			.reads = guest_register(s, c, boot, "reg:InterruptStatus") +
				 guest_register(s, c, boot, "reg:isr_status"),
			.acks = guest_register(s, c, boot, "reg:InterruptACK"),
		};
		struct vmmio_host_held held[VMMIO_HOST_HELD];
		double ends = h->eoi_free + h->eoi_exit + h->eoi_user;
		int n;

		n = vmmio_host_hold(&g, h, held);
		for (int i = 0; i < n; i++)
			hold(s, boot, c, &held[i]);
		vmmio_check_add(s->checks, boot, "interrupts and their ends",
				h->no_ends || h->again == 0 || h->interrupts == ends,
				"%s: %.0f accepted, %.0f ended", vmmio_columns[c], h->interrupts,
				ends);
		vmmio_check_add(s->checks, boot, "no events lost", h->lost == 0,
				"%s: %.0f by the host", vmmio_columns[c], h->lost);
	}
}

static int add_plain(struct vmmio_stack *s, const char *labels, struct vmmio_stack_seen seen)
{
	return vmmio_series_add(&s->set, labels, VMMIO_M_STACK_MEAN, 1, seen.mean)
		       ?: vmmio_series_add(&s->set, labels, VMMIO_M_STACK_MIN, 1, seen.min);
}

static int add_kicks(struct vmmio_stack *s, const char *labels, const struct vmmio_stack_kick *k)
{
	return vmmio_series_add(&s->set, labels, VMMIO_M_STACK_KICK, 1, k->cost)
		       ?: vmmio_series_add(&s->set, labels, VMMIO_M_STACK_KICK_TO_IRQ, 1,
					   k->to_interrupt);
}

int vmmio_stack_judge(struct vmmio_stack *s, const json_t *rows)
{
	int err = vmmio_rounds_series(rows, s->boots, true, &s->set);
	char labels[96];

	for (unsigned int b = 0; b < s->boots && !err; b++) {
		hold_boot(s, b);
		for (int c = 0; c < VMMIO_COLUMNS && !err; c++) {
			const struct vmmio_host_round *h = CELL(s, b, c);
			double ios = (double)s->rounds * s->count;

			vmmio_stack_labels(s, c, labels, sizeof(labels));
			err = vmmio_series_add_count(&s->set, labels, VMMIO_M_EXITS_PER_IO, 1,
						     (struct vmmio_count){h->exits, ios});
			err = err
				      ?: vmmio_series_add_count(&s->set, labels,
								VMMIO_M_USER_EXITS_PER_IO, 1,
								(struct vmmio_count){h->user, ios});
			err = err
				      ?: vmmio_series_add(
						 &s->set, labels, VMMIO_M_STACK_P50, 1,
						 1000 * value(s, c, b, VMMIO_M_LATENCY_P50));
			err = err ?: add_plain(s, labels, vmmio_stack_seen(rows, b, c, "time"));
			err = err ?: add_kicks(s, labels, &s->kicks[b * VMMIO_COLUMNS + c]);
		}
	}
	return err ?: vmmio_stack_judge_layers(s);
}

/* Per I/O, over all boots: median; NAN if a boot does not know. */
static double per_io(const struct vmmio_stack *s, double of)
{
	return of / ((double)s->rounds * s->count);
}

/* The median, or NAN if a boot does not know. */
static double median_all(const double *v, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (isnan(v[i]))
			return NAN;
	return vmmio_stats_median(v, n);
}

static double median_kind(const struct vmmio_stack *s, int c, const char *name, bool user,
			  bool *exact)
{
	double v[64];
	unsigned int n = s->boots < 64 ? s->boots : 64;

	for (unsigned int b = 0; b < n; b++) {
		const struct vmmio_host_round *h = CELL(s, b, c);

		/* its rows are all exits that there were, if there are rows */
		v[b] = h->device[0] && h->lost == 0 ? 0 : NAN;
		for (size_t k = 0; k < h->nkinds; k++)
			if (!strcmp(h->kind[k].name, name) && !isnan(v[b]))
				v[b] = per_io(s, user ? h->kind[k].user : h->kind[k].exits);
		*exact &= v[b] == v[0];
	}
	return median_all(v, n);
}

json_t *vmmio_stack_kinds(const struct vmmio_stack *s)
{
	json_t *kinds = json_array(), *seen = json_object();

	for (unsigned int b = 0; b < s->boots; b++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			const struct vmmio_host_round *h = CELL(s, b, c);

			for (size_t k = 0; k < h->nkinds; k++) {
				const char *name = h->kind[k].name;
				json_t *row, *user;
				bool exact = s->boots > 1;

				if (!h->kind[k].of_device || json_object_get(seen, name))
					continue;
				json_object_set_new(seen, name, json_true());
				row = json_object();
				user = json_object();
				for (int i = 0; i < VMMIO_COLUMNS; i++) {
					json_object_set_new(row, vmmio_columns[i],
							    vmmio_json_number_or_null(median_kind(
								    s, i, name, false, &exact)));
					json_object_set_new(user, vmmio_columns[i],
							    vmmio_json_number_or_null(median_kind(
								    s, i, name, true, &exact)));
				}
				json_array_append_new(kinds,
						      json_pack("{s:s, s:b, s:o, s:o}", "kind",
								name, "exact", exact, "exits", row,
								"to_userspace", user));
			}
		}
	}
	json_decref(seen);
	return kinds;
}

static const struct vmmio_series *find(const struct vmmio_stack *s, int c, enum vmmio_metric_id key)
{
	char labels[96];

	vmmio_stack_labels(s, c, labels, sizeof(labels));
	return vmmio_series_get(&s->set, labels, key);
}

static void cell(FILE *f, double v)
{
	char text[32];

	vmmio_format(v, text, sizeof(text));
	fprintf(f, " %10s", isnan(v) ? "-" : text);
}

static void print_series(const struct vmmio_stack *s, const char *heading, enum vmmio_metric_id key,
			 const char *cls, FILE *f)
{
	bool exact = true;

	fprintf(f, "%-36s", heading);
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const struct vmmio_series *v = find(s, c, key);

		cell(f, v ? median_all(v->v, v->n) : NAN);
		exact &= v && vmmio_series_exact(v);
	}
	fprintf(f, "   %s%s\n", cls, exact && s->boots > 1 ? ", exact" : "");
}

static void print_host(const struct vmmio_stack *s, const char *heading, size_t offset, FILE *f)
{
	double v[64];
	unsigned int n = s->boots < 64 ? s->boots : 64;

	fprintf(f, "%-36s", heading);
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		for (unsigned int b = 0; b < n; b++)
			v[b] = per_io(s, *(const double *)((const char *)CELL(s, b, c) + offset));
		cell(f, median_all(v, n));
	}
	fputc('\n', f);
}

void vmmio_stack_print(const struct vmmio_stack *s, FILE *f)
{
	json_t *kinds = vmmio_stack_kinds(s), *k;
	size_t i;

	fprintf(f, "%s%s, depth 1, on %s: ", s->load_text, s->vhost ? ", by vhost" : "",
		vmmio_accel_name(s->accel));
	if (s->kernel)
		fprintf(f, "Linux %s, ", s->kernel);
	fprintf(f, "QEMU %s with ioeventfd, %u boot%s of %u I/Os\n", s->qemu, s->boots,
		s->boots == 1 ? "" : "s", s->rounds * s->count);
	fprintf(f,
		"kicks, and layers in a round, are of %u I/Os; medians, row by row: they need not "
		"add up\n",
		s->layer_count);
	if (s->equal) {
		fprintf(f, "on all sides: ");
		vmmio_equal_print(s->equal, f);
	}
	fprintf(f, "\n%-36s %10s %10s %10s   class\n", "per I/O", vmmio_columns[0],
		vmmio_columns[1], vmmio_columns[2]);
	print_series(s, "exits", VMMIO_M_EXITS_PER_IO, "structural", f);
	print_series(s, "  to userspace", VMMIO_M_USER_EXITS_PER_IO, "structural", f);
	json_array_foreach(kinds, i, k) {
		const json_t *exits = json_object_get(k, "exits");

		fprintf(f, "  %-34s", json_string_value(json_object_get(k, "kind")));
		for (int c = 0; c < VMMIO_COLUMNS; c++)
			cell(f, json_is_real(json_object_get(exits, vmmio_columns[c]))
					? json_real_value(json_object_get(exits, vmmio_columns[c]))
					: NAN);
		fprintf(f, "   structural%s\n",
			json_is_true(json_object_get(k, "exact")) ? ", exact" : "");
	}
	print_host(s, "ends of interrupts without an exit",
		   offsetof(struct vmmio_host_round, eoi_free), f);
	print_host(s, "interrupts accepted", offsetof(struct vmmio_host_round, interrupts), f);
	print_host(s, "  delivered twice by the processor",
		   offsetof(struct vmmio_host_round, again), f);
	print_host(s, "HLT, besides", offsetof(struct vmmio_host_round, halts), f);
	print_host(s, "timer and unrelated, besides", offsetof(struct vmmio_host_round, others), f);
	print_host(s, "the guest's report, besides", offsetof(struct vmmio_host_round, report), f);
	print_series(s, "instructions, guest + KVM + monitor", VMMIO_M_STACK_MEAN, "path", f);
	print_series(s, "  in the median I/O", VMMIO_M_STACK_P50, "path", f);
	print_series(s, "  in the shortest", VMMIO_M_STACK_MIN, "path", f);
	print_series(s, "  with the host's probes, times", VMMIO_M_OBSERVER, "path", f);
	print_series(s, "  in a kick, the guest's probes in it", VMMIO_M_STACK_KICK, "path", f);
	print_series(s, "  kick to interrupt, so too", VMMIO_M_STACK_KICK_TO_IRQ, "path", f);
	vmmio_stack_print_layers(s, f);
	if (s->hung)
		fprintf(f, "%u boot%s hung or failed and %s run again\n", s->hung,
			s->hung == 1 ? "" : "s", s->hung == 1 ? "was" : "were");
	json_array_foreach(s->differs, i, k)
		fprintf(f, "boot %lld, %s: %s, by the guest %s, by its host %s\n",
			(long long)json_integer_value(json_object_get(k, "boot")),
			json_string_value(json_object_get(k, "column")),
			json_string_value(json_object_get(k, "what")),
			json_string_value(json_object_get(k, "guest")),
			json_string_value(json_object_get(k, "host")));
	json_decref(kinds);
}

/* "5 exits per I/O, 3 to userspace (exact)"; one boot is no ground for the word */
static void exits_words(const struct vmmio_stack *s, int c, char *buf, size_t len)
{
	const struct vmmio_series *e = find(s, c, VMMIO_M_EXITS_PER_IO),
				  *u = find(s, c, VMMIO_M_USER_EXITS_PER_IO);
	char exits[32], user[32], low_text[32], high_text[32], how[80] = "";
	double low, high;

	vmmio_format(vmmio_stats_median(e->v, e->n), exits, sizeof(exits));
	vmmio_format(vmmio_stats_median(u->v, u->n), user, sizeof(user));
	/* a part of an exit is a chance that came in each boot */
	if (s->boots > 1 && vmmio_series_exact(e) && vmmio_series_exact(u) &&
	    e->v[0] == round(e->v[0]) && u->v[0] == round(u->v[0])) {
		snprintf(how, sizeof(how), " (exact)");
	} else if (s->boots > 1) {
		vmmio_stats_range(e->v, e->n, &low, &high);
		vmmio_format(low, low_text, sizeof(low_text));
		vmmio_format(high, high_text, sizeof(high_text));
		snprintf(how, sizeof(how), " (%s to %s)", low_text, high_text);
	}
	snprintf(buf, len, "%s %s%s, %s%s%s", vmmio_columns[c], exits, c ? "" : " exits per I/O",
		 user, c ? "" : " to userspace", how);
}

/* mmio over pci-msix within each boot; false: a boot does not know. */
static bool ratios(const struct vmmio_stack *s, enum vmmio_metric_id key, double out[64])
{
	bool known = true;

	for (unsigned int b = 0; b < s->boots && b < 64; b++) {
		out[b] = value(s, 0, b, key) / value(s, 2, b, key);
		known &= !isnan(out[b]);
	}
	return known;
}

json_t *vmmio_stack_verdict(const struct vmmio_stack *s, bool *withheld)
{
	json_t *out = json_array(), *check;
	char words[VMMIO_COLUMNS][256], text[900];
	double median[64], min[64];
	size_t i;
	unsigned int n = s->boots < 64 ? s->boots : 64;

	*withheld = !vmmio_checks_ok(s->checks);
	if (*withheld) {
		json_array_foreach(s->checks, i, check)
			if (!json_is_true(json_object_get(check, "ok")))
				json_array_append(out, json_object_get(check, "text"));
		return out;
	}
	for (int c = 0; c < VMMIO_COLUMNS; c++)
		exits_words(s, c, words[c], sizeof(words[c]));
	snprintf(text, sizeof(text), "depth 1: %s; %s; %s; n = %u boot%s, HLT and timer apart",
		 words[0], words[1], words[2], s->boots, s->boots == 1 ? "" : "s");
	json_array_append_new(out, json_string(text));
	if (ratios(s, VMMIO_M_STACK_P50, median) && ratios(s, VMMIO_M_STACK_MIN, min)) {
		double low, high;

		vmmio_stats_range(median, n, &low, &high);
		snprintf(text, sizeof(text),
			 "mmio takes %.2f times the instructions of pci-msix, guest, KVM and "
			 "monitor together, in the median I/O (%.3f to %.3f over %u boot%s); %.2f "
			 "times in the shortest",
			 vmmio_stats_median(median, n), low, high, s->boots,
			 s->boots == 1 ? "" : "s", vmmio_stats_median(min, n));
		json_array_append_new(out, json_string(text));
	}
	check = vmmio_stack_layers_sentence(s);
	if (check)
		json_array_append_new(out, check);
	return out;
}
