// SPDX-License-Identifier: GPL-2.0-only
/*
 * See facts.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/accel.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/slots.h"
#include "tools/vmmio-stat/view/view.h"
#include "facts.h"
#include "hostfacts.h"

void vmmio_facts_begin(struct dat_facts *f)
{
	enum vmmio_accel accel;
	struct vmmio_env env;
	struct timespec t;

	vmmio_env_detect(&env);
	memcpy(f->accel, env.accel, sizeof(f->accel));
	if (f->host) { /* the accelerator of its guests, not of this machine */
		vmmio_accel_detect(&accel);
		snprintf(f->accel, sizeof(f->accel), "%s", vmmio_accel_name(accel));
	}
	memcpy(f->clocksource, env.clocksource, sizeof(f->clocksource));
	f->start_ns = vmmio_now_ns();
	clock_gettime(CLOCK_REALTIME, &t);
	f->start_ms = (__u64)t.tv_sec * 1000 + (__u64)t.tv_nsec / 1000000;
}

static int look_at_slots(struct dat_facts *f)
{
	struct vmmio_want want = {};
	struct vmmio_snapshot s;
	struct vmmio_slots files;
	char why[160];
	size_t i, k;
	int err;

	err = vmmio_slots_open(&files, VMMIO_SYSFS, why, sizeof(why));
	for (i = 0; i < f->nslots; i++)
		f->slots[i].gone = true;
	if (err)
		return err == -ENODEV ? 0 : err; /* it is not there */
	vmmio_snapshot_init(&s, &want);
	err = vmmio_slots_read(&files, &s);
	for (i = 0; !err && i < s.n; i++) {
		const struct vmmio_slot_info *x = &s.rows[i].info;
		struct dat_slot *to = NULL;

		for (k = 0; k < f->nslots && !to; k++)
			if (f->slots[k].info.slot == x->slot && f->slots[k].info.gen == x->gen)
				to = &f->slots[k];
		if (!to)
			to = dat_facts_slot(f);
		if (!to) {
			err = -ENOMEM;
			break;
		}
		to->gone = false;
		to->info = *x;
	}
	vmmio_snapshot_free(&s);
	vmmio_slots_close(&files);
	return err;
}

static int look_at_devices(struct dat_facts *f)
{
	const struct tracefs_known *here = &tracefs_known_here;
	int index;

	for (index = here->next(NULL, 0); index >= 0; index = here->next(NULL, (__u32)index + 1)) {
		struct vmmio_slot_info x = {.kind = VMMIO_SLOT_DEVICE};
		struct dat_device *to = NULL;
		size_t i;
		bool ours;

		if (!here->device(NULL, (__u32)index, &x, &ours))
			continue;
		/* the last one of this number, if it is the same one */
		for (i = 0; i < f->ndevices; i++)
			if (f->devices[i].index == (__u32)index)
				to = &f->devices[i];
		if (!to || to->ours != ours || strcmp(to->info.parent, x.parent))
			to = dat_facts_device(f);
		if (!to)
			return -ENOMEM;
		to->index = (__u32)index;
		to->ours = ours;
		to->info = x;
	}
	return 0;
}

static int look_at_irqs(struct dat_facts *f)
{
	struct vmmio_irqs q = {};
	const char *names;
	int err = vmmio_irqs_now(&q);
	size_t i, k;

	for (i = 0; !err && i < q.n; i++) {
		names = strstr(q.list[i].names, "virtio");
		if (!names)
			continue;
		for (k = 0; k < f->irqs.n; k++)
			if (f->irqs.list[k].irq == q.list[i].irq &&
			    !strcmp(f->irqs.list[k].names, names))
				break;
		if (k == f->irqs.n)
			err = vmmio_irqs_add(&f->irqs, q.list[i].irq, 0, names);
	}
	vmmio_irqs_free(&q);
	return err;
}

/* Pairs of the rings' clock and the processor's counter: some hundred of them at most. */
#define PAIRS_MAX 512

static int look_at_clock(struct dat_facts *f)
{
	struct dat_pair pair, *p;
	size_t i;

	if (!vmmio_clock_pair(&pair.ns, &pair.ticks, &pair.window_ns))
		return 0;
	if (f->npairs == PAIRS_MAX) { /* every other one, from now on at twice the distance */
		for (i = 1; 2 * i < f->npairs; i++)
			f->pairs[i] = f->pairs[2 * i];
		f->npairs = i;
	}
	p = dat_facts_pair(f);
	if (!p)
		return -ENOMEM;
	*p = pair;
	return 0;
}

/*
 * By "initial apicid" of /proc/cpuinfo, which is what KVM calls a vCPU by. Other
 * architectures have none: nothing is said.
 */
static int look_at_apics(struct dat_facts *f)
{
	struct dat_apic *a;
	char line[256];
	unsigned int cpu = 0, id;
	bool known;
	size_t i;
	FILE *in;
	int err = 0;

	if (f->napics && f->napics >= (size_t)sysconf(_SC_NPROCESSORS_ONLN))
		return 0;
	in = fopen("/proc/cpuinfo", "re");
	while (in && !err && fgets(line, sizeof(line), in)) {
		if (sscanf(line, "processor : %u", &cpu) == 1 ||
		    sscanf(line, "initial apicid : %u", &id) != 1)
			continue;
		for (i = 0, known = false; i < f->napics; i++)
			known |= f->apics[i].cpu == cpu;
		a = known ? NULL : dat_facts_apic(f);
		if (a)
			*a = (struct dat_apic){cpu, id};
		else if (!known)
			err = -ENOMEM;
	}
	if (in)
		fclose(in);
	return err;
}

int vmmio_facts_look(struct dat_facts *f)
{
	int err = look_at_clock(f);

	if (!err && f->host)
		return vmmio_hostfacts_look(f);
	if (!err)
		err = look_at_apics(f);
	if (!err)
		err = look_at_slots(f);
	if (!err)
		err = look_at_devices(f);
	if (!err)
		err = look_at_irqs(f);
	return err;
}

static void identity(struct vmmio_json *j, const struct vmmio_slot_info *x)
{
	struct vmmio_row row = {.info = *x};

	vmmio_json_identity(j, &row);
}

static void write_cpus(const struct dat_facts *f, struct vmmio_json *j)
{
	size_t i;

	vmmio_json_open(j, DAT_KEY_CPUS, '[');
	for (i = 0; i < f->ncpus; i++) {
		vmmio_json_open(j, NULL, '{');
		vmmio_json_u64(j, DAT_KEY_CPU, f->cpus[i].cpu);
		vmmio_json_u64(j, DAT_KEY_LOST, f->cpus[i].lost);
		vmmio_json_u64(j, DAT_KEY_OVERWRITTEN, f->cpus[i].overwritten);
		vmmio_json_u64(j, DAT_KEY_DROPPED, f->cpus[i].dropped);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

static void write_clock(const struct dat_facts *f, struct vmmio_json *j)
{
	size_t i;

	vmmio_json_open(j, DAT_KEY_CLOCK, '[');
	for (i = 0; i < f->npairs; i++) {
		vmmio_json_open(j, NULL, '{');
		vmmio_json_u64(j, DAT_KEY_MONO, f->pairs[i].ns);
		vmmio_json_u64(j, DAT_KEY_TICKS, f->pairs[i].ticks);
		vmmio_json_u64(j, DAT_KEY_WINDOW, f->pairs[i].window_ns);
		vmmio_json_close(j, '}');
	}
	vmmio_json_close(j, ']');
}

static void write_apics(const struct dat_facts *f, struct vmmio_json *j)
{
	size_t i;

	vmmio_json_open(j, DAT_KEY_APICS, '[');
	for (i = 0; i < f->napics; i++) {
		vmmio_json_open(j, NULL, '[');
		vmmio_json_u64(j, NULL, f->apics[i].cpu);
		vmmio_json_u64(j, NULL, f->apics[i].id);
		vmmio_json_close(j, ']');
	}
	vmmio_json_close(j, ']');
}

void vmmio_facts_write(const struct dat_facts *f, FILE *out)
{
	struct vmmio_json j = {.out = out};
	size_t i;

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, DAT_KEY_VERSION, DAT_FACTS_VERSION);
	vmmio_json_text(&j, "version", VMMIO_VERSION);
	vmmio_json_text(&j, DAT_KEY_ACCEL, f->accel);
	vmmio_json_text(&j, DAT_KEY_CLOCKSOURCE, f->clocksource);
	vmmio_json_u64(&j, DAT_KEY_START, f->start_ns);
	vmmio_json_u64(&j, DAT_KEY_END, f->end_ns);
	vmmio_json_u64(&j, DAT_KEY_WALL, f->start_ms);
	vmmio_json_u64(&j, DAT_KEY_MISSED, f->missed);
	vmmio_json_text(&j, DAT_KEY_WHY, f->why);
	vmmio_json_text(&j, DAT_KEY_NOTE, f->note);
	vmmio_json_bool(&j, DAT_KEY_HOST, f->host);
	write_cpus(f, &j);
	write_clock(f, &j);
	write_apics(f, &j);
	if (f->host)
		vmmio_hostfacts_write(f, &j);
	vmmio_json_open(&j, DAT_KEY_SLOTS, '[');
	for (i = 0; i < f->nslots; i++) {
		vmmio_json_open(&j, NULL, '{');
		identity(&j, &f->slots[i].info);
		vmmio_json_bool(&j, DAT_KEY_GONE, f->slots[i].gone);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, DAT_KEY_DEVICES, '[');
	for (i = 0; i < f->ndevices; i++) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, DAT_KEY_INDEX, f->devices[i].index);
		vmmio_json_bool(&j, DAT_KEY_OURS, f->devices[i].ours);
		identity(&j, &f->devices[i].info);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_open(&j, DAT_KEY_IRQS, '[');
	for (i = 0; i < f->irqs.n; i++) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_u64(&j, DAT_KEY_IRQ, f->irqs.list[i].irq);
		vmmio_json_text(&j, DAT_KEY_NAMES, f->irqs.list[i].names);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
}
