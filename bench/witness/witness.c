// SPDX-License-Identifier: GPL-2.0-only
/*
 * The naming of accesses (witness.h). Knows QEMU's names of regions and the
 * layout of its devices: MMIO windows of 0x200 bytes, PCI structures within
 * 16 KiB of one BAR. Starts no process.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <vmmio/regs.h>
#include "lib/ioline.h"
#include "lib/json.h"
#include "witness.h"

#define ROWS 4096
#define FUNCTIONS 256
#define BAR_SPAN 0x4000 /* QEMU's BAR of virtio structures; that of the table is smaller */
#define VIRTIO_VENDOR 0x1af4
#define NO_QUEUE -1

struct row {
	char device[48], reg[40];
	int queue;
	uint64_t reads, writes, shown;
};

/* A function of PCI, as far as the guest has looked at it. */
struct function {
	unsigned int bdf, vendor, device;
	uint32_t bar[6];       /* as last written, or found there */
	unsigned char kind[6]; /* the low bits that a read has */
};

struct vmmio_witness {
	struct row row[ROWS];
	size_t n, last;
	struct function fn[FUNCTIONS];
	size_t nfn;
	uint32_t address; /* what 0xcf8 holds */
	uint64_t ecam;	  /* where memory-mapped configuration begins; 0: not known */
	uint64_t named, others, unread;
	bool kvm; /* regions that only a guest of KVM has */
};

struct vmmio_witness *vmmio_witness_new(void)
{
	return calloc(1, sizeof(struct vmmio_witness));
}

void vmmio_witness_free(struct vmmio_witness *w)
{
	free(w);
}

static int count(struct vmmio_witness *w, const char *device, const char *reg, int queue,
		 bool write)
{
	size_t i = w->last;

	/* most accesses repeat the registers of the one before: ask its neighbours first */
	for (size_t k = 0; k < w->n; k++, i = (i + 1) % w->n)
		if (w->row[i].queue == queue && !strcmp(w->row[i].reg, reg) &&
		    !strcmp(w->row[i].device, device))
			goto found;
	if (w->n == ROWS)
		return -ENOSPC;
	i = w->n++;
	snprintf(w->row[i].device, sizeof(w->row[i].device), "%s", device);
	snprintf(w->row[i].reg, sizeof(w->row[i].reg), "%s", reg);
	w->row[i].queue = queue;
found:
	w->last = i;
	*(write ? &w->row[i].writes : &w->row[i].reads) += 1;
	w->named++;
	return 0;
}

static struct function *function(struct vmmio_witness *w, unsigned int bdf)
{
	for (size_t i = 0; i < w->nfn; i++)
		if (w->fn[i].bdf == bdf)
			return &w->fn[i];
	if (w->nfn == FUNCTIONS)
		return NULL;
	w->fn[w->nfn].bdf = bdf;
	return &w->fn[w->nfn++];
}

static void name_of(const struct function *f, char *name, size_t len)
{
	snprintf(name, len, "pci %02x:%02x.%x", f->bdf >> 8, f->bdf >> 3 & 0x1f, f->bdf & 7);
}

/* Whose BAR holds @addr: the nearest below it. */
static const struct function *owner(const struct vmmio_witness *w, uint64_t addr)
{
	const struct function *found = NULL;
	uint64_t nearest = BAR_SPAN;

	for (size_t i = 0; i < w->nfn; i++) {
		const struct function *f = &w->fn[i];

		for (int b = 0; b < 6; b++) {
			bool port = f->kind[b] & 1, wide = !port && (f->kind[b] & 6) == 4;
			uint64_t base = f->bar[b] & (port ? ~3u : ~0xfu);

			if (wide && b < 5)
				base |= (uint64_t)f->bar[b + 1] << 32;
			if (base && base <= addr && addr - base < nearest) {
				nearest = addr - base;
				found = f;
			}
			b += wide;
		}
	}
	return found;
}

/* Sizing moves it for a moment, in which the device does not decode: nothing is asked of it. */
static void take_bar(struct function *f, int i, bool write, uint32_t value)
{
	f->bar[i] = value;
	if (!write)
		f->kind[i] = value & 0xf;
}

/* Configuration space: learnt from whoever it is, counted of virtio devices. */
static int take_config(struct vmmio_witness *w, unsigned int bdf, unsigned int reg,
		       const struct vmmio_io *io)
{
	struct function *f;
	char name[48], text[24];
	int i = ((int)reg - 0x10) / 4;

	if (reg == 0 && !io->write && (io->value & 0xffff) == 0xffff) {
		w->others++; /* nobody is there */
		return 0;
	}
	f = function(w, bdf);
	if (!f)
		return -ENOSPC;
	if (reg == 0 && !io->write) {
		f->vendor = io->value & 0xffff;
		if (io->size == 4)
			f->device = io->value >> 16 & 0xffff;
	} else if (reg == 2 && !io->write && io->size == 2) {
		f->device = io->value & 0xffff;
	}
	if (reg >= 0x10 && i < 6 && !(reg & 3) && io->size == 4)
		take_bar(f, i, io->write, io->value);
	if (f->vendor != VIRTIO_VENDOR) {
		w->others++;
		return 0;
	}
	name_of(f, name, sizeof(name));
	snprintf(text, sizeof(text), "configuration 0x%02x", reg);
	return count(w, name, text, NO_QUEUE, io->write);
}

/* --- interrupt controllers --- */

static void lapic_name(unsigned int off, char *text, size_t len)
{
	static const struct {
		unsigned int off;
		const char *name;
	} names[] = {{0x20, "ID"},
		     {0x30, "version"},
		     {0x80, "TPR"},
		     {0xb0, "EOI"},
		     {0xd0, "LDR"},
		     {0xe0, "DFR"},
		     {0xf0, "SVR"},
		     {0x280, "ESR"},
		     {0x300, "ICR low"},
		     {0x310, "ICR high"},
		     {0x320, "LVT timer"},
		     {0x350, "LVT LINT0"},
		     {0x360, "LVT LINT1"},
		     {0x370, "LVT error"},
		     {0x380, "timer initial"},
		     {0x390, "timer current"},
		     {0x3e0, "timer divide"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].off != off)
			continue;
		snprintf(text, len, "%s", names[i].name);
		return;
	}
	if (off >= 0x100 && off < 0x280)
		snprintf(text, len, "%s", off < 0x180 ? "ISR" : off < 0x200 ? "TMR" : "IRR");
	else
		snprintf(text, len, "0x%03x", off);
}

static int take_lapic(struct vmmio_witness *w, const struct vmmio_io *io)
{
	unsigned int off = io->addr & 0xff0;
	char text[24];

	/* an interrupt's message goes to the same page: no access of the guest */
	if (io->write && off < 0x20)
		return count(w, "interrupts", "messages", NO_QUEUE, true);
	lapic_name(off, text, sizeof(text));
	return count(w, "local APIC", text, NO_QUEUE, io->write);
}

static int take_ioapic(struct vmmio_witness *w, const struct vmmio_io *io)
{
	unsigned int off = io->addr & 0xff;

	return count(w, "I/O APIC",
		     off == 0	   ? "index"
		     : off == 0x10 ? "data"
		     : off == 0x40 ? "EOI"
				   : "other",
		     NO_QUEUE, io->write);
}

/* --- virtio's own registers --- */

static int take_register(struct vmmio_witness *w, const struct vmmio_io *io, enum vmmio_reg reg)
{
	bool bell = reg == VMMIO_REG_QUEUE_NOTIFY || reg == VMMIO_REG_PCI_NOTIFY;
	const char *type = strstr(io->region, "virtio-pci-") ? strrchr(io->region, '-') : NULL;
	const struct function *f = type ? owner(w, io->addr) : NULL;
	char name[48], pci[16];

	if (!type) {
		snprintf(name, sizeof(name), "mmio 0x%llx", io->addr & ~0x1ffull);
	} else if (f) {
		name_of(f, pci, sizeof(pci));
		snprintf(name, sizeof(name), "%s", pci);
	} else {
		snprintf(name, sizeof(name), "pci ? virtio%s", type);
	}
	return count(w, name, vmmio_io_register_name(reg),
		     bell ? (int)(io->value & 0xffff) : NO_QUEUE, io->write);
}

int vmmio_witness_line(struct vmmio_witness *w, const char *line)
{
	const struct function *f;
	struct vmmio_io io;
	enum vmmio_reg reg;
	char name[48];

	if (!vmmio_io_line(line, &io)) {
		w->unread++;
		return 0;
	}
	w->kvm |= !strncmp(io.region, "kvm-", 4);
	reg = vmmio_io_register(&io);
	if (reg != VMMIO_REG_COUNT)
		return take_register(w, &io, reg);
	if (!strcmp(io.region, "apic-msi"))
		return take_lapic(w, &io);
	if (!strcmp(io.region, "ioapic"))
		return take_ioapic(w, &io);
	if (!strcmp(io.region, "pci-conf-idx") && io.write && io.size == 4) {
		w->address = io.value;
	} else if (!strcmp(io.region, "pci-conf-data") && w->address >> 31) {
		return take_config(w, w->address >> 8 & 0xffff, (w->address & 0xfc) + (io.addr & 3),
				   &io);
	} else if (!strcmp(io.region, "pcie-mmcfg-mmio")) {
		/* its window is aligned to its size, of 256 buses at most */
		return take_config(w, io.addr >> 12 & 0xffff, io.addr & 0xfff, &io);
	} else if (!strncmp(io.region, "msix-", 5)) {
		f = owner(w, io.addr);
		if (f && f->vendor == VIRTIO_VENDOR) {
			name_of(f, name, sizeof(name));
			return count(w, name,
				     strcmp(io.region, "msix-pba") ? "MSI-X table" : "MSI-X PBA",
				     NO_QUEUE, io.write);
		}
	}
	w->others++;
	return 0;
}

uint64_t vmmio_witness_named(const struct vmmio_witness *w)
{
	return w->named;
}

uint64_t vmmio_witness_others(const struct vmmio_witness *w)
{
	return w->others;
}

uint64_t vmmio_witness_unread(const struct vmmio_witness *w)
{
	return w->unread;
}

bool vmmio_witness_kvm(const struct vmmio_witness *w)
{
	return w->kvm;
}

static int by_device(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;
	int d = strcmp(x->device, y->device);

	return d ? d : (x > y) - (x < y);
}

/* The rows in the order of devices, in those the order of first touch; freed by the caller. */
static struct row **sorted(const struct vmmio_witness *w)
{
	struct row **all = calloc(w->n + 1, sizeof(*all));

	for (size_t i = 0; all && i < w->n; i++)
		all[i] = (struct row *)&w->row[i];
	if (all)
		qsort(all, w->n, sizeof(*all), by_device);
	return all;
}

void vmmio_witness_print(struct vmmio_witness *w, FILE *f, bool since_last)
{
	struct row **all = sorted(w);

	fprintf(f, "%-20s %-24s %5s %10s %10s\n", "DEVICE", "REGISTER", "QUEUE", "READS", "WRITES");
	for (size_t i = 0; all && i < w->n; i++) {
		struct row *r = all[i];
		char queue[12] = "";

		if (r->queue != NO_QUEUE)
			snprintf(queue, sizeof(queue), "%d", r->queue);
		if (!since_last || r->shown != r->reads + r->writes)
			fprintf(f, "%-20s %-24s %5s %10llu %10llu\n", r->device, r->reg, queue,
				(unsigned long long)r->reads, (unsigned long long)r->writes);
		r->shown = r->reads + r->writes;
	}
	free(all);
}

void vmmio_witness_json(const struct vmmio_witness *w, FILE *f)
{
	struct vmmio_json j = {.out = f};
	struct row **all = sorted(w);

	vmmio_json_open(&j, NULL, '{');
	vmmio_json_u64(&j, "schema", 1);
	vmmio_json_u64(&j, "accesses", w->named);
	vmmio_json_u64(&j, "others", w->others);
	vmmio_json_open(&j, "registers", '[');
	for (size_t i = 0; all && i < w->n; i++) {
		vmmio_json_open(&j, NULL, '{');
		vmmio_json_text(&j, "device", all[i]->device);
		vmmio_json_text(&j, "register", all[i]->reg);
		if (all[i]->queue != NO_QUEUE)
			vmmio_json_u64(&j, "queue", all[i]->queue);
		vmmio_json_u64(&j, "reads", all[i]->reads);
		vmmio_json_u64(&j, "writes", all[i]->writes);
		vmmio_json_close(&j, '}');
	}
	vmmio_json_close(&j, ']');
	vmmio_json_close(&j, '}');
	fputc('\n', f);
	free(all);
}
