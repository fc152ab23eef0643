// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metrics for Prometheus, see metrics.h: their one table, and the one writer of both text formats.
 * Units are the base ones (seconds, bytes). An unknown value has no sample: it is not 0.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/vmmio-stat/core/regtable.h"
#include "metrics.h"
#include "promtext.h"

/* log2 buckets: one per octave of the histogram. */
#define OCTAVES 36

#define LABELS 512 /* room for those of a row */

struct vmmio_metrics_row {
	struct vmmio_slot_info info;
	char labels[LABELS]; /* of these */
	bool seen;	     /* in the last report */
	__u64 have;
	__u64 c[VMMIO_C_COUNT];
	__u32 have_hist;
	__u64 octave[VMMIO_HIST_COUNT][OCTAVES]; /* [k]: values below 2^k, from 2^(k-1) */
	bool have_regs;
	__u64 reads[VMMIO_REG_COUNT];
	__u64 writes[VMMIO_REG_COUNT];
};

/* Octave k ends at 2^k - 1; 0 is the value 0. */
static int octave_of(int bucket)
{
	__u64 low = vmmio_hist_low(bucket);
	int k = low ? (int)vmmio_log2(low) + 1 : 0;

	return k < OCTAVES ? k : OCTAVES - 1;
}

/* Who a row is. Its texts are of fixed length, see struct vmmio_slot_info. */
static void labels(char text[LABELS], const struct vmmio_slot_info *i)
{
	char *p = text;

	p += vmmio_prom_label(p, "device", i->kind == VMMIO_SLOT_SHARED ? "others" : i->device);
	if (i->kind == VMMIO_SLOT_QUEUE)
		p += sprintf(p, ",queue=\"%u\"", i->queue);
	*p++ = ',';
	p += vmmio_prom_label(p, "transport", vmmio_transport_name(i->transport));
	*p++ = ',';
	vmmio_prom_label(p, "driver", i->driver);
}

static struct vmmio_metrics_row *find(struct vmmio_metrics *t, const struct vmmio_slot_info *info)
{
	struct vmmio_metrics_row *r;
	size_t i;

	for (i = 0; i < t->n; i++) {
		r = &t->rows[i];
		if (r->info.slot == info->slot && r->info.gen == info->gen)
			return r;
	}
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 8;

		r = reallocarray(t->rows, cap, sizeof(*r));
		if (!r)
			return NULL;
		t->rows = r;
		t->cap = cap;
	}
	r = &t->rows[t->n++];
	memset(r, 0, sizeof(*r));
	r->have = ~0ull; /* nothing was missed so far */
	r->have_hist = ~0u;
	r->have_regs = true;
	return r;
}

static int add_row(struct vmmio_metrics *t, const struct vmmio_snapshot *d, size_t i)
{
	const struct vmmio_row *from = &d->rows[i];
	const struct vmmio_reg_counts *g = vmmio_row_regs(d, i);
	struct vmmio_metrics_row *r = find(t, &from->info);
	int id, k;

	if (!r)
		return -ENOMEM;
	r->info = from->info;
	labels(r->labels, &r->info);
	r->seen = true;
	/* A sum that lacks an interval is no sum. */
	r->have &= from->have;
	r->have_hist &= from->have_hist;
	r->have_regs &= from->have_regs && g;
	for (k = 0; k < VMMIO_C_COUNT; k++)
		if (vmmio_row_has(from, k))
			r->c[k] += from->c[k];
	for (id = 0; id < VMMIO_HIST_COUNT; id++) {
		const struct vmmio_hist *h = vmmio_row_hist(d, i, id);

		for (k = 0; h && k < VMMIO_HIST_BUCKETS; k++)
			if (h->n[k])
				r->octave[id][octave_of(k)] += h->n[k];
	}
	for (k = 0; r->have_regs && k < VMMIO_REG_COUNT; k++) {
		r->reads[k] += g->reads[k];
		r->writes[k] += g->writes[k];
	}
	return 0;
}

int vmmio_metrics_add(struct vmmio_metrics *t, const struct vmmio_report *r)
{
	size_t i, kept = 0;
	int err = 0;

	for (i = 0; i < t->n; i++)
		t->rows[i].seen = false;
	for (i = 0; !err && i < r->n; i++)
		err = add_row(t, r->delta, r->rows[i]);
	/* A queue that is gone is no longer exported. */
	for (i = 0; i < t->n; i++)
		if (t->rows[i].seen)
			t->rows[kept++] = t->rows[i];
	t->n = kept;
	t->events_lost += r->delta->events_lost;
	/* a sum that lacks an interval is no sum */
	t->have_lost = r->delta->have_lost && (t->have_lost || !t->added);
	t->added = true;
	t->wall_ms = r->delta->wall_ms;
	t->unseen = r->delta->unseen;
	t->unplaced = r->delta->unplaced;
	t->untold = r->delta->untold;
	return err;
}

void vmmio_metrics_free(struct vmmio_metrics *t)
{
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

static bool of_kind(const struct vmmio_metrics_row *r, int rows)
{
	return r->info.kind == VMMIO_SLOT_DEVICE ? rows & VMMIO_ROW_D : rows & VMMIO_ROW_Q;
}

/* Counters that are one raw counter each; @extra is one more label, or NULL. */
static const struct {
	const char *name, *extra;
	int rows, counter;
	bool ns;
	const char *help;
} plain[] = {
	{"vmmio_kicks_total", NULL, VMMIO_ROW_Q, VMMIO_C_KICKS, false,
	 "Doorbell writes (available-buffer notifications sent)."},
	{"vmmio_kick_opportunities_total", NULL, VMMIO_ROW_Q, VMMIO_C_OPPORTUNITIES, false,
	 "Points at which the driver decided whether to kick."},
	{"vmmio_buffers_made_available_total", NULL, VMMIO_ROW_Q, VMMIO_C_KICK_BUFFERS, false,
	 "Buffers made available, seen at kicks."},
	{"vmmio_buffers_used_total", NULL, VMMIO_ROW_Q, VMMIO_C_USED_BUFFERS, false,
	 "Buffers used, seen at interrupts."},
	{"vmmio_interrupts_nothing_found_total", NULL, VMMIO_ROW_Q, VMMIO_C_IRQS_NOTHING, false,
	 "Interrupts on a shared line or vector that found nothing for this virtqueue."},
	{"vmmio_virtqueue_interrupts_total", NULL, VMMIO_ROW_Q, VMMIO_C_IRQS, false,
	 "Times that an interrupt checked the virtqueue; one on a line checks all of a device."},
	{"vmmio_virtqueue_interrupts_spurious_total", NULL, VMMIO_ROW_Q, VMMIO_C_IRQS_SPURIOUS,
	 false, "Of these, on a vector of its own, those that found nothing."},
	{"vmmio_interrupts_total", NULL, VMMIO_ROW_D, VMMIO_C_IRQS, false,
	 "Interrupts of the device, each once: runs of its handlers."},
	{"vmmio_interrupts_spurious_total", NULL, VMMIO_ROW_D, VMMIO_C_IRQS_SPURIOUS, false,
	 "Of these, those that found nothing at all."},
	{"vmmio_config_interrupts_total", NULL, VMMIO_ROW_D, VMMIO_C_CONFIG_IRQS, false,
	 "Configuration changes signalled."},
	{"vmmio_handler_seconds_total", NULL, VMMIO_ROW_D, VMMIO_C_HANDLER_NS, true,
	 "Time in the interrupt handler, callbacks included."},
	{"vmmio_requests_total", NULL, VMMIO_ROW_Q, VMMIO_C_REQUESTS, false,
	 "Buffers taken back by the driver."},
	{"vmmio_ring_full_total", NULL, VMMIO_ROW_Q, VMMIO_C_RING_FULL, false,
	 "Adds refused for want of room in the ring."},
	{"vmmio_scatterlists_total", "direction=\"out\"", VMMIO_ROW_Q, VMMIO_C_SGS_OUT, false,
	 "Scatterlists added; out: the device reads them."},
	{"vmmio_scatterlists_total", "direction=\"in\"", VMMIO_ROW_Q, VMMIO_C_SGS_IN, false,
	 "Scatterlists added; out: the device reads them."},
	{"vmmio_transfer_bytes_total", "direction=\"out\"", VMMIO_ROW_Q, VMMIO_C_BYTES_OUT, false,
	 "Bytes in scatterlists added; out: the device reads them."},
	{"vmmio_transfer_bytes_total", "direction=\"in\"", VMMIO_ROW_Q, VMMIO_C_BYTES_IN, false,
	 "Bytes in scatterlists added; out: the device reads them."},
};

static const struct {
	const char *name;
	int rows, hist, sum;
	bool ns;
	const char *help;
} families[] = {
	{"vmmio_kick_duration_seconds", VMMIO_ROW_Q, VMMIO_HIST_KICK, VMMIO_C_KICK_NS, true,
	 "Cost of a doorbell write, the vCPU blocked."},
	{"vmmio_kick_to_interrupt_seconds", VMMIO_ROW_Q, VMMIO_HIST_IRQ, VMMIO_C_LATENCY_NS, true,
	 "Kick to interrupt; exact at depth 1 and for in-order devices, else an upper bound."},
	{"vmmio_request_duration_seconds", VMMIO_ROW_Q, VMMIO_HIST_REQUEST, VMMIO_C_REQUEST_NS,
	 true, "From adding a buffer to taking it back."},
	{"vmmio_register_access_duration_seconds", VMMIO_ROW_D, VMMIO_HIST_ACCESS,
	 VMMIO_C_ACCESS_NS, true, "Cost of a register access, doorbells left out."},
	{"vmmio_kick_buffers", VMMIO_ROW_Q, VMMIO_HIST_BATCH, VMMIO_C_KICK_BUFFERS, false,
	 "Buffers made available per kick."},
	{"vmmio_interrupt_buffers", VMMIO_ROW_Q, VMMIO_HIST_COALESCE, VMMIO_C_USED_BUFFERS, false,
	 "Used buffers per interrupt that found any."},
	{"vmmio_ring_occupancy_buffers", VMMIO_ROW_Q, VMMIO_HIST_OCCUPANCY, VMMIO_C_OCCUPANCY,
	 false, "Buffers in flight at a kick."},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Its begin: what follows is more labels, or the value. */
static void sample(struct vmmio_promtext *w, const char *name, const char *suffix,
		   const struct vmmio_metrics_row *r)
{
	vmmio_prom_put(w, name);
	vmmio_prom_put(w, suffix);
	vmmio_prom_put(w, "{");
	vmmio_prom_put(w, r->labels);
}

static void print_plain(const struct vmmio_metrics *t, struct vmmio_promtext *w, bool times,
			size_t p)
{
	size_t i;

	if (plain[p].ns && !times)
		return;
	for (i = 0; i < t->n; i++) {
		const struct vmmio_metrics_row *r = &t->rows[i];

		if (!of_kind(r, plain[p].rows) || !(r->have >> plain[p].counter & 1))
			continue;
		vmmio_prom_head(w, plain[p].name, "counter", plain[p].help);
		sample(w, plain[p].name, "", r);
		if (plain[p].extra) {
			vmmio_prom_put(w, ",");
			vmmio_prom_put(w, plain[p].extra);
		}
		if (plain[p].ns)
			vmmio_prom_seconds(w, r->c[plain[p].counter]);
		else
			vmmio_prom_count(w, r->c[plain[p].counter]);
	}
}

static void print_registers(const struct vmmio_metrics *t, struct vmmio_promtext *w)
{
	size_t i;
	int k, op;

	for (i = 0; i < t->n; i++) {
		const struct vmmio_metrics_row *r = &t->rows[i];

		if (r->info.kind != VMMIO_SLOT_DEVICE || !r->have_regs)
			continue;
		for (k = 0; k < VMMIO_REG_COUNT; k++) {
			for (op = 0; op < 2; op++) {
				__u64 n = op ? r->writes[k] : r->reads[k];

				if (!n)
					continue;
				vmmio_prom_head(w, "vmmio_register_accesses_total", "counter",
						"Transport register accesses.");
				sample(w, "vmmio_register_accesses_total", "", r);
				vmmio_prom_put(w, ",");
				vmmio_prom_put_label(w, "register", vmmio_regs[k].name);
				vmmio_prom_put(w, op ? ",op=\"write\"" : ",op=\"read\"");
				vmmio_prom_count(w, n);
			}
		}
	}
}

/*
 * Bounds of counts are exact (2^k - 1); bounds of times are 2^k ns, the form
 * that is usual, though a sample of just that length lies above. They are labels, and
 * the same ones in both formats: floats, as OpenMetrics wants them.
 */
static void bound(char *buf, size_t size, int k, bool ns)
{
	char le[24];

	if (ns)
		snprintf(le, sizeof(le), "%.10g", (double)(1ull << k) / 1e9);
	else
		snprintf(le, sizeof(le), "%llu.0", (1ull << k) - 1);
	snprintf(buf, size, ",le=\"%s\"", le);
}

static void print_family(const struct vmmio_metrics *t, struct vmmio_promtext *w, bool times,
			 size_t f)
{
	int first = families[f].ns ? 7 : 1, end = families[f].ns ? 33 : 15, k;
	char le[OCTAVES][32];
	size_t i;

	if (families[f].ns && !times)
		return;
	for (k = first; k <= end; k++)
		bound(le[k], sizeof(le[k]), k, families[f].ns);
	for (i = 0; i < t->n; i++) {
		const struct vmmio_metrics_row *r = &t->rows[i];
		const __u64 *octave = r->octave[families[f].hist];
		__u64 sum = 0;

		if (!of_kind(r, families[f].rows) || !(r->have_hist >> families[f].hist & 1) ||
		    !(r->have >> families[f].sum & 1))
			continue;
		vmmio_prom_head(w, families[f].name, "histogram", families[f].help);
		for (k = 0; k < OCTAVES; k++) {
			sum += octave[k];
			if (k < first || k > end)
				continue;
			sample(w, families[f].name, "_bucket", r);
			vmmio_prom_put(w, le[k]);
			vmmio_prom_count(w, sum);
		}
		sample(w, families[f].name, "_bucket", r);
		vmmio_prom_put(w, ",le=\"+Inf\"");
		vmmio_prom_count(w, sum);
		sample(w, families[f].name, "_sum", r);
		if (families[f].ns)
			vmmio_prom_seconds(w, r->c[families[f].sum]);
		else
			vmmio_prom_count(w, r->c[families[f].sum]);
		sample(w, families[f].name, "_count", r);
		vmmio_prom_count(w, sum);
	}
}

/* What the rings say, of one look: gauges. */
static const struct {
	const char *name, *help;
} gauges[] = {
	{"vmmio_virtqueue_stalled",
	 "Whether nothing has moved for longer than the bound though something was owed."},
	{"vmmio_virtqueue_stall_cause", "Why the virtqueue is stalled; always 1."},
	{"vmmio_virtqueue_in_flight_buffers", "Buffers that the device has and has not used."},
	{"vmmio_virtqueue_to_take_buffers", "Used buffers that the driver has not taken back."},
	{"vmmio_virtqueue_oldest_seconds", "Age of the oldest buffer in flight, at least."},
	{"vmmio_device_stall_cause", "Why a driver does not come back from a device; always 1."},
};

enum {
	STALLED,
	CAUSE,
	IN_FLIGHT,
	TO_TAKE,
	OLDEST,
	DEVICE_CAUSE
};

static void print_look(struct vmmio_promtext *w, int g, const struct vmmio_metrics_look *q)
{
	bool cause = g == CAUSE || g == DEVICE_CAUSE;
	char who[LABELS];

	if ((q->info.kind == VMMIO_SLOT_DEVICE) != (g == DEVICE_CAUSE))
		return;
	if (q->unread || (cause && !q->cause[0]) || (g == OLDEST && !q->have_age))
		return;
	if ((g == IN_FLIGHT || g == TO_TAKE) && !q->counted)
		return;
	vmmio_prom_head(w, gauges[g].name, "gauge", gauges[g].help);
	vmmio_prom_put(w, gauges[g].name);
	vmmio_prom_put(w, "{");
	labels(who, &q->info);
	vmmio_prom_put(w, who);
	if (cause) {
		vmmio_prom_put(w, ",");
		vmmio_prom_put_label(w, "cause", q->cause);
	}
	if (g == OLDEST)
		vmmio_prom_seconds(w, q->age_ns);
	else
		vmmio_prom_count(w, g == IN_FLIGHT ? q->in_flight
				    : g == TO_TAKE ? q->to_take
						   : q->cause[0] != '\0');
}

static void print_looks(const struct vmmio_metrics *t, struct vmmio_promtext *w, bool times)
{
	size_t i;
	int g;

	if (!t->looked)
		return;
	vmmio_prom_head(w, "vmmio_stalls_watched", "gauge",
			"Whether the rings can be looked at; 0: a stall would not be seen.");
	vmmio_prom_putf(w, "vmmio_stalls_watched %d\n", t->watched);
	if (!t->watched)
		return;
	vmmio_prom_head(w, "vmmio_stalls_unseen", "gauge",
			"Devices with a driver, and virtqueues, that could not be looked at.");
	vmmio_prom_putf(w, "vmmio_stalls_unseen %u\n", t->unlooked);
	for (g = 0; g < (int)COUNT(gauges); g++)
		for (i = 0; i < t->nlooks && (g != OLDEST || times); i++)
			print_look(w, g, &t->looks[i]);
}

void vmmio_metrics_print(const struct vmmio_metrics *t, const struct vmmio_view *v,
			 enum vmmio_metrics_format format, FILE *out)
{
	struct vmmio_promtext w = {
		.out = out,
		.open = format == VMMIO_METRICS_OPENMETRICS,
	};
	bool times = vmmio_env_times(v->env);
	size_t i;

	vmmio_prom_head(&w, "vmmio_build_info", "info", "What counted, and under what; always 1.");
	vmmio_prom_put(&w, "vmmio_build_info{");
	vmmio_prom_put_label(&w, "version", VMMIO_VERSION);
	vmmio_prom_put(&w, ",");
	vmmio_prom_put_label(&w, "source", v->engine);
	vmmio_prom_put(&w, ",");
	vmmio_prom_put_label(&w, "accelerator", v->env->accel);
	vmmio_prom_put(&w, ",");
	vmmio_prom_put_label(&w, "clocksource", v->env->clocksource);
	vmmio_prom_putf(&w, ",emulated_time=\"%s\"} 1\n",
			v->env->emulated && times ? "true" : "false");
	if (t->wall_ms) {
		vmmio_prom_head(&w, "vmmio_interval_end_timestamp_seconds", "gauge",
				"When the last interval ended, since 1970.");
		vmmio_prom_putf(&w, "vmmio_interval_end_timestamp_seconds %.3f\n",
				(double)t->wall_ms / 1e3);
	}
	if (t->have_lost) {
		vmmio_prom_head(
			&w, "vmmio_events_lost_total", "counter",
			"Probe events that the kernel dropped; all counts are short of these.");
		vmmio_prom_putf(&w, "vmmio_events_lost_total %llu\n",
				(unsigned long long)t->events_lost);
	}
	if (!t->untold) {
		vmmio_prom_head(
			&w, "vmmio_devices_unseen", "gauge",
			"Devices that took interrupts in the last interval while no hook saw any.");
		vmmio_prom_putf(&w, "vmmio_devices_unseen %u\n", t->unseen);
		vmmio_prom_head(&w, "vmmio_virtqueues_unplaced", "gauge",
				"Virtqueues that are not counted for want of room.");
		vmmio_prom_putf(&w, "vmmio_virtqueues_unplaced %u\n", t->unplaced);
	}
	for (i = 0; i < COUNT(plain); i++)
		print_plain(t, &w, times, i);
	print_registers(t, &w);
	for (i = 0; i < COUNT(families); i++)
		print_family(t, &w, times, i);
	print_looks(t, &w, times);
	if (w.open)
		vmmio_prom_put(&w, "# EOF\n");
	vmmio_prom_flush(&w);
}
