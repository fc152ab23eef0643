// SPDX-License-Identifier: GPL-2.0-only
/*
 * Recognising virtio doorbells by the ioeventfds that serve them (hostmap.h).
 *
 * Four forms are known: VIRTIO 1.4 4.2.2, QueueNotify at 0x050 of a window of
 * registers, one address for all queues, hence length 4 and a datamatch of the
 * queue's index; 4.1.4.4, one address per queue in the notification structure,
 * hence any value, any length, or one for all (kvmtool), hence 16 bits and a
 * datamatch; and the legacy interface, 4.1.4.8, 16 bits at offset 16 of an I/O
 * BAR.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hostmap.h"
#include "lib/num.h"
#include "vmmio/regs.h"

#define QUEUE_NOTIFY VMMIO_OFF_QUEUE_NOTIFY
#define LEGACY_NOTIFY 0x10
#define PAGE 0x1000ull

const char *vmmio_guess_name(enum vmmio_transport_guess guess)
{
	switch (guess) {
	case VMMIO_GUESS_MMIO:
		return "mmio";
	case VMMIO_GUESS_PCI:
		return "pci";
	case VMMIO_GUESS_PCI_LEGACY:
		return "pci-legacy";
	case VMMIO_GUESS_NONE:
		break;
	}
	return "-";
}

/* Distance of two queues' doorbells in the page of @g: what its addresses divide by. */
static unsigned int notify_step(const struct vmmio_host_vm *vm, const struct vmmio_host_range *g)
{
	unsigned int step = 4;
	size_t i;

	for (i = 0; i < vm->nranges; i++) {
		const struct vmmio_host_range *o = &vm->ranges[i];

		if (o->type != VMMIO_HOST_IOEVENTFD || o->bus != g->bus || !o->wildcard ||
		    (o->addr ^ g->addr) & ~(PAGE - 1))
			continue;
		if (o->addr & 1)
			return 1;
		if (o->addr & 2)
			step = 2;
	}
	return step;
}

static void guess(const struct vmmio_host_vm *vm, struct vmmio_host_range *g)
{
	bool mmio = g->bus == VMMIO_BUS_MMIO || g->bus == VMMIO_BUS_FAST_MMIO;

	if (mmio && g->len == 4 && (g->addr & (VMMIO_MMIO_WINDOW - 1)) == QUEUE_NOTIFY) {
		g->transport = VMMIO_GUESS_MMIO;
		g->base = g->addr - QUEUE_NOTIFY;
		g->queue = g->wildcard ? 0 : (int)(g->datamatch & 0xffff);
	} else if (mmio && g->len == 2 && !g->wildcard) {
		/* all queues at one address: the notification structure's multiplier is 0 */
		g->transport = VMMIO_GUESS_PCI;
		g->base = g->addr & ~(PAGE - 1);
		g->queue = g->datamatch & 0xffff;
	} else if (mmio && g->wildcard) {
		g->transport = VMMIO_GUESS_PCI;
		g->base = g->addr & ~(PAGE - 1);
		g->queue = (g->addr & (PAGE - 1)) / notify_step(vm, g);
	} else if (g->bus == VMMIO_BUS_PIO && g->len == 2 && !g->wildcard &&
		   (g->addr & 0x1f) == LEGACY_NOTIFY) {
		g->transport = VMMIO_GUESS_PCI_LEGACY;
		g->base = g->addr - LEGACY_NOTIFY;
		g->queue = g->datamatch & 0xffff;
	}
}

/* Adds the map's facts to the form of @g, or notes a contradiction. */
static void combine(struct vmmio_host_range *g, struct vmmio_hostmap_entry *e)
{
	bool slot = e->transport == VMMIO_GUESS_MMIO && g->addr - e->base == QUEUE_NOTIFY;

	e->seen = true;
	snprintf(g->device, sizeof(g->device), "%s", e->name);
	if (g->type != VMMIO_HOST_IOEVENTFD || e->transport == VMMIO_GUESS_NONE)
		return;
	if (slot && g->transport != VMMIO_GUESS_MMIO) {
		/* any value, any length, in a window that need not be of 512 bytes */
		g->transport = VMMIO_GUESS_MMIO;
		g->base = e->base;
		g->queue = g->wildcard ? 0 : (int)(g->datamatch & 0xffff);
	} else if (g->transport == VMMIO_GUESS_NONE && e->transport == VMMIO_GUESS_PCI) {
		g->transport = VMMIO_GUESS_PCI;
	} else if (g->transport != e->transport && g->transport != VMMIO_GUESS_NONE) {
		vmmio_hostmap_contradict(e, g->transport, g->addr);
	}
}

void vmmio_hostmap_apply(struct vmmio_host_vm *vm, const struct vmmio_hostmap *map)
{
	size_t i, k;

	for (i = 0; i < vm->nranges; i++) {
		struct vmmio_host_range *g = &vm->ranges[i];
		struct vmmio_hostmap_entry *e;

		g->transport = VMMIO_GUESS_NONE;
		g->base = g->addr;
		g->queue = -1;
		if (g->type == VMMIO_HOST_IOEVENTFD)
			guess(vm, g);
		e = vmmio_hostmap_find(map, vm->pid, g->addr, g->bus == VMMIO_BUS_PIO);
		if (e) {
			combine(g, e);
		} else if (g->transport != VMMIO_GUESS_NONE) {
			snprintf(g->device, sizeof(g->device), "%s@%llx",
				 vmmio_guess_name(g->transport), (unsigned long long)g->base);
		} else {
			g->device[0] = '\0';
		}
	}
	/* A second address of an eventfd belongs to the same queue. */
	for (i = 0; i < vm->nranges; i++) {
		struct vmmio_host_range *g = &vm->ranges[i];

		for (k = 0; g->alias && k < i; k++)
			if (vm->ranges[k].eventfd == g->eventfd && !vm->ranges[k].alias &&
			    vm->ranges[k].device[0]) {
				memcpy(g->device, vm->ranges[k].device, sizeof(g->device));
				g->queue = vm->ranges[k].queue;
			}
	}
}

static int entry_order(const void *a, const void *b)
{
	const struct vmmio_hostmap_entry *x = a, *y = b;

	if (x->pio != y->pio)
		return x->pio ? 1 : -1;
	return x->base < y->base ? -1 : x->base > y->base;
}

/* 1: nothing on this line. */
static int parse_line(char *line, struct vmmio_hostmap_entry *e, const char **trouble)
{
	char *word[5], *save = NULL;
	int n = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *p = strtok_r(line, " \t\r", &save); p && n < 5;
	     p = strtok_r(NULL, " \t\r", &save))
		word[n++] = p;
	if (!n)
		return 1;
	*trouble = "expected ADDRESS SIZE NAME [mmio|pci|pio]";
	if (n < 3 || n > 4)
		return -EINVAL;
	*trouble = "the address is not a number";
	if (vmmio_parse_u64(word[0], 0, ~0ull, &e->base))
		return -EINVAL;
	*trouble = "the size is not a number above 0";
	if (vmmio_parse_u64(word[1], 1, ~0ull, &e->size))
		return -EINVAL;
	*trouble = "the range wraps around";
	if (e->base + e->size - 1 < e->base)
		return -EINVAL;
	*trouble = "the name is too long";
	if (strlen(word[2]) >= sizeof(e->name))
		return -EINVAL;
	strcpy(e->name, word[2]);
	*trouble = "the range ends beyond what a guest can address";
	if (e->base + e->size - 1 >= 1ull << 52)
		return -EINVAL;
	if (n == 3)
		return 0;
	*trouble = "the fourth word is none of mmio, pci, pio";
	if (!strcmp(word[3], "mmio"))
		e->transport = VMMIO_GUESS_MMIO;
	else if (!strcmp(word[3], "pci"))
		e->transport = VMMIO_GUESS_PCI;
	else if (!strcmp(word[3], "pio"))
		e->pio = true;
	else
		return -EINVAL;
	*trouble = "there are ports 0 to 0xffff only";
	if (e->pio && e->base + e->size > 0x10000)
		return -EINVAL;
	*trouble = "a virtio-mmio window has 256 bytes to 64 KiB";
	if (e->transport == VMMIO_GUESS_MMIO && (e->size < 0x100 || e->size > 0x10000))
		return -EINVAL;
	return 0;
}

int vmmio_hostmap_finish(struct vmmio_hostmap *map, const char *path, char *why, size_t size)
{
	size_t i;

	snprintf(map->source, sizeof(map->source), "%s", path);
	qsort(map->entries, map->n, sizeof(map->entries[0]), entry_order);
	for (i = 1; i < map->n; i++) {
		const struct vmmio_hostmap_entry *p = &map->entries[i - 1], *e = &map->entries[i];

		if (p->pio == e->pio && e->base - p->base < p->size) {
			snprintf(why, size, "%s: %s and %s overlap", path, p->name, e->name);
			vmmio_hostmap_free(map);
			return -EINVAL;
		}
	}
	return 0;
}

int vmmio_hostmap_parse(struct vmmio_hostmap *map, FILE *f, const char *path, char *why,
			size_t size)
{
	const char *trouble = NULL;
	char line[512];
	int nr = 0, ret = 0;

	memset(map, 0, sizeof(*map));
	while (fgets(line, sizeof(line), f)) {
		struct vmmio_hostmap_entry e = {0}, *grown;

		nr++;
		ret = parse_line(line, &e, &trouble);
		if (ret < 0)
			goto err;
		if (ret)
			continue;
		grown = realloc(map->entries, (map->n + 1) * sizeof(e));
		if (!grown) {
			vmmio_hostmap_free(map);
			snprintf(why, size, "%s: out of memory", path);
			return -ENOMEM;
		}
		map->entries = grown;
		map->entries[map->n++] = e;
	}
	if (!map->n) {
		trouble = "no entry in it";
		goto err;
	}
	return vmmio_hostmap_finish(map, path, why, size);
err:
	snprintf(why, size, "%s:%d: %s", path, nr, trouble);
	vmmio_hostmap_free(map);
	return -EINVAL;
}

void vmmio_hostmap_free(struct vmmio_hostmap *map)
{
	free(map->entries);
	map->entries = NULL;
	map->n = 0;
}

struct vmmio_hostmap_entry *vmmio_hostmap_find(const struct vmmio_hostmap *map, __u32 pid,
					       __u64 addr, bool pio)
{
	size_t i;

	for (i = 0; map && (!map->pid || map->pid == pid) && i < map->n; i++) {
		struct vmmio_hostmap_entry *e = &map->entries[i];

		if (e->pio == pio && addr >= e->base && addr - e->base < e->size)
			return e;
	}
	return NULL;
}

void vmmio_hostmap_contradict(struct vmmio_hostmap_entry *e, enum vmmio_transport_guess truth,
			      __u64 addr)
{
	if (e->truth != VMMIO_GUESS_NONE)
		return;
	e->truth = truth;
	e->truth_at = addr;
}

void vmmio_hostmap_report(const struct vmmio_hostmap *map, bool unseen, FILE *out)
{
	size_t i;

	for (i = 0; i < map->n; i++) {
		const struct vmmio_hostmap_entry *e = &map->entries[i];

		if (e->truth != VMMIO_GUESS_NONE)
			fprintf(out,
				"vmmio-stat: %s: %s is said to be %s, but at 0x%llx it is %s, "
				"which "
				"is believed\n",
				map->source, e->name, vmmio_guess_name(e->transport),
				(unsigned long long)e->truth_at, vmmio_guess_name(e->truth));
		else if (unseen && !e->seen)
			fprintf(out,
				"vmmio-stat: %s: nothing was seen at %s (0x%llx, %llu bytes)\n",
				map->source, e->name, (unsigned long long)e->base,
				(unsigned long long)e->size);
	}
}
