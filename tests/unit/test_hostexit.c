// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decoder of "exits" on written-down events (tests/data/host): VMX, SVM,
 * arm64 and kvm_fast_mmio, which the software KVM of a test machine never
 * shows, through the same state machine and the same names as live ones. And
 * the trees and maps that it is told addresses by.
 *
 * Long because all of it plays through one reader of written-down events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/hostirq.h"
#include "tools/vmmio-stat/host/exitnames.h"
#include "tools/vmmio-stat/host/exitrows.h"
#include "tools/vmmio-stat/host/exitview.h"

struct script {
	struct vmmio_exit_thread t;
	struct vmmio_host_rec recs[64];
	size_t nrecs;
	bool open; /* records are being gathered */
	struct vmmio_exit_rows rows;
	const char *file;
	int line;
};

#define check(s, cond, ...)                                           \
	do {                                                          \
		if (!(cond)) {                                        \
			print_error("%s:%d: ", (s)->file, (s)->line); \
			print_error(__VA_ARGS__);                     \
			print_error("\n");                            \
			fail();                                       \
		}                                                     \
	} while (0)

static __u64 num(const char *text)
{
	return strtoull(text, NULL, 0);
}

static void add_range(struct script *s, char **w, int n, __u32 type)
{
	struct vmmio_host_rec *r = &s->recs[s->nrecs++];

	r->type = type;
	r->kvm = 1;
	r->addr = num(w[1]);
	r->len = num(w[2]);
	r->bus = strcmp(w[n - 1], "pio") ? VMMIO_BUS_MMIO : VMMIO_BUS_PIO;
	r->eventfd = s->nrecs;
	if (type == VMMIO_HOST_IOEVENTFD) {
		r->flags = strcmp(w[3], "any") ? 0 : VMMIO_HOST_WILDCARD;
		if (!r->flags)
			r->value = num(w[4]);
	}
}

/* The records so far become a VM. */
static void learn(struct script *s)
{
	struct vmmio_host host;

	if (!s->open)
		return;
	s->open = false;
	s->recs[s->nrecs].type = VMMIO_HOST_VM;
	s->recs[s->nrecs].kvm = 1;
	s->recs[s->nrecs++].pid = 1;
	assert_int_equal(vmmio_host_build(s->recs, s->nrecs, &host), 0);
	assert_int_equal(host.nvms, 1);
	assert_int_equal(vmmio_exit_rows_learn(&s->rows, &host), 0);
	vmmio_host_free(&host);
}

static void add_totals(struct script *s)
{
	struct vmmio_exit_totals *t = calloc(1, sizeof(*t));

	t->exits = s->t.exits;
	memcpy(t->user, s->t.user, sizeof(t->user));
	t->kvm_time = s->t.kvm_time;
	t->user_time = s->t.user_time;
	memcpy(t->vectors, s->t.vectors, sizeof(t->vectors));
	assert_int_equal(vmmio_exit_rows_add_totals(&s->rows, 0, 0, 1, t), 0);
	free(t);
}

static void sum_up(struct script *s)
{
	size_t i;

	vmmio_exit_rows_begin(&s->rows);
	add_totals(s);
	for (i = 0; i < VMMIO_EXIT_CELLS; i++)
		if (s->t.cells[i].key.kind)
			vmmio_exit_rows_add(&s->rows, 0, 0, 1, &s->t.cells[i]);
	vmmio_exit_rows_resolve(&s->rows);
}

static bool same_text(const char *want, const char *have)
{
	for (; *want && *have; want++, have++)
		if (*want != *have && !(*want == '_' && *have == ' '))
			return false;
	return *want == *have;
}

/* expect COUNT NAME PATH DEVICE QUEUE REG NS USER-NS */
static void expect(struct script *s, char **w)
{
	size_t i;

	sum_up(s);
	for (i = 0; i < s->rows.nrows; i++) {
		const struct vmmio_exit_row *r = &s->rows.rows[i];
		const struct vmmio_exit_label *l = &r->label;
		char queue[16] = "-";

		if (l->queue >= 0)
			snprintf(queue, sizeof(queue), "%d", l->queue);
		if (!same_text(w[2], l->name) || strcmp(w[3], l->path) ||
		    !same_text(w[4], l->device[0] ? l->device : "-") || strcmp(w[5], queue) ||
		    !same_text(w[6], l->reg[0] ? l->reg : "-"))
			continue;
		check(s, r->sum[r->fires ? VMMIO_SUM_EXITS : VMMIO_SUM_COUNT] == num(w[1]),
		      "%llu %s",
		      (unsigned long long)r->sum[r->fires ? VMMIO_SUM_EXITS : VMMIO_SUM_COUNT],
		      w[2]);
		check(s, r->sum[VMMIO_SUM_NS] == num(w[7]), "took %llu ns",
		      (unsigned long long)r->sum[VMMIO_SUM_NS]);
		check(s, r->sum[VMMIO_SUM_USER] == num(w[8]), "%llu ns of it in userspace",
		      (unsigned long long)r->sum[VMMIO_SUM_USER]);
		return;
	}
	for (i = 0; i < s->rows.nrows; i++)
		print_error("have: %s %s %s %d %s\n", s->rows.rows[i].label.name,
			    s->rows.rows[i].label.path, s->rows.rows[i].label.device,
			    s->rows.rows[i].label.queue, s->rows.rows[i].label.reg);
	check(s, false, "no row %s %s %s %s %s", w[2], w[3], w[4], w[5], w[6]);
}

/* eois VECTOR NO-EXIT IN-KERNEL USERSPACE */
static void check_eois(struct script *s, char **w)
{
	const struct vmmio_exit_vector *v = &s->t.vectors[num(w[1])];

	check(s, v->pv == num(w[2]) && v->exit == num(w[3]) && v->user == num(w[4]),
	      "vector %s ended %llu %llu %llu times", w[1], (unsigned long long)v->pv,
	      (unsigned long long)v->exit, (unsigned long long)v->user);
}

/* exits N TO-USERSPACE: so many kvm_exit events, and the rows add up to them */
static void check_exits(struct script *s, char **w)
{
	__u64 named = 0, left = 0;
	size_t i;

	sum_up(s);
	for (i = 0; i < s->rows.nrows; i++) {
		named += s->rows.rows[i].sum[VMMIO_SUM_EXITS];
		left += s->rows.rows[i].sum[VMMIO_SUM_LEFT];
	}
	check(s, s->t.exits == num(w[1]), "%llu exits", (unsigned long long)s->t.exits);
	check(s, named == num(w[1]), "%llu exits in rows", (unsigned long long)named);
	check(s, left == num(w[2]), "%llu to userspace", (unsigned long long)left);
}

/* "-": not known; else within half a bucket, an eighth of the value */
static void check_percentile(struct script *s, const char *want, const struct vmmio_hist *h,
			     double q)
{
	struct vmmio_value v = vmmio_exit_percentile(h, NULL, q);

	check(s, v.known == !!strcmp(want, "-"), "p%.0f is %s", q, v.known ? "known" : "not known");
	check(s, !v.known || (v.v >= num(want) * 0.88 && v.v <= num(want) * 1.125),
	      "p%.0f is %.0f, not %s", q, v.v, want);
}

/* times KVM-P50 KVM-P99 USER-P50 USER-P99 */
static void times(struct script *s, char **w)
{
	static const struct vmmio_hist none;
	const struct vmmio_exit_times *t;

	vmmio_exit_rows_begin(&s->rows);
	add_totals(s);
	t = s->rows.ntimes ? &s->rows.times[0] : NULL;
	check_percentile(s, w[1], t ? &t->kvm : &none, 50);
	check_percentile(s, w[2], t ? &t->kvm : &none, 99);
	check_percentile(s, w[3], t ? &t->user : &none, 50);
	check_percentile(s, w[4], t ? &t->user : &none, 99);
}

/* An interrupt of the virtio-mmio window at @base, in exits that take no time. */
static void serve(struct vmmio_exit_thread *t, __u64 base)
{
	vmmio_exit_begin(t, 1, 0x400, VMMIO_ISA_SVM);
	vmmio_exit_mmio(t, 1, VMMIO_KVM_MMIO_UNSATISFIED, 4, base + 0x060, VMMIO_ANY_VALUE);
	vmmio_exit_user(t, 1, VMMIO_KVM_EXIT_MMIO, 0);
	vmmio_exit_mmio(t, 1, VMMIO_KVM_MMIO_READ, 4, base + 0x060, VMMIO_ANY_VALUE);
	vmmio_exit_end(t, 1);
	vmmio_exit_begin(t, 1, 0x400, VMMIO_ISA_SVM);
	vmmio_exit_mmio(t, 1, VMMIO_KVM_MMIO_WRITE, 4, base + 0x064, VMMIO_ANY_VALUE);
	vmmio_exit_user(t, 1, VMMIO_KVM_EXIT_MMIO, 0);
	vmmio_exit_end(t, 1);
}

static __u32 isa(const char *name)
{
	return !strcmp(name, "vmx")   ? VMMIO_ISA_VMX
	       : !strcmp(name, "svm") ? VMMIO_ISA_SVM
				      : VMMIO_ISA_ARM64;
}

static void command(struct script *s, char **w, int n)
{
	struct vmmio_exit_thread *t = &s->t;
	__u32 value = VMMIO_ANY_VALUE, i;

	if (!strcmp(w[0], "vm") || !strcmp(w[0], "coalesced") || !strcmp(w[0], "kernel")) {
		s->open = true;
		add_range(s, w, n,
			  w[0][0] == 'v'   ? VMMIO_HOST_IOEVENTFD
			  : w[0][0] == 'c' ? VMMIO_HOST_COALESCED
					   : VMMIO_HOST_KERNEL);
		return;
	}
	learn(s);
	if (!strcmp(w[0], "exit")) {
		vmmio_exit_begin(t, num(w[1]), num(w[3]), isa(w[2]));
	} else if (!strcmp(w[0], "entry")) {
		vmmio_exit_end(t, num(w[1]));
	} else if (!strcmp(w[0], "mmio")) {
		/* as the BPF program: the value only where it names a queue */
		if (n > 4 && (vmmio_exit_is_doorbell(num(w[3]), num(w[2])) || num(w[2]) == 2))
			value = num(w[4]);
		vmmio_exit_mmio(t, 1, num(w[1]), num(w[2]), num(w[3]), value);
	} else if (!strcmp(w[0], "pio")) {
		vmmio_exit_pio(t, 1, num(w[1]), num(w[2]), num(w[3]), n > 4 ? num(w[4]) : value);
	} else if (!strcmp(w[0], "fast")) {
		vmmio_exit_fast(t, num(w[1]));
	} else if (!strcmp(w[0], "user")) {
		vmmio_exit_user(t, num(w[1]), num(w[2]), n > 3 ? atoi(w[3]) : 0);
	} else if (!strcmp(w[0], "eoi")) {
		vmmio_exit_eoi(t, atoi(w[1]));
	} else if (!strcmp(w[0], "inj") && n == 3) {
		check(s, vmmio_exit_injected(t, num(w[1])) == !strcmp(w[2], "counts"),
		      "vector %s counts or does not", w[1]);
	} else if (!strcmp(w[0], "pveoi")) {
		vmmio_exit_pv_eoi(t);
	} else if (!strcmp(w[0], "msr")) {
		vmmio_exit_msr(t, num(w[1]), num(w[2]));
	} else if (!strcmp(w[0], "eois") && n == 5) {
		check_eois(s, w);
	} else if (!strcmp(w[0], "exits") && n == 3) {
		check_exits(s, w);
	} else if (!strcmp(w[0], "magic")) {
		struct vmmio_exit_key key = {num(w[1]), VMMIO_ANY_VALUE, VMMIO_EXIT_MAGIC, 0, 4, 0};

		vmmio_exit_count(t, &key);
	} else if (!strcmp(w[0], "settle")) {
		vmmio_exit_settle(t);
	} else if (!strcmp(w[0], "flood")) {
		for (i = 0; i < num(w[1]); i++)
			vmmio_exit_mmio(t, 1, 1, 4, 0xd0000000 + 64 * i, VMMIO_ANY_VALUE);
	} else if (!strcmp(w[0], "serve")) {
		for (i = 0; i < num(w[1]); i++)
			serve(t, num(w[2]));
	} else if (!strcmp(w[0], "lost")) {
		check(s, strcmp(w[1], "1+") ? t->lost == num(w[1]) : t->lost >= 1, "%llu lost",
		      (unsigned long long)t->lost);
	} else if (!strcmp(w[0], "times") && n == 5) {
		times(s, w);
	} else if (!strcmp(w[0], "expect") && n == 9) {
		expect(s, w);
	} else {
		check(s, false, "what is '%s'?", w[0]);
	}
}

static void play(const char *name)
{
	struct script *s = calloc(1, sizeof(*s));
	char path[512], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/data/host/%s",
		 getenv("VMMIO_SOURCE") ? getenv("VMMIO_SOURCE") : ".", name);
	f = fopen(path, "r");
	assert_non_null(f);
	s->file = name;
	while (fgets(line, sizeof(line), f)) {
		char *w[10], *save = NULL, *p;
		int n = 0;

		s->line++;
		if (line[0] == '#')
			continue;
		for (p = strtok_r(line, " \n", &save); p && n < 10;
		     p = strtok_r(NULL, " \n", &save))
			w[n++] = p;
		if (n)
			command(s, w, n);
	}
	assert_true(s->line > 10);
	fclose(f);
	vmmio_exit_rows_free(&s->rows);
	free(s);
}

static void vmx(void **state)
{
	play("vmx.events");
}

static void twice(void **state)
{
	(void)state;
	play("twice.events");
}

/* A thread and what interrupts it are two senders, each with a place of its own. */
static void senders(void **state)
{
	__u64 task = 0xffff888003a4c000ull, at;

	(void)state;
	for (at = task; at < task + 64 * 4096; at += 64) {
		__u64 a = vmmio_inject_who(at, 0), b = vmmio_inject_who(at, 1);

		assert_true(a && b && a != b);
		assert_true(vmmio_inject_at(a) < VMMIO_INJECT_SLOTS / 2);
		assert_true(vmmio_inject_at(b) >= VMMIO_INJECT_SLOTS / 2);
		assert_true(vmmio_inject_at(b) < VMMIO_INJECT_SLOTS);
	}
}

/*
 * Of a thread with many exits a part is timed, by chance: each kind of a period of four
 * has its share. All are counted, and each that is timed stands for as many as it should.
 */
static void sampled(void **state)
{
	static struct vmmio_exit_thread t;
	unsigned int timed = 0, i, n = 256000;
	__u64 cells = 0, exits = 0, hist = 0;

	(void)state;
	for (i = 0; i < n; i++) {
		/* one window has all of the first, and the rest is of another */
		bool is = vmmio_exit_is_timed(&t, i < VMMIO_EXIT_BUDGET ? 16 : 32);
		__u64 now = 1000 + 100ull * i;

		assert_true(is || i >= 2 * VMMIO_EXIT_BUDGET);
		timed += is;
		vmmio_exit_begin(&t, is ? now : VMMIO_EXIT_UNTIMED, i % 4, VMMIO_ISA_SVM);
		vmmio_exit_user(&t, is ? now + 1 : VMMIO_EXIT_UNTIMED, 5, 0);
		vmmio_exit_end(&t, is ? now + 50 : VMMIO_EXIT_UNTIMED);
	}
	assert_int_equal(t.exits, n);
	for (i = 0; i < VMMIO_EXIT_CELLS; i++) {
		const struct vmmio_exit_cell *c = &t.cells[i];

		if (!c->key.kind)
			continue;
		cells++;
		exits += c->exits;
		assert_int_equal(c->left, c->exits);
		assert_true(c->timed > n / 4 / VMMIO_EXIT_ONE_OF * 0.8 &&
			    c->timed < n / 4 / VMMIO_EXIT_ONE_OF * 1.2);
		assert_int_equal(c->ns, 50 * c->weight);
		assert_true(c->weight > c->exits * 0.9 && c->weight < c->exits * 1.1);
		assert_int_equal(c->min_ns, 50);
	}
	assert_int_equal(cells, 4);
	assert_int_equal(exits, n);
	for (i = 0; i < VMMIO_HIST_BUCKETS; i++)
		hist += t.user_time.n[i];
	assert_true(hist > n * 0.9 && hist < n * 1.1);
	assert_int_equal(hist, VMMIO_EXIT_ONE_OF * timed -
				       (VMMIO_EXIT_ONE_OF - 1) * 2 * VMMIO_EXIT_BUDGET);
}

/*
 * The first of a window are all timed: that they were long, as where a vCPU wakes up, does
 * not make the mean of the thousands after them so.
 */
static void weighed(void **state)
{
	static struct vmmio_exit_thread t;
	const struct vmmio_exit_cell *c = NULL;
	__u64 now = 1000;
	double mean;

	(void)state;
	for (unsigned int i = 0; i < 32000; i++, now += 2000) {
		__u64 ns = i < VMMIO_EXIT_BUDGET ? 1000 : 10;
		bool is = vmmio_exit_is_timed(&t, 16);

		vmmio_exit_begin(&t, is ? now : VMMIO_EXIT_UNTIMED, 1, VMMIO_ISA_SVM);
		vmmio_exit_end(&t, is ? now + ns : VMMIO_EXIT_UNTIMED);
	}
	for (unsigned int i = 0; i < VMMIO_EXIT_CELLS; i++)
		if (t.cells[i].key.kind)
			c = &t.cells[i];
	assert_non_null(c);
	mean = (double)c->ns / c->weight; /* of all 32,000: 10.99 */
	assert_true(mean > 10.5 && mean < 11.5);
}

static void svm(void **state)
{
	play("svm.events");
}

static void user_apic(void **state)
{
	play("user-apic.events");
}

static void arm64(void **state)
{
	play("arm64.events");
}

static void soft(void **state)
{
	play("soft.events");
}

static void forms(void **state)
{
	play("forms.events");
}

/* A scan of a dying machine: orphans, copies, and two VMs of one process. */
static void tree(void **state)
{
	const struct vmmio_host_rec recs[] = {
		{.type = VMMIO_HOST_VCPU, .kvm = 9, .addr = 1, .tid = 5}, /* its VM is gone */
		{.type = VMMIO_HOST_VM, .kvm = 2, .pid = 70, .fd = 8},
		{.type = VMMIO_HOST_VM, .kvm = 1, .pid = 71, .fd = 3}, /* inherited */
		{.type = VMMIO_HOST_VM, .kvm = 1, .pid = 70, .fd = 4},
		{.type = VMMIO_HOST_VCPU, .kvm = 1, .addr = 0x10, .id = 1, .tid = 72},
		{.type = VMMIO_HOST_VCPU, .kvm = 1, .addr = 0x10, .id = 1, .tid = 72},
		{.type = VMMIO_HOST_VCPU, .kvm = 1, .addr = 0x20, .id = 0, .tid = 73},
		{.type = VMMIO_HOST_IOEVENTFD,
		 .kvm = 1,
		 .bus = VMMIO_BUS_FAST_MMIO,
		 .addr = 0x1000,
		 .eventfd = 6,
		 .flags = VMMIO_HOST_WILDCARD},
		{.type = VMMIO_HOST_IOEVENTFD,
		 .kvm = 1,
		 .bus = VMMIO_BUS_MMIO,
		 .addr = 0x1000,
		 .eventfd = 6,
		 .flags = VMMIO_HOST_WILDCARD},
		{.type = VMMIO_HOST_IOEVENTFD,
		 .kvm = 1,
		 .bus = VMMIO_BUS_PIO,
		 .addr = 0xc000,
		 .eventfd = 6,
		 .flags = VMMIO_HOST_WILDCARD},
		{.type = VMMIO_HOST_IRQFD, .kvm = 1, .tid = 5, .eventfd = 7},
		{.type = VMMIO_HOST_IRQFD, .kvm = 1, .tid = 5, .eventfd = 7},
		{.type = 77, .kvm = 1},
	};
	struct vmmio_host h;

	assert_int_equal(vmmio_host_build(recs, sizeof(recs) / sizeof(recs[0]), &h), 0);
	assert_int_equal(h.nvms, 2);
	assert_int_equal(h.vms[0].kvm, 1);
	assert_int_equal(h.vms[0].pid, 70);
	assert_int_equal(h.vms[0].nth, 1);
	assert_int_equal(h.vms[1].nth, 2);
	assert_int_equal(h.vms[0].nvcpus, 2);
	assert_int_equal(h.vms[0].vcpus[0].tid, 73);
	assert_int_equal(h.vms[0].nirqfds, 1);
	assert_int_equal(h.vms[0].nranges, 2);
	assert_true(h.vms[0].ranges[0].fast);
	assert_false(h.vms[0].ranges[0].alias);
	assert_true(h.vms[0].ranges[1].alias);
	vmmio_host_free(&h);
	assert_int_equal(vmmio_host_build(NULL, 0, &h), 0);
	assert_int_equal(h.nvms, 0);
	vmmio_host_free(&h);
}

static void names(void **state)
{
	char buf[32];

	assert_string_equal(vmmio_exit_reason_name(VMMIO_ISA_VMX, 0x80000021, buf, sizeof(buf)),
			    "INVALID_STATE");
	assert_string_equal(vmmio_exit_reason_name(VMMIO_ISA_SVM, 0x400, buf, sizeof(buf)), "npf");
	assert_string_equal(vmmio_exit_reason_name(0, 7, buf, sizeof(buf)), "reason 0x7");
	assert_string_equal(vmmio_exit_user_name(6, buf, sizeof(buf)), "user:MMIO");
	assert_string_equal(vmmio_exit_user_name(4000, buf, sizeof(buf)), "user:4000");
}

/* An interval's percentiles are of that interval, not of what was before. */
static void interval(void **state)
{
	struct vmmio_hist before = {}, now;
	struct vmmio_value v;

	before.n[vmmio_hist_bucket(100)] = 1000;
	now = before;
	assert_false(vmmio_exit_percentile(&now, &before, 50).known);
	now.n[vmmio_hist_bucket(80000)] = 3;
	v = vmmio_exit_percentile(&now, &before, 50);
	assert_true(v.known && v.v > 70000);
	assert_true(vmmio_exit_percentile(&now, NULL, 50).v < 200);
}

/* A process on its way out: a scan that meets it so takes nothing from what is known. */
static void dying(void **state)
{
	struct vmmio_exit_rows rows = {};
	struct vmmio_host_vm vm = {.kvm = 1, .pid = 7, .name = "qemu"};
	struct vmmio_host host = {.vms = &vm, .nvms = 1};

	(void)state;
	vm.irqfds = calloc(1, sizeof(*vm.irqfds));
	vm.nirqfds = 1;
	assert_int_equal(vmmio_exit_rows_learn(&rows, &host), 0);
	strcpy(vm.name, "?");
	assert_int_equal(vmmio_exit_rows_learn(&rows, &host), 0);
	assert_int_equal(rows.nvms, 1);
	assert_string_equal(rows.vms[0].name, "qemu");
	assert_int_equal(rows.vms[0].nirqfds, 1);
	vmmio_exit_rows_free(&rows);
}

/*
 * Without kvm_userspace_exit nothing is known of what left the kernel: null, and what may
 * have has no path. With it, the same rows have numbers.
 */
static void unseen(void **state)
{
	static const __u8 kinds[] = {VMMIO_EXIT_MMIO_WRITE, VMMIO_EXIT_PIO_WRITE,
				     VMMIO_EXIT_PIO_READ, VMMIO_EXIT_MSR_READ};

	for (size_t i = 0; i < 2 * sizeof(kinds); i++) {
		int seen = i % 2;
		struct vmmio_exit_rows rows = {.no_left = !seen};
		struct vmmio_host_vm vm = {.kvm = 1, .pid = 7, .name = "qemu"};
		struct vmmio_host host = {.vms = &vm, .nvms = 1};
		struct vmmio_exit_cell cell = {
			.key = {.addr = 0x1000, .kind = kinds[i / 2], .path = VMMIO_PATH_KERNEL},
			.exits = 3,
		};
		struct vmmio_exit_totals *t = calloc(1, sizeof(*t));
		struct vmmio_exit_interrupts none = {};
		struct vmmio_exit_health health = {.has_left = seen, .has_eois = true};
		struct vmmio_exit_view v = {.rows = &rows,
					    .interrupts = &none,
					    .health = &health,
					    .engine = "bpf",
					    .accel = "kvm-svm",
					    .totals = true};
		char *text = NULL, *table = NULL;
		size_t size;
		FILE *f = open_memstream(&text, &size);

		t->exits = 3;
		t->vectors[37].exit = 3;
		assert_int_equal(vmmio_exit_rows_learn(&rows, &host), 0);
		assert_int_equal(vmmio_exit_rows_add(&rows, 0, 0, 1, &cell), 0);
		assert_int_equal(vmmio_exit_rows_add_totals(&rows, 0, 0, 1, t), 0);
		vmmio_exit_rows_resolve(&rows);
		vmmio_exit_json(&v, f);
		fclose(f);
		f = open_memstream(&table, &size);
		vmmio_exit_table(&v, f);
		fclose(f);
		assert_int_equal(strstr(text, "\"to_userspace\":null") == NULL, seen);
		assert_int_equal(strstr(text, "\"to_userspace\":0") != NULL, seen);
		assert_int_equal(strstr(text, "\"kvm_userspace_exit\":0") != NULL, seen);
		assert_int_equal(strstr(text, "\"in_kernel\":3,\"userspace\":0") != NULL, seen);
		assert_int_equal(strstr(text, "\"path\":\"in-kernel\"") != NULL, seen);
		assert_int_equal(strstr(table, "to userspace -") == NULL, seen);
		assert_int_equal(strstr(table, "to userspace 0") != NULL, seen);
		free(text);
		free(table);
		free(t);
		vmmio_exit_rows_free(&rows);
	}
}

/* Whose the interrupts of @vector on @vcpu are, by a VM with two vCPUs. */
static void is_whose(const struct vmmio_exit_rows *rows, __u32 vcpu, __u32 vector, const char *want)
{
	char whose[40];

	vmmio_exit_rows_vector(rows, 0, vcpu, vector, whose, sizeof(whose));
	assert_string_equal(whose, want);
}

/*
 * Each vCPU has vectors of its own: 37 is one device's on the first and another's on the
 * second, 38 is a line on the first and a message to the second, 39 is the same on both.
 */
static void two_vcpus(void **state)
{
	for (int by_vcpu = 0; by_vcpu < 2; by_vcpu++) {
		struct vmmio_exit_rows rows = {.by_vcpu = by_vcpu};
		struct vmmio_host_vm vm = {.kvm = 1, .pid = 7, .name = "qemu", .nirqfds = 1};
		struct vmmio_host host = {.vms = &vm, .nvms = 1};

		vm.irqfds = calloc(1, sizeof(*vm.irqfds)); /* the rows' now */
		*vm.irqfds = (struct vmmio_host_irqfd){.route = VMMIO_ROUTE_MSI,
						       .msi_addr = 0xfee01000,
						       .msi_data = 38,
						       .gsi = 25};
		assert_int_equal(vmmio_exit_rows_learn(&rows, &host), 0);
		for (__u32 vcpu = 0; vcpu < 2; vcpu++) {
			struct vmmio_exit_totals *t = calloc(1, sizeof(*t));

			t->vectors[37] = (struct vmmio_exit_vector){
				.exit = 9, .acked = 0xc000001000 + vcpu * 0x4000, .acks = 9 - vcpu};
			t->vectors[39] = (struct vmmio_exit_vector){
				.exit = 9, .acked = 0xc000009000, .acks = 1 + vcpu};
			if (!vcpu)
				t->vectors[38] = t->vectors[39];
			assert_int_equal(vmmio_exit_rows_add_totals(&rows, 0, vcpu, 1 + vcpu, t),
					 0);
			free(t);
		}
		is_whose(&rows, VMMIO_NO_VCPU, 37, "");
		is_whose(&rows, VMMIO_NO_VCPU, 38, "");
		is_whose(&rows, VMMIO_NO_VCPU, 39, "0xc000009000");
		if (by_vcpu) {
			is_whose(&rows, 0, 37, "0xc000001000");
			is_whose(&rows, 1, 37, "0xc000005000");
			is_whose(&rows, 0, 38, "0xc000009000");
			is_whose(&rows, 1, 38, "irqfd GSI 25");
			is_whose(&rows, 0, 40, "");
		}
		vmmio_exit_rows_free(&rows);
	}
}

/*
 * An i8259's interrupts are accepted by nobody that tells: of a low line 0 is not known, nor
 * is how many exits an interrupt has.
 */
static void by_pic(void **state)
{
	struct vmmio_exit_interrupt both[] = {
		{.kind = VMMIO_INJECT_MSI, .data = 4, .raised = 10, .accepted = 10},
		{.kind = VMMIO_INJECT_LINE, .data = 17, .raised = 17},
	};
	struct vmmio_exit_interrupts x = {.v = both, .n = 2};
	struct vmmio_exit_rows rows = {};
	struct vmmio_exit_view v = {.rows = &rows, .interrupts = &x, .totals = true};
	__u64 sum, exits;

	assert_true(vmmio_exit_accepted_known(&both[0]) && vmmio_exit_accepted_known(&both[1]));
	assert_true(vmmio_exit_interrupts_of(&v, 0, &sum, &exits));
	assert_int_equal(sum, 10);
#if defined(__x86_64__)
	both[1].data = 4;
	assert_false(vmmio_exit_accepted_known(&both[1]));
	assert_false(vmmio_exit_interrupts_of(&v, 0, &sum, &exits));
	both[1].accepted = 3;
	assert_true(vmmio_exit_accepted_known(&both[1]));
#endif
}

/* What several vCPUs took is one sum, or a sum of each; never all of it the last one's. */
static void taken_by(void **state)
{
	const struct vmmio_inject_key key = {.kind = VMMIO_INJECT_LINE, .data = 20};
	struct vmmio_exit_interrupts x = {};

	for (__u32 vcpu = 0; vcpu < 2; vcpu++) {
		const struct vmmio_inject_count taken = {
			.raised = 90 + vcpu, .accepted = 90 + vcpu, .vector = 37, .vcpu = vcpu};

		assert_int_equal(vmmio_exit_interrupts_add(&x, 0, &key, &taken), 0);
	}
	assert_int_equal(x.n, 2);
	for (__u32 vcpu = 0; vcpu < 2; vcpu++) {
		assert_int_equal(x.v[vcpu].vcpu, vcpu);
		assert_int_equal(x.v[vcpu].accepted, 90 + vcpu);
	}
	free(x.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmx),	     cmocka_unit_test(svm),	cmocka_unit_test(user_apic),
		cmocka_unit_test(arm64),     cmocka_unit_test(soft),	cmocka_unit_test(tree),
		cmocka_unit_test(names),     cmocka_unit_test(twice),	cmocka_unit_test(senders),
		cmocka_unit_test(sampled),   cmocka_unit_test(weighed), cmocka_unit_test(interval),
		cmocka_unit_test(forms),     cmocka_unit_test(dying),	cmocka_unit_test(unseen),
		cmocka_unit_test(two_vcpus), cmocka_unit_test(by_pic),	cmocka_unit_test(taken_by),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
