// SPDX-License-Identifier: GPL-2.0-only
/*
 * See irqnames.h.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "irqnames.h"
#include "irqs.h"
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
	struct vmmio_irqs q = {};

	x->irq_mode = VMMIO_IRQ_UNKNOWN;
	if (!vmmio_irqs_now(&q))
		vmmio_irqs_identify(&q, x);
	vmmio_irqs_free(&q);
}

const char *vmmio_irq_cpus(__u32 irq, char *buf, size_t size)
{
	/* not every interrupt controller reports the real destination */
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
