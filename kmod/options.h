/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a user set for one device; see options.c.
 */
#ifndef VMMIO_KMOD_OPTIONS_H
#define VMMIO_KMOD_OPTIONS_H

#include <linux/kobject.h>
#include <linux/types.h>
#include <vmmio/settings.h>

enum vmmio_option_irq {
#define OPTION_IRQ(id, word) VMMIO_OPTION_IRQ_##id,
	VMMIO_SETTING_IRQS(OPTION_IRQ)
#undef OPTION_IRQ
};

struct vmmio_options {
	u64 withhold;	    /* feature bits the driver of the device does not get to see */
	u16 queue_size;	    /* largest ring, 0 = what the device offers */
	u8 irq;		    /* enum vmmio_option_irq; PCI only */
	bool lazy_status;   /* MMIO only */
	bool reread_status; /* MMIO only */
	bool force;	    /* also settings that are known to hang */
	u8 affinities;
	struct {
		u16 queue;
		u16 cpu;
	} affinity[VMMIO_SETTING_AFFINITIES];
};

/* Parameter queue_size (main.c): what a device without a setting gets. */
extern unsigned int vmmio_queue_size;

void vmmio_options_get(const char *device, struct vmmio_options *options);
/* Settings are a file below @parent, /sys/kernel/vmmio. 0 or -errno. */
int vmmio_options_init(struct kobject *parent);
void vmmio_options_exit(struct kobject *parent);

#endif
