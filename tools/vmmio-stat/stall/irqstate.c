// SPDX-License-Identifier: GPL-2.0-only
/*
 * See irqstate.h. No file on every kernel shows whether the kernel disabled an interrupt:
 * bpf/irqdesc.bpf.c reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "irqdesc.h"
#include "irqdesc.skel.h"
#include "irqstate.h"
#include "lib/num.h"
#include "tools/vmmio-stat/core/bounded.h"
#include "tools/vmmio-stat/core/irqnames.h"
#include "tools/vmmio-stat/source/bpf_util.h"

#define CPUS 8192
#define PATIENCE_MS 300 /* a configuration space is not to be had while the device is reset */
#define STUCK 8

/* PCI configuration space */
#define COMMAND 4
#define COMMAND_INTX_DISABLE (1 << 10)
#define STATUS 6
#define STATUS_CAPABILITIES (1 << 4)
#define CAPABILITIES 0x34
#define CAPABILITY_MSIX 0x11
#define MSIX_CONTROL 2 /* from the capability on */
#define MSIX_ENABLE (1 << 15)
#define MSIX_MASK_ALL (1 << 14)

struct vmmio_stall_irqs {
	struct irqdesc_bpf *skel; /* NULL: not to be had */
	bool fexit;
	char stuck[STUCK][40]; /* PCI devices whose configuration is not asked for again */
	unsigned int nstuck;
};

void vmmio_stall_irqs_free(struct vmmio_stall_irqs *p)
{
	if (p)
		irqdesc_bpf__destroy(p->skel);
	free(p);
}

/* "0-2,7" into a bit each. */
static bool parse_cpus(const char *list, unsigned char set[CPUS])
{
	char text[1024], *save = NULL, *word, *dash;
	__u64 from, to;

	memset(set, 0, CPUS);
	if (strlen(list) >= sizeof(text))
		return false;
	strcpy(text, list);
	for (word = strtok_r(text, ",\n", &save); word; word = strtok_r(NULL, ",\n", &save)) {
		dash = strchr(word, '-');
		if (dash)
			*dash = '\0';
		if (vmmio_parse_u64(word, 0, CPUS - 1, &from) ||
		    vmmio_parse_u64(dash ? dash + 1 : word, from, CPUS - 1, &to))
			return false;
		memset(set + from, 1, to - from + 1);
	}
	return true;
}

enum vmmio_known vmmio_stall_offline(const char *cpus, const char *online)
{
	static unsigned char goes[CPUS], on[CPUS];
	bool any = false;
	int i;

	if (!parse_cpus(cpus, goes) || !parse_cpus(online, on))
		return VMMIO_UNKNOWN;
	for (i = 0; i < CPUS; i++) {
		any |= goes[i];
		if (goes[i] && on[i])
			return VMMIO_NO;
	}
	return any ? VMMIO_YES : VMMIO_UNKNOWN;
}

static unsigned int word_at(const unsigned char *config, size_t at)
{
	return config[at] | config[at + 1] << 8;
}

static enum vmmio_known known(bool is)
{
	return is ? VMMIO_YES : VMMIO_NO;
}

enum vmmio_known vmmio_stall_masked(const unsigned char *config, size_t n, unsigned int mode)
{
	unsigned int at, control, turns;

	if (n < 64)
		return VMMIO_UNKNOWN;
	if (mode == VMMIO_IRQ_INTX)
		return known(word_at(config, COMMAND) & COMMAND_INTX_DISABLE);
	if ((mode != VMMIO_IRQ_MSIX && mode != VMMIO_IRQ_MSIX_SHARED) ||
	    !(word_at(config, STATUS) & STATUS_CAPABILITIES))
		return VMMIO_UNKNOWN;
	at = config[CAPABILITIES] & ~3u;
	for (turns = 0; at >= 64 && at + 4 <= n && turns < 48; turns++) {
		if (config[at] == CAPABILITY_MSIX) {
			control = word_at(config, at + MSIX_CONTROL);
			return known(!(control & MSIX_ENABLE) || control & MSIX_MASK_ALL);
		}
		at = config[at + 1] & ~3u;
	}
	return VMMIO_UNKNOWN; /* without rights the first 64 bytes are all there is */
}

/* What is at the beginning of a file; its length, 0 if there is none. */
static size_t read_file(const char *path, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, size);

	if (fd >= 0)
		close(fd);
	return n > 0 ? n : 0;
}

static enum vmmio_known masked(struct vmmio_stall_irqs *p, const struct vmmio_slot_info *info)
{
	unsigned char config[256];
	char path[128];
	unsigned int i;
	ssize_t n;

	if (info->transport != VMMIO_TRANSPORT_PCI || p->nstuck == STUCK)
		return VMMIO_UNKNOWN;
	for (i = 0; i < p->nstuck; i++)
		if (!strcmp(p->stuck[i], info->parent))
			return VMMIO_UNKNOWN;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", info->parent);
	n = vmmio_read_bounded(path, config, sizeof(config), PATIENCE_MS);
	if (n == -ETIMEDOUT)
		snprintf(p->stuck[p->nstuck++], sizeof(p->stuck[0]), "%s", info->parent);
	return vmmio_stall_masked(config, n > 0 ? (size_t)n : 0, info->irq_mode);
}

static int load(struct vmmio_stall_irqs *p, bool fexit)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err;

	p->fexit = fexit;
	p->skel = vmmio_bpf_open(irqdesc);
	if (!p->skel)
		return -errno;
	bpf_program__set_autoload(fexit ? p->skel->progs.kp_desc : p->skel->progs.fe_desc, false);
	err = irqdesc_bpf__load(p->skel);
	if (!err)
		err = bpf_prog_test_run_opts(bpf_program__fd(p->skel->progs.whoami), &opts);
	if (err) {
		irqdesc_bpf__destroy(p->skel);
		p->skel = NULL;
	}
	return err;
}

static struct bpf_link *attach(struct vmmio_stall_irqs *p)
{
	return bpf_program__attach(p->fexit ? p->skel->progs.fe_desc : p->skel->progs.kp_desc);
}

struct vmmio_stall_irqs *vmmio_stall_irqs_new(void)
{
	struct vmmio_stall_irqs *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	vmmio_bpf_quiet();
	if ((getenv("VMMIO_KPROBE") || load(p, true)) && load(p, false))
		p->skel = NULL;
	if (p->skel)
		bpf_link__destroy(attach(p)); /* what the first time takes more */
	return p;
}

/* Does the kernel keep it disabled, and did it so by itself? */
static enum vmmio_known disabled(struct vmmio_stall_irqs *p, __u32 irq, bool *spurious)
{
	struct bpf_link *link;
	char path[64], text[256];
	__u32 seen, tries;

	link = p->skel ? attach(p) : NULL;
	if (!link)
		return VMMIO_UNKNOWN;
	seen = p->skel->bss->found.seen;
	snprintf(path, sizeof(path), "/proc/irq/%u/spurious", irq);
	/* a hook that has just been attached may miss a call on a busy machine */
	for (tries = 0; tries < 3 && p->skel->bss->found.seen == seen; tries++)
		read_file(path, text, sizeof(text));
	bpf_link__destroy(link);
	if (p->skel->bss->found.seen == seen || p->skel->bss->found.irq != irq)
		return VMMIO_UNKNOWN;
	*spurious = p->skel->bss->found.spurious;
	return known(p->skel->bss->found.depth);
}

void vmmio_stall_irqs_look(void *with, const struct vmmio_stall_queue *q,
			   struct vmmio_stall_irq *irq)
{
	char online[1024] = "";

	if (!q->info.irq)
		return;
	irq->disabled = disabled(with, q->info.irq, &irq->spurious);
	irq->masked = masked(with, &q->info);
	vmmio_irq_cpus(q->info.irq, irq->cpus, sizeof(irq->cpus));
	if (!strcmp(irq->cpus, "-"))
		irq->cpus[0] = '\0';
	if (irq->cpus[0] && read_file("/sys/devices/system/cpu/online", online, sizeof(online) - 1))
		irq->offline = vmmio_stall_offline(irq->cpus, online);
}
