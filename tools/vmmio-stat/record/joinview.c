// SPDX-License-Identifier: GPL-2.0-only
/*
 * See joinview.h. Long because four forms say the same sums.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/csv.h"
#include "lib/json.h"
#include "tools/vmmio-stat/view/view.h"
#include "joinview.h"

#define BESIDE 3  /* virtqueues in one table */
#define LISTED 20 /* kicks without a chain, of a table */
#define COLUMN 30

/* A leg is named by the mark that ends it. */
static const struct {
	const char *key, *name;
} legs[VMMIO_MARKS] = {
	[VMMIO_MARK_KICK] = {"request_to_kick", "request to kick"},
	[VMMIO_MARK_EXIT] = {"kick_to_exit", "kick to exit"},
	[VMMIO_MARK_SERVED] = {"exit_to_served", "exit to eventfd or VMM"},
	[VMMIO_MARK_RUNS] = {"backend_wakeup", "backend's wake-up"},
	[VMMIO_MARK_SENT] = {"backend_work", "backend's work"},
	[VMMIO_MARK_INJECTED] = {"sent_to_injected", "sent to injected"},
	[VMMIO_MARK_HANDLER] = {"injected_to_handler", "injected to handler"},
	[VMMIO_MARK_HANDLED] = {"handler", "handler"},
	[VMMIO_MARK_END] = {"handler_to_answer", "handler to answer"},
};

static const char *const paths[] = {
	[VMMIO_CHAIN_EVENTFD] = "ioeventfd",
	[VMMIO_CHAIN_FAST] = "fast",
	[VMMIO_CHAIN_USER] = "userspace",
};

struct queue {
	__u32 slot, gen;
	const struct vmmio_row *row; /* NULL: not known */
	size_t kicks, chains, path[3];
	size_t why[VMMIO_CHAIN_WHYS];
	__u64 doorbell; /* ~0: not known */
	/* of the chains; index VMMIO_MARK_BEGIN: the whole */
	struct leg {
		__u64 *ns;
		size_t n;
		__u64 sum;
	} legs[VMMIO_MARKS];
};

struct queues {
	struct queue *v;
	size_t n;
};

static void free_queues(struct queues *q)
{
	size_t i;
	int m;

	for (i = 0; i < q->n; i++)
		for (m = 0; m < VMMIO_MARKS; m++)
			free(q->v[i].legs[m].ns);
	free(q->v);
}

static struct queue *queue_of(struct queues *q, const struct vmmio_joinview *v,
			      const struct vmmio_chain *x)
{
	struct queue *p;
	size_t i;

	for (i = 0; i < q->n; i++)
		if (q->v[i].slot == x->slot && q->v[i].gen == x->gen)
			return &q->v[i];
	p = reallocarray(q->v, q->n + 1, sizeof(*p));
	if (!p)
		return NULL;
	q->v = p;
	p += q->n++;
	*p = (struct queue){.slot = x->slot, .gen = x->gen, .doorbell = ~0ull};
	for (i = 0; i < v->rows->n; i++)
		if (v->rows->rows[i].info.slot == x->slot && v->rows->rows[i].info.gen == x->gen)
			p->row = &v->rows->rows[i];
	return p;
}

static int add(struct leg *l, __u64 ns, size_t room)
{
	if (!l->ns)
		l->ns = calloc(room, sizeof(*l->ns));
	if (!l->ns)
		return -ENOMEM;
	l->ns[l->n++] = ns;
	l->sum += ns;
	return 0;
}

static int by_size(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

static int collect(const struct vmmio_joinview *v, struct queues *queues)
{
	const struct vmmio_chains *c = v->chains;
	size_t i;
	int m, err = 0;

	for (i = 0; !err && i < c->n; i++) {
		const struct vmmio_chain *x = &c->v[i];
		struct queue *q = queue_of(queues, v, x);
		__u64 ns;

		if (!q)
			return -ENOMEM;
		q->kicks++;
		q->why[x->why]++;
		q->doorbell = x->doorbell;
		if (x->why != VMMIO_CHAIN_WHOLE)
			continue;
		q->chains++;
		q->path[x->path]++;
		for (m = VMMIO_MARK_BEGIN + 1; !err && m < VMMIO_MARKS; m++)
			if (vmmio_chain_leg(x, (enum vmmio_mark)m, &ns))
				err = add(&q->legs[m], ns, c->n);
		if (!err)
			err = add(&q->legs[VMMIO_MARK_BEGIN], vmmio_chain_whole(x), c->n);
	}
	for (i = 0; i < queues->n; i++)
		for (m = 0; m < VMMIO_MARKS; m++)
			if (queues->v[i].legs[m].n)
				qsort(queues->v[i].legs[m].ns, queues->v[i].legs[m].n,
				      sizeof(__u64), by_size);
	return err;
}

/* The nearest rank. */
static __u64 percentile(const struct leg *l, unsigned int p)
{
	return l->ns[(l->n * p + 99) / 100 - 1];
}

static const char *device(const struct queue *q)
{
	return q->row ? vmmio_row_device(q->row) : "?";
}

static const char *transport(const struct queue *q)
{
	return q->row ? vmmio_transport_name(q->row->info.transport) : "?";
}

static void heading(const struct vmmio_joinview *v)
{
	const char *mark = v->env->emulated ? "~" : "";

	fprintf(v->out,
		"join: %s; VM %u (%s); times in us%s of the guest's clock, the host's right to "
		"%.3f us\n",
		v->env->accel, v->vm->pid, v->vm->name, mark, (double)v->map->error_ns / 1e3);
	if (v->map->paired)
		fprintf(v->out,
			"the host does not say by how much the guest's counter is off: measured, "
			"by "
			"%zu kicks and their exits\n",
			v->map->paired);
	if (v->chains->cpus_measured)
		fprintf(v->out,
			"the guest does not say which vCPU each of its CPUs is: seen, by their "
			"doorbells\n");
	if (v->guest_lost || v->host_lost)
		fprintf(v->out, "lost: %" PRIu64 " events in the guest, %" PRIu64 " on the host\n",
			(uint64_t)v->guest_lost, (uint64_t)v->host_lost);
	if (!v->guest_whole || !v->host_whole)
		fprintf(v->out, "%s recording is not whole: what is missing is not known\n",
			v->guest_whole	? "the host's"
			: v->host_whole ? "the guest's"
					: "neither");
	if (v->chains->requests_without)
		fprintf(v->out, "%" PRIu64 " requests of the load have no kick of their own\n",
			(uint64_t)v->chains->requests_without);
	if (v->chains->strangers)
		fprintf(v->out,
			"%" PRIu64 " doorbell writes on the host have no kick in the guest's "
			"recording\n",
			(uint64_t)v->chains->strangers);
}

static void cell(FILE *out, const struct leg *l, __u64 whole, const char *mark)
{
	if (!l->n) {
		fprintf(out, " %8s  %8s  %8s ", "-", "-", "-");
		return;
	}
	fprintf(out, " %8.1f%-1s %8.1f%-1s %7.1f%% ", (double)percentile(l, 50) / 1e3, mark,
		(double)percentile(l, 99) / 1e3, mark,
		whole ? 100.0 * (double)l->sum / (double)whole : 0);
}

static void table(const struct vmmio_joinview *v, const struct queue *q, size_t n)
{
	const char *mark = v->env->emulated ? "~" : "";
	char text[80], name[48];
	size_t i, woken;
	int m;
	bool any;

	fprintf(v->out, "\n%-22s", "LEG");
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s %s %s", device(&q[i]), transport(&q[i]),
			 q[i].row ? vmmio_format_queue(name, sizeof(name), q[i].row) : "?");
		fprintf(v->out, "  %-*s", COLUMN - 1, text);
	}
	fprintf(v->out, "\n%-22s", "");
	for (i = 0; i < n; i++)
		fprintf(v->out, " %8s  %8s  %8s ", "p50", "p99", "share");
	fputc('\n', v->out);
	for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++) {
		for (i = 0, any = false; i < n; i++)
			any |= q[i].legs[m].n;
		/* what only a list of requests tells */
		if (!any && (m == VMMIO_MARK_KICK || m == VMMIO_MARK_END))
			continue;
		fprintf(v->out, "%-22s", legs[m].name);
		for (i = 0; i < n; i++)
			cell(v->out, &q[i].legs[m], q[i].legs[VMMIO_MARK_BEGIN].sum, mark);
		fputc('\n', v->out);
	}
	fprintf(v->out, "%-22s", "whole");
	for (i = 0; i < n; i++)
		cell(v->out, &q[i].legs[VMMIO_MARK_BEGIN], q[i].legs[VMMIO_MARK_BEGIN].sum, mark);
	fputc('\n', v->out);
	for (i = 0; i < n; i++) {
		fprintf(v->out, "%s: %zu kick%s, %zu chain%s", device(&q[i]), q[i].kicks,
			q[i].kicks == 1 ? "" : "s", q[i].chains, q[i].chains == 1 ? "" : "s");
		if (q[i].doorbell != ~0ull)
			fprintf(v->out, "; doorbell 0x%" PRIx64, (uint64_t)q[i].doorbell);
		for (m = 0; m < 3; m++)
			if (q[i].path[m])
				fprintf(v->out, ", %zu by %s", q[i].path[m], paths[m]);
		/* by userspace it is the vCPU's own thread that works */
		woken = q[i].chains - q[i].path[VMMIO_CHAIN_USER];
		if (woken > q[i].legs[VMMIO_MARK_RUNS].n)
			fprintf(v->out, "; of %zu no wake-up was seen",
				woken - q[i].legs[VMMIO_MARK_RUNS].n);
		fputc('\n', v->out);
	}
}

static __u64 since_start(const struct vmmio_joinview *v, const struct vmmio_chain *x)
{
	__u64 kick = x->mark[VMMIO_MARK_KICK], start = v->map->guest->start_ns;

	return kick > start ? kick - start : 0;
}

static void list_missing(const struct vmmio_joinview *v, const struct queues *queues)
{
	const struct vmmio_chains *c = v->chains;
	size_t i, k, n = 0, listed[VMMIO_CHAIN_WHYS] = {}, all[VMMIO_CHAIN_WHYS] = {};
	int w;

	for (i = 0; i < queues->n; i++)
		for (w = VMMIO_CHAIN_WHOLE + 1; w < VMMIO_CHAIN_WHYS; w++)
			all[w] += queues->v[i].why[w];
	for (w = VMMIO_CHAIN_WHOLE + 1; w < VMMIO_CHAIN_WHYS; w++)
		n += all[w];
	if (!n)
		return;
	fprintf(v->out, "\nkicks without a whole chain:\n");
	for (w = VMMIO_CHAIN_WHOLE + 1; w < VMMIO_CHAIN_WHYS; w++) {
		if (!all[w])
			continue;
		fprintf(v->out, "%zu: %s\n", all[w], vmmio_chain_why((enum vmmio_chain_why)w));
		for (i = 0; i < c->n && listed[w] < LISTED; i++) {
			const struct vmmio_chain *x = &c->v[i];

			if (x->why != (enum vmmio_chain_why)w)
				continue;
			for (k = 0; k + 1 < queues->n &&
				    (queues->v[k].slot != x->slot || queues->v[k].gen != x->gen);
			     k++)
				;
			fprintf(v->out, "    %s, CPU %d, at %.6f s\n", device(&queues->v[k]),
				x->cpu, (double)since_start(v, x) / 1e9);
			listed[w]++;
		}
		if (all[w] > listed[w])
			fprintf(v->out, "    and %zu more (--csv has all)\n", all[w] - listed[w]);
	}
}

static void leg_json(struct vmmio_json *j, const char *key, const struct leg *l, __u64 whole)
{
	if (!l->n) {
		vmmio_json_null(j, key);
		return;
	}
	vmmio_json_open(j, key, '{');
	vmmio_json_u64(j, "n", l->n);
	vmmio_json_u64(j, "p50_ns", percentile(l, 50));
	vmmio_json_u64(j, "p99_ns", percentile(l, 99));
	vmmio_json_u64(j, "sum_ns", l->sum);
	vmmio_json_double(j, "share", whole ? (double)l->sum / (double)whole : 0);
	vmmio_json_close(j, '}');
}

static void queue_json(const struct vmmio_joinview *v, struct vmmio_json *j, const struct queue *q)
{
	__u64 whole = q->legs[VMMIO_MARK_BEGIN].sum;
	size_t i;
	int m;

	vmmio_json_open(j, NULL, '{');
	vmmio_json_text(j, "device", device(q));
	vmmio_json_text(j, "transport", transport(q));
	vmmio_json_u64(j, "queue", q->row ? q->row->info.queue : 0);
	vmmio_json_text(j, "queue_name", q->row ? q->row->info.queue_name : "?");
	if (q->doorbell == ~0ull)
		vmmio_json_null(j, "doorbell");
	else
		vmmio_json_u64(j, "doorbell", q->doorbell);
	vmmio_json_open(j, "paths", '{');
	for (m = 0; m < 3; m++)
		vmmio_json_u64(j, paths[m], q->path[m]);
	vmmio_json_close(j, '}');
	vmmio_json_u64(j, "kicks", q->kicks);
	vmmio_json_u64(j, "chains", q->chains);
	vmmio_json_open(j, "legs", '{');
	for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++)
		leg_json(j, legs[m].key, &q->legs[m], whole);
	vmmio_json_close(j, '}');
	leg_json(j, "whole", &q->legs[VMMIO_MARK_BEGIN], whole);
	vmmio_json_open(j, "without", '[');
	for (i = 0; i < v->chains->n; i++) {
		const struct vmmio_chain *x = &v->chains->v[i];

		if (x->slot != q->slot || x->gen != q->gen || x->why == VMMIO_CHAIN_WHOLE)
			continue;
		vmmio_json_open(j, NULL, '{');
		vmmio_json_u64(j, "at_ns", since_start(v, x));
		vmmio_json_u64(j, "cpu", (__u64)x->cpu);
		vmmio_json_text(j, "why", vmmio_chain_why(x->why));
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
	vmmio_json_close(j, '}');
}

static void lost_json(struct vmmio_json *j, const char *key, __u64 lost, bool whole)
{
	if (whole)
		vmmio_json_u64(j, key, lost);
	else
		vmmio_json_null(j, key);
}

static void as_json(const struct vmmio_joinview *v, const struct queues *queues)
{
	struct vmmio_json j = {.out = v->out};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "accel", v->env->accel);
	vmmio_json_u64(&j, "vm_pid", v->vm->pid);
	vmmio_json_u64(&j, "clock_error_ns", v->map->error_ns);
	vmmio_json_text(&j, "clock_by", v->map->paired ? "doorbells" : "kvm");
	vmmio_json_text(&j, "vcpus_by", v->chains->cpus_measured ? "doorbells" : "apic_id");
	vmmio_json_u64(&j, "out_of_order_ns", v->chains->clamped_ns);
	lost_json(&j, "guest_lost", v->guest_lost, v->guest_whole);
	lost_json(&j, "host_lost", v->host_lost, v->host_whole);
	vmmio_json_u64(&j, "doorbells_without_kick", v->chains->strangers);
	vmmio_json_u64(&j, "requests_without_kick", v->chains->requests_without);
	vmmio_json_open(&j, "queues", '[');
	for (i = 0; i < queues->n; i++)
		queue_json(v, &j, &queues->v[i]);
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', v->out);
}

static void as_csv(const struct vmmio_joinview *v, struct queues *queues)
{
	const struct vmmio_chains *c = v->chains;
	struct vmmio_csv csv = {v->out};
	size_t i;
	int m;

	fputs("device,transport,queue,cpu,at_ns,path,whole_ns", v->out);
	for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++)
		fprintf(v->out, ",%s_ns", legs[m].key);
	fputs(",without\n", v->out);
	for (i = 0; i < c->n; i++) {
		const struct vmmio_chain *x = &c->v[i];
		const struct queue *q = queue_of(queues, v, x);
		bool whole = x->why == VMMIO_CHAIN_WHOLE;
		__u64 ns;

		vmmio_csv_put(&csv, "%s", device(q));
		vmmio_csv_put(&csv, "%s", transport(q));
		vmmio_csv_put(&csv, "%u", q->row ? q->row->info.queue : 0);
		vmmio_csv_put(&csv, "%d", x->cpu);
		vmmio_csv_put(&csv, "%" PRIu64, (uint64_t)since_start(v, x));
		vmmio_csv_put(&csv, "%s", whole ? paths[x->path] : "");
		if (whole)
			vmmio_csv_put(&csv, "%" PRIu64, (uint64_t)vmmio_chain_whole(x));
		else
			vmmio_csv_unknown(&csv);
		for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++) {
			if (whole && vmmio_chain_leg(x, (enum vmmio_mark)m, &ns))
				vmmio_csv_put(&csv, "%" PRIu64, (uint64_t)ns);
			else
				vmmio_csv_unknown(&csv);
		}
		vmmio_csv_put(&csv, "%s", whole ? "" : vmmio_chain_why(x->why));
		vmmio_csv_end(&csv);
	}
}

/* The colours of all plots, and lighter ones: whose work a leg is. */
static const char *const fills[VMMIO_MARKS] = {
	[VMMIO_MARK_KICK] = "#56B4E9",	  [VMMIO_MARK_EXIT] = "#0072B2",
	[VMMIO_MARK_SERVED] = "#E69F00",  [VMMIO_MARK_RUNS] = "#D55E00",
	[VMMIO_MARK_SENT] = "#CC79A7",	  [VMMIO_MARK_INJECTED] = "#F0C36D",
	[VMMIO_MARK_HANDLER] = "#B8860B", [VMMIO_MARK_HANDLED] = "#009E73",
	[VMMIO_MARK_END] = "#66C2A5",
};

/* Self-contained: data, fills and words; means, which add up as medians do not. */
static void as_gnuplot(const struct vmmio_joinview *v, const struct queues *queues)
{
	FILE *out = v->out;
	bool requests = false;
	size_t i, rows = 0;
	char name[48];
	int m;

	fputs("$legs << END\n", out);
	for (i = queues->n; i--;) {
		const struct queue *q = &queues->v[i];
		double at = 0;

		if (!q->chains)
			continue;
		requests |= q->legs[VMMIO_MARK_END].n;
		for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++) {
			double ns = (double)q->legs[m].sum / (double)q->chains / 1e3;

			if (!q->legs[m].n)
				continue;
			fprintf(out, "%zu %.4f %.4f %d \"%.1f\"\n", rows, at, at + ns, m, ns);
			at += ns;
		}
		rows++;
	}
	fputs("END\n$totals << END\n", out);
	for (i = queues->n, rows = 0; i--;) {
		const struct queue *q = &queues->v[i];

		if (!q->chains)
			continue;
		fprintf(out, "%zu %.4f \"%.1f us\" \"%s, n %zu\\n%s %s\"\n", rows,
			(double)q->legs[VMMIO_MARK_BEGIN].sum / (double)q->chains / 1e3,
			(double)q->legs[VMMIO_MARK_BEGIN].sum / (double)q->chains / 1e3,
			transport(q), q->chains, device(q),
			q->row ? vmmio_format_queue(name, sizeof(name), q->row) : "?");
		rows++;
	}
	fprintf(out, "END\nfills = \"");
	for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++)
		fprintf(out, "%s%s", m > VMMIO_MARK_BEGIN + 1 ? " " : "", fills[m]);
	fprintf(out, "\"\narray names[%d] = [", VMMIO_MARKS - 1);
	for (m = VMMIO_MARK_BEGIN + 1; m < VMMIO_MARKS; m++)
		fprintf(out, "%s\"%s\"", m > VMMIO_MARK_BEGIN + 1 ? ", " : "", legs[m].name);
	fprintf(out,
		"]\n"
		"if (!exists(\"form\")) { form = \"svg\" }\n"
		"if (form eq \"svg\") { set terminal svg size 1000,%zu dynamic enhanced font "
		"\"DejaVu Sans,13\" background \"white\" } else { set terminal pngcairo size "
		"1500,%zu enhanced font \"DejaVu Sans,13\" fontscale 1.3 background \"white\" }\n"
		"set encoding utf8\n"
		"set title \"{/:Bold One %s, from end to end}\\n{/*0.85 %s, means; %s}\"\n"
		"set tmargin 4\n",
		210 + 95 * rows, 315 + 142 * rows, requests ? "request" : "kick", v->env->accel,
		v->env->emulated ? "on an emulated clock: in a bench host 1 us is a thousand "
				   "instructions of guest, KVM and QEMU"
				 : "on the guest's clock");
	fprintf(out,
		"set border 1 lc rgb \"#444444\"\nset ytics scale 0 nomirror\nset xtics nomirror "
		"out\n"
		"set grid xtics lc rgb \"#cccccc\"\nset xlabel \"us\" offset 0,0.4\n"
		"set style fill solid 0.95 border lc rgb \"white\"\n"
		"stats $totals using 2 nooutput\nmost = STATS_max\n"
		"set yrange [-0.6:%zu - 0.4]\nset xrange [0:most * 1.14]\n"
		"set key below center Left reverse maxrows 3 samplen 1.5 width 2\n"
		"colour(n) = int(sprintf(\"0x%%s\", substr(word(fills, int(n)), 2, 7)))\n"
		"plot $legs using 2:1:2:3:($1 - 0.36):($1 + 0.36):(colour($4)) with boxxyerror lc "
		"rgb "
		"variable notitle, \\\n"
		"     \"\" using ($3 - $2 > 0.035 * most ? ($2 + $3) / 2.0 : NaN):1:5 with labels "
		"tc rgb "
		"\"white\" font \",12\" notitle, \\\n"
		"     $totals using 2:1:(sprintf(\" {/:Bold %%s}\", strcol(3))) with labels left "
		"notitle, \\\n"
		"     \"\" using (0):1:ytic(4) with points pt -1 notitle, \\\n"
		"     for [i = 1:%d] NaN with boxes fc rgb word(fills, i) title names[i]\n",
		rows, VMMIO_MARKS - 1);
}

int vmmio_joinview_show(const struct vmmio_joinview *v, enum vmmio_joinview_format format)
{
	struct queues queues = {};
	size_t i;
	int err = collect(v, &queues);

	switch (err ? -1 : (int)format) {
	case VMMIO_JOIN_TABLE:
		heading(v);
		for (i = 0; i < queues.n; i += BESIDE)
			table(v, &queues.v[i], queues.n - i < BESIDE ? queues.n - i : BESIDE);
		list_missing(v, &queues);
		break;
	case VMMIO_JOIN_JSON:
		as_json(v, &queues);
		break;
	case VMMIO_JOIN_CSV:
		as_csv(v, &queues);
		break;
	case VMMIO_JOIN_GNUPLOT:
		as_gnuplot(v, &queues);
		break;
	}
	free_queues(&queues);
	return err;
}
