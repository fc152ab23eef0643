// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what vmmio-layers printed (layers.h).
 */
#include "layers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <vmmio/regs.h>

const char *const vmmio_layer_names[VMMIO_LAYERS] = VMMIO_LAYER_NAMES;

#define PCI_DOORBELLS 0x1000 /* of a device of QEMU: a page with one for each virtqueue */

/* The line of @by, or NULL. */
static json_t *find(const char *text, const char *by)
{
	for (const char *p = text; (p = strstr(p, "@layers {")); p++) {
		json_t *j = NULL;
		const char *said;

		if (p == text || p[-1] == '\n')
			j = json_loadb(p + 8, strcspn(p + 8, "\n"), 0, NULL);
		said = json_string_value(json_object_get(j, "by"));
		if (said && !strcmp(said, by))
			return j;
		json_decref(j);
	}
	return NULL;
}

static int address_of(const char *device, json_int_t *address)
{
	char *end;

	if (strncmp(device, "mmio@", 5) && strncmp(device, "pci@", 4))
		return -EPROTO;
	*address = strtoll(strchr(device, '@') + 1, &end, 16);
	if (device[0] == 'm')
		*address += VMMIO_OFF_QUEUE_NOTIFY;
	return *end ? -EPROTO : 0;
}

/* A layer that is null cannot be told; one that is missing is no line of vmmio-layers. */
static int read_layers(const json_t *of, double *out)
{
	for (int i = 0; i < VMMIO_LAYERS; i++) {
		const json_t *v = json_object_get(of, vmmio_layer_names[i]);

		if (!v || (!json_is_null(v) && !json_is_integer(v)))
			return -EPROTO;
		out[i] = json_is_null(v) ? NAN : json_number_value(v);
	}
	return 0;
}

int vmmio_layer_sums(const char *text, const char *by, const char *device,
		     struct vmmio_layer_sums *out, char *why, size_t len)
{
	json_t *all = find(text, by), *d;
	json_int_t address, end, has, periods, most = 0;
	int err = -EPROTO;
	size_t i;

	if (!all) {
		snprintf(why, len, "vmmio-layers said nothing by %s", by);
		return err;
	}
	if (address_of(device, &address)) {
		snprintf(why, len, "%s: no device whose doorbell is known", device);
		goto out;
	}
	end = address + (device[0] == 'p' ? PCI_DOORBELLS : 1);
	snprintf(why, len, "vmmio-layers by %s saw no period of %s", by, device);
	json_array_foreach(json_object_get(all, "doorbells"), i, d) {
		if (json_unpack(d, "{s:I, s:I}", "address", &has, "periods", &periods)) {
			snprintf(why, len, "a doorbell of vmmio-layers is malformed");
			err = -EPROTO;
			break;
		}
		/* of a device with a doorbell for each virtqueue, the one that was kicked */
		if (has < address || has >= end || periods <= most)
			continue;
		most = periods;
		out->periods = periods;
		err = read_layers(json_object_get(d, "ns"), out->ns)
			      ?: read_layers(json_object_get(d, "sides"), out->sides);
		if (err) {
			snprintf(why, len, "the layers of %s are malformed", device);
			break;
		}
	}
out:
	json_decref(all);
	return err;
}
