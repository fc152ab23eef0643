// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cutting the host's intervals into the guest's rounds (hostexits.h). The guest
 * pauses between its rounds for longer than two intervals, so that an interval
 * without kicks lies between any two.
 */
#include "hostexits.h"
#include "rounds.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* NAN if it is not there */
static double number_of(const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* The one disk that was kicked in the interval @snap; "" if none, "?" if several. */
static const char *kicked(const json_t *snap)
{
	const char *device = "";
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(snap, "rows"), i, row) {
		if (strcmp(text_of(row, "exit"), "kick"))
			continue;
		if (device[0] && strcmp(device, text_of(row, "device")))
			return "?";
		device = text_of(row, "device");
	}
	return device;
}

static struct vmmio_host_kind *kind_of(struct vmmio_host_round *r, const char *name)
{
	size_t k;

	for (k = 0; k < r->nkinds; k++)
		if (!strcmp(r->kind[k].name, name))
			return &r->kind[k];
	if (k == VMMIO_HOST_KINDS)
		return NULL;
	r->nkinds++;
	snprintf(r->kind[k].name, sizeof(r->kind[k].name), "%s", name);
	return &r->kind[k];
}

#define LINUX_SYSTEM_VECTORS 0xec /* the first is the timer's (asm/irq_vectors.h) */

#define VCPUS 64 /* of a guest; one more where a host does not tell them apart */

/* Interrupts accepted in a round, by vector. Each vCPU has vectors of its own. */
struct vectors {
	bool seen[VCPUS + 1][256];
};

/* The place of the interrupt of @j: that of its vCPU and vector, or NULL. */
static bool *place_of(struct vectors *v, const json_t *j)
{
	double vector = number_of(j, "vector"), vcpu = number_of(j, "vcpu");
	int at = isnan(vcpu) ? 0 : vcpu + 1;

	return vector >= 0 && vector < 256 && at >= 0 && at <= VCPUS ? &v->seen[at][(int)vector]
								     : NULL;
}

static void add_vectors(struct vectors *v, const json_t *snap)
{
	size_t i;
	json_t *j;

	json_array_foreach(json_object_get(snap, "interrupts"), i, j) {
		bool *place = place_of(v, j);

		/*
		 * The guest's own (IRQ work, its timer) are no device's, by whatever round they
		 * come; a message is, also where QEMU sends it and no irqfd tells whose it is,
		 * and what a local APIC in QEMU delivers, below Linux's own vectors.
		 */
		if (json_is_null(json_object_get(j, "device")) &&
		    strcmp(text_of(j, "kind"), "msi") &&
		    (strcmp(text_of(j, "kind"), "external") ||
		     number_of(j, "vector") >= LINUX_SYSTEM_VECTORS))
			continue;
		if (place && number_of(j, "count") > 0)
			*place = true;
	}
}

static bool has_vector(const struct vectors *own, const json_t *j)
{
	const bool *place = place_of((struct vectors *)own, j);

	return place && *place;
}

/* The read-and-clear interrupt status of a PCI device of QEMU: two pages before its doorbells. */
static bool is_isr(const json_t *row, const char *device)
{
	return !strncmp(device, "pci@", 4) && !strcmp(text_of(row, "exit"), "mmio read") &&
	       strtoull(text_of(row, "register"), NULL, 16) + 0x2000 ==
		       strtoull(device + 4, NULL, 16);
}

/*
 * A read of the local APIC's trigger mode register names no vector: the kernel makes
 * it for each interrupt that is a level's, and no other has such in a round.
 */
static bool is_of_device(const json_t *row, const char *device, const struct vectors *own)
{
	return !strcmp(text_of(row, "device"), device) || is_isr(row, device) ||
	       !strcmp(text_of(row, "register"), "x2APIC TMR") ||
	       !strncmp(text_of(row, "register"), "APIC TMR", 8) || has_vector(own, row);
}

/*
 * The guest's second serial port, over which it reports what it counted; on arm64 it is
 * behind PCI, with nothing else that has ports.
 */
static bool is_report(const json_t *row)
{
	unsigned long port = strtoul(text_of(row, "register"), NULL, 16);

	if (!strcmp(text_of(row, "device"), "PCI ports"))
		return true;
	return !strncmp(text_of(row, "exit"), "port ", 5) && port >= 0x2f8 && port <= 0x2ff;
}

static int add_row(struct vmmio_host_round *r, const struct vectors *own, const json_t *row)
{
	const char *exit = text_of(row, "exit"), *reg = text_of(row, "register"), *at;
	double exits = number_of(row, "exits"), user = number_of(row, "to_userspace");
	bool mine = is_of_device(row, r->device, own), isr = is_isr(row, r->device);
	struct vmmio_host_kind *k;
	char name[64];

	if (isnan(exits))
		return -ENODATA;
	if (isr || !strcmp(text_of(row, "device"), r->device)) {
		if (!strcmp(exit, "kick"))
			r->kicks += number_of(row, "samples");
		else if (isr || !strcmp(exit, "status read"))
			r->reads += number_of(row, "samples");
		else if (!strcmp(exit, "ACK"))
			r->acks += number_of(row, "samples");
	}
	if (exits == 0)
		return 0;
	if (!strcmp(exit, "kick")) {
		snprintf(name, sizeof(name), "kick by %s", text_of(row, "path"));
	} else if (isr) {
		snprintf(name, sizeof(name), "status read isr_status");
	} else {
		/* a vector's number is this boot's */
		at = strstr(reg, ", vector");
		snprintf(name, sizeof(name), "%s%s%.*s", exit, reg[0] ? " " : "",
			 at ? (int)(at - reg) : (int)strlen(reg), reg);
	}
	if (mine) {
		r->exits += exits;
		r->user += user;
	} else if (!strcasecmp(exit, "hlt") || !strcasecmp(exit, "halt") || !strcmp(exit, "WFx")) {
		r->halts += exits;
	} else {
		*(is_report(row) ? &r->report : &r->others) += exits;
		return 0; /* no list of what is not asked for */
	}
	k = kind_of(r, name);
	if (!k)
		return -ENOBUFS;
	k->of_device |= mine;
	k->exits += exits;
	k->user += user;
	k->ns += number_of(row, "time_ns");
	k->timed += number_of(row, "timed");
	return 0;
}

static int add_snap(struct vmmio_host_round *r, const struct vectors *own, const json_t *snap)
{
	const json_t *eois = json_object_get(snap, "eois"),
		     *irqs = json_object_get(snap, "interrupts");
	bool busy = false;
	double none = 0;
	int err = 0;
	size_t i;
	json_t *j;

	r->lost += number_of(snap, "events_lost") + number_of(snap, "events_missed");
	json_array_foreach(json_object_get(snap, "rows"), i, j) {
		err = err ?: add_row(r, own, j);
	}
	json_array_foreach(eois, i, j) {
		if (json_is_null(json_object_get(j, "vector")))
			none += number_of(j, "no_exit") + number_of(j, "in_kernel") +
				number_of(j, "userspace");
		if (!has_vector(own, j))
			continue;
		busy |= number_of(j, "no_exit") + number_of(j, "in_kernel") +
				number_of(j, "userspace") >
			0;
		r->eoi_free += number_of(j, "no_exit");
		r->eoi_exit += number_of(j, "in_kernel");
		r->eoi_user += number_of(j, "userspace");
	}
	json_array_foreach(irqs, i, j) {
		if (has_vector(own, j))
			r->interrupts += number_of(j, "count");
	}
	/*
	 * An end without an interrupt in service names no vector. Where the device's own
	 * ended it is the device's; the guest's report makes others, of its IRQ work.
	 */
	if (busy)
		r->again += none;
	if (!json_is_array(eois)) {
		r->eoi_free = r->eoi_exit = r->eoi_user = r->again = NAN;
		r->no_ends = !strncmp(text_of(snap, "accel"), "kvm-arm", 7);
	}
	if (!json_is_array(irqs))
		r->interrupts = NAN;
	return err;
}

/*
 * Without an ioeventfd the host knows no PCI device by its doorbell: where that is, the guest
 * said. Such writes become kicks, by whatever path they went.
 */
static void name_doorbells(const char *text, json_t *snap)
{
	size_t i;
	json_t *row;

	for (const char *p = text; (p = strstr(p, "@doorbell 0x")); p += 10) {
		const char *at = p + 10;
		int n = strcspn(at, "\r\n");

		json_array_foreach(json_object_get(snap, "rows"), i, row) {
			const char *reg = text_of(row, "register");

			if (strcmp(text_of(row, "exit"), "mmio write") || (int)strlen(reg) != n ||
			    strncmp(reg, at, n))
				continue;
			json_object_set_new(row, "device", json_sprintf("pci@%.*s", n - 2, at + 2));
			json_object_set_new(row, "exit", json_string("kick"));
			json_object_set_new(row, "register", json_string("notify"));
		}
	}
}

/* All "@host" lines as an array; NULL with a reason. */
static json_t *snapshots(const char *text, char *why, size_t len)
{
	json_t *all = json_array();

	for (const char *p = text; (p = strstr(p, "@host {")); p += 6) {
		const char *from = p + 6;
		json_t *j;

		if (p != text && p[-1] != '\n')
			continue;
		j = json_loadb(from, strcspn(from, "\n"), 0, NULL);
		if (!j) {
			snprintf(why, len, "a line of the host's exits is malformed");
			json_decref(all);
			return NULL;
		}
		name_doorbells(text, j);
		if (json_is_true(json_object_get(j, "totals")))
			json_decref(j);
		else
			json_array_append_new(all, j);
	}
	return all;
}

/* One past the last interval of the round that begins at @from: the first without kicks goes with
 * it. */
static size_t end_of(const json_t *all, size_t from)
{
	while (from < json_array_size(all) && kicked(json_array_get(all, from))[0])
		from++;
	return from + (from < json_array_size(all));
}

/*
 * A disk's vectors are those that come in its rounds and in no other disk's: the
 * timer's, the serial port's and whatever else there is come in all.
 */
static int cut(const json_t *all, const size_t *starts, struct vmmio_host_round *rounds, size_t n,
	       char *why, size_t len)
{
	struct vectors *v = calloc(n + 1, sizeof(*v)), *own = v + n;
	int err = v ? 0 : -ENOMEM;

	for (size_t k = 0; k < n && !err; k++) {
		const char *device = kicked(json_array_get(all, starts[k]));

		memset(&rounds[k], 0, sizeof(rounds[k]));
		snprintf(rounds[k].device, sizeof(rounds[k].device), "%s", device);
		for (size_t i = starts[k]; i < end_of(all, starts[k]); i++)
			add_vectors(&v[k], json_array_get(all, i));
		if (strcmp(device, "?"))
			continue;
		snprintf(why, len, "two disks were kicked in one interval of the host");
		err = -EPROTO;
	}
	for (size_t k = 0; k < n && !err; k++) {
		*own = v[k];
		for (size_t i = 0; i < n; i++)
			for (int x = 0; x < (VCPUS + 1) * 256; x++)
				if (strcmp(rounds[i].device, rounds[k].device) &&
				    v[i].seen[x / 256][x % 256])
					own->seen[x / 256][x % 256] = false;
		for (size_t i = starts[k]; i < end_of(all, starts[k]) && !err; i++)
			err = add_snap(&rounds[k], own, json_array_get(all, i));
	}
	if (err == -ENODATA)
		snprintf(why, len, "exits does not say how many exits a row is");
	else if (err == -ENOBUFS)
		snprintf(why, len, "more than %d kinds of exits", VMMIO_HOST_KINDS);
	free(v);
	return err;
}

int vmmio_host_rounds(const char *text, struct vmmio_host_round *rounds, size_t n, char *why,
		      size_t len)
{
	json_t *all = snapshots(text, why, len), *snap;
	size_t i, found = 0, *starts;
	const char *before = "";
	int err = 0;

	if (!all)
		return -EPROTO;
	starts = calloc(json_array_size(all) + 1, sizeof(*starts));
	if (!starts) {
		json_decref(all);
		return -ENOMEM;
	}
	json_array_foreach(all, i, snap) {
		const char *device = kicked(snap);

		if (device[0] && strcmp(device, before))
			starts[found++] = i;
		before = device;
	}
	if (found < n) {
		snprintf(why, len, "the host saw %zu rounds, the guest made %zu", found, n);
		err = -EPROTO;
	}
	if (!err)
		err = cut(all, starts + found - n, rounds, n, why, len);
	free(starts);
	json_decref(all);
	return err == -ENODATA || err == -ENOBUFS ? -EPROTO : err;
}

/* Of the loaded device, by its driver: counter @key of its queues or of itself. */
static double guest_counter(const json_t *row, const char *key, bool queues)
{
	bool seen = false;
	double sum = 0;
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(json_object_get(row, "stat"), "rows"), i, r) {
		if (!vmmio_rounds_row_of(row, r) ||
		    json_is_null(json_object_get(r, "queue")) == queues)
			continue;
		seen = true;
		sum += number_of(json_object_get(r, "counters"), key);
	}
	return seen ? sum : NAN;
}

/* How often it touched the register @name; a register that is not listed was not touched. */
static double guest_register(const json_t *row, const char *name)
{
	const json_t *all = json_object_get(json_object_get(row, "stat"), "registers");
	double sum = json_is_array(all) ? 0 : NAN;
	size_t i;
	json_t *r;

	json_array_foreach(all, i, r)
		if (!strcmp(text_of(r, "register"), name) &&
		    !strcmp(text_of(r, "device"), text_of(row, "device")))
			sum += number_of(r, "reads") + number_of(r, "writes");
	return sum;
}

int vmmio_host_hold(const struct vmmio_guest_counts *g, const struct vmmio_host_round *r,
		    struct vmmio_host_held held[VMMIO_HOST_HELD])
{
	double ends = r->eoi_free + r->eoi_exit + r->eoi_user, again = r->no_ends ? 0 : r->again;
	const struct vmmio_host_held all[VMMIO_HOST_HELD] = {
		{"kicks", g->kicks, r->kicks, 0},
		{"status reads", g->reads, r->reads, 0},
		{"ACKs", g->acks, r->acks, 0},
		{"interrupts", g->irqs, r->interrupts, again},
		{"ends of interrupts", g->irqs, ends, again},
	};

	memcpy(held, all, sizeof(all));
	return r->no_ends ? VMMIO_HOST_HELD - 1 : VMMIO_HOST_HELD;
}

bool vmmio_host_same(const struct vmmio_host_held *h)
{
	return h->guest >= h->host && h->guest <= h->host + h->more;
}

bool vmmio_host_agree(const json_t *row, bool registers, const struct vmmio_host_round *r,
		      char *why, size_t len)
{
	struct vmmio_guest_counts g = {
		.kicks = guest_counter(row, "kicks", true),
		.irqs = guest_counter(row, "irqs", false),
	};
	struct vmmio_host_held held[VMMIO_HOST_HELD];
	int n;

	if (registers) {
		g.reads =
			guest_register(row, "InterruptStatus") + guest_register(row, "isr_status");
		g.acks = guest_register(row, "InterruptACK");
	} else {
		g.reads = strcmp(text_of(row, "column"), "pci-msix") ? g.irqs : 0;
		g.acks = strncmp(text_of(row, "column"), "mmio", 4) ? 0 : g.irqs;
	}

	n = vmmio_host_hold(&g, r, held);
	for (int i = 0; i < n; i++) {
		if (vmmio_host_same(&held[i]))
			continue;
		snprintf(why, len, "%s: by the guest %.0f, by its host %.0f", held[i].what,
			 held[i].guest, held[i].host);
		return false;
	}
	if (!r->no_ends && r->interrupts != r->eoi_free + r->eoi_exit + r->eoi_user) {
		snprintf(why, len, "%.0f interrupts accepted, another number ended", r->interrupts);
		return false;
	}
	if (r->lost == 0)
		return true;
	snprintf(why, len, "%.0f events lost by the host", r->lost);
	return false;
}

json_t *vmmio_host_round_json(const struct vmmio_host_round *r)
{
	json_t *kinds = json_object(), *out;

	for (size_t k = 0; k < r->nkinds; k++)
		if (r->kind[k].of_device)
			json_object_set_new(kinds, r->kind[k].name,
					    json_pack("[o, o]",
						      vmmio_json_number_or_null(r->kind[k].exits),
						      vmmio_json_number_or_null(r->kind[k].user)));
	out = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "exits", vmmio_json_number_or_null(r->exits),
		"user", vmmio_json_number_or_null(r->user), "interrupts",
		vmmio_json_number_or_null(r->interrupts), "hlt",
		vmmio_json_number_or_null(r->halts), "others", vmmio_json_number_or_null(r->others),
		"twice", vmmio_json_number_or_null(r->again), "kinds", kinds);
	return out;
}
