// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of kicks from steps that are written down here: a whole one, what is missing or
 * mixed up and the reason that it has, and the clocks of both halves. Long because all of it
 * needs the same two halves.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/vmmio-stat/record/chain.h"
#include "vmmio/events.h"
#include "vmmio/hostexit.h"

#define KICK 1000000ull /* of the first, the guest's clock */
#define PERIOD 100000ull
#define AHEAD 5000000ull /* the host's clock before the guest's */
#define DOORBELL 0xfeb02e50ull

/* The host's counter runs at 2 GHz, the guest's is 700 ticks ahead. */
static struct dat_pair guest_pairs[] = {{0, 700 + 2 * AHEAD, 20},
					{PERIOD * 100, 700 + 2 * (AHEAD + PERIOD * 100), 20}};
static struct dat_pair host_pairs[] = {{AHEAD, 2 * AHEAD, 20},
				       {AHEAD + PERIOD * 100, 2 * (AHEAD + PERIOD * 100), 20}};
static struct dat_task tasks[] = {{10, "vcpu"}, {11, "main"}, {12, "vcpu"}};

struct state {
	struct vmmio_chains c;
	struct dat_facts guest, host;
	struct dat_vcpu vcpu;
	struct dat_vm vm;
	struct vmmio_clockmap map;
	char why[160];
	int skip;	 /* kind of the host's that is not recorded; -1: none */
	int skip_of;	 /* of this kick */
	int interrupted; /* of this kick, between its event and its write; -1: none */
	__u32 id;	 /* of the vCPU */
	__u64 bend;	 /* by so much more is each period longer than the one before */
};

static __u64 begin(const struct state *s, int kick)
{
	return KICK + (__u64)kick * PERIOD + (__u64)(kick * kick) * s->bend;
}

static void setup(struct state *s)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(vmmio_chains_init(&s->c), 0);
	s->guest = (struct dat_facts){.pairs = guest_pairs, .npairs = 2, .end_ns = PERIOD * 100};
	s->vcpu = (struct dat_vcpu){.offset = 700, .from_ns = AHEAD};
	s->vm = (struct dat_vm){
		.pid = 9, .vcpus = &s->vcpu, .nvcpus = 1, .tasks = tasks, .ntasks = 3};
	s->host = (struct dat_facts){.host = true,
				     .pairs = host_pairs,
				     .npairs = 2,
				     .vms = &s->vm,
				     .nvms = 1,
				     .end_ns = AHEAD + PERIOD * 100};
	s->skip = s->interrupted = -1;
}

static void guest(struct state *s, int kick)
{
	__u64 at = begin(s, kick);
	struct vmmio_step x = {.slot = 3, .gen = 1, .pid = 77};

	x.kind = VMMIO_STEP_KICK;
	x.ns = x.begin_ns = at;
	x.flags = VMMIO_EV_OPENED;
	vmmio_chains_guest(&s->c, &x);
	x.kind = VMMIO_STEP_QUEUE_IRQ;
	x.ns = x.begin_ns = at + 40000;
	x.latency_ns = 40000;
	x.flags = VMMIO_EV_LATENCY;
	vmmio_chains_guest(&s->c, &x);
	x = (struct vmmio_step){.kind = VMMIO_STEP_IRQ_DONE,
				.begin_ns = at + 40000,
				.cost_ns = 9000,
				.slot = 2,
				.gen = 1,
				.found = true};
	vmmio_chains_guest(&s->c, &x);
	x = (struct vmmio_step){.kind = VMMIO_STEP_KICK_DONE,
				.ns = at + 60000,
				.slot = 3,
				.gen = 1,
				.begin_ns = at,
				.cost_ns = kick == s->interrupted ? 30000 : 60000};
	vmmio_chains_guest(&s->c, &x);
}

static void step(struct state *s, int kick, struct vmmio_host_step x, __u64 after, __s32 pid)
{
	if ((int)x.kind == s->skip && kick == s->skip_of)
		return;
	x.ns = AHEAD + begin(s, kick) + after;
	x.pid = pid;
	vmmio_chains_host(&s->c, &x);
}

static void host(struct state *s, int kick)
{
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_EXIT, .c = s->id}, 2000, 10);
	step(s, kick,
	     (struct vmmio_host_step){
		     .kind = VMMIO_HOST_MMIO, .a = VMMIO_KVM_MMIO_WRITE, .b = 4, .addr = DOORBELL},
	     5000, 10);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_WAKE, .a = 11}, 6000, 10);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_SWITCH, .a = 10, .b = 11}, 8000,
	     10);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_LINE, .a = 23, .b = 1}, 20000,
	     11);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_MSI, .data = 37}, 21000, 11);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_ACCEPT, .a = s->id, .vector = 37},
	     22000, 11);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_SWITCH, .a = 11, .b = 10}, 30000,
	     11);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_INJECT, .a = 37}, 35000, 10);
	step(s, kick, (struct vmmio_host_step){.kind = VMMIO_HOST_ENTRY, .c = s->id}, 36000, 10);
}

static void join(struct state *s, const struct vmmio_request *r, size_t n)
{
	size_t i;

	assert_int_equal(
		vmmio_clockmap_init(&s->map, &s->guest, &s->host, &s->vm, s->why, sizeof(s->why)),
		0);
	assert_int_equal(vmmio_chains_join(&s->c, &s->vm, &s->map, r, n), 0);
	for (i = 0; i < s->c.n; i++)
		assert_true(vmmio_chain_adds_up(&s->c.v[i]));
}

static void both(struct state *s)
{
	int i;

	for (i = 0; i < 5; i++) {
		guest(s, i);
		host(s, i);
	}
}

static void test_whole(void **data)
{
	static const __u64 want[VMMIO_MARKS] = {0,     0,     2000, 3000, 3000,
						12000, 15000, 5000, 9000, 0};
	struct state s;
	__u64 ns;
	int i, m;

	setup(&s);
	both(&s);
	join(&s, NULL, 0);
	assert_int_equal(s.c.n, 5);
	for (i = 0; i < 5; i++) {
		const struct vmmio_chain *x = &s.c.v[i];

		assert_int_equal(x->why, VMMIO_CHAIN_WHOLE);
		assert_int_equal(x->doorbell, DOORBELL);
		assert_int_equal(x->path, VMMIO_CHAIN_EVENTFD);
		for (m = VMMIO_MARK_EXIT; m <= VMMIO_MARK_HANDLED; m++) {
			assert_true(vmmio_chain_leg(x, m, &ns));
			assert_int_equal(ns, want[m]);
		}
		assert_int_equal(vmmio_chain_whole(x), 49000);
	}
	assert_int_equal(s.c.strangers, 0);
	vmmio_chains_free(&s.c);
}

/* A step of the host's that is gone, and what comes of it. */
static void test_missing(void **data)
{
	static const struct {
		enum vmmio_host_kind kind;
		enum vmmio_chain_why why;
		enum vmmio_mark unseen;
	} cases[] = {
		{VMMIO_HOST_MMIO, VMMIO_CHAIN_NO_EXIT, VMMIO_MARK_EXIT},
		{VMMIO_HOST_ACCEPT, VMMIO_CHAIN_NO_SENT, VMMIO_MARK_SENT},
		{VMMIO_HOST_EXIT, VMMIO_CHAIN_WHOLE, VMMIO_MARK_EXIT},
		{VMMIO_HOST_WAKE, VMMIO_CHAIN_WHOLE, VMMIO_MARK_RUNS},
		{VMMIO_HOST_INJECT, VMMIO_CHAIN_WHOLE, VMMIO_MARK_INJECTED},
	};
	struct state s;
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup(&s);
		s.skip = cases[i].kind;
		s.skip_of = 2;
		both(&s);
		join(&s, NULL, 0);
		for (k = 0; k < 5; k++) {
			assert_int_equal(s.c.v[k].why, k == 2 ? cases[i].why : VMMIO_CHAIN_WHOLE);
			assert_int_equal(!s.c.v[k].mark[cases[i].unseen], k == 2);
			if (s.c.v[k].why == VMMIO_CHAIN_WHOLE)
				assert_int_equal(vmmio_chain_whole(&s.c.v[k]), 49000);
		}
		vmmio_chains_free(&s.c);
	}
}

/* A write that is no kick's shows, also where a kick has no write. */
static void test_strangers(void **data)
{
	struct state s;

	setup(&s);
	s.skip = VMMIO_HOST_MMIO;
	s.skip_of = 2;
	both(&s);
	step(&s, 4,
	     (struct vmmio_host_step){
		     .kind = VMMIO_HOST_MMIO, .a = VMMIO_KVM_MMIO_WRITE, .b = 4, .addr = DOORBELL},
	     80000, 10);
	join(&s, NULL, 0);
	assert_int_equal(s.c.v[2].why, VMMIO_CHAIN_NO_EXIT);
	assert_int_equal(s.c.strangers, 1);
	vmmio_chains_free(&s.c);
}

/* Left for the VMM: the vCPU's own thread is the backend. */
static void test_userspace(void **data)
{
	struct state s;

	setup(&s);
	guest(&s, 0);
	step(&s, 0, (struct vmmio_host_step){.kind = VMMIO_HOST_EXIT}, 2000, 10);
	step(&s, 0,
	     (struct vmmio_host_step){
		     .kind = VMMIO_HOST_MMIO, .a = VMMIO_KVM_MMIO_WRITE, .addr = DOORBELL},
	     5000, 10);
	step(&s, 0, (struct vmmio_host_step){.kind = VMMIO_HOST_USER, .a = VMMIO_KVM_EXIT_MMIO},
	     7000, 10);
	step(&s, 0, (struct vmmio_host_step){.kind = VMMIO_HOST_MSI, .data = 37}, 21000, 10);
	step(&s, 0, (struct vmmio_host_step){.kind = VMMIO_HOST_ACCEPT, .vector = 37}, 22000, 10);
	step(&s, 0, (struct vmmio_host_step){.kind = VMMIO_HOST_INJECT, .a = 37}, 35000, 10);
	join(&s, NULL, 0);
	assert_int_equal(s.c.v[0].why, VMMIO_CHAIN_WHOLE);
	assert_int_equal(s.c.v[0].path, VMMIO_CHAIN_USER);
	assert_int_equal(s.c.v[0].mark[VMMIO_MARK_SERVED], KICK + 7000);
	assert_int_equal(s.c.v[0].mark[VMMIO_MARK_RUNS], 0);
	vmmio_chains_free(&s.c);
}

static void test_requests(void **data)
{
	struct vmmio_request r[] = {
		{KICK - 500, 60000}, {KICK + PERIOD - 700, 51000}, {KICK + 50 * PERIOD, 10}};
	struct state s;

	setup(&s);
	both(&s);
	join(&s, r, 3);
	assert_int_equal(vmmio_chain_whole(&s.c.v[0]), 60000);
	assert_int_equal(vmmio_chain_whole(&s.c.v[1]), 51000);
	assert_int_equal(s.c.v[2].why, VMMIO_CHAIN_NO_REQUEST);
	assert_int_equal(s.c.requests_without, 1);
	vmmio_chains_free(&s.c);

	/* two kicks in one request: nobody knows whose it is */
	r[0].ns = 60000 + PERIOD;
	r[1] = r[2];
	setup(&s);
	both(&s);
	join(&s, r, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(s.c.v[i].why, VMMIO_CHAIN_SHARED);
		assert_int_equal(s.c.v[i].mark[VMMIO_MARK_BEGIN], 0);
	}
	vmmio_chains_free(&s.c);
}

/* Kicks of the guest's that were not recorded there, and one that was merged. */
static void test_guest(void **data)
{
	struct vmmio_step merged = {.kind = VMMIO_STEP_KICK,
				    .slot = 3,
				    .gen = 1,
				    .flags = VMMIO_EV_MERGED,
				    .begin_ns = KICK + 10};
	struct state s;

	setup(&s);
	guest(&s, 0);
	vmmio_chains_guest(&s.c, &merged);
	host(&s, 0);
	host(&s, 1);
	join(&s, NULL, 0);
	assert_int_equal(s.c.n, 2);
	assert_int_equal(s.c.v[0].why, VMMIO_CHAIN_WHOLE);
	assert_int_equal(s.c.v[1].why, VMMIO_CHAIN_MERGED);
	vmmio_chains_free(&s.c);
}

static void refuse(struct state *s, const char *what)
{
	assert_true(vmmio_clockmap_init(&s->map, &s->guest, &s->host, &s->vm, s->why,
					sizeof(s->why)) < 0);
	assert_non_null(strstr(s->why, what));
}

static void test_clocks(void **data)
{
	struct dat_pair jump[] = {
		host_pairs[0], {AHEAD + 1000000, 2 * AHEAD + 2000000, 20}, host_pairs[1]};
	struct dat_vcpu vcpus[] = {{.offset = 700}, {.vcpu = 1, .offset = 700}};
	struct state s;

	setup(&s);
	assert_int_equal(
		vmmio_clockmap_init(&s.map, &s.guest, &s.host, &s.vm, s.why, sizeof(s.why)), 0);
	assert_int_equal(vmmio_clockmap_guest(&s.map, AHEAD + 12345), 12345);
	assert_in_range(s.map.error_ns, 20, 30);
	/* the guest's runs at half the rate, as KVM scales it */
	s.vcpu.ratio = 1ull << 31;
	s.vcpu.frac_bits = 32;
	s.vcpu.offset = 700 + 2 * (__s64)AHEAD - (__s64)AHEAD;
	assert_int_equal(
		vmmio_clockmap_init(&s.map, &s.guest, &s.host, &s.vm, s.why, sizeof(s.why)), 0);
	assert_int_equal(vmmio_clockmap_guest(&s.map, AHEAD + 12346), 6173);
	s.vcpu = (struct dat_vcpu){.offset = 700};
	s.host.pairs = jump;
	s.host.npairs = 3;
	assert_int_equal(
		vmmio_clockmap_init(&s.map, &s.guest, &s.host, &s.vm, s.why, sizeof(s.why)), 0);
	jump[1].ns += 50000;
	refuse(&s, "the host's clock jumps");
	jump[1].ns = 17;
	refuse(&s, "the host's clock jumps");
	s.host.npairs = 1;
	refuse(&s, "the host's recording does not tie its clock");
	s.host.pairs = host_pairs;
	s.host.npairs = 2;
	s.guest.npairs = 0;
	refuse(&s, "the guest's recording does not tie its clock");
	s.guest.npairs = 2;
	s.vm.vcpus = vcpus;
	s.vm.nvcpus = 2;
	assert_int_equal(
		vmmio_clockmap_init(&s.map, &s.guest, &s.host, &s.vm, s.why, sizeof(s.why)), 0);
	vcpus[1].offset++;
	refuse(&s, "counters of their own");
	s.vm.nvcpus = 0;
	refuse(&s, "no TSC offset");
	vmmio_chains_free(&s.c);
}

/* Steps that come before what causes them, by more than the clocks' error. */
static void test_order(void **data)
{
	struct state s;
	size_t i;

	setup(&s);
	both(&s);
	for (i = 0; i < s.c.nsteps; i++)
		if (s.c.steps[i].kind == VMMIO_HOST_MSI || s.c.steps[i].kind == VMMIO_HOST_LINE)
			s.c.steps[i].ns -= 17000;
	join(&s, NULL, 0);
	for (i = 0; i < 5; i++)
		assert_int_equal(s.c.v[i].why, VMMIO_CHAIN_ORDER);
	vmmio_chains_free(&s.c);
}

static void expect_all(const struct state *s, enum vmmio_chain_why why, bool measured)
{
	size_t i;

	for (i = 0; i < s->c.n; i++)
		assert_int_equal(s->c.v[i].why, why);
	assert_int_equal(s->c.cpus_measured, measured);
}

/* CPU 0 is the vCPU with APIC id 4; a CPU's number is not taken for it. */
static void test_vcpus(void **data)
{
	struct dat_apic apic = {0, 4};
	struct state s;
	size_t i, n;

	setup(&s);
	s.id = 4;
	s.guest.apics = &apic;
	s.guest.napics = 1;
	both(&s);
	join(&s, NULL, 0);
	expect_all(&s, VMMIO_CHAIN_WHOLE, false);
	apic.id = 0;
	join(&s, NULL, 0);
	expect_all(&s, VMMIO_CHAIN_NO_VCPU, false);
	/* not told: seen by what it did */
	s.guest.napics = 0;
	join(&s, NULL, 0);
	expect_all(&s, VMMIO_CHAIN_WHOLE, true);
	/* and not to be seen where another one did the same at the same time */
	n = s.c.nsteps;
	for (i = 0; i < n; i++) {
		struct vmmio_host_step x = s.c.steps[i];

		x.c = 5;
		x.pid = 12;
		if (x.kind <= VMMIO_HOST_MMIO || x.kind == VMMIO_HOST_INJECT)
			vmmio_chains_host(&s.c, &x);
	}
	join(&s, NULL, 0);
	expect_all(&s, VMMIO_CHAIN_NO_CPU, true);
	vmmio_chains_free(&s.c);
}

static int measure(struct state *s)
{
	return vmmio_chains_measure(&s->c, &s->vm, &s->guest, &s->host, &s->map, s->why,
				    sizeof(s->why));
}

/* KVM does not say by how much the counters differ: the doorbells do. */
static void test_measured(void **data)
{
	struct state s;
	int i;

	setup(&s);
	s.bend = 7001;
	for (i = 0; i < 20; i++) {
		guest(&s, i);
		host(&s, i);
	}
	assert_int_equal(measure(&s), 0);
	assert_int_equal(s.map.paired, 20);
	/* a kick is 60 us long, its exit begins 2 us later and ends 24 us before it */
	assert_in_range(s.map.error_ns, 13000, 13100);
	assert_in_range(llabs(s.map.tsc.offset - 700), 2 * 11000 - 100, 2 * 11000 + 100);
	assert_true(llabs(s.map.tsc.offset - 700) / 2 <= (long long)s.map.error_ns);
	s.host.pairs = (struct dat_pair[]){host_pairs[0], host_pairs[1]};
	s.host.pairs[1].ticks += PERIOD;
	assert_int_equal(measure(&s), -ERANGE);
	assert_non_null(strstr(s.why, "scaled"));
	vmmio_chains_free(&s.c);

	/* one whose write came late: the kick lasts until it, however short the write itself was */
	setup(&s);
	s.bend = 7001;
	s.interrupted = 7;
	for (i = 0; i < 20; i++) {
		guest(&s, i);
		host(&s, i);
	}
	assert_int_equal(measure(&s), 0);
	assert_int_equal(s.map.paired, 20);
	vmmio_chains_free(&s.c);

	/* evenly spaced: one period to and fro does as well */
	setup(&s);
	for (i = 0; i < 20; i++) {
		guest(&s, i);
		host(&s, i);
	}
	assert_int_equal(measure(&s), -ERANGE);
	assert_non_null(strstr(s.why, "either of two"));
	vmmio_chains_free(&s.c);

	/* another guest's */
	setup(&s);
	for (i = 0; i < 20; i++) {
		s.bend = 7001;
		guest(&s, i);
		s.bend = 3001;
		host(&s, i);
	}
	assert_int_equal(measure(&s), -ENODATA);
	vmmio_chains_free(&s.c);
}

/*
 * Another vCPU's exits lie within some of the kicks, too, a little earlier than their own:
 * the error that is said still has the truth in it.
 */
static void test_foreign_exits(void **data)
{
	struct vmmio_clock_span kicks[40], exits[45];
	struct state s;
	size_t n = 0;
	int i;

	setup(&s);
	s.bend = 7001;
	for (i = 0; i < 40; i++) {
		__u64 at = begin(&s, i);

		kicks[i] = (struct vmmio_clock_span){at, at + 60000};
		if (i % 9 == 4) /* begins 5 us before the kick, ends within it */
			exits[n++] =
				(struct vmmio_clock_span){AHEAD + at - 5000, AHEAD + at + 30000};
		exits[n++] = (struct vmmio_clock_span){AHEAD + at + 2000, AHEAD + at + 36000};
	}
	assert_int_equal(vmmio_clockmap_measure(&s.map, &s.guest, &s.host, kicks, 40, exits, n,
						s.why, sizeof(s.why)),
			 0);
	assert_int_equal(s.map.paired, 40);
	assert_true(llabs(s.map.tsc.offset - 700) / 2 <= (long long)s.map.error_ns);
	vmmio_chains_free(&s.c);
}

static int by_begin(const void *a, const void *b)
{
	const struct vmmio_clock_span *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

/*
 * Another vCPU's exits follow most of its own by 200 us, and one kick is as wide as five times
 * that. By the true offset each kick has an exit: only that decides, and not where one was
 * @lost or the host's recording says that something was.
 */
static int near_offsets(struct state *s, int lost, __u64 said)
{
	static struct dat_cpu_facts cpu;
	struct vmmio_clock_span kicks[41], exits[82];
	size_t n = 0;
	int i;

	setup(s);
	s->bend = 7001;
	cpu.lost = said;
	s->host.cpus = &cpu;
	s->host.ncpus = 1;
	for (i = 0; i < 41; i++) {
		__u64 at = begin(s, i), out = AHEAD + at;

		kicks[i] = (struct vmmio_clock_span){at, at + (i < 40 ? 60000 : 1000000)};
		if (i != lost)
			exits[n++] = (struct vmmio_clock_span){out + 2000, out + 36000};
		if (i % 10)
			exits[n++] = (struct vmmio_clock_span){out + 202000, out + 236000};
	}
	qsort(exits, n, sizeof(*exits), by_begin);
	return vmmio_clockmap_measure(&s->map, &s->guest, &s->host, kicks, 41, exits, n, s->why,
				      sizeof(s->why));
}

static void test_near_offsets(void **data)
{
	struct state s;

	assert_int_equal(near_offsets(&s, 20, 0), -ERANGE);
	assert_non_null(strstr(s.why, "either of two"));
	vmmio_chains_free(&s.c);
	assert_int_equal(near_offsets(&s, -1, 1), -ERANGE);
	vmmio_chains_free(&s.c);
	if (near_offsets(&s, -1, 0))
		fail_msg("%s", s.why);
	assert_int_equal(s.map.paired, 41);
	assert_true(llabs(s.map.tsc.offset - 700) / 2 <= (long long)s.map.error_ns);
	vmmio_chains_free(&s.c);
}

/* As many that only each second kick is tried: the rest is asked, too, once an offset is found. */
static int near_many(struct state *s, int lost)
{
	static struct dat_cpu_facts cpu;
	static struct vmmio_clock_span kicks[800], exits[1600];
	size_t n = 0;
	int i;

	setup(s);
	s->host.cpus = &cpu;
	s->host.ncpus = 1;
	for (i = 0; i < 800; i++) {
		__u64 at = KICK + (__u64)i * 600000 + (__u64)(i * i) * 701, out = AHEAD + at;

		kicks[i] = (struct vmmio_clock_span){at, at + 60000};
		if (i != lost)
			exits[n++] = (struct vmmio_clock_span){out + 2000, out + 36000};
		if (i % 10)
			exits[n++] = (struct vmmio_clock_span){out + 202000, out + 236000};
	}
	return vmmio_clockmap_measure(&s->map, &s->guest, &s->host, kicks, 800, exits, n, s->why,
				      sizeof(s->why));
}

static void test_near_many(void **data)
{
	struct state s;

	if (near_many(&s, -1))
		fail_msg("%s", s.why);
	assert_int_equal(s.map.paired, 800);
	assert_true(llabs(s.map.tsc.offset - 700) / 2 <= (long long)s.map.error_ns);
	vmmio_chains_free(&s.c);
	/* one that is tried has none, one that is not */
	assert_int_equal(near_many(&s, 400), -ERANGE);
	assert_non_null(strstr(s.why, "either of two"));
	vmmio_chains_free(&s.c);
	assert_int_equal(near_many(&s, 401), -ERANGE);
	assert_non_null(strstr(s.why, "either of two"));
	vmmio_chains_free(&s.c);
}

/*
 * Two vCPUs' exits 200 us apart in each kick, half of which are so wide that by any offset
 * between they have one: two tops of one hill. The error that is said has both in it.
 */
static void test_two_tops(void **data)
{
	struct vmmio_clock_span kicks[41], exits[82];
	struct state s;
	int i;

	setup(&s);
	for (i = 0; i < 41; i++) {
		__u64 at = KICK + (__u64)i * 600000 + (__u64)(i * i) * 7001;

		kicks[i] = (struct vmmio_clock_span){at, at + (i % 2 ? 60000 : 500000)};
		exits[2 * i] = (struct vmmio_clock_span){AHEAD + at + 2000, AHEAD + at + 36000};
		exits[2 * i + 1] =
			(struct vmmio_clock_span){AHEAD + at + 202000, AHEAD + at + 236000};
	}
	if (vmmio_clockmap_measure(&s.map, &s.guest, &s.host, kicks, 41, exits, 82, s.why,
				   sizeof(s.why)))
		fail_msg("%s", s.why);
	assert_int_equal(s.map.paired, 41);
	assert_true(llabs(s.map.tsc.offset - 700) / 2 <= (long long)s.map.error_ns);
	assert_in_range(s.map.error_ns, 100000, 130000);
	vmmio_chains_free(&s.c);
}

/* Where there are too many exits to look through that is said, not that none fits. */
static void test_too_many_exits(void **data)
{
	const size_t n = 200000;
	struct vmmio_clock_span *exits = calloc(n, sizeof(*exits)), kicks[20];
	struct state s;
	size_t i;

	setup(&s);
	assert_non_null(exits);
	for (i = 0; i < n; i++)
		exits[i] = (struct vmmio_clock_span){AHEAD + KICK + i, AHEAD + KICK + i + 1};
	for (i = 0; i < 20; i++)
		kicks[i] = (struct vmmio_clock_span){KICK + i * 100, KICK + i * 100 + 50};
	assert_int_equal(vmmio_clockmap_measure(&s.map, &s.guest, &s.host, kicks, 20, exits, n,
						s.why, sizeof(s.why)),
			 -E2BIG);
	assert_non_null(strstr(s.why, "too many"));
	free(exits);
	vmmio_chains_free(&s.c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	      cmocka_unit_test(test_missing),
		cmocka_unit_test(test_strangers),     cmocka_unit_test(test_userspace),
		cmocka_unit_test(test_requests),      cmocka_unit_test(test_guest),
		cmocka_unit_test(test_clocks),	      cmocka_unit_test(test_order),
		cmocka_unit_test(test_vcpus),	      cmocka_unit_test(test_measured),
		cmocka_unit_test(test_foreign_exits), cmocka_unit_test(test_near_offsets),
		cmocka_unit_test(test_two_tops),      cmocka_unit_test(test_too_many_exits),
		cmocka_unit_test(test_near_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
