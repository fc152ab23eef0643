/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtio device that is a register file and nothing more: what the register
 * logic of kmod/regs/ is tested against. Keeps a log of all accesses and
 * counts those that the specification forbids.
 */
#ifndef VMMIO_TEST_FAKE_REGS_H
#define VMMIO_TEST_FAKE_REGS_H

#include <string.h>
#include "kmod/regs/regs.h"

#define FAKE_QUEUES 4
#define FAKE_LOG 4096

struct fake_queue {
	__u32 max;
	__u32 num;
	__u32 ready;
	__u32 reset; /* reads this often as 1 before 0 */
	__u32 pfn;
	__u16 vector;
	__u64 desc, driver, device;
};

struct fake_device {
	struct vmmio_regs regs;
	__u8 versions; /* VMMIO_V1, VMMIO_V2 or VMMIO_PCI: which registers exist */
	__u32 magic, version, id, vendor;
	__u64 features; /* offered */
	__u64 accepted;
	__u32 status;
	__u32 sel, dfsel, gfsel;
	struct fake_queue queue[FAKE_QUEUES];
	__u8 config[16];
	__u64 shm_len, shm_base;
	__u32 page_size;
	__u16 config_vector;

	/* misbehaviour */
	int status_stuck;  /* reads of status that still return the old value */
	int ready_stuck;   /* QueueReady cannot be cleared */
	int reset_ignored; /* QueueReset reads 0 and does nothing: QEMU 7.2 */
	int reset_forever; /* QueueReset never reads 0 */
	int no_vectors;	   /* the device refuses every vector */
	int gone;	   /* every read gives all ones */
	int config_moving; /* all configuration bytes change after so many more reads of one */
	int config_turns;  /* how often that happens; < 0: for ever */

	int violations; /* accesses that 4.2.2.2 or 4.1.4.3.2 forbid */
	unsigned long paused_us;
	int accesses;
	struct {
		__u16 reg;
		char dir; /* 'R' or 'W' */
		__u32 value;
	} log[FAKE_LOG];
};

void fake_init(struct fake_device *d, __u8 versions);

#endif
