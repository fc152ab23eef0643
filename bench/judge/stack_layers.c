// SPDX-License-Identifier: GPL-2.0-only
/*
 * The instructions of an I/O by layer (stack.h): the probes are subtracted, the sum is compared
 * with the guest's own clock in the same rounds, and the monitor's share with that of a second
 * witness, which sees system calls and none of KVM's events.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/data/stats.h"
#include "stack.h"

#define RESIDUAL 0.01 /* of the sum, at most */
/*
 * Between the witnesses lies the system call around KVM_RUN: up to 600 instructions an
 * exit to userspace, 3.4 % of the monitor's where that is most.
 */
#define WITNESSES 0.06
/*
 * Of the whole I/O: both shares are below it where vhost serves the device. The witnesses see
 * different rounds, and the main loop runs once in some of them.
 */
#define VISITS 0.03

static struct vmmio_stack_layers *cell(const struct vmmio_stack *s, unsigned int boot, int c)
{
	return &s->layers[boot * VMMIO_COLUMNS + c];
}

/* NAN: the load did not say. */
static double number(const json_t *load, const char *key)
{
	const json_t *v = json_object_get(load, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

struct vmmio_stack_seen vmmio_stack_seen(const json_t *rows, unsigned int boot, int c,
					 const char *kind)
{
	double ns = 0, ios = 0, min = NAN, medians = 0, rounds = 0;
	bool unsaid = false;
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row) {
		const json_t *load = json_object_get(row, "load");

		if (json_integer_value(json_object_get(row, "boot")) != boot ||
		    strcmp(json_string_value(json_object_get(row, "kind")), kind) ||
		    strcmp(json_string_value(json_object_get(row, "column")), vmmio_columns[c]))
			continue;
		/* from the first submission to the last: no kick follows the last I/O */
		ns += number(load, "elapsed_ns") - number(load, "last_ns");
		ios += number(load, "ios") - 1;
		unsaid |= isnan(number(load, "min_ns"));
		min = fmin(min, number(load, "min_ns"));
		medians += number(load, "p50_ns");
		rounds++;
	}
	return (struct vmmio_stack_seen){ios > 0 ? ns / ios : NAN, unsaid ? NAN : min,
					 rounds > 0 ? medians / rounds : NAN};
}

static double per(const struct vmmio_layer_sums *s, const double *of, int layer)
{
	return of[layer] / s->periods;
}

/* What one probe adds to an I/O besides its own time: see `layer`. */
static double around(const struct vmmio_stack_layers *l, enum vmmio_stack_way way)
{
	const struct vmmio_layer_sums *s = &l->sums[way];
	double sides = 0;

	for (int i = 0; i < VMMIO_LAYERS; i++)
		if (!isnan(s->sides[i]))
			sides += per(s, s->sides, i);
	return (l->seen[way].median - l->seen[VMMIO_WAY_PLAIN].median -
		per(s, s->ns, VMMIO_LAYER_PROBE)) /
	       (sides / 2);
}

static double without_probes(const struct vmmio_stack_layers *l, enum vmmio_stack_way way,
			     int layer)
{
	const struct vmmio_layer_sums *s = &l->sums[way];

	return per(s, s->ns, layer) - around(l, way) * per(s, s->sides, layer) / 2;
}

/* The layers' sum, probes and all, against what the guest saw: a share. */
static double residual(const struct vmmio_stack_layers *l, enum vmmio_stack_way way)
{
	double sum = 0;

	for (int i = 0; i < VMMIO_LAYERS; i++)
		if (!(way == VMMIO_WAY_CALLS && i == VMMIO_LAYER_GUEST)) /* one with KVM's */
			sum += per(&l->sums[way], l->sums[way].ns, i);
	return (l->seen[way].mean - sum) / l->seen[way].mean;
}

int vmmio_stack_add_layers(struct vmmio_stack *s, unsigned int boot, const char *text,
			   const json_t *rows, char *why, size_t len)
{
	static const char *const by[VMMIO_WAYS] = {NULL, "kvm", "calls"};
	static const char *const kinds[VMMIO_WAYS] = {"time", "layers", "calls"};

	for (int c = 0; c < VMMIO_COLUMNS; c++) {
		const char *device = s->host[boot * VMMIO_COLUMNS + c].device;
		struct vmmio_stack_layers *l = cell(s, boot, c);

		for (int w = 0; w < VMMIO_WAYS; w++) {
			int err =
				by[w] ? vmmio_layer_sums(text, by[w], device, &l->sums[w], why, len)
				      : 0;

			if (err)
				return err;
			l->seen[w] = vmmio_stack_seen(rows, boot, c, kinds[w]);
			l->residual[w] = by[w] ? residual(l, w) : NAN;
		}
		l->around = around(l, VMMIO_WAY_KVM);
		l->probes =
			per(&l->sums[VMMIO_WAY_KVM], l->sums[VMMIO_WAY_KVM].ns, VMMIO_LAYER_PROBE);
		for (int i = 0; i < VMMIO_LAYER_PROBE; i++)
			l->layer[i] = without_probes(l, VMMIO_WAY_KVM, i);
		l->layer[VMMIO_LAYER_PROBE] = 0;
		l->vmm_by_calls = without_probes(l, VMMIO_WAY_CALLS, VMMIO_LAYER_VMM);
	}
	return 0;
}

static void hold(struct vmmio_stack *s, unsigned int boot, int c)
{
	const struct vmmio_stack_layers *l = cell(s, boot, c);
	double periods = (double)s->rounds * (s->layer_count - 1), vmm = l->layer[VMMIO_LAYER_VMM];

	for (int w = VMMIO_WAY_KVM; w < VMMIO_WAYS; w++) {
		const char *by = w == VMMIO_WAY_KVM ? "KVM's events" : "system calls";

		vmmio_check_add(s->checks, boot, "every I/O in the layers",
				l->sums[w].periods == periods,
				"%s: %.0f periods by %s, %.0f wanted", vmmio_columns[c],
				l->sums[w].periods, by, periods);
		vmmio_check_add(s->checks, boot, "layers add up", fabs(l->residual[w]) <= RESIDUAL,
				"%s: the layers by %s miss %.2f %% of what the guest saw",
				vmmio_columns[c], by, 100 * l->residual[w]);
	}
	/* a NAN on either side is no agreement */
	vmmio_check_add(s->checks, boot, "the monitor's share by two witnesses",
			fabs(l->vmm_by_calls - vmm) <= WITNESSES * vmm ||
				fmax(l->vmm_by_calls, vmm) < VISITS * l->seen[VMMIO_WAY_PLAIN].mean,
			"%s: the monitor's instructions are %.0f by KVM's events, %.0f by system "
			"calls",
			vmmio_columns[c], vmm, l->vmm_by_calls);
}

int vmmio_stack_judge_layers(struct vmmio_stack *s)
{
	static const struct {
		enum vmmio_metric_id id;
		int layer;
	} of[] = {{VMMIO_M_STACK_GUEST, VMMIO_LAYER_GUEST},
		  {VMMIO_M_STACK_KVM, VMMIO_LAYER_KVM},
		  {VMMIO_M_STACK_VMM, VMMIO_LAYER_VMM}};
	char labels[96];
	int err = 0;

	for (unsigned int b = 0; s->layers && b < s->boots; b++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			hold(s, b, c);
			vmmio_stack_labels(s, c, labels, sizeof(labels));
			for (size_t i = 0; i < sizeof(of) / sizeof(of[0]) && !err; i++)
				err = vmmio_series_add(&s->set, labels, of[i].id, 1,
						       cell(s, b, c)->layer[of[i].layer]);
		}
	}
	return err;
}

/* Median over boots of what @of tells of column @c; NAN if a boot does not know. */
static double median(const struct vmmio_stack *s, int c,
		     double (*of)(const struct vmmio_stack_layers *l, int layer), int layer)
{
	double v[64];
	unsigned int n = s->boots < 64 ? s->boots : 64;

	for (unsigned int b = 0; b < n; b++) {
		v[b] = of(cell(s, b, c), layer);
		if (isnan(v[b]))
			return NAN;
	}
	return vmmio_stats_median(v, n);
}

static double one_layer(const struct vmmio_stack_layers *l, int layer)
{
	double sum = 0;

	if (layer < VMMIO_LAYERS)
		return l->layer[layer];
	for (int i = 0; i < VMMIO_LAYERS; i++)
		sum += l->layer[i];
	return sum;
}

static double one_residual(const struct vmmio_stack_layers *l, int unused)
{
	(void)unused;
	return 100 * l->residual[VMMIO_WAY_KVM];
}

static double one_probes(const struct vmmio_stack_layers *l, int unused)
{
	(void)unused;
	return l->seen[VMMIO_WAY_KVM].mean - one_layer(l, VMMIO_LAYERS);
}

static double one_by_calls(const struct vmmio_stack_layers *l, int unused)
{
	(void)unused;
	return l->vmm_by_calls;
}

double vmmio_stack_layer(const struct vmmio_stack *s, int c, int layer)
{
	return s->layers ? median(s, c, one_layer, layer) : NAN;
}

void vmmio_stack_print_layers(const struct vmmio_stack *s, FILE *f)
{
	static const struct {
		const char *heading;
		int digits;
		double (*of)(const struct vmmio_stack_layers *l, int layer);
		int layer;
	} rows[] = {
		{"instructions by layer, mean I/O", 0, one_layer, VMMIO_LAYERS},
		{"  guest", 0, one_layer, VMMIO_LAYER_GUEST},
		{"  KVM", 0, one_layer, VMMIO_LAYER_KVM},
		{"  monitor", 0, one_layer, VMMIO_LAYER_VMM},
		{"  other tasks of the host", 0, one_layer, VMMIO_LAYER_OTHER},
		{"  idle", 0, one_layer, VMMIO_LAYER_IDLE},
		{"  (probes, taken off)", 0, one_probes, 0},
		{"  (monitor by the second witness)", 0, one_by_calls, 0},
		{"  (residual, %)", 3, one_residual, 0},
	};

	for (size_t i = 0; s->layers && i < sizeof(rows) / sizeof(rows[0]); i++) {
		fprintf(f, "%-36s", rows[i].heading);
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			double v = median(s, c, rows[i].of, rows[i].layer);

			if (isnan(v))
				fprintf(f, " %10s", "-");
			else
				fprintf(f, " %10.*f", rows[i].digits, v);
		}
		fprintf(f, "   path\n");
	}
}

json_t *vmmio_stack_layers_sentence(const struct vmmio_stack *s)
{
	double guest, kvm, vmm, other, worst = 0;
	char text[300], others[48] = "";

	if (!s->layers)
		return NULL;
	guest = vmmio_stack_layer(s, 0, VMMIO_LAYER_GUEST) -
		vmmio_stack_layer(s, 2, VMMIO_LAYER_GUEST);
	kvm = vmmio_stack_layer(s, 0, VMMIO_LAYER_KVM) - vmmio_stack_layer(s, 2, VMMIO_LAYER_KVM);
	vmm = vmmio_stack_layer(s, 0, VMMIO_LAYER_VMM) - vmmio_stack_layer(s, 2, VMMIO_LAYER_VMM);
	other = vmmio_stack_layer(s, 0, VMMIO_LAYER_OTHER) -
		vmmio_stack_layer(s, 2, VMMIO_LAYER_OTHER);
	if (isnan(guest + kvm + vmm + other))
		return NULL;
	if (strcmp(s->load, "randread")) /* a disk of QEMU's has no other task */
		snprintf(others, sizeof(others), " and %.0f other tasks'", other);
	else
		other = 0;
	for (unsigned int i = 0; i < s->boots * VMMIO_COLUMNS; i++)
		worst = fmax(worst, fabs(s->layers[i].residual[VMMIO_WAY_KVM]));
	snprintf(text, sizeof(text),
		 "of the %.0f that mmio takes more in the mean, %.0f are the guest's, %.0f "
		 "KVM's%s %.0f the monitor's%s (the layers miss %.2f %% at most)",
		 guest + kvm + vmm + other, guest, kvm, others[0] ? "," : " and", vmm, others,
		 100 * worst);
	return json_string(text);
}

static json_t *of_layers(const double *v)
{
	json_t *out = json_object();

	for (int i = 0; i < VMMIO_LAYERS; i++)
		json_object_set_new(out, vmmio_layer_names[i], vmmio_json_number_or_null(v[i]));
	return out;
}

json_t *vmmio_stack_layers_json(const struct vmmio_stack *s)
{
	static const char *const ways[VMMIO_WAYS] = {"plain", "kvm", "calls"};
	json_t *out;

	if (!s->layers)
		return json_null();
	out = json_array();
	for (unsigned int b = 0; b < s->boots; b++) {
		for (int c = 0; c < VMMIO_COLUMNS; c++) {
			const struct vmmio_stack_layers *l = cell(s, b, c);
			json_t *row =
				json_pack("{s:i, s:s, s:o, s:o, s:o, s:o}", "boot", b, "column",
					  vmmio_columns[c], "layers", of_layers(l->layer), "probes",
					  vmmio_json_number_or_null(l->probes), "around_a_probe",
					  vmmio_json_number_or_null(l->around), "vmm_by_calls",
					  vmmio_json_number_or_null(l->vmm_by_calls));

			for (int w = 0; row && w < VMMIO_WAYS; w++) {
				json_t *way = json_pack(
					"{s:o, s:o, s:o}", "mean",
					vmmio_json_number_or_null(l->seen[w].mean), "min",
					vmmio_json_number_or_null(l->seen[w].min), "median",
					vmmio_json_number_or_null(l->seen[w].median));

				if (w != VMMIO_WAY_PLAIN) {
					json_object_set_new(
						way, "residual",
						vmmio_json_number_or_null(l->residual[w]));
					json_object_set_new(
						way, "periods",
						vmmio_json_number_or_null(l->sums[w].periods));
					json_object_set_new(way, "ns", of_layers(l->sums[w].ns));
					json_object_set_new(way, "sides",
							    of_layers(l->sums[w].sides));
				}
				json_object_set_new(row, ways[w], way);
			}
			json_array_append_new(out, row);
		}
	}
	return out;
}
