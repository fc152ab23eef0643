// SPDX-License-Identifier: GPL-2.0-only
/*
 * Snapshots and their differences: rows that appear, vanish or change hands,
 * counters that wrap or run backwards, sums of a device; and /proc/interrupts.
 * Long because all of them are made of the same few rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "tools/vmmio-stat/core/irqs.h"
#include "tools/vmmio-stat/core/probing.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "tools/vmmio-stat/source/source.h"
#include "tools/vmmio-stat/source/stock_load.h"
#include "tools/vmmio-stat/source/witness.h"

static const struct vmmio_want want = {.hists = 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH,
				       .regs = true};

static struct vmmio_row *add(struct vmmio_snapshot *s, __u32 slot, __u32 gen, int kind)
{
	struct vmmio_row *r = vmmio_snapshot_add(s);

	assert_non_null(r);
	r->info.slot = slot;
	r->info.gen = gen;
	r->info.kind = kind;
	r->info.irq_mode = VMMIO_IRQ_LINE;
	snprintf(r->info.device, sizeof(r->info.device), "virtio%u", slot);
	return r;
}

struct trio {
	struct vmmio_snapshot old, new, d;
};

static int setup(void **state)
{
	struct trio *t = calloc(1, sizeof(*t));

	vmmio_snapshot_init(&t->old, &want);
	vmmio_snapshot_init(&t->new, &want);
	vmmio_snapshot_init(&t->d, &want);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct trio *t = *state;

	vmmio_snapshot_free(&t->old);
	vmmio_snapshot_free(&t->new);
	vmmio_snapshot_free(&t->d);
	free(t);
	return 0;
}

static void counters_are_subtracted(void **state)
{
	struct trio *t = *state;

	vmmio_row_set(add(&t->old, 1, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 100);
	vmmio_row_set(add(&t->new, 1, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 130);
	t->old.time_ns = 1000;
	t->new.time_ns = 3000;
	t->old.events_lost = 5;
	t->new.events_lost = 7;
	t->new.have_lost = true;
	assert_int_equal(vmmio_delta(&t->d, &t->old, &t->new), 0);
	assert_int_equal(t->d.n, 1);
	assert_int_equal(t->d.rows[0].c[VMMIO_C_KICKS], 30);
	assert_int_equal(t->d.time_ns, 2000);
	assert_int_equal(t->d.events_lost, 2);
	assert_true(t->d.have_lost);
	assert_int_equal(t->d.gone, 0);
	assert_false(vmmio_row_has(&t->d.rows[0], VMMIO_C_IRQS));
}

static void backwards_is_unknown(void **state)
{
	struct trio *t = *state;
	struct vmmio_row *o = add(&t->old, 1, 1, VMMIO_SLOT_QUEUE);
	struct vmmio_row *n = add(&t->new, 1, 1, VMMIO_SLOT_QUEUE);

	vmmio_row_set(o, VMMIO_C_KICKS, 100);
	vmmio_row_set(n, VMMIO_C_KICKS, 99);
	vmmio_row_set(n, VMMIO_C_IRQS, 4); /* only now known: no difference either */
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_false(vmmio_row_has(&t->d.rows[0], VMMIO_C_KICKS));
	assert_false(vmmio_row_has(&t->d.rows[0], VMMIO_C_IRQS));
}

static void buckets_may_wrap(void **state)
{
	struct trio *t = *state;

	add(&t->old, 1, 1, VMMIO_SLOT_QUEUE)->have_hist = 1u << VMMIO_HIST_IRQ;
	add(&t->new, 1, 1, VMMIO_SLOT_QUEUE)->have_hist = 1u << VMMIO_HIST_IRQ;
	vmmio_row_hist(&t->old, 0, VMMIO_HIST_IRQ)->n[7] = ~0u - 1;
	vmmio_row_hist(&t->new, 0, VMMIO_HIST_IRQ)->n[7] = 3;
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(vmmio_row_hist(&t->d, 0, VMMIO_HIST_IRQ)->n[7], 5);
	/* a run so long that one may have wrapped twice: not known, instead of too few */
	vmmio_row_set(&t->old.rows[0], VMMIO_C_LATENCIES, 1);
	vmmio_row_set(&t->new.rows[0], VMMIO_C_LATENCIES, 1ull << 32);
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(t->d.rows[0].have_hist, 1u << VMMIO_HIST_IRQ);
	vmmio_row_set(&t->new.rows[0], VMMIO_C_LATENCIES, (1ull << 32) + 1);
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(t->d.rows[0].have_hist, 0);
	assert_null(vmmio_row_hist(&t->d, 0, VMMIO_HIST_KICK)); /* not asked for */
	assert_null(vmmio_row_hist(&t->d, 1, VMMIO_HIST_IRQ));	/* no such row */
}

static void another_generation_counts_from_zero(void **state)
{
	struct trio *t = *state;

	vmmio_row_set(add(&t->old, 4, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 100);
	vmmio_row_set(add(&t->new, 4, 2, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 7);
	vmmio_row_regs(&t->new, 0)->reads[3] = 9;
	t->new.rows[0].have_regs = true;
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(t->d.rows[0].c[VMMIO_C_KICKS], 7);
	assert_int_equal(vmmio_row_regs(&t->d, 0)->reads[3], 9);
	assert_true(t->d.rows[0].reset);
	assert_int_equal(t->d.gone, 1);
	assert_string_equal(t->d.gone_name, "virtio4 queue 0");
}

static void rows_come_and_go(void **state)
{
	struct trio *t = *state;

	add(&t->old, 1, 1, VMMIO_SLOT_DEVICE);
	vmmio_row_set(add(&t->old, 3, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 10);
	add(&t->old, 9, 1, VMMIO_SLOT_DEVICE);
	vmmio_row_set(add(&t->new, 0, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 2);
	vmmio_row_set(add(&t->new, 3, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 15);
	vmmio_row_set(add(&t->new, 5, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 6);
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(t->d.n, 3);
	assert_int_equal(t->d.rows[0].c[VMMIO_C_IRQS], 2);
	assert_int_equal(t->d.rows[1].c[VMMIO_C_IRQS], 5);
	assert_int_equal(t->d.rows[2].c[VMMIO_C_IRQS], 6);
	assert_true(t->d.rows[0].reset && !t->d.rows[1].reset && t->d.rows[2].reset);
	assert_int_equal(t->d.gone, 2);
	assert_string_equal(t->d.gone_name, "virtio1");
}

static void registers_are_subtracted(void **state)
{
	struct trio *t = *state;

	add(&t->old, 1, 1, VMMIO_SLOT_DEVICE)->have_regs = true;
	add(&t->new, 1, 1, VMMIO_SLOT_DEVICE)->have_regs = true;
	vmmio_row_regs(&t->old, 0)->writes[VMMIO_REG_STATUS] = 5;
	vmmio_row_regs(&t->new, 0)->writes[VMMIO_REG_STATUS] = 8;
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_int_equal(vmmio_row_regs(&t->d, 0)->writes[VMMIO_REG_STATUS], 3);
	vmmio_row_regs(&t->new, 0)->writes[VMMIO_REG_STATUS] = 4;
	vmmio_delta(&t->d, &t->old, &t->new);
	assert_false(t->d.rows[0].have_regs);
}

/* Storage grows without mixing up rows. */
static void many_rows(void **state)
{
	struct trio *t = *state;
	__u32 i;

	for (i = 0; i < 1000; i++) {
		vmmio_row_set(add(&t->new, i, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, i);
		vmmio_row_hist(&t->new, i, VMMIO_HIST_BATCH)->n[5] = i;
		t->new.rows[i].have_hist = 1u << VMMIO_HIST_BATCH;
	}
	vmmio_delta(&t->d, &t->old, &t->new);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(t->d.rows[i].c[VMMIO_C_KICKS], i);
		assert_int_equal(vmmio_row_hist(&t->d, i, VMMIO_HIST_BATCH)->n[5], i);
		assert_int_equal(vmmio_row_hist(&t->d, i, VMMIO_HIST_IRQ)->n[5], 0);
	}
}

static void a_device_sums_its_queues(void **state)
{
	struct trio *t = *state;
	struct vmmio_snapshot *s = &t->new;
	struct vmmio_row *r = add(s, 0, 1, VMMIO_SLOT_DEVICE);

	r->info.transport = VMMIO_TRANSPORT_MMIO;
	r->have_regs = true;
	vmmio_row_set(r, VMMIO_C_REG_READS, 10);
	vmmio_row_set(r, VMMIO_C_REG_WRITES, 20);
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, 1); /* no meaning for a device */
	vmmio_row_set(add(s, 1, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 3);
	vmmio_row_set(add(s, 2, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 4);
	vmmio_row_set(add(s, 3, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 100);
	s->rows[3].info.dev_slot = 99; /* somebody else's */
	s->rows[1].info.flags = VMMIO_SLOT_PACKED;
	vmmio_row_set(&s->rows[1], VMMIO_C_KICK_BUFFERS, 5);
	vmmio_row_set(&s->rows[2], VMMIO_C_KICK_BUFFERS, 5);
	vmmio_row_set(&s->rows[2], VMMIO_C_IRQS_SPURIOUS, 0);
	vmmio_row_set(&s->rows[2], VMMIO_C_LATENCIES, 9);
	s->rows[2].info.flags = VMMIO_SLOT_DEVICE_DRIVEN;
	vmmio_snapshot_finish(s);
	assert_int_equal(s->rows[0].c[VMMIO_C_KICKS], 7);
	assert_int_equal(s->rows[0].c[VMMIO_C_ACCESSES], 37);
	assert_int_equal(vmmio_row_regs(s, 0)->writes[VMMIO_REG_QUEUE_NOTIFY], 7);
	assert_false(vmmio_row_has(&s->rows[0], VMMIO_C_KICK_BUFFERS));
	assert_false(vmmio_row_has(&s->rows[1], VMMIO_C_KICK_BUFFERS)); /* packed ring */
	assert_true(vmmio_row_has(&s->rows[2], VMMIO_C_KICK_BUFFERS));
	assert_false(vmmio_row_has(&s->rows[2], VMMIO_C_IRQS_SPURIOUS)); /* shared line */
	assert_false(vmmio_row_has(&s->rows[2], VMMIO_C_LATENCIES));	 /* device-driven queue */
}

static void interrupts(struct vmmio_irqs *q, const char *text)
{
	char path[] = "/tmp/vmmio-irqs-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(vmmio_irqs_read(q, path, NULL), 0);
	unlink(path);
}

static void proc_interrupts_is_read(void **state)
{
	struct vmmio_irqs q = {};

	interrupts(&q, "           CPU0       CPU1\n"
		       "  4:         10          1   IO-APIC   4-edge      ttyS0\n"
		       " 24:        100        200   PCI-MSI 16384-edge      virtio0-config 7\n"
		       "NMI:          9          9   Non-maskable interrupts\n"
		       "ERR:          3\n");
	assert_int_equal(q.n, 2);
	assert_int_equal(q.list[0].irq, 4);
	assert_int_equal(q.list[0].count, 11);
	assert_int_equal(q.list[1].irq, 24);
	assert_int_equal(q.list[1].count, 300);
	vmmio_irqs_free(&q);
	assert_int_not_equal(vmmio_irqs_read(&q, "/nonexistent", NULL), 0);
}

/* What came to a CPU that is offline now is in the kernel's sums only. */
static void an_offline_cpu_takes_nothing_away(void **state)
{
	static const char stat[] = "cpu  1 2 3\nintr 999 7 0 0 0 11 0 300 9\nctxt 1\n";
	char path[] = "/tmp/vmmio-irqs-XXXXXX", all[] = "/tmp/vmmio-stat-XXXXXX";
	static const char half[] = "  CPU0\n 4: 10 ttyS0\n 6: 100 PCI-MSI virtio0-req.0\n";
	int fd = mkstemp(path), fd2 = mkstemp(all);
	struct vmmio_irqs q = {};

	assert_int_equal(write(fd, half, strlen(half)), strlen(half));
	assert_int_equal(write(fd2, stat, strlen(stat)), strlen(stat));
	close(fd);
	close(fd2);
	assert_int_equal(vmmio_irqs_read(&q, path, all), 0);
	assert_int_equal(q.n, 2);
	assert_int_equal(q.list[0].count, 11);
	assert_int_equal(q.list[1].count, 300);
	vmmio_irqs_free(&q);
	unlink(path);
	unlink(all);
}

static void an_interrupt_is_known_by_its_handlers(void **state)
{
	struct vmmio_slot_info x = {.kind = VMMIO_SLOT_QUEUE,
				    .device = "virtio1",
				    .transport = VMMIO_TRANSPORT_PCI,
				    .queue_name = "req.0"};
	struct vmmio_irqs q = {};

	/* a CPU went between the first line and the others; a line without names */
	interrupts(&q, "  CPU0 CPU1\n 4: 3 ttyS0\n 6: 9\n 7: 8 PCI-MSI 7-edge virtio3-req.0\n");
	assert_int_equal(q.n, 3);
	assert_int_equal(q.list[0].count, 3);
	assert_int_equal(q.list[1].count, 9);
	assert_non_null(strstr(q.list[2].names, "virtio3-req.0"));
	interrupts(&q, "  CPU0\n 9: 1 IO-APIC 9-fasteoi acpi, virtio2, virtio10\n"
		       " 54: 0 PCI-MSI 16384-edge virtio1-config\n"
		       " 55: 1 PCI-MSI 16385-edge virtio1-req.0\n"
		       " 60: 0 PCI-MSI 16384-edge virtio3-config\n"
		       " 61: 0 PCI-MSI 16385-edge virtio3-virtqueues\n"
		       /* vmmio.ko's: vectors of queues; one for all */
		       " 65: 0 PCI-MSI 49152-edge virtio7\n"
		       " 66: 9 PCI-MSI 49153-edge virtio7-req.0\n"
		       " 67: 0 PCI-MSI 65536-edge virtio8\n"
		       " 68: 9 PCI-MSI 65537-edge virtio8\n");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 55);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_MSIX);
	strcpy(x.queue_name, "control"); /* which has none: the device's others do */
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 0);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_NONE);
	strcpy(x.device, "virtio3");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 61);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_MSIX_SHARED);
	strcpy(x.device, "virtio10");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 9);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_INTX);
	strcpy(x.queue_name, "req.0");
	strcpy(x.device, "virtio7");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 66);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_MSIX);
	strcpy(x.queue_name, "control");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 0);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_NONE);
	x.kind = VMMIO_SLOT_DEVICE;
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 65);
	x.kind = VMMIO_SLOT_QUEUE;
	strcpy(x.device, "virtio8");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 68);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_MSIX_SHARED);
	strcpy(x.device, "virtio4"); /* nothing is named after it */
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq, 0);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_UNKNOWN);
	strcpy(x.device, "irtio2");
	vmmio_irqs_identify(&q, &x);
	assert_int_equal(x.irq_mode, VMMIO_IRQ_UNKNOWN);
	vmmio_irqs_free(&q);
}

static void witness_fill(struct vmmio_witness *w, const char *text)
{
	static struct vmmio_slot_info device = {.kind = VMMIO_SLOT_DEVICE, .device = "virtio0"};
	static bool ours;

	interrupts(&w->irqs.before, text);
	interrupts(&w->irqs.after, text);
	w->devices = &device;
	w->ours = &ours;
	w->n = 1;
	w->taken = true;
}

/* Its line moved, and the hooks saw nothing: that is not "none". */
static void zeros_of_dead_hooks_are_unknown(void **state)
{
	struct trio *t = *state;
	struct vmmio_witness from = {}, to = {};
	char why[240];

	witness_fill(&from, "  CPU0\n 24: 4294967290 edge virtio0\n");
	witness_fill(&to, "  CPU0\n 24: 44 edge virtio0\n"); /* it went round */
	/* no row at all */
	assert_int_equal(vmmio_witness_check(&t->d, &from, &to, VMMIO_SEES_MAINLINE, why, 240), 0);
	assert_int_equal(t->d.unseen, 1);
	assert_int_equal(t->d.n, 1);
	assert_int_equal(t->d.rows[0].have, 0);
	assert_non_null(strstr(why, "virtio0: 50 interrupts by /proc/interrupts"));
	/* rows of zeros */
	vmmio_snapshot_clear(&t->d);
	vmmio_row_set(add(&t->d, 0, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 0);
	vmmio_row_set(add(&t->d, 1, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 0);
	strcpy(t->d.rows[1].info.device, "virtio0");
	vmmio_row_set(&t->d.rows[1], VMMIO_C_OPPORTUNITIES, 3);
	assert_int_equal(vmmio_witness_check(&t->d, &from, &to, VMMIO_SEES_MAINLINE, why, 240), 0);
	assert_int_equal(t->d.unseen, 1);
	assert_false(vmmio_row_has(&t->d.rows[0], VMMIO_C_IRQS));
	assert_false(vmmio_row_has(&t->d.rows[1], VMMIO_C_KICKS));
	assert_true(vmmio_row_has(&t->d.rows[1], VMMIO_C_OPPORTUNITIES));
	/* seen, or nothing that this source looks at, or lost: no alarm */
	vmmio_row_set(&t->d.rows[0], VMMIO_C_IRQS, 1);
	assert_int_equal(vmmio_witness_check(&t->d, &from, &to, VMMIO_SEES_MAINLINE, why, 240), 0);
	assert_int_equal(t->d.unseen, 0);
	vmmio_row_set(&t->d.rows[0], VMMIO_C_IRQS, 0);
	assert_int_equal(vmmio_witness_check(&t->d, &from, &to, VMMIO_SEES_OURS, why, 240), 0);
	assert_int_equal(t->d.unseen, 0);
	t->d.events_lost = 50;
	assert_int_equal(vmmio_witness_check(&t->d, &from, &to, VMMIO_SEES_MAINLINE, why, 240), 0);
	assert_int_equal(t->d.unseen, 0);
	from.devices = to.devices = NULL;
	from.ours = to.ours = NULL;
	vmmio_witness_free(&from);
	vmmio_witness_free(&to);
}

static void a_hook_on_another_of_that_name_is_found(void **state)
{
	static const char list[] = "vm_notify [twin] (1) R   D\n\tdirect-->bpf_trampoline_1\n"
				   "vp_notify [virtio_pci] (2) R\nvring_interrupt (1) R\n";

	assert_false(vmmio_probing_landed(list, "virtio_mmio", "vm_notify"));
	assert_true(vmmio_probing_landed(list, "twin", "vm_notify"));
	assert_true(vmmio_probing_landed(list, "virtio_pci", "vp_notify"));
	assert_false(vmmio_probing_landed(list, NULL, "vp_notify"));
	assert_true(vmmio_probing_landed(list, NULL, "vring_interrupt"));
	assert_false(vmmio_probing_landed(list, NULL, "interrupt"));
}

/* Its doorbell is not hooked: kicks are not 0, and nothing is suppressed. */
static void of_a_transport_that_is_not_known_kicks_are_unknown(void **state)
{
	struct vmmio_stock b = {.mmio = true, .pci = true, .irqs = true, .need = ~0u};
	struct vmmio_row r = {.info = {.kind = VMMIO_SLOT_QUEUE}};

	assert_false(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_KICKS & 1);
	assert_true(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_OPPORTUNITIES & 1);
	assert_true(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_IRQS & 1);
	assert_false(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_IRQS_SPURIOUS & 1);
	assert_false(vmmio_stock_counts(&b, &r).device >> VMMIO_C_IRQS & 1);
	b.irqs = false;
	assert_false(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_IRQS & 1);
	r.info.transport = VMMIO_TRANSPORT_MMIO;
	assert_true(vmmio_stock_counts(&b, &r).queue >> VMMIO_C_KICKS & 1);
}

/* What was not asked for has no hook, and is not 0. */
static void what_is_not_hooked_is_unknown(void **state)
{
	struct vmmio_stock b = {
		.mmio = true, .irqs = true, .fentry = true, .need = VMMIO_STOCK_IRQS_ONLY};
	struct vmmio_row r = {
		.info = {.kind = VMMIO_SLOT_QUEUE, .transport = VMMIO_TRANSPORT_MMIO}};
	struct vmmio_bpf_have have = vmmio_stock_counts(&b, &r);

	/* a ring is read without a hook */
	assert_int_equal(have.queue, 1ull << VMMIO_C_KICKS | 1ull << VMMIO_C_IRQS |
					     1ull << VMMIO_C_LOOKS | 1ull << VMMIO_C_IN_FLIGHT);
	assert_int_equal(have.queue_hists, 0);
	/* of a line only its handler tells, of vectors by queue each is one */
	r.info.irq_mode = VMMIO_IRQ_LINE;
	assert_false(vmmio_stock_counts(&b, &r).device >> VMMIO_C_IRQS & 1);
	r.info.irq_mode = VMMIO_IRQ_MSIX;
	assert_true(vmmio_stock_counts(&b, &r).device >> VMMIO_C_IRQS & 1);
	assert_false(vmmio_stock_counts(&b, &r).device >> VMMIO_C_IRQS_SPURIOUS & 1);
	b.need = VMMIO_STOCK_RUNS_SEEN | VMMIO_STOCK_FOUND;
	r.info.irq_mode = VMMIO_IRQ_LINE;
	have = vmmio_stock_counts(&b, &r);
	assert_true(have.device >> VMMIO_C_IRQS & 1);
	assert_true(have.device >> VMMIO_C_IRQS_SPURIOUS & 1);
	assert_false(have.device >> VMMIO_C_HANDLER_TIMED & 1);
	assert_false(have.queue >> VMMIO_C_USED_BUFFERS & 1);
}

/* Looks at its queues stand for a device's runs where those are not counted. */
static void a_device_is_seen_by_its_queues(void **state)
{
	struct trio *t = *state;
	__u64 irqs;

	add(&t->d, 0, 1, VMMIO_SLOT_DEVICE);
	vmmio_row_set(add(&t->d, 1, 1, VMMIO_SLOT_QUEUE), VMMIO_C_KICKS, 0);
	strcpy(t->d.rows[0].info.device, "virtio0");
	strcpy(t->d.rows[1].info.device, "virtio0");
	assert_false(vmmio_device_irqs(&t->d, &t->d.rows[0], &irqs));
	vmmio_row_set(&t->d.rows[1], VMMIO_C_IRQS, 7);
	assert_true(vmmio_device_irqs(&t->d, &t->d.rows[0], &irqs));
	assert_int_equal(irqs, 7);
	vmmio_row_set(&t->d.rows[0], VMMIO_C_IRQS, 9);
	assert_true(vmmio_device_irqs(&t->d, &t->d.rows[0], &irqs));
	assert_int_equal(irqs, 9);
}

static void a_switch_that_is_off_is_said(void **state)
{
	char root[] = "/tmp/vmmio-root-XXXXXX", dir[200], path[240];
	FILE *f;

	assert_non_null(mkdtemp(root));
	assert_null(vmmio_probing_off(root, false)); /* not to be told: nothing is known */
	snprintf(dir, sizeof(dir), "mkdir -p %s/proc/sys/kernel %s/sys/kernel/debug/kprobes", root,
		 root);
	assert_int_equal(system(dir), 0);
	snprintf(path, sizeof(path), "%s/sys/kernel/debug/kprobes/enabled", root);
	f = fopen(path, "w");
	fputs("0\n", f);
	fclose(f);
	assert_null(vmmio_probing_off(root, false));
	assert_non_null(strstr(vmmio_probing_off(root, true), "kprobes are off"));
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/ftrace_enabled", root);
	f = fopen(path, "w");
	fputs("0\n", f);
	fclose(f);
	assert_non_null(strstr(vmmio_probing_off(root, false), "sysctl kernel.ftrace_enabled=1"));
	snprintf(dir, sizeof(dir), "rm -r %s", root);
	assert_int_equal(system(dir), 0);
}

/* A device with two vectors, one of them shared by its two queues. */
static void verify_holds_runs_against_interrupts(void **state)
{
	struct trio *t = *state;
	struct vmmio_irqs_pair start = {}, end = {};
	char why[200];
	int i;

	for (i = 0; i < 2; i++) {
		struct vmmio_irqs *q = i ? &start.after : &start.before;

		interrupts(q, "  CPU0\n 24: 100 x\n 25: 50 x\n");
		q = i ? &end.after : &end.before;
		interrupts(q, "  CPU0\n 24: 130 x\n 25: 51 x\n");
	}
	vmmio_row_set(add(&t->d, 0, 1, VMMIO_SLOT_DEVICE), VMMIO_C_IRQS, 31);
	t->d.rows[0].info.irq = 25;
	for (i = 1; i < 3; i++) {
		add(&t->d, i, 1, VMMIO_SLOT_QUEUE)->info.irq = 24;
		strcpy(t->d.rows[i].info.device, "virtio0");
	}
	assert_int_equal(vmmio_irqs_verify(&t->d, &start, &end, why, sizeof(why)), 0);
	t->d.rows[0].c[VMMIO_C_IRQS] = 32;
	assert_int_equal(vmmio_irqs_verify(&t->d, &start, &end, why, sizeof(why)), 1);
	assert_non_null(strstr(why, "virtio0: 32 handler runs"));
	t->d.rows[0].c[VMMIO_C_IRQS] = 30;
	assert_int_equal(vmmio_irqs_verify(&t->d, &start, &end, why, sizeof(why)), 1);
	t->d.events_lost = 1; /* the one missing may be the one lost */
	assert_int_equal(vmmio_irqs_verify(&t->d, &start, &end, why, sizeof(why)), 0);
	vmmio_irqs_free(&start.before);
	vmmio_irqs_free(&start.after);
	vmmio_irqs_free(&end.before);
	vmmio_irqs_free(&end.after);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counters_are_subtracted),
		TEST(backwards_is_unknown),
		TEST(buckets_may_wrap),
		TEST(another_generation_counts_from_zero),
		TEST(rows_come_and_go),
		TEST(registers_are_subtracted),
		TEST(many_rows),
		TEST(a_device_sums_its_queues),
		TEST(proc_interrupts_is_read),
		TEST(an_offline_cpu_takes_nothing_away),
		TEST(an_interrupt_is_known_by_its_handlers),
		TEST(zeros_of_dead_hooks_are_unknown),
		TEST(a_hook_on_another_of_that_name_is_found),
		TEST(of_a_transport_that_is_not_known_kicks_are_unknown),
		TEST(what_is_not_hooked_is_unknown),
		TEST(a_device_is_seen_by_its_queues),
		TEST(a_switch_that_is_off_is_said),
		TEST(verify_holds_runs_against_interrupts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
