// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: a virtio transport that no tool has heard of, with an entropy device
 * behind it that fills each buffer from a work item. Split rings only, no bus, no
 * interrupt: vring_interrupt() is called as one would. It counts what it was told and
 * what it told.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_ids.h>

#define RING 64

static unsigned int kicks, interrupts;
module_param(kicks, uint, 0444);
module_param(interrupts, uint, 0444);

static struct virtqueue *queue;
static u16 taken;
static u8 state;
static struct platform_device *bus;

static void serve(struct work_struct *work)
{
	const struct vring *r = virtqueue_get_vring(queue);
	struct virtio_device *vdev = queue->vdev;
	unsigned long flags;
	u16 used;

	while (taken != virtio16_to_cpu(vdev, READ_ONCE(r->avail->idx))) {
		virtio_rmb(false); /* the index before the entry */
		used = virtio16_to_cpu(vdev, r->used->idx);
		r->used->ring[used % RING].id =
			cpu_to_virtio32(vdev, virtio16_to_cpu(vdev, r->avail->ring[taken % RING]));
		r->used->ring[used % RING].len =
			r->desc[virtio16_to_cpu(vdev, r->avail->ring[taken % RING])].len;
		virtio_wmb(false); /* the entry before the index */
		r->used->idx = cpu_to_virtio16(vdev, used + 1);
		taken++;
		interrupts++;
		local_irq_save(flags);
		vring_interrupt(0, queue);
		local_irq_restore(flags);
	}
}
static DECLARE_WORK(work, serve);

static bool notify(struct virtqueue *vq)
{
	kicks++;
	schedule_work(&work);
	return true;
}

static u8 get_status(struct virtio_device *vdev)
{
	return state;
}

static void set_status(struct virtio_device *vdev, u8 status)
{
	state = status;
}

static void reset(struct virtio_device *vdev)
{
	state = 0;
	cancel_work_sync(&work);
}

static u64 get_features(struct virtio_device *vdev)
{
	return BIT_ULL(VIRTIO_F_VERSION_1);
}

static int finalize_features(struct virtio_device *vdev)
{
	vring_transport_features(vdev);
	return 0;
}

static int find_vqs(struct virtio_device *vdev, unsigned int nvqs, struct virtqueue *vqs[],
		    vq_callback_t *callbacks[], const char *const names[], const bool *ctx,
		    struct irq_affinity *desc)
{
	if (nvqs != 1)
		return -EINVAL;
	taken = 0;
	queue = vring_create_virtqueue(0, RING, PAGE_SIZE, vdev, true, false, false, notify,
				       callbacks[0], names[0]);
	if (!queue)
		return -ENOMEM;
	vqs[0] = queue;
	return 0;
}

static void del_vqs(struct virtio_device *vdev)
{
	cancel_work_sync(&work);
	vring_del_virtqueue(queue);
	queue = NULL;
}

static const struct virtio_config_ops ops = {
	.get_status = get_status,
	.set_status = set_status,
	.reset = reset,
	.get_features = get_features,
	.finalize_features = finalize_features,
	.find_vqs = find_vqs,
	.del_vqs = del_vqs,
};

static void release(struct device *dev)
{
}

static struct virtio_device device = {
	.id.device = VIRTIO_ID_RNG,
	.config = &ops,
	.dev.release = release,
};

static int __init strange_init(void)
{
	int err;

	bus = platform_device_register_simple("strange", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(bus))
		return PTR_ERR(bus);
	device.dev.parent = &bus->dev;
	err = register_virtio_device(&device);
	if (err)
		platform_device_unregister(bus);
	return err;
}

static void __exit strange_exit(void)
{
	unregister_virtio_device(&device);
	platform_device_unregister(bus);
}

module_init(strange_init);
module_exit(strange_exit);
MODULE_DESCRIPTION("a transport that is not known, for vmmio's tests");
MODULE_LICENSE("GPL");
