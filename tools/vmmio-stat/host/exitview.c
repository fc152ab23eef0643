// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of "exits" (exitview.h). A duration that no event told is "-".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitview.h"

const char *vmmio_exit_how_name(__u32 how)
{
	static const char *const names[] = {
		[VMMIO_INJECT_IOCTL] = "ioctl",	    [VMMIO_INJECT_IRQFD] = "irqfd",
		[VMMIO_INJECT_WORK] = "irqfd",	    [VMMIO_INJECT_KTHREAD] = "kthread",
		[VMMIO_INJECT_GUEST] = "in-kernel", [VMMIO_INJECT_INTERRUPT] = "interrupt",
	};

	return how < sizeof(names) / sizeof(names[0]) && names[how] ? names[how] : "other";
}

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

const struct vmmio_exit_row **vmmio_exit_view_rows(const struct vmmio_exit_view *v, size_t *n)
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

bool vmmio_exit_same_group(const struct vmmio_exit_row *a, const struct vmmio_exit_row *b)
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

static void print_part(const char *where, double share, const struct vmmio_hist *h,
		       const struct vmmio_hist *before, FILE *out)
{
	struct vmmio_value p50 = vmmio_exit_percentile(h, before, 50);
	struct vmmio_value p99 = vmmio_exit_percentile(h, before, 99);

	fprintf(out, "%s %.1f %%, p50", where, 100 * share);
	print_us(out, 1, p50.known, p50.v);
	fprintf(out, " us, p99");
	print_us(out, 1, p99.known, p99.v);
	fprintf(out, " us");
}

/* Where the time of a group went; percentiles are of single exits. */
static void print_times(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r,
			double user, FILE *out)
{
	const struct vmmio_exit_times *t = vmmio_exit_rows_times(v->rows, r);

	if (!t)
		return;
	print_part("time in KVM", 1 - user, &t->kvm, v->totals ? NULL : &t->kvm_before, out);
	print_part("; in userspace", user, &t->user, v->totals ? NULL : &t->user_before, out);
	fputc('\n', out);
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
		print_times(v, list[0], user / time, out);
}

__u64 vmmio_exit_interrupts_of(const struct vmmio_exit_view *v, size_t vm, __u64 *exits)
{
	__u64 sum = 0;
	size_t i;

	for (i = 0; i < v->interrupts->n; i++)
		if (v->interrupts->v[i].vm == vm)
			sum += vmmio_exit_sent(v, &v->interrupts->v[i]);
	*exits = 0;
	for (i = 0; i < v->rows->nrows; i++)
		if (v->rows->rows[i].vm == vm)
			*exits += vmmio_exit_shown(v, &v->rows->rows[i], VMMIO_SUM_COUNT);
	return sum;
}

/* Interrupts of a VM, and how many exits there were for each. */
static void print_interrupts(const struct vmmio_exit_view *v, FILE *out)
{
	size_t i, k, n = v->rows->nvms;

	if (!v->health->has_irqs)
		fprintf(out, "\ninterrupts: -\n");
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
				vmmio_exit_how_name(x->how), (unsigned long long)sent);
			if (x->msi)
				fprintf(out, "address %llx data %llx\n",
					(unsigned long long)(x->data >> 32),
					(unsigned long long)(x->data & 0xffffffff));
			else
				fprintf(out, "GSI %llu\n", (unsigned long long)x->data);
		}
		if (sum && vm != SIZE_MAX) {
			vmmio_exit_interrupts_of(v, vm, &exits);
			fprintf(out, "  exits per interrupt %.2f\n", (double)exits / sum);
		}
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
	if (v->emulated)
		fprintf(out, "; the machine is emulated, and so are all times");
	fputc('\n', out);
	if (strcmp(v->health->missing, "-"))
		fprintf(out, "without %s%s\n", v->health->missing,
			v->health->has_time ? "" : ": no durations");
	list = vmmio_exit_view_rows(v, &n);
	for (from = 0; list && from < n; from = i) {
		for (i = from + 1; i < n && vmmio_exit_same_group(list[from], list[i]); i++)
			;
		print_group(v, list + from, i - from, out);
	}
	if (!n)
		fprintf(out, "no exits\n");
	free(list);
	print_interrupts(v, out);
	fputc('\n', out);
	if (v->latency) {
		vmmio_exitlat_print(v->rows, v->latency, out);
		fputc('\n', out);
	}
}
