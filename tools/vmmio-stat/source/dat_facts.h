/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Facts of the machine in a recording, besides single events: its devices and virtqueues, the
 * owners of interrupts, what was lost. Read here, written by record/facts.c; the keys are below,
 * once.
 */
#ifndef VMMIO_DAT_FACTS_H
#define VMMIO_DAT_FACTS_H

#include "tools/vmmio-stat/core/irqs.h"
#include "tools/vmmio-stat/core/snapshot.h"
#include "tracefs_known.h"
#include "vmmio/host.h"

#define DAT_FACTS_VERSION 1

#define DAT_KEY_VERSION "vmmio_facts"
#define DAT_KEY_ACCEL "accel"
#define DAT_KEY_CLOCKSOURCE "clocksource"
#define DAT_KEY_START "start_ns" /* of the rings' clock */
#define DAT_KEY_END "end_ns"
#define DAT_KEY_WALL "start_ms" /* the same moment since 1970 */
#define DAT_KEY_MISSED "probes_missed"
#define DAT_KEY_WHY "ended_by"
#define DAT_WHY_ERROR "error" /* its rings could not be read */
#define DAT_KEY_NOTE "not_recorded"
#define DAT_KEY_CPUS "cpus"
#define DAT_KEY_CPU "cpu"
#define DAT_KEY_LOST "lost"
#define DAT_KEY_OVERWRITTEN "overwritten" /* what a ring that is kept has let go before */
#define DAT_KEY_DROPPED "dropped_bytes"	  /* read, and not written for want of room */
#define DAT_KEY_APICS "apic_ids" /* [CPU, APIC id] of each: KVM calls its vCPUs by the latter */
#define DAT_KEY_SLOTS "slots"
#define DAT_KEY_DEVICES "devices"
#define DAT_KEY_INDEX "index"
#define DAT_KEY_OURS "ours"
#define DAT_KEY_GONE "gone"
#define DAT_KEY_IRQS "irqs"
#define DAT_KEY_IRQ "irq"
#define DAT_KEY_NAMES "names"
#define DAT_KEY_HOST "host"	/* true: a KVM host's events */
#define DAT_KEY_CLOCK "clock"	/* pairs that tie the rings' clock to the counter */
#define DAT_KEY_MONO "ns"	/* of the rings' clock */
#define DAT_KEY_TICKS "ticks"	/* of the processor's counter at that moment */
#define DAT_KEY_WINDOW "window" /* ns within which both were read */
#define DAT_KEY_VMS "vms"
#define DAT_KEY_PID "pid"
#define DAT_KEY_FD "fd"
#define DAT_KEY_NAME "name"
#define DAT_KEY_VCPUS "vcpus"
#define DAT_KEY_VCPU "vcpu"
#define DAT_KEY_FROM "from_ns"	    /* seen so then */
#define DAT_KEY_OFFSET "tsc_offset" /* of the guest's counter, without its sign */
#define DAT_KEY_NEGATIVE "negative"
#define DAT_KEY_RATIO "tsc_ratio" /* 0: not scaled */
#define DAT_KEY_FRAC "tsc_ratio_bits"
#define DAT_KEY_SCAN "scan" /* which addresses KVM serves: numbers of struct vmmio_host_rec */
#define DAT_KEY_TASKS "tasks"
#define DAT_KEY_TID "tid"

struct dat_device {
	__u32 index; /* N of virtioN */
	bool ours;   /* vmmio.ko drove it */
	bool used;   /* of a reader: was asked for */
	struct vmmio_slot_info info;
};

struct dat_slot {
	bool gone; /* at the end */
	struct vmmio_slot_info info;
};

struct dat_cpu_facts {
	__u32 cpu;
	__u64 lost, overwritten, dropped;
};

struct dat_apic {
	__u32 cpu, id;
};

/* The rings' clock and the counter of the same moment. */
struct dat_pair {
	__u64 ns, ticks, window_ns;
};

/* The guest's counter is (the host's * ratio >> frac_bits) + offset, from that look on. */
struct dat_vcpu {
	__u32 vcpu;
	__u64 from_ns;
	__s64 offset;
	__u64 ratio; /* 0: not scaled */
	__u32 frac_bits;
};

struct dat_vm {
	__u32 pid, fd;
	char name[64];
	/* as of a scan; without pid, fd and kvm, and an eventfd is its number + 1 */
	struct vmmio_host_rec *recs;
	size_t nrecs;
	struct dat_vcpu *vcpus; /* a vCPU whose offset changed has several */
	size_t nvcpus;
	struct dat_task {
		__u32 tid;
		char name[16];
	} * tasks; /* all of the process, and vhost's */
	size_t ntasks;
};

struct dat_facts {
	bool host;		/* events of a KVM host, not of a guest's devices */
	struct dat_apic *apics; /* of a guest on x86; none: not told */
	size_t napics;
	struct dat_pair *pairs;
	size_t npairs;
	struct dat_vm *vms;
	size_t nvms;
	char accel[16], clocksource[32];
	char why[24];	/* it ended: "asked", "size", ... */
	char note[160]; /* what could not be recorded and why */
	__u64 start_ns, end_ns, start_ms;
	__u64 missed;
	struct dat_cpu_facts *cpus;
	size_t ncpus;
	struct dat_slot *slots; /* of vmmio.ko: one for each slot and generation */
	size_t nslots;
	struct dat_device *devices; /* in the order in which they came */
	size_t ndevices;
	struct vmmio_irqs irqs;
};

/* Returns 0 or -errno with one line in @why. */
int dat_facts_parse(struct dat_facts *f, const char *json, char *why, size_t size);
void dat_facts_free(struct dat_facts *f);

/* Room for one more; NULL: no memory. */
struct dat_slot *dat_facts_slot(struct dat_facts *f);
struct dat_device *dat_facts_device(struct dat_facts *f);
struct dat_pair *dat_facts_pair(struct dat_facts *f);
struct dat_apic *dat_facts_apic(struct dat_facts *f);
struct dat_vm *dat_facts_vm(struct dat_facts *f);
struct dat_vcpu *dat_facts_vcpu(struct dat_vm *vm);
struct dat_task *dat_facts_task(struct dat_vm *vm);

/* Of a recording; ctx: struct dat_facts. */
extern const struct tracefs_known dat_facts_known;

#endif
