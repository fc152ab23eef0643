// SPDX-License-Identifier: GPL-2.0-only
/*
 * "list": who is there. Identities only; nothing is attached or counted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "json.h"
#include "session.h"

static void table(const struct vmmio_snapshot *s, const size_t *index, size_t n)
{
	char queue[48];
	size_t i;

	printf("%-9s %-12s %-13s %-5s %-12s %-11s %4s %6s %5s  %s\n", "DEVICE", "VQ", "BUS",
	       "TRANS", "DRIVER", "IRQ MODE", "IRQ", "VECTOR", "RING", "FEATURES");
	for (i = 0; i < n; i++) {
		const struct vmmio_slot_info *x = &s->rows[index[i]].info;
		char irq[16] = "-", vector[16] = "-", ring[24] = "-";

		if (x->irq)
			snprintf(irq, sizeof(irq), "%u", x->irq);
		if (x->vector != 0xffff && x->transport == VMMIO_TRANSPORT_PCI &&
		    x->irq_mode != VMMIO_IRQ_INTX)
			snprintf(vector, sizeof(vector), "%u", x->vector);
		if (x->kind == VMMIO_SLOT_QUEUE)
			snprintf(ring, sizeof(ring), "%u%s", x->ring_size,
				 x->flags & VMMIO_SLOT_PACKED ? "p" : "");
		printf("%-9s %-12s %-13s %-5s %-12s %-11s %4s %6s %5s  0x%llx\n",
		       vmmio_row_device(&s->rows[index[i]]),
		       vmmio_format_queue(queue, sizeof(queue), &s->rows[index[i]]), x->parent,
		       vmmio_transport_name(x->transport), x->driver,
		       vmmio_irq_mode_name(x->irq_mode), irq, vector, ring,
		       (unsigned long long)x->features);
	}
}

static void json(const struct vmmio_snapshot *s, const size_t *index, size_t n)
{
	struct vmmio_json j = {.out = stdout};
	char features[24];
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_text(&j, "tool", "vmmio-stat list");
	vmmio_json_open(&j, "rows", '[');
	for (i = 0; i < n; i++) {
		const struct vmmio_slot_info *x = &s->rows[index[i]].info;

		vmmio_json_open(&j, NULL, '{');
		vmmio_json_text(&j, "device", vmmio_row_device(&s->rows[index[i]]));
		vmmio_json_text(&j, "parent", x->parent);
		vmmio_json_text(&j, "transport", vmmio_transport_name(x->transport));
		vmmio_json_text(&j, "irq_mode", vmmio_irq_mode_name(x->irq_mode));
		vmmio_json_text(&j, "driver", x->driver);
		if (x->kind == VMMIO_SLOT_QUEUE) {
			vmmio_json_u64(&j, "queue", x->queue);
			vmmio_json_text(&j, "queue_name", x->queue_name);
			vmmio_json_u64(&j, "ring_size", x->ring_size);
			vmmio_json_u64(&j, "ring_max", x->ring_max);
			vmmio_json_bool(&j, "packed", x->flags & VMMIO_SLOT_PACKED);
		} else {
			vmmio_json_null(&j, "queue");
			vmmio_json_u64(&j, "queues", x->queues);
		}
		vmmio_json_u64(&j, "irq", x->irq);
		snprintf(features, sizeof(features), "0x%llx", (unsigned long long)x->features);
		vmmio_json_text(&j, "features", features);
		vmmio_json_u64(&j, "slot", x->slot);
		vmmio_json_u64(&j, "gen", x->gen);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	putchar('\n');
}

int vmmio_cmd_list(int argc, char **argv)
{
	struct vmmio_session x = {};
	struct vmmio_snapshot s;
	size_t *index = NULL, n;
	int ret;

	ret = vmmio_options_parse(&x.opt, argc, argv);
	if (ret)
		return ret - 1;
	if (x.opt.argc || x.opt.command) {
		vmmio_complain("list: it takes no operand");
		return VMMIO_EXIT_USAGE;
	}
	if (!strcmp(x.opt.source, "auto"))
		x.opt.source = "sysfs"; /* nothing to attach */
	if (vmmio_session_open(&x))
		return VMMIO_EXIT_TROUBLE;
	vmmio_snapshot_init(&s, &x.want);
	ret = x.src.ops->discover(&x.src, &s);
	if (!ret) {
		index = calloc(s.n + 1, sizeof(*index));
		if (!index)
			ret = -ENOMEM;
	}
	if (ret) {
		vmmio_complain("%s", x.src.why[0] ? x.src.why : strerror(-ret));
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
	vmmio_session_close(&x);
	return ret;
}
