// SPDX-License-Identifier: GPL-2.0-only
/*
 * "list": devices and virtqueues. Identities only; hooks that were attached to find mainline's
 * virtqueues are gone before anything is printed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vmmio/features.h>

#include "tools/vmmio-stat/session/cmd.h"
#include "tools/vmmio-stat/core/irqnames.h"
#include "lib/json.h"
#include "tools/vmmio-stat/session/session.h"
#include "tools/vmmio-stat/source/tracefs_devices.h"
#include "tools/vmmio-stat/session/parse.h"

static const struct {
	int bit;
	const char *name;
} feature_names[] = {
#define FEATURE(bit, name) {bit, name},
	VMMIO_FEATURES(FEATURE)
#undef FEATURE
};

/* "event_idx"; the number of a bit that belongs to the device's type. */
static const char *feature(int bit, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < sizeof(feature_names) / sizeof(feature_names[0]); i++)
		if (feature_names[i].bit == bit)
			return feature_names[i].name;
	snprintf(buf, size, "%d", bit);
	return buf;
}

/* A device's further facts: a separate line. */
static void print_device(const struct vmmio_slot_info *x)
{
	char buf[8];
	int bit;

	printf("%9s on %s", "", x->parent);
	if (x->queues)
		printf(", %u virtqueue%s", x->queues, x->queues == 1 ? "" : "s");
	printf(", features");
	for (bit = 0; bit < 64; bit++)
		if (x->features >> bit & 1)
			printf(" %s", feature(bit, buf, sizeof(buf)));
	putchar('\n');
}

static void table(const struct vmmio_snapshot *s, const size_t *index, size_t n)
{
	char queue[48], cpus[32];
	size_t i;

	printf("%-9s %-12s %-5s %-11s %4s %6s %-8s %9s  %s\n", "DEVICE", "VQ", "TRANS", "IRQ MODE",
	       "IRQ", "VECTOR", "CPUS", "RING/MAX", "DRIVER");
	for (i = 0; i < n; i++) {
		const struct vmmio_slot_info *x = &s->rows[index[i]].info;
		char irq[16] = "-", vector[16] = "-", ring[24] = "-", max[16] = "";

		if (x->irq)
			snprintf(irq, sizeof(irq), "%u", x->irq);
		if (x->vector != 0xffff && x->transport == VMMIO_TRANSPORT_PCI &&
		    x->irq_mode != VMMIO_IRQ_INTX)
			snprintf(vector, sizeof(vector), "%u", x->vector);
		if (x->ring_max)
			snprintf(max, sizeof(max), "/%u", x->ring_max);
		if (x->kind == VMMIO_SLOT_QUEUE && x->ring_size)
			snprintf(ring, sizeof(ring), "%u%s%s", x->ring_size,
				 x->flags & VMMIO_SLOT_PACKED ? "p" : "", max);
		printf("%-9s %-12s %-5s %-11s %4s %6s %-8s %9s  %s\n",
		       vmmio_row_device(&s->rows[index[i]]),
		       vmmio_format_queue(queue, sizeof(queue), &s->rows[index[i]]),
		       vmmio_transport_name(x->transport), vmmio_irq_mode_name(x->irq_mode), irq,
		       vector, vmmio_irq_cpus(x->irq, cpus, sizeof(cpus)), ring, x->driver);
		if (x->kind == VMMIO_SLOT_DEVICE)
			print_device(x);
	}
}

static void json(const struct vmmio_snapshot *s, const size_t *index, size_t n)
{
	struct vmmio_json j = {.out = stdout};
	char buf[32];
	size_t i;
	int bit;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat list");
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < n; i++) {
		const struct vmmio_slot_info *x = &s->rows[index[i]].info;

		vmmio_json_open(&j, NULL, '{');
		vmmio_json_identity(&j, &s->rows[index[i]]);
		if (x->irq)
			vmmio_json_text(&j, "cpus", vmmio_irq_cpus(x->irq, buf, sizeof(buf)));
		else
			vmmio_json_null(&j, "cpus");
		vmmio_json_open(&j, "feature_names", '[');
		for (bit = 0; bit < 64; bit++)
			if (x->features >> bit & 1)
				vmmio_json_text(&j, NULL, feature(bit, buf, sizeof(buf)));
		vmmio_json_close(&j, ']');
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	putchar('\n');
}

/* Devices that no source reports: sysfs' facts, no virtqueues. */
static int add_devices(struct vmmio_snapshot *s)
{
	struct tracefs_devices d;
	struct vmmio_row *r;
	__u32 slot;
	size_t i;
	int err = tracefs_devices_init(&d, &tracefs_known_here, NULL);

	if (!err)
		tracefs_devices_scan(&d);
	for (slot = 0; !err && slot < d.next_slot; slot++) {
		for (i = 0; i < s->n; i++)
			if (!strcmp(s->rows[i].info.device, d.infos[slot].device))
				break;
		if (i < s->n)
			continue;
		r = vmmio_snapshot_add(s);
		if (r)
			r->info = d.infos[slot];
		else
			err = -ENOMEM;
	}
	tracefs_devices_free(&d);
	return err;
}

/* Identities into @s. Returns 0, or -errno with one line printed. */
static int look(struct vmmio_session *x, struct vmmio_snapshot *s)
{
	struct vmmio_source_opts so = {.want = x->want, .max_slots = x->opt.max_slots};
	bool automatic = !strcmp(x->opt.source, "auto");
	size_t i;
	int err;

	err = vmmio_source_open(&x->src, x->opt.source, &so);
	if (!err)
		err = x->src.ops->discover(&x->src, s);
	if (!err || automatic) {
		bool known = !err;

		err = automatic ? add_devices(s) : 0;
		if (!err && !s->n && !known)
			err = -ENODEV;
		else if (!err && (!known || x->src.note[0]))
			vmmio_complain("not all virtqueues are known: %s",
				       known ? x->src.note : x->src.why);
	}
	if (err)
		vmmio_complain("%s", x->src.why[0] ? x->src.why : strerror(-err));
	/* vmmio.ko's slots have it; mainline's is known after the first interrupt */
	for (i = 0; !err && i < s->n; i++)
		if (!s->rows[i].info.irq && s->rows[i].info.slot >= VMMIO_SLOTS && !x->src.accel[0])
			vmmio_irq_complete(&s->rows[i].info);
	return err;
}

int vmmio_cmd_list(int argc, char **argv)
{
	static const struct vmmio_form form = {
		.program = "vmmio-stat list",
		.usage = "[options]",
		.about =
			"Devices and virtqueues: transport, interrupts and their CPUs, ring sizes, "
			"features.\n",
		.takes = "nDqSzjoe",
	};
	struct vmmio_session x = {};
	struct vmmio_snapshot s;
	size_t *index = NULL, n;
	int ret;

	ret = vmmio_options_parse(&x.opt, &form, argc, argv);
	if (ret)
		return ret - 1;
	if (x.opt.argc) {
		vmmio_complain("list: it takes no operand");
		return VMMIO_EXIT_USAGE;
	}
	x.want.counters = 1ull << VMMIO_C_KICKS; /* identities, as cheaply as possible */
	vmmio_snapshot_init(&s, &x.want);
	ret = look(&x, &s);
	vmmio_source_close(&x.src);
	if (!ret) {
		index = calloc(s.n + 1, sizeof(*index));
		if (!index)
			vmmio_complain("%s", strerror(ENOMEM));
	}
	if (!index) {
		ret = VMMIO_EXIT_TROUBLE;
		goto out;
	}
	n = vmmio_rows_select(&s, &x.opt, index);
	if (x.opt.format == VMMIO_FORMAT_JSON)
		json(&s, index, n);
	else
		table(&s, index, n);
out:
	free(index);
	vmmio_snapshot_free(&s);
	return ret;
}
