/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits of one vCPU thread, from KVM's trace events: the state machine that
 * bpf/host.bpf.c runs per event and that the unit tests run on written-down
 * events. It knows KVM's events and no addresses: what an address means is
 * found out by the reader (tools/vmmio-stat).
 *
 * What the events say, in the order a thread emits them:
 *   write      kvm_mmio(2), then kvm_userspace_exit(MMIO) if it left the kernel
 *   read       kvm_mmio(1) if the kernel answered; else kvm_mmio(0),
 *              kvm_userspace_exit(MMIO), and kvm_mmio(1) when it is completed:
 *              one read, counted once
 *   port out   kvm_pio(1), then kvm_userspace_exit(IO) if it left the kernel
 *   port in    kvm_pio(0) when the value is there, after the userspace exit
 *   fast       kvm_fast_mmio alone (length-0 ioeventfds: VMX, and SVM since late 2025)
 *   any        between kvm_exit and kvm_entry, where these exist
 * So a write stays open until the next event of the thread tells its path.
 */
#ifndef VMMIO_HOSTEXIT_H
#define VMMIO_HOSTEXIT_H

#include "hist.h"
#include "types.h"

enum vmmio_exit_kind {
	VMMIO_EXIT_KIND_NONE,
	VMMIO_EXIT_MMIO_WRITE, /* addr: guest-physical */
	VMMIO_EXIT_MMIO_READ,
	VMMIO_EXIT_PIO_WRITE, /* addr: port */
	VMMIO_EXIT_PIO_READ,
	VMMIO_EXIT_REASON, /* addr: hardware exit reason, value: instruction set */
	VMMIO_EXIT_USER,   /* addr: KVM_EXIT_* of a userspace exit that is no access */
	VMMIO_EXIT_EOI,	   /* addr: vector */
	VMMIO_EXIT_CPUID,
	VMMIO_EXIT_HYPERCALL, /* addr: number */
	VMMIO_EXIT_MAGIC,     /* no exit of its own: a read at addr answered "virt" */
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
#define VMMIO_ISA_VMX 1
#define VMMIO_ISA_SVM 2
#define VMMIO_ISA_ARM64 3 /* ours: reason is ESR_EL2.EC, or 0x100 + exception code */

struct vmmio_exit_key {
	__u64 addr;
	__u32 value; /* written, where it tells queues apart; else VMMIO_ANY_VALUE */
	__u8 kind;   /* enum vmmio_exit_kind */
	__u8 path;   /* enum vmmio_exit_path */
	__u8 len;
	__u8 pad;
};

_Static_assert(sizeof(struct vmmio_exit_key) == 16, "vmmio_exit_key layout");

struct vmmio_exit_cell {
	struct vmmio_exit_key key; /* kind NONE: free */
	__u64 count;
	__u64 timed; /* of these, with a duration: kvm_exit to kvm_entry */
	__u64 ns;
	__u64 user_ns; /* of that, outside the kernel */
	__u64 min_ns;
	__u64 max_ns;
};

_Static_assert(sizeof(struct vmmio_exit_cell) == 64, "vmmio_exit_cell layout");

#define VMMIO_EXIT_CELLS 256
#define VMMIO_EXIT_PROBES 16

struct vmmio_exit_thread {
	__u64 start_ns; /* of the task: a reused thread id is another thread */
	__u64 lost;	/* accesses that found no cell */
	__u64 open_ns;	/* when the open write came; 0: none is open */
	struct vmmio_exit_key open;
	struct vmmio_exit_key last; /* access of the exit in progress */
	__u64 exit_ns;		    /* 0: no exit in progress */
	__u64 user_at_ns;	    /* 0: it has not left the kernel */
	__u32 reason;
	__u32 isa;
	__u8 completing; /* the next kvm_mmio(1) completes a counted read */
	__u8 port_in;	 /* the next kvm_pio(0) comes back from userspace */
	__u8 pad[2];
	__u32 hint; /* cell of the last key: loops hit it again */
	__u32 tid;
	__u32 pad1;
	struct vmmio_hist kvm_time;  /* ns of each exit, less what was outside the kernel */
	struct vmmio_hist user_time; /* ns outside, of exits that left the kernel */
	struct vmmio_exit_cell cells[VMMIO_EXIT_CELLS];
};

_Static_assert(sizeof(struct vmmio_exit_thread) == 96 + 2048 + 64 * VMMIO_EXIT_CELLS,
	       "vmmio_exit_thread layout");

static inline __attribute__((always_inline)) int vmmio_exit_same(const struct vmmio_exit_key *a,
								 const struct vmmio_exit_key *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Where keys go that a thread's own table has no room for; NULL: nowhere. */
#ifndef VMMIO_EXIT_SPILL
#define VMMIO_EXIT_SPILL(t, key) 0
#endif

struct vmmio_exit_spill_key {
	__u32 table; /* number of the thread's table */
	__u32 pad;
	struct vmmio_exit_key key;
};

/* The cell of @key, taken if need be; NULL (counted) when there is no room. */
static inline struct vmmio_exit_cell *vmmio_exit_cell_of(struct vmmio_exit_thread *t,
							 const struct vmmio_exit_key *key)
{
	const __u64 *x = (const __u64 *)key;
	struct vmmio_exit_cell *h = &t->cells[t->hint & (VMMIO_EXIT_CELLS - 1)];
	__u64 mix = (x[0] ^ x[1]) * 0x9e3779b97f4a7c15ull;
	__u32 at = mix >> 56, i;

	if (vmmio_exit_same(&h->key, key))
		return h;

	for (i = 0; i < VMMIO_EXIT_PROBES; i++) {
		struct vmmio_exit_cell *c = &t->cells[(at + i) & (VMMIO_EXIT_CELLS - 1)];

		if (vmmio_exit_same(&c->key, key)) {
			t->hint = (at + i) & (VMMIO_EXIT_CELLS - 1);
			return c;
		}
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

static inline void vmmio_exit_count(struct vmmio_exit_thread *t, const struct vmmio_exit_key *key)
{
	struct vmmio_exit_cell *c = vmmio_exit_cell_of(t, key);

	if (c)
		c->count++;
	if (t->exit_ns && key->kind != VMMIO_EXIT_MAGIC)
		t->last = *key;
}

/* No userspace exit came after the open write: the kernel served it. */
static inline void vmmio_exit_settle(struct vmmio_exit_thread *t)
{
	if (!t->open_ns)
		return;
	t->open_ns = 0;
	vmmio_exit_count(t, &t->open);
}

static inline void vmmio_exit_open(struct vmmio_exit_thread *t, __u64 now, __u8 kind, __u64 addr,
				   __u8 len, __u32 value)
{
	vmmio_exit_settle(t);
	t->open.addr = addr;
	t->open.value = value;
	t->open.kind = kind;
	t->open.path = VMMIO_PATH_KERNEL;
	t->open.len = len;
	t->open.pad = 0;
	t->open_ns = now;
}

static inline void vmmio_exit_access(struct vmmio_exit_thread *t, __u8 kind, __u8 path, __u64 addr,
				     __u8 len, __u32 value)
{
	struct vmmio_exit_key key = {addr, value, kind, path, len, 0};

	vmmio_exit_settle(t);
	vmmio_exit_count(t, &key);
}

/* kvm_mmio; @value as for the key: VMMIO_ANY_VALUE unless it names a queue. */
static inline void vmmio_exit_mmio(struct vmmio_exit_thread *t, __u64 now, __u32 type, __u8 len,
				   __u64 addr, __u32 value)
{
	if (type == VMMIO_KVM_MMIO_WRITE) {
		t->completing = 0;
		vmmio_exit_open(t, now, VMMIO_EXIT_MMIO_WRITE, addr, len, value);
	} else if (type == VMMIO_KVM_MMIO_UNSATISFIED) {
		vmmio_exit_access(t, VMMIO_EXIT_MMIO_READ, VMMIO_PATH_USER, addr, len,
				  VMMIO_ANY_VALUE);
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
		vmmio_exit_open(t, now, VMMIO_EXIT_PIO_WRITE, port, size, value);
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

/* kvm_userspace_exit */
static inline void vmmio_exit_user(struct vmmio_exit_thread *t, __u64 now, __u32 reason, int error)
{
	struct vmmio_exit_key key = {reason, VMMIO_ANY_VALUE, VMMIO_EXIT_USER, VMMIO_PATH_USER, 0,
				     0};

	t->user_at_ns = now;
	if (error >= 0 && t->open_ns &&
	    ((reason == VMMIO_KVM_EXIT_MMIO && t->open.kind == VMMIO_EXIT_MMIO_WRITE) ||
	     (reason == VMMIO_KVM_EXIT_IO && t->open.kind == VMMIO_EXIT_PIO_WRITE))) {
		t->open_ns = 0;
		t->open.path = VMMIO_PATH_USER;
		vmmio_exit_count(t, &t->open);
		return;
	}
	vmmio_exit_settle(t);
	if (error >= 0 && reason == VMMIO_KVM_EXIT_MMIO && t->completing)
		return;
	if (error >= 0 && reason == VMMIO_KVM_EXIT_IO) {
		t->port_in = 1;
		return;
	}
	if (error < 0)
		key.addr = VMMIO_KVM_EXIT_INTR; /* a signal: the reason is of an earlier exit */
	vmmio_exit_count(t, &key);
}

/* kvm_eoi, kvm_pv_eoi, kvm_cpuid, kvm_hypercall: one event, one exit. */
static inline void vmmio_exit_plain(struct vmmio_exit_thread *t, __u8 kind, __u64 what)
{
	vmmio_exit_access(t, kind, VMMIO_PATH_KERNEL, what, 0, VMMIO_ANY_VALUE);
}

/* kvm_exit */
static inline void vmmio_exit_begin(struct vmmio_exit_thread *t, __u64 now, __u32 reason, __u32 isa)
{
	vmmio_exit_settle(t);
	t->exit_ns = now;
	t->user_at_ns = 0;
	t->reason = reason;
	t->isa = isa;
	t->last.kind = VMMIO_EXIT_KIND_NONE;
}

/*
 * kvm_entry: the exit in progress is over. Its time goes to the access it
 * carried, or to its reason. Returns the duration, 0 when none is known.
 */
static inline __u64 vmmio_exit_end(struct vmmio_exit_thread *t, __u64 now)
{
	struct vmmio_exit_cell *c;
	__u64 ns, lost, user = 0;

	vmmio_exit_settle(t);
	if (!t->exit_ns)
		return 0; /* we came in the middle */
	if (t->last.kind == VMMIO_EXIT_KIND_NONE) {
		struct vmmio_exit_key key = {t->reason,
					     t->isa,
					     VMMIO_EXIT_REASON,
					     t->user_at_ns ? VMMIO_PATH_USER : VMMIO_PATH_KERNEL,
					     0,
					     0};

		vmmio_exit_count(t, &key);
	}
	ns = now - t->exit_ns;
	if (t->user_at_ns) {
		user = now - t->user_at_ns;
		t->user_time.n[vmmio_hist_bucket(user) & (VMMIO_HIST_BUCKETS - 1)]++;
	}
	t->kvm_time.n[vmmio_hist_bucket(ns - user) & (VMMIO_HIST_BUCKETS - 1)]++;
	lost = t->lost;
	c = vmmio_exit_cell_of(t, &t->last);
	t->lost = lost; /* what has no cell was lost when it was counted */
	if (c) {
		c->timed++;
		c->ns += ns;
		c->user_ns += user;
		if (!c->min_ns || ns < c->min_ns)
			c->min_ns = ns;
		if (ns > c->max_ns)
			c->max_ns = ns;
	}
	t->exit_ns = 0;
	t->user_at_ns = 0;
	t->last.kind = VMMIO_EXIT_KIND_NONE;
	return ns;
}

/* Does a write of @len to @addr look like a doorbell whose value is the queue? */
static inline __attribute__((always_inline)) int vmmio_exit_is_doorbell(__u64 addr, __u8 len)
{
	return len == 4 && (addr & 0x1ff) == 0x050;
}

/* An interrupt sent to a guest. */
enum vmmio_inject_how {
	VMMIO_INJECT_IOCTL,   /* by the VMM; fd: of the VM */
	VMMIO_INJECT_IRQFD,   /* a write to an eventfd; fd: of the eventfd, or -1 */
	VMMIO_INJECT_WORK,    /* an irqfd's work item, in a kworker; kvm known */
	VMMIO_INJECT_KTHREAD, /* another kernel thread (kvm-pit, vhost); fd: thread */
	VMMIO_INJECT_GUEST,   /* inside KVM_RUN: a device in the kernel, or an ioeventfd that
			       * is an irqfd */
	VMMIO_INJECT_OTHER,
	VMMIO_INJECT_INTERRUPT, /* a host interrupt that signals an irqfd (VFIO) */
};

struct vmmio_inject_key {
	__u64 kvm;  /* 0: see pid and fd */
	__u64 data; /* GSI; MSI: message address << 32 | data */
	__u32 pid;
	__u32 fd;
	__u32 msi; /* 0: a line of the irqchip */
	__u32 how; /* enum vmmio_inject_how */
};

_Static_assert(sizeof(struct vmmio_inject_key) == 32, "vmmio_inject_key layout");

#endif
