// SPDX-License-Identifier: GPL-2.0-only
/*
 * The JSON of "exits" (exitview.h): the contents of the table, with all rows. What could not be
 * measured is null.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitnames.h"
#include "exitview.h"
#include "lib/json.h"

static void number_or_null(struct vmmio_json *j, const char *key, bool known, __u64 value)
{
	if (known)
		vmmio_json_u64(j, key, value);
	else
		vmmio_json_null(j, key);
}

static void json_vm(const struct vmmio_exit_view *v, struct vmmio_json *j, size_t vm)
{
	if (vm == SIZE_MAX) {
		vmmio_json_null(j, "pid");
		return;
	}
	vmmio_json_u64(j, "pid", v->rows->vms[vm].pid);
	vmmio_json_u64(j, "nth", v->rows->vms[vm].nth ? v->rows->vms[vm].nth : 1);
	vmmio_json_text(j, "name", v->rows->vms[vm].name);
}

static void json_label(struct vmmio_json *j, const struct vmmio_exit_label *l)
{
	if (l->device[0])
		vmmio_json_text(j, "device", l->device);
	else
		vmmio_json_null(j, "device");
	if (l->transport != VMMIO_GUESS_NONE)
		vmmio_json_text(j, "transport", vmmio_guess_name(l->transport));
	else
		vmmio_json_null(j, "transport");
	number_or_null(j, "queue", l->queue >= 0, l->queue);
	if (l->reg[0])
		vmmio_json_text(j, "register", l->reg);
	else
		vmmio_json_null(j, "register");
}

/* The total of a group, for the shares of its rows. */
struct whole {
	double samples, time;
};

static void json_row(const struct vmmio_exit_view *v, struct vmmio_json *j,
		     const struct vmmio_exit_row *r, const struct whole *all)
{
	__u64 samples = vmmio_exit_samples(v, r);
	__u64 timed = vmmio_exit_shown(v, r, VMMIO_SUM_TIMED);
	__u64 ns = vmmio_exit_shown(v, r, VMMIO_SUM_NS);

	vmmio_json_open(j, NULL, '{');
	json_vm(v, j, r->vm);
	if (r->vm == SIZE_MAX)
		vmmio_json_u64(j, "tid", r->tid);
	number_or_null(j, "vcpu", r->vcpu != VMMIO_NO_VCPU, r->vcpu);
	vmmio_json_text(j, "exit", r->label.name);
	vmmio_json_text(j, "path", r->label.path);
	json_label(j, &r->label);
	vmmio_json_u64(j, "samples", samples);
	vmmio_json_double(j, "samples_pct", all->samples ? 100.0 * samples / all->samples : NAN);
	number_or_null(j, "vector", r->label.what == VMMIO_WHAT_EOI,
		       r->key.kind == VMMIO_EXIT_EOI ? r->key.addr : r->key.value);
	vmmio_json_u64(j, "events", vmmio_exit_shown(v, r, VMMIO_SUM_COUNT));
	number_or_null(j, "exits", r->fires, vmmio_exit_shown(v, r, VMMIO_SUM_EXITS));
	number_or_null(j, "to_userspace", r->fires && v->health->has_left,
		       vmmio_exit_shown(v, r, VMMIO_SUM_LEFT));
	number_or_null(j, "timed", v->health->has_time, timed);
	vmmio_json_double(j, "time_pct",
			  timed && all->time
				  ? 100.0 * vmmio_exit_time_shown(v, r, VMMIO_SUM_NS) / all->time
				  : NAN);
	number_or_null(j, "time_ns", timed, ns);
	number_or_null(j, "user_ns", timed && v->health->has_left,
		       vmmio_exit_shown(v, r, VMMIO_SUM_USER));
	number_or_null(j, "min_ns", timed, r->min_ns);
	number_or_null(j, "max_ns", timed, r->max_ns);
	vmmio_json_double(j, "avg_ns",
			  timed ? (double)ns / vmmio_exit_shown(v, r, VMMIO_SUM_WEIGHT) : NAN);
	vmmio_json_close(j, '}');
}

/* @n rows of one group. */
static void json_group(const struct vmmio_exit_view *v, struct vmmio_json *j,
		       const struct vmmio_exit_row **list, size_t n)
{
	struct whole all = {0};
	size_t i;

	for (i = 0; i < n; i++) {
		all.samples += vmmio_exit_samples(v, list[i]);
		all.time += vmmio_exit_time_shown(v, list[i], VMMIO_SUM_NS);
	}
	for (i = 0; i < n; i++)
		json_row(v, j, list[i], &all);
}

static void json_percentiles(struct vmmio_json *j, const char *where, const struct vmmio_hist *h,
			     const struct vmmio_hist *before)
{
	static const int points[] = {50, 99};
	char key[32];
	size_t i;

	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		struct vmmio_value p = vmmio_exit_percentile(h, before, points[i]);

		snprintf(key, sizeof(key), "%s_p%d_ns", where, points[i]);
		vmmio_json_double(j, key, p.known ? p.v : NAN);
	}
}

/* Of each group: the events that rows add up to, and why the kernel was left. */
static void json_sums(const struct vmmio_exit_view *v, struct vmmio_json *j,
		      const struct vmmio_exit_row **list, size_t n)
{
	struct vmmio_exit_sums s = vmmio_exit_sums_of(v, list, n);
	const struct vmmio_exit_times *t = vmmio_exit_rows_times(v->rows, list[0]);
	char name[40];
	int i;

	vmmio_json_open(j, NULL, '{');
	json_vm(v, j, list[0]->vm);
	if (list[0]->vm == SIZE_MAX)
		vmmio_json_u64(j, "tid", list[0]->tid);
	number_or_null(j, "vcpu", list[0]->vcpu != VMMIO_NO_VCPU, list[0]->vcpu);
	number_or_null(j, "kvm_exit", s.known, s.exits);
	number_or_null(j, "residual", s.known, s.exits > s.named ? s.exits - s.named : 0);
	number_or_null(j, "to_userspace", s.known && v->health->has_left, s.left);
	number_or_null(j, "kvm_userspace_exit", s.known && v->health->has_left, s.user);
	if (!v->health->has_left) {
		vmmio_json_null(j, "userspace_reasons");
		vmmio_json_close(j, '}');
		return;
	}
	vmmio_json_open(j, "userspace_reasons", '{');
	for (i = 0; t && i < VMMIO_KVM_EXITS; i++) {
		__u64 c = vmmio_exit_user_shown(v, t, i);

		if (c)
			vmmio_json_u64(
				j, vmmio_exit_user_name(i, name, sizeof(name)) + strlen("user:"),
				c);
	}
	vmmio_json_close(j, '}');
	vmmio_json_close(j, '}');
}

static void json_eois(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	char whose[40];
	size_t i;

	if (!v->health->has_eois) {
		vmmio_json_null(j, "eois");
		return;
	}
	vmmio_json_open(j, "eois", '[');
	for (i = 0; i < v->rows->neois; i++) {
		const struct vmmio_exit_eoi *e = &v->rows->eois[i];
		struct vmmio_exit_vector s = vmmio_exit_eoi_shown(v, e);

		if (!vmmio_exit_view_wants(v, e->vm) || !(s.pv + s.exit + s.user))
			continue;
		vmmio_json_open(j, NULL, '{');
		json_vm(v, j, e->vm);
		if (e->vm == SIZE_MAX)
			vmmio_json_u64(j, "tid", e->tid);
		number_or_null(j, "vcpu", e->vcpu != VMMIO_NO_VCPU, e->vcpu);
		number_or_null(j, "vector", e->vector, e->vector);
		vmmio_exit_rows_vector(v->rows, e->vm, e->vcpu, e->vector, whose, sizeof(whose));
		if (whose[0])
			vmmio_json_text(j, "device", whose);
		else
			vmmio_json_null(j, "device");
		vmmio_json_u64(j, "no_exit", s.pv);
		/* by an exit, and where that went is not known without it */
		number_or_null(j, "in_kernel", v->health->has_left, s.exit);
		number_or_null(j, "userspace", v->health->has_left, s.user);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

/* How long exits took, where kvm_exit and kvm_entry tell. */
static void json_times(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	size_t i;

	if (!v->health->has_time || !v->health->has_left) {
		vmmio_json_null(j, "times");
		return;
	}
	vmmio_json_open(j, "times", '[');
	for (i = 0; i < v->rows->ntimes; i++) {
		const struct vmmio_exit_times *t = &v->rows->times[i];

		if (!vmmio_exit_view_wants(v, t->vm) || !vmmio_hist_total(&t->kvm))
			continue;
		vmmio_json_open(j, NULL, '{');
		json_vm(v, j, t->vm);
		if (t->vm == SIZE_MAX)
			vmmio_json_u64(j, "tid", t->tid);
		number_or_null(j, "vcpu", t->vcpu != VMMIO_NO_VCPU, t->vcpu);
		json_percentiles(j, "kvm", &t->kvm, v->totals ? NULL : &t->kvm_before);
		json_percentiles(j, "user", &t->user, v->totals ? NULL : &t->user_before);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

static void json_latency(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	size_t i;

	vmmio_json_open(j, "latency", '{');
	vmmio_json_u64(j, "lost", v->latency->lost);
	vmmio_json_u64(j, "missed", v->latency->misses);
	vmmio_json_u64(j, "awake", v->latency->awake);
	vmmio_json_open(j, "queues", '[');
	for (i = 0; i < v->latency->n; i++) {
		const struct vmmio_exit_latency *l = &v->latency->v[i];

		vmmio_json_open(j, NULL, '{');
		json_vm(v, j, l->vm);
		json_label(j, &l->label);
		vmmio_json_u64(j, "wakeups", l->v.count);
		vmmio_json_double(j, "mean_ns", (double)l->v.sum_ns / l->v.count);
		json_percentiles(j, "out", &l->v.hist, NULL);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
	vmmio_json_close(j, '}');
}

/* The sentences, each without the word that marks it in the table. */
static void json_findings(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	static const char mark[] = "finding: ";
	char *text = NULL, *line, *save = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	vmmio_exit_findings(v, f);
	fclose(f);
	vmmio_json_open(j, "findings", '[');
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		vmmio_json_text(j, NULL,
				strncmp(line, mark, strlen(mark)) ? line : line + strlen(mark));
	vmmio_json_close(j, ']');
	free(text);
}

static void json_interrupts(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	char whose[40];
	size_t i;

	if (!v->health->has_irqs) {
		vmmio_json_null(j, "interrupts");
		return;
	}
	vmmio_json_open(j, "interrupts", '[');
	for (i = 0; i < v->interrupts->n; i++) {
		const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];

		if (!(vmmio_exit_accepted(v, x) + vmmio_exit_raised(v, x)) ||
		    !vmmio_exit_view_wants(v, x->vm))
			continue;
		vmmio_json_open(j, NULL, '{');
		json_vm(v, j, x->vm);
		vmmio_json_text(j, "kind", vmmio_exit_kind_name(x->kind));
		vmmio_json_text(j, "by", vmmio_exit_how_name(x));
		number_or_null(j, "gsi", x->kind == VMMIO_INJECT_LINE, x->data);
		number_or_null(j, "msi_address", x->kind == VMMIO_INJECT_MSI, x->data >> 32);
		number_or_null(j, "msi_data", x->kind == VMMIO_INJECT_MSI, x->data & 0xffffffff);
		number_or_null(j, "vector", x->vector != VMMIO_NO_VECTOR, x->vector);
		number_or_null(j, "vcpu", x->vcpu != VMMIO_NO_VCPU, x->vcpu);
		vmmio_exit_interrupt_device(v, x, whose, sizeof(whose));
		if (whose[0])
			vmmio_json_text(j, "device", whose);
		else
			vmmio_json_null(j, "device");
		number_or_null(j, "raised",
			       x->kind == VMMIO_INJECT_LINE || x->kind == VMMIO_INJECT_MSI,
			       vmmio_exit_raised(v, x));
		number_or_null(j, "count", vmmio_exit_accepted_known(x), vmmio_exit_accepted(v, x));
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

static void json_per_interrupt(const struct vmmio_exit_view *v, struct vmmio_json *j)
{
	__u64 sent, exits;
	bool known;
	size_t vm;

	if (!v->health->has_irqs) {
		vmmio_json_null(j, "exits_per_interrupt");
		return;
	}
	vmmio_json_open(j, "exits_per_interrupt", '[');
	for (vm = 0; vm < v->rows->nvms; vm++) {
		if (!vmmio_exit_view_wants(v, vm))
			continue;
		known = vmmio_exit_interrupts_of(v, vm, &sent, &exits);
		if (!sent)
			continue;
		vmmio_json_open(j, NULL, '{');
		json_vm(v, j, vm);
		if (known)
			vmmio_json_double(j, "ratio", (double)exits / sent);
		else
			vmmio_json_null(j, "ratio");
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

void vmmio_exit_json(const struct vmmio_exit_view *v, FILE *out)
{
	struct vmmio_json j = {.out = out};
	const struct vmmio_exit_row **list;
	size_t from, i, n;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat exits");
	vmmio_json_text(&j, "version", VMMIO_VERSION);
	vmmio_json_text(&j, "accel", v->accel);
	vmmio_json_text(&j, "engine", v->engine);
	vmmio_json_double(&j, "interval_s", v->interval_s);
	vmmio_json_bool(&j, "totals", v->totals);
	vmmio_json_double(&j, "scan_ms", v->scan_ms);
	vmmio_json_u64(&j, "events_lost", v->health->lost);
	vmmio_json_u64(&j, "events_missed", v->health->misses);
	vmmio_json_text(&j, "missing", v->health->missing);
	vmmio_json_open(&j, "rows", '[');
	list = vmmio_exit_view_rows(v, &n);
	for (from = 0; list && from < n; from = i) {
		for (i = from + 1; i < n && vmmio_exit_same_group(list[from], list[i]); i++)
			;
		json_group(v, &j, list + from, i - from);
	}
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, "sums", '[');
	for (from = 0; list && from < n; from = i) {
		for (i = from + 1; i < n && vmmio_exit_same_group(list[from], list[i]); i++)
			;
		json_sums(v, &j, list + from, i - from);
	}
	vmmio_json_close(&j, ']');
	free(list);
	json_eois(v, &j);
	json_times(v, &j);
	json_interrupts(v, &j);
	json_per_interrupt(v, &j);
	if (v->latency)
		json_latency(v, &j);
	if (v->ends)
		json_findings(v, &j);
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}
