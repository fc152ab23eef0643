// SPDX-License-Identifier: GPL-2.0-only
/*
 * Out latency: from a doorbell that an ioeventfd serves until its backend thread runs. The eventfd
 * wakes the backend from within the vCPU thread's write: a wake-up is the backend's if this thread
 * is signalling an eventfd at that moment, outside any interrupt, with no event of its own since
 * the kick. A kick that wakes no thread (the backend runs already) has no sample. Loaded only on
 * request: it hooks the scheduler.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "context.bpf.h"
#include "vmmio/hostexit.h"
#include "vmmio/hostlat.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 opt_pid = 0; /* of this process only; 0: all */

__u64 lost = 0;	 /* samples that found no room */
__u64 awake = 0; /* backends woken before they had left their CPU: no sample */

struct kick {
	__u64 ns;
	struct vmmio_outlat_key key;
};

/* Addresses that ioeventfds serve. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u8);
} doorbells SEC(".maps");

/* The last kick of a vCPU thread, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct kick);
} kicks SEC(".maps");

/* Backends woken and not yet running, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct kick);
} woken SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vmmio_outlat_key);
	__type(value, struct vmmio_outlat);
} latencies SEC(".maps");

/* Template of a new entry: too big for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_outlat);
} blank SEC(".maps");

static __always_inline void kicked(__u64 addr, __u8 len, __u64 data)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct kick k = {};
	__u32 tid = task->pid;
	__u64 value = 0;

	if (opt_pid && task->tgid != opt_pid)
		return;
	if (!bpf_map_lookup_elem(&doorbells, &addr)) {
		/* the kick before it has no further wake-up */
		bpf_map_delete_elem(&kicks, &tid);
		return;
	}
	if (data)
		bpf_probe_read_kernel(&value, sizeof(value), (void *)data);
	k.key.addr = addr;
	k.key.tid = tid;
	k.key.value = len >= 4 ? (__u32)value : len == 2 ? (__u16)value : (__u8)value;
	k.ns = bpf_ktime_get_ns();
	bpf_map_update_elem(&kicks, &tid, &k, BPF_ANY);
}

SEC("raw_tp/kvm_mmio")
int outlat_mmio(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[0] == VMMIO_KVM_MMIO_WRITE)
		kicked(ctx->args[2], ctx->args[1], ctx->args[3]);
	return 0;
}

SEC("raw_tp/kvm_fast_mmio")
int outlat_fast(struct bpf_raw_tracepoint_args *ctx)
{
	kicked(ctx->args[0], 0, 0);
	return 0;
}

SEC("raw_tp/kvm_pio")
int outlat_pio(struct bpf_raw_tracepoint_args *ctx)
{
	if (ctx->args[0])
		kicked(ctx->args[1], ctx->args[2], ctx->args[4]);
	return 0;
}

/* It has left the kernel: later wake-ups do not belong to the doorbell. */
SEC("raw_tp/kvm_userspace_exit")
int outlat_user(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&kicks, &tid);
	return 0;
}

/* The bit that says "inside eventfd_signal()": 5.16, renamed in 6.7. */
struct task_struct___now {
	unsigned int in_eventfd : 1;
} __attribute__((preserve_access_index));

struct task_struct___then {
	unsigned int in_eventfd_signal : 1;
} __attribute__((preserve_access_index));

static __always_inline bool signals_eventfd(struct task_struct *task)
{
	struct task_struct___now *now = (void *)task;
	struct task_struct___then *then = (void *)task;

	if (bpf_core_field_exists(now->in_eventfd))
		return BPF_CORE_READ_BITFIELD_PROBED(now, in_eventfd);
	if (bpf_core_field_exists(then->in_eventfd_signal))
		return BPF_CORE_READ_BITFIELD_PROBED(then, in_eventfd_signal);
	return true; /* cannot be told */
}

SEC("raw_tp/sched_waking")
int outlat_waking(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *p = (void *)ctx->args[0], *task = bpf_get_current_task_btf();
	__u32 tid = task->pid, backend;
	struct kick *k = bpf_map_lookup_elem(&kicks, &tid);
	struct kick copy;

	if (!k || !signals_eventfd(task) || in_interrupt(ctx, task))
		return 0;
	copy = *k;
	bpf_map_delete_elem(&kicks, &tid);
	/* Not yet off its CPU: no switch to it will follow, or none that is meaningful. */
	if (BPF_CORE_READ(p, on_cpu)) {
		__sync_fetch_and_add(&awake, 1);
		return 0;
	}
	backend = BPF_CORE_READ(p, pid);
	bpf_map_update_elem(&woken, &backend, &copy, BPF_ANY);
	return 0;
}

static __always_inline void record(const struct vmmio_outlat_key *key, __u64 ns)
{
	struct vmmio_outlat *l, *from;
	__u32 zero = 0;

	l = bpf_map_lookup_elem(&latencies, key);
	if (!l) {
		from = bpf_map_lookup_elem(&blank, &zero);
		if (from)
			bpf_map_update_elem(&latencies, key, from, BPF_NOEXIST);
		l = bpf_map_lookup_elem(&latencies, key);
	}
	if (!l) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	__sync_fetch_and_add(&l->count, 1);
	__sync_fetch_and_add(&l->sum_ns, ns);
	__sync_fetch_and_add(&l->hist.n[vmmio_hist_bucket(ns) & (VMMIO_HIST_BUCKETS - 1)], 1);
}

/* (preempt, prev, next) */
SEC("raw_tp/sched_switch")
int outlat_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (void *)ctx->args[2];
	__u32 tid = BPF_CORE_READ(next, pid);
	struct kick *k = bpf_map_lookup_elem(&woken, &tid);
	struct kick copy;

	if (!k)
		return 0;
	copy = *k;
	bpf_map_delete_elem(&woken, &tid);
	record(&copy.key, bpf_ktime_get_ns() - copy.ns);
	return 0;
}
