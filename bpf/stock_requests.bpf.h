/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of any driver on any transport: what is added to a virtqueue, what
 * is taken back, and the time between. Loaded only where a field of these is
 * asked for, and by fexit: a return probe does not know the arguments. With kprobes
 * stock_adds.bpf.h does what can be done.
 */
#ifndef VMMIO_BPF_STOCK_REQUESTS_H
#define VMMIO_BPF_STOCK_REQUESTS_H

#include "stock_lists.bpf.h"

#define LISTS_MAX 8 /* lists of one request */

struct in_flight {
	__u64 vq;
	__u64 data; /* the driver's cookie */
};

/*
 * When a buffer was added, by its cookie: in one of a few places of its virtqueue, which
 * nobody else looks at meanwhile, or where another is there in the map of all.
 */
struct place {
	__u64 data, t0;
};

struct places {
	__u32 gen; /* of the slot */
	__u32 pad;
	struct place at[VMMIO_STOCK_PLACES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct places);
} places SEC(".maps");

/* Full: the request is counted, its latency is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct in_flight);
	__type(value, __u64);
} requests SEC(".maps");

static __always_inline __u32 place_of(__u64 data)
{
	/* an allocation is aligned to more than this, and of one size with its neighbours */
	return (__u32)(data >> 3) * 0x9e3779b1u >> 27 & (VMMIO_STOCK_PLACES - 1);
}

_Static_assert(VMMIO_STOCK_PLACES == 1 << (32 - 27), "place_of()");

static __always_inline struct places *places_of(const struct vmmio_stock_state *s)
{
	__u32 slot = s->slot;

	return bpf_map_lookup_elem(&places, &slot);
}

/* Seldom: its place is taken. */
__noinline int add_elsewhere(__u64 vq, __u64 data, __u64 now)
{
	struct in_flight key = {.vq = vq, .data = data};

	/* no room: its latency is lost, and said to be */
	if (bpf_map_update_elem(&requests, &key, &now, BPF_ANY))
		lost();
	return 0;
}

/* Of a virtqueue that goes, the buffers from @id on, up to @end, that are still in it. */
__noinline int forget_some(__u32 slot, __u32 id, __u32 end)
{
	const struct vmmio_stock_state *s = state_at(slot);
	__u32 size = s->packed ? bpf_core_type_size(struct vring_desc_state_packed___f)
			       : bpf_core_type_size(struct vring_desc_state_split___f);
	struct in_flight key = {.vq = s->key};
	int i;

	for (i = 0; i < TURNS && opt_taken && id + i < end; i++) {
		bpf_probe_read_kernel(&key.data, sizeof(key.data),
				      (void *)s->cookies + (__u64)(id + i) * size);
		if (key.data)
			bpf_map_delete_elem(&requests, &key);
	}
	return 0;
}

/* The same in more turns. */
__noinline int forget_many(__u32 slot, __u32 id, __u32 end)
{
	int i;

	for (i = 0; i < TURNS && opt_taken && id < end; i++, id += TURNS)
		forget_some(slot, id, end);
	return 0;
}

/* Not every driver takes back what its device has when it leaves it: nobody will ask again. */
static __always_inline void forget_requests(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u64 key = (__u64)vq;
	int slot = opt_taken ? slot_known(&key) : -1;
	const struct vmmio_stock_state *s;
	__u32 size, i;

	if (slot < 0)
		return;
	s = state_at(slot);
	if (s->untracked)
		return;
	size = s->packed ? s->ring : BPF_CORE_READ(ring, split.vring.num);
	for (i = 0; i < TURNS && i * TURNS * TURNS < size; i++)
		forget_many(slot, i * TURNS * TURNS, size);
}

static __always_inline void remember(struct vmmio_stock_state *s, __u64 data)
{
	struct places *p = places_of(s);
	__u64 now = bpf_ktime_get_ns();
	struct place *at;

	if (!p)
		return;
	if (p->gen != s->gen) {
		zero(p, sizeof(*p));
		p->gen = s->gen;
	}
	at = &p->at[place_of(data)];
	if (at->data && at->data != data) {
		add_elsewhere(s->key, data, now);
		return;
	}
	at->data = data;
	at->t0 = now;
}

__noinline __u64 take_elsewhere(__u64 vq, __u64 data)
{
	struct in_flight key = {.vq = vq, .data = data};
	__u64 *then = bpf_map_lookup_elem(&requests, &key), t0;

	if (!then)
		return 0;
	t0 = *then;
	bpf_map_delete_elem(&requests, &key);
	return t0;
}

/* When it was added, and forgets it; 0: that is not known. */
static __always_inline __u64 recall(const struct vmmio_stock_state *s, __u64 data)
{
	struct places *p = places_of(s);
	struct place *at;

	if (!p || !data) /* a place that is empty has none, either */
		return 0;
	at = &p->at[place_of(data)];
	if (p->gen != s->gen || at->data != data)
		return take_elsewhere(s->key, data);
	at->data = 0;
	return at->t0;
}

static __always_inline struct vmmio_stock_state *added(struct virtqueue *vq, __u64 data, int ret)
{
	struct vmmio_stock_state *s = state_of(vq);

	if (!s)
		return NULL;
	if (ret < 0) {
		if (ret == -28) /* ENOSPC */
			s->ring_full++;
		return NULL;
	}
	s->added++;
	s->unused = 0;
	if (!s->untracked)
		remember(s, data);
	return s;
}

static __always_inline void sum_up(struct vmmio_stock_state *s, bool in, __u64 sum)
{
	*(in ? &s->sgs_in : &s->sgs_out) += sum >> 48;
	*(in ? &s->bytes_in : &s->bytes_out) += sum & ((1ull << 48) - 1);
}

static __always_inline int add_one(struct virtqueue *vq, __u64 list, bool in, bool mapped,
				   void *data, int ret)
{
	struct vmmio_stock_state *s = added(vq, (__u64)data, ret);
	__s64 length;

	if (!s)
		return 0;
	length = mapped ? -1 : sg_short(list);
	sum_up(s, in, length < 0 ? sg_sum(list, mapped) : 1ull << 48 | length);
	return 0;
}

/* Of any lists. */
__noinline int add_long(__u32 slot, __u64 sgs, __u32 out, __u32 n)
{
	struct vmmio_stock_state *s = state_at(slot);
	__u64 list;
	__u32 i;

	for (i = 0; i < LISTS_MAX && i < n; i++) {
		if (bpf_probe_read_kernel(&list, sizeof(list), (void *)sgs + i * sizeof(list)))
			break;
		sum_up(s, i >= out, sg_sum(list, false));
	}
	return 0;
}

#define LISTS_FEW 4

/*
 * Bytes of a few lists that have an entry each, and of those the device reads; -1: some have more.
 * A header and a status around the data are often neighbours on a stack.
 */
static __always_inline __s64 few_bytes(const __u64 *lists, __u32 out, __u32 n, __u64 *bytes_out)
{
	__s64 length, bytes = 0;
	__u32 i;

	if (n == 3 && out == 1 && lists[0] - lists[2] == SG_SIZE) {
		bytes = sg_twins(lists[2], &length);
		*bytes_out = bytes - length;
		length = sg_short(lists[1]);
		return bytes < 0 || length < 0 ? -1 : bytes + length;
	}
	if (n == 3 && out == 1 && lists[2] - lists[0] == SG_SIZE) {
		bytes = sg_twins(lists[0], &length);
		*bytes_out = length;
		length = sg_short(lists[1]);
		return bytes < 0 || length < 0 ? -1 : bytes + length;
	}
	for (i = 0; i < LISTS_FEW && i < n; i++) {
		length = sg_short(lists[i]);
		if (length < 0)
			return -1;
		if (i == out)
			*bytes_out = bytes;
		bytes += length;
	}
	if (out == n)
		*bytes_out = bytes;
	return bytes;
}

static __always_inline int add_many(struct virtqueue *vq, __u64 sgs, __u32 out, __u32 in,
				    void *data, int ret)
{
	struct vmmio_stock_state *s = added(vq, (__u64)data, ret);
	__u64 lists[LISTS_FEW], bytes_out = 0;
	__s64 bytes = -1;

	if (!s)
		return 0;
	if (out + in <= LISTS_FEW && !bpf_probe_read_kernel(lists, sizeof(lists), (void *)sgs))
		bytes = few_bytes(lists, out, out + in, &bytes_out);
	if (bytes < 0)
		return add_long(s->slot, sgs, out, out + in);
	s->sgs_out += out;
	s->sgs_in += in;
	s->bytes_out += bytes_out;
	s->bytes_in += bytes - bytes_out;
	return 0;
}

static __always_inline int request_ends(struct vmmio_stock_state *s, __u64 data)
{
	__u64 then, ns;

	s->requests++;
	if (s->untracked)
		return 0;
	then = recall(s, data);
	if (!then)
		return 0;
	ns = bpf_ktime_get_ns() - then;
	s->requests_timed++;
	s->request_ns += ns;
	hist_count(s, VMMIO_HIST_REQUEST, ns);
	return 0;
}

/*
 * A buffer is taken out of the ring, by what is called for that alone: half as often as a
 * driver asks for one, and without an end to hook.
 */
static __always_inline int taken_out(struct virtqueue *vq, __u32 id, __u32 size, bool split)
{
	struct vmmio_stock_state *s = state_of(vq);
	__u64 data = 0;

	if (!s)
		return 0;
	if (split)
		ring_typed(vq, s);
	bpf_probe_read_kernel(&data, sizeof(data), (void *)s->cookies + (__u64)id * size);
	if (!s->unused)
		return request_ends(s, data);
	/* back to the driver unused: it was no request, and its place is needed */
	s->unused = 0;
	s->returned++;
	recall(s, data);
	return 0;
}

/*
 * The same where that is no function of its own. @outer: virtqueue_get_buf(), which on some
 * kernels calls the other one: the same buffer must not count twice.
 */
static __always_inline int got_buf(struct virtqueue *vq, __u64 data, bool outer)
{
	struct vmmio_stock_state *s;
	struct cpu_scratch *x;

	if (!data)
		return 0;
	s = state_of(vq);
	x = scratch();
	if (!s || !x)
		return 0;
	if (outer && x->got_vq == s->key && x->got_data == data) {
		x->got_vq = 0;
		return 0;
	}
	if (!outer) {
		x->got_vq = s->key;
		x->got_data = data;
	}
	return request_ends(s, data);
}

/*
 * Argument @n as a number: the verifier refuses the context's pointers to pointers, and
 * its pointers as arguments of global functions. The helper is there from 5.17 on.
 */
enum bpf_func_id___n {
	BPF_FUNC_get_func_arg___n = 183
};

static __always_inline __u64 argument(unsigned long long *ctx, int n)
{
	__u64 v = 0;

	if (bpf_core_enum_value_exists(enum bpf_func_id___n, BPF_FUNC_get_func_arg___n))
		bpf_get_func_arg(ctx, n, &v);
	else
		bpf_probe_read_kernel(&v, sizeof(v), ctx + n);
	return v;
}

SEC("fexit/virtqueue_add_sgs")
int BPF_PROG(fe_add_sgs, struct virtqueue *vq, void *sgs, unsigned int out, unsigned int in,
	     void *data, int gfp, int ret)
{
	return add_many(vq, argument(ctx, 1), out, in, data, ret);
}

/* One list; the premapped have been mapped by the driver. */
#define ADD_ONE(name, in, mapped, ...)                                                        \
	SEC("fexit/virtqueue_" #name)                                                         \
	int BPF_PROG(fe_##name, struct virtqueue *vq, void *sg, unsigned int num, void *data, \
		     __VA_ARGS__, int ret)                                                    \
	{                                                                                     \
		return add_one(vq, argument(ctx, 1), in, mapped, data, ret);                  \
	}

ADD_ONE(add_outbuf, false, false, int gfp)
ADD_ONE(add_outbuf_premapped, false, true, int gfp)
ADD_ONE(add_inbuf, true, false, int gfp)
ADD_ONE(add_inbuf_cache_clean, true, false, int gfp)
ADD_ONE(add_inbuf_ctx, true, false, void *context, int gfp)
ADD_ONE(add_inbuf_premapped, true, true, void *context, int gfp)

/* Kernels from 7.0 on have that of all rings in the function for those in order. */
#define TAKEN(name, function, type, split)                                        \
	SEC("fentry/" #function)                                                  \
	int BPF_PROG(fe_##name, struct virtqueue *vq, unsigned int id)            \
	{                                                                         \
		return taken_out(vq, id, bpf_core_type_size(struct type), split); \
	}

TAKEN(taken_split, detach_buf_split, vring_desc_state_split___f, true)
TAKEN(taken_split_in, detach_buf_split_in_order, vring_desc_state_split___f, true)
TAKEN(taken_packed, detach_buf_packed, vring_desc_state_packed___f, false)
TAKEN(taken_packed_in, detach_buf_packed_in_order, vring_desc_state_packed___f, false)

/* One at most leaves the ring in it; where none is left the next add ends it. */
SEC("fentry/virtqueue_detach_unused_buf")
int BPF_PROG(fe_unused, struct virtqueue *vq)
{
	struct vmmio_stock_state *s = state_of(vq);

	if (s)
		s->unused = 1;
	return 0;
}

SEC("fexit/virtqueue_detach_unused_buf")
int BPF_PROG(fe_detached, struct virtqueue *vq, void *ret)
{
	struct vmmio_stock_state *s = ret ? state_of(vq) : NULL;

	if (s)
		recall(s, number_of((__u64)ret));
	return 0;
}

SEC("fexit/virtqueue_get_buf")
int BPF_PROG(fe_get_buf, struct virtqueue *vq, unsigned int *len, void *ret)
{
	return got_buf(vq, (__u64)ret, true);
}

SEC("fexit/virtqueue_get_buf_ctx")
int BPF_PROG(fe_get_buf_ctx, struct virtqueue *vq, unsigned int *len, void **context, void *ret)
{
	return got_buf(vq, (__u64)ret, false);
}

#endif
