/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests of any driver on any transport: what is added to a virtqueue, what
 * is taken back, and the time between. Loaded only where a field of these is
 * asked for, and by fexit: a return probe does not know the arguments. With kprobes
 * stock_adds.bpf.h does what can be done.
 */
#ifndef VMMIO_BPF_STOCK_REQUESTS_H
#define VMMIO_BPF_STOCK_REQUESTS_H

#define SGS_MAX 160 /* entries of one list that are looked at */
#define LISTS_MAX 8 /* lists of one request */

struct in_flight {
	__u64 vq;
	__u64 data; /* the driver's cookie */
};

/* When it was added. Full: the request is counted, its latency is lost. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct in_flight);
	__type(value, __u64);
} requests SEC(".maps");

/* What a list that its driver has mapped says of its lengths. */
static __always_inline __u32 mapped_length(struct scatterlist *sg)
{
	if (bpf_core_field_exists(sg->dma_length))
		return BPF_CORE_READ(sg, dma_length);
	return BPF_CORE_READ(sg, length);
}

/*
 * Bytes of a list in the low 48 bits, entries in the high 16. Global: the
 * verifier looks at the loop once.
 */
__noinline __u64 sg_sum(__u64 list, bool mapped)
{
	__u64 bytes = 0, n = 0;
	__u32 i;

	for (i = 0; i < SGS_MAX && list; i++) {
		struct scatterlist *sg = (void *)list;
		unsigned long link = BPF_CORE_READ(sg, page_link);

		if (link & 1) { /* an entry that leads to the next table */
			list = link & ~3ul;
			continue;
		}
		bytes += mapped ? mapped_length(sg) : BPF_CORE_READ(sg, length);
		n++;
		if (link & 2)
			break;
		list += bpf_core_type_size(struct scatterlist);
	}
	return (n << 48) | (bytes & ((1ull << 48) - 1));
}

static __always_inline struct vmmio_bpf_row *added(struct virtqueue *vq, __u64 data, int ret)
{
	struct in_flight key = {.vq = (__u64)vq, .data = data};
	struct vmmio_bpf_row *row;
	int slot = slot_of(vq);
	__u64 now;

	if (slot < 0)
		return NULL;
	row = row_get(slot, state_at(slot)->gen);
	if (!row)
		return NULL;
	if (ret < 0) {
		if (ret == -28) /* ENOSPC */
			row->c[VMMIO_C_RING_FULL]++;
		return NULL;
	}
	row->c[VMMIO_C_ADDED]++;
	if (state_at(slot)->untracked)
		return row;
	now = bpf_ktime_get_ns();
	/* no room: its latency is lost, and said to be */
	if (bpf_map_update_elem(&requests, &key, &now, BPF_ANY))
		lost();
	return row;
}

static __always_inline void add_sum(struct vmmio_bpf_row *row, bool in, __u64 sum)
{
	row->c[in ? VMMIO_C_SGS_IN : VMMIO_C_SGS_OUT] += sum >> 48;
	row->c[in ? VMMIO_C_BYTES_IN : VMMIO_C_BYTES_OUT] += sum & ((1ull << 48) - 1);
}

static __always_inline int add_one(struct virtqueue *vq, __u64 list, bool in, bool mapped,
				   void *data, int ret)
{
	struct vmmio_bpf_row *row = added(vq, (__u64)data, ret);

	if (row)
		add_sum(row, in, sg_sum(list, mapped));
	return 0;
}

static __always_inline int add_many(struct virtqueue *vq, void *sgs, __u32 out, __u32 in,
				    void *data, int ret)
{
	struct vmmio_bpf_row *row = added(vq, (__u64)data, ret);
	__u64 list;
	__u32 i;

	if (!row)
		return 0;
	for (i = 0; i < LISTS_MAX && i < out + in; i++) {
		if (bpf_probe_read_kernel(&list, sizeof(list), sgs + i * sizeof(list)))
			break;
		add_sum(row, i >= out, sg_sum(list, false));
	}
	return 0;
}

/*
 * @outer: virtqueue_get_buf(), which on some kernels calls the other one: the
 * same buffer must not count twice.
 */
static __always_inline int taken_back(struct virtqueue *vq, void *data, bool outer)
{
	struct in_flight key = {.vq = (__u64)vq, .data = (__u64)data};
	__u64 now = bpf_ktime_get_ns(), *then, ns;
	struct cpu_scratch *x = scratch();
	struct vmmio_bpf_row *row;
	int slot;

	if (!data || !x)
		return 0;
	if (outer && x->got_vq == key.vq && x->got_data == key.data) {
		x->got_vq = 0;
		return 0;
	}
	if (!outer) {
		x->got_vq = key.vq;
		x->got_data = key.data;
	}
	slot = slot_of(vq);
	if (slot < 0)
		return 0;
	row = row_get(slot, state_at(slot)->gen);
	if (!row)
		return 0;
	row->c[VMMIO_C_REQUESTS]++;
	if (state_at(slot)->untracked)
		return 0;
	then = bpf_map_lookup_elem(&requests, &key);
	if (!then)
		return 0;
	ns = now - *then;
	bpf_map_delete_elem(&requests, &key);
	row->c[VMMIO_C_REQUESTS_TIMED]++;
	row->c[VMMIO_C_REQUEST_NS] += ns;
	hist_add(slot, VMMIO_HIST_REQUEST, ns);
	return 0;
}

/*
 * Argument @n as a number: the verifier refuses the context's pointers to pointers, and
 * its pointers as arguments of global functions. bpf_get_func_arg() would do, from 5.17.
 */
static __always_inline __u64 argument(const unsigned long long *ctx, int n)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), ctx + n);
	return v;
}

SEC("fexit/virtqueue_add_sgs")
int BPF_PROG(fe_add_sgs, struct virtqueue *vq, void *sgs, unsigned int out, unsigned int in,
	     void *data, int gfp, int ret)
{
	return add_many(vq, (void *)argument(ctx, 1), out, in, data, ret);
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

/* Back to the driver unused: it was no request, and its place is needed. */
SEC("fexit/virtqueue_detach_unused_buf")
int BPF_PROG(fe_detached, struct virtqueue *vq, void *ret)
{
	struct in_flight key = {.vq = (__u64)vq, .data = (__u64)ret};

	if (ret)
		bpf_map_delete_elem(&requests, &key);
	return 0;
}

SEC("fexit/virtqueue_get_buf")
int BPF_PROG(fe_get_buf, struct virtqueue *vq, unsigned int *len, void *ret)
{
	return taken_back(vq, ret, true);
}

SEC("fexit/virtqueue_get_buf_ctx")
int BPF_PROG(fe_get_buf_ctx, struct virtqueue *vq, unsigned int *len, void **context, void *ret)
{
	return taken_back(vq, ret, false);
}

#endif
