/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of the VMs in a host's recording, besides single events: processes, vCPUs and offsets of
 * their counters from KVM's debugfs, threads from /proc. No BPF.
 */
#ifndef VMMIO_HOSTFACTS_H
#define VMMIO_HOSTFACTS_H

#include "lib/json.h"
#include "tools/vmmio-stat/source/dat_facts.h"

struct tracefs_instance;

/* 0, or -errno with @why: KVM's debugfs cannot be read. */
int vmmio_hostfacts_check(char *why, size_t size);

/* Adds the present VMs; those that are gone stay. 0 or -errno. */
int vmmio_hostfacts_look(struct dat_facts *f);

void vmmio_hostfacts_write(const struct dat_facts *f, struct vmmio_json *j);

/*
 * Limits the scheduler's events in @instance to the VMs' known threads; to all threads if there are
 * more than a filter takes. *@filtered: state of the caller's, 0 at first.
 */
void vmmio_hostfacts_filter(struct dat_facts *f, struct tracefs_instance *instance,
			    size_t *filtered);

#endif
