/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is who among virtqueues: the slots that stock.bpf.c gives out, and the
 * state it keeps of a queue and of a CPU. Nothing is counted here.
 *
 * An event has a pointer. Its slot is guessed from a table by a hash of the
 * pointer, and the guess is right if that slot's state has the pointer: no map
 * is asked on the way. Behind a wrong guess is a map that knows.
 * Long because how a slot is found, given out and given back belong together.
 */
#ifndef VMMIO_BPF_STOCK_QUEUES_H
#define VMMIO_BPF_STOCK_QUEUES_H

/* Of one CPU: what an exit hook needs of its entry. */
struct cpu_scratch {
	__u64 kick_vq, kick_t0, kick_irqs;
	__u64 vring_vq;
	__u32 vring_irq;
	__u32 kick_slot;
	__u64 run_vdev; /* whose handler is running, 0: none */
	__u32 run_mode; /* enum vmmio_irq_mode */
	__u32 run_irq;
	__u64 pair_t0;
	__u64 got_vq, got_data; /* last buffer taken back, see got_buf() */
	__u64 whole_vq;		/* in virtqueue_kick(), see kick_does */
	__u64 irqs;		/* taken so far, see stock_irqs.bpf.h */
};

/* By the address of a virtqueue or virtio device. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VMMIO_STOCK_SLOTS);
	__type(key, __u64);
	__type(value, __u32);
} owners SEC(".maps");

/* Slots that are nobody's; the loader fills it. First in, first out: a slot is
 * given out again as late as can be. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, VMMIO_STOCK_SLOTS);
	__uint(key_size, 0);
	__uint(value_size, sizeof(__u32));
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VMMIO_STOCK_SLOTS);
	__type(key, __u32);
	__type(value, struct vmmio_stock_info);
} infos SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_scratch);
} scratches SEC(".maps");

/* Set between open and load: requests of queues that the device drives are timed, too. */
const volatile bool opt_device_driven = false;
/* Buffers are wanted by what the indices are at looks, a split ring's. */
const volatile bool opt_looks = false;

struct vmmio_stock_state states[VMMIO_STOCK_SLOTS] = {};
__u32 mainline_seen = 0;   /* devices of mainline's transports learnt so far */
__u32 queues_unplaced = 0; /* times that a queue was met and there was no slot */
__u32 packed_seen = 0;	   /* packed rings of our own driver's */
__u32 look = 0;		   /* the loader's, who counts them */

#define QUEUES_TURN 16 /* of a device, learnt at once: the verifier goes through each */
#define GUESSES (4 * VMMIO_STOCK_SLOTS)
__u16 guesses[GUESSES] = {};

static __always_inline struct cpu_scratch *scratch(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline struct vmmio_stock_state *state_at(__u32 slot)
{
	return &states[slot & (VMMIO_STOCK_SLOTS - 1)];
}

/*
 * By the low half of the address, which the verifier takes for a number even
 * where it has a type for the pointer. Allocations of one size lie a multiple
 * of it apart: a multiplier spreads them.
 */
static __always_inline __u16 *guess_of(__u64 key)
{
	__u32 low;

	asm volatile("%0 = %1" : "=w"(low) : "w"((__u32)key));
	return &guesses[low * 0x9e3779b1u >> 20 & (GUESSES - 1)];
}

__noinline __u32 packed_now(__u32 slot, bool pending)
{
	const struct vmmio_stock_state *s = state_at(slot);
	struct virtqueue *vq = (void *)s->key;
	struct vring_virtqueue___f *ring = (void *)vq;
	__u32 size = s->ring, seen = packed_taken(vq, size), flight;
	bool wrap = seen < size;
	__u64 now = s->avail;
	__u16 flags = 0, used;

	flight = packed_ahead((__u32)now, seen, size);
	/* what was added and used since the count was brought forward */
	if (flight > size)
		flight -= 2 * size;
	used = (now >> 32) - flight;
	if (pending) {
		bpf_probe_read_kernel(
			&flags, sizeof(flags),
			&BPF_CORE_READ(ring, packed.vring.desc)[wrap ? seen : seen - size].flags);
		if (!!(flags & PACKED_USED) == wrap && !!(flags & PACKED_AVAIL) == wrap)
			used++;
	}
	return (__u32)used << 16 | (__u16)(now >> 32);
}

static __always_inline bool is_prefix(const char *name, const char *prefix, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (name[i] != prefix[i])
			return false;
	return true;
}

static __always_inline void fill_device(struct vmmio_stock_info *i, struct virtio_device *vdev)
{
	struct device *parent = BPF_CORE_READ(vdev, dev.parent);

	i->info.irq = 0;
	i->info.irq_mode = 0;
	i->info.flags = 0;
	i->info.queue = 0;
	i->info.ring_size = 0;
	i->info.ring_max = 0;
	i->info.queue_name[0] = 0;
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

/*
 * Takes a slot for @key, its state empty and of a new generation, its info not
 * valid yet. NULL: none is left.
 */
static __always_inline struct vmmio_stock_info *take_slot(__u32 *slot)
{
	struct vmmio_stock_state *s;
	__u32 gen;

	if (bpf_map_pop_elem(&free_slots, slot))
		return NULL;
	s = state_at(*slot);
	gen = s->gen;
	__builtin_memset(s, 0, sizeof(*s));
	s->gen = gen + 1;
	s->slot = *slot;
	hists_clear(*slot);
	return bpf_map_lookup_elem(&infos, slot);
}

/* Whoever is first owns @key: true if that is @slot. */
static __always_inline bool own_slot(__u64 key, __u32 slot, struct vmmio_stock_info *i,
				     enum vmmio_slot_kind kind)
{
	struct vmmio_stock_state *s = state_at(slot);

	if (bpf_map_update_elem(&owners, &key, &slot, BPF_NOEXIST)) {
		bpf_map_push_elem(&free_slots, &slot, 0);
		return false;
	}
	i->info.slot = slot;
	i->info.dev_slot = s->device;
	i->info.gen = s->gen;
	i->info.kind = kind;
	s->key = key;
	return true;
}

/* A pointer with a type as the number that functions of their own take: read back. */
static __always_inline __u64 number_of(__u64 key)
{
	__u64 number = 0;

	bpf_probe_read_kernel(&number, sizeof(number), &key);
	return number;
}

static __always_inline int slot_known(__u64 *key)
{
	__u32 *known = bpf_map_lookup_elem(&owners, key);

	if (!known)
		return -1;
	*guess_of(*key) = *known;
	return *known;
}

/*
 * Slot of a device, -1 if there is none to give. Global, as those below: the
 * verifier looks at each once.
 */
__noinline int learn_vdev(__u64 key)
{
	struct vmmio_stock_info *i;
	struct vmmio_stock_state *s;
	int known = slot_known(&key);
	__u32 slot;

	if (known >= 0)
		return known;
	i = take_slot(&slot);
	if (!i)
		return -1;
	s = state_at(slot);
	s->device = slot;
	s->name = (__u64)BPF_CORE_READ((struct virtio_device *)key, dev.kobj.name);
	fill_device(i, (void *)key);
	s->ours = is_prefix(i->bus_driver, "vmmio-", 6);
	if (!s->ours)
		mainline_seen++;
	return own_slot(key, slot, i, VMMIO_SLOT_DEVICE) ? slot : slot_known(&key);
}

/* The same for a virtqueue. */
__noinline int learn_queue(__u64 key)
{
	struct virtqueue *vq = (void *)key;
	struct vring_virtqueue___f *ring = (void *)vq;
	struct virtio_device *vdev;
	struct vmmio_stock_info *i;
	struct vmmio_stock_state *s;
	int known = slot_known(&key), device;
	__u32 slot;

	if (known >= 0)
		return known;
	vdev = BPF_CORE_READ(vq, vdev);
	device = learn_vdev((__u64)vdev);
	if (device < 0)
		return -1;
	i = take_slot(&slot);
	if (!i)
		return -1;
	s = state_at(slot);
	s->device = device;
	fill_device(i, vdev);
	s->ours = is_prefix(i->bus_driver, "vmmio-", 6);
	s->packed = i->info.features >> FEATURE_PACKED & 1;
	i->info.queue = BPF_CORE_READ(vq, index);
	if (s->packed) {
		i->info.flags = VMMIO_SLOT_PACKED;
		s->ring = BPF_CORE_READ(ring, packed.vring.num);
		i->info.ring_size = s->ring;
		s->avail = packed_avail(vq, s->ring);
		s->cookies = (__u64)BPF_CORE_READ(ring, packed.desc_state);
	} else {
		i->info.ring_size = BPF_CORE_READ(ring, split.vring.num);
		split_placed(vq, s, i->info.ring_size);
	}
	if (bpf_core_field_exists(vq->num_max))
		i->info.ring_max = BPF_CORE_READ(vq, num_max);
	bpf_probe_read_kernel_str(i->info.queue_name, sizeof(i->info.queue_name),
				  BPF_CORE_READ(vq, name));
	s->untracked = !opt_device_driven &&
		       vmmio_queue_driven(i->info.device_id, i->info.queue, i->info.queue_name);
	if (!own_slot(key, slot, i, VMMIO_SLOT_QUEUE))
		return slot_known(&key);
	if (s->ours)
		s->sampled = 0xffff; /* its own indices tell */
	if (s->ours && s->packed)
		packed_seen++;
	__sync_fetch_and_add(&state_at(device)->queues, 1);
	return slot;
}

/*
 * A queue met before its first event: what comes is counted from here. Global for the
 * walk below: with this in each of its turns, the verifier of 7.3 gives up on it.
 */
__noinline int meet_queue(__u64 vq)
{
	int slot = learn_queue(vq);
	struct vmmio_stock_state *s = state_at(slot);

	if (slot < 0)
		__sync_fetch_and_add(&queues_unplaced, 1);
	if (slot < 0)
		return 0;
	ring_look((void *)vq, s, look);
	if (s->kicked || s->interrupted)
		return 0;
	ring_indices((void *)vq, s, &s->avail_prev, &s->used_prev);
	s->kicked = 1;
	s->interrupted = 1;
	return 0;
}

/*
 * A ring that was reset starts again at 0, maybe with another size: what its indices
 * were says nothing of what they are.
 */
static __always_inline int ring_again(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u64 key = (__u64)vq;
	int known = slot_known(&key);
	struct vmmio_stock_info *i;
	struct vmmio_stock_state *s;
	__u32 slot, size;

	if (known < 0)
		return 0;
	slot = known;
	s = state_at(slot);
	i = bpf_map_lookup_elem(&infos, &slot);
	if (s->packed) {
		size = s->ring = BPF_CORE_READ(ring, packed.vring.num);
		s->cookies = (__u64)BPF_CORE_READ(ring, packed.desc_state);
	} else {
		size = BPF_CORE_READ(ring, split.vring.num);
	}
	if (!s->packed) {
		split_placed(vq, s, size);
		split_again(s);
	}
	if (i)
		i->info.ring_size = size;
	s->met = 0;
	s->t0 = 0;
	s->kicked = 0;
	s->interrupted = 0;
	if (s->packed)
		s->avail = (s->avail >> 32) << 32 | packed_avail(vq, size);
	return 0;
}

/*
 * Called before the ring is reset, where the driver does not use it: it is not looked at before
 * its end, as its memory goes.
 */
static __always_inline int ring_ends(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	int slot = slot_known(&key);
	struct vmmio_stock_state *s;

	if (slot < 0)
		return 0;
	s = state_at(slot);
	if (opt_looks && !s->packed && !s->again)
		split_sample(vq, s);
	s->again = 1;
	return 0;
}

/* The same where its end will not be seen. */
static __always_inline int ring_starts_again(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	int slot = slot_known(&key);
	struct vmmio_stock_state *s;

	if (slot < 0)
		return 0;
	s = state_at(slot);
	ring_ends(vq);
	s->met = 0;
	s->t0 = 0;
	s->kicked = 0;
	s->interrupted = 0;
	return 0;
}

/* At that end. A split ring whose index is not 0 was not reset: that was refused, or no change. */
static __always_inline int ring_returns(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u64 key = (__u64)vq;
	int slot = slot_known(&key);
	struct vmmio_stock_state *s;

	if (slot < 0)
		return 0;
	s = state_at(slot);
	s->again = 0;
	if (!s->packed && BPF_CORE_READ(ring, split.avail_idx_shadow))
		return 0;
	return ring_again(vq);
}

/* Some of a device's queues, from @p of its list on; where the others are, 0: there are none. */
__noinline __u64 learn_some(__u64 vdev, __u64 p)
{
	__u64 head = vdev + bpf_core_field_offset(struct virtio_device, vqs);
	int i;

	for (i = 0; i < QUEUES_TURN; i++) {
		struct virtqueue *vq = (void *)p - bpf_core_field_offset(struct virtqueue, list);

		if (!p || p == head || (__u64)BPF_CORE_READ(vq, vdev) != vdev)
			return 0;
		meet_queue((__u64)vq);
		p = (__u64)BPF_CORE_READ((struct list_head *)p, next);
	}
	return p;
}

/*
 * A device that has queues: found before anything happens on them. The kernel announces
 * one that is bound with the device in hand, and one that goes, which has no queues left
 * and must not come back. Nobody is kept from the list meanwhile: behind one that is no
 * queue of the device is nothing to be had.
 */
static __always_inline int learn_device(struct device *dev)
{
	struct virtio_device *vdev = (void *)dev - bpf_core_field_offset(struct virtio_device, dev);
	__u64 key = number_of((__u64)vdev), p = (__u64)BPF_CORE_READ(vdev, vqs.next);
	int i;

	for (i = 0; i < VMMIO_STOCK_QUEUES / QUEUES_TURN && p; i++)
		p = learn_some(key, p);
	return 0;
}

/*
 * Those that were there before: the loader reads an attribute of each device in sysfs,
 * which comes by here with the device in hand before it could wait for a lock.
 */
static __always_inline int learn_shown(struct kobject *kobj)
{
	struct device *dev = (void *)kobj - bpf_core_field_offset(struct device, kobj);
	char bus[8] = {};

	bpf_probe_read_kernel_str(bus, sizeof(bus), BPF_CORE_READ(dev, bus, name));
	return is_prefix(bus, "virtio", 7) ? learn_device(dev) : 0;
}

static __always_inline int slot_guessed(__u64 key)
{
	__u32 slot = *guess_of(key);

	return state_at(slot)->key == key ? slot : -1;
}

/*
 * What the guess does not tell: seldom, and so in a function of its own, which keeps
 * no register busy in those that call it.
 */
__noinline int slot_behind(__u64 key)
{
	int slot = slot_known(&key);

	if (slot < 0)
		slot = learn_queue(key);
	if (slot < 0)
		lost();
	return slot;
}

/* State of an event's queue; NULL: it has no slot, and the event is lost. */
static __always_inline struct vmmio_stock_state *state_of(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	struct vmmio_stock_state *s = state_at(*guess_of(key));
	int slot;

	if (s->key == key)
		return s;
	slot = slot_behind(number_of(key));
	return slot < 0 ? NULL : state_at(slot);
}

/* The same by its slot, -1: none. */
static __always_inline int slot_of(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	int slot = slot_guessed(key);

	return slot >= 0 ? slot : slot_behind(number_of(key));
}

__noinline int device_behind(__u64 vdev)
{
	return slot_known(&vdev);
}

/*
 * The same of a device, which is learnt with its queues only: an interrupt can
 * come after the last of them is gone, and its slot would never be given back.
 */
static __always_inline struct vmmio_stock_state *device_of(struct virtio_device *vdev)
{
	__u64 key = (__u64)vdev;
	struct vmmio_stock_state *d = state_at(*guess_of(key));
	int slot;

	if (d->key == key)
		return d;
	slot = device_behind(number_of(key));
	return slot < 0 ? NULL : state_at(slot);
}

/* Only one of those who see it go gives its slot back. */
static __always_inline void drop_slot(__u32 slot)
{
	struct vmmio_stock_state *s = state_at(slot);
	struct vmmio_stock_info *i = bpf_map_lookup_elem(&infos, &slot);
	__u64 key = s->key;

	if (bpf_map_delete_elem(&owners, &key))
		return;
	s->key = 0;
	if (i)
		i->info.kind = VMMIO_SLOT_FREE;
	bpf_map_push_elem(&free_slots, &slot, 0);
}

/* A device goes with the last of its queues. */
static __always_inline int queue_gone(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	int slot = slot_known(&key);
	__u32 device;

	if (slot < 0)
		return 0;
	device = state_at(slot)->device;
	drop_slot(slot);
	__sync_fetch_and_add(&state_at(device)->queues, -1);
	if (!state_at(device)->queues)
		drop_slot(device);
	return 0;
}

#endif
