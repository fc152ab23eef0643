// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who uses the processor: guest, KVM, monitor, another task of the host, idle. Each event ends one
 * layer and begins the next. The time of the programs themselves, from their first read of the
 * clock to their last, is charged to none. One processor and one vCPU at a time: the loader sees to
 * it. Sums are taken from kick to kick of a doorbell, so they contain no start-up and no pauses.
 * The code around a program (its tracepoint, its call) stays with the layers; the number of such
 * sides is counted for each.
 *
 * A second witness finds the same periods without KVM's events, by the system calls of the vCPU's
 * thread: inside ioctl(KVM_RUN) is guest and KVM together.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "vmmio/layers.h"

char LICENSE[] SEC("license") = "GPL";

#define KVM_MMIO_WRITE 2
#define KVM_RUN 0xae80
#define ROOM 8 /* a power of two, which the verifier sees in an index */

_Static_assert(VMMIO_LAYERS <= ROOM, "room for each layer");

const volatile __u64 opt_apart_ns = 0; /* kicks further apart than this are no period */
const volatile __u32 opt_ioctl = 0;    /* number of that system call */

__u32 vcpu = 0, monitor = 0; /* thread and process of the last that entered a guest */
__u32 layer = VMMIO_LAYER_OTHER, vcpu_layer = VMMIO_LAYER_OTHER;
bool running = false; /* the vCPU's thread is inside ioctl(KVM_RUN) */
__u64 since = 0;
__u64 unplaced = 0; /* kicks of an address that there was no room for */
__u64 total[ROOM] = {}, sides[ROOM] = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct vmmio_layers);
} doorbells SEC(".maps");

static __always_inline void add(__u32 to, __u64 ns)
{
	total[to % ROOM] += ns;
}

/* Ends the present layer at @now. */
static __always_inline void end(__u64 now)
{
	if (since)
		add(layer, now - since);
	sides[layer % ROOM]++;
}

/* @now was the start of this program; begins layer @next here. */
static __always_inline void begin(__u32 next, __u64 now)
{
	layer = next;
	sides[next % ROOM]++;
	since = bpf_ktime_get_ns();
	add(VMMIO_LAYER_PROBE, since - now);
}

/* Ends the present layer at this event and begins @next. */
#define EDGE(name, section, next)               \
	SEC(section) int name(void *ctx)        \
	{                                       \
		__u64 now = bpf_ktime_get_ns(); \
                                                \
		end(now);                       \
		begin(VMMIO_LAYER_##next, now); \
		return 0;                       \
	}

SEC("raw_tp/kvm_entry")
int layers_entry(void *ctx)
{
	__u64 now = bpf_ktime_get_ns(), id = bpf_get_current_pid_tgid();

	end(now);
	vcpu = id;
	monitor = id >> 32;
	begin(VMMIO_LAYER_GUEST, now);
	return 0;
}

EDGE(layers_exit, "raw_tp/kvm_exit", KVM)
/* the last of KVM_RUN, and its first */
EDGE(layers_user, "raw_tp/kvm_userspace_exit", VMM)
EDGE(layers_run, "kprobe/kvm_arch_vcpu_ioctl_run", KVM)

/* (preempt, prev, next); on some kernels prev's state behind them */
SEC("raw_tp/sched_switch")
int layers_switch(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	struct task_struct *prev = (void *)ctx->args[1], *next = (void *)ctx->args[2];
	__u32 tid, to;

	end(now);
	tid = BPF_CORE_READ(next, pid);
	if (vcpu && (__u32)BPF_CORE_READ(prev, pid) == vcpu)
		vcpu_layer = layer;
	if (!tid)
		to = VMMIO_LAYER_IDLE;
	else if (tid == vcpu)
		to = vcpu_layer;
	else if ((__u32)BPF_CORE_READ(next, tgid) == monitor)
		to = VMMIO_LAYER_VMM;
	else
		to = VMMIO_LAYER_OTHER;
	begin(to, now);
	return 0;
}

/* A kick ends a period and begins the next; it is part of this one. (type, len, gpa, val) */
static __always_inline void kick(__u64 addr, __u64 now)
{
	struct vmmio_layers fresh = {}, *d = bpf_map_lookup_elem(&doorbells, &addr);

	if (!d) {
		bpf_map_update_elem(&doorbells, &addr, &fresh, BPF_NOEXIST);
		d = bpf_map_lookup_elem(&doorbells, &addr);
		if (!d) {
			unplaced++;
			return;
		}
	} else if (now - d->last <= opt_apart_ns) {
		d->periods++;
		d->elapsed += now - d->last;
		for (int i = 0; i < VMMIO_LAYERS; i++) {
			d->ns[i] += total[i] - d->seen[i];
			d->sides[i] += sides[i] - d->seen_sides[i];
		}
	} else {
		d->apart++;
	}
	d->last = now;
	for (int i = 0; i < VMMIO_LAYERS; i++) {
		d->seen[i] = total[i];
		d->seen_sides[i] = sides[i];
	}
	/* the writer is a vCPU inside KVM_RUN: the second witness learns this here */
	running = true;
	vcpu = bpf_get_current_pid_tgid();
	monitor = bpf_get_current_pid_tgid() >> 32;
}

SEC("raw_tp/kvm_mmio")
int layers_mmio(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	end(now);
	if (ctx->args[0] == KVM_MMIO_WRITE)
		kick(ctx->args[2], now);
	begin(VMMIO_LAYER_KVM, now);
	return 0;
}

/* (gpa) */
SEC("raw_tp/kvm_fast_mmio")
int layers_fast(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	end(now);
	kick(ctx->args[0], now);
	begin(VMMIO_LAYER_KVM, now);
	return 0;
}

/* (regs, id) */
SEC("raw_tp/sys_enter")
int layers_call(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 to = layer;

	end(now);
	if (vcpu && (__u32)bpf_get_current_pid_tgid() == vcpu && ctx->args[1] == opt_ioctl &&
	    PT_REGS_PARM2_CORE_SYSCALL((struct pt_regs *)ctx->args[0]) == KVM_RUN) {
		running = true;
		to = VMMIO_LAYER_KVM;
	}
	begin(to, now);
	return 0;
}

/* (regs, ret) */
SEC("raw_tp/sys_exit")
int layers_return(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 to = layer;

	end(now);
	if (running && (__u32)bpf_get_current_pid_tgid() == vcpu) {
		running = false;
		to = VMMIO_LAYER_VMM;
	}
	begin(to, now);
	return 0;
}
