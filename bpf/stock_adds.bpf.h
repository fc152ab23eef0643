/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests where there are only kprobes: hooks at the entries of functions, none
 * at their returns, which would make others miss. What a call came to is seen
 * on the ring at the queue's next call: an add has moved the place of the
 * next one, a buffer taken back that of the last. When it was is not known.
 */
#ifndef VMMIO_BPF_STOCK_ADDS_H
#define VMMIO_BPF_STOCK_ADDS_H

static __always_inline void add_sum(struct vmmio_bpf_row *row, bool in, __u64 sum)
{
	row->c[in ? VMMIO_C_SGS_IN : VMMIO_C_SGS_OUT] += sum >> 48;
	row->c[in ? VMMIO_C_BYTES_IN : VMMIO_C_BYTES_OUT] += sum & ((1ull << 48) - 1);
}

/* Of a virtqueue, by slot; whoever calls for it excludes others. */
struct call {
	__u64 out, in;	 /* of the add: sums of sg_sum() */
	__u32 at;	 /* where the next buffer goes */
	__u32 gen;	 /* of the slot */
	__u16 last_used; /* how far the driver has taken back */
	__u8 adds;	 /* the last call was an add */
	__u8 full;	 /* for which there was no room */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

static __always_inline __u32 next_place(struct virtqueue *vq, const struct vmmio_stock_state *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return s->packed ? packed_avail(vq, s->ring) : BPF_CORE_READ(ring, split.avail_idx_shadow);
}

/* Buffers taken back since. A split ring counts them; one that was reset starts again. */
static __always_inline __u32 taken(const struct call *c, const struct vmmio_stock_state *s,
				   __u16 last_used)
{
	__u16 more = last_used - c->last_used;

	if (s->packed)
		return more != 0;
	return more < 1 << 15 ? more : 0;
}

/* Counts what the queue's previous call came to; where the next begins is noted. */
static __always_inline struct call *settle(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u16 last_used = BPF_CORE_READ(ring, last_used_idx);
	struct vmmio_stock_state *s;
	struct vmmio_bpf_row *row;
	struct call *c;
	__u32 at, slot;
	int known = slot_of(vq);

	if (known < 0)
		return NULL;
	slot = known;
	s = state_at(slot);
	row = row_get(slot, s->gen);
	c = bpf_map_lookup_elem(&calls, &slot);
	if (!row || !c)
		return NULL;
	at = next_place(vq, s);
	if (c->gen == s->gen) {
		if (c->adds && c->at != at) {
			row->c[VMMIO_C_ADDED]++;
			add_sum(row, false, c->out);
			add_sum(row, true, c->in);
		} else if (c->adds && c->full) {
			row->c[VMMIO_C_RING_FULL]++;
		}
		row->c[VMMIO_C_REQUESTS] += taken(c, s, last_used);
	}
	c->gen = s->gen;
	c->at = at;
	c->last_used = last_used;
	c->adds = 0;
	return c;
}

/* An add of the lists summed up in @c begins. */
static __always_inline void add_begins(struct virtqueue *vq, struct call *c)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u32 entries = (c->out >> 48) + (c->in >> 48), room = BPF_CORE_READ(vq, num_free);

	c->adds = 1;
	c->full = entries > room;
	if (room && entries > 1 && BPF_CORE_READ(ring, indirect))
		c->full = 0; /* one descriptor will do */
}

static __always_inline int adding_one(struct virtqueue *vq, __u64 list, bool in, bool mapped)
{
	struct call *c = settle(vq);
	__u64 sum;

	if (!c)
		return 0;
	sum = sg_sum(list, mapped);
	c->out = in ? 0 : sum;
	c->in = in ? sum : 0;
	add_begins(vq, c);
	return 0;
}

static __always_inline int adding_many(struct virtqueue *vq, void *sgs, __u32 out, __u32 in)
{
	struct call *c = settle(vq);
	__u64 list;
	__u32 i;

	if (!c)
		return 0;
	c->out = 0;
	c->in = 0;
	for (i = 0; i < LISTS_MAX && i < out + in; i++) {
		if (bpf_probe_read_kernel(&list, sizeof(list), sgs + i * sizeof(list)))
			break;
		/* neither half of a sum overflows */
		*(i < out ? &c->out : &c->in) += sg_sum(list, false);
	}
	add_begins(vq, c);
	return 0;
}

SEC("kprobe/virtqueue_add_sgs")
int BPF_KPROBE(kp_add_sgs, struct virtqueue *vq, void *sgs, unsigned int out, unsigned int in)
{
	return adding_many(vq, sgs, out, in);
}

#define ADDING_ONE(name, in, mapped)                              \
	SEC("kprobe/virtqueue_" #name)                            \
	int BPF_KPROBE(kp_##name, struct virtqueue *vq, void *sg) \
	{                                                         \
		return adding_one(vq, (__u64)sg, in, mapped);     \
	}

#define SETTLING(name, function)                                                 \
	SEC("kprobe/" #function) int BPF_KPROBE(kp_##name, struct virtqueue *vq) \
	{                                                                        \
		settle(vq);                                                      \
		return 0;                                                        \
	}

ADDING_ONE(add_outbuf, false, false)
ADDING_ONE(add_outbuf_premapped, false, true)
ADDING_ONE(add_inbuf, true, false)
ADDING_ONE(add_inbuf_cache_clean, true, false)
ADDING_ONE(add_inbuf_ctx, true, false)
ADDING_ONE(add_inbuf_premapped, true, true)
SETTLING(get_buf, virtqueue_get_buf)
SETTLING(get_buf_ctx, virtqueue_get_buf_ctx)
SETTLING(settle, virtqueue_kick_prepare)

#endif
