/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is who among mainline's virtqueues: the kernel's structures that
 * stock.bpf.c reads, the slots that it gives out, and the state it keeps of a
 * queue and of a CPU. Nothing is counted here.
 */
#ifndef VMMIO_BPF_STOCK_QUEUES_H
#define VMMIO_BPF_STOCK_QUEUES_H

/* Private to virtio_ring, the transports and, on kernels that have virtio as
 * modules, to those: only the members used, found by name. */
#define FLAVOUR __attribute__((preserve_access_index))
struct vring_used___f {
	__u16 flags;
	__u16 idx;
} FLAVOUR;
struct vring___f {
	unsigned int num;
	struct vring_used___f *used;
} FLAVOUR;
struct vring_virtqueue_split___f {
	struct vring___f vring;
	__u16 avail_idx_shadow;
} FLAVOUR;
struct vring_packed___f {
	unsigned int num;
} FLAVOUR;
struct vring_virtqueue_packed___f {
	struct vring_packed___f vring;
} FLAVOUR;
struct vring_virtqueue___f {
	bool packed_ring;
	struct vring_virtqueue_split___f split;
	struct vring_virtqueue_packed___f packed;
} FLAVOUR;
struct virtio_mmio_device___f {
	struct virtio_device vdev;
} FLAVOUR;
struct virtio_pci_device___f {
	struct virtio_device vdev;
} FLAVOUR;

/* Of one virtqueue; written by whoever kicks or handles its interrupt. */
struct vq_state {
	__u64 t0; /* of the open kick-to-interrupt sample, 0: none is open */
	__u32 slot;
	__u32 device; /* slot of its device */
	__u64 vq;
	__u16 a0;	  /* available index before the sample's kick */
	__u16 avail_prev; /* at the previous kick */
	__u16 used_prev;  /* at the previous interrupt */
	__u8 packed;
	__u8 kicked;	  /* avail_prev is valid */
	__u8 interrupted; /* used_prev is valid */
	__u8 empty;	  /* the sample's kick found the queue empty */
	__u8 pad[6];
};

/* Of one CPU: what an exit hook needs of its entry. */
struct cpu_scratch {
	__u64 kick_vq, kick_t0, kick_irqs;
	__u64 vring_vq, vring_t0;
	__u64 run_t0; /* handler that is running, 0: none */
	__u64 run_vdev;
	__u32 run_mode; /* enum vmmio_irq_mode */
	__u32 run_irq;
	__u64 pair_t0;
	__u64 got_vq, got_data; /* last buffer taken back, see taken_back() */
	__u64 irqs;		/* taken so far, where stock_irqs.bpf.h counts them */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VMMIO_SLOTS);
	__type(key, __u64);
	__type(value, struct vq_state);
} queues SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VMMIO_STOCK_DEVICES);
	__type(key, __u64);
	__type(value, __u32);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vmmio_stock_info);
} infos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_scratch);
} scratches SEC(".maps");

__u32 next_slot = 0;

static __always_inline struct cpu_scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline struct vmmio_stock_info *take_slot(__u32 *slot)
{
	*slot = __sync_fetch_and_add(&next_slot, 1);
	return bpf_map_lookup_elem(&infos, slot);
}

static __always_inline void fill_device(struct vmmio_stock_info *i, struct virtio_device *vdev)
{
	struct device *parent = BPF_CORE_READ(vdev, dev.parent);

	i->info.device_id = BPF_CORE_READ(vdev, id.device);
	i->info.features = BPF_CORE_READ(vdev, features);
	i->info.vector = 0xffff;
	bpf_probe_read_kernel_str(i->info.device, sizeof(i->info.device),
				  BPF_CORE_READ(vdev, dev.kobj.name));
	bpf_probe_read_kernel_str(i->info.parent, sizeof(i->info.parent),
				  BPF_CORE_READ(parent, kobj.name));
	bpf_probe_read_kernel_str(i->info.driver, sizeof(i->info.driver),
				  BPF_CORE_READ(vdev, dev.driver, name));
	bpf_probe_read_kernel_str(i->bus_driver, sizeof(i->bus_driver),
				  BPF_CORE_READ(parent, driver, name));
}

/* The slot of a device, ~0 if there is none to give. */
static __noinline __u32 device_slot(struct virtio_device *vdev)
{
	__u64 key = (__u64)vdev;
	__u32 *known = bpf_map_lookup_elem(&devices, &key);
	struct vmmio_stock_info *i;
	__u32 slot;

	if (known)
		return *known;
	i = take_slot(&slot);
	if (!i) {
		lost();
		return ~0u;
	}
	/* another CPU may have been first: its slot counts, this one stays free */
	if (bpf_map_update_elem(&devices, &key, &slot, BPF_NOEXIST)) {
		known = bpf_map_lookup_elem(&devices, &key);
		return known ? *known : ~0u;
	}
	fill_device(i, vdev);
	i->info.slot = i->info.dev_slot = slot;
	i->info.gen = 1;
	i->info.kind = VMMIO_SLOT_DEVICE;
	return slot;
}

/* Global: the verifier looks at it once, not at every turn of the walk below. */
__noinline int learn_queue(__u64 key)
{
	struct virtqueue *vq = (void *)key;
	struct vring_virtqueue___f *ring = (void *)vq;
	struct vq_state fresh = {};
	struct vmmio_stock_info *i;
	struct virtio_device *vdev = BPF_CORE_READ(vq, vdev);
	__u32 device = device_slot(vdev), slot;

	i = take_slot(&slot);
	if (!i)
		return -1;
	fresh.slot = slot;
	fresh.device = device;
	fresh.vq = key;
	fresh.packed = BPF_CORE_READ(ring, packed_ring);
	if (bpf_map_update_elem(&queues, &key, &fresh, BPF_NOEXIST))
		return 0;
	fill_device(i, vdev);
	i->info.slot = slot;
	i->info.dev_slot = device;
	i->info.gen = 1;
	i->info.queue = BPF_CORE_READ(vq, index);
	if (fresh.packed) {
		i->info.flags = VMMIO_SLOT_PACKED;
		i->info.ring_size = BPF_CORE_READ(ring, packed.vring.num);
	} else {
		i->info.ring_size = BPF_CORE_READ(ring, split.vring.num);
	}
	if (bpf_core_field_exists(vq->num_max))
		i->info.ring_max = BPF_CORE_READ(vq, num_max);
	bpf_probe_read_kernel_str(i->info.queue_name, sizeof(i->info.queue_name),
				  BPF_CORE_READ(vq, name));
	i->info.kind = VMMIO_SLOT_QUEUE;
	return 0;
}

/*
 * The loader reads the uevent file of each device: a call with the device in
 * hand, from which its queues are found before anything happens on them. So is
 * the event of its removal, when it has none left and must not come back.
 */
static __always_inline int learn_device(struct device *dev)
{
	struct virtio_device *vdev = (void *)dev - bpf_core_field_offset(struct virtio_device, dev);
	void *head = (void *)vdev + bpf_core_field_offset(struct virtio_device, vqs);
	struct list_head *p = BPF_CORE_READ(vdev, vqs.next);
	int i;

	for (i = 0; i < VMMIO_STOCK_QUEUES && p && (void *)p != head; i++) {
		__u64 vq = (__u64)p - bpf_core_field_offset(struct virtqueue, list);

		if (!bpf_map_lookup_elem(&queues, &vq))
			learn_queue(vq);
		p = BPF_CORE_READ(p, next);
	}
	return 0;
}

static __always_inline struct vq_state *state_of(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	struct vq_state *s = bpf_map_lookup_elem(&queues, &key);

	if (s)
		return s;
	learn_queue(key);
	s = bpf_map_lookup_elem(&queues, &key);
	if (!s)
		lost();
	return s;
}

static __always_inline __u16 avail_idx(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return BPF_CORE_READ(ring, split.avail_idx_shadow);
}

static __always_inline __u16 used_idx(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;

	return BPF_CORE_READ(ring, split.vring.used, idx);
}

#endif
