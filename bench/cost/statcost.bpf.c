// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mainline's hooks, fed by system calls: the very handlers of bpf/stock.bpf.c,
 * called at entry and exit of the calls of one thread, on a virtqueue that is
 * laid out in a map. For machines whose kernel has neither fentry nor kprobes,
 * and for the cost of a handler apart from that of its hook. Only
 * vmmio-statcost loads it.
 */
#include "stock.bpf.c"

__u32 only_tid = 0;
__u64 fake_vq = 0;

/* For bench/cost/statfeed.c: an event, and where the kernel has it. */
__u64 fed_event[6] = {};
__u64 fed_at = 0;
__u16 fake_index = 0; /* buffers made available so far */

#define VQ 0
#define VDEV 2048
#define PARENT 5120
#define USED 7168

struct fake {
	__u8 bytes[8192];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fake);
} fakes SEC(".maps");

static __always_inline bool is_mine(void)
{
	return (__u32)bpf_get_current_pid_tgid() == only_tid;
}

static __always_inline struct fake *fake(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&fakes, &zero);
}

#define SET(f, at, type, field, ctype, value)                                                   \
	(*(ctype *)((f)->bytes + (at) +                                                         \
		    __builtin_preserve_field_info(((type *)0)->field, BPF_FIELD_BYTE_OFFSET)) = \
		 (value))

/* One call of it lays out the virtqueue. */
/* What is worked out is used in form only; NOLINTBEGIN(misc-redundant-expression) */
SEC("raw_tp/sys_enter") int lay_out(void *ctx)
{
	struct fake *f = fake();
	__u64 base = (__u64)f;

	if (!f || !is_mine() || fake_vq)
		return 0;
	SET(f, VQ, struct virtqueue, vdev, __u64, base + VDEV);
	SET(f, VQ, struct vring_virtqueue___f, split.vring.num, __u32, 256);
	SET(f, VQ, struct vring_virtqueue___f, split.vring.used, __u64, base + USED);
	SET(f, VDEV, struct virtio_device, dev.parent, __u64, base + PARENT);
	fake_vq = base;
	fed_at = (__u64)fed_event;
	return 0;
}

/* Moves the ring on by one buffer, made available or used. */
static __always_inline struct fake *ring_moves(bool used)
{
	struct fake *f = fake();

	if (!f)
		return NULL;
	if (used)
		SET(f, USED, struct vring_used___f, idx, __u16, fake_index);
	else
		SET(f, VQ, struct vring_virtqueue___f, split.avail_idx_shadow, __u16, ++fake_index);
	return f;
}

SEC("raw_tp/sys_enter") int enter_nothing(void *ctx)
{
	return is_mine() && ring_moves(false) ? 0 : 0;
}

SEC("raw_tp/sys_exit") int exit_nothing(void *ctx)
{
	return is_mine() && ring_moves(true) ? 0 : 0;
}
/* NOLINTEND(misc-redundant-expression) */

SEC("raw_tp/sys_enter") int enter_prepare(void *ctx)
{
	if (!is_mine() || !ring_moves(false))
		return 0;
	return kick_prepare((void *)fake_vq);
}

SEC("raw_tp/sys_enter") int enter_kick(void *ctx)
{
	if (!is_mine() || !ring_moves(false))
		return 0;
	return kick((void *)fake_vq);
}

SEC("raw_tp/sys_exit") int exit_kick(void *ctx)
{
	if (!is_mine() || !ring_moves(true))
		return 0;
	return kick_done();
}

SEC("raw_tp/sys_enter") int enter_irq(void *ctx)
{
	if (!is_mine() || !ring_moves(false))
		return 0;
	return vring_irq(1, (void *)fake_vq);
}

SEC("raw_tp/sys_exit") int exit_irq(void *ctx)
{
	if (!is_mine() || !ring_moves(true))
		return 0;
	return vring_irq_returns(IRQ_HANDLED);
}

/* A whole request: its five hooks, with a kick-to-interrupt sample each time. */
SEC("raw_tp/sys_enter") int enter_io(void *ctx)
{
	if (!is_mine() || !ring_moves(false))
		return 0;
	kick_prepare((void *)fake_vq);
	return kick((void *)fake_vq);
}

SEC("raw_tp/sys_exit") int exit_io(void *ctx)
{
	if (!is_mine() || !ring_moves(true))
		return 0;
	kick_done();
	vring_irq(1, (void *)fake_vq);
	return vring_irq_returns(IRQ_HANDLED);
}
