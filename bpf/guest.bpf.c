// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the events of our driver's tracepoints into per-CPU arrays indexed by slot, without a hash
 * and without a locked operation. guest_count.h says which event adds to which counter.
 *
 * Two flavours of each program call one handler: tp_btf where the module's BTF is present, else
 * raw_tp, which needs none.
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

struct regs_chunk {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VMMIO_BPF_CHUNK);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vmmio_bpf_regs));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, VMMIO_BPF_CHUNKS);
	__type(key, __u32);
	__array(values, struct regs_chunk);
} regs SEC(".maps");

static __always_inline struct vmmio_bpf_regs *regs_at(__u32 slot)
{
	void *chunk = chunk_of(&regs, slot);
	__u32 at = slot % VMMIO_BPF_CHUNK;

	return chunk ? bpf_map_lookup_elem(chunk, &at) : NULL;
}

static __noinline int regs_clear(__u32 slot, __u32 gen)
{
	struct vmmio_bpf_regs *r = regs_at(slot);
	__u32 k;

	if (!r)
		return 0;
	/* volatile: clang would call memset(), which BPF does not have */
	for (k = 0; k < VMMIO_REG_MAX; k++) {
		*(volatile __u64 *)&r->reads[k] = 0;
		*(volatile __u64 *)&r->writes[k] = 0;
		*(volatile __u64 *)&r->read_ns[k] = 0;
		*(volatile __u64 *)&r->write_ns[k] = 0;
	}
	r->gen = gen;
	return 0;
}

static __always_inline void count_reg(void *to, const struct vmmio_ev_reg *ev, bool write,
				      bool timed)
{
	__u32 slot = ev->slot, gen = ev->gen, reg = ev->reg;
	struct vmmio_bpf_regs *r;

	if (!opt_regs)
		return;
	r = regs_at(slot);
	if (!r) {
		lost();
		return;
	}
	if (r->gen != gen)
		regs_clear(slot, gen);
	barrier_var(reg); /* else the verifier loses the bound that follows */
	if (reg >= VMMIO_REG_MAX) {
		lost();
		return;
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
}

#define count_row(to, slot, gen) row_get(slot, gen)
#define count_hist(to, row, slot, id, value) hist_in(row, id, value)
#define count_device_driven(to) opt_device_driven
#include "guest_count.h"

/*
 * PROGRAMS(name, struct): btf_<name> takes the pointer as the kernel's type
 * and reads through it; raw_<name> copies the event first.
 */
#define PROGRAMS(name, type)                                                              \
	SEC("tp_btf/vmmio_" #name) int BPF_PROG(btf_##name, const struct type *ev)        \
	{                                                                                 \
		return handle_##name(NULL, ev);                                           \
	}                                                                                 \
	SEC("raw_tp/vmmio_" #name) int raw_##name(struct bpf_raw_tracepoint_args *ctx)    \
	{                                                                                 \
		struct type ev;                                                           \
                                                                                          \
		if (bpf_probe_read_kernel(&ev, sizeof(ev), (const void *)ctx->args[0])) { \
			lost();                                                           \
			return 0;                                                         \
		}                                                                         \
		return handle_##name(NULL, &ev);                                          \
	}

PROGRAMS(reg_read, vmmio_ev_reg)
PROGRAMS(reg_write, vmmio_ev_reg)
PROGRAMS(kick, vmmio_ev_kick)
PROGRAMS(kick_done, vmmio_ev_kick_done)
PROGRAMS(vq_irq, vmmio_ev_vq_irq)
PROGRAMS(irq, vmmio_ev_irq)
