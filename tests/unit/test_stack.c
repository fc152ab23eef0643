// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest and host of one run, on hand-made reports: the host's intervals are cut
 * into the guest's rounds, kinds of exits are summed, and one kick, status read,
 * interrupt or EOI that only one side counted gives no verdict, but a row with
 * both values. Instructions by layer: the probes are taken off, and a layer's share
 * given to another, a sum that misses some, or an I/O that is in none give no verdict.
 *
 * Long because a whole boot's report is made up here, of guest, host and layers.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "bench/data/rounds.h"
#include "bench/judge/stack.h"

#define N 100

/* What vmmio-layers prints of an I/O, and what the guest's clock saw of it. */
struct layers {
	int periods, guest, kvm, vmm, other, probe;
	int seen;
};

struct cell {
	const char *column, *device, *notify;
	int vector, reads, acks, level; /* per I/O */
	int kicks, eois, irqs;		/* what the host adds to what is true */
	int status;
	int again; /* interrupts that the processor took twice, by both */
	struct layers by_kvm, by_calls;
	int vcpu;   /* with the vector; 0: the host does not tell them apart */
	bool arm;   /* no event of an end, and no exit by one; messages by a line of an irqfd */
	int inside; /* of them, while the handler was at work: the guest did not run it again */
};

/*
 * 90,000 of which the guest has 14,000, KVM 22,000, the monitor 54,000; with 20 probes of
 * 100 each and 150 around it. By system calls 2,000 around KVM_RUN are not the monitor's.
 */
#define LAYERS                                                                     \
	.by_kvm = {N - 1, 14000 + 750, 22000 + 1500, 54000 + 750, 0, 2000, 95000}, \
	.by_calls = {N - 1, -1, 38000 + 1200, 52000 + 1800, 0, 3000, 96000}

static const struct cell good[VMMIO_COLUMNS] = {
	{.column = "mmio",
	 .device = "mmio@feb02e00",
	 .notify = "QueueNotify",
	 .vector = 37,
	 .reads = 1,
	 .acks = 1,
	 .level = 1,
	 LAYERS},
	{.column = "pci-intx",
	 .device = "pci@c000003000",
	 .notify = "notify",
	 .vector = 38,
	 .reads = 1,
	 .level = 1,
	 LAYERS},
	{.column = "pci-msix",
	 .device = "pci@c000007000",
	 .notify = "notify",
	 .vector = 39,
	 LAYERS},
};

/* @mean of an I/O, and its shortest */
static void timed_round(FILE *f, const struct cell *c, const char *kind, int p50, int mean)
{
	fprintf(f,
		"@round {\"kind\":\"%s\",\"round\":0,\"depth\":1,\"column\":\"%s\",\"ios\":%d,"
		"\"labels\":\"load=randread transport=%s depth=1\",\"device\":\"virtio0\"}\n"
		"{\"ios\":%d,\"p50_ns\":%d,\"p99_ns\":1,\"min_ns\":%d,\"elapsed_ns\":%d,"
		"\"last_ns\":%d}\n@end 0\n",
		kind, c->column, N, c->column, N, p50, mean, mean * (N - 1) + 7, 7);
}

/* The line of vmmio-layers @by; what it cannot tell (below 0) is null. */
static void layers_line(FILE *f, const struct cell *cells, const char *by)
{
	fprintf(f, "@layers {\"schema\":1,\"tool\":\"vmmio-layers\",\"by\":\"%s\",\"doorbells\":[",
		by);
	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		bool calls = !strcmp(by, "calls");
		const struct layers *l = calls ? &cells[c].by_calls : &cells[c].by_kvm;
		long long at = strtoll(strchr(cells[c].device, '@') + 1, NULL, 16) + (c ? 0 : 0x50);
		char guest[32] = "null";

		if (l->guest >= 0)
			snprintf(guest, sizeof(guest), "%d", l->guest * l->periods);
		fprintf(f,
			"{\"address\":%lld,\"periods\":5,\"ns\":{},\"sides\":{}},"
			"{\"address\":%lld,\"periods\":%d,\"ns\":{\"guest\":%s,\"kvm\":%d,\"vmm\":%"
			"d,"
			"\"other\":%d,\"idle\":0,\"probe\":%d},\"sides\":{\"guest\":%s,\"kvm\":%d,"
			"\"vmm\":%d,\"other\":0,\"idle\":0,\"probe\":0}}%s",
			at + 0x1000000, at, l->periods, guest, l->kvm * l->periods,
			l->vmm * l->periods, l->other * l->periods, l->probe * l->periods,
			calls ? "null" : "990", (calls ? 16 : 20) * (N - 1),
			(calls ? 24 : 10) * (N - 1), c < 2 ? "," : "]}\n");
	}
}

static void guest_round(FILE *f, const struct cell *c)
{
	fprintf(f,
		"@round {\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"%s\",\"ios\":%d,"
		"\"labels\":\"load=randread transport=%s depth=1\",\"device\":\"virtio0\"}\n"
		"{\"ios\":%d,\"p50_ns\":110000,\"elapsed_ns\":1000}\n",
		c->column, N, c->column, N);
	for (int i = 0; i < 2; i++) {
		fprintf(f,
			"{\"tool\":\"vmmio-stat\",\"source\":\"%s\",\"events_lost\":0,\"rows\":["
			"{\"device\":\"virtio0\",\"queue\":null,\"counters\":{\"accesses\":%d,"
			"\"irqs\":%d,\"irqs_spurious\":0}},{\"device\":\"virtio0\",\"queue\":0,"
			"\"counters\":{\"kicks\":%d}}],\"registers\":["
			"{\"device\":\"virtio0\",\"register\":\"%s\",\"reads\":0,\"writes\":%d},",
			i ? "tp_btf" : "sysfs", N * (1 + c->reads + c->acks),
			N + c->again - c->inside, N, c->notify, N);
		fprintf(f,
			"{\"device\":\"virtio0\",\"register\":\"%s\",\"reads\":%d,\"writes\":0},"
			"{\"device\":\"virtio0\",\"register\":\"InterruptACK\",\"reads\":0,"
			"\"writes\":%d}]}\n",
			strcmp(c->column, "mmio") ? "isr_status" : "InterruptStatus", N * c->reads,
			N * c->acks);
	}
	fprintf(f, "@end 0\n");
	timed_round(f, c, "time", 90000, 90000);
	timed_round(f, c, "layers", c->by_kvm.seen, c->by_kvm.seen);
	timed_round(f, c, "calls", c->by_calls.seen, c->by_calls.seen);
}

/* The text of the vCPU of what has vector @vector. */
static const char *on(const struct cell *c)
{
	static char text[24];

	snprintf(text, sizeof(text), c->vcpu ? ",\"vcpu\":%d" : "", c->vcpu - 1);
	return text;
}

static void row(FILE *f, const char *on, const char *exit, const char *path, const char *device,
		const char *reg, int vector, int n, int user)
{
	char whose[48] = "null", number[16] = "null";

	if (device)
		snprintf(whose, sizeof(whose), "\"%s\"", device);
	if (vector)
		snprintf(number, sizeof(number), "%d", vector);
	fprintf(f,
		"{\"exit\":\"%s\"%s,\"path\":\"%s\",\"device\":%s,\"register\":\"%s\",\"vector\":%"
		"s,"
		"\"samples\":%d,\"exits\":%d,\"to_userspace\":%d},",
		exit, on, path, whose, reg, number, n, n, user);
}

/* One interval: @part of 2 of a round, or none. */
static void interval(FILE *f, const struct cell *c, int part)
{
	int n = part == 1 ? N - 40 : 40, last = part == 2;

	fprintf(f,
		"@host {\"accel\":\"kvm-%s on tcg\",\"totals\":false,\"events_lost\":0,"
		"\"events_missed\":0,\"rows\":[",
		c->arm ? "arm" : "svm");
	if (part) {
		row(f, on(c), "kick", "ioeventfd", c->device, c->notify, 0, n + last * c->kicks, 0);
		/* QEMU's interrupt status over PCI: a page that nobody has named */
		if (c->reads && !c->acks)
			row(f, on(c), "mmio read", "userspace", NULL, "0xc000001000", 0,
			    n + last * c->status, n + last * c->status);
		else if (c->reads)
			row(f, on(c), "status read", "userspace", c->device, "InterruptStatus", 0,
			    n + last * c->status, n + last * c->status);
		if (c->acks)
			row(f, on(c), "ACK", "userspace", c->device, "InterruptACK", 0, n, n);
		if (c->level && !c->arm) {
			char reg[48];

			snprintf(reg, sizeof(reg), "x2APIC EOI, vector %d", c->vector);
			row(f, on(c), "msr read", "in-kernel", NULL, "x2APIC TMR", 0, n, 0);
			row(f, on(c), "msr write", "userspace", NULL, reg, c->vector, n, n);
		}
	}
	row(f, on(c), c->arm ? "WFx" : "hlt", "in-kernel", NULL, "-", 0, 3, 0);
	if (c->arm)
		row(f, on(c), "mmio write", "userspace", "PCI ports", "+0x1000", 0, 70, 70);
	else
		row(f, on(c), "port out", "userspace", NULL, "0x2f8", 0, 70, 70);
	row(f, on(c), "msr write", "in-kernel", NULL, "x2APIC EOI, vector 236", 236, 2, 0);
	fprintf(f, "{\"exit\":\"interrupt\",\"path\":\"-\",\"device\":null,\"register\":null,"
		   "\"vector\":null,\"samples\":1,\"exits\":1,\"to_userspace\":0}]");
	if (c->arm) {
		fprintf(f, ",\"eois\":null,\"interrupts\":[{\"vector\":27,\"device\":null,"
			   "\"count\":2},{\"vector\":36,\"device\":\"PCI ports\",\"count\":9}");
		if (part)
			fprintf(f, ",{\"vector\":%d,\"device\":\"irqfd GSI 5\",\"count\":%d}",
				c->vector, n + last * c->irqs);
		fprintf(f, "]}\n");
		return;
	}
	n += last * c->eois;
	if (part)
		fprintf(f,
			",\"eois\":[{\"vector\":null,\"device\":null,\"no_exit\":0,\"in_kernel\":%"
			"d,"
			"\"userspace\":0},{\"vector\":%d%s,\"device\":\"%s\",\"no_exit\":%d,\"in_"
			"kernel\":"
			"0,"
			"\"userspace\":%d}],\"interrupts\":[{\"vector\":236,\"device\":null,"
			"\"count\":2},{\"vector\":%d,\"device\":null,\"count\":1},{"
			"\"vector\":%d%s%s,\"count\":%d}]",
			last * c->again, c->vector, on(c), c->device, c->level ? 0 : n,
			c->level ? n : 0,
			c->vector + 100, /* the guest's own, in this round by chance */
			c->vector, on(c),
			/* sent by QEMU, without an irqfd: no name */
			c->level ? "" : ",\"kind\":\"msi\",\"device\":null",
			n - last * c->eois + last * c->irqs);
	else /* IRQ work of the guest's own, taken twice as well */
		fprintf(f,
			",\"eois\":[{\"vector\":246,\"device\":null,\"no_exit\":1,\"in_kernel\":0,"
			"\"userspace\":0},{\"vector\":null,\"device\":null,\"no_exit\":0,"
			"\"in_kernel\":1,\"userspace\":0}],"
			"\"interrupts\":[{\"vector\":246,\"count\":1}]");
	fprintf(f, "}\n");
}

static char *report(const struct cell *cells, size_t host_rounds)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < VMMIO_COLUMNS; i++)
		guest_round(f, &cells[i]);
	fputs("@kicks {\"rows\":[{\"device\":\"virtio0\",\"queue\":null,\"counters\":"
	      "{\"kick_ns\":7}},{\"device\":\"virtio0\",\"queue\":0,\"counters\":{\"kick_ns\":"
	      "45000,\"kicks_timed\":5,\"latency_ns\":null,\"latencies\":5}},{\"device\":"
	      "\"virtio1\",\"queue\":0,\"counters\":{\"kick_ns\":1,\"kicks_timed\":1}}]}\n",
	      f);
	/* what the kernel read when it met the disks belongs to no round */
	interval(f, &cells[0], 1);
	interval(f, &cells[0], 0);
	for (size_t i = 0; i < host_rounds; i++) {
		interval(f, &cells[i], 1);
		interval(f, &cells[i], 2);
		interval(f, &cells[i], 0);
	}
	layers_line(f, cells, "kvm");
	layers_line(f, cells, "calls");
	fclose(f);
	return text;
}

static void take(struct vmmio_stack *s, const struct cell *cells)
{
	static const char *const columns[] = {"mmio", "pci-intx", "pci-msix"};
	struct vmmio_host_round host[VMMIO_COLUMNS];
	json_t *rows = json_array(), *info = json_object();
	char *text = report(cells, VMMIO_COLUMNS), why[200] = "";

	*s = (struct vmmio_stack){.boots = 1,
				  .rounds = 1,
				  .count = N,
				  .layer_count = N,
				  .load = "randread",
				  .load_text = "reads",
				  .accel = VMMIO_ACCEL_SVM_ON_TCG,
				  .qemu = "7.2"};
	s->host = calloc(VMMIO_COLUMNS, sizeof(*s->host));
	s->layers = calloc(VMMIO_COLUMNS, sizeof(*s->layers));
	s->kicks = calloc(VMMIO_COLUMNS, sizeof(*s->kicks));
	s->checks = json_array();
	s->differs = json_array();
	if (vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)) ||
	    vmmio_host_rounds(text, host, VMMIO_COLUMNS, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(vmmio_stack_add(s, 0, columns, host, VMMIO_COLUMNS), 0);
	if (vmmio_stack_add_kicks(s, 0, text, rows, why, sizeof(why)))
		fail_msg("%s", why);
	if (vmmio_stack_add_layers(s, 0, text, rows, why, sizeof(why)))
		fail_msg("%s", why);
	assert_int_equal(vmmio_stack_judge(s, rows), 0);
	json_decref(rows);
	json_decref(info);
	free(text);
}

static void drop(struct vmmio_stack *s)
{
	vmmio_series_free(&s->set);
	json_decref(s->checks);
	json_decref(s->differs);
	free(s->host);
	free(s->layers);
	free(s->kicks);
}

static void agreeing(void **state)
{
	struct vmmio_stack s;
	json_t *verdict;
	bool withheld;

	take(&s, good);
	verdict = vmmio_stack_verdict(&s, &withheld);
	if (withheld)
		fail_msg("%s", json_dumps(s.checks, 0));
	assert_non_null(
		strstr(json_string_value(json_array_get(verdict, 0)),
		       "mmio 5 exits per I/O, 3 to userspace; pci-intx 4, 2; pci-msix 1, 0; "
		       "n = 1 boot,"));
	assert_non_null(
		strstr(json_string_value(json_array_get(verdict, 1)), "mmio takes 1.00 times"));
	assert_int_equal(json_array_size(s.differs), 0);
	assert_true(s.host[0].halts == 9 && s.host[0].others == 9); /* of three intervals */
	assert_true(s.host[0].report == 210 && s.host[2].again == 0);
	json_decref(verdict);
	drop(&s);
}

/* One vector of three vCPUs is three interrupts; of one it would be nobody's. */
static void vcpus(void **state)
{
	for (int apart = 0; apart < 2; apart++) {
		struct cell cells[VMMIO_COLUMNS];
		struct vmmio_stack s;
		json_t *verdict;
		bool withheld;

		memcpy(cells, good, sizeof(cells));
		for (int i = 0; i < VMMIO_COLUMNS; i++) {
			cells[i].vector = 37;
			cells[i].vcpu = apart ? i + 1 : 1;
		}
		take(&s, cells);
		verdict = vmmio_stack_verdict(&s, &withheld);
		assert_int_equal(withheld, !apart);
		json_decref(verdict);
		drop(&s);
	}
}

/*
 * Delivered twice by the processor is an end, no interrupt accepted, and a handler run
 * unless it was at work. More handler runs than that, or an end that is missing: no verdict.
 */
static void twice(void **state)
{
	static const struct {
		int again, inside, eois, irqs;
		bool good;
	} is[] = {{3, 0, 0, 0, true},  {3, 1, 0, 0, true},   {3, 3, 0, 0, true},
		  {3, 4, 0, 0, false}, {3, -1, 0, 0, false}, {3, 1, -1, 0, false},
		  {3, 1, 0, -1, false}};

	for (size_t i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		struct cell cells[VMMIO_COLUMNS];
		struct vmmio_stack s;
		json_t *verdict;
		bool withheld;

		memcpy(cells, good, sizeof(cells));
		cells[2].again = is[i].again;
		cells[2].inside = is[i].inside;
		cells[2].eois = is[i].eois;
		cells[2].irqs = is[i].irqs;
		take(&s, cells);
		verdict = vmmio_stack_verdict(&s, &withheld);
		if (withheld == is[i].good)
			fail_msg("row %zu: %s", i, json_dumps(s.checks, 0));
		assert_true(s.host[2].again == 3 && s.host[2].interrupts == N + is[i].irqs);
		json_decref(verdict);
		drop(&s);
	}
}

/* arm64: no end of an interrupt is seen, which is no 0 and no difference; all else is held. */
static void arm(void **state)
{
	for (int planted = 0; planted < 3; planted++) {
		struct cell cells[VMMIO_COLUMNS];
		struct vmmio_stack s;
		json_t *verdict;
		bool withheld;

		memcpy(cells, good, sizeof(cells));
		for (int c = 0; c < VMMIO_COLUMNS; c++)
			cells[c].arm = true;
		cells[2].irqs = planted == 1;
		cells[1].again = planted == 2; /* a handler's run more than interrupts */
		take(&s, cells);
		verdict = vmmio_stack_verdict(&s, &withheld);
		if (withheld != (planted != 0))
			fail_msg("planted %d: %s", planted, json_dumps(s.checks, 0));
		assert_true(isnan(s.host[0].eoi_free) && isnan(s.host[0].again));
		if (!planted)
			assert_non_null(strstr(json_string_value(json_array_get(verdict, 0)),
					       "mmio 3 exits per I/O, 2 to userspace; pci-intx 2, "
					       "1; pci-msix 1, 0; n = 1 boot,"));
		assert_true(s.host[0].halts == 9 && s.host[0].report == 210);
		json_decref(verdict);
		drop(&s);
	}
}

/* One event that only one side has: no verdict, and a row with both values. */
static void differing(void **state)
{
	static const struct {
		size_t offset;
		int column, by;
		const char *what, *host;
	} planted[] = {
		{offsetof(struct cell, kicks), 0, -1, "kicks", "99"},
		{offsetof(struct cell, kicks), 2, 1, "kicks", "101"},
		{offsetof(struct cell, status), 0, -1, "status reads", "99"},
		{offsetof(struct cell, status), 1, 1, "status reads", "101"},
		{offsetof(struct cell, irqs), 2, 1, "interrupts", "101"},
		{offsetof(struct cell, eois), 0, -1, "ends of interrupts", "99"},
	};

	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		struct cell cells[VMMIO_COLUMNS];
		struct vmmio_stack s;
		json_t *verdict, *r;
		bool withheld;

		memcpy(cells, good, sizeof(cells));
		*(int *)((char *)&cells[planted[i].column] + planted[i].offset) = planted[i].by;
		take(&s, cells);
		verdict = vmmio_stack_verdict(&s, &withheld);
		assert_true(withheld);
		assert_int_equal(json_array_size(s.differs), 1);
		r = json_array_get(s.differs, 0);
		assert_string_equal(json_string_value(json_object_get(r, "what")), planted[i].what);
		assert_string_equal(json_string_value(json_object_get(r, "guest")), "100");
		assert_string_equal(json_string_value(json_object_get(r, "host")), planted[i].host);
		json_decref(verdict);
		drop(&s);
	}
}

/* A column that the host knows nothing of has no 0 exits of any kind. */
static void unknown(void **state)
{
	struct vmmio_stack s;
	json_t *kinds, *k, *known;
	char *text = NULL;
	size_t i, size;
	FILE *f;

	take(&s, good);
	memset(&s.host[2], 0, sizeof(s.host[2]));
	s.host[2].halts = NAN;
	kinds = vmmio_stack_kinds(&s);
	assert_true(json_array_size(kinds) > 0);
	/* a row of what is not known is there, and says null */
	s.layers[1].seen[VMMIO_WAY_PLAIN].median = s.layers[1].around = NAN;
	known = vmmio_stack_layers_json(&s);
	assert_int_equal(json_array_size(known), VMMIO_COLUMNS);
	k = json_array_get(known, 1);
	assert_true(json_is_null(json_object_get(k, "around_a_probe")));
	assert_true(json_is_null(json_object_get(json_object_get(k, "plain"), "median")));
	assert_true(json_is_real(json_object_get(json_object_get(k, "plain"), "mean")));
	json_decref(known);
	/* those of its device's queues; what they did not tell is no 0 */
	assert_true(s.kicks[0].cost == 9000 && isnan(s.kicks[0].to_interrupt));
	json_array_foreach(kinds, i, k) {
		assert_true(json_is_null(json_object_get(json_object_get(k, "exits"), "pci-msix")));
		assert_true(json_is_real(json_object_get(json_object_get(k, "exits"), "mmio")));
	}
	f = open_memstream(&text, &size);
	vmmio_stack_print(&s, f);
	fclose(f);
	for (const char *p = strstr(text, "HLT, besides"); *p != '\n'; p++)
		if (p[1] == '\n')
			assert_true(*p == '-');
	free(text);
	json_decref(kinds);
	drop(&s);
}

static void layers(void **state)
{
	static const struct {
		struct layers by_kvm, by_calls; /* what is added to the right ones */
		const char *why;		/* NULL: a verdict */
	} planted[] = {
		{.why = NULL},
		/* a second more or less does not matter, 1.1 % does */
		{{.seen = 900}, {0}, NULL},
		{{.seen = 1100}, {0}, "mmio: the layers by KVM's events miss 1.14 %"},
		{{0}, {.kvm = -1200}, "mmio: the layers by system calls miss 1.25 %"},
		{{.periods = -1}, {0}, "mmio: 98 periods by KVM's events, 99 wanted"},
		/* KVM's time given to the monitor, and the reverse: the sum is right */
		{{.kvm = -4000, .vmm = 4000}, {0}, "mmio: the monitor's instructions are 58000"},
		{{.kvm = 32000, .vmm = -32000}, {0}, "mmio: the monitor's instructions are 22000"},
	};

	for (size_t i = 0; i < sizeof(planted) / sizeof(planted[0]); i++) {
		struct cell cells[VMMIO_COLUMNS];
		struct vmmio_stack s;
		bool withheld;
		json_t *verdict;

		memcpy(cells, good, sizeof(cells));
		for (size_t k = 0; k < sizeof(struct layers) / sizeof(int); k++) {
			((int *)&cells[0].by_kvm)[k] += ((const int *)&planted[i].by_kvm)[k];
			((int *)&cells[0].by_calls)[k] += ((const int *)&planted[i].by_calls)[k];
		}
		take(&s, cells);
		verdict = vmmio_stack_verdict(&s, &withheld);
		if (withheld != !!planted[i].why ||
		    (withheld &&
		     !strstr(json_string_value(json_array_get(verdict, 0)), planted[i].why)))
			fail_msg("row %zu: %s", i, json_dumps(verdict, 0));
		if (!i) {
			assert_true(s.layers[0].around == 150 && s.layers[0].probes == 2000);
			assert_true(s.layers[0].layer[VMMIO_LAYER_GUEST] == 14000);
			assert_true(vmmio_stack_layer(&s, 2, VMMIO_LAYER_KVM) == 22000);
			assert_true(vmmio_stack_layer(&s, 1, VMMIO_LAYERS) == 90000);
			assert_true(s.layers[0].vmm_by_calls == 52000);
		}
		json_decref(verdict);
		drop(&s);
	}
}

/* Without the line of vmmio-stat there is no cost of a kick, and no result. */
static void no_kicks(void **state)
{
	struct vmmio_stack s = {0};
	json_t *rows = json_array();
	char why[200] = "";

	assert_int_equal(vmmio_stack_add_kicks(&s, 0, "@kicked\n", rows, why, sizeof(why)),
			 -EPROTO);
	assert_int_equal(
		vmmio_stack_add_kicks(&s, 0, "\n@kicks {\"rows\":[}\n", rows, why, sizeof(why)),
		-EPROTO);
	assert_string_equal(why, "vmmio-stat told nothing of kicks in the guest");
	json_decref(rows);
}

/*
 * The driver's counters stand for the guest where its host is the second witness, and are
 * not enough where it is not.
 */
static void host_is_witness(void **state)
{
	static const char round[] =
		"@round {\"kind\":\"count\",\"round\":0,\"depth\":1,\"column\":\"mmio\",\"ios\":1,"
		"\"labels\":\"load=randread\",\"device\":\"virtio0\"}\n{\"ios\":1}\n"
		"{\"source\":\"sysfs\",\"rows\":[]}\n@end 0\n";
	char text[512], why[200] = "";

	for (int host = 0; host < 2; host++) {
		json_t *rows = json_array(), *info = json_object();

		snprintf(text, sizeof(text), "%s%s",
			 host ? "@info {\"second_witness\":\"host\"}\n" : "", round);
		assert_int_equal(vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)),
				 host ? 0 : -EPROTO);
		assert_true(!json_object_get(json_array_get(rows, 0), "stat") == !host);
		json_decref(rows);
		json_decref(info);
	}
}

/*
 * A sweep holds each round of the guest against the host's, and makes series of both. One
 * event more or less on either side, or one that is not known, is no agreement.
 */
static void rounds_agree(void **state)
{
	static const size_t fields[] = {offsetof(struct vmmio_host_round, kicks),
					offsetof(struct vmmio_host_round, reads),
					offsetof(struct vmmio_host_round, acks),
					offsetof(struct vmmio_host_round, interrupts),
					offsetof(struct vmmio_host_round, eoi_user),
					offsetof(struct vmmio_host_round, lost)};
	static const double add[] = {1, -1, NAN};
	struct vmmio_host_round host[VMMIO_COLUMNS], spoilt;
	struct cell cells[VMMIO_COLUMNS];
	char *text, why[200] = "";
	json_t *rows = json_array(), *info = json_object(), *row;
	struct vmmio_series_set set = {0};
	const struct vmmio_series *s;
	size_t i, c = 0;

	memcpy(cells, good, sizeof(cells));
	cells[2].again = 1;
	text = report(cells, VMMIO_COLUMNS);
	assert_int_equal(vmmio_rounds_parse(text, 0, rows, info, why, sizeof(why)), 0);
	assert_int_equal(vmmio_host_rounds(text, host, VMMIO_COLUMNS, why, sizeof(why)), 0);
	json_array_foreach(rows, i, row) {
		if (!json_object_get(row, "stat"))
			continue;
		/* of a driver that counts no registers, its handler's runs are held against them */
		for (int registers = 0; registers < 2; registers++)
			if (!vmmio_host_agree(row, registers, &host[c], why, sizeof(why)))
				fail_msg("%s", why);
		for (size_t k = 0; host[c].again == 0 && k < 3 * sizeof(fields) / sizeof(fields[0]);
		     k++) {
			spoilt = host[c];
			*(double *)((char *)&spoilt + fields[k / 3]) += add[k % 3];
			assert_false(vmmio_host_agree(row, true, &spoilt, why, sizeof(why)));
			assert_false(vmmio_host_agree(row, false, &spoilt, why, sizeof(why)));
		}
		json_object_set_new(row, "host", vmmio_host_round_json(&host[c]));
		c++;
	}
	assert_int_equal(c, VMMIO_COLUMNS);
	assert_int_equal(vmmio_rounds_series(rows, 1, false, &set), 0);
	s = vmmio_series_find(&set, "load=randread transport=mmio depth=1", "exits_per_io");
	assert_true(s && s->n == 1 && s->c[0].num == 5 * N && s->v[0] == 5);
	s = vmmio_series_find(&set, "load=randread transport=pci-msix depth=1", "irqs_per_io");
	assert_true(s && s->c[0].num == N); /* accepted, not the handler's runs */
	s = vmmio_series_find(&set, "load=randread transport=pci-msix depth=1",
			      "stack_instructions_per_io");
	assert_true(s && s->v[0] == 90000);
	assert_null(
		vmmio_series_find(&set, "load=randread transport=mmio depth=1", "latency_p50_us"));
	vmmio_series_free(&set);
	json_decref(rows);
	json_decref(info);
	free(text);
}

/*
 * Without an ioeventfd a kick of a PCI device is a write to an address: the guest says which
 * is whose. Without that there is no round of it.
 */
static void doorbells(void **state)
{
	static const char *const said = "@doorbell 0xc000003000\n@doorbell 0xc000007000\n";
	struct vmmio_host_round host[VMMIO_COLUMNS];
	char *text = report(good, VMMIO_COLUMNS), *bare = NULL, why[200] = "";
	size_t size;
	FILE *f = open_memstream(&bare, &size);

	fputs(said, f);
	for (const char *p = text, *q; *p; p = q) {
		static const char kick[] =
			"{\"exit\":\"kick\",\"path\":\"ioeventfd\",\"device\":\"pci@";

		q = strstr(p, kick);
		fprintf(f, "%.*s", q ? (int)(q - p) : (int)strlen(p), p);
		if (!q)
			break;
		q += sizeof(kick) - 1;
		fprintf(f,
			"{\"exit\":\"mmio write\",\"path\":\"userspace\",\"device\":null,"
			"\"register\":\"0x%.*s\"",
			(int)strcspn(q, "\""), q);
		q = strstr(q, "\"notify\"") + 8;
	}
	fclose(f);
	if (vmmio_host_rounds(bare, host, VMMIO_COLUMNS, why, sizeof(why)))
		fail_msg("%s", why);
	assert_string_equal(host[1].device, "pci@c000003000");
	assert_true(host[1].kicks == N && host[2].kicks == N && host[0].kicks == N);
	assert_true(host[1].reads == N); /* its status is two pages before */
	for (int c = 1; c < VMMIO_COLUMNS; c++)
		assert_string_equal(host[c].kind[0].name, "kick by userspace");
	assert_int_equal(
		vmmio_host_rounds(bare + strlen(said), host, VMMIO_COLUMNS, why, sizeof(why)),
		-EPROTO);
	free(bare);
	free(text);
}

/* What vmmio-layers did not say is an error, not a layer of 0. */
static void no_layers(void **state)
{
	static const char *const spoilt[] = {"\"by\"", "\"vmm\"", "\"periods\":99", "99,\"ns\"",
					     "\"address\""};
	struct vmmio_layer_sums sums;
	char why[200];

	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		char *text = report(good, VMMIO_COLUMNS), *p;

		assert_int_equal(
			vmmio_layer_sums(text, "kvm", "mmio@feb02e00", &sums, why, sizeof(why)), 0);
		while ((p = strstr(text, spoilt[i])))
			*p = '!';
		why[0] = '\0';
		assert_int_equal(
			vmmio_layer_sums(text, "kvm", "mmio@feb02e00", &sums, why, sizeof(why)),
			-EPROTO);
		assert_true(why[0] != '\0');
		free(text);
	}
}

/* A device with a doorbell for each virtqueue: that of the one that was kicked, in its page. */
static void doorbells_of_queues(void **state)
{
	static const char one[] = "{\"address\":%llu,\"periods\":%d,\"ns\":%s,\"sides\":%s}";
	static const char layers[] = "{\"guest\":%d,\"kvm\":2,\"vmm\":3,\"other\":4,\"idle\":5,"
				     "\"probe\":6}";
	static const struct {
		unsigned long long address;
		int periods;
	} of[] = {{0xc000003008, 49}, {0xc000003000, 1}, {0xc000004000, 70}, {0xc000002ffc, 71}};
	struct vmmio_layer_sums sums;
	char text[3000] = "@layers {\"by\":\"kvm\",\"doorbells\":[", row[700], ns[200], why[200];

	for (size_t i = 0; i < 4; i++) {
		snprintf(ns, sizeof(ns), layers, of[i].periods);
		snprintf(row, sizeof(row), one, of[i].address, of[i].periods, ns, ns);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? "," : "",
			 row);
	}
	strcat(text, "]}\n");
	assert_int_equal(vmmio_layer_sums(text, "kvm", "pci@c000003000", &sums, why, sizeof(why)),
			 0);
	assert_true(sums.periods == 49 && sums.ns[VMMIO_LAYER_GUEST] == 49);
	/* a window has one doorbell, which tells no virtqueues apart */
	assert_int_equal(vmmio_layer_sums(text, "kvm", "mmio@c000002fac", &sums, why, sizeof(why)),
			 0);
	assert_true(sums.periods == 71);
	assert_int_equal(vmmio_layer_sums(text, "kvm", "mmio@c000002fa8", &sums, why, sizeof(why)),
			 -EPROTO);
}

/* The load of a stored result is the one that it says; one of before says none: disks. */
static void stored_load(void **state)
{
	static const struct {
		const char *options, *text;
		bool vhost;
	} of[] = {{"", "random reads of 4 KiB", false},
		  {",\"load\":\"scsi-randread\",\"vhost\":true",
		   "random reads of 4 KiB from a SCSI disk", true},
		  {",\"load\":\"udp_rr\",\"vhost\":false",
		   "UDP requests of 32 bytes, responses of 1024", false},
		  {",\"load\":\"console\"", NULL, false}};
	const struct vmmio_series_set none = {0};

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		struct vmmio_stack s;
		char text[500], labels[96];
		json_t *j;
		int err;

		snprintf(text, sizeof(text),
			 "{\"options\":{\"boots\":1,\"rounds\":1,\"count\":9%s},\"layers\":null,"
			 "\"host\":[{\"boot\":0,\"column\":\"mmio\"},{\"boot\":0,\"column\":"
			 "\"pci-intx\"},{\"boot\":0,\"column\":\"pci-msix\"}]}",
			 of[i].options);
		j = json_loads(text, 0, NULL);
		err = vmmio_stack_stored(&s, j, NULL, VMMIO_ACCEL_SVM_ON_TCG, &none);
		assert_int_equal(err, of[i].text ? 0 : -EPROTO);
		if (!err) {
			assert_string_equal(s.load_text, of[i].text);
			assert_int_equal(s.vhost, of[i].vhost);
			vmmio_stack_labels(&s, 0, labels, sizeof(labels));
			assert_int_equal(!strncmp(labels, "load=randread ", 14), !i);
			vmmio_stack_stored_free(&s);
		}
		json_decref(j);
	}
}

static void refused(void **state)
{
	struct vmmio_host_round host[VMMIO_COLUMNS];
	char *text = report(good, 2), why[200], *p;

	/* the kernel's own read at boot must not stand for a round: it is of another disk */
	assert_int_equal(vmmio_host_rounds(text, host, 4, why, sizeof(why)), -EPROTO);
	assert_string_equal(why, "the host saw 3 rounds, the guest made 4");
	while ((p = strstr(text, "\"exits\"")))
		memcpy(p, "\"exitz\"", 7);
	assert_int_equal(vmmio_host_rounds(text, host, 2, why, sizeof(why)), -EPROTO);
	assert_non_null(strstr(why, "does not say how many exits"));
	strstr(text, "@host {")[7] = '!';
	assert_int_equal(vmmio_host_rounds(text, host, 1, why, sizeof(why)), -EPROTO);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(agreeing),
					   cmocka_unit_test(twice),
					   cmocka_unit_test(vcpus),
					   cmocka_unit_test(differing),
					   cmocka_unit_test(layers),
					   cmocka_unit_test(no_layers),
					   cmocka_unit_test(doorbells_of_queues),
					   cmocka_unit_test(stored_load),
					   cmocka_unit_test(refused),
					   cmocka_unit_test(unknown),
					   cmocka_unit_test(no_kicks),
					   cmocka_unit_test(host_is_witness),
					   cmocka_unit_test(rounds_agree),
					   cmocka_unit_test(arm),
					   cmocka_unit_test(doorbells)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
