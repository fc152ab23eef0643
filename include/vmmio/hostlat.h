/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Out latencies by doorbell, as bpf/outlat.bpf.c stores them and exits reads them. The vCPU's
 * thread stands for the VM; the reader maps it.
 */
#ifndef VMMIO_HOSTLAT_H
#define VMMIO_HOSTLAT_H

#include "hist.h"
#include "types.h"

struct vmmio_outlat_key {
	__u64 addr;
	__u32 value; /* written to the doorbell */
	__u32 tid;   /* of the vCPU */
};

struct vmmio_outlat {
	__u64 count;
	__u64 sum_ns;
	struct vmmio_hist hist;
};

_Static_assert(sizeof(struct vmmio_outlat_key) == 16, "vmmio_outlat_key layout");
_Static_assert(sizeof(struct vmmio_outlat) == 1040, "vmmio_outlat layout");

#endif
