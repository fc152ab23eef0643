// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reader of /sys/kernel/vmmio. A record is consistent only if one read holds it whole: chunks are
 * multiples of the record, within one page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/num.h"
#include "slots.h"

#define CHUNK 4096

static int open_file(const char *dir, const char *name)
{
	char path[256];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int read_abi(const char *dir, __u64 *abi)
{
	char text[32] = "";
	int fd = open_file(dir, "abi"), err = 0;
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		err = -errno;
	close(fd);
	if (err)
		return err;
	text[strcspn(text, "\n")] = '\0';
	return vmmio_parse_u64(text, 0, ~0u, abi) ? -EPROTO : 0;
}

int vmmio_slots_open(struct vmmio_slots *f, const char *dir, char *why, size_t size)
{
	__u64 abi = 0;
	int err;

	f->slots = f->counters = f->regs = -EBADF;
	err = read_abi(dir, &abi);
	if (err == -ENOENT || err == -ENOTDIR) {
		snprintf(why, size, "the module vmmio is not loaded (no %s): load vmmio.ko first",
			 dir);
		return -ENODEV;
	}
	if (err) {
		snprintf(why, size, "cannot read %s/abi: %s", dir, strerror(-err));
		return err;
	}
	if (abi != VMMIO_ABI) {
		snprintf(why, size,
			 "the loaded vmmio.ko speaks ABI %llu, this program ABI %d: use the pair "
			 "of one build",
			 (unsigned long long)abi, VMMIO_ABI);
		return -EPROTO;
	}
	f->slots = open_file(dir, "slots");
	if (f->slots < 0) {
		err = f->slots;
		snprintf(why, size, "cannot read %s/slots: %s%s", dir, strerror(-err),
			 err == -EACCES || err == -EPERM ? ": run as root" : "");
		return err;
	}
	f->counters = open_file(dir, "counters");
	f->regs = open_file(dir, "regs");
	return 0;
}

void vmmio_slots_close(struct vmmio_slots *f)
{
	if (f->slots >= 0)
		close(f->slots);
	if (f->counters >= 0)
		close(f->counters);
	if (f->regs >= 0)
		close(f->regs);
	f->slots = f->counters = f->regs = -EBADF;
}

/* Records first .. first+n-1; returns how many came whole, or -errno. */
static int read_records(int fd, size_t size, unsigned int first, unsigned int n, void *buf)
{
	size_t want = n * size, got = 0;
	ssize_t r;

	while (got < want) {
		r = pread(fd, (char *)buf + got, want - got, (off_t)(first * size + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (!r)
			break;
		got += r;
	}
	return (int)(got / size);
}

static void terminate(struct vmmio_slot_info *i)
{
	i->device[sizeof(i->device) - 1] = '\0';
	i->parent[sizeof(i->parent) - 1] = '\0';
	i->driver[sizeof(i->driver) - 1] = '\0';
	i->queue_name[sizeof(i->queue_name) - 1] = '\0';
}

static int add_info(struct vmmio_snapshot *s, const struct vmmio_slot_info *info, unsigned int slot)
{
	struct vmmio_row *r;

	if (info->kind == VMMIO_SLOT_FREE || !info->gen)
		return 0;
	if (info->kind > VMMIO_SLOT_SHARED || info->slot != slot)
		return -EPROTO;
	r = vmmio_snapshot_add(s);
	if (!r)
		return -ENOMEM;
	r->info = *info;
	terminate(&r->info);
	return 0;
}

int vmmio_slots_read(struct vmmio_slots *f, struct vmmio_snapshot *s)
{
	struct vmmio_slot_info buf[CHUNK / sizeof(struct vmmio_slot_info)];
	const unsigned int per = CHUNK / sizeof(*buf);
	unsigned int first, i;
	bool used = true;
	int n, err;

	vmmio_snapshot_clear(s);
	/* Slots are given out lowest first: a chunk never used ends the search. */
	for (first = 0; first < VMMIO_SLOT_OVERFLOW && used; first += per) {
		unsigned int want =
			VMMIO_SLOT_OVERFLOW - first < per ? VMMIO_SLOT_OVERFLOW - first : per;

		n = read_records(f->slots, sizeof(*buf), first, want, buf);
		if (n < 0)
			return n;
		used = false;
		for (i = 0; i < (unsigned int)n; i++) {
			used |= buf[i].gen != 0;
			err = add_info(s, &buf[i], first + i);
			if (err)
				return err;
		}
		if ((unsigned int)n < want)
			return 0; /* a file that ends early has no overflow slot */
	}
	n = read_records(f->slots, sizeof(*buf), VMMIO_SLOT_OVERFLOW, 1, buf);
	if (n < 0)
		return n;
	return n ? add_info(s, &buf[0], VMMIO_SLOT_OVERFLOW) : 0;
}

static void count_row(struct vmmio_row *r, const struct vmmio_slot_counters *c)
{
	bool dev = r->info.kind == VMMIO_SLOT_DEVICE;
	bool own = r->info.irq_mode == VMMIO_IRQ_MSIX;

	vmmio_row_set(r, VMMIO_C_IRQS, c->irqs);
	if (dev) {
		vmmio_row_set(r, VMMIO_C_IRQS_SPURIOUS, c->irqs_none);
		vmmio_row_set(r, VMMIO_C_CONFIG_IRQS, c->config_irqs);
		return;
	}
	vmmio_row_set(r, VMMIO_C_KICKS, c->kicks);
	vmmio_row_set(r, VMMIO_C_IRQS_FOUND, c->irqs > c->irqs_none ? c->irqs - c->irqs_none : 0);
	vmmio_row_set(r, own ? VMMIO_C_IRQS_SPURIOUS : VMMIO_C_IRQS_NOTHING, c->irqs_none);
	vmmio_row_set(r, VMMIO_C_KICKS_INDEXED, c->kicks);
	vmmio_row_set(r, VMMIO_C_KICK_BUFFERS, c->kick_buffers);
	vmmio_row_set(r, VMMIO_C_IRQS_INDEXED, c->irqs);
	vmmio_row_set(r, VMMIO_C_USED_BUFFERS, c->used_buffers);
}

static void count_regs(struct vmmio_snapshot *s, size_t row, const struct vmmio_slot_regs *in)
{
	struct vmmio_reg_counts *regs = vmmio_row_regs(s, row);
	struct vmmio_row *r = &s->rows[row];
	__u64 reads = 0, writes = 0;
	int k;

	for (k = 0; k < VMMIO_REG_MAX; k++) {
		reads += in->reads[k];
		if (k != VMMIO_REG_QUEUE_NOTIFY && k != VMMIO_REG_PCI_NOTIFY)
			writes += in->writes[k];
	}
	vmmio_row_set(r, VMMIO_C_REG_READS, reads);
	vmmio_row_set(r, VMMIO_C_REG_WRITES, writes);
	vmmio_row_set(r, VMMIO_C_KICKS,
		      in->writes[VMMIO_REG_QUEUE_NOTIFY] + in->writes[VMMIO_REG_PCI_NOTIFY]);
	if (!regs)
		return;
	memcpy(regs->reads, in->reads, sizeof(regs->reads));
	memcpy(regs->writes, in->writes, sizeof(regs->writes));
	r->have_regs = true;
}

int vmmio_slots_count(struct vmmio_slots *f, struct vmmio_snapshot *s)
{
	struct vmmio_slot_counters c;
	struct vmmio_slot_regs g;
	size_t i;
	int n;

	if (f->counters < 0)
		return f->counters;
	for (i = 0; i < s->n; i++) {
		struct vmmio_row *r = &s->rows[i];

		n = read_records(f->counters, sizeof(c), r->info.slot, 1, &c);
		if (n < 0)
			return n;
		if (!n || c.slot != r->info.slot || c.gen != r->info.gen)
			continue;
		count_row(r, &c);
		if (f->regs < 0 || r->info.kind != VMMIO_SLOT_DEVICE)
			continue;
		n = read_records(f->regs, sizeof(g), r->info.slot, 1, &g);
		if (n < 0)
			return n;
		if (n && g.slot == r->info.slot && g.gen == r->info.gen)
			count_regs(s, i, &g);
	}
	return 0;
}
