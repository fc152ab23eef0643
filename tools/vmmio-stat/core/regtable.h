/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register table of include/vmmio/regs.h as data.
 */
#ifndef VMMIO_REGTABLE_H
#define VMMIO_REGTABLE_H

#include "vmmio/regs.h"

struct vmmio_reg_info {
	__u16 offset;
	__u8 width;
	__u8 access;
	__u8 versions;
	const char *name;
};

extern const struct vmmio_reg_info vmmio_regs[VMMIO_REG_COUNT];

#endif
