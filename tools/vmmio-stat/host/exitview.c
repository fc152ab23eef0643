// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of "exits" (exitview.h). A duration that no event told is "-".
 *
 * Long because rows, sums, ends of interrupts and interrupts are one table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exitnames.h"
#include "exitview.h"

const char *vmmio_exit_how_name(const struct vmmio_exit_interrupt *x)
{
	static const char *const names[] = {
		[VMMIO_INJECT_IOCTL] = "ioctl",	    [VMMIO_INJECT_IRQFD] = "irqfd",
		[VMMIO_INJECT_WORK] = "irqfd",	    [VMMIO_INJECT_KTHREAD] = "kthread",
		[VMMIO_INJECT_GUEST] = "in-kernel", [VMMIO_INJECT_INTERRUPT] = "interrupt",
	};

	if (x->kind == VMMIO_INJECT_EXTERNAL) /* KVM_INTERRUPT, and seen where it is injected */
		return "ioctl";
	return x->how < sizeof(names) / sizeof(names[0]) && names[x->how] ? names[x->how] : "other";
}

__u64 vmmio_exit_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r, int what)
{
	return v->totals ? r->sum[what] : vmmio_exit_delta(r, what);
}

const char *vmmio_exit_kind_name(__u32 kind)
{
	static const char *const names[] = {
		[VMMIO_INJECT_LINE] = "irqchip",      [VMMIO_INJECT_MSI] = "msi",
		[VMMIO_INJECT_IPI] = "ipi",	      [VMMIO_INJECT_LOCAL] = "local",
		[VMMIO_INJECT_EXTERNAL] = "external",
	};

	return kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "other";
}

/* Smaller than before: what was nobody's has found its VM. */
static __u64 since(const struct vmmio_exit_view *v, __u64 now, __u64 before)
{
	return v->totals ? now : now > before ? now - before : 0;
}

__u64 vmmio_exit_accepted(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x)
{
	return since(v, x->accepted, x->accepted_before);
}

__u64 vmmio_exit_raised(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x)
{
	return since(v, x->raised, x->raised_before);
}

__u64 vmmio_exit_samples(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r)
{
	return vmmio_exit_shown(v, r, r->fires ? VMMIO_SUM_EXITS : VMMIO_SUM_COUNT);
}

double vmmio_exit_time_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_row *r,
			     int what)
{
	__u64 weight = vmmio_exit_shown(v, r, VMMIO_SUM_WEIGHT);
	double exits = vmmio_exit_shown(v, r, VMMIO_SUM_EXITS);

	return weight ? vmmio_exit_shown(v, r, what) * (exits / weight) : 0;
}

__u64 vmmio_exit_user_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_times *t,
			    int reason)
{
	return since(v, t->user_exits[reason], t->user_exits_before[reason]);
}

__u64 vmmio_exit_exits_shown(const struct vmmio_exit_view *v, const struct vmmio_exit_times *t)
{
	return since(v, t->exits, t->exits_before);
}

struct vmmio_exit_sums vmmio_exit_sums_of(const struct vmmio_exit_view *v,
					  const struct vmmio_exit_row *const *list, size_t n)
{
	const struct vmmio_exit_times *t = n ? vmmio_exit_rows_times(v->rows, list[0]) : NULL;
	struct vmmio_exit_sums s = {0};
	size_t i;

	if (!t || !list[0]->fires)
		return s;
	s.known = true;
	s.exits = vmmio_exit_exits_shown(v, t);
	for (i = 0; i < n; i++) {
		s.named += vmmio_exit_shown(v, list[i], VMMIO_SUM_EXITS);
		s.left += vmmio_exit_shown(v, list[i], VMMIO_SUM_LEFT);
	}
	for (i = 0; i < VMMIO_KVM_EXITS; i++)
		s.user += vmmio_exit_user_shown(v, t, i);
	return s;
}

struct vmmio_exit_vector vmmio_exit_eoi_shown(const struct vmmio_exit_view *v,
					      const struct vmmio_exit_eoi *e)
{
	struct vmmio_exit_vector s = e->sum;

	s.pv = since(v, e->sum.pv, e->before.pv);
	s.exit = since(v, e->sum.exit, e->before.exit);
	s.user = since(v, e->sum.user, e->before.user);
	return s;
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
	__u64 p, q;

	if (x->vm != y->vm)
		return x->vm < y->vm ? -1 : 1;
	if (x->vcpu != y->vcpu)
		return x->vcpu < y->vcpu ? -1 : 1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	p = sort_view->by_time ? vmmio_exit_time_shown(sort_view, x, VMMIO_SUM_NS)
			       : vmmio_exit_samples(sort_view, x);
	q = sort_view->by_time ? vmmio_exit_time_shown(sort_view, y, VMMIO_SUM_NS)
			       : vmmio_exit_samples(sort_view, y);
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
	__u64 n = vmmio_exit_samples(v, r);
	__u64 timed = vmmio_exit_shown(v, r, VMMIO_SUM_TIMED);
	double ns = vmmio_exit_shown(v, r, VMMIO_SUM_NS);
	char vq[16] = "-";

	if (r->label.queue >= 0)
		snprintf(vq, sizeof(vq), "%d", r->label.queue);
	fprintf(out, "%-16s %9llu %7.1f%%", r->label.name, (unsigned long long)n,
		samples > 0 ? 100.0 * n / samples : 0);
	if (timed && time > 0)
		fprintf(out, " %5.1f%%", 100 * vmmio_exit_time_shown(v, r, VMMIO_SUM_NS) / time);
	else
		fprintf(out, " %6s", "-");
	print_us(out, 9, timed, r->min_ns);
	print_us(out, 9, timed, r->max_ns);
	print_us(out, 9, timed, timed ? ns / vmmio_exit_shown(v, r, VMMIO_SUM_WEIGHT) : 0);
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
	if (!v->health->has_left) {
		fprintf(out, "time in KVM -, in userspace -\n");
		return;
	}
	print_part("time in KVM", 1 - user, &t->kvm, v->totals ? NULL : &t->kvm_before, out);
	print_part("; in userspace", user, &t->user, v->totals ? NULL : &t->user_before, out);
	fputc('\n', out);
}

/* A boot touches hundreds of registers once: the table shows the top, JSON all. */
#define MOST_ROWS 24

/* KVM's total: the rows add up to it, with a row for the rest. */
static void print_sums(const struct vmmio_exit_view *v, const struct vmmio_exit_row *const *list,
		       size_t n, FILE *out)
{
	const struct vmmio_exit_times *t = vmmio_exit_rows_times(v->rows, list[0]);
	struct vmmio_exit_sums s = vmmio_exit_sums_of(v, list, n);
	__u64 events = 0;
	char name[40];
	bool first = true;
	size_t i;

	if (!s.known) {
		fprintf(out, "kvm_exit -, to userspace -\n");
		return;
	}
	if (s.exits > s.named)
		fprintf(out, "%-16s %9llu\n", "residual", (unsigned long long)(s.exits - s.named));
	for (i = 0; i < n; i++) {
		__u64 seen = vmmio_exit_shown(v, list[i], VMMIO_SUM_COUNT);
		__u64 exits = vmmio_exit_shown(v, list[i], VMMIO_SUM_EXITS);

		events += seen > exits ? seen - exits : 0;
	}
	fprintf(out, "kvm_exit %llu, to userspace ", (unsigned long long)s.exits);
	if (v->health->has_left)
		fprintf(out, "%llu", (unsigned long long)s.left);
	else
		fputc('-', out);
	for (i = 0; i < VMMIO_KVM_EXITS && v->health->has_left; i++) {
		__u64 c = vmmio_exit_user_shown(v, t, i);

		if (!c)
			continue;
		vmmio_exit_user_name(i, name, sizeof(name));
		fprintf(out, "%s%s %llu", first ? " (" : ", ", name + strlen("user:"),
			(unsigned long long)c);
		first = false;
	}
	fprintf(out, "%s", first ? "" : ")");
	if (events)
		fprintf(out, "; %llu accesses shared an exit with another",
			(unsigned long long)events);
	fputc('\n', out);
}

/* Ends of interrupts: the rows above already contain these exits. */
static void print_eois(const struct vmmio_exit_view *v, const struct vmmio_exit_row *group,
		       FILE *out)
{
	bool first = true;
	char whose[40];
	size_t i;

	for (i = 0; i < v->rows->neois; i++) {
		const struct vmmio_exit_eoi *e = &v->rows->eois[i];
		struct vmmio_exit_vector s = vmmio_exit_eoi_shown(v, e);

		if (e->vm != group->vm || e->vcpu != group->vcpu || e->tid != group->tid ||
		    !(s.pv + s.exit + s.user))
			continue;
		vmmio_exit_rows_vector(v->rows, e->vm, e->vcpu, e->vector, whose, sizeof(whose));
		if (first)
			fprintf(out, "%-16s %9s %9s %9s %s\n", "EOI", "no-exit", "in-kernel",
				"userspace", "DEVICE");
		first = false;
		if (e->vector)
			fprintf(out, "vector %-9u", e->vector);
		else
			fprintf(out, "%-16s", "of nothing");
		fprintf(out, " %9llu", (unsigned long long)s.pv);
		if (v->health->has_left)
			fprintf(out, " %9llu %9llu", (unsigned long long)s.exit,
				(unsigned long long)s.user);
		else
			fprintf(out, " %9s %9s", "-", "-");
		fprintf(out, " %s\n", whose[0] ? whose : "-");
	}
}

static void print_group(const struct vmmio_exit_view *v, const struct vmmio_exit_row **list,
			size_t n, FILE *out)
{
	double samples = 0, time = 0, user = 0, untimed = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		samples += vmmio_exit_samples(v, list[i]);
		time += vmmio_exit_time_shown(v, list[i], VMMIO_SUM_NS);
		user += vmmio_exit_time_shown(v, list[i], VMMIO_SUM_USER);
		if (!vmmio_exit_shown(v, list[i], VMMIO_SUM_TIMED))
			untimed += vmmio_exit_shown(v, list[i], VMMIO_SUM_EXITS);
	}
	heading(v, list[0], out);
	for (i = 0; i < n && i < MOST_ROWS; i++)
		print_row(v, list[i], samples, time, out);
	if (n > MOST_ROWS) {
		double rest = 0;

		for (i = MOST_ROWS; i < n; i++)
			rest += vmmio_exit_samples(v, list[i]);
		fprintf(out, "%-16s %9.0f %7.1f%% in %zu more rows (all of them: --json)\n",
			"others", rest, samples > 0 ? 100 * rest / samples : 0, n - MOST_ROWS);
	}
	print_sums(v, list, n, out);
	if (time > 0) {
		print_times(v, list[0], user / time, out);
		if (untimed > 0)
			fprintf(out,
				"none was timed of %.0f exits: their time is in no share "
				"(--time-all)\n",
				untimed);
	}
	print_eois(v, list[0], out);
}

bool vmmio_exit_interrupts_of(const struct vmmio_exit_view *v, size_t vm, __u64 *sum, __u64 *exits)
{
	bool known = true;
	size_t i;

	*sum = 0;
	for (i = 0; i < v->interrupts->n; i++) {
		const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];

		if (x->vm != vm || (x->kind != VMMIO_INJECT_LINE && x->kind != VMMIO_INJECT_MSI))
			continue;
		known &= vmmio_exit_accepted_known(x) || !vmmio_exit_raised(v, x);
		*sum += vmmio_exit_accepted(v, x);
	}
	*exits = 0;
	for (i = 0; i < v->rows->nrows; i++)
		if (v->rows->rows[i].vm == vm)
			*exits += vmmio_exit_samples(v, &v->rows->rows[i]);
	return known;
}

void vmmio_exit_interrupt_device(const struct vmmio_exit_view *v,
				 const struct vmmio_exit_interrupt *x, char *buf, size_t size)
{
	const struct vmmio_exit_vm *vm = x->vm == SIZE_MAX ? NULL : &v->rows->vms[x->vm];

	/* a message is told by all of it, not by its vector alone */
	for (size_t i = 0; vm && x->kind == VMMIO_INJECT_MSI && i < vm->nirqfds; i++) {
		const struct vmmio_host_irqfd *q = &vm->irqfds[i];

		if (q->route != VMMIO_ROUTE_MSI || (__u32)q->msi_addr != x->data >> 32 ||
		    q->msi_data != (__u32)x->data)
			continue;
		snprintf(buf, size, "irqfd GSI %u", q->gsi);
		return;
	}
	vmmio_exit_rows_vector(v->rows, x->vm, x->vcpu, x->vector, buf, size);
	if (!buf[0] && x->kind == VMMIO_INJECT_LINE &&
	    (x->how == VMMIO_INJECT_IRQFD || x->how == VMMIO_INJECT_WORK))
		snprintf(buf, size, "irqfd GSI %llu", (unsigned long long)x->data);
}

#define PIC_LINES 16

bool vmmio_exit_accepted_known(const struct vmmio_exit_interrupt *x)
{
#if defined(__x86_64__)
	return x->kind != VMMIO_INJECT_LINE || x->data >= PIC_LINES || x->accepted || !x->raised;
#else
	return true;
#endif
}

static void print_interrupt(const struct vmmio_exit_view *v, const struct vmmio_exit_interrupt *x,
			    FILE *out)
{
	char whose[40] = "";

	fprintf(out, "  %-8s by %-9s ", vmmio_exit_kind_name(x->kind), vmmio_exit_how_name(x));
	if (vmmio_exit_accepted_known(x))
		fprintf(out, "%9llu  ", (unsigned long long)vmmio_exit_accepted(v, x));
	else
		fprintf(out, "%9s  ", "-");
	if (x->kind == VMMIO_INJECT_MSI)
		fprintf(out, "address %llx data %llx", (unsigned long long)(x->data >> 32),
			(unsigned long long)(x->data & 0xffffffff));
	else if (x->kind == VMMIO_INJECT_LINE)
		fprintf(out, "GSI %llu", (unsigned long long)x->data);
	if (x->vector != VMMIO_NO_VECTOR) {
		fprintf(out, "%svector %u",
			x->kind == VMMIO_INJECT_MSI || x->kind == VMMIO_INJECT_LINE ? ", " : "",
			x->vector);
		vmmio_exit_interrupt_device(v, x, whose, sizeof(whose));
	}
	if (x->vcpu != VMMIO_NO_VCPU)
		fprintf(out, ", vCPU %u", x->vcpu);
	if (vmmio_exit_raised(v, x) > vmmio_exit_accepted(v, x))
		fprintf(out, ", sent %llu times", (unsigned long long)vmmio_exit_raised(v, x));
	fprintf(out, "%s%s\n", whose[0] ? ", " : "", whose);
}

/* Interrupts of a VM, and how many exits there were for each. */
static void print_interrupts(const struct vmmio_exit_view *v, FILE *out)
{
	size_t i, k, n = v->rows->nvms;

	if (!v->health->has_irqs)
		fprintf(out, "\ninterrupts: -\n");
	for (k = 0; v->health->has_irqs && k <= n; k++) {
		size_t vm = k < n ? k : SIZE_MAX;
		__u64 sum, exits = 0;
		bool any = false, known;

		if (!vmmio_exit_view_wants(v, vm))
			continue;
		for (i = 0; i < v->interrupts->n; i++) {
			const struct vmmio_exit_interrupt *x = &v->interrupts->v[i];

			if (x->vm != vm || !(vmmio_exit_accepted(v, x) + vmmio_exit_raised(v, x)))
				continue;
			if (!any && vm == SIZE_MAX)
				fprintf(out, "\ninterrupts accepted, unattributed:\n");
			else if (!any)
				fprintf(out, "\ninterrupts accepted by %s, pid %u%s%.0d:\n",
					v->rows->vms[vm].name, v->rows->vms[vm].pid,
					v->rows->vms[vm].nth ? ", VM #" : "", v->rows->vms[vm].nth);
			any = true;
			print_interrupt(v, x, out);
		}
		known = vmmio_exit_interrupts_of(v, vm, &sum, &exits);
		if (sum && vm != SIZE_MAX && !known)
			fprintf(out, "  exits per interrupt of a device -\n");
		else if (sum && vm != SIZE_MAX)
			fprintf(out, "  exits per interrupt of a device %.2f\n",
				(double)exits / sum);
	}
}

void vmmio_exit_table(const struct vmmio_exit_view *v, FILE *out)
{
	const struct vmmio_exit_row **list;
	size_t n, from, i, alive = 0, gone = 0;

	for (i = 0; i < v->rows->nvms; i++) {
		alive += v->rows->vms[i].alive;
		gone += !v->rows->vms[i].alive &&
			(v->totals || vmmio_exit_rows_was_there(v->rows, i));
	}
	fprintf(out, "%s%.2f s on %s, engine %s, %zu VM%s", v->totals ? "totals of " : "",
		v->interval_s, v->accel, v->engine, alive, alive == 1 ? "" : "s");
	if (gone)
		fprintf(out, " and %zu gone", gone);
	fprintf(out, ", events lost %llu, missed %llu", (unsigned long long)v->health->lost,
		(unsigned long long)v->health->misses);
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
