/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits of one vCPU thread, from KVM's trace events: the state machine that
 * bpf/host.bpf.c runs per event and that the unit tests run on written-down
 * events. It knows KVM's events but not the meaning of addresses, which the reader
 * (tools/vmmio-stat) finds out.
 *
 * Long because it is one state machine: each event's step reads and leaves what the
 * others' do.
 *
 * Only a kvm_exit event is an exit. Every other event describes the exit in
 * progress, and the first one names it. Where kvm_exit does not fire (a KVM without
 * hardware support) accesses are counted instead, and the number of exits is unknown.
 *
 * What the events say, in the order a thread emits them:
 *   write      kvm_mmio(2), then kvm_userspace_exit(MMIO) if it left the kernel
 *   read       kvm_mmio(1) if the kernel answered; else kvm_mmio(0),
 *              kvm_userspace_exit(MMIO), and kvm_mmio(1) when it is completed:
 *              one read, counted once
 *   port out   kvm_pio(1), then kvm_userspace_exit(IO) if it left the kernel
 *   port in    kvm_pio(0) when the value is there, after the userspace exit
 *   fast       kvm_fast_mmio alone (length-0 ioeventfds: VMX, and SVM since late 2025)
 *   MSR        kvm_msr; SVM's fast path in 6.1 emits it ahead of its kvm_exit
 *   EOI        kvm_eoi, in whatever exit wrote it; kvm_pv_eoi right after it says
 *              that none did: the guest left a mark that was found at another exit
 *   any        between kvm_exit and kvm_entry, where these exist
 * So a write stays open until the next event of the thread tells its path.
 */
#ifndef VMMIO_HOSTEXIT_H
#define VMMIO_HOSTEXIT_H

#include "hist.h"
#include "types.h"

/* A BPF call costs as much as most of these functions. */
#define VMMIO_EXIT_HOT static inline __attribute__((always_inline))

/*
 * X(id, event, label, arg, field): events of x86 that name the exit in progress and say no more
 * than a number, argument arg of the tracepoint, its field of that name; -1 and NULL: none.
 */
#define VMMIO_EXIT_NAMED(X)                    \
	X(CPUID, kvm_cpuid, "CPUID", -1, NULL) \
	X(HYPERCALL, kvm_hypercall, "hypercall", 0, "nr")

enum vmmio_exit_kind {
	VMMIO_EXIT_KIND_NONE,
	VMMIO_EXIT_MMIO_WRITE, /* addr: guest-physical */
	VMMIO_EXIT_MMIO_READ,
	VMMIO_EXIT_PIO_WRITE, /* addr: port */
	VMMIO_EXIT_PIO_READ,
	VMMIO_EXIT_REASON, /* addr: hardware exit reason, value: instruction set */
	VMMIO_EXIT_USER,   /* addr: KVM_EXIT_* of a userspace exit that is no access, where
			    * there is no kvm_exit that it could be part of */
	VMMIO_EXIT_EOI,	   /* addr: vector; an EOI whose exit nothing else names */
#define VMMIO_EXIT_NAMED_KIND(id, event, label, arg, field) VMMIO_EXIT_##id,
	VMMIO_EXIT_NAMED(VMMIO_EXIT_NAMED_KIND) /* addr: the number */
	VMMIO_EXIT_MAGIC,     /* no exit of its own: a read at addr answered "virt" */
	VMMIO_EXIT_MSR_READ,  /* addr: register */
	VMMIO_EXIT_MSR_WRITE, /* the same; value: vector, if it is the APIC's EOI register */
	VMMIO_EXIT_KINDS,
};

enum vmmio_exit_path {
	VMMIO_PATH_KERNEL, /* no userspace exit: ioeventfd, coalesced or a device */
	VMMIO_PATH_USER,
	VMMIO_PATH_FAST,
	VMMIO_PATH_UNKNOWN, /* counters without the means to tell */
};

#define VMMIO_ANY_VALUE 0xffffffffu
#define VMMIO_ANY_ADDR (~0ull) /* counters that do not tell addresses apart */

/* As KVM's traces and its API number them. */
#define VMMIO_KVM_MMIO_UNSATISFIED 0
#define VMMIO_KVM_MMIO_READ 1
#define VMMIO_KVM_MMIO_WRITE 2
#define VMMIO_KVM_EXIT_IO 2
#define VMMIO_KVM_EXIT_MMIO 6
#define VMMIO_KVM_EXIT_INTR 10
#define VMMIO_KVM_EXIT_IOAPIC_EOI 26
#define VMMIO_KVM_EXITS 64 /* room for some forty reasons */
#define VMMIO_MSR_X2APIC_EOI 0x80b
#define VMMIO_XAPIC_EOI 0xfee000b0ull
#define VMMIO_ISA_VMX 1
#define VMMIO_ISA_SVM 2
#define VMMIO_ISA_ARM64 3 /* ours: reason is ESR_EL2.EC, or 0x100 + exception code */
#define VMMIO_NO_REASON 0xffffffffu

struct vmmio_exit_key {
	__u64 addr;
	__u32 value; /* the value written, where it tells queues apart; else VMMIO_ANY_VALUE */
	__u8 kind;   /* enum vmmio_exit_kind */
	__u8 path;   /* enum vmmio_exit_path */
	__u8 len;
	__u8 pad;
};

_Static_assert(sizeof(struct vmmio_exit_key) == 16, "vmmio_exit_key layout");

struct vmmio_exit_cell {
	struct vmmio_exit_key key; /* kind NONE: free */
	__u64 other;		   /* events that name no exit; several can share one */
	__u64 exits;		   /* kvm_exit events that this key names, each also in events */
	__u64 left;		   /* of exits: those that left the kernel */
	__u64 timed;		   /* of exits: those with a duration, kvm_exit to kvm_entry */
	__u64 weight;		   /* weight of the timed exits: how many exits they stand for */
	__u64 ns;		   /* by weight */
	__u64 user_ns;		   /* of that, outside the kernel */
	__u64 min_ns;
	__u64 max_ns;
};

_Static_assert(sizeof(struct vmmio_exit_cell) == 88, "vmmio_exit_cell layout");

/* Ends of interrupts by vector, and how the guest signalled them. */
struct vmmio_exit_vector {
	__u64 pv;    /* without an exit: paravirtual */
	__u64 exit;  /* by an exit */
	__u64 user;  /* by an exit that went on to userspace, to an I/O APIC there */
	__u64 acked; /* device register that is acknowledged before most of them */
	__u64 acks;  /* votes for it; 0: there is none */
};

#define VMMIO_EXIT_VECTORS 256 /* by vector; 0 is none that was in service */

#define VMMIO_EXIT_CELLS 256
#define VMMIO_EXIT_PROBES 16

/* A time that was not read: it has passed, no more is known. */
#define VMMIO_EXIT_UNTIMED 1

struct vmmio_exit_thread {
	__u64 start_ns; /* of the task: a reused thread id is another thread */
	__u64 lost;	/* accesses that found no cell */
	__u64 open_ns;	/* when the open write came; 0: none is open */
	struct vmmio_exit_key open;
	struct vmmio_exit_key last;  /* what names the exit in progress; kind NONE: nothing yet */
	struct vmmio_exit_key early; /* came ahead of the kvm_exit that it names */
	__u64 exits;		     /* kvm_exit events */
	__u64 exit_ns;		     /* 0: no exit in progress; VMMIO_EXIT_UNTIMED */
	__u64 user_at_ns;	     /* the first time; 0: it has not left the kernel */
	__u64 acked;		     /* by vector, see struct vmmio_exit_vector */
	__u32 reason;
	__u32 isa;
	__u8 completing; /* the next kvm_mmio(1) completes a counted read */
	__u8 port_in;	 /* the next kvm_pio(0) comes back from userspace */
	__u8 writing;	 /* `last` is a write whose path the next event tells */
	__u8 eoi_user;	 /* the EOI went to userspace */
	__u32 tid;
	__u32 eoi;    /* vector + 1 of an EOI whose way is not known yet; 0: none */
	__u32 window; /* used by vmmio_exit_is_timed(), with the next four */
	__u32 budget;
	__u32 dice;
	__u32 more; /* weight of this exit in the histograms, less one */
	__u32 skip;
	__u64 task;		     /* kernel address of its task while that lives; else 0 */
	__u64 in_service[4];	     /* vectors injected, for a local APIC in userspace */
	__u64 apic_user;	     /* it has one: it wrote to its EOI register there */
	__u64 user[VMMIO_KVM_EXITS]; /* kvm_userspace_exit events by KVM_EXIT_* */
	struct vmmio_hist kvm_time;  /* ns of each exit, less what was outside the kernel */
	struct vmmio_hist user_time; /* ns outside, of exits that left the kernel */
	struct vmmio_exit_vector vectors[VMMIO_EXIT_VECTORS];
	struct vmmio_exit_cell cells[VMMIO_EXIT_CELLS];
};

_Static_assert(sizeof(struct vmmio_exit_thread) == 192 + 8 * VMMIO_KVM_EXITS + 2048 +
							   40 * VMMIO_EXIT_VECTORS +
							   88 * VMMIO_EXIT_CELLS,
	       "vmmio_exit_thread layout");

VMMIO_EXIT_HOT int vmmio_exit_same(const struct vmmio_exit_key *a, const struct vmmio_exit_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Overflow for keys that find no room in a thread's own table; NULL: none. */
#ifndef VMMIO_EXIT_SPILL
#define VMMIO_EXIT_SPILL(t, key) 0
#endif

struct vmmio_exit_spill_key {
	__u32 table; /* number of the thread's table */
	__u32 pad;
	struct vmmio_exit_key key;
};

/* The cell of @key, allocated if it has none; NULL (counted) without room. */
static inline struct vmmio_exit_cell *vmmio_exit_cell_of(struct vmmio_exit_thread *t,
							 const struct vmmio_exit_key *key)
{
	const __u64 *x = (const __u64 *)key;
	__u64 mix = (x[0] ^ x[1]) * 0x9e3779b97f4a7c15ull;
	__u32 at = mix >> 56, i;
	struct vmmio_exit_cell *h;

	for (i = 0; i < VMMIO_EXIT_PROBES; i++) {
		struct vmmio_exit_cell *c = &t->cells[(at + i) & (VMMIO_EXIT_CELLS - 1)];

		if (vmmio_exit_same(&c->key, key))
			return c;
		if (c->key.kind == VMMIO_EXIT_KIND_NONE) {
			c->key = *key;
			return c;
		}
	}
	h = VMMIO_EXIT_SPILL(t, key);
	if (!h)
		t->lost++;
	return h;
}

/* An event that is no exit, or not the one that names it. */
static inline void vmmio_exit_count(struct vmmio_exit_thread *t, const struct vmmio_exit_key *key)
{
	struct vmmio_exit_cell *c = vmmio_exit_cell_of(t, key);

	if (c)
		c->other++;
}

/* Out of line: it is rare where kvm_exit is known, and costs its callers registers. */
static __attribute__((noinline)) int vmmio_exit_count_open(struct vmmio_exit_thread *t)
{
	t->open_ns = 0;
	vmmio_exit_count(t, &t->open);
	return 0;
}

/* No userspace exit came after the open write: the kernel served it. */
VMMIO_EXIT_HOT void vmmio_exit_settle(struct vmmio_exit_thread *t)
{
	t->writing = 0;
	if (t->open_ns)
		vmmio_exit_count_open(t);
}

/* The first that happens in an exit names it, and is counted when that is over. */
static inline int vmmio_exit_names(struct vmmio_exit_thread *t, const struct vmmio_exit_key *key)
{
	if (!t->exit_ns || t->last.kind != VMMIO_EXIT_KIND_NONE)
		return 0;
	t->last = *key;
	return 1;
}

static inline void vmmio_exit_write(struct vmmio_exit_thread *t, __u64 now, __u8 kind, __u64 addr,
				    __u8 len, __u32 value)
{
	struct vmmio_exit_key key = {addr, value, kind, VMMIO_PATH_KERNEL, len, 0};

	vmmio_exit_settle(t);
	if (vmmio_exit_names(t, &key)) {
		t->writing = 1;
		return;
	}
	t->open = key;
	t->open_ns = now;
}

VMMIO_EXIT_HOT void vmmio_exit_access(struct vmmio_exit_thread *t, __u8 kind, __u8 path, __u64 addr,
				      __u8 len, __u32 value)
{
	struct vmmio_exit_key key = {addr, value, kind, path, len, 0};

	vmmio_exit_settle(t);
	if (!vmmio_exit_names(t, &key))
		vmmio_exit_count(t, &key);
}

/*
 * kvm_mmio; @value as for the key: VMMIO_ANY_VALUE unless it names a queue. What
 * reads like a device's acknowledgement is kept for the EOI that will follow.
 */
static inline void vmmio_exit_mmio(struct vmmio_exit_thread *t, __u64 now, __u32 type, __u8 len,
				   __u64 addr, __u32 value)
{
	if (type == VMMIO_KVM_MMIO_WRITE) {
		t->completing = 0;
		if (len == 4 && (addr & 0x1ff) == 0x064)
			t->acked = addr;
		vmmio_exit_write(t, now, VMMIO_EXIT_MMIO_WRITE, addr, len, value);
	} else if (type == VMMIO_KVM_MMIO_UNSATISFIED) {
		vmmio_exit_access(t, VMMIO_EXIT_MMIO_READ, VMMIO_PATH_USER, addr, len,
				  VMMIO_ANY_VALUE);
		if (len == 1)
			t->acked = addr;
		t->completing = 1;
	} else if (t->completing) {
		t->completing = 0;
	} else {
		vmmio_exit_access(t, VMMIO_EXIT_MMIO_READ, VMMIO_PATH_KERNEL, addr, len,
				  VMMIO_ANY_VALUE);
	}
}

/* kvm_pio: @write as in the event. */
static inline void vmmio_exit_pio(struct vmmio_exit_thread *t, __u64 now, __u32 write, __u64 port,
				  __u8 size, __u32 value)
{
	if (write) {
		vmmio_exit_write(t, now, VMMIO_EXIT_PIO_WRITE, port, size, value);
		return;
	}
	vmmio_exit_access(t, VMMIO_EXIT_PIO_READ, t->port_in ? VMMIO_PATH_USER : VMMIO_PATH_KERNEL,
			  port, size, VMMIO_ANY_VALUE);
	t->port_in = 0;
}

/* kvm_fast_mmio */
static inline void vmmio_exit_fast(struct vmmio_exit_thread *t, __u64 addr)
{
	vmmio_exit_access(t, VMMIO_EXIT_MMIO_WRITE, VMMIO_PATH_FAST, addr, 0, VMMIO_ANY_VALUE);
}

/* An exit made the last EOI. */
static inline void vmmio_exit_eoi_done(struct vmmio_exit_thread *t)
{
	struct vmmio_exit_vector *v = &t->vectors[(t->eoi - 1) & (VMMIO_EXIT_VECTORS - 1)];

	if (t->eoi) {
		if (t->eoi_user)
			v->user++;
		else
			v->exit++;
	}
	t->eoi = 0;
	t->eoi_user = 0;
}

/* A majority of votes: stray acknowledgements, and interrupts without any, lose. */
static inline void vmmio_exit_vote(struct vmmio_exit_vector *v, __u64 acked)
{
	if (v->acks && v->acked != acked) {
		v->acks--;
	} else if (acked) {
		v->acked = acked;
		v->acks++;
	}
}

/* kvm_eoi; @vector as in the event: -1 when no interrupt was in service */
static inline void vmmio_exit_eoi(struct vmmio_exit_thread *t, int vector)
{
	__u32 nr = vector < 0 ? 0 : vector & (VMMIO_EXIT_VECTORS - 1);

	vmmio_exit_eoi_done(t);
	t->eoi = nr + 1;
	if (t->last.kind == VMMIO_EXIT_MMIO_WRITE && t->last.addr == VMMIO_XAPIC_EOI)
		t->last.value = nr;
	vmmio_exit_vote(&t->vectors[nr], t->acked);
	t->acked = 0;
}

/*
 * kvm_inj_virq. True if it is a new interrupt of a local APIC in userspace. One that has not
 * ended is injected again when an entry failed; the event's `reinjected` is true of the first time,
 * too. An APIC delivers nothing below what is in service: an interrupt in service of that class or
 * a higher one was an i8259's, which no EOI of the APIC ends.
 */
static inline int vmmio_exit_injected(struct vmmio_exit_thread *t, __u32 vector)
{
	__u64 bit = 1ull << (vector & 63), below = (1ull << (vector & 48)) - 1;
	int i, word = vector >> 6 & 3, known = (t->in_service[word] & bit) != 0;

	for (i = 0; i < 4 && !known; i++)
		t->in_service[i] &= i < word ? ~0ull : i == word ? below : 0;
	t->in_service[word] |= bit;
	return t->apic_user && !known;
}

/*
 * The guest wrote to the EOI register of a local APIC in userspace: no kvm_eoi tells which
 * interrupt ended. It is the highest that was injected and has not ended (Intel SDM volume
 * 3, 11.8.5).
 */
static __attribute__((noinline)) int vmmio_exit_user_eoi(struct vmmio_exit_thread *t)
{
	__u32 nr = VMMIO_EXIT_VECTORS;

	t->apic_user = 1;
	while (nr && !(t->in_service[(nr - 1) >> 6 & 3] >> ((nr - 1) & 63) & 1))
		nr--;
	if (!nr--) {
		t->acked = 0;
		return 0;
	}
	t->in_service[nr >> 6 & 3] &= ~(1ull << (nr & 63));
	vmmio_exit_eoi(t, nr);
	t->eoi_user = 1;
	return 0;
}

/* kvm_pv_eoi: the kvm_eoi just before was made without an exit */
static inline void vmmio_exit_pv_eoi(struct vmmio_exit_thread *t)
{
	if (t->eoi)
		t->vectors[(t->eoi - 1) & (VMMIO_EXIT_VECTORS - 1)].pv++;
	t->eoi = 0;
}

/* kvm_msr */
static inline void vmmio_exit_msr(struct vmmio_exit_thread *t, __u32 write, __u32 msr)
{
	struct vmmio_exit_key key = {msr,
				     VMMIO_ANY_VALUE,
				     write ? VMMIO_EXIT_MSR_WRITE : VMMIO_EXIT_MSR_READ,
				     VMMIO_PATH_KERNEL,
				     0,
				     0};

	if (write && msr == VMMIO_MSR_X2APIC_EOI && t->eoi)
		key.value = t->eoi - 1;
	vmmio_exit_settle(t);
	if (vmmio_exit_names(t, &key))
		return;
	if (!t->exit_ns && t->exits)
		t->early = key;
	else
		vmmio_exit_count(t, &key);
}

/* A userspace exit outside any known exit, and without an access. */
static inline void vmmio_exit_left(struct vmmio_exit_thread *t, __u32 reason)
{
	struct vmmio_exit_key key = {reason, VMMIO_ANY_VALUE, VMMIO_EXIT_USER, VMMIO_PATH_USER, 0,
				     0};

	vmmio_exit_count(t, &key);
}

/* kvm_userspace_exit */
VMMIO_EXIT_HOT void vmmio_exit_user(struct vmmio_exit_thread *t, __u64 now, __u32 reason, int error)
{
	struct vmmio_exit_key *open = t->writing ? &t->last : t->open_ns ? &t->open : 0;
	/* a signal: the reason is of an earlier exit */
	__u32 why = error < 0 ? VMMIO_KVM_EXIT_INTR : reason;

	t->user[why & (VMMIO_KVM_EXITS - 1)]++;
	/*
	 * an exit that leaves twice counts as outside from the first time: no event tells of its
	 * return
	 */
	if (!t->user_at_ns)
		t->user_at_ns = now;
	if (error >= 0 && open &&
	    ((reason == VMMIO_KVM_EXIT_MMIO && open->kind == VMMIO_EXIT_MMIO_WRITE) ||
	     (reason == VMMIO_KVM_EXIT_IO && open->kind == VMMIO_EXIT_PIO_WRITE))) {
		open->path = VMMIO_PATH_USER;
		if (open->kind == VMMIO_EXIT_MMIO_WRITE && open->addr == VMMIO_XAPIC_EOI)
			vmmio_exit_user_eoi(t);
		vmmio_exit_settle(t);
		return;
	}
	vmmio_exit_settle(t);
	if (error >= 0 && reason == VMMIO_KVM_EXIT_IO) {
		t->port_in = 1;
		return;
	}
	if (error >= 0 && reason == VMMIO_KVM_EXIT_IOAPIC_EOI)
		t->eoi_user = 1;
	if (t->exit_ns) {
		if (error >= 0 && reason == VMMIO_KVM_EXIT_IOAPIC_EOI && t->eoi &&
		    (t->last.kind == VMMIO_EXIT_MSR_WRITE || t->last.kind == VMMIO_EXIT_MMIO_WRITE))
			t->last.path = VMMIO_PATH_USER;
		return;
	}
	if (error >= 0 && reason == VMMIO_KVM_EXIT_MMIO && t->completing)
		return;
	vmmio_exit_left(t, why);
}

/* kvm_cpuid, kvm_hypercall */
static inline void vmmio_exit_plain(struct vmmio_exit_thread *t, __u8 kind, __u64 what)
{
	vmmio_exit_access(t, kind, VMMIO_PATH_KERNEL, what, 0, VMMIO_ANY_VALUE);
}

/* The name of the exit in progress, by what is known so far. */
static inline struct vmmio_exit_key vmmio_exit_name(const struct vmmio_exit_thread *t)
{
	__u8 path = t->user_at_ns ? VMMIO_PATH_USER : VMMIO_PATH_KERNEL;
	struct vmmio_exit_key key = {t->reason, t->isa, VMMIO_EXIT_REASON, path, 0, 0};

	if (t->last.kind != VMMIO_EXIT_KIND_NONE)
		return t->last;
	if (t->eoi) {
		key.addr = t->eoi - 1;
		key.value = VMMIO_ANY_VALUE;
		key.kind = VMMIO_EXIT_EOI;
	}
	return key;
}

/* Ends the exit in progress, if any. Returns its cell, NULL if it found none. */
VMMIO_EXIT_HOT struct vmmio_exit_cell *vmmio_exit_close(struct vmmio_exit_thread *t)
{
	struct vmmio_exit_cell *c;

	vmmio_exit_settle(t);
	if (!t->exit_ns)
		return 0;
	if (t->last.kind == VMMIO_EXIT_KIND_NONE)
		t->last = vmmio_exit_name(t);
	vmmio_exit_eoi_done(t);
	c = vmmio_exit_cell_of(t, &t->last);
	t->last.kind = VMMIO_EXIT_KIND_NONE;
	if (c) {
		c->exits++;
		if (t->user_at_ns)
			c->left++;
	}
	return c;
}

/* Another exit began, and the kvm_entry of this one did not come. */
static __attribute__((noinline)) int vmmio_exit_missed(struct vmmio_exit_thread *t)
{
	return vmmio_exit_close(t) != 0;
}

/* So many of a thread's exits in 16 ticks of the kernel are timed, and of the rest: */
#define VMMIO_EXIT_BUDGET 32
#define VMMIO_EXIT_ONE_OF 32 /* on average, by chance */

/* the slow path of vmmio_exit_is_timed(): no exit is left to skip */
static inline int vmmio_exit_draw(struct vmmio_exit_thread *t, __u64 ticks)
{
	__u32 window = ticks >> 4;

	if (t->window != window) {
		t->window = window;
		t->budget = VMMIO_EXIT_BUDGET;
		t->more = 0;
	}
	if (t->budget) {
		t->budget--;
		return 1;
	}
	t->more = VMMIO_EXIT_ONE_OF - 1;
	t->dice = t->dice * 1664525 + 1013904223;
	t->skip = (__u64)t->dice * (2 * VMMIO_EXIT_ONE_OF - 1) >> 32;
	return 1;
}

/*
 * Is the next exit timed? The clock and the bookkeeping are a good part of the cost of an exit
 * here. Sampling is random because the exits of an I/O come in a fixed order.
 */
VMMIO_EXIT_HOT int vmmio_exit_is_timed(struct vmmio_exit_thread *t, __u64 ticks)
{
	if (!t->skip)
		return vmmio_exit_draw(t, ticks);
	t->skip--;
	return 0;
}

/*
 * kvm_exit; @now VMMIO_EXIT_UNTIMED: the exit is not timed; @reason VMMIO_NO_REASON: the reason is
 * unknown
 */
VMMIO_EXIT_HOT void vmmio_exit_begin(struct vmmio_exit_thread *t, __u64 now, __u32 reason,
				     __u32 isa)
{
	if (t->exit_ns)
		vmmio_exit_missed(t);
	else
		vmmio_exit_settle(t);
	t->exits++;
	t->exit_ns = now;
	t->user_at_ns = 0;
	t->reason = reason;
	t->isa = isa;
	if (t->early.kind == VMMIO_EXIT_KIND_NONE)
		return; /* and neither has `last` one: it takes one only in an exit */
	t->last = t->early;
	t->early.kind = VMMIO_EXIT_KIND_NONE;
}

/* kvm_entry after an exit that is not timed, or whose begin was not seen. */
VMMIO_EXIT_HOT void vmmio_exit_end_untimed(struct vmmio_exit_thread *t)
{
	vmmio_exit_close(t);
	t->exit_ns = 0;
}

/* kvm_entry: the exit in progress is over. Returns its duration, 0 when unknown. */
VMMIO_EXIT_HOT __u64 vmmio_exit_end(struct vmmio_exit_thread *t, __u64 now)
{
	__u64 ns = now - t->exit_ns, user = 0, weight = 1 + t->more;
	struct vmmio_exit_cell *c;

	if (t->exit_ns <= VMMIO_EXIT_UNTIMED) {
		vmmio_exit_end_untimed(t);
		return 0;
	}
	c = vmmio_exit_close(t);
	if (t->user_at_ns) {
		user = now - t->user_at_ns;
		t->user_time.n[vmmio_hist_bucket(user) & (VMMIO_HIST_BUCKETS - 1)] += weight;
	}
	t->kvm_time.n[vmmio_hist_bucket(ns - user) & (VMMIO_HIST_BUCKETS - 1)] += weight;
	if (c) {
		c->timed++;
		c->weight += weight;
		c->ns += ns * weight;
		c->user_ns += user * weight;
		if (!c->min_ns || ns < c->min_ns)
			c->min_ns = ns;
		if (ns > c->max_ns)
			c->max_ns = ns;
	}
	t->exit_ns = 0;
	return ns;
}

/* Does a write of @len to @addr look like a doorbell whose value is the queue? */
VMMIO_EXIT_HOT int vmmio_exit_is_doorbell(__u64 addr, __u8 len)
{
	return len == 4 && (addr & 0x1ff) == 0x050;
}

#endif
