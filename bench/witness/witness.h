/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a guest's drivers do to registers, from the lines of QEMU's trace: of
 * virtio devices, their PCI configuration and MSI-X tables, the local APIC and
 * the I/O APIC, by name. Which device an address belongs to is learnt from the
 * trace itself: the guest reads the identities and writes the base addresses.
 */
#ifndef VMMIO_BENCH_WITNESS_H
#define VMMIO_BENCH_WITNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct vmmio_witness;

/* NULL for want of memory; freed by vmmio_witness_free(). */
struct vmmio_witness *vmmio_witness_new(void);
void vmmio_witness_free(struct vmmio_witness *w);

/* One line of the trace, in order; one that is no access is counted as unread. -ENOSPC: more
 * devices or registers than there is room for. */
int vmmio_witness_line(struct vmmio_witness *w, const char *line);

/* Accesses named so far, and those of other devices. */
uint64_t vmmio_witness_named(const struct vmmio_witness *w);
uint64_t vmmio_witness_others(const struct vmmio_witness *w);
/* Lines that say no access: what they were is not known. */
uint64_t vmmio_witness_unread(const struct vmmio_witness *w);
/* The guest ran under KVM after all: what the kernel served was not seen. */
bool vmmio_witness_kvm(const struct vmmio_witness *w);

/* A row for each register that was touched since @since_last, or ever. */
void vmmio_witness_print(struct vmmio_witness *w, FILE *f, bool since_last);
/* {"schema", "accesses", "others", "registers": [{"device", "register", "queue", "reads",
 * "writes"}]} */
void vmmio_witness_json(const struct vmmio_witness *w, FILE *f);

#endif
