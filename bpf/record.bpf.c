// SPDX-License-Identifier: GPL-2.0-only
/*
 * Puts the events of our driver's tracepoints into rings (record.h). It only copies; the reader
 * knows the meaning of an event. recordcast.bpf.c is the same for kernels that let a program read
 * an event without a call.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "vmmio/events.h"
#include "record.h"

char LICENSE[] SEC("license") = "GPL";

/* Set between open and load: places of a ring minus one. The rings in the map are as large. */
const volatile __u64 opt_mask = VMMIO_RECORD_MASK;

#define RENAMING_NS 10000000 /* from the announcement of a task name until the task has it */

bool recording = false;
__u64 homeless = 0; /* events of CPUs that have no ring */
__u64 renames = 0;  /* of any task */

struct ring {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct vmmio_record_ring) +
				   (VMMIO_RECORD_MASK + 1) * sizeof(struct vmmio_record_place));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1); /* CPUs */
	__type(key, __u32);
	__array(values, struct ring);
} rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VMMIO_RECORD_COMMS);
	__type(key, __u32);
	__uint(value_size, VMMIO_RECORD_COMM);
} comms SEC(".maps");

/*
 * The task's present name: a command has the name of its parent before exec(). The helper costs as
 * much as all else here, so it is called only when the CPU has another task than at its last event,
 * or a task was renamed meanwhile. A task that gets a name may be interrupted just before it has
 * it, so for a while its name is read each time.
 */
static __noinline int learn(struct vmmio_record_ring *ring, __u32 pid, __u64 ns)
{
	__u64 comm[VMMIO_RECORD_COMM / 8], *known, seen = *(volatile __u64 *)&renames;

	if (!ring || bpf_get_current_comm(comm, sizeof(comm)))
		return 0;
	if (ring->renamed != bpf_get_current_task() || ns - ring->renamed_ns > RENAMING_NS)
		ring->renames = seen;
	known = (__u64 *)ring->comm;
	if (ring->pid == pid && known[0] == comm[0] && known[1] == comm[1])
		return 0;
	if (bpf_map_update_elem(&comms, &pid, comm, BPF_ANY))
		return 0;
	ring->pid = pid;
	known[0] = comm[0];
	known[1] = comm[1];
	return 0;
}

#ifdef VMMIO_RECORD_CAST
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;

/* Reads a struct that begins with words; unreadable bytes are zero. */
static __always_inline long copy(__u64 *to, const void *from, __u32 size)
{
	const __u64 *words = bpf_rdonly_cast(from, bpf_core_type_id_kernel(struct pt_regs));
	__u32 i;

	for (i = 0; i < size / sizeof(*words); i++)
		to[i] = words[i];
	return 0;
}
#else
/* The event, or an error where it cannot be read. */
static __always_inline long copy(__u64 *to, const void *from, __u32 size)
{
	return bpf_probe_read_kernel(to, size, from);
}
#endif

/*
 * The clock is a third of the cost of a record, so it is not read where the event has its own time.
 * For an access and a handler that is its end.
 */
static __always_inline __u64 now(void)
{
	return bpf_ktime_get_ns();
}

static __always_inline __u64 end_of(__u64 begin, __u32 cost)
{
	return cost == ~0u ? now() : begin + cost;
}

#define TIME_OF_vmmio_ev_kick(ev) (ev)->time_ns
#define TIME_OF_vmmio_ev_reg(ev) end_of((ev)->time_ns, (ev)->cost_ns)
#define TIME_OF_vmmio_ev_irq(ev) end_of((ev)->time_ns, (ev)->cost_ns)
#define TIME_OF_vmmio_ev_kick_done(ev) now()
#define TIME_OF_vmmio_ev_vq_irq(ev) now()
#define TIME_OF_vmmio_ev_vq(ev) now()
#define TIME_OF_vmmio_ev_device(ev) now()

/* The next place of this CPU, and its number in *@n; NULL: none is free. */
static __always_inline struct vmmio_record_place *reserve(struct vmmio_record_ring **ring, __u64 *n)
{
	__u32 cpu = bpf_get_smp_processor_id(), zero = 0;
	struct vmmio_record_ring *r;
	void *map;

	if (!*(volatile bool *)&recording)
		return NULL;
	map = bpf_map_lookup_elem(&rings, &cpu);
	r = map ? bpf_map_lookup_elem(map, &zero) : NULL;
	if (!r) {
		__sync_fetch_and_add(&homeless, 1);
		return NULL;
	}
	if (*(volatile __u64 *)&r->head - *(volatile __u64 *)&r->tail + VMMIO_RECORD_NESTED >
	    opt_mask) {
		__sync_fetch_and_add(&r->lost, 1);
		return NULL;
	}
	*ring = r;
	*n = __sync_fetch_and_add(&r->head, 1);
	return &r->places[*n & opt_mask];
}

static __always_inline void publish(struct vmmio_record_place *p, __u64 n)
{
#ifdef __TARGET_ARCH_x86
	barrier(); /* stores keep their order */
	*(volatile __u64 *)&p->number = n + 1;
#else
	__sync_lock_test_and_set(&p->number, n + 1);
#endif
}

/* The clock after the place was reserved: see take_batch() in bpfring.c. */
#define PROGRAM(name, type)                                                                     \
	SEC("raw_tp/" #name) int put_##name(struct bpf_raw_tracepoint_args *ctx)                \
	{                                                                                       \
		struct vmmio_record_place *p;                                                   \
		struct vmmio_record_ring *r;                                                    \
		__u32 pid;                                                                      \
		__u64 n;                                                                        \
                                                                                                \
		p = reserve(&r, &n);                                                            \
		if (!p)                                                                         \
			return 0;                                                               \
		if (copy((__u64 *)p->event, (const void *)ctx->args[0], sizeof(struct type))) { \
			p->kind = VMMIO_RECORD_KINDS; /* unread: it counts as lost */           \
			p->ns = now();                                                          \
			publish(p, n);                                                          \
			return 0;                                                               \
		}                                                                               \
		p->ns = TIME_OF_##type((const struct type *)p->event);                          \
		p->kind = VMMIO_RECORD_##name;                                                  \
		pid = (__u32)bpf_get_current_pid_tgid();                                        \
		p->pid = pid;                                                                   \
		if (pid && (pid != r->pid || r->renames != *(volatile __u64 *)&renames))        \
			learn(r, pid, p->ns);                                                   \
		publish(p, n);                                                                  \
		return 0;                                                                       \
	}

VMMIO_TRACEPOINTS(PROGRAM)

static __always_inline int renamed(void)
{
	__u32 cpu = bpf_get_smp_processor_id(), zero = 0;
	void *map = bpf_map_lookup_elem(&rings, &cpu);
	struct vmmio_record_ring *r = map ? bpf_map_lookup_elem(map, &zero) : NULL;

	if (r) {
		r->renamed_ns = now();
		r->renamed = bpf_get_current_task();
	}
	__sync_fetch_and_add(&renames, 1);
	return 0;
}

/* prctl() and exec(): just before the name changes. */
SEC("raw_tp/task_rename") int note_rename(void *ctx)
{
	return renamed();
}

/* After exec(): an interrupt within it may have read the name before it changed. */
SEC("raw_tp/sched_process_exec") int note_exec(void *ctx)
{
	return renamed();
}
