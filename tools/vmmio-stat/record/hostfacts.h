/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a host's recording says of its VMs besides single events: from KVM's debugfs the
 * processes, vCPUs and offsets of their counters, from /proc the threads. No BPF.
 */
#ifndef VMMIO_HOSTFACTS_H
#define VMMIO_HOSTFACTS_H

#include "lib/json.h"
#include "tools/vmmio-stat/source/dat_facts.h"

struct tracefs_instance;

/* 0, or -errno with @why: KVM's debugfs cannot be read. */
int vmmio_hostfacts_check(char *why, size_t size);

/* Takes in the VMs that there are now; those that are gone stay. 0 or -errno. */
int vmmio_hostfacts_look(struct dat_facts *f);

void vmmio_hostfacts_write(const struct dat_facts *f, struct vmmio_json *j);

/*
 * Of the scheduler's events in @instance those of the VMs' threads are recorded, as soon
 * as a look has met them. More threads than a filter takes: those of all. *@filtered:
 * state of the caller's, 0 at first.
 */
void vmmio_hostfacts_filter(struct dat_facts *f, struct tracefs_instance *instance,
			    size_t *filtered);

#endif
