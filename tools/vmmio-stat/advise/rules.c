// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of advise, see rules.h: one function each.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules.h"
#include "tools/vmmio-stat/core/fields.h"

#define FEATURE_INDIRECT 28
#define FEATURE_EVENT_IDX 29
#define DEVICE_NET 1
#define DEVICE_BLOCK 2
#define DEVICE_SCSI 8
#define RING_MAX_QEMU 1024 /* the largest queue-size= of QEMU */

const struct vmmio_advise_rule_text vmmio_advise_rules[VMMIO_ADVISE_RULE_COUNT] = {
#define RULE(id, name, cls, when, what) {name, #cls, when, what},
	VMMIO_ADVISE_RULES(RULE)
#undef RULE
};

static const enum vmmio_class classes[VMMIO_ADVISE_RULE_COUNT] = {
#define CLASS(id, name, cls, when, what) VMMIO_##cls,
	VMMIO_ADVISE_RULES(CLASS)
#undef CLASS
};

static const struct vmmio_row *row_of(const struct vmmio_advise_facts *f)
{
	return &f->d->rows[f->row];
}

static __attribute__((format(printf, 2, 3))) enum vmmio_advise_state
unknown(struct vmmio_advice *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->numbers, sizeof(a->numbers), format, args);
	va_end(args);
	return VMMIO_ADVISE_NOT_KNOWN;
}

static __attribute__((format(printf, 2, 3))) void numbers(struct vmmio_advice *a,
							  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->numbers, sizeof(a->numbers), format, args);
	va_end(args);
}

static __attribute__((format(printf, 2, 3))) void command(struct vmmio_advice *a,
							  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->command, sizeof(a->command), format, args);
	va_end(args);
}

/* Is @what the setting of vmmio.ko for this device? */
static bool is_set(const struct vmmio_advise_facts *f, const char *what)
{
	return f->settings && strstr(f->settings, what);
}

/* The same of a feature that was withheld. */
static bool is_withheld(const struct vmmio_advise_facts *f, const char *feature)
{
	const char *p = f->settings ? strstr(f->settings, "withhold=") : NULL;
	size_t len = strlen(feature);

	for (p = p ? p + strlen("withhold=") : NULL; p && *p && *p != ' ';) {
		if (!strncmp(p, feature, len) && strchr(", ", p[len]))
			return true;
		p += strcspn(p, ", ");
		p += *p == ',';
	}
	return false;
}

/*
 * "set" replaces all settings of the device, so the command repeats them: without the setting or,
 * of a list, the feature @drop, and with @add. No command where they are unknown.
 */
static void set(struct vmmio_advice *a, const struct vmmio_advise_facts *f, const char *drop,
		const char *add)
{
	const char *device = row_of(f)->info.device, *p = f->settings;
	char all[192] = "";
	size_t n = 0, len, name = add ? strcspn(add, "=") + 1 : 0;

	if (!p)
		return;
	for (; *p; p += len + (p[len] == ' ')) {
		char item[96], *list, *w;

		len = strcspn(p, " ");
		if (len >= sizeof(item))
			return;
		snprintf(item, sizeof(item), "%.*s", (int)len, p);
		if (!len || (drop && !strcmp(item, drop)) || (add && !strncmp(item, add, name)))
			continue;
		if (drop && !strncmp(item, "withhold=", 9)) {
			char left[96] = "";
			size_t k = 0;

			for (list = item + 9; (w = strsep(&list, ","));)
				if (strcmp(w, drop))
					k += snprintf(left + k, sizeof(left) - k, "%s%s",
						      k ? "," : "withhold=", w);
			snprintf(item, sizeof(item), "%s", left);
			if (!item[0])
				continue;
		}
		n += snprintf(all + n, sizeof(all) - n, "%s ", item);
		if (n >= sizeof(all))
			return;
	}
	if (!n && !add)
		command(a, "vmmio-ctl set %s --clear --rebind", device);
	else
		command(a, "vmmio-ctl set %s %s%s%s--rebind", device, all, add ? add : "",
			add ? " " : "");
}

/* By kind of device QEMU's -device has another name for @setting, or none. */
static const char *qemu_option(__u32 device_id, bool queues)
{
	switch (device_id) {
	case DEVICE_BLOCK:
		return queues ? "num-queues" : "queue-size";
	case DEVICE_SCSI:
		return queues ? "num_queues" : "virtqueue_size";
	}
	return NULL;
}

/* The 99th percentile in flight; false: unknown, or too few kicks. */
static bool in_flight(const struct vmmio_advise_facts *f, double *p99)
{
	const struct vmmio_hist *h = vmmio_row_hist(f->d, f->row, VMMIO_HIST_OCCUPANCY);
	struct vmmio_value v;

	if (!h || !(row_of(f)->have_hist >> VMMIO_HIST_OCCUPANCY & 1) ||
	    vmmio_hist_total(h) < VMMIO_ADVISE_LEAST)
		return false;
	v = vmmio_hist_percentile(h, 99);
	*p99 = v.v;
	return v.known;
}

static enum vmmio_advise_state ring(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	const struct vmmio_slot_info *i = &r->info;
	bool adds = vmmio_row_has(r, VMMIO_C_RING_FULL) && vmmio_row_has(r, VMMIO_C_ADDED), flight;
	__u64 tries = adds ? r->c[VMMIO_C_ADDED] + r->c[VMMIO_C_RING_FULL] : 0;
	char larger[32];
	double p99 = 0;

	if (i->flags & VMMIO_SLOT_DEVICE_DRIVEN)
		return VMMIO_ADVISE_QUIET;
	flight = in_flight(f, &p99) && i->ring_size;
	if (adds && tries >= VMMIO_ADVISE_LEAST &&
	    r->c[VMMIO_C_RING_FULL] * 100 >= tries * VMMIO_ADVISE_REFUSED_PCT)
		numbers(a, "%llu of %llu adds refused, ring of %u",
			(unsigned long long)r->c[VMMIO_C_RING_FULL], (unsigned long long)tries,
			i->ring_size);
	else if (flight && p99 * 100 >= i->ring_size * (double)VMMIO_ADVISE_FULL_PCT)
		numbers(a, "99 %% of the kicks have up to %.0f in flight of a ring of %u", p99,
			i->ring_size);
	else if (adds || flight)
		return VMMIO_ADVISE_QUIET;
	else
		return unknown(a, "neither refused adds nor buffers in flight are known");
	if (i->features && !(i->features >> FEATURE_INDIRECT & 1)) {
		if (is_withheld(f, "indirect_desc"))
			set(a, f, "indirect_desc", NULL);
		else
			command(a, "VMM: -device ...,indirect_desc=on");
	} else if (f->owner == VMMIO_ADVISE_OURS && i->ring_max > i->ring_size) {
		snprintf(larger, sizeof(larger), "queue_size=%u",
			 i->ring_size * 2 < i->ring_max ? i->ring_size * 2 : i->ring_max);
		set(a, f, NULL, larger);
	} else if (i->device_id == DEVICE_NET) {
		command(a, "VMM: -device ...,mq=on and queues=N of its -netdev");
	} else if (!qemu_option(i->device_id, false)) {
		/* a ring of which QEMU fixes size and number */
	} else if (i->ring_size && i->ring_size * 2 <= RING_MAX_QEMU) {
		command(a, "VMM: -device ...,%s=%u", qemu_option(i->device_id, false),
			i->ring_size * 2);
	} else {
		command(a, "VMM: -device ...,%s=N, one for each vCPU",
			qemu_option(i->device_id, true));
	}
	return VMMIO_ADVISE_FIRES;
}

static enum vmmio_advise_state event_idx(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	const struct vmmio_slot_info *i = &r->info;
	struct vmmio_value suppressed, batch, flight, spurious;
	bool kicks, irqs;

	if (!i->features)
		return unknown(a, "the negotiated features are not known");
	if (i->features >> FEATURE_EVENT_IDX & 1)
		return VMMIO_ADVISE_QUIET;
	suppressed = vmmio_field_eval(f->d, f->row, VMMIO_F_SUPPRESSED);
	batch = vmmio_field_eval(f->d, f->row, VMMIO_F_BUFFERS_PER_KICK);
	flight = vmmio_field_eval(f->d, f->row, VMMIO_F_OCCUPANCY);
	spurious = vmmio_field_eval(f->d, f->row, VMMIO_F_SPURIOUS);
	kicks = suppressed.known && batch.known && flight.known;
	irqs = spurious.known && i->irq_mode == VMMIO_IRQ_MSIX;
	if (kicks && !(i->flags & VMMIO_SLOT_DEVICE_DRIVEN) &&
	    r->c[VMMIO_C_OPPORTUNITIES] >= VMMIO_ADVISE_LEAST &&
	    suppressed.v < VMMIO_ADVISE_SUPPRESSED_PCT && batch.v < 1.2 && flight.v >= 2)
		numbers(a, "%.1f %% of %llu kicks suppressed, %.2f buffers each, %.1f in flight",
			suppressed.v, (unsigned long long)r->c[VMMIO_C_OPPORTUNITIES], batch.v,
			flight.v);
	else if (irqs && r->c[VMMIO_C_IRQS] >= VMMIO_ADVISE_LEAST &&
		 spurious.v >= VMMIO_ADVISE_SPURIOUS_PCT)
		numbers(a, "%.1f %% of %llu interrupts found nothing", spurious.v,
			(unsigned long long)r->c[VMMIO_C_IRQS]);
	else if (kicks || irqs)
		return VMMIO_ADVISE_QUIET;
	else
		return unknown(a, "suppressed kicks or buffers in flight are not known");
	if (is_withheld(f, "event_idx"))
		set(a, f, "event_idx", NULL);
	else
		command(a, "VMM: -device ...,event_idx=on");
	return VMMIO_ADVISE_FIRES;
}

/* Looks at queues of the device, and how many of its queues have an interrupt. */
static bool looks(const struct vmmio_advise_facts *f, __u64 *n, unsigned int *queues, int *mode)
{
	__u32 device = row_of(f)->info.slot;
	bool known = false;
	size_t k;

	*n = *queues = 0;
	*mode = VMMIO_IRQ_UNKNOWN;
	for (k = 0; k < f->d->n; k++) {
		const struct vmmio_row *q = &f->d->rows[k];

		if (q->info.kind != VMMIO_SLOT_QUEUE || q->info.dev_slot != device ||
		    q->info.irq_mode == VMMIO_IRQ_NONE)
			continue;
		if (!vmmio_row_has(q, VMMIO_C_IRQS) || q->info.irq_mode == VMMIO_IRQ_UNKNOWN)
			return false;
		*n += q->c[VMMIO_C_IRQS];
		*mode = q->info.irq_mode;
		++*queues;
		known = true;
	}
	return known;
}

static enum vmmio_advise_state vector(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	unsigned int queues;
	double per, limit;
	__u64 n;
	int mode;

	if (!looks(f, &n, &queues, &mode))
		return unknown(a, "which interrupt its virtqueues have is not known");
	if (mode == VMMIO_IRQ_MSIX || queues < 2)
		return VMMIO_ADVISE_QUIET;
	if (!vmmio_row_has(r, VMMIO_C_IRQS))
		return unknown(a, "runs of its handler are not counted");
	if (r->c[VMMIO_C_IRQS] < VMMIO_ADVISE_LEAST)
		return VMMIO_ADVISE_QUIET;
	limit = mode == VMMIO_IRQ_MSIX_SHARED ? VMMIO_ADVISE_LOOKS_VECTOR : VMMIO_ADVISE_LOOKS_LINE;
	per = (double)n / (double)r->c[VMMIO_C_IRQS];
	if (per < limit)
		return VMMIO_ADVISE_QUIET;
	numbers(a, "%llu interrupts on one %s, %.1f virtqueues looked at in each",
		(unsigned long long)r->c[VMMIO_C_IRQS],
		mode == VMMIO_IRQ_MSIX_SHARED ? "vector" : "line", per);
	if (is_set(f, "irq=shared") || is_set(f, "irq=intx"))
		set(a, f, is_set(f, "irq=shared") ? "irq=shared" : "irq=intx", NULL);
	else if (r->info.transport == VMMIO_TRANSPORT_PCI)
		command(a, "VMM: -device ...,vectors=%u", queues + 1);
	else
		command(a, "VMM: the device over PCI, with vectors=%u", queues + 1);
	return VMMIO_ADVISE_FIRES;
}

static enum vmmio_advise_state node(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	unsigned int queues = 0;
	size_t k;

	if (f->nodes == 1 || r->info.irq_mode == VMMIO_IRQ_NONE)
		return VMMIO_ADVISE_QUIET;
	/* several queues are spread over all CPUs on purpose, and end I/O where it began */
	for (k = 0; k < f->d->n; k++)
		queues += f->d->rows[k].info.kind == VMMIO_SLOT_QUEUE &&
			  f->d->rows[k].info.dev_slot == r->info.dev_slot &&
			  f->d->rows[k].info.irq_mode != VMMIO_IRQ_NONE;
	if (queues > 1)
		return VMMIO_ADVISE_QUIET;
	if (f->nodes < 1 || f->device_node < 0 || f->irq_node < 0 || !r->info.irq)
		return unknown(a, "which node device and interrupt are on is not known");
	if (!vmmio_row_has(r, VMMIO_C_IRQS))
		return unknown(a, "its interrupts are not counted");
	if (f->device_node == f->irq_node || r->c[VMMIO_C_IRQS] < VMMIO_ADVISE_LEAST)
		return VMMIO_ADVISE_QUIET;
	numbers(a, "%llu interrupts taken on node %d, the device is on node %d",
		(unsigned long long)r->c[VMMIO_C_IRQS], f->irq_node, f->device_node);
	command(a, "echo %s >/proc/irq/%u/smp_affinity_list (EIO: the kernel manages it)",
		f->device_cpus, r->info.irq);
	return VMMIO_ADVISE_FIRES;
}

static enum vmmio_advise_state poll(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	struct vmmio_value flight, median;
	double rate;

	if (r->info.device_id != DEVICE_BLOCK || r->info.irq_mode == VMMIO_IRQ_NONE)
		return VMMIO_ADVISE_QUIET;
	if (!vmmio_row_has(r, VMMIO_C_IRQS) || f->seconds <= 0)
		return unknown(a, "interrupts a second are not known");
	rate = (double)r->c[VMMIO_C_IRQS] / f->seconds;
	if (r->c[VMMIO_C_IRQS] < VMMIO_ADVISE_LEAST || rate < VMMIO_ADVISE_POLL_IRQS)
		return VMMIO_ADVISE_QUIET;
	flight = vmmio_field_eval(f->d, f->row, VMMIO_F_OCCUPANCY);
	median = vmmio_field_eval(f->d, f->row, VMMIO_F_LATENCY_P50);
	if (!flight.known || !median.known)
		return unknown(a, "buffers in flight or kick-to-interrupt times are not known");
	if (flight.v >= 2 || median.v > VMMIO_ADVISE_POLL_US)
		return VMMIO_ADVISE_QUIET;
	numbers(a, "%.0f interrupts a second, half within %.1f us of their kick, %.1f in flight",
		rate, median.v, flight.v);
	command(a, "kernel command line: virtio_blk.poll_queues=1 (Linux 5.19; VMM: num-queues=2 "
		   "or more), RWF_HIPRI or io_uring's IOPOLL");
	return VMMIO_ADVISE_FIRES;
}

static enum vmmio_advise_state accesses(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	const struct vmmio_row *r = row_of(f);
	const struct vmmio_slot_info *i = &r->info;
	__u64 n, timed;
	unsigned int queues;
	__u64 unused;
	double cost, share;
	int mode;

	if (!looks(f, &unused, &queues, &mode))
		return unknown(a, "which interrupt its virtqueues have is not known");
	if (mode == VMMIO_IRQ_MSIX || mode == VMMIO_IRQ_MSIX_SHARED)
		return VMMIO_ADVISE_QUIET;
	if (vmmio_row_has(r, VMMIO_C_REG_READS) && vmmio_row_has(r, VMMIO_C_REG_WRITES))
		n = r->c[VMMIO_C_REG_READS] + r->c[VMMIO_C_REG_WRITES];
	else if (vmmio_row_has(r, VMMIO_C_IRQS)) /* what mainline's interrupt handlers do */
		n = r->c[VMMIO_C_IRQS] * (mode == VMMIO_IRQ_LINE ? 2 : 1);
	else
		return unknown(a, "its register accesses are not counted");
	if (n < VMMIO_ADVISE_LEAST || f->seconds <= 0)
		return VMMIO_ADVISE_QUIET;
	timed = vmmio_row_has(r, VMMIO_C_ACCESSES_TIMED) && vmmio_row_has(r, VMMIO_C_ACCESS_NS)
			? r->c[VMMIO_C_ACCESSES_TIMED]
			: 0;
	if (timed < VMMIO_ADVISE_LEAST || !vmmio_env_times(f->env))
		return unknown(a, "%llu register accesses; what one costs is not known here",
			       (unsigned long long)n);
	cost = (double)r->c[VMMIO_C_ACCESS_NS] / (double)timed;
	share = (double)n * cost / (f->seconds * 1e9) * 100;
	if (share < VMMIO_ADVISE_VCPU_PCT)
		return VMMIO_ADVISE_QUIET;
	numbers(a, "%.0f register accesses a second of %.0f ns: %.1f %% of a vCPU",
		(double)n / f->seconds, cost, share);
	if (mode == VMMIO_IRQ_LINE && f->owner == VMMIO_ADVISE_OURS &&
	    !(i->flags & (VMMIO_SLOT_LAZY_STATUS | VMMIO_SLOT_REREAD_STATUS)))
		set(a, f, NULL, "lazy_status=1");
	else if (is_set(f, "irq=intx"))
		set(a, f, "irq=intx", NULL);
	else if (i->transport == VMMIO_TRANSPORT_PCI)
		command(a, "VMM: -device ...,vectors=%u", queues + 1);
	else
		command(a, "VMM: the device over PCI, with MSI-X");
	return VMMIO_ADVISE_FIRES;
}

static const struct {
	enum vmmio_advise_state (*judge)(const struct vmmio_advise_facts *f,
					 struct vmmio_advice *a);
	bool of_device;
} judges[VMMIO_ADVISE_RULE_COUNT] = {
	[VMMIO_ADVISE_RING] = {ring},		[VMMIO_ADVISE_EVENT_IDX] = {event_idx},
	[VMMIO_ADVISE_NODE] = {node},		[VMMIO_ADVISE_POLL] = {poll},
	[VMMIO_ADVISE_VECTOR] = {vector, true}, [VMMIO_ADVISE_ACCESSES] = {accesses, true},
};

bool vmmio_advise_idle(const struct vmmio_advise_facts *f)
{
	static const int busy[] = {VMMIO_C_OPPORTUNITIES, VMMIO_C_KICKS, VMMIO_C_IRQS,
				   VMMIO_C_ADDED};
	size_t i;

	for (i = 0; i < sizeof(busy) / sizeof(busy[0]); i++)
		if (vmmio_row_has(row_of(f), busy[i]) &&
		    row_of(f)->c[busy[i]] >= VMMIO_ADVISE_LEAST)
			return false;
	return true;
}

unsigned int vmmio_advise_judge(const struct vmmio_advise_facts *f, struct vmmio_advice *a)
{
	bool device = row_of(f)->info.kind == VMMIO_SLOT_DEVICE;
	unsigned int id, n = 0;

	memset(a, 0, sizeof(*a) * VMMIO_ADVISE_RULE_COUNT);
	for (id = 0; id < VMMIO_ADVISE_RULE_COUNT; id++) {
		if (judges[id].of_device != device)
			continue;
		/* neither order nor duration transfers from emulation */
		if (f->env->emulated && classes[id] == VMMIO_SCHEDULE) {
			a[id].state = unknown(&a[id], "not asked: this machine is %s",
					      vmmio_env_emulated_text(f->env));
			continue;
		}
		a[id].state = judges[id].judge(f, &a[id]);
		if (f->env->emulated && classes[id] == VMMIO_TIME &&
		    a[id].state == VMMIO_ADVISE_FIRES)
			a[id].state = unknown(&a[id], "not asked: this machine is %s",
					      vmmio_env_emulated_text(f->env));
		n += a[id].state == VMMIO_ADVISE_FIRES;
	}
	return n;
}

void vmmio_advise_note(const struct vmmio_advise_facts *f, char *buf, size_t size)
{
	const struct vmmio_slot_info *i = &row_of(f)->info;
	double p99;

	buf[0] = '\0';
	if (!f->env->emulated && i->ring_size && in_flight(f, &p99) &&
	    p99 * 100 <= i->ring_size * (double)VMMIO_ADVISE_FAR_BELOW_PCT)
		snprintf(buf, size,
			 "99 %% of the kicks have up to %.0f in flight of a ring of %u: "
			 "leave its size",
			 p99, i->ring_size);
}
