/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the counters of an interval say could be gained, by one table of rules. A rule fires only
 * where the numbers of this run show a gain. A rule that lacks an input is unknown, never silent.
 * Nothing is read here and nothing is printed.
 */
#ifndef VMMIO_ADVISE_RULES_H
#define VMMIO_ADVISE_RULES_H

#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/snapshot.h"

#define VMMIO_ADVISE_LEAST 100	      /* least events of a verdict */
#define VMMIO_ADVISE_REFUSED_PCT 1    /* of all adds: the ring is short */
#define VMMIO_ADVISE_FULL_PCT 90      /* of the ring, by the 99th percentile in flight */
#define VMMIO_ADVISE_FAR_BELOW_PCT 25 /* of the ring, by the same: its size decides nothing */
#define VMMIO_ADVISE_SUPPRESSED_PCT 5
#define VMMIO_ADVISE_SPURIOUS_PCT 20
#define VMMIO_ADVISE_LOOKS_VECTOR 1.5 /* looks at virtqueues per interrupt of a shared vector */
#define VMMIO_ADVISE_LOOKS_LINE 4     /* of a line, which has no other choice but PCI */
#define VMMIO_ADVISE_POLL_IRQS 10000  /* interrupts a second */
#define VMMIO_ADVISE_POLL_US 20	      /* kick to interrupt, the median */
#define VMMIO_ADVISE_VCPU_PCT 1	      /* of one virtual CPU */

#define VMMIO_ADVISE_TEXT(x) VMMIO_ADVISE_WORDS(x)
#define VMMIO_ADVISE_WORDS(x) #x

/*
 * X(ID, name, class, when, what): class as in fields.h. Schedule and time are never
 * the ground of advice where the machine is emulated.
 */
/* clang-format off */
#define VMMIO_ADVISE_RULES(X) \
	X(RING, "ring-full", SCHEDULE, \
	  "adds refused for want of room >= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_REFUSED_PCT) \
	  " % of all, or the 99th percentile in flight >= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_FULL_PCT) \
	  " % of the ring; not of queues that the device drives", \
	  "indirect descriptors where there are none, else a larger ring, else another queue") \
	X(EVENT_IDX, "event-idx", SCHEDULE, \
	  "`event_idx` was not negotiated, and: < " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_SUPPRESSED_PCT) \
	  " % of the kicks were suppressed with one buffer a kick and two or more in flight; or >= " \
	  VMMIO_ADVISE_TEXT(VMMIO_ADVISE_SPURIOUS_PCT) " % of the interrupts of its own vector found nothing", \
	  "offer it: the sides then say which kick and which interrupt they want") \
	X(VECTOR, "shared-vector", STRUCTURAL, \
	  "virtqueues checked per interrupt >= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_LOOKS_VECTOR) \
	  " on a shared vector, >= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_LOOKS_LINE) " on a line", \
	  "a vector for each") \
	X(NODE, "far-node", STRUCTURAL, \
	  "a device with one interrupt: no CPU that takes it is on the device's node", \
	  "take it there") \
	X(POLL, "poll", TIME, \
	  "a disk: >= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_POLL_IRQS) " interrupts a second, " \
	  "the median from kick to interrupt <= " VMMIO_ADVISE_TEXT(VMMIO_ADVISE_POLL_US) \
	  " us, fewer than two in flight", \
	  "poll for what comes at once: the vCPU need not sleep and be woken") \
	X(ACCESSES, "accesses", TIME, \
	  "register accesses besides doorbells, times what one costs here, >= " \
	  VMMIO_ADVISE_TEXT(VMMIO_ADVISE_VCPU_PCT) " % of a vCPU", \
	  "MSI-X has none; `lazy_status` of vmmio.ko halves those of MMIO")
/* clang-format on */

enum vmmio_advise_rule {
#define VMMIO_ADVISE_ID(id, name, cls, when, what) VMMIO_ADVISE_##id,
	VMMIO_ADVISE_RULES(VMMIO_ADVISE_ID)
#undef VMMIO_ADVISE_ID
	VMMIO_ADVISE_RULE_COUNT
};

struct vmmio_advise_rule_text {
	const char *name, *class_name, *when, *what;
};

extern const struct vmmio_advise_rule_text vmmio_advise_rules[VMMIO_ADVISE_RULE_COUNT];

enum vmmio_advise_owner {
	VMMIO_ADVISE_UNKNOWN_OWNER,
	VMMIO_ADVISE_OURS,
	VMMIO_ADVISE_MAINLINES,
};

/* A queue, or a device as a whole, and what is known besides the counters. */
struct vmmio_advise_facts {
	const struct vmmio_snapshot *d; /* the delta */
	size_t row;
	double seconds;
	const struct vmmio_env *env;
	enum vmmio_advise_owner owner;
	const char *settings; /* of vmmio.ko for this device; "" none, NULL not known */
	/* NUMA: how many nodes; the device's and the one that takes the interrupt, -1: not known.
	 */
	int nodes, device_node, irq_node;
	const char *device_cpus; /* of the device's node, "" if not known */
};

enum vmmio_advise_state {
	VMMIO_ADVISE_NOT_ASKED, /* of another kind of row */
	VMMIO_ADVISE_QUIET,
	VMMIO_ADVISE_NOT_KNOWN,
	VMMIO_ADVISE_FIRES,
};

struct vmmio_advice {
	enum vmmio_advise_state state;
	char numbers[160]; /* why; of what is not known: what is missing */
	char command[448]; /* to type; "VMM: " before what its command line needs */
};

/* One for each rule, into @a (VMMIO_ADVISE_RULE_COUNT of them). Returns how many fire. */
unsigned int vmmio_advise_judge(const struct vmmio_advise_facts *f, struct vmmio_advice *a);

/* Did too little happen on this row for any rule? */
bool vmmio_advise_idle(const struct vmmio_advise_facts *f);

/* A remark where nothing fires ("" if none): the ring's size. */
void vmmio_advise_note(const struct vmmio_advise_facts *f, char *buf, size_t size);

#endif
