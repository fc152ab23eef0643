/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules of VIRTIO 1.4 that a trace of register accesses can show kept or
 * violated, and the checker that reads such a trace (rules.c). What
 * cannot be seen in accesses, such as what a driver does with its rings, is not
 * here; docs/conformance.md has the whole list.
 */
#ifndef VMMIO_BENCH_CONFORM_H
#define VMMIO_BENCH_CONFORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * X(ID, level, clause, text): C numbers are those of docs/conformance.md. What the specification
 * allows and costs an access, each of them an exit, is V.
 */
/* clang-format off */
#define VMMIO_CONFORM_RULES(X)                                                                    \
	X(C1,  "MUST",   "4.2.2.2", "documented registers only")                                  \
	X(C2,  "MUST",   "4.2.2.2", "no write of a read-only register")                           \
	X(C3,  "MUST",   "4.2.2.2", "no read of a write-only register")                           \
	X(C4,  "MUST",   "4.2.2.2", "registers in their width, aligned (PCI: 4.1.3.1)")           \
	X(C5,  "MUST",   "4.2.2.2", "configuration space: aligned, 4 bytes at most")              \
	X(C8,  "MUST",   "4.2.3.1", "an absent device (DeviceID 0) is left alone")                \
	X(C9,  "MUST",   "4.2.2.2", "feature selector before the device's features")              \
	X(C10, "MUST",   "4.2.2.2", "feature selector before the driver's features")              \
	X(C11, "MUST",   "4.2.2.2", "queue size at most the maximum")                             \
	X(C12, "MUST",   "4.2.2.2", "no set-up register of a queue that is ready")                \
	X(C13, "MUST",   "4.2.2.2", "QueueReady = 0 is read back")                                \
	X(C15, "MUST",   "4.2.2.2", "acknowledges no more than was read")                         \
	X(C16, "MUST",   "4.2.2.2", "acknowledges no undefined bit")                              \
	X(C17, "MUST",   "4.2.2.2", "a queue's reset is waited for, then verified (C44)")         \
	X(C19, "MUST",   "4.2.3.1", "magic, version, device id, in this order")                   \
	X(C20, "MUST",   "4.2.3.1", "no shared memory register unless expected")                  \
	X(C22, "order",  "4.2.3.2", "a queue is started when all is set (PCI: 4.1.4.3.2)")        \
	X(C23, "MUST",   "4.2.3.3", "a doorbell names a queue that is live")                      \
	X(C24, "MUST",   "4.2.3.4", "the status is read before it is acknowledged")               \
	X(C27, "order",  "4.2.4",   "version 1: page size told before a queue is used")           \
	X(C28, "order",  "4.2.4",   "version 1: maximum read while the queue is stopped")         \
	X(C29, "order",  "4.2.4",   "version 1: size and alignment before QueuePFN")              \
	X(C32, "MUST",   "3.1.2",   "version 1: no FEATURES_OK")                                  \
	X(C33, "MUST",   "2.1.1",   "status bits are added, not cleared")                         \
	X(C34, "MUST",   "2.1.1",   "after FAILED a reset")                                       \
	X(C36, "MUST",   "2.2.1",   "no feature that was not offered")                            \
	X(C37, "MUST",   "2.2.1",   "no feature that this transport does not have")               \
	X(C40, "SHOULD", "2.4.2",   "a reset is waited for (PCI: MUST, 4.1.4.3.2)")               \
	X(C41, "SHOULD", "2.5.1",   "generation read around fields of several accesses")          \
	X(C46, "MUST",   "3.1.1",   "the steps of initialisation in order")                       \
	X(C47, "MUST",   "3.1.1",   "no doorbell before DRIVER_OK")                               \
	X(C58, "MUST",   "6.1",     "VERSION_1 is accepted where offered")                         \
	X(P1,  "MUST",   "4.1.4.3.2", "PCI: queue_enable is never written 0")                     \
	X(P2,  "MUST",   "4.1.5.1.2.3", "PCI: a vector is read back")                             \
	X(V1,  "ours",   "-",       "the interrupt status is read once for an acknowledgement")
/* clang-format on */

enum vmmio_conform_rule {
#define VMMIO_CONFORM_ENUM(id, level, clause, text) VMMIO_CONFORM_##id,
	VMMIO_CONFORM_RULES(VMMIO_CONFORM_ENUM)
#undef VMMIO_CONFORM_ENUM
	VMMIO_CONFORM_COUNT
};

struct vmmio_conform_finding {
	const char *id, *level, *clause, *text;
	unsigned long checked, violated; /* occasions */
	char first[208];		 /* the first violation: line, device, access, why */
};

struct vmmio_conform;

struct vmmio_conform *vmmio_conform_new(void);
void vmmio_conform_free(struct vmmio_conform *c);

/*
 * The lines that follow are of another machine, from the file @path: its devices are
 * others even where they have the same addresses, its lines are counted from 1.
 */
void vmmio_conform_file(struct vmmio_conform *c, const char *path);

/*
 * One line of QEMU's log trace; others than memory_region_ops_* of virtio
 * devices are passed over. -ENOSPC: more devices than there is room for.
 */
int vmmio_conform_line(struct vmmio_conform *c, const char *line);

/* How many rules were violated. What is still due at the end of a trace is not. */
unsigned int vmmio_conform_violated(const struct vmmio_conform *c);

const struct vmmio_conform_finding *vmmio_conform_finding(const struct vmmio_conform *c,
							  enum vmmio_conform_rule rule);
unsigned long vmmio_conform_accesses(const struct vmmio_conform *c);
unsigned int vmmio_conform_devices(const struct vmmio_conform *c);

#endif
