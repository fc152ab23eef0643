/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accelerator of guests on this machine, found by booting a guest under it (accel.h only names
 * the kind).
 */
#ifndef VMMIO_BENCH_PROBE_H
#define VMMIO_BENCH_PROBE_H

#include "lib/accel.h"

/*
 * What @wish ("auto", "kvm" or "tcg") comes to on this machine, in *@accel.
 * KVM is believed only after a guest of @kernel and @initrd (NULL: those of
 * the build) has booted under it within a short limit (on a machine that is
 * emulated itself, without a boot); "auto" falls back to
 * TCG, and @why (@len bytes) then says in one line what kept KVM from being
 * used; else it is empty.
 *
 * Returns 0, -EINVAL for another wish, -ENODEV if "kvm" was asked for and
 * cannot run Linux (@why says what happened), or another -errno.
 */
int vmmio_accel_probe(const char *wish, const char *kernel, const char *initrd,
		      enum vmmio_accel *accel, char *why, size_t len);

#endif
