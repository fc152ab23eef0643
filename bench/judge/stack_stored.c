// SPDX-License-Identifier: GPL-2.0-only
/*
 * A stored result of the whole stack as the judge had it (stack.h): what its pictures and
 * a prediction need. What the file calls null stays unknown. Judges nothing again.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stack.h"

/* NAN: null, or not there */
static double number(const json_t *of, const char *key)
{
	const json_t *v = json_object_get(of, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The cell of @row among boots and columns, or -1. */
static int cell_of(const struct vmmio_stack *s, const json_t *row)
{
	const char *column = json_string_value(json_object_get(row, "column"));
	const json_t *boot = json_object_get(row, "boot");
	int c = 0;

	while (column && c < VMMIO_COLUMNS && strcmp(vmmio_columns[c], column))
		c++;
	if (!column || c == VMMIO_COLUMNS || !json_is_integer(boot) ||
	    json_integer_value(boot) < 0 || json_integer_value(boot) >= s->boots)
		return -1;
	return json_integer_value(boot) * VMMIO_COLUMNS + c;
}

static int take_host(struct vmmio_stack *s, const json_t *row)
{
	int at = cell_of(s, row);
	struct vmmio_host_round *h;
	json_t *kind;
	size_t i;

	if (at < 0 || s->host[at].device[0]) /* or there twice */
		return -EPROTO;
	h = &s->host[at];
	snprintf(h->device, sizeof(h->device), "stored"); /* known, and no event was lost */
	h->exits = number(row, "exits");
	h->user = number(row, "to_userspace");
	json_array_foreach(json_object_get(row, "kinds"), i, kind) {
		const char *name = json_string_value(json_object_get(kind, "kind"));
		struct vmmio_host_kind *k = &h->kind[h->nkinds];

		if (!name || h->nkinds == VMMIO_HOST_KINDS)
			return -EPROTO;
		h->nkinds++;
		snprintf(k->name, sizeof(k->name), "%s", name);
		k->of_device = json_is_true(json_object_get(kind, "of_device"));
		k->exits = number(kind, "exits");
		k->user = number(kind, "to_userspace");
		k->ns = number(kind, "instructions_mean");
		k->timed = 1; /* a mean, by how many is not kept */
	}
	return 0;
}

static int take_layers(struct vmmio_stack *s, const json_t *row)
{
	int at = cell_of(s, row);

	if (at < 0 || !s->layers)
		return -EPROTO;
	for (int i = 0; i < VMMIO_LAYERS; i++)
		s->layers[at].layer[i] =
			number(json_object_get(row, "layers"), vmmio_layer_names[i]);
	return 0;
}

int vmmio_stack_stored(struct vmmio_stack *s, const json_t *result, const json_t *machine,
		       enum vmmio_accel accel, const struct vmmio_series_set *set)
{
	const json_t *host = json_object_get(result, "host"),
		     *layers = json_object_get(result, "layers"),
		     *options = json_object_get(result, "options");
	const char *label = json_string_value(json_object_get(options, "load"));
	const struct vmmio_stack_load *load;
	int boots, rounds, count, err = 0;
	json_t *row;
	size_t i;

	memset(s, 0, sizeof(*s));
	if (json_unpack((json_t *)result, "{s:{s:i, s:i, s:i}}", "options", "boots", &boots,
			"rounds", &rounds, "count", &count) ||
	    boots < 1 || boots > 60 || rounds < 1 || count < 1 ||
	    json_array_size(host) != (size_t)boots * VMMIO_COLUMNS)
		return -EPROTO;
	s->accel = accel;
	load = vmmio_stack_load(label ? label : "block"); /* the only one, once */
	if (!load)
		return -EPROTO;
	s->load = load->label;
	s->load_text = load->text;
	s->vhost = json_is_true(json_object_get(options, "vhost"));
	s->kernel = json_string_value(json_object_get(json_object_get(result, "under"), "kernel"));
	s->qemu = json_string_value(json_object_get(json_object_get(result, "under"), "qemu"));
	if (!s->qemu) /* one that was written before the host said it */
		s->qemu = json_string_value(json_object_get(machine, "qemu"));
	if (!s->qemu)
		s->qemu = "?";
	s->boots = boots;
	s->rounds = rounds;
	s->count = count;
	s->set = *set; /* borrowed */
	s->host = calloc((size_t)boots * VMMIO_COLUMNS, sizeof(*s->host));
	if (json_is_array(layers))
		s->layers = calloc((size_t)boots * VMMIO_COLUMNS, sizeof(*s->layers));
	if (!s->host || (json_is_array(layers) && !s->layers))
		err = -ENOMEM;
	for (i = 0; s->layers && i < (size_t)boots * VMMIO_COLUMNS; i++)
		for (int l = 0; l < VMMIO_LAYERS; l++)
			s->layers[i].layer[l] = NAN;
	json_array_foreach(host, i, row)
		err = err ?: take_host(s, row);
	json_array_foreach(layers, i, row)
		err = err ?: take_layers(s, row);
	if (err)
		vmmio_stack_stored_free(s);
	return err;
}

void vmmio_stack_stored_free(struct vmmio_stack *s)
{
	free(s->host);
	free(s->layers);
	memset(s, 0, sizeof(*s));
}
