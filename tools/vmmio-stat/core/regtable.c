// SPDX-License-Identifier: GPL-2.0-only
/*
 * See regtable.h.
 */
#include "regtable.h"

const struct vmmio_reg_info vmmio_regs[VMMIO_REG_COUNT] = {
#define REG(id, offset, width, name, access, versions) {offset, width, access, versions, name},
	VMMIO_REGS(REG)
#undef REG
};
