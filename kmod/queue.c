// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtqueue's life on either transport: set-up, kick, reset, teardown. virtio_ring owns the ring,
 * regs/ the register sequences.
 */
#include <linux/slab.h>
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_ids.h>
#include <vmmio/devices.h>
#include "compat.h"
#include "events.h"

noinline void vmmio_index_leapt(const struct vmmio_queue *q, u16 delta)
{
	dev_warn_ratelimited(
		q->vd->parent,
		"queue %u: %u buffers with hardly a kick or an interrupt: their count may "
		"be short by 65536\n",
		q->index, delta);
}

noinline void vmmio_observe_turn(const struct vmmio_queue *q, atomic64_t *seen,
				 const __virtio16 *from)
{
	u16 idx, prev;

	vmmio_observe(q, seen, from, &idx, &prev);
}

static noinline bool kick_turned(struct vmmio_queue *q, u32 value, enum vmmio_space space,
				 unsigned int width)
{
	vmmio_observe_turn(q, &q->avail_seen, q->avail_idx);
	vmmio_raw_write(q->doorbell, space, width, value);
	return true;
}

/* The doorbell write: 16 bits on PCI, 32 on MMIO and with NOTIFICATION_DATA. */
static __always_inline bool kick(struct virtqueue *vq, u32 value, enum vmmio_space space,
				 unsigned int width)
{
	struct vmmio_queue *q = vq->priv;

	vmmio_count(q->counts, kicks);
	if (vmmio_tracing())
		return vmmio_kick_traced(q, value, space, width);
	if (unlikely(vmmio_index_turned(q, &q->avail_seen, q->avail_idx)))
		return kick_turned(q, value, space, width);
	vmmio_raw_write(q->doorbell, space, width, value);
	return true;
}

static bool kick_mmio(struct virtqueue *vq)
{
	return kick(vq, vq->index, VMMIO_SPACE_MEMORY, 4);
}

static bool kick_pci(struct virtqueue *vq)
{
	return kick(vq, vq->index, VMMIO_SPACE_MEMORY, 2);
}

static bool kick_pci_io(struct virtqueue *vq)
{
	return kick(vq, vq->index, VMMIO_SPACE_BAR, 2);
}

/* 4.1.5.2, 4.2.3.3, 2.9: queue index, and where the next buffer will be. */
static bool kick_data(struct virtqueue *vq)
{
	u32 value;

#ifdef VMMIO_HAVE_NOTIFICATION_DATA
	value = vring_notification_data(vq);
#else
	struct vmmio_queue *q = vq->priv;

	value = vmmio_notification_data(vq->index, vmmio_index(q, q->avail_idx));
#endif
	return kick(vq, value, VMMIO_SPACE_BAR, 4);
}

static bool (*kick_of(struct vmmio_device *vd))(struct virtqueue *vq)
{
	if (__virtio_test_bit(&vd->vdev, VIRTIO_F_NOTIFICATION_DATA))
		return kick_data;
	if (vd->transport->id != VMMIO_TRANSPORT_PCI)
		return kick_mmio;
	return vd->doorbells_in_memory ? kick_pci : kick_pci_io;
}

/* The smallest ring a driver of this type can make progress with. */
static unsigned int vmmio_queue_size_min(struct vmmio_device *vd)
{
	struct virtio_device *vdev = &vd->vdev;
	u32 seg_max;

	if (vdev->id.device != VIRTIO_ID_BLOCK ||
	    __virtio_test_bit(vdev, VIRTIO_RING_F_INDIRECT_DESC) ||
	    !__virtio_test_bit(vdev, VIRTIO_BLK_F_SEG_MAX))
		return vmmio_device_least_ring(vdev->id.device);
	/* a descriptor per segment and two more */
	virtio_cread_le(vdev, struct virtio_blk_config, seg_max, &seg_max);
	return min(seg_max, VMMIO_QUEUE_SIZE_LIMIT - 2) + 2;
}

static int queue_start(struct vmmio_queue *q)
{
	struct vmmio_device *vd = q->vd;
	struct virtqueue *vq = q->vq;
	struct vmmio_queue_setup setup = {
		.desc = virtqueue_get_desc_addr(vq),
		.driver = virtqueue_get_avail_addr(vq),
		.device = virtqueue_get_used_addr(vq),
		.size = virtqueue_get_vring_size(vq),
		.vector = q->vector,
	};
	void __iomem *doorbell;
	int err;

	err = vd->regs.protocol->queue_start(&vd->regs, q->index, &setup);
	if (err)
		return err;
	doorbell = vd->transport->doorbell(vd, q->index, setup.notify_off);
	if (!doorbell) {
		dev_err(vd->parent,
			"queue %u: doorbell offset %u is unaligned or outside the notification "
			"structure\n",
			q->index, setup.notify_off);
		return -EINVAL;
	}
	q->doorbell = doorbell; /* a queue that had a doorbell keeps it: it may still be rung */
	return 0;
}

static void queue_enable(struct vmmio_queue *q)
{
	struct vmmio_device *vd = q->vd;

	if (vd->regs.protocol->queue_enable)
		vd->regs.protocol->queue_enable(&vd->regs, q->index);
	q->enabled = true;
	if (vd->driver_ok)
		/*
		 * everything that handlers use is set up: pairs with smp_load_acquire() in
		 * is_live()
		 */
		smp_store_release(&q->live, true);
}

/* From now on interrupts reach the queues' callbacks; the caller replays missed ones. */
void vmmio_queues_go_live(struct vmmio_device *vd)
{
	unsigned int i;

	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i] && vd->queues[i]->enabled)
			/* as in queue_enable() */
			smp_store_release(&vd->queues[i]->live, true);
}

/* The opposite. A running handler may still see a queue live; no nudge does after this returns. */
void vmmio_queues_halt(struct vmmio_device *vd)
{
	unsigned int i;

	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i])
			WRITE_ONCE(vd->queues[i]->live, false);
	vmmio_slots_settle();
}

static void queue_stop(struct vmmio_queue *q)
{
	struct vmmio_device *vd = q->vd;

	q->enabled = false;
	WRITE_ONCE(q->live, false);
	/* a device that ignored a reset is not waited for again, queue by queue */
	if (vd->regs.protocol->queue_stop(&vd->regs, q->index) && !vd->wedged) {
		/* its memory is about to be reused */
		dev_err(vd->parent, "queue %u does not stop, resetting the device\n", q->index);
		vmmio_device_reset(vd);
	}
}

/*
 * A device that ignored its reset keeps its ring: that memory is never freed. The virtqueue stays
 * in its device's list, hence the reference.
 */
static void queue_free(struct vmmio_queue *q)
{
	struct vmmio_device *vd = q->vd;

	vmmio_slot_drop_queue(q);
	if (vd->wedged) {
		dev_err(vd->parent, "queue %u: its ring of %u entries is kept for good\n", q->index,
			virtqueue_get_vring_size(q->vq));
		q->vq->priv = NULL;
		get_device(&vd->vdev.dev);
	} else {
		vring_del_virtqueue(q->vq);
	}
	free_percpu(q->counts);
	kfree(q->affinity);
	kfree(q);
}

static struct vmmio_queue *queue_create(struct vmmio_device *vd, unsigned int index,
					const struct vmmio_vq_request *req, u16 vector)
{
	bool split = !__virtio_test_bit(&vd->vdev, VIRTIO_F_RING_PACKED);
	/* version 1 names the parts by one page number: that page is the alignment */
	unsigned int align = vd->regs.page_size ?: PAGE_SIZE;
	struct vmmio_queue *q;
	u16 max, size;
	int err;

	err = vd->regs.protocol->queue_probe(&vd->regs, index, &max);
	if (err)
		return ERR_PTR(err);
	err = vmmio_queue_size_pick(max, vd->options.queue_size, split, &size);
	if (err)
		return ERR_PTR(err);
	/* a device whose limit is that low is served as it is */
	if (vd->options.queue_size && size < max && size < vmmio_queue_size_min(vd) &&
	    !vd->options.force) {
		dev_err(vd->parent, "queue_size=%u can hang this device: at least %u, or force=1\n",
			size, vmmio_queue_size_min(vd));
		return ERR_PTR(-EINVAL);
	}

	q = kzalloc(sizeof(*q), GFP_KERNEL);
	if (!q)
		return ERR_PTR(-ENOMEM);
	q->counts = alloc_percpu(struct vmmio_queue_counts);
	if (!q->counts) {
		err = -ENOMEM;
		goto err_free;
	}
	vmmio_counts_init(q->counts);
	q->vd = vd;
	q->index = index;
	q->ring_max = max;
	q->vector = vector;
	q->dedicated = vd->irq_mode == VMMIO_IRQ_MSIX;
	q->device_driven = vmmio_queue_driven(vd->vdev.id.device, index, req->name);
	raw_spin_lock_init(&q->pairing.lock);
	INIT_LIST_HEAD(&q->overflow);

	q->vq = vring_create_virtqueue(index, size, align, &vd->vdev, true, true, req->ctx,
				       kick_of(vd), req->callback, req->name);
	if (!q->vq) {
		err = -ENOMEM;
		goto err_counts;
	}
	q->vq->priv = q;
#ifdef VMMIO_HAVE_NUM_MAX
	q->vq->num_max = max;
#endif
	vmmio_slot_take_queue(q);
	vmmio_slot_set_ring(q, split ? virtqueue_get_vring(q->vq) : NULL);
	err = queue_start(q);
	if (err)
		goto err_stop;
	vmmio_slot_update_queue(q);
	vmmio_trace_vq_setup(q);
	return q;

err_stop:
	queue_stop(q);
	queue_free(q);
	return ERR_PTR(err);
err_counts:
	free_percpu(q->counts);
err_free:
	kfree(q);
	return ERR_PTR(err);
}

static int queues_try(struct vmmio_device *vd, unsigned int nvqs, struct virtqueue *vqs[],
		      const struct vmmio_vq_request *req, struct irq_affinity *desc)
{
	unsigned int i, index = 0;
	u16 next_vector = 1;
	int err;

	err = vd->transport->irqs_request(vd, nvqs, req, desc);
	if (err)
		return err;
	for (i = 0; i < nvqs; i++) {
		u16 vector = VMMIO_NO_VECTOR;
		struct vmmio_queue *q;

		vqs[i] = NULL;
		if (!req[i].name)
			continue;
		if (req[i].callback && vd->irq_mode == VMMIO_IRQ_MSIX)
			vector = next_vector++;
		else if (req[i].callback && vd->irq_mode == VMMIO_IRQ_MSIX_SHARED)
			vector = 1;
		q = queue_create(vd, index++, &req[i], vector);
		if (IS_ERR(q))
			return PTR_ERR(q);
		vqs[i] = q->vq;
		vd->queues[i] = q;
		vd->scan[vd->nscan++] = q;
	}
	err = vd->transport->irqs_enable(vd);
	if (err)
		return err;
	/* last, when no other wiring will be tried: a PCI queue is not disabled again */
	for (i = 0; i < nvqs; i++)
		if (vd->queues[i])
			queue_enable(vd->queues[i]);
	return 0;
}

/* The CPU of affinity=; a queue without its own vector has none. */
static void apply_affinity(struct vmmio_device *vd)
{
	unsigned int i, n;

	for (n = 0; n < vd->options.affinities; n++) {
		u16 index = vd->options.affinity[n].queue;
		bool done = false;

		for (i = 0; i < vd->nqueues; i++) {
			struct vmmio_queue *q = vd->queues[i];

			if (!q || q->index != index || q->vector == VMMIO_NO_VECTOR ||
			    !q->dedicated)
				continue;
			done = !irq_set_affinity_hint(vd->transport->queue_irq(q),
						      cpumask_of(vd->options.affinity[n].cpu));
			q->pinned = done;
		}
		if (!done)
			dev_warn(vd->parent, "affinity=%u:%u has no vector to apply to\n", index,
				 vd->options.affinity[n].cpu);
	}
}

/*
 * Creates all queues of a device with their interrupts, in the best possible wiring. Any error
 * leads to the next simpler wiring: a vector that the device refuses, but also missing memory, of
 * which the next takes less. On failure nothing is left.
 */
int vmmio_queues_create(struct vmmio_device *vd, unsigned int nvqs, struct virtqueue *vqs[],
			const struct vmmio_vq_request *req, struct irq_affinity *desc)
{
	int err;

	if (vd->wedged) {
		dev_err(vd->parent, "no queues for a device that does not reset\n");
		return -EIO;
	}
	for (;;) {
		vd->queues = kcalloc(2 * nvqs, sizeof(*vd->queues), GFP_KERNEL);
		if (!vd->queues)
			return -ENOMEM;
		vd->nqueues = nvqs;
		vd->scan = vd->queues + nvqs;
		vd->nscan = 0;
		err = queues_try(vd, nvqs, vqs, req, desc);
		if (!err) {
			apply_affinity(vd);
			vmmio_slot_update_device(vd, vmmio_driver_name(&vd->vdev));
			return 0;
		}
		vmmio_queues_destroy(vd);
		if (vd->wedged || !vd->transport->irqs_degrade(vd))
			return err;
	}
}

/* Frees the handlers first, so that none runs on a freed queue; then the queues. */
void vmmio_queues_destroy(struct vmmio_device *vd)
{
	unsigned int i;

	vmmio_queues_halt(vd);
	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i])
			queue_stop(vd->queues[i]);
	vd->transport->irqs_free(vd);
	for (i = 0; i < vd->nqueues; i++)
		if (vd->queues[i])
			queue_free(vd->queues[i]);
	kfree(vd->queues);
	vd->queues = vd->scan = NULL;
	vd->nqueues = vd->nscan = 0;
}

#ifdef VMMIO_HAVE_RING_RESET
/*
 * 2.6.1: takes the ring from the device, so that the caller may change it. When the device does not
 * release it, the queue is broken and its memory stays until the device is reset.
 */
int vmmio_queue_disable_and_reset(struct virtqueue *vq)
{
	struct vmmio_queue *q = vq->priv;
	struct vmmio_device *vd = q->vd;
	int err;

	if (!__virtio_test_bit(&vd->vdev, VIRTIO_F_RING_RESET))
		return -ENOENT;
	err = vd->regs.protocol->queue_reset(&vd->regs, q->index);
	if (err) {
		dev_err(vd->parent, "queue %u: the device offers reset but does not do it (%d)\n",
			q->index, err);
		__virtqueue_break(vq);
		return err;
	}
	vq->reset = true;
	q->enabled = false;
	WRITE_ONCE(q->live, false);
	vd->transport->irqs_synchronize(vd);
	/* no nudge uses it any more, and the ring may be about to be freed */
	vmmio_slot_set_ring(q, NULL);
	vmmio_trace_vq_reset(q);
	return 0;
}

static int queue_start_again(struct virtqueue *vq)
{
	struct vmmio_queue *q = vq->priv;
	struct vmmio_device *vd = q->vd;
	u16 max;
	int err;

	err = vd->regs.protocol->queue_probe(&vd->regs, q->index, &max);
	if (err)
		return err;
	/* the device may allow less by now: the caller made the ring before */
	if (virtqueue_get_vring_size(vq) > max) {
		dev_err(vd->parent, "queue %u: a ring of %u entries, the device now allows %u\n",
			q->index, virtqueue_get_vring_size(vq), max);
		return -EINVAL;
	}
	if (!__virtio_test_bit(&vd->vdev, VIRTIO_F_RING_PACKED))
		vmmio_slot_set_ring(q, virtqueue_get_vring(vq));
	q->pairing.open = false;
	return queue_start(q);
}

/*
 * Starts the ring again, as at first discovery (2.6.1.2.2); indices begin at 0. When the device
 * does not take it, the queue is broken: its buffers would never be used.
 */
int vmmio_queue_enable_after_reset(struct virtqueue *vq)
{
	struct vmmio_queue *q = vq->priv;
	int err;

	if (!vq->reset)
		return -EBUSY;
	err = queue_start_again(vq);
	if (err) {
		__virtqueue_break(vq);
		return err;
	}
	queue_enable(q);
	vq->reset = false;
	vmmio_slot_update_queue(q);
	vmmio_trace_vq_setup(q);
	return 0;
}
#endif
