// SPDX-License-Identifier: GPL-2.0-only
/*
 * See irqnames.h.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "irqnames.h"
#include "lib/num.h"

#define PROC_IRQ "/proc/irq"

bool vmmio_irq_has(__u32 irq, const char *name)
{
	char path[160];

	if (snprintf(path, sizeof(path), PROC_IRQ "/%u/%s", irq, name) >= (int)sizeof(path))
		return false;
	return !access(path, F_OK);
}

__u32 vmmio_irq_named(const char *name)
{
	DIR *d = opendir(PROC_IRQ);
	struct dirent *e;
	__u64 irq;

	while (d && (e = readdir(d))) {
		if (vmmio_parse_u64(e->d_name, 1, ~0u, &irq) || !vmmio_irq_has((__u32)irq, name))
			continue;
		closedir(d);
		return (__u32)irq;
	}
	if (d)
		closedir(d);
	return 0;
}

void vmmio_irq_complete(struct vmmio_slot_info *x)
{
	bool queue = x->kind == VMMIO_SLOT_QUEUE;
	char name[64];
	__u32 all;

	x->irq = vmmio_irq_named(x->device);
	if (x->irq) {
		x->irq_mode = x->transport == VMMIO_TRANSPORT_PCI ? VMMIO_IRQ_INTX : VMMIO_IRQ_LINE;
		return;
	}
	snprintf(name, sizeof(name), "%s-%s", x->device, queue ? x->queue_name : "config");
	x->irq = vmmio_irq_named(name);
	snprintf(name, sizeof(name), "%s-virtqueues", x->device);
	all = vmmio_irq_named(name);
	if (queue && !x->irq)
		x->irq = all;
	if (x->irq)
		x->irq_mode = all ? VMMIO_IRQ_MSIX_SHARED : VMMIO_IRQ_MSIX;
}

const char *vmmio_irq_cpus(__u32 irq, char *buf, size_t size)
{
	/* not every interrupt controller says where it really goes */
	static const char *const files[] = {"effective_affinity_list", "smp_affinity_list"};
	char path[64];
	size_t i;
	FILE *f;

	for (i = 0; irq && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), PROC_IRQ "/%u/%s", irq, files[i]);
		f = fopen(path, "re");
		if (!f)
			continue;
		buf[0] = '\0';
		if (fgets(buf, (int)size, f))
			buf[strcspn(buf, "\n")] = '\0';
		fclose(f);
		if (buf[0])
			return buf;
	}
	snprintf(buf, size, "-");
	return buf;
}
