// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access rows of `vmmio-bench micro`: one guest instruction in a loop,
 * served in every way a KVM host can serve it. Every run is held against the
 * other side: the loop around KVM_RUN, the eventfd's counter or the coalesced
 * ring must have seen exactly as many accesses as the guest made.
 */
#define _GNU_SOURCE
#include "micro.h"
#include "vm.h"
#include "lib/clock.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Nothing of the guest's own is near these. */
#define MMIO(n) (0xe0000000u + 0x1000u * (n))
#define PIO(n) (0x1000u + 0x10u * (n))

#define APIC_TPR 0xfee00080u
#define APIC_ID 0xfee00020u
#define PIC_IMR 0x21u

#define VALUE 7u

/* Who must have seen the accesses. */
enum witness {
	W_NONE,
	W_MMIO_WRITE,
	W_MMIO_READ,
	W_PIO_WRITE,
	W_PIO_READ,
	W_EVENTFD,
	W_RING,
};

enum setup {
	S_NONE,
	S_EVENTFD, /* any value of the given length */
	S_MATCH,   /* datamatch VALUE */
	S_MISS,	   /* datamatch of another value */
	S_COALESCE,
};

struct op {
	struct micro_row row;
	int entry;
	uint64_t addr;
	enum witness witness;
	enum setup setup;
	int ev_len;
};

#define ROW(k, t, b, d, p, w)                                                                    \
	{                                                                                        \
		.key = k, .title = t, .kind = MICRO_ACCESS, .bus = b, .direction = d, .path = p, \
		.width = w                                                                       \
	}

/* clang-format off */
static struct op ops[] = {
	{ { .key = "loop", .title = "empty loop", .kind = MICRO_ACCESS, .bus = "none",
	    .direction = "none", .path = "guest", .baseline = true }, MICRO_OP_EMPTY, 0, W_NONE, S_NONE, 0 },
	{ ROW("ram_write", "store to RAM", "none", "write", "guest", 4),
	  MICRO_OP_STORE32, MICRO_SCRATCH, W_NONE, S_NONE, 0 },
	{ ROW("cpuid", "CPUID", "none", "none", "in-kernel", 0), MICRO_OP_CPUID, 0, W_NONE, S_NONE, 0 },
	{ ROW("hypercall_vmcall", "unknown hypercall, VMCALL", "none", "none", "in-kernel", 0),
	  MICRO_OP_VMCALL, 0, W_NONE, S_NONE, 0 },
	{ ROW("hypercall_vmmcall", "unknown hypercall, VMMCALL", "none", "none", "in-kernel", 0),
	  MICRO_OP_VMMCALL, 0, W_NONE, S_NONE, 0 },

	{ ROW("mmio_write_user", "MMIO write to userspace", "mmio", "write", "userspace", 4),
	  MICRO_OP_STORE32, MMIO(0), W_MMIO_WRITE, S_NONE, 0 },
	{ ROW("mmio_read_user", "MMIO read from userspace", "mmio", "read", "userspace", 4),
	  MICRO_OP_LOAD32, MMIO(0), W_MMIO_READ, S_NONE, 0 },
	{ ROW("mmio_write_ioeventfd_len0", "MMIO ioeventfd, length 0", "mmio", "write", "ioeventfd-len0", 4),
	  MICRO_OP_STORE32, MMIO(1), W_EVENTFD, S_EVENTFD, 0 },
	{ ROW("mmio_write_ioeventfd_any", "MMIO ioeventfd, any value", "mmio", "write", "ioeventfd-any", 4),
	  MICRO_OP_STORE32, MMIO(2), W_EVENTFD, S_EVENTFD, 4 },
	{ ROW("mmio_write_ioeventfd_match", "MMIO ioeventfd, datamatch", "mmio", "write", "ioeventfd-match", 4),
	  MICRO_OP_STORE32, MMIO(3), W_EVENTFD, S_MATCH, 4 },
	{ ROW("mmio_write_ioeventfd_miss", "MMIO ioeventfd, datamatch missed", "mmio", "write", "userspace", 4),
	  MICRO_OP_STORE32, MMIO(4), W_MMIO_WRITE, S_MISS, 4 },
	{ ROW("mmio_write_coalesced", "MMIO coalesced ring", "mmio", "write", "coalesced", 4),
	  MICRO_OP_STORE32, MMIO(5), W_RING, S_COALESCE, 0 },
	{ ROW("mmio_read_kernel", "local APIC register read", "mmio", "read", "in-kernel", 4),
	  MICRO_OP_LOAD32, APIC_ID, W_NONE, S_NONE, 0 },
	{ ROW("mmio_write_kernel", "local APIC register write", "mmio", "write", "in-kernel", 4),
	  MICRO_OP_STORE32, APIC_TPR, W_NONE, S_NONE, 0 },

	{ ROW("pio_write_user", "port write to userspace", "pio", "write", "userspace", 4),
	  MICRO_OP_OUT32, PIO(0), W_PIO_WRITE, S_NONE, 0 },
	{ ROW("pio_read_user", "port read from userspace", "pio", "read", "userspace", 4),
	  MICRO_OP_IN32, PIO(0), W_PIO_READ, S_NONE, 0 },
	{ ROW("pio_write_ioeventfd_len0", "port ioeventfd, length 0", "pio", "write", "ioeventfd-len0", 2),
	  MICRO_OP_OUT16, PIO(1), W_EVENTFD, S_EVENTFD, 0 },
	{ ROW("pio_write_ioeventfd_any", "port ioeventfd, any value", "pio", "write", "ioeventfd-any", 2),
	  MICRO_OP_OUT16, PIO(2), W_EVENTFD, S_EVENTFD, 2 },
	{ ROW("pio_write_ioeventfd_match", "port ioeventfd, datamatch", "pio", "write", "ioeventfd-match", 2),
	  MICRO_OP_OUT16, PIO(3), W_EVENTFD, S_MATCH, 2 },
	{ ROW("pio_write_ioeventfd_miss", "port ioeventfd, datamatch missed", "pio", "write", "userspace", 2),
	  MICRO_OP_OUT16, PIO(4), W_PIO_WRITE, S_MISS, 2 },
	{ ROW("pio_write_coalesced", "port coalesced ring", "pio", "write", "coalesced", 4),
	  MICRO_OP_OUT32, PIO(5), W_RING, S_COALESCE, 0 },
	{ ROW("pio_write_kernel", "interrupt controller port write", "pio", "write", "in-kernel", 1),
	  MICRO_OP_OUT8, PIC_IMR, W_NONE, S_NONE, 0 },
	{ ROW("pio_read_kernel", "interrupt controller port read", "pio", "read", "in-kernel", 1),
	  MICRO_OP_IN8, PIC_IMR, W_NONE, S_NONE, 0 },
};
/* clang-format on */

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

static int setup_op(struct micro_vm *vm, const struct op *op, int efd)
{
	bool pio = !strcmp(op->row.bus, "pio");
	uint32_t flags = pio ? KVM_IOEVENTFD_FLAG_PIO : 0;

	switch (op->setup) {
	case S_NONE:
		return 0;
	case S_EVENTFD:
		return micro_vm_ioeventfd(vm, efd, op->addr, op->ev_len, 0, flags);
	case S_MATCH:
		return micro_vm_ioeventfd(vm, efd, op->addr, op->ev_len, VALUE,
					  flags | KVM_IOEVENTFD_FLAG_DATAMATCH);
	case S_MISS:
		return micro_vm_ioeventfd(vm, efd, op->addr, op->ev_len, VALUE + 1,
					  flags | KVM_IOEVENTFD_FLAG_DATAMATCH);
	case S_COALESCE:
		return micro_vm_coalesce(vm, op->addr, 4, pio);
	}
	return -EINVAL;
}

static uint64_t take_eventfd(int efd)
{
	uint64_t n = 0;

	if (read(efd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}

/* All accesses that anybody saw, and those the right witness saw. */
static bool witnessed(const struct op *op, const struct micro_seen *s, uint64_t events, uint64_t n,
		      uint64_t *seen)
{
	uint64_t user = s->mmio_writes + s->mmio_reads + s->pio_writes + s->pio_reads;

	switch (op->witness) {
	case W_NONE:
		*seen = n;
		return !user && !events && !s->drained;
	case W_MMIO_WRITE:
		*seen = s->mmio_writes;
		return user == n && !events;
	case W_MMIO_READ:
		*seen = s->mmio_reads;
		return user == n && !events;
	case W_PIO_WRITE:
		*seen = s->pio_writes;
		return user == n && !events;
	case W_PIO_READ:
		*seen = s->pio_reads;
		return user == n && !events;
	case W_EVENTFD:
		*seen = events;
		return !user;
	case W_RING:
		/* A full ring sends the next write to userspace. */
		*seen = s->drained + user;
		return s->drained >= user;
	}
	return false;
}

/* One run of @n accesses; fills the round's values of op->row. */
static int run_op(struct micro_vm *vm, struct op *op, struct micro_row *row, int efd, uint64_t n,
		  unsigned int limit_ms, double *wall, double *cpu, double *wait)
{
	struct micro_seen seen = {0};
	struct micro_noise noise;
	volatile int *stop;
	uint64_t w, c, saw = 0;
	int err;

	err = micro_vcpu_prepare(vm, 0, op->entry, op->addr, VALUE, n);
	if (err)
		return err;
	take_eventfd(efd);
	micro_watchdog(limit_ms, &stop);
	micro_noise_start(&noise);
	c = micro_thread_cpu();
	w = vmmio_now_ns();
	err = micro_vcpu_run(vm, 0, &seen, stop);
	w = vmmio_now_ns() - w;
	c = micro_thread_cpu() - c;
	micro_noise_end(&noise);
	micro_watchdog(0, &stop);
	if (err)
		return err;
	micro_vm_drain(vm, &seen);
	if (!witnessed(op, &seen, take_eventfd(efd), n, &saw) || saw != n)
		return -ENOMSG;
	row->expected += n;
	row->seen += saw;
	*wall = (double)w / n;
	*cpu = (double)c / n;
	*wait = noise.own;
	return 0;
}

/* Can it run here at all, and how often for about target_ns? */
static uint64_t calibrate(struct micro_vm *vm, struct op *op, struct micro_row *row, int efd,
			  double target_ns)
{
	double wall = 0, cpu, wait;
	uint64_t n;
	int err;

	err = run_op(vm, op, row, efd, 16, 300, &wall, &cpu, &wait);
	if (!err)
		err = run_op(vm, op, row, efd, 200, 1000, &wall, &cpu, &wait);
	row->expected = row->seen = 0;
	if (err == -EINTR)
		snprintf(row->note, sizeof(row->note),
			 "the instruction never completes on this KVM");
	else if (err == -EFAULT)
		snprintf(row->note, sizeof(row->note), "the guest takes a fault on it");
	else if (err == -ENOMSG)
		snprintf(row->note, sizeof(row->note), "the other side counted otherwise");
	else if (err)
		snprintf(row->note, sizeof(row->note), "%s", strerror(-err));
	if (err)
		return 0;
	n = wall > 0 ? (uint64_t)(target_ns / wall) : 200;
	if (n < 200)
		n = 200;
	if (n > 10000000)
		n = 10000000;
	return n;
}

static int run_round(struct micro_vm *vm, struct op *op, struct micro_row *row, int efd, uint64_t n,
		     int round)
{
	double wall, cpu, wait;
	int i, err;

	for (i = 0; i < MICRO_TRIES; i++) {
		err = run_op(vm, op, row, efd, n, 20000, &wall, &cpu, &wait);
		if (err || micro_round_keep(row, round, wall, cpu, NAN, wait))
			return err;
	}
	return 0;
}

int micro_run_access(const struct micro_options *o, struct micro_result *r)
{
	struct micro_row *rows[NR_OPS] = {NULL};
	uint64_t n[NR_OPS] = {0};
	int efd[NR_OPS];
	struct micro_vm vm;
	int err, round;
	size_t i;

	for (i = 0; i < NR_OPS; i++)
		efd[i] = -1;
	err = micro_vm_create(&vm, 1, true);
	if (err)
		return err;
	for (i = 0; i < NR_OPS; i++) {
		if (!ops[i].row.baseline && !micro_wanted(o->only, ops[i].row.key))
			continue;
		rows[i] = micro_add(r, &ops[i].row);
		if (!rows[i]) {
			err = -ENOSPC;
			goto out;
		}
		efd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (efd[i] < 0) {
			err = -errno;
			goto out;
		}
		err = setup_op(&vm, &ops[i], efd[i]);
		if (err) {
			snprintf(rows[i]->note, sizeof(rows[i]->note), "cannot be set up: %s",
				 strerror(-err));
			continue;
		}
		n[i] = calibrate(&vm, &ops[i], rows[i], efd[i], o->target_ns);
		rows[i]->per_round = n[i];
	}
	/* A B C … C B A: a drift of the machine falls on all rows alike. */
	for (round = 0; round < o->rounds; round++) {
		size_t k;

		for (k = 0; k < NR_OPS; k++) {
			i = round & 1 ? NR_OPS - 1 - k : k;
			if (!n[i])
				continue;
			err = run_round(&vm, &ops[i], rows[i], efd[i], n[i], round);
			if (err) {
				snprintf(rows[i]->note, sizeof(rows[i]->note), "round %d: %s",
					 round,
					 err == -ENOMSG ? "the other side counted otherwise"
							: strerror(-err));
				n[i] = 0;
			}
		}
	}
	err = 0;
out:
	for (i = 0; i < NR_OPS; i++)
		if (efd[i] >= 0)
			close(efd[i]);
	micro_vm_destroy(&vm);
	return err;
}

void micro_keys_access(FILE *f)
{
	size_t i;

	for (i = 0; i < NR_OPS; i++)
		fprintf(f, "%-28s %s\n", ops[i].row.key, ops[i].row.title);
}
