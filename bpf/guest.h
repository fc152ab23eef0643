/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What bpf/guest.bpf.c and its loader (tools/vmmio-stat/source/bpf.c) share
 * besides include/vmmio/: the layout of the register map and the names of the
 * options. Row and histogram layouts live in include/vmmio/.
 *
 * Memory per possible CPU, by parts of 16 slots that are in use:
 *   rows  6.1 KiB
 *   hists 16 KiB for each histogram asked for
 *   regs  40 KiB if registers are asked for
 */
#ifndef VMMIO_BPF_GUEST_H
#define VMMIO_BPF_GUEST_H

#include "vmmio/counters.h"
#include "vmmio/hist.h"
#include "vmmio/regs.h"

/* Accesses of one device, by enum vmmio_reg; without doorbells. */
struct vmmio_bpf_regs {
	__u32 gen;
	__u32 pad;
	__u64 reads[VMMIO_REG_MAX];
	__u64 writes[VMMIO_REG_MAX];
	__u64 read_ns[VMMIO_REG_MAX];
	__u64 write_ns[VMMIO_REG_MAX];
};

_Static_assert(sizeof(struct vmmio_bpf_regs) == 8 + 32 * VMMIO_REG_MAX, "vmmio_bpf_regs layout");

/* Slots in one part of a map, and parts that there can be. */
#define VMMIO_BPF_CHUNK 16
#define VMMIO_BPF_CHUNKS 128

/* A row's histograms follow it in its value: those asked for, by position. */
#define VMMIO_HIST_ABSENT 0xff

#endif
