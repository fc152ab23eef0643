/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's half of a run: the output of `vmmio-stat exits --json` while a guest loaded one disk
 * after another, cut into the guest's rounds. It knows the rows' names and sums them; the
 * comparison with the guest's is elsewhere.
 */
#ifndef VMMIO_BENCH_HOSTEXITS_H
#define VMMIO_BENCH_HOSTEXITS_H

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

/* One kind of exit within a round. */
struct vmmio_host_kind {
	char name[64];	/* "kick by ioeventfd", "msr write x2APIC EOI, vector 37", ... */
	bool of_device; /* the loaded device's accesses and interrupts cause it */
	double exits, user;
	double ns, timed; /* of @timed of them: from exit to entry, the probes' share too */
};

#define VMMIO_HOST_KINDS 64

/* One round as the host saw it; counts are of events, NAN: not known. */
struct vmmio_host_round {
	char device[40]; /* the host's name of the disk: of the kicks */
	size_t nkinds;
	struct vmmio_host_kind kind[VMMIO_HOST_KINDS];
	double kicks, reads, acks;	     /* doorbells, interrupt status, InterruptACK */
	double interrupts;		     /* accepted by a vCPU for that device */
	double eoi_free, eoi_exit, eoi_user; /* its EOIs: without an exit, with one, to userspace */
	/* ends with no interrupt in service, in intervals with ends of the device's: presumably
	 * what the processor took twice; each is an exit besides */
	double again;
	bool no_ends; /* arm64 has no event for the end of an interrupt: these four are unknown */
	double exits, user;   /* of the device */
	double others, halts; /* exits of nobody's account, and HLT */
	double report;	      /* exits by the guest's report over its serial port */
	double lost;	      /* events, and events missed */
};

/*
 * @text holds lines "@host " + one line of exits each, of intervals in order;
 * lines without kicks may be left out, save the one after each with some. A line
 * "@doorbell 0x..." says where the guest kicks a PCI device that has no ioeventfd. A round
 * is the intervals from a disk's first kick to the one after its last. Fills the
 * last @n rounds. -EPROTO with one line in @why: malformed, fewer rounds, two
 * disks in one interval, or rows that do not say how many exits they are.
 */
int vmmio_host_rounds(const char *text, struct vmmio_host_round *rounds, size_t n, char *why,
		      size_t len);

/* What the driver of the guest counted of the loaded device; NAN: not known. */
struct vmmio_guest_counts {
	double kicks, irqs, reads, acks; /* reads of the interrupt status, of either transport */
};

/*
 * A count that both sides have. An interrupt is accepted once and ends once, by an exit or
 * without; QEMU's emulated SVM delivers some twice (bench/guest/guest.c): an end finds none in
 * service, and the guest's handler ran for it, unless it was at work just then. So there the
 * guest may have up to @more above the host's.
 */
struct vmmio_host_held {
	const char *what;
	double guest, host, more;
};
#define VMMIO_HOST_HELD 5

/* How many there are to hold. */
int vmmio_host_hold(const struct vmmio_guest_counts *g, const struct vmmio_host_round *r,
		    struct vmmio_host_held held[VMMIO_HOST_HELD]);
/* A side that does not know does not agree. */
bool vmmio_host_same(const struct vmmio_host_held *h);

/*
 * Is each count of the guest's counting round @row that of its host, and has the host lost
 * no event? False with one line in @why. @registers: its driver counts accesses to
 * registers, as ours does; of mainline's each run of the handler must have been one status
 * read, and over MMIO one ACK, on the host.
 */
bool vmmio_host_agree(const json_t *row, bool registers, const struct vmmio_host_round *r,
		      char *why, size_t len);

/* As it is kept in a row, "host": counts of events; null: not known. */
json_t *vmmio_host_round_json(const struct vmmio_host_round *r);

#endif
