/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accelerator of a measurement, by class name: the word in every heading, file name and folder
 * name. Detection only: it boots nothing, so "usable" means that /dev/kvm opens and speaks the
 * right version, not that a Linux guest boots on it.
 */
#ifndef VMMIO_BENCH_ACCEL_H
#define VMMIO_BENCH_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum vmmio_accel {
	VMMIO_ACCEL_NONE, /* emulation (tcg) */
	VMMIO_ACCEL_KVM_VMX,
	VMMIO_ACCEL_KVM_SVM,
	VMMIO_ACCEL_KVM_ARM,
	VMMIO_ACCEL_KVM_NESTED, /* VMX or SVM lent by another hypervisor */
	VMMIO_ACCEL_KVM_SOFT,	/* a KVM without hardware support */
	VMMIO_ACCEL_SVM_ON_TCG, /* KVM in an emulated machine, with emulated SVM too */
	VMMIO_ACCEL_ARM_ON_TCG, /* the same, with EL2 */
	VMMIO_ACCELS,
};

/* "kvm-vmx", …; "tcg" for VMMIO_ACCEL_NONE. Static storage. */
const char *vmmio_accel_name(enum vmmio_accel accel);

/* The one of that name in *@accel; false: it is none of them. */
bool vmmio_accel_find(const char *name, enum vmmio_accel *accel);

/* No processor executes it: its durations are not real. By kind, and by a name of any tool. */
static inline bool vmmio_accel_name_emulated(const char *name)
{
	size_t len = strlen(name);

	return !strcmp(name, "tcg") || (len > 7 && !strcmp(name + len - 7, " on tcg"));
}

static inline bool vmmio_accel_emulated(enum vmmio_accel accel)
{
	return accel == VMMIO_ACCEL_NONE || accel == VMMIO_ACCEL_SVM_ON_TCG ||
	       accel == VMMIO_ACCEL_ARM_ON_TCG;
}

/*
 * The class of this host's KVM. Returns 0 and sets *@accel when /dev/kvm can be used, else -errno
 * with *@accel = VMMIO_ACCEL_NONE: -ENOENT (no KVM), -EACCES/-EPERM (not allowed), -EPROTO (an API
 * that is not version 12).
 *
 * On x86 CPUID tells that this machine is emulated. Elsewhere VMMIO_ACCEL=tcg in the environment
 * does (vmmio-boot --host sets it).
 */
int vmmio_accel_detect(enum vmmio_accel *accel);

/*
 * The decision alone, from given facts, for unit tests. @cpuinfo is the text of /proc/cpuinfo (may
 * be cut short), @machine that of uname -m; @emulated: the machine itself is.
 */
enum vmmio_accel vmmio_accel_classify(const char *machine, const char *cpuinfo, bool emulated);

/*
 * Is it QEMU's processor "max", which no maker has: part 'Q' of implementer 0, by the text of an
 * ARM /proc/cpuinfo?
 */
bool vmmio_accel_qemu_cpu(const char *cpuinfo);

/* CPU model as /proc/cpuinfo has it; "unknown" when it does not say. */
void vmmio_accel_cpu(char *buf, size_t len);

/* @text in file-name form: lower case, runs of anything else become one '-'. */
void vmmio_accel_slug(const char *text, char *buf, size_t len);

#endif
