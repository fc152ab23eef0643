// SPDX-License-Identifier: GPL-2.0-only
/*
 * Series from rounds. All rounds of a boot under one setting are added up
 * first: the boot is the unit of replication, rounds are not.
 *
 * Long because every series that a round has is made here, from the same sums.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmmio/regs.h>
#include "lib/formula.h"
#include "rounds.h"
#include "stats.h"

static const struct {
	const char *key;
	int rows;
} counters[VMMIO_C_COUNT] = {
#define COUNTER(id, name, of, meaning) {name, of},
	VMMIO_COUNTERS(COUNTER)
#undef COUNTER
};

static const struct {
	enum vmmio_field_op op;
	unsigned int a, b;
} fields[VMMIO_F_COUNT] = {
#define FIELD(id, key, heading, unit, cls, of, x, y, meaning) {VMMIO_OP_##of, x, y},
	VMMIO_FIELDS(FIELD)
#undef FIELD
};

/* The sums of a boot under one setting. NAN once something was unknown. */
struct sums {
	double ios, doorbells;
	double c[VMMIO_C_COUNT]; /* of the device: those that only queues have are added up */
	double count_p50[64], time_p50[64], time_p99[64], time_min[64], iops[64];
	size_t counts, times;
	bool hosted; /* its host counted exits, */
	double exits, user_exits;
	double elapsed, timed_ios; /* and the machine's clock counts instructions */
	struct {
		char name[32];
		double n;
	} reg[VMMIO_REG_COUNT];
	size_t nregs;
	struct {
		char name[24];
		double kicks, found;
	} * queue; /* those in use */
	size_t nqueues;
	int err; /* something had no room: no series then */
};

static double number(const json_t *obj, const char *key)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* Those of @device, or all (NULL). */
static void sum_registers(struct sums *s, const json_t *of, const char *device)
{
	const json_t *regs = json_object_get(of, "registers");
	size_t i, k;
	json_t *r;

	json_array_foreach(regs, i, r) {
		const char *name = json_string_value(json_object_get(r, "register"));
		const char *dev = json_string_value(json_object_get(r, "device"));
		double n = number(r, "reads") + number(r, "writes");

		if (!name || (device && (!dev || strcmp(dev, device))) || n == 0)
			continue;
		if (!strcmp(name, "QueueNotify") || !strcmp(name, "notify"))
			s->doorbells += number(r, "writes");
		for (k = 0; k < s->nregs && strcmp(s->reg[k].name, name); k++)
			;
		if (k == sizeof(s->reg) / sizeof(s->reg[0])) {
			s->err = -E2BIG;
			return;
		}
		if (k == s->nregs) {
			snprintf(s->reg[k].name, sizeof(s->reg[k].name), "%s", name);
			s->reg[k].n = 0;
			s->nregs++;
		}
		s->reg[k].n += n;
	}
}

static void sum_queue(struct sums *s, const json_t *r)
{
	const char *name = json_string_value(json_object_get(r, "queue_name"));
	const json_t *c = json_object_get(r, "counters");
	double kicks = number(c, "kicks"), found = number(c, "irqs_found");
	size_t k;
	void *more;

	/* unknown is not idle */
	if (!name || (kicks == 0 && found == 0))
		return;
	for (k = 0; k < s->nqueues && strcmp(s->queue[k].name, name); k++)
		;
	if (k == s->nqueues) {
		more = realloc(s->queue, (k + 1) * sizeof(*s->queue));
		if (!more) {
			s->err = -ENOMEM;
			return;
		}
		s->queue = more;
		memset(&s->queue[k], 0, sizeof(*s->queue));
		snprintf(s->queue[k].name, sizeof(s->queue[k].name), "%s", name);
		s->nqueues++;
	}
	s->queue[k].kicks += kicks;
	s->queue[k].found += found;
}

/* Kicks are told by the queues, what both have else by the device. */
static bool is_told_by(int counter, bool device)
{
	if (counter == VMMIO_C_KICKS)
		return !device;
	return device ? counters[counter].rows & VMMIO_ROW_D
		      : !(counters[counter].rows & VMMIO_ROW_D);
}

/* Did vmmio-stat count accesses? Of a driver that keeps no count only the device side knows. */
static bool counts_accesses(const json_t *round)
{
	const json_t *rows = json_object_get(json_object_get(round, "stat"), "rows");
	size_t i;
	json_t *r;

	json_array_foreach(rows, i, r)
		if (vmmio_rounds_row_of(round, r) && json_is_null(json_object_get(r, "queue")))
			return !isnan(number(json_object_get(r, "counters"), "accesses"));
	return false;
}

static void sum_stat(struct sums *s, const json_t *round)
{
	const json_t *stat = json_object_get(round, "stat");
	const json_t *side = counts_accesses(round) ? NULL : json_object_get(round, "device_side");
	bool seen[2] = {false, false}; /* a queue, the device */
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(stat, "rows"), i, r) {
		const json_t *c = json_object_get(r, "counters");
		const char *name = json_string_value(json_object_get(r, "device"));
		bool device = json_is_null(json_object_get(r, "queue"));

		if (!vmmio_rounds_row_of(round, r))
			continue;
		seen[device] = true;
		for (int k = 0; k < VMMIO_C_COUNT; k++)
			if (is_told_by(k, device) && !(side && k == VMMIO_C_ACCESSES))
				s->c[k] += number(c, counters[k].key);
		if (!device)
			sum_queue(s, r);
		else if (name)
			sum_registers(s, stat, name);
	}
	/* a round whose device or queue vmmio-stat did not see is unknown, not zero */
	for (int k = 0; k < VMMIO_C_COUNT; k++)
		if (!seen[is_told_by(k, true)])
			s->c[k] = NAN;
	if (side) {
		s->c[VMMIO_C_ACCESSES] += number(side, "accesses");
		sum_registers(s, side, NULL);
	}
	/* no accesses known means no doorbells known, not none */
	if (isnan(s->c[VMMIO_C_ACCESSES]))
		s->doorbells = NAN;
}

static void sum_round(struct sums *s, const json_t *row, const char *kind)
{
	const json_t *load = json_object_get(row, "load");
	size_t room = sizeof(s->count_p50) / sizeof(s->count_p50[0]);

	if (!strcmp(kind, "count")) {
		const json_t *accepted =
			json_object_get(json_object_get(row, "host"), "interrupts");
		double irqs = s->c[VMMIO_C_IRQS];

		s->ios += number(load, "ios");
		sum_stat(s, row);
		/* the handler runs that the emulated processor made of one are no interrupts */
		if (accepted)
			s->c[VMMIO_C_IRQS] =
				irqs + number(json_object_get(row, "host"), "interrupts");
		if (json_object_get(row, "host")) {
			s->hosted = true;
			s->exits += number(json_object_get(row, "host"), "exits");
			s->user_exits += number(json_object_get(row, "host"), "user");
		}
		if (s->counts < room)
			s->count_p50[s->counts++] = number(load, "p50_ns");
		else
			s->err = -E2BIG;
		return;
	}
	if (strcmp(kind, "time")) /* with probes on the host: no time of this guest's */
		return;
	if (s->times == room) {
		s->err = -E2BIG;
	} else {
		s->time_p50[s->times] = number(load, "p50_ns");
		s->time_p99[s->times] = number(load, "p99_ns");
		s->time_min[s->times] = number(load, "min_ns");
		s->elapsed += number(load, "elapsed_ns");
		s->timed_ios += number(load, "ios");
		s->iops[s->times] = 1e9 * number(load, "ios") / number(load, "elapsed_ns");
		s->times++;
	}
}

/*
 * Of a device, an interrupt that found buffers is one handler run, however many queues it
 * looked at: on a shared line each of them counted a look, and those with buffers a find.
 */
static void finish(struct sums *s)
{
	s->c[VMMIO_C_IRQS_FOUND] = s->c[VMMIO_C_IRQS] - s->c[VMMIO_C_IRQS_SPURIOUS];
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : NAN;
}

/* A field of the table on the sums of a device; bench keeps the counts with it. */
static struct vmmio_count field(const struct sums *s, enum vmmio_field_id id)
{
	struct vmmio_quotient q =
		vmmio_formula(fields[id].op, s->c[fields[id].a], s->c[fields[id].b]);

	return (struct vmmio_count){q.num, q.den};
}

static double mean(const struct sums *s, enum vmmio_field_id id)
{
	struct vmmio_count c = field(s, id);

	return ratio(c.num, c.den);
}

static int add_counts(struct vmmio_series_set *set, const char *labels, int depth,
		      const struct sums *s)
{
	const double *c = s->c;
	const struct {
		enum vmmio_metric_id id;
		struct vmmio_count c;
	} m[] = {
		{VMMIO_M_ACCESSES_PER_IO, {c[VMMIO_C_ACCESSES], s->ios}},
		{VMMIO_M_ACCESSES_PER_KICK, {s->doorbells, c[VMMIO_C_KICKS]}},
		{VMMIO_M_ACCESSES_PER_IRQ, {c[VMMIO_C_ACCESSES] - s->doorbells, c[VMMIO_C_IRQS]}},
		{VMMIO_M_KICKS_PER_IO, {c[VMMIO_C_KICKS], s->ios}},
		{VMMIO_M_IRQS_PER_IO, {c[VMMIO_C_IRQS], s->ios}},
		{VMMIO_M_BUFFERS_PER_KICK, field(s, VMMIO_F_BUFFERS_PER_KICK)},
		{VMMIO_M_USED_PER_IRQ, field(s, VMMIO_F_USED_PER_IRQ)},
		{VMMIO_M_SPURIOUS_PER_IO, {c[VMMIO_C_IRQS_SPURIOUS], s->ios}},
		{VMMIO_M_SUPPRESSED, field(s, VMMIO_F_SUPPRESSED)},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]) && !err; i++)
		err = vmmio_series_add_count(set, labels, m[i].id, depth, m[i].c);
	return err;
}

static int add_times(struct vmmio_series_set *set, const char *labels, int depth,
		     const struct sums *s)
{
	double p50 = vmmio_stats_median(s->time_p50, s->times);
	const struct {
		enum vmmio_metric_id id;
		double v;
	} m[] = {
		{VMMIO_M_KICK_NS, mean(s, VMMIO_F_KICK_MEAN)},
		{VMMIO_M_KICK_TO_IRQ_NS, mean(s, VMMIO_F_LATENCY_MEAN)},
		{VMMIO_M_HANDLER_NS, mean(s, VMMIO_F_HANDLER_MEAN)},
		{VMMIO_M_ACCESS_NS, mean(s, VMMIO_F_ACCESS_MEAN)},
		{VMMIO_M_LATENCY_P50, p50 / 1e3},
		{VMMIO_M_LATENCY_P99, vmmio_stats_median(s->time_p99, s->times) / 1e3},
		{VMMIO_M_IOPS, vmmio_stats_median(s->iops, s->times)},
		{VMMIO_M_OBSERVER, ratio(vmmio_stats_median(s->count_p50, s->counts), p50)},
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(m) / sizeof(m[0]) && !err; i++)
		err = vmmio_series_add(set, labels, m[i].id, depth, m[i].v);
	return err;
}

/* Where the clock counts instructions, a duration is a path length and no time. */
static int add_path(struct vmmio_series_set *set, const char *labels, int depth,
		    const struct sums *s)
{
	double min, max;
	int err;

	if (depth != 1) /* deeper, a latency is that of a batch */
		return 0;
	vmmio_stats_range(s->time_min, s->times, &min, &max);
	err = vmmio_series_add(set, labels, VMMIO_M_PATH_MIN, depth, min);
	return err
		       ?: vmmio_series_add(set, labels, VMMIO_M_PATH_P50, depth,
					   vmmio_stats_median(s->time_p50, s->times));
}

/* Of a run under KVM in a bench host: exits, and instructions of all that ran there. */
static int add_hosted(struct vmmio_series_set *set, const char *labels, int depth,
		      const struct sums *s)
{
	double min, max;
	int err;

	err = vmmio_series_add_count(set, labels, VMMIO_M_EXITS_PER_IO, depth,
				     (struct vmmio_count){s->exits, s->ios});
	err = err
		      ?: vmmio_series_add_count(set, labels, VMMIO_M_USER_EXITS_PER_IO, depth,
						(struct vmmio_count){s->user_exits, s->ios});
	err = err
		      ?: vmmio_series_add(set, labels, VMMIO_M_STACK_MEAN, depth,
					  ratio(s->elapsed, s->timed_ios));
	if (err || depth != 1) /* deeper, a latency is that of a batch */
		return err;
	vmmio_stats_range(s->time_min, s->times, &min, &max);
	err = vmmio_series_add(set, labels, VMMIO_M_STACK_MIN, depth, min);
	return err
		       ?: vmmio_series_add(set, labels, VMMIO_M_STACK_P50, depth,
					   vmmio_stats_median(s->time_p50, s->times));
}

struct cell {
	const char *labels;
	int depth;	   /* 0: not bounded, as in a stream */
	struct sums *boot; /* one per boot */
};

/* A register that one boot touched and another did not was touched 0 times there. */
static int add_registers(struct vmmio_series_set *set, const struct cell *c, int boots)
{
	char names[VMMIO_REG_COUNT][32];
	size_t n = 0, k;
	int err = 0;

	for (int b = 0; b < boots; b++) {
		for (size_t i = 0; i < c->boot[b].nregs; i++) {
			for (k = 0; k < n && strcmp(names[k], c->boot[b].reg[i].name); k++)
				;
			if (k == n && n == sizeof(names) / sizeof(names[0]))
				return -E2BIG;
			if (k == n)
				snprintf(names[n++], sizeof(names[0]), "%s",
					 c->boot[b].reg[i].name);
		}
	}
	for (k = 0; k < n; k++) {
		for (int b = 0; b < boots && !err; b++) {
			const struct sums *s = &c->boot[b];
			double v = 0;

			for (size_t i = 0; i < s->nregs; i++)
				if (!strcmp(s->reg[i].name, names[k]))
					v = s->reg[i].n;
			err = vmmio_series_add_register(
				set, c->labels, names[k], c->depth,
				(struct vmmio_count){isnan(s->c[VMMIO_C_ACCESSES]) ? NAN : v,
						     s->ios});
		}
	}
	return err;
}

/* A stream is no closed loop: nothing of it is structural. */
static int depth_of(const char *labels, int depth)
{
	return strstr(labels, "load=tcp_stream ") ? 0 : depth;
}

/*
 * Kicks and interrupts by virtqueue, where a load uses more than one: requests and
 * responses have rings of their own. A queue that a boot left idle had 0 there.
 */
static int add_queues(struct vmmio_series_set *set, const struct cell *c, int boots)
{
	char(*names)[24] = NULL;
	size_t n = 0, k, all = 0;
	int err = 0;

	for (int b = 0; b < boots; b++)
		all += c->boot[b].nqueues;
	names = malloc((all + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (int b = 0; b < boots; b++) {
		for (size_t i = 0; i < c->boot[b].nqueues; i++) {
			for (k = 0; k < n && strcmp(names[k], c->boot[b].queue[i].name); k++)
				;
			if (k == n)
				snprintf(names[n++], sizeof(names[0]), "%s",
					 c->boot[b].queue[i].name);
		}
	}
	for (k = 0; k < n && n > 1; k++) {
		for (int b = 0; b < boots && !err; b++) {
			const struct sums *s = &c->boot[b];
			double kicks = isnan(s->c[VMMIO_C_KICKS]) ? NAN : 0;
			double found = isnan(s->c[VMMIO_C_IRQS]) ? NAN : 0;

			for (size_t i = 0; i < s->nqueues; i++) {
				if (strcmp(s->queue[i].name, names[k]))
					continue;
				kicks = s->queue[i].kicks;
				found = s->queue[i].found;
			}
			err = vmmio_series_add_queue(set, c->labels, names[k], VMMIO_M_KICKS_PER_IO,
						     c->depth, (struct vmmio_count){kicks, s->ios});
			err = err
				      ?: vmmio_series_add_queue(
						 set, c->labels, names[k], VMMIO_M_IRQS_PER_IO,
						 c->depth, (struct vmmio_count){found, s->ios});
		}
	}
	free(names);
	return err;
}

static bool icount(const char *labels)
{
	return strstr(labels, "icount=on ") != NULL;
}

static struct cell *find_cell(struct cell **cells, size_t *n, const char *labels, int depth,
			      int boots)
{
	struct cell *c;

	for (size_t i = 0; i < *n; i++)
		if (!strcmp((*cells)[i].labels, labels))
			return &(*cells)[i];
	c = realloc(*cells, (*n + 1) * sizeof(*c));
	if (!c)
		return NULL;
	*cells = c;
	c += *n;
	c->labels = labels;
	c->depth = depth;
	c->boot = calloc(boots, sizeof(*c->boot));
	if (!c->boot)
		return NULL;
	(*n)++;
	return c;
}

int vmmio_rounds_series(const json_t *rows, int boots, bool with_times,
			struct vmmio_series_set *set)
{
	struct cell *cells = NULL, *c;
	size_t n = 0, i;
	int err = 0;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const char *labels, *kind;
		int boot, depth;

		if (json_unpack(row, "{s:s, s:i, s:i, s:s}", "labels", &labels, "boot", &boot,
				"depth", &depth, "kind", &kind) ||
		    boot < 0 || boot >= boots) {
			err = -EPROTO;
			break;
		}
		c = find_cell(&cells, &n, labels, depth_of(labels, depth), boots);
		if (!c) {
			err = -ENOMEM;
			break;
		}
		sum_round(&c->boot[boot], row, kind);
	}
	for (i = 0; i < n; i++)
		for (int b = 0; b < boots; b++) {
			finish(&cells[i].boot[b]);
			err = err ?: cells[i].boot[b].err;
		}
	for (i = 0; i < n; i++) {
		bool hosted = false;

		c = &cells[i];
		for (int b = 0; b < boots && !err; b++)
			err = add_counts(set, c->labels, c->depth, &c->boot[b]);
		err = err ?: add_registers(set, c, boots);
		err = err ?: add_queues(set, c, boots);
		for (int b = 0; b < boots; b++)
			hosted |= c->boot[b].hosted;
		for (int b = 0; b < boots && !err && hosted; b++)
			err = add_hosted(set, c->labels, c->depth, &c->boot[b]);
		for (int b = 0; b < boots && !err && (with_times || icount(c->labels)); b++)
			err = (icount(c->labels) ? add_path : add_times)(set, c->labels, c->depth,
									 &c->boot[b]);
		for (int b = 0; b < boots; b++)
			free(c->boot[b].queue);
		free(c->boot);
	}
	free(cells);
	return err;
}
