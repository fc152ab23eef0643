/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which accelerator a measurement ran on, by class name: the word that stands
 * in every heading, file name and folder name. Detection only: it boots
 * nothing, so "usable" means that /dev/kvm opens and speaks the right
 * version, not that a Linux guest comes up on it.
 */
#ifndef VMMIO_BENCH_ACCEL_H
#define VMMIO_BENCH_ACCEL_H

#include <stdbool.h>
#include <stddef.h>

enum vmmio_accel {
	VMMIO_ACCEL_NONE, /* emulation (tcg): no KVM, or one in an emulated machine */
	VMMIO_ACCEL_KVM_VMX,
	VMMIO_ACCEL_KVM_SVM,
	VMMIO_ACCEL_KVM_ARM,
	VMMIO_ACCEL_KVM_NESTED, /* VMX or SVM lent by another hypervisor */
	VMMIO_ACCEL_KVM_SOFT,	/* a KVM without hardware support */
};

/* "kvm-vmx", …; "tcg" for VMMIO_ACCEL_NONE. Static storage. */
const char *vmmio_accel_name(enum vmmio_accel accel);

/*
 * The class of this host's KVM. Returns 0 and sets *@accel when /dev/kvm can
 * be used (VMMIO_ACCEL_NONE if this machine is emulated itself, by QEMU's TCG),
 * else -errno with *@accel = VMMIO_ACCEL_NONE: -ENOENT (no KVM),
 * -EACCES/-EPERM (not allowed), -EPROTO (an API that is not version 12).
 */
int vmmio_accel_detect(enum vmmio_accel *accel);

/* The decision alone, from facts: what unit tests feed. @cpuinfo is the text
 * of /proc/cpuinfo (may be cut short), @machine that of uname -m. */
enum vmmio_accel vmmio_accel_classify(const char *machine, const char *cpuinfo);

/* CPU model as /proc/cpuinfo has it; "unknown" when it does not say. */
void vmmio_accel_cpu(char *buf, size_t len);

/* @text in file-name form: lower case, runs of anything else become one '-'. */
void vmmio_accel_slug(const char *text, char *buf, size_t len);

#endif
