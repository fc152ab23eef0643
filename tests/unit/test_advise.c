// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of advise by planted cases: each has one that fires it, with its numbers and
 * the command to type, and one next to it that must not; fifty healthy guests hear
 * nothing. Where a device and its interrupt are, by folders made here. Long because the cases
 * are one table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/vmmio-stat/advise/place.h"
#include "tools/vmmio-stat/advise/report.h"

#define EVENT_IDX (1ull << 29)
#define INDIRECT (1ull << 28)
#define VERSION_1 (1ull << 32)
#define QUEUES 2
#define SECONDS 2

/* One disk of one second queue, as told; 0: what a healthy guest has. */
struct guest {
	const char *accel;
	__u64 without; /* features it has not */
	int mode, transport;
	unsigned int ring, ring_max, queues;
	__u64 kicks, opportunities, buffers, flight, p99; /* flight: mean, at a kick */
	__u64 irqs, runs, spurious, refused, added;
	__u64 reads, writes, access_ns; /* access_ns: of one; 0: not timed */
	__u64 k2i_ns;
	bool driven, net, lazy;
	enum vmmio_advise_owner owner;
	const char *settings;
	int nodes, device_node, irq_node;
};

static void fill(struct vmmio_snapshot *s, struct vmmio_env *env, const struct guest *g)
{
	const struct vmmio_want want = {.hists = 1u << VMMIO_HIST_OCCUPANCY | 1u << VMMIO_HIST_IRQ};
	unsigned int queues = g->queues ?: 1, i;
	int mode = g->mode ?: VMMIO_IRQ_MSIX;
	struct vmmio_row *r;

	memset(env, 0, sizeof(*env));
	vmmio_env_set(env, g->accel ?: "kvm-vmx", "tsc");
	vmmio_snapshot_init(s, &want);
	s->time_ns = SECONDS * 1000000000ull;
	for (i = 0; i <= queues; i++)
		assert_non_null(vmmio_snapshot_add(s));
	for (i = 0; i <= queues; i++) {
		r = &s->rows[i];
		r->info = (struct vmmio_slot_info){
			.slot = i,
			.gen = 1,
			.kind = i ? VMMIO_SLOT_QUEUE : VMMIO_SLOT_DEVICE,
			.irq_mode = mode,
			.irq = 30,
			.transport = g->transport ?: VMMIO_TRANSPORT_PCI,
			.ring_size = i ? (g->ring ?: 256) : 0,
			.ring_max = i ? (g->ring_max ?: 256) : 0,
			.device_id = g->net ? 1 : 2,
			.device = "virtio3",
			.driver = "virtio_blk",
			.features = (VERSION_1 | INDIRECT | EVENT_IDX) & ~g->without,
			.flags = (g->driven ? VMMIO_SLOT_DEVICE_DRIVEN : 0) |
				 (g->lazy ? VMMIO_SLOT_LAZY_STATUS : 0)};
		if (!i) {
			vmmio_row_set(r, VMMIO_C_IRQS, g->runs ?: g->irqs * queues);
			if (g->reads || g->writes) {
				vmmio_row_set(r, VMMIO_C_REG_READS, g->reads);
				vmmio_row_set(r, VMMIO_C_REG_WRITES, g->writes);
			}
			if (g->access_ns) {
				vmmio_row_set(r, VMMIO_C_ACCESSES_TIMED, g->reads + g->writes);
				vmmio_row_set(r, VMMIO_C_ACCESS_NS,
					      (g->reads + g->writes) * g->access_ns);
			}
			continue;
		}
		vmmio_row_set(r, VMMIO_C_KICKS, g->kicks);
		vmmio_row_set(r, VMMIO_C_OPPORTUNITIES, g->opportunities ?: g->kicks);
		vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, g->kicks);
		vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, g->buffers ?: g->kicks);
		vmmio_row_set(r, VMMIO_C_OCCUPANCIES, g->kicks);
		vmmio_row_set(r, VMMIO_C_OCCUPANCY, g->kicks * (g->flight ?: 1));
		vmmio_row_set(r, VMMIO_C_IRQS, g->irqs);
		vmmio_row_set(r, VMMIO_C_IRQS_SPURIOUS, g->spurious);
		vmmio_row_set(r, VMMIO_C_ADDED, g->added ?: g->kicks);
		vmmio_row_set(r, VMMIO_C_RING_FULL, g->refused);
		r->have_hist = 1u << VMMIO_HIST_OCCUPANCY;
		vmmio_row_hist(s, i, VMMIO_HIST_OCCUPANCY)
			->n[vmmio_hist_bucket(g->p99 ?: g->flight ?: 1)] = (__u32)g->kicks;
		if (g->k2i_ns) {
			r->have_hist |= 1u << VMMIO_HIST_IRQ;
			vmmio_row_hist(s, i, VMMIO_HIST_IRQ)->n[vmmio_hist_bucket(g->k2i_ns)] =
				(__u32)g->irqs;
		}
	}
}

/* Judges row @row of @g. Returns how many fire. */
static unsigned int judge(const struct guest *g, size_t row, struct vmmio_advice *a)
{
	struct vmmio_snapshot s;
	struct vmmio_env env;
	struct vmmio_advise_facts f = {.d = &s,
				       .row = row,
				       .seconds = SECONDS,
				       .env = &env,
				       .owner = g->owner,
				       .settings = g->settings ?: "",
				       .nodes = g->nodes ?: 1,
				       .device_node = g->device_node,
				       .irq_node = g->irq_node,
				       .device_cpus = "0-3"};
	unsigned int n;

	fill(&s, &env, g);
	n = vmmio_advise_judge(&f, a);
	vmmio_snapshot_free(&s);
	return n;
}

#define DEVICE 0
#define QUEUE 1
#define BUSY .kicks = 100000, .irqs = 90000

static const struct {
	const char *what;
	enum vmmio_advise_rule rule;
	size_t row;
	enum vmmio_advise_state state;
	const char *numbers, *command; /* parts; NULL: none */
	struct guest g;
} cases[] = {
	{"one add in fifty refused, our ring smaller than offered",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "2000 of 102000 adds refused, ring of 64",
	 "vmmio-ctl set virtio3 queue_size=128 --rebind",
	 {BUSY, .refused = 2000, .ring = 64, .owner = VMMIO_ADVISE_OURS}},
	{"what else it was told is told again",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "vmmio-ctl set virtio3 lazy_status=1 withhold=event_idx queue_size=128 --rebind",
	 {BUSY, .refused = 2000, .ring = 64, .owner = VMMIO_ADVISE_OURS,
	  .settings = "lazy_status=1 queue_size=64 withhold=event_idx"}},
	{"a NIC's, which QEMU bounds",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "VMM: -device ...,mq=on and queues=N of its -netdev",
	 {BUSY, .refused = 2000, .net = true}},
	{"the same of mainline's",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "VMM: -device ...,queue-size=128",
	 {BUSY, .refused = 2000, .ring = 64}},
	{"a ring as large as it gets",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "num-queues=N",
	 {BUSY, .refused = 2000, .ring = 1024, .ring_max = 1024}},
	{"no indirect descriptors",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "VMM: -device ...,indirect_desc=on",
	 {BUSY, .refused = 2000, .without = INDIRECT}},
	{"indirect descriptors withheld",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "refused",
	 "vmmio-ctl set virtio3 withhold=event_idx --rebind",
	 {BUSY, .refused = 2000, .without = INDIRECT,
	  .settings = "withhold=event_idx,indirect_desc"}},
	{"always full, nothing refused",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "in flight of a ring of 128",
	 "queue-size=256",
	 {BUSY, .ring = 128, .flight = 100, .p99 = 127}},
	{"one in two hundred refused",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .refused = 500, .ring = 64}},
	{"three quarters full",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .ring = 128, .flight = 90, .p99 = 96}},
	{"full, as receive queues are",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .ring = 256, .flight = 255, .p99 = 255, .driven = true, .net = true}},
	{"full, but emulated",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "this machine is emulated",
	 NULL,
	 {BUSY, .refused = 2000, .ring = 64, .accel = "tcg"}},
	{"full, in a bench host",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "this machine is emulated",
	 NULL,
	 {BUSY, .refused = 2000, .ring = 64, .accel = "kvm-svm on tcg"}},
	{"fewer than a hundred adds",
	 VMMIO_ADVISE_RING,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {.kicks = 50, .refused = 20}},

	{"a kick for each of many in flight",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "0.0 % of 100000 kicks suppressed, 1.00 buffers each, 16.0 in flight",
	 "VMM: -device ...,event_idx=on",
	 {BUSY, .without = EVENT_IDX, .flight = 16}},
	{"the same, withheld",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "suppressed",
	 "vmmio-ctl set virtio3 queue_size=64 --rebind",
	 {BUSY, .without = EVENT_IDX, .flight = 16,
	  .settings = "queue_size=64 withhold=event_idx"}},
	{"interrupts for what was polled",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "30.0 % of 90000 interrupts found nothing",
	 "event_idx=on",
	 {BUSY, .without = EVENT_IDX, .spurious = 27000}},
	{"the same, negotiated",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .flight = 16, .spurious = 27000}},
	{"one in flight",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .without = EVENT_IDX}},
	{"in batches",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .without = EVENT_IDX, .flight = 16, .buffers = 800000}},
	{"suppressed by flags",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .without = EVENT_IDX, .flight = 16, .opportunities = 200000}},
	{"features not known",
	 VMMIO_ADVISE_EVENT_IDX,
	 QUEUE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "features are not known",
	 NULL,
	 {BUSY, .without = ~0ull, .flight = 16}},

	{"four queues, one vector",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "90000 interrupts on one vector, 4.0 virtqueues looked at in each",
	 "VMM: -device ...,vectors=5",
	 {BUSY, .queues = 4, .mode = VMMIO_IRQ_MSIX_SHARED, .runs = 90000}},
	{"because it was set so",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "vector",
	 "vmmio-ctl set virtio3 --clear --rebind",
	 {BUSY, .queues = 4, .mode = VMMIO_IRQ_MSIX_SHARED, .runs = 90000,
	  .settings = "irq=shared"}},
	{"four queues, one line",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "on one line",
	 "VMM: the device over PCI, with vectors=5",
	 {BUSY, .queues = 4, .mode = VMMIO_IRQ_LINE, .runs = 90000,
	  .transport = VMMIO_TRANSPORT_MMIO}},
	{"two on a line, as a NIC has",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .queues = 2, .mode = VMMIO_IRQ_LINE, .runs = 90000,
	  .transport = VMMIO_TRANSPORT_MMIO}},
	{"four vectors",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .queues = 4}},
	{"it holds where it is emulated, too",
	 VMMIO_ADVISE_VECTOR,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "vector",
	 "vectors=5",
	 {BUSY, .queues = 4, .mode = VMMIO_IRQ_MSIX_SHARED, .runs = 90000, .accel = "tcg"}},

	{"taken on another node",
	 VMMIO_ADVISE_NODE,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "90000 interrupts taken on node 1, the device is on node 0",
	 "echo 0-3 >/proc/irq/30/smp_affinity_list",
	 {BUSY, .nodes = 2, .irq_node = 1}},
	{"one of several queues, which are spread",
	 VMMIO_ADVISE_NODE,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .nodes = 2, .irq_node = 1, .queues = 2}},
	{"taken on its own",
	 VMMIO_ADVISE_NODE,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .nodes = 2, .irq_node = 1, .device_node = 1}},
	{"no other node",
	 VMMIO_ADVISE_NODE,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .irq_node = -1, .device_node = -1}},
	{"the device's is not known",
	 VMMIO_ADVISE_NODE,
	 QUEUE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "not known",
	 NULL,
	 {BUSY, .nodes = 2, .device_node = -1, .irq_node = 1}},

	{"a fast disk, one at a time",
	 VMMIO_ADVISE_POLL,
	 QUEUE,
	 VMMIO_ADVISE_FIRES,
	 "45000 interrupts a second, half within",
	 "poll_queues=1",
	 {BUSY, .k2i_ns = 9000}},
	{"a slower disk",
	 VMMIO_ADVISE_POLL,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .k2i_ns = 90000}},
	{"many at a time",
	 VMMIO_ADVISE_POLL,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {BUSY, .k2i_ns = 9000, .flight = 8}},
	{"seldom",
	 VMMIO_ADVISE_POLL,
	 QUEUE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {.kicks = 2000, .irqs = 2000, .k2i_ns = 9000}},
	{"no times", VMMIO_ADVISE_POLL, QUEUE, VMMIO_ADVISE_NOT_KNOWN, "not known", NULL, {BUSY}},
	{"emulated times",
	 VMMIO_ADVISE_POLL,
	 QUEUE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "this machine is emulated",
	 NULL,
	 {BUSY, .k2i_ns = 9000, .accel = "tcg"}},

	{"a third of a vCPU for status and acknowledge",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "90000 register accesses a second of 3500 ns: 31.5 % of a vCPU",
	 "vmmio-ctl set virtio3 lazy_status=1 --rebind",
	 {BUSY, .mode = VMMIO_IRQ_LINE, .transport = VMMIO_TRANSPORT_MMIO, .reads = 90000,
	  .writes = 90000, .access_ns = 3500, .owner = VMMIO_ADVISE_OURS}},
	{"lazy already",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "of a vCPU",
	 "VMM: the device over PCI, with MSI-X",
	 {BUSY, .mode = VMMIO_IRQ_LINE, .transport = VMMIO_TRANSPORT_MMIO, .reads = 900,
	  .writes = 90000, .access_ns = 3500, .owner = VMMIO_ADVISE_OURS, .lazy = true}},
	{"INTx that was asked for",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_FIRES,
	 "of a vCPU",
	 "vmmio-ctl set virtio3 --clear --rebind",
	 {BUSY, .mode = VMMIO_IRQ_INTX, .reads = 90000, .access_ns = 3500, .settings = "irq=intx"}},
	{"few",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_QUIET,
	 NULL,
	 NULL,
	 {.kicks = 1000,
	  .irqs = 1000,
	  .mode = VMMIO_IRQ_LINE,
	  .reads = 1000,
	  .writes = 1000,
	  .access_ns = 3500,
	  .transport = VMMIO_TRANSPORT_MMIO}},
	{"MSI-X has none", VMMIO_ADVISE_ACCESSES, DEVICE, VMMIO_ADVISE_QUIET, NULL, NULL, {BUSY}},
	{"mainline's, counted by its interrupts, cost unknown",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "180000 register accesses; what one costs is not known here",
	 NULL,
	 {BUSY, .mode = VMMIO_IRQ_LINE, .transport = VMMIO_TRANSPORT_MMIO}},
	{"emulated cost",
	 VMMIO_ADVISE_ACCESSES,
	 DEVICE,
	 VMMIO_ADVISE_NOT_KNOWN,
	 "not known here",
	 NULL,
	 {BUSY, .mode = VMMIO_IRQ_LINE, .transport = VMMIO_TRANSPORT_MMIO, .reads = 90000,
	  .writes = 90000, .access_ns = 3500, .accel = "tcg"}},
};

static void test_cases(void **state)
{
	bool fired[VMMIO_ADVISE_RULE_COUNT] = {}, quiet[VMMIO_ADVISE_RULE_COUNT] = {};
	struct vmmio_advice a[VMMIO_ADVISE_RULE_COUNT];
	unsigned int n;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vmmio_advice *x = &a[cases[i].rule];

		n = judge(&cases[i].g, cases[i].row, a);
		if (x->state != cases[i].state ||
		    (cases[i].numbers && !strstr(x->numbers, cases[i].numbers)) ||
		    (cases[i].command && !strstr(x->command, cases[i].command)) ||
		    n != (cases[i].state == VMMIO_ADVISE_FIRES))
			fail_msg("%s: state %d, %u fire, numbers '%s', command '%s'", cases[i].what,
				 x->state, n, x->numbers, x->command);
		fired[cases[i].rule] |= x->state == VMMIO_ADVISE_FIRES;
		quiet[cases[i].rule] |= x->state == VMMIO_ADVISE_QUIET;
	}
	for (i = 0; i < VMMIO_ADVISE_RULE_COUNT; i++)
		assert_true(fired[i] && quiet[i]);
}

/*
 * Any load and depth on any transport, with what mainline and QEMU give by default, up to
 * just below each rule's limit.
 */
static void test_healthy(void **state)
{
	struct vmmio_advice a[VMMIO_ADVISE_RULE_COUNT];
	unsigned int seed = 12, guest;
	size_t row;

	for (guest = 0; guest < 50; guest++) {
		__u64 kicks = rand_r(&seed) % 50000, depth = 1 + rand_r(&seed) % 64;
		struct guest g = {
			.kicks = kicks,
			.opportunities = kicks + kicks * (__u64)(rand_r(&seed) % 8),
			.buffers = kicks + kicks * (__u64)(rand_r(&seed) % 4),
			.irqs = kicks - kicks / 8 * (__u64)(rand_r(&seed) % 8),
			.flight = depth,
			.p99 = depth * 3,
			.refused = kicks / 120,
			.queues = 1 + guest % QUEUES,
			.driven = guest % 5 == 4,
			.net = guest % 5 > 2,
			.k2i_ns = 25000 + (__u64)(rand_r(&seed) % 40000),
			.mode = guest % 3 == 0 ? VMMIO_IRQ_LINE : VMMIO_IRQ_MSIX,
			.transport = guest % 3 == 0 ? VMMIO_TRANSPORT_MMIO : VMMIO_TRANSPORT_PCI,
			.nodes = 1 + guest % 2,
		};

		if (g.queues > 1)
			g.irq_node = guest / 2 % 2;
		if (guest % 7 == 0) { /* an older device, which suppresses by the flag */
			g.without = EVENT_IDX;
			g.opportunities = kicks + kicks / 12;
			g.spurious = g.irqs / 6;
		}
		if (g.mode == VMMIO_IRQ_LINE) {
			g.reads = g.writes = 900; /* 0.9 % of a vCPU */
			g.access_ns = 10000;
		}

		g.runs = g.irqs * (g.mode == VMMIO_IRQ_MSIX ? g.queues : 1);
		for (row = 0; row <= g.queues; row++)
			if (judge(&g, row, a))
				fail_msg("healthy guest %u, row %zu", guest, row);
	}
}

static void write_file(const char *root, const char *path, const char *text)
{
	char whole[400], *p;
	FILE *f;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	for (p = whole + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(whole, 0700);
		*p = '/';
	}
	f = fopen(whole, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void test_place(void **state)
{
	char root[] = "/tmp/test_advise.XXXXXX", buf[256], rm[64], cpus[600];
	struct vmmio_place p;
	unsigned int i;

	assert_non_null(mkdtemp(root));
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.nodes, 0);
	assert_false(vmmio_place_settings(root, "LNRO0005:00", buf, sizeof(buf)));

	write_file(root, "/sys/devices/system/node/node0/cpulist", "0-1\n");
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.nodes, 1);
	write_file(root, "/sys/devices/system/node/node1/cpulist", "2-3\n");
	write_file(root, "/sys/devices/system/node/possible", "0-1\n");
	write_file(root, "/sys/devices/system/cpu/cpu0/node0/x", "");
	write_file(root, "/sys/devices/system/cpu/cpu2/node1/x", "");
	write_file(root, "/sys/devices/system/cpu/cpu3/node1/x", "");
	write_file(root, "/sys/bus/virtio/devices/virtio3/x", "");
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.nodes, 2);
	assert_int_equal(p.device_node, -1);
	write_file(root, "/sys/bus/virtio/devices/numa_node", "1\n");
	write_file(root, "/proc/irq/30/smp_affinity_list", "0,2-3\n");
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.device_node, 1);
	assert_int_equal(p.irq_node, 1); /* one of its CPUs is there */
	assert_string_equal(p.device_cpus, "2-3");
	write_file(root, "/proc/irq/30/effective_affinity_list", "0\n");
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.irq_node, 0);
	vmmio_place_read(&p, root, "virtio3", 0);
	assert_int_equal(p.irq_node, -1);
	/* of a list that does not fit no part is taken */
	for (i = 0; i < 130; i++)
		snprintf(cpus + 4 * i, sizeof(cpus) - 4 * i, "%u%s", 100 + 2 * i,
			 i < 129 ? "," : "\n");
	write_file(root, "/sys/devices/system/node/node1/cpulist", cpus);
	vmmio_place_read(&p, root, "virtio3", 30);
	assert_int_equal(p.device_node, -1);

	write_file(root, "/sys/kernel/vmmio/options",
		   "LNRO0005:001 queue_size=8\nLNRO0005:00 queue_size=64 irq=auto\n");
	assert_true(vmmio_place_settings(root, "LNRO0005:00", buf, sizeof(buf)));
	assert_string_equal(buf, "queue_size=64 irq=auto");
	assert_true(vmmio_place_settings(root, "LNRO0005:01", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	snprintf(rm, sizeof(rm), "rm -rf %s", root);
	assert_int_equal(system(rm), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_healthy),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
