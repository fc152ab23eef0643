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
#define OPTION_NUMBER(X, id, key, where, min, max, meaning) u32 key; /* 0: not set */
#define OPTION_SWITCH(X, id, key, where, meaning) bool key;
	VMMIO_SETTING_NUMBERS(OPTION_NUMBER, )
	VMMIO_SETTING_SWITCHES(OPTION_SWITCH, )
#undef OPTION_NUMBER
#undef OPTION_SWITCH
	u64 withhold; /* feature bits hidden from the device's driver */
	u8 irq;	      /* enum vmmio_option_irq; PCI only */
	u8 affinities;
	struct {
		u16 queue;
		u16 cpu;
	} affinity[VMMIO_SETTING_AFFINITIES];
};

/* Parameter queue_size (main.c): the default of a device without a setting. */
extern unsigned int vmmio_queue_size;

void vmmio_options_get(const char *device, struct vmmio_options *options);
/* The settings file is below @parent, /sys/kernel/vmmio. Returns 0 or -errno. */
int vmmio_options_init(struct kobject *parent);
void vmmio_options_exit(struct kobject *parent);

#endif
