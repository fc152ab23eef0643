// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio device that both transports present: its config operations, feature negotiation,
 * status and lifetime. Everything that a transport need not decide is here.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "compat.h"
#include "events.h"

#define FEATURE_ADMIN_VQ 41 /* VIRTIO_F_ADMIN_VQ, younger than most kernels */

/* vmmio_regs_ops.pause: may sleep, since no register sequence runs in atomic context */
void vmmio_regs_pause(struct vmmio_regs *r, unsigned int us)
{
	usleep_range(us, us + us / 2 + 1);
}

static void vmmio_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct vmmio_device *vd = to_vmmio(vdev);
	int err = vmmio_regs_config_get(&vd->regs, offset, buf, len);

	if (err == -EAGAIN) {
		dev_err_ratelimited(vd->parent, "config bytes at %u never settle, taken as read\n",
				    offset);
	} else if (err) {
		dev_err_ratelimited(vd->parent, "config read of %u bytes at %u is out of reach\n",
				    len, offset);
		memset(buf, 0, len);
	}
}

static void vmmio_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		      unsigned int len)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	if (vmmio_regs_config_set(&vd->regs, offset, buf, len))
		dev_err_ratelimited(vd->parent, "config write of %u bytes at %u is out of reach\n",
				    len, offset);
}

/* Callers loop until two values agree, and a device could keep them looping for ever. */
static u32 vmmio_generation(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);
	u32 g;

	if (vd->generation_changes > VMMIO_CONFIG_PASSES_MAX)
		return vd->generation;
	g = vd->regs.protocol->generation(&vd->regs);
	if (g == vd->generation) {
		vd->generation_changes = 0;
	} else if (++vd->generation_changes > VMMIO_CONFIG_PASSES_MAX) {
		dev_err(vd->parent, "the configuration never settles, reading it as it is\n");
		return vd->generation;
	}
	vd->generation = g;
	return g;
}

static u8 vmmio_get_status(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	/* its answer is known to be wrong and must not trigger virtio's WARN */
	if (vd->wedged || vd->gone)
		return vd->status;
	return vd->regs.protocol->get_status(&vd->regs);
}

static void vmmio_set_status(struct virtio_device *vdev, u8 status)
{
	struct vmmio_device *vd = to_vmmio(vdev);
	bool replay = false;

	/* writing 0 would be a reset, which has a separate operation */
	if (WARN_ON_ONCE(!status))
		return;
	vmmio_trace_status(vd, vd->status, status);
	if ((status & VIRTIO_CONFIG_S_DRIVER_OK) && !vd->driver_ok) {
		vmmio_queues_go_live(vd);
		WRITE_ONCE(vd->driver_ok, true);
		replay = true;
	}
	vd->status = status;
	vd->regs.protocol->set_status(&vd->regs, status);
	if (replay)
		vmmio_irq_replay(vd);
}

/* No callback runs after this returns. */
static void vmmio_reset(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	vmmio_trace_status(vd, vd->status, 0);
	WRITE_ONCE(vd->driver_ok, false);
	vmmio_queues_halt(vd);
	vd->status = 0;
	vd->generation_changes = 0;
	vmmio_device_reset(vd);
	vd->transport->irqs_synchronize(vd);
	WRITE_ONCE(vd->irq_pending, 0);
}

static u64 vmmio_get_features(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	vd->offered = vd->regs.protocol->get_features(&vd->regs);
	if (vd->offered & BIT_ULL(FEATURE_ADMIN_VQ))
		dev_info(vd->parent, "it offers an administration virtqueue, which is not used\n");
	/* a legacy device has 32 (2.2.3): the rest needs registers that it does not have */
	if (vd->regs.protocol == &vmmio_protocol_mmio1)
		vd->offered &= U32_MAX;
	return vd->offered & ~vd->options.withhold;
}

/*
 * Transport features. Those of the ring are left to virtio_ring, which clears all that it does not
 * know; ours are kept where they can be honoured. All others, such as ADMIN_VQ or SR_IOV, are
 * cleared (2.2.1).
 */
static int vmmio_finalize_features(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);
	u64 ours = 0;

	if (vd->regs.protocol != &vmmio_protocol_mmio1) {
#ifdef VMMIO_HAVE_RING_RESET
		if ((vdev->features & BIT_ULL(VIRTIO_F_RING_RESET)) &&
		    vmmio_regs_can_reset_queue(&vd->regs))
			ours |= BIT_ULL(VIRTIO_F_RING_RESET);
#endif
		if (vdev->features & BIT_ULL(VIRTIO_F_NOTIFICATION_DATA)) {
#ifdef VMMIO_HAVE_NOTIFICATION_DATA
			ours |= BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
#else
			/* this kernel does not give the value for a packed ring */
			if (!(vdev->features & BIT_ULL(VIRTIO_F_RING_PACKED)))
				ours |= BIT_ULL(VIRTIO_F_NOTIFICATION_DATA);
#endif
		}
	}
	vring_transport_features(vdev);
	vdev->features |= ours;

	if (vd->regs.protocol != &vmmio_protocol_mmio1 &&
	    !__virtio_test_bit(vdev, VIRTIO_F_VERSION_1)) {
		dev_err(vd->parent, "the device does not offer VIRTIO_F_VERSION_1\n");
		return -EINVAL;
	}
	vmmio_trace_features(vd, vd->offered, vdev->features);
	vd->regs.protocol->set_features(&vd->regs, vdev->features);
	return 0;
}

#ifdef VMMIO_HAVE_VIRTQUEUE_INFO
static int vmmio_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
			  struct virtqueue_info info[], struct irq_affinity *desc)
#else
static int vmmio_find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
			  vq_callback_t *callbacks[], const char *const names[], const bool *ctx,
			  struct irq_affinity *desc)
#endif
{
	struct vmmio_vq_request *req;
	unsigned int i;
	int err;

	req = kcalloc(nvqs, sizeof(*req), GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	for (i = 0; i < nvqs; i++) {
#ifdef VMMIO_HAVE_VIRTQUEUE_INFO
		req[i].name = info[i].name;
		req[i].callback = info[i].callback;
		req[i].ctx = info[i].ctx;
#else
		req[i].name = names[i];
		req[i].callback = callbacks[i];
		req[i].ctx = ctx && ctx[i];
#endif
	}
	err = vmmio_queues_create(to_vmmio(vdev), nvqs, vqs, req, desc);
	kfree(req);
	return err;
}

static void vmmio_del_vqs(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	vmmio_queues_destroy(vd);
	/* the next driver, or a resume, tries the best wiring again */
	vd->irq_mode = vd->irq_mode_first;
	vmmio_slot_update_device(vd, "");
}

#ifdef VMMIO_HAVE_SYNCHRONIZE_CBS
static void vmmio_synchronize_cbs(struct virtio_device *vdev)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	vd->transport->irqs_synchronize(vd);
}
#endif

static const char *vmmio_bus_name(struct virtio_device *vdev)
{
	return dev_name(to_vmmio(vdev)->parent);
}

static int vmmio_set_vq_affinity(struct virtqueue *vq, const struct cpumask *mask)
{
	struct vmmio_queue *q = vq->priv;
	int irq = q->vd->transport->queue_irq(q);

	if (!vq->callback)
		return -EINVAL;
	/*
	 * With one interrupt for all queues there is no choice per queue. A driver does not
	 * override the user's choice.
	 */
	if (!q->dedicated || irq <= 0 || q->pinned)
		return 0;
	/* the interrupt keeps the pointer, and the caller's mask may go away */
	if (mask && !q->affinity)
		q->affinity = kzalloc(cpumask_size(), GFP_KERNEL);
	if (mask && !q->affinity)
		return -ENOMEM;
	if (mask)
		cpumask_copy(q->affinity, mask);
	return irq_set_affinity_hint(irq, mask ? q->affinity : NULL);
}

static const struct cpumask *vmmio_get_vq_affinity(struct virtio_device *vdev, int index)
{
	struct vmmio_device *vd = to_vmmio(vdev);

	if (index < 0 || index >= vd->nqueues || !vd->queues[index] ||
	    !vd->queues[index]->dedicated)
		return NULL;
	return vd->transport->queue_affinity(vd->queues[index]);
}

static bool vmmio_get_shm_region(struct virtio_device *vdev, struct virtio_shm_region *region,
				 u8 id)
{
	struct vmmio_device *vd = to_vmmio(vdev);
	u64 base, len;

	if (!vd->transport->shm(vd, id, &base, &len))
		return false;
	if (region_intersects(base, len, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) !=
	    REGION_DISJOINT) {
		dev_err(vd->parent, "shared memory region %u lies in RAM, ignored\n", id);
		return false;
	}
	region->addr = base;
	region->len = len;
	return true;
}

static const struct virtio_config_ops vmmio_config_ops = {
	.get = vmmio_get,
	.set = vmmio_set,
	.generation = vmmio_generation,
	.get_status = vmmio_get_status,
	.set_status = vmmio_set_status,
	.reset = vmmio_reset,
	.find_vqs = vmmio_find_vqs,
	.del_vqs = vmmio_del_vqs,
#ifdef VMMIO_HAVE_SYNCHRONIZE_CBS
	.synchronize_cbs = vmmio_synchronize_cbs,
#endif
	.get_features = vmmio_get_features,
	.finalize_features = vmmio_finalize_features,
	.bus_name = vmmio_bus_name,
	.set_vq_affinity = vmmio_set_vq_affinity,
	.get_vq_affinity = vmmio_get_vq_affinity,
	.get_shm_region = vmmio_get_shm_region,
#ifdef VMMIO_HAVE_RING_RESET
	.disable_vq_and_reset = vmmio_queue_disable_and_reset,
	.enable_vq_after_reset = vmmio_queue_enable_after_reset,
#endif
};

/* The last reference may outlive the driver's remove: free only here. */
static void vmmio_release(struct device *dev)
{
	struct vmmio_device *vd = to_vmmio(dev_to_virtio(dev));

	free_percpu(vd->counts);
	kfree(vd);
}

/*
 * Allocates a device for a transport that has its parent and gives it a slot, so that the very
 * first register access is counted. Until vmmio_device_register() succeeds vmmio_device_put()
 * undoes it.
 */
struct vmmio_device *vmmio_device_alloc(struct device *parent,
					const struct vmmio_transport_ops *transport,
					const struct vmmio_regs_ops *ops)
{
	struct vmmio_device *vd = kzalloc(sizeof(*vd), GFP_KERNEL);

	if (!vd)
		return NULL;
	vd->counts = alloc_percpu(struct vmmio_device_counts);
	if (!vd->counts) {
		kfree(vd);
		return NULL;
	}
	vmmio_counts_init(vd->counts);
	vd->vdev.dev.parent = parent;
	vd->vdev.dev.release = vmmio_release;
	vd->vdev.config = &vmmio_config_ops;
	vd->transport = transport;
	vd->parent = parent;
	vd->regs.ops = ops;
	vd->irq = -1;
	vd->vector_config = VMMIO_NO_VECTOR;
	vd->config_since = jiffies;
	vmmio_options_get(dev_name(parent), &vd->options);
	INIT_LIST_HEAD(&vd->overflow);
	INIT_LIST_HEAD(&vd->queue_list);
	vmmio_slot_take_device(vd);
	return vd;
}

void vmmio_device_discard(struct vmmio_device *vd)
{
	vmmio_slot_drop_device(vd);
	free_percpu(vd->counts);
	kfree(vd);
}

/* DMA mask: 64 bits for virtio 1.x, the reach of a 32-bit page number for version 1. */
int vmmio_device_set_dma(struct vmmio_device *vd)
{
	struct device *dev = vd->parent;
	int err;

	if (vd->regs.protocol == &vmmio_protocol_mmio1) {
		err = dma_set_mask(dev, DMA_BIT_MASK(64));
		if (!err)
			err = dma_set_coherent_mask(dev, DMA_BIT_MASK(32 + PAGE_SHIFT));
	} else {
		err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	}
	if (err)
		err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
	if (err)
		dev_warn(dev, "no usable DMA mask (%d), trying without\n", err);
	return 0;
}

/*
 * From here on vd belongs to its last reference, also on failure: the caller unmaps the registers
 * and then drops its own with vmmio_device_put().
 */
int vmmio_device_register(struct vmmio_device *vd)
{
	int err;

	vmmio_slot_update_device(vd, NULL);
	err = register_virtio_device(&vd->vdev);
	if (err)
		vmmio_slot_drop_device(vd);
	else
		/* the driver's probe may run on another CPU from now on: do not print its name */
		vmmio_slot_update_device(vd, NULL);
	return err;
}

/*
 * The caller still holds a reference when this returns. Requests to a device that is gone must not
 * wait for ever.
 */
void vmmio_device_unregister(struct vmmio_device *vd)
{
	if ((vd->transport->present && !vd->transport->present(vd)) ||
	    vd->regs.protocol->get_status(&vd->regs) == U8_MAX) {
		virtio_break_device(&vd->vdev);
		vmmio_reset(&vd->vdev);
		vmmio_end_in_flight(vd);
	}
	get_device(&vd->vdev.dev);
	unregister_virtio_device(&vd->vdev);
	vmmio_slot_drop_device(vd);
}

void vmmio_device_put(struct vmmio_device *vd)
{
	put_device(&vd->vdev.dev);
}
