// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table and the JSON of "exits" (exitview.h). A duration that no event
 * told is "-" or null.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitview.h"
#include "json.h"

static const char *const how_names[] = {"ioctl", "irqfd", "irqfd", "kthread", "in-kernel", "other"};

__u64 vmmio_exit_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, int what)
{
	return v->totals ? r->sum[what] : vmmio_exit_delta(r, what);
}

__u64 vmmio_exit_sent(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x)
{
	if (v->totals)
		return x->count;
	return x->count > x->before ? x->count - x->before : 0;
}

bool vmmio_exit_view_wants(const struct vmmio_exit_view *v, size_t vm)
{
	const struct vmmio_exit_vm *x;

	if (vm == SIZE_MAX)
		return !v->pid && !v->guest;
	x = &v->rows->vms[vm];
	if (v->pid && x->pid != v->pid)
		return false;
	return !v->guest || !strcmp(x->name, v->guest);
}

static const struct vmmio_exit_view *sort_view;

static int order(const void *a, const void *b)
{
	const struct vmmio_exit_row *x = *(const struct vmmio_exit_row *const *)a;
	const struct vmmio_exit_row *y = *(const struct vmmio_exit_row *const *)b;
	int what = sort_view->by_time ? VMMIO_SUM_NS : VMMIO_SUM_COUNT;
	__u64 p, q;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->vcpu != y->vcpu)
		return x->vcpu < y->vcpu ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	p = vmmio_exit_shown(sort_view, x, what);
	q = vmmio_exit_shown(sort_view, y, what);
	return p > q ? -1 : p < q;
}

/* Rows to show, in order; the caller frees. */
static const struct vmmio_exit_row **sorted(const struct vmmio_exit_view *v, size_t *n)
{
	const struct vmmio_exit_row **list = calloc(v->rows->nrows + 1, sizeof(*list));
	size_t i;

	*n = 0;
	for (i = 0; list && i < v->rows->nrows; i++) {
		const struct vmmio_exit_row *r = &v->rows->rows[i];

		if (vmmio_exit_shown(v, r, VMMIO_SUM_COUNT) && vmmio_exit_view_wants(v, r->vm))
			list[(*n)++] = r;
	}
	sort_view = v;
	if (*n)
		qsort(list, *n, sizeof(*list), order);
	return list;
}

static bool same_group(const struct vmmio_exit_row *a, const struct vmmio_exit_row *b)
{
	return a->vm == b->vm && a->vcpu == b->vcpu && a->tid == b->tid;
}

static void heading(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, FILE *out)
{
	const struct vmmio_exit_vm *vm;

	if (r->vm == SIZE_MAX) {
		fprintf(out, "\nunattributed: thread %u\n", r->tid);
	} else {
		vm = &v->rows->vms[r->vm];
		fprintf(out, "\n%s, pid %u", vm->name, vm->pid);
		if (vm->nth)
			fprintf(out, ", VM #%d", vm->nth);
		if (v->rows->by_vcpu && r->vcpu == VMMIO_NO_VCPU)
			fprintf(out, ", several vCPUs on one thread");
		else if (r->vcpu != VMMIO_NO_VCPU)
			fprintf(out, ", vCPU %u", r->vcpu);
		fprintf(out, "%s\n", vm->alive ? "" : " (gone)");
	}
	fprintf(out, "%-16s %9s %8s %6s %9s %9s %9s %-10s %-20s %3s %s\n", "VM-EXIT", "Samples",
		"Samples%", "Time%", "Min(us)", "Max(us)", "Avg(us)", "PATH", "DEVICE", "VQ",
		"REG");
}

static void print_us(FILE *out, int width, bool known, double ns)
{
	if (known)
		fprintf(out, " %*.2f", width, ns / 1000);
	else
		fprintf(out, " %*s", width, "-");
}

static void print_row(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r,
		      double samples, double time, FILE *out)
{
	__u64 n = vmmio_exit_shown(v, r, VMMIO_SUM_COUNT);
	__u64 timed = vmmio_exit_shown(v, r, VMMIO_SUM_TIMED);
	double ns = vmmio_exit_shown(v, r, VMMIO_SUM_NS);
	char vq[16] = "-";

	if (r->label.queue >= 0)
		snprintf(vq, sizeof(vq), "%d", r->label.queue);
	fprintf(out, "%-16s %9llu %7.1f%%", r->label.name, (unsigned long long)n,
		100.0 * n / samples);
	if (timed && time > 0)
		fprintf(out, " %5.1f%%", 100.0 * ns / time);
	else
		fprintf(out, " %6s", "-");
	print_us(out, 9, timed, r->min_ns);
	print_us(out, 9, timed, r->max_ns);
	print_us(out, 9, timed, timed ? ns / timed : 0);
	fprintf(out, " %-10s %-20s %3s %s\n", r->label.path,
		r->label.device[0] ? r->label.device : "-", vq,
		r->label.reg[0] ? r->label.reg : "-");
}

/* A boot touches hundreds of registers once: the table shows the top, JSON all. */
#define MOST_ROWS 24

static void print_group(const struct vmmio_exit_view *v, const struct vmmio_exit_row **list,
			size_t n, FILE *out)
{
	double samples = 0, time = 0, user = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		samples += vmmio_exit_shown(v, list[i], VMMIO_SUM_COUNT);
		time += vmmio_exit_shown(v, list[i], VMMIO_SUM_NS);
		user += vmmio_exit_shown(v, list[i], VMMIO_SUM_USER);
	}
	heading(v, list[0], out);
	for (i = 0; i < n && i < MOST_ROWS; i++)
		print_row(v, list[i], samples, time, out);
	if (n > MOST_ROWS) {
		double rest = 0;

		for (i = MOST_ROWS; i < n; i++)
			rest += vmmio_exit_shown(v, list[i], VMMIO_SUM_COUNT);
		fprintf(out, "%-16s %9.0f %7.1f%% in %zu more rows (all of them: --json)\n",
			"others", rest, 100 * rest / samples, n - MOST_ROWS);
	}
	if (time > 0)
		fprintf(out, "time in KVM %.1f %%, in userspace %.1f %%\n",
			100 * (time - user) / time, 100 * user / time);
}

/* Interrupts of a VM, and how many exits there were for each. */
static void print_interrupts(const struct vmmio_exit_view *v, FILE *out)
{
	size_t i, k, n = v->rows->nvms;

	for (k = 0; k <= n; k++) {
		size_t vm = k < n ? k : SIZE_MAX;
		__u64 sum = 0, exits = 0;

		if (!vmmio_exit_view_wants(v, vm))
			continue;
		for (i = 0; i < v->interrupts->n; i++) {
			const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];
			__u64 sent = vmmio_exit_sent(v, x);

			if (x->vm != vm || !sent)
				continue;
			if (!sum && vm == SIZE_MAX)
				fprintf(out, "\ninterrupts, unattributed:\n");
			else if (!sum)
				fprintf(out, "\ninterrupts to %s, pid %u%s%.0d:\n",
					v->rows->vms[vm].name, v->rows->vms[vm].pid,
					v->rows->vms[vm].nth ? ", VM #" : "", v->rows->vms[vm].nth);
			sum += sent;
			fprintf(out, "  %-8s by %-9s %9llu  ", x->msi ? "msi" : "irqchip",
				how_names[x->how], (unsigned long long)sent);
			if (x->msi)
				fprintf(out, "address %llx data %llx\n",
					(unsigned long long)(x->data >> 32),
					(unsigned long long)(x->data & 0xffffffff));
			else
				fprintf(out, "GSI %llu\n", (unsigned long long)x->data);
		}
		for (i = 0; sum && i < v->rows->nrows; i++)
			if (v->rows->rows[i].vm == vm)
				exits += vmmio_exit_shown(v, &v->rows->rows[i], VMMIO_SUM_COUNT);
		if (sum && vm != SIZE_MAX)
			fprintf(out, "  exits per interrupt %.2f\n", (double)exits / sum);
	}
}

void vmmio_exit_table(const struct vmmio_exit_view *v, FILE *out)
{
	const struct vmmio_exit_row **list;
	size_t n, from, i, alive = 0;

	for (i = 0; i < v->rows->nvms; i++)
		alive += v->rows->vms[i].alive;
	fprintf(out, "%s%.2f s on %s, engine %s, %zu VMs, events lost %llu, missed %llu",
		v->totals ? "totals of " : "", v->interval_s, v->accel, v->engine, alive,
		(unsigned long long)v->health->lost, (unsigned long long)v->health->misses);
	if (!v->health->has_time)
		fprintf(out, "; no durations: kvm_exit and kvm_entry cannot be attached");
	fputc('\n', out);
	list = sorted(v, &n);
	for (from = 0; list && from < n; from = i) {
		for (i = from + 1; i < n && same_group(list[from], list[i]); i++)
			;
		print_group(v, list + from, i - from, out);
	}
	if (!n)
		fprintf(out, "no exits\n");
	free(list);
	print_interrupts(v, out);
	fputc('\n', out);
}

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

static void json_row(const struct vmmio_exit_view *v, struct vmmio_json *j,
		     const struct vmmio_exit_row *r)
{
	__u64 timed = vmmio_exit_shown(v, r, VMMIO_SUM_TIMED);

	vmmio_json_open(j, NULL, '{');
	json_vm(v, j, r->vm);
	if (r->vm == SIZE_MAX)
		vmmio_json_u64(j, "tid", r->tid);
	number_or_null(j, "vcpu", r->vcpu != VMMIO_NO_VCPU, r->vcpu);
	vmmio_json_text(j, "exit", r->label.name);
	vmmio_json_text(j, "path", r->label.path);
	if (r->label.device[0])
		vmmio_json_text(j, "device", r->label.device);
	else
		vmmio_json_null(j, "device");
	if (r->label.transport != VMMIO_GUESS_NONE)
		vmmio_json_text(j, "transport", vmmio_guess_name(r->label.transport));
	else
		vmmio_json_null(j, "transport");
	number_or_null(j, "queue", r->label.queue >= 0, r->label.queue);
	if (r->label.reg[0])
		vmmio_json_text(j, "register", r->label.reg);
	else
		vmmio_json_null(j, "register");
	vmmio_json_u64(j, "samples", vmmio_exit_shown(v, r, VMMIO_SUM_COUNT));
	number_or_null(j, "timed", v->health->has_time, timed);
	number_or_null(j, "time_ns", timed, vmmio_exit_shown(v, r, VMMIO_SUM_NS));
	number_or_null(j, "user_ns", timed, vmmio_exit_shown(v, r, VMMIO_SUM_USER));
	number_or_null(j, "min_ns", timed, r->min_ns);
	number_or_null(j, "max_ns", timed, r->max_ns);
	vmmio_json_close(j, '}');
}

void vmmio_exit_json(const struct vmmio_exit_view *v, FILE *out)
{
	struct vmmio_json j = {.out = out};
	const struct vmmio_exit_row **list;
	size_t i, n;

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
	list = sorted(v, &n);
	for (i = 0; list && i < n; i++)
		json_row(v, &j, list[i]);
	free(list);
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, "interrupts", '[');
	for (i = 0; i < v->interrupts->n; i++) {
		const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];

		if (!vmmio_exit_sent(v, x) || !vmmio_exit_view_wants(v, x->vm))
			continue;
		vmmio_json_open(&j, NULL, '{');
		json_vm(v, &j, x->vm);
		vmmio_json_text(&j, "kind", x->msi ? "msi" : "irqchip");
		vmmio_json_text(&j, "by", how_names[x->how]);
		number_or_null(&j, "gsi", !x->msi, x->data);
		number_or_null(&j, "msi_address", x->msi, x->data >> 32);
		number_or_null(&j, "msi_data", x->msi, x->data & 0xffffffff);
		vmmio_json_u64(&j, "count", vmmio_exit_sent(v, x));
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', out);
}
