/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between the two halves of the checker of conform.h: trace.c makes accesses of a
 * trace's lines, rules.c judges them.
 */
#ifndef VMMIO_BENCH_CONFORM_RULES_H
#define VMMIO_BENCH_CONFORM_RULES_H

#include <stdint.h>

#include <vmmio/regs.h>
#include "conform.h"

#define CONFORM_DEVICES 64
#define CONFORM_QUEUES 64

enum conform_space {
	MMIO,
	COMMON,
	ISR,
	DEVICE_CONFIG,
	NOTIFY
};

struct conform_queue {
	uint32_t max;
	unsigned int addresses; /* which of the six were written */
	bool was_stopped, sized, aligned, live, was_reset;
	bool ready_due, vector_due; /* to be read back */
	bool reset_due, reset_verify;
};

struct conform_device {
	uint64_t base;
	uint8_t version; /* a VMMIO_V bit; 0: not known yet */
	uint32_t id;
	int identified; /* 1 magic, 2 version, 3 device id read */
	bool absent, reset_due, paged, ok_unread;
	uint32_t status;
	bool dfsel_set, gfsel_set, features_set;
	uint32_t dfsel, gfsel;
	uint64_t offered, accepted;
	uint32_t sel;
	struct conform_queue q[CONFORM_QUEUES];
	uint32_t irq;
	bool irq_read, config_vector_due;
	/* reads of configuration space in a row, and whether the generation came before */
	bool in_run, run_after_generation, generation_read;
	unsigned int run_covers;
};

struct conform_access {
	bool write;
	enum conform_space space;
	uint32_t offset, value;
	unsigned int size;
	enum vmmio_reg reg; /* COUNT: none */
};

struct vmmio_conform {
	struct vmmio_conform_finding f[VMMIO_CONFORM_COUNT];
	struct conform_device d[CONFORM_DEVICES];
	unsigned int ndevices, before; /* of this file and of those before it */
	unsigned long line, accesses;
	char file[48]; /* "", or its name and ": " */
	/* what is being looked at, for the words of a violation */
	const struct conform_device *at;
	const struct conform_access *a;
};

struct conform_reg {
	uint16_t offset;
	uint8_t width, access, versions;
	const char *name;
};

extern const struct conform_reg vmmio_conform_regs[VMMIO_REG_COUNT];

void vmmio_conform_check(struct vmmio_conform *c, struct conform_device *d,
			 const struct conform_access *a);

#endif
