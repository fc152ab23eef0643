/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names of exit reasons as the kernel's traces print them. A number without a name is shown as a
 * number.
 */
#ifndef VMMIO_EXITNAMES_H
#define VMMIO_EXITNAMES_H

#include <stddef.h>
#include <linux/types.h>

/* Hardware reason of instruction set @isa (VMMIO_ISA_*) into @buf. */
const char *vmmio_exit_reason_name(__u32 isa, __u32 reason, char *buf, size_t size);

/* A model-specific register: as Linux calls it, or its number. */
const char *vmmio_exit_msr_name(__u32 msr, char *buf, size_t size);

/* KVM_EXIT_* of a userspace exit. */
const char *vmmio_exit_user_name(__u32 reason, char *buf, size_t size);

#endif
