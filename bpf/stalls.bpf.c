// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads every virtqueue of a device when the loader reads an attribute of the device in sysfs: that
 * call has the device in hand, comes from the loader's process only, and runs before the attribute
 * could wait for a lock. The path of an I/O has one hook, at the doorbell: it counts the kicks and
 * stores the ring's position. A second hook, at the interrupt, is attached where a ring does not
 * show whether one came: without EVENT_IDX.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "stalls.h"
#define FLIGHT_WANTED true
#include "flight.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define FEATURE_EVENT_IDX 29
#define AVAIL_F_NO_INTERRUPT 1 /* of a split ring */
#define EVENT_DISABLE 1	       /* of a packed one */
#define EVENT_DESC 2
#define EVENT_WRAP (1 << 15)
#define PENDING 32 /* used buffers that are looked for in a packed ring */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VMMIO_STALL_QUEUES);
	__type(key, __u64);
	__type(value, struct vmmio_stall_kicks);
} kicked SEC(".maps");

__u64 asker = 0; /* process of the loader, as this kernel numbers it */
__u32 nsamples = 0;
__u32 unplaced = 0;	  /* queues for which there was no room */
bool irqs_hooked = false; /* vring_interrupt() is */
struct vmmio_stall_sample samples[VMMIO_STALL_DEVICE] = {};
struct vmmio_stall_binding binding = {};

/* Run by the loader: process numbers differ between namespaces. */
SEC("raw_tp") int whoami(void *ctx)
{
	asker = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* A position from a word of a packed ring's event structures. */
static __always_inline __u32 event_position(__u16 off_wrap, __u32 size)
{
	return off_wrap & EVENT_WRAP ? off_wrap & ~EVENT_WRAP : (off_wrap & ~EVENT_WRAP) + size;
}

static __always_inline __u32 avail_position(struct virtqueue *vq)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	struct virtio_device *vdev = BPF_CORE_READ(vq, vdev);

	if (BPF_CORE_READ(vdev, features) >> FEATURE_PACKED & 1)
		return packed_avail(vq, BPF_CORE_READ(ring, packed.vring.num));
	return BPF_CORE_READ(ring, split.avail_idx_shadow);
}

static __always_inline void look_split(struct virtqueue *vq, struct vmmio_stall_sample *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	struct vring_avail___f *avail = BPF_CORE_READ(ring, split.vring.avail);
	struct vring_used___f *used = BPF_CORE_READ(ring, split.vring.used);
	__u16 head[2] = {}, event = 0;
	int err;

	s->ring = BPF_CORE_READ(ring, split.vring.num);
	s->modulus = 1 << 16;
	/* read in this order: a used buffer has been available, a taken one used */
	s->seen = BPF_CORE_READ(ring, last_used_idx);
	err = bpf_probe_read_kernel(head, sizeof(head), used);
	s->device_flags = head[0];
	s->used = head[1];
	s->avail = BPF_CORE_READ(ring, split.avail_idx_shadow);
	/* the rings' entries are of 2 and of 8 bytes, behind two words each */
	err |= bpf_probe_read_kernel(&event, sizeof(event), (void *)avail + 4 + 2 * s->ring);
	s->driver_event = event;
	event = 0;
	err |= bpf_probe_read_kernel(&event, sizeof(event), (void *)used + 4 + 8 * s->ring);
	s->device_event = event;
	err |= bpf_probe_read_kernel(head, sizeof(head), avail);
	s->driver_flags = head[0];
	if (err)
		s->flags |= VMMIO_LOOK_UNREAD;
	if (BPF_CORE_READ(ring, split.avail_flags_shadow) & AVAIL_F_NO_INTERRUPT)
		s->flags |= VMMIO_LOOK_QUIET;
}

/* Steps over the buffers that the device has used and the driver has not taken. */
static __always_inline void look_used(struct virtqueue *vq, struct vmmio_stall_sample *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	struct vring_packed_desc___f *desc = BPF_CORE_READ(ring, packed.vring.desc);
	void *state = BPF_CORE_READ(ring, packed.desc_state);
	__u32 size = s->ring, at = s->seen, i;

	for (i = 0; i < PENDING; i++) {
		__u32 place = at < size ? at : at - size;
		struct vring_packed_desc___f *d = &desc[place];
		__u16 flags = 0, id = 0, num = 0;
		bool wrap = at < size;

		if (bpf_probe_read_kernel(&flags, sizeof(flags), &d->flags)) {
			s->flags |= VMMIO_LOOK_UNREAD;
			break;
		}
		if (!!(flags & PACKED_USED) != wrap || !!(flags & PACKED_AVAIL) != wrap)
			break;
		bpf_probe_read_kernel(&id, sizeof(id), &d->id);
		if (id < size)
			bpf_probe_read_kernel(
				&num, sizeof(num),
				state +
					id * bpf_core_type_size(
						     struct vring_desc_state_packed___f) +
					bpf_core_field_offset(struct vring_desc_state_packed___f,
							      num));
		/* an impossible number: the buffer is there all the same */
		if (!num || num > size)
			num = 1;
		at += num;
		if (at >= 2 * size)
			at -= 2 * size;
	}
	s->used = at;
	if (i == PENDING)
		s->flags |= VMMIO_LOOK_MORE;
}

/* What the positions do not tell: a buffer may take several descriptors. */
static __always_inline void look_flight(struct virtqueue *vq, struct vmmio_stall_sample *s)
{
	__u64 n = packed_flight((__u64)vq);

	s->flight = n;
	s->to_take = n >> 32;
	if (n != FLIGHT_UNKNOWN)
		s->flags |= VMMIO_LOOK_COUNTED;
}

static __always_inline void look_packed(struct virtqueue *vq, struct vmmio_stall_sample *s)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	__u16 device[2] = {}, driver[2] = {};

	s->ring = BPF_CORE_READ(ring, packed.vring.num);
	s->modulus = 2 * s->ring;
	s->seen = packed_taken(vq, s->ring);
	look_used(vq, s);
	s->avail = packed_avail(vq, s->ring);
	if (bpf_probe_read_kernel(device, sizeof(device),
				  BPF_CORE_READ(ring, packed.vring.device)) ||
	    bpf_probe_read_kernel(driver, sizeof(driver), BPF_CORE_READ(ring, packed.vring.driver)))
		s->flags |= VMMIO_LOOK_UNREAD;
	s->device_event = event_position(device[0], s->ring);
	s->device_flags = device[1];
	s->driver_event = event_position(driver[0], s->ring);
	s->driver_flags = driver[1];
	if (BPF_CORE_READ(ring, packed.event_flags_shadow) == EVENT_DISABLE)
		s->flags |= VMMIO_LOOK_QUIET;
	look_flight(vq, s);
}

static __always_inline void look_kicks(__u64 key, struct vmmio_stall_sample *s)
{
	struct vmmio_stall_kicks first = {.avail = s->avail}, *k;
	bool knows = s->flags & VMMIO_LOOK_EVENT && s->flags & VMMIO_LOOK_KNOWS;

	s->irqs = 0;
	s->seen_at_irq = 0;
	k = bpf_map_lookup_elem(&kicked, &key);
	if (k && irqs_hooked && !knows) {
		/* only later kicks and interrupts are seen: the first look has none */
		if (k->counts_irqs)
			s->flags |= VMMIO_LOOK_IRQS;
		k->counts_irqs = 1;
		s->irqs = k->irqs;
		s->seen_at_irq = k->seen_at_irq;
	}
	if (k) {
		s->kicks = k->kicks;
		s->kick_ns = k->ns;
		s->avail_at_kick = k->avail;
		return;
	}
	s->kicks = 0;
	s->kick_ns = 0;
	s->avail_at_kick = s->avail;
	if (bpf_map_update_elem(&kicked, &key, &first, BPF_NOEXIST))
		unplaced++;
}

/* Global: the verifier checks it once, not once in each turn of the walk. */
__noinline int look(__u64 key)
{
	struct virtqueue *vq = (void *)key;
	struct vring_virtqueue___f *ring = (void *)vq;
	struct virtio_device *vdev = BPF_CORE_READ(vq, vdev);
	struct vmmio_stall_sample *s;

	if (nsamples >= VMMIO_STALL_DEVICE) {
		unplaced++;
		return 0;
	}
	s = &samples[nsamples & (VMMIO_STALL_DEVICE - 1)];
	s->flags = 0;
	s->time_ns = bpf_ktime_get_ns();
	s->vq = key;
	s->features = BPF_CORE_READ(vdev, features);
	s->device_id = BPF_CORE_READ(vdev, id.device);
	s->index = BPF_CORE_READ(vq, index);
	s->name[0] = 0;
	bpf_probe_read_kernel_str(s->name, sizeof(s->name), BPF_CORE_READ(vq, name));
	if (BPF_CORE_READ(vq, callback))
		s->flags |= VMMIO_LOOK_CALLBACK;
	if (BPF_CORE_READ(ring, broken))
		s->flags |= VMMIO_LOOK_BROKEN;
	if (BPF_CORE_READ(ring, event))
		s->flags |= VMMIO_LOOK_EVENT;
	s->added = BPF_CORE_READ(ring, num_added);
	if (bpf_core_field_exists(ring->event_triggered)) {
		s->flags |= VMMIO_LOOK_KNOWS;
		if (BPF_CORE_READ(ring, event_triggered))
			s->flags |= VMMIO_LOOK_TRIGGERED;
	}
	if (s->features >> FEATURE_PACKED & 1) {
		s->flags |= VMMIO_LOOK_PACKED;
		look_packed(vq, s);
	} else {
		look_split(vq, s);
	}
	s->busy = s->ring - BPF_CORE_READ(vq, num_free);
	look_kicks(key, s);
	nsamples++;
	return 0;
}

/* Private to the kernel; with PREEMPT_RT it has no owner here. */
struct mutex___f {
	struct {
		long counter;
	} owner;
} FLAVOUR;

/* The state of the driver core for the device, and the thread that holds its lock. */
static __always_inline void look_binding(struct device *dev)
{
	struct mutex___f *lock = (void *)dev + bpf_core_field_offset(struct device, mutex);
	struct task_struct *task = NULL;

	binding.state = BPF_CORE_READ(dev, links.status);
	binding.holder = 0;
	binding.comm[0] = 0;
	if (bpf_core_field_exists(lock->owner))
		task = (void *)(BPF_CORE_READ(lock, owner.counter) & ~7ul); /* flags below */
	if (!task)
		return;
	binding.holder = BPF_CORE_READ(task, pid);
	bpf_probe_read_kernel_str(binding.comm, sizeof(binding.comm), task->comm);
}

/*
 * The list is not locked: a driver may be creating or deleting queues. After an entry that is no
 * queue of the device the rest is lost.
 */
static __always_inline int look_device(struct device *dev)
{
	struct virtio_device *vdev = (void *)dev - bpf_core_field_offset(struct virtio_device, dev);
	void *head = (void *)vdev + bpf_core_field_offset(struct virtio_device, vqs);
	struct virtqueue *vq;
	struct list_head *p;
	int i;

	look_binding(dev);
	binding.key = (__u64)vdev;
	p = BPF_CORE_READ(vdev, vqs.next);
	for (i = 0; i < VMMIO_STALL_DEVICE && p && (void *)p != head; i++) {
		vq = (void *)p - bpf_core_field_offset(struct virtqueue, list);
		if (BPF_CORE_READ(vq, vdev) != vdev)
			break;
		look((__u64)vq);
		p = BPF_CORE_READ(p, next);
	}
	return 0;
}

static __always_inline int shown(struct kobject *kobj)
{
	if (bpf_get_current_pid_tgid() >> 32 != asker)
		return 0;
	return look_device((void *)kobj - bpf_core_field_offset(struct device, kobj));
}

/* On the path of an I/O: tells the device of all buffers made available so far. */
static __always_inline int kick(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	struct vmmio_stall_kicks *k = bpf_map_lookup_elem(&kicked, &key);

	if (!k)
		return 0; /* not looked at yet */
	k->avail = avail_position(vq);
	k->ns = bpf_ktime_get_ns();
	__sync_fetch_and_add(&k->kicks, 1);
	return 0;
}

/* Is a used buffer not taken back by the driver? @seen gets its position. */
static __always_inline bool more_used(struct virtqueue *vq, __u32 *seen)
{
	struct vring_virtqueue___f *ring = (void *)vq;
	struct vring_packed_desc___f *desc;
	__u32 size;
	__u16 flags = 0;
	bool wrap;

	if (!(BPF_CORE_READ(vq, vdev, features) >> FEATURE_PACKED & 1)) {
		*seen = BPF_CORE_READ(ring, last_used_idx);
		return *seen != BPF_CORE_READ(ring, split.vring.used, idx);
	}
	size = BPF_CORE_READ(ring, packed.vring.num);
	*seen = packed_taken(vq, size);
	wrap = *seen < size;
	desc = BPF_CORE_READ(ring, packed.vring.desc) + (wrap ? *seen : *seen - size);
	bpf_probe_read_kernel(&flags, sizeof(flags), &desc->flags);
	return !!(flags & PACKED_USED) == wrap && !!(flags & PACKED_AVAIL) == wrap;
}

/* Runs before the driver's callback. */
static __always_inline int interrupt(struct virtqueue *vq)
{
	__u64 key = (__u64)vq;
	struct vmmio_stall_kicks *k = bpf_map_lookup_elem(&kicked, &key);
	__u32 seen;

	if (!k || !k->counts_irqs || !more_used(vq, &seen))
		return 0;
	k->seen_at_irq = seen;
	k->irqs++;
	return 0;
}

/* Both flavours of a hook; see stock.bpf.c. */
#define KPROBE(name, function, type, call)                                   \
	SEC("kprobe/" #function) int BPF_KPROBE(kp_##name, struct type *arg) \
	{                                                                    \
		return call(arg);                                            \
	}
#define HOOK(name, function, type, call)                                   \
	SEC("fentry/" #function) int BPF_PROG(fe_##name, struct type *arg) \
	{                                                                  \
		return call(arg);                                          \
	}                                                                  \
	KPROBE(name, function, type, call)

SEC("fentry/vring_interrupt") int BPF_PROG(fe_interrupt, int irq, void *vq)
{
	return interrupt(vq);
}

SEC("kprobe/vring_interrupt") int BPF_KPROBE(kp_interrupt, int irq, void *vq)
{
	return interrupt(vq);
}

HOOK(shown, dev_attr_show, kobject, shown)
HOOK(vm, vm_notify, virtqueue, kick)
HOOK(vm_data, vm_notify_with_data, virtqueue, kick)
HOOK(vp, vp_notify, virtqueue, kick)
HOOK(vp_data, vp_notify_with_data, virtqueue, kick)
/* ours: no kernel has its types */
KPROBE(ours_mmio, kick_mmio, virtqueue, kick)
KPROBE(ours_pci, kick_pci, virtqueue, kick)
KPROBE(ours_pci_io, kick_pci_io, virtqueue, kick)
KPROBE(ours_data, kick_data, virtqueue, kick)
