/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records single events: our driver's tracepoints and probes on mainline's functions go into
 * private rings, and a thread writes the rings into a trace.dat. The rings are ftrace's, or, where
 * only our driver is recorded, those of a BPF program (bpfring.h), which cost less. The caller
 * decides when to begin and to end.
 */
#ifndef VMMIO_RECORDER_H
#define VMMIO_RECORDER_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

#include "tools/vmmio-stat/source/dat_facts.h"
#include "tools/vmmio-stat/source/tracefs_parts.h"
#include "conceal.h"
#include "writer.h"

struct vmmio_bpfring;

enum vmmio_recorder_source {
	VMMIO_RECORDER_ANY, /* BPF where it can be, else ftrace */
	VMMIO_RECORDER_BPF,
	VMMIO_RECORDER_TRACEFS,
};

struct vmmio_recorder_opts {
	const char *path;
	enum vmmio_recorder_source source;
	__u64 max_size;	    /* bytes of records; 0: no bound */
	unsigned int parts; /* with max_size: goes on in PATH.2 and so on, the last so many stay */
	unsigned int kib;   /* of each CPU's ring */
	bool host;	    /* of this host's VMs, not of this guest's devices */
	/* with host: says more of its VMs at each look; NULL: nobody does */
	int (*look)(void *data, struct dat_facts *facts);
	void *look_data;
	bool keep;	/* only what the rings hold at the end: the newest */
	__u64 limit_ns; /* with keep: ends at a kick-to-interrupt longer than this; 0: none */
	/* each ends it, as "SIGUSR1" or "stall", once it is not 0; NULL: nothing */
	const volatile sig_atomic_t *usr1, *stall;
};

struct vmmio_recorder {
	struct vmmio_recorder_opts opt;
	struct trace_ring ring; /* without an instance where @fast has the events */
	struct vmmio_bpfring *fast;
	struct trace_probes probes;
	struct vmmio_writer writer;
	struct dat_facts facts;
	struct recorder_event {
		char *system, *format;
		__u16 id;
		struct vmmio_conceal conceal;
	} events[TRACE_EVENTS];
	/* of parts: which it is by now, from 1 on, and what was lost before it */
	unsigned int part;
	char part_path[4096];
	__u64 part_end_ns, *lost_before, missed_before, written;
	size_t filtered; /* threads that the filter on task switches knows */
	int nevents;
	char *chunk; /* pages on their way */
	pthread_t thread;
	bool running;
	volatile bool end; /* asked of the thread */
	/* what became of it, once it was stopped */
	__u64 recorded, lost; /* events */
	int err;	      /* of reading the rings */
};

/* Returns 0 or -errno with one line in @why. Nothing is recorded yet. */
int vmmio_recorder_open(struct vmmio_recorder *r, const struct vmmio_recorder_opts *opts, char *why,
			size_t size);
int vmmio_recorder_start(struct vmmio_recorder *r);
/* Still recording? False: the file is as big as it may be, or the disk is full. */
bool vmmio_recorder_goes_on(const struct vmmio_recorder *r);
/* Ends it for the reason @why, unless it has ended, and writes the file. 0 or -errno. */
int vmmio_recorder_stop(struct vmmio_recorder *r, const char *why);
/* Removes all that it has set up. */
void vmmio_recorder_close(struct vmmio_recorder *r);

#endif
