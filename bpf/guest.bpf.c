// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the events of our own driver's tracepoints into per-CPU arrays
 * indexed by slot: no hash and no locked operation on the way. It computes
 * nothing that the event does not carry (pairing is the driver's); what the
 * counters mean is said in include/vmmio/counters.h.
 *
 * Two flavours of each program call one handler: tp_btf where the module's
 * BTF is present, else raw_tp, which needs none.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "vmmio/events.h"
#include "vmmio/slots.h"
#include "guest.h"
#include "rows.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Set between open and load. */
const volatile bool opt_regs = false;
const volatile bool opt_device_driven = false; /* latencies of queues the device drives, too */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_bpf_regs);
} regs SEC(".maps");

static __always_inline int handle_kick(const struct vmmio_ev_kick *ev)
{
	__u32 slot = ev->slot, flags = ev->flags;
	struct vmmio_bpf_row *row = row_get(slot, ev->gen);
	__u16 flight;

	if (!row)
		return 0;
	row->c[VMMIO_C_KICKS]++;
	if (flags & VMMIO_EV_MERGED)
		row->c[VMMIO_C_KICKS_MERGED]++;
	if (flags & VMMIO_EV_POLLED)
		row->c[VMMIO_C_KICKS_POLLED]++;
	if (flags & VMMIO_EV_NO_INDEX)
		return 0;
	flight = ev->avail_idx - ev->used_idx;
	row->c[VMMIO_C_OCCUPANCIES]++;
	row->c[VMMIO_C_OCCUPANCY] += flight;
	hist_add(slot, VMMIO_HIST_OCCUPANCY, flight);
	row->c[VMMIO_C_KICKS_INDEXED]++;
	row->c[VMMIO_C_KICK_BUFFERS] += ev->avail_delta;
	hist_add(slot, VMMIO_HIST_BATCH, ev->avail_delta);
	return 0;
}

static __always_inline int handle_kick_done(const struct vmmio_ev_kick_done *ev)
{
	__u32 slot = ev->slot;
	struct vmmio_bpf_row *row = row_get(slot, ev->gen);

	if (!row)
		return 0;
	if (ev->flags & VMMIO_EV_INTERRUPTED) {
		row->c[VMMIO_C_KICKS_INTERRUPTED]++;
		return 0;
	}
	row->c[VMMIO_C_KICKS_TIMED]++;
	row->c[VMMIO_C_KICK_NS] += ev->cost_ns;
	hist_add(slot, VMMIO_HIST_KICK, ev->cost_ns);
	return 0;
}

static __always_inline int handle_vq_irq(const struct vmmio_ev_vq_irq *ev)
{
	__u32 slot = ev->slot, flags = ev->flags;
	struct vmmio_bpf_row *row = row_get(slot, ev->gen);

	if (!row)
		return 0;
	row->c[VMMIO_C_IRQS]++;
	if (!(flags & VMMIO_EV_NONE))
		row->c[VMMIO_C_IRQS_FOUND]++;
	else if (flags & VMMIO_EV_DEDICATED)
		row->c[VMMIO_C_IRQS_SPURIOUS]++;
	else
		row->c[VMMIO_C_IRQS_NOTHING]++;
	if (!(flags & VMMIO_EV_NO_INDEX)) {
		row->c[VMMIO_C_IRQS_INDEXED]++;
		row->c[VMMIO_C_USED_BUFFERS] += ev->used_delta;
		if (ev->used_delta)
			hist_add(slot, VMMIO_HIST_COALESCE, ev->used_delta);
	}
	if (!(flags & VMMIO_EV_LATENCY))
		return 0;
	if ((flags & VMMIO_EV_DEVICE_DRIVEN) && !opt_device_driven)
		return 0;
	row->c[VMMIO_C_LATENCIES]++;
	row->c[VMMIO_C_LATENCY_NS] += ev->kick_to_irq_ns;
	hist_add(slot, VMMIO_HIST_IRQ, ev->kick_to_irq_ns);
	if (flags & VMMIO_EV_EMPTY) {
		row->c[VMMIO_C_LATENCIES_EMPTY]++;
		row->c[VMMIO_C_LATENCY_EMPTY_NS] += ev->kick_to_irq_ns;
	}
	return 0;
}

static __always_inline int handle_irq(const struct vmmio_ev_irq *ev)
{
	struct vmmio_bpf_row *row = row_get(ev->slot, ev->gen);
	__u32 flags = ev->flags;

	if (!row)
		return 0;
	row->c[VMMIO_C_IRQS]++;
	if (flags & VMMIO_EV_NONE)
		row->c[VMMIO_C_IRQS_SPURIOUS]++;
	if (flags & VMMIO_EV_CONFIG)
		row->c[VMMIO_C_CONFIG_IRQS]++;
	row->c[VMMIO_C_HANDLER_TIMED]++;
	row->c[VMMIO_C_HANDLER_NS] += ev->cost_ns;
	return 0;
}

static __noinline int regs_clear(__u32 slot, __u32 gen)
{
	__u32 i = slot_index(slot), k;
	struct vmmio_bpf_regs *r = bpf_map_lookup_elem(&regs, &i);

	if (!r)
		return 0;
	/* volatile: clang would call memset(), which BPF has not */
	for (k = 0; k < VMMIO_REG_MAX; k++) {
		*(volatile __u64 *)&r->reads[k] = 0;
		*(volatile __u64 *)&r->writes[k] = 0;
		*(volatile __u64 *)&r->read_ns[k] = 0;
		*(volatile __u64 *)&r->write_ns[k] = 0;
	}
	r->gen = gen;
	return 0;
}

static __always_inline int handle_reg(const struct vmmio_ev_reg *ev, bool write)
{
	__u32 slot = ev->slot, gen = ev->gen, i = slot_index(slot), reg = ev->reg;
	struct vmmio_bpf_row *row = row_get(slot, gen);
	bool timed = !(ev->flags & VMMIO_EV_INTERRUPTED);
	struct vmmio_bpf_regs *r;

	if (!row)
		return 0;
	row->c[write ? VMMIO_C_REG_WRITES : VMMIO_C_REG_READS]++;
	if (timed) {
		row->c[VMMIO_C_ACCESSES_TIMED]++;
		row->c[VMMIO_C_ACCESS_NS] += ev->cost_ns;
		hist_add(slot, VMMIO_HIST_ACCESS, ev->cost_ns);
	}
	if (!opt_regs)
		return 0;
	r = bpf_map_lookup_elem(&regs, &i);
	if (!r) {
		lost();
		return 0;
	}
	if (r->gen != gen)
		regs_clear(slot, gen);
	barrier_var(reg); /* or the verifier loses the bound that follows */
	if (reg >= VMMIO_REG_MAX) {
		lost();
		return 0;
	}
	if (write) {
		r->writes[reg]++;
		if (timed)
			r->write_ns[reg] += ev->cost_ns;
	} else {
		r->reads[reg]++;
		if (timed)
			r->read_ns[reg] += ev->cost_ns;
	}
	return 0;
}

static __always_inline int handle_reg_read(const struct vmmio_ev_reg *ev)
{
	return handle_reg(ev, false);
}

static __always_inline int handle_reg_write(const struct vmmio_ev_reg *ev)
{
	return handle_reg(ev, true);
}

/*
 * PROGRAMS(name, struct): btf_<name> takes the pointer as the kernel's type
 * and reads through it; raw_<name> copies the event first.
 */
#define PROGRAMS(name, type)                                                              \
	SEC("tp_btf/vmmio_" #name) int BPF_PROG(btf_##name, const struct type *ev)        \
	{                                                                                 \
		return handle_##name(ev);                                                 \
	}                                                                                 \
	SEC("raw_tp/vmmio_" #name) int raw_##name(struct bpf_raw_tracepoint_args *ctx)    \
	{                                                                                 \
		struct type ev;                                                           \
                                                                                          \
		if (bpf_probe_read_kernel(&ev, sizeof(ev), (const void *)ctx->args[0])) { \
			lost();                                                           \
			return 0;                                                         \
		}                                                                         \
		return handle_##name(&ev);                                                \
	}

PROGRAMS(reg_read, vmmio_ev_reg)
PROGRAMS(reg_write, vmmio_ev_reg)
PROGRAMS(kick, vmmio_ev_kick)
PROGRAMS(kick_done, vmmio_ev_kick_done)
PROGRAMS(vq_irq, vmmio_ev_vq_irq)
PROGRAMS(irq, vmmio_ev_irq)
