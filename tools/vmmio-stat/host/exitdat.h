/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * "exits" of a recording of "record --host": its events go through the state machine that counts a
 * live run (vmmio/hostexit.h), with its VMs as a scan saw them then. Interrupts by sender are
 * missing: no event tells what a sender was doing.
 */
#ifndef VMMIO_EXITDAT_H
#define VMMIO_EXITDAT_H

#include "tools/vmmio-stat/source/dat_facts.h"
#include "exitsrc.h"

/* Of a recorder: takes into @facts which addresses KVM serves in these VMs. 0 or -errno. */
int vmmio_exitdat_scan(struct vmmio_hostscan *scan, struct dat_facts *facts);

/* Is @path a host's recording? */
bool vmmio_exitdat_is_one(const char *path);

/* Prints the whole of it. Returns an exit status; trouble is printed, too. */
int vmmio_exitdat_report(const char *path, bool json);

#endif
