// SPDX-License-Identifier: GPL-2.0-only
/*
 * See dat_sample.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dat_sample.h"
#include "tools/vmmio-stat/record/facts.h"
#include "tools/vmmio-stat/record/writer.h"
#include "vmmio/events.h"

#define PAGE 4096
#define HEAD 16

struct field {
	const char *type, *name;
	int size;
};

#define F(type_, name_)                           \
	{                                         \
#type_, #name_, sizeof(__##type_) \
	}

static const struct layout {
	const char *system, *name;
	struct field fields[12];
} layouts[] = {
	{"vmmio",
	 "vmmio_kick",
	 {F(u64, time_ns), F(u32, slot), F(u32, gen), F(u32, flags), F(u32, value), F(u16, queue),
	  F(u16, avail_idx), F(u16, used_idx), F(u16, avail_delta)}},
	{"vmmio",
	 "vmmio_kick_done",
	 {F(u64, time_ns), F(u32, cost_ns), F(u32, slot), F(u32, gen), F(u32, flags)}},
	{"vmmio",
	 "vmmio_vq_irq",
	 {F(u64, time_ns), F(u64, kick_to_irq_ns), F(u32, slot), F(u32, gen), F(u32, flags),
	  F(u16, queue), F(u16, used_idx), F(u16, used_delta)}},
	{"vmmio",
	 "vmmio_irq",
	 {F(u64, time_ns), F(u32, cost_ns), F(u32, slot), F(u32, gen), F(u32, flags), F(u32, irq),
	  F(u32, status)}},
	{"virtio_probe",
	 "virtqueue_kick_prepare",
	 {F(u64, __probe_ip), F(u32, index), F(u32, dev), {"__data_loc char[]", "name", 4}}},
	{"virtio_probe",
	 "vp_notify",
	 {F(u64, __probe_ip), F(u32, index), F(u32, dev), {"__data_loc char[]", "name", 4}}},
	{"virtio_probe",
	 "vring_interrupt",
	 {F(u64, __probe_ip),
	  F(u32, index),
	  F(u32, dev),
	  {"__data_loc char[]", "name", 4},
	  F(u32, irq)}},
	{"virtio_probe",
	 "vring_interrupt_ret",
	 {F(u64, __probe_func), F(u64, __probe_ret_ip), F(u32, ret)}},
	/* a host's */
	{"kvm", "kvm_exit", {F(u32, exit_reason), F(u32, isa), F(u32, vcpu_id)}},
	{"kvm", "kvm_mmio", {F(u32, type), F(u32, len), F(u64, gpa), F(u64, val)}},
	{"kvm", "kvm_inj_virq", {F(u32, vector)}},
	{"sched", "sched_switch", {F(u32, prev_pid), F(u32, next_pid)}},
};

#define LAYOUTS (sizeof(layouts) / sizeof(layouts[0]))
#define ID(i) (1000 + (i))

static char *format(int i)
{
	const struct field *f = layouts[i].fields;
	char *text = NULL;
	size_t size;
	int at = 8;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out,
		"name: %s\nID: %d\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
		layouts[i].name, ID(i));
	for (; f->name; at += f->size, f++)
		fprintf(out, "\tfield:%s %s;\toffset:%d;\tsize:%d;\tsigned:0;\n", f->type, f->name,
			at, f->size);
	fprintf(out, "\nprint fmt: \"\"\n");
	return fclose(out) ? NULL : text;
}

/* The page of a CPU that is being filled. */
struct cpu {
	struct vmmio_writer *writer;
	int number;
	char page[PAGE];
	__u32 used;
	__u64 ns;
};

static void finish_page(struct cpu *c)
{
	memcpy(c->page + 8, &c->used, 4);
	vmmio_writer_pages(c->writer, c->number, c->page, PAGE); /* keeps its error */
	memset(c->page, 0, PAGE);
	c->used = 0;
}

/* A record of layout @i with these values, and for a string the name of the queue. */
static void add(struct cpu *c, int i, __u64 ns, __s32 pid, const __u64 *values)
{
	const struct field *f = layouts[i].fields;
	char record[128] = {};
	__u16 type = (__u16)ID(i);
	__u32 at = 8, head, loc, end, k;

	memcpy(record, &type, 2);
	memcpy(record + 4, &pid, 4);
	for (k = 0, end = 8; f[k].name; k++)
		end += (__u32)f[k].size;
	for (k = 0; f[k].name; at += (__u32)f[k].size, k++) {
		if (!strncmp(f[k].type, "__data_loc", 10)) {
			loc = 6u << 16 | end;
			memcpy(record + at, &loc, 4);
			memcpy(record + end, "req.0", 6);
			end += 6;
			continue;
		}
		memcpy(record + at, &values[k], (size_t)f[k].size);
	}
	end = (end + 3) & ~3u;
	if (c->used && c->used + 4 + end > PAGE - HEAD)
		finish_page(c);
	if (!c->used) {
		memcpy(c->page, &ns, 8);
		c->ns = ns;
	}
	head = (__u32)(ns - c->ns) << 5 | end / 4;
	memcpy(c->page + HEAD + c->used, &head, 4);
	memcpy(c->page + HEAD + c->used + 4, record, end);
	c->used += 4 + end;
	c->ns = ns;
}

/* @few: with some of a host's among them. */
static void fill(struct cpu *cpus, unsigned long kicks, bool few)
{
	unsigned long n;

	for (n = 0; n < kicks; n++) {
		__u64 t = 1000000000ull + (__u64)n * 100000;
		__u64 k = n % DAT_SAMPLE_KICKS, cost = 2000 + k * 10, lat = 20000 + k * 100;
		const __u32 flags = VMMIO_EV_OPENED | VMMIO_EV_EMPTY;
		struct cpu *a = &cpus[n % 2], *b = &cpus[0];

		add(a, 0, t, 70 + (__s32)(n % 2),
		    (__u64[]){t, 1, 3, flags, 0, 0, (__u64)n + 1, (__u64)n, 1});
		add(a, 1, t + cost, 70 + (__s32)(n % 2), (__u64[]){t, cost, 1, 3, 0});
		add(b, 2, t + lat, 0,
		    (__u64[]){t + lat, lat, 1, 3, VMMIO_EV_LATENCY | VMMIO_EV_EMPTY, 0,
			      (__u64)n + 1, 1});
		add(b, 3, t + lat + 900, 0, (__u64[]){t + lat, 900, 0, 3, 0, 24, 1});
		t += 50000;
		add(a, 4, t, 80, (__u64[]){0, 0, 1});
		add(a, 5, t + 500, 80, (__u64[]){0, 0, 1});
		add(b, 6, t + 9000, 0, (__u64[]){0, 0, 1, 0, 26});
		add(b, 7, t + 9500, 0, (__u64[]){0, 0, 1});
		if (!few || n % 10)
			continue;
		add(a, 8, t + 9600, 90, (__u64[]){0x400, 2, 0});
		add(a, 9, t + 9700, 90, (__u64[]){2, 4, 0xfeb02e50, 0});
		add(a, 10, t + 9800, 90, (__u64[]){37});
		add(a, 11, t + 9900, 90, (__u64[]){90, 91});
	}
	finish_page(&cpus[0]);
	finish_page(&cpus[1]);
}

static char *facts_text(void *data, const struct vmmio_writer *w)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	vmmio_facts_write(data, out);
	return fclose(out) ? NULL : text;
}

static int fill_facts(struct dat_facts *f, unsigned long kicks)
{
	struct dat_device *d;
	struct dat_slot *s;
	int i;

	snprintf(f->accel, sizeof(f->accel), "kvm");
	snprintf(f->clocksource, sizeof(f->clocksource), "tsc");
	snprintf(f->why, sizeof(f->why), "asked");
	f->start_ns = 999000000;
	f->end_ns = 1010000000 + (__u64)kicks * 100000;
	f->start_ms = 1700000000000;
	f->cpus = calloc(2, sizeof(*f->cpus));
	f->ncpus = 2;
	for (i = 0; f->cpus && i < 2; i++) {
		f->cpus[i].cpu = (__u32)i;
		s = dat_facts_slot(f);
		if (!s)
			return -ENOMEM;
		s->info.kind = i ? VMMIO_SLOT_QUEUE : VMMIO_SLOT_DEVICE;
		s->info.slot = (__u32)i;
		s->info.gen = 3;
		s->info.transport = VMMIO_TRANSPORT_MMIO;
		s->info.irq_mode = VMMIO_IRQ_LINE;
		s->info.irq = 24;
		s->info.device_id = 2;
		snprintf(s->info.device, sizeof(s->info.device), "virtio0");
		snprintf(s->info.driver, sizeof(s->info.driver), "virtio_blk");
		snprintf(s->info.queue_name, sizeof(s->info.queue_name), "req.0");
		d = dat_facts_device(f);
		if (!d)
			return -ENOMEM;
		d->index = (__u32)i;
		d->ours = !i;
		d->info.kind = VMMIO_SLOT_DEVICE;
		d->info.transport = i ? VMMIO_TRANSPORT_PCI : VMMIO_TRANSPORT_MMIO;
		snprintf(d->info.device, sizeof(d->info.device), "virtio%d", i);
		snprintf(d->info.driver, sizeof(d->info.driver), "virtio_blk");
	}
	if (!f->cpus || vmmio_irqs_add(&f->irqs, 25, 0, "virtio1-config"))
		return -ENOMEM;
	return vmmio_irqs_add(&f->irqs, 26, 0, "virtio1-req.0");
}

static int write_file(const char *path, unsigned long kicks, bool few)
{
	struct vmmio_writer_event events[LAYOUTS];
	const char *const stats[2] = {"CPU: 0\noverrun: 0\n", "CPU: 1\noverrun: 0\n"};
	struct dat_facts facts = {};
	struct vmmio_writer_head head = {
		.header_page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
			       "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
			       "\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
			       "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n",
		.header_event = "# compressed entry header\n",
		.tasks = "70 blkload\n80 kworker/0:1H\n",
		.events = events,
		.nevents = LAYOUTS,
		.stats = stats,
		.facts = facts_text,
		.data = &facts,
	};
	struct vmmio_writer w;
	struct cpu cpus[2] = {{.writer = &w}, {.writer = &w, .number = 1}};
	size_t i;
	int err;

	for (i = 0; i < LAYOUTS; i++)
		events[i] = (struct vmmio_writer_event){layouts[i].system, format((int)i)};
	err = fill_facts(&facts, few ? 0 : kicks);
	if (!err)
		err = vmmio_writer_open(&w, path, PAGE, 2);
	if (!err) {
		fill(cpus, kicks, few);
		err = w.err;
		if (!err)
			err = vmmio_writer_finish(&w, &head);
		vmmio_writer_close(&w);
	}
	for (i = 0; i < LAYOUTS; i++)
		free((char *)events[i].format);
	dat_facts_free(&facts);
	return err;
}

int dat_sample_write(const char *path, unsigned long kicks)
{
	return write_file(path, kicks, true);
}

int dat_sample_write_long(const char *path, unsigned long kicks)
{
	return write_file(path, kicks, false);
}
