/* SPDX-License-Identifier: GPL-2.0-only */
/* The rights of this process, by its capabilities and the kernel's lockdown. */
#ifndef VMMIO_RIGHTS_H
#define VMMIO_RIGHTS_H

#include <stdbool.h>

#include "vmmio/types.h"

#define VMMIO_RIGHTS_TEXT 24

/* Effective capabilities from @path ("/proc/self/status"). Returns 0 or -errno. */
int vmmio_rights_caps(const char *path, __u64 *caps);
/* The same of this process, from the kernel itself: /proc need not be mounted. */
int vmmio_rights_own(__u64 *caps);
/* CAP_SYS_ADMIN, which implies the two that BPF needs. */
bool vmmio_rights_admin(__u64 caps);
/* The missing ones of the two: " CAP_BPF CAP_PERFMON", "" for none; in @text. */
const char *vmmio_rights_missing(__u64 caps, char text[VMMIO_RIGHTS_TEXT]);

/* Locked down to confidentiality, as far as can be seen. */
bool vmmio_rights_locked(void);

#endif
