// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access costs and predictions (costs.h). Structural counts only make sense
 * here; the caller chooses the settings.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "costs.h"
#include "bench/data/stats.h"
#include "lib/accel.h"

const char *const vmmio_doorbell_name[VMMIO_DOORBELLS] = {
	[VMMIO_DOORBELL_USER] = "doorbell to the VMM",
	[VMMIO_DOORBELL_IOEVENTFD] = "doorbell by ioeventfd",
};

bool vmmio_costs_soft(const struct vmmio_costs *c)
{
	return c->accel == VMMIO_ACCEL_KVM_SOFT;
}

int vmmio_costs_load(const char *path, bool allow_soft, const char *cpu, struct vmmio_costs *c,
		     char *why, size_t len)
{
	const char *accel = NULL;
	json_error_t e;

	memset(c, 0, sizeof(*c));
	errno = 0;
	c->json = json_load_file(path, 0, &e);
	if (!c->json)
		snprintf(why, len, "%s", e.line > 0 ? "not JSON" : strerror(errno));
	else if (json_unpack(c->json, "{s:s, s:s}", "accel", &accel, "cpu", &c->cpu) ||
		 !vmmio_accel_find(accel, &c->accel) ||
		 !json_is_array(json_object_get(c->json, "rows")))
		snprintf(why, len, "not a table of vmmio-bench micro --json");
	else if (vmmio_accel_emulated(c->accel))
		snprintf(why, len, "emulated costs predict nothing");
	else if (vmmio_costs_soft(c) && !allow_soft && (!cpu || strcmp(cpu, c->cpu)))
		snprintf(why, len,
			 "of a KVM without hardware support, on another processor; --allow-soft "
			 "takes it");
	else {
		c->date = json_string_value(json_object_get(c->json, "date"));
		return 0;
	}
	vmmio_costs_free(c);
	return -EINVAL;
}

void vmmio_costs_free(struct vmmio_costs *c)
{
	json_decref(c->json);
	memset(c, 0, sizeof(*c));
}

double vmmio_costs_ns(const struct vmmio_costs *c, const char *key)
{
	const json_t *rows = json_object_get(c->json, "rows");
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const char *name = json_string_value(json_object_get(row, "key"));
		const json_t *net = json_object_get(row, "net_ns");

		if (name && !strcmp(name, key) && json_is_number(net) && json_number_value(net) > 0)
			return json_number_value(net);
	}
	return NAN;
}

static double known_median(const struct vmmio_series *s)
{
	double *v, m;

	if (!s->n || !(v = malloc(s->n * sizeof(*v))))
		return NAN;
	m = vmmio_stats_median(v, vmmio_series_known(s, v));
	free(v);
	return m;
}

void vmmio_predict(const struct vmmio_series_set *set, const char *labels,
		   const struct vmmio_costs *c, enum vmmio_doorbell how,
		   struct vmmio_prediction *out)
{
	const char *doorbell = "mmio_write_user";
	const struct vmmio_series *all = vmmio_series_get(set, labels, VMMIO_M_ACCESSES_PER_IO);
	bool known = all && !isnan(known_median(all));

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < set->n; i++) {
		const struct vmmio_series *s = &set->s[i];

		if (s->id != VMMIO_M_REGISTER || strcmp(s->labels, labels))
			continue;
		known = true;
		switch (vmmio_role_of(s->key + 4)) {
		case VMMIO_ROLE_DOORBELL:
			out->doorbells += known_median(s);
			/* a modern PCI doorbell matches any length, one of mmio its value */
			if (how == VMMIO_DOORBELL_IOEVENTFD)
				doorbell = !strcmp(s->key + 4, "notify")
						   ? "mmio_write_ioeventfd_len0"
						   : "mmio_write_ioeventfd_match";
			break;
		case VMMIO_ROLE_REASON:
			out->reads += known_median(s);
			break;
		default:
			out->writes += known_median(s);
		}
	}
	if (!known) { /* nobody counted accesses: they are not free */
		*out = (struct vmmio_prediction){NAN, NAN, NAN, NAN};
		return;
	}
	out->ns = out->doorbells * vmmio_costs_ns(c, doorbell);
	if (out->reads > 0)
		out->ns += out->reads * vmmio_costs_ns(c, "mmio_read_user");
	if (out->writes > 0)
		out->ns += out->writes * vmmio_costs_ns(c, "mmio_write_user");
}
