// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: a driver of entropy devices that keeps its virtqueue while the
 * machine sleeps (it has no freeze), so that an answer of the device can wake it. A
 * write to the parameter ask asks the device for 16 bytes; answers counts what came.
 * leap moves the available index on by so much and kicks, as if as many buffers had
 * passed without: the end of that device.
 */
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>
#include <linux/virtio_ring.h>

static unsigned int answers;
module_param(answers, uint, 0444);
static struct virtqueue *asked;
static u8 bytes[16];

static void used(struct virtqueue *vq)
{
	unsigned int len;

	while (virtqueue_get_buf(vq, &len))
		answers++;
}

static int ask_set(const char *text, const struct kernel_param *kp)
{
	struct scatterlist sg;
	int err;

	if (!asked)
		return -ENODEV;
	sg_init_one(&sg, bytes, sizeof(bytes));
	err = virtqueue_add_inbuf(asked, &sg, 1, bytes, GFP_KERNEL);
	if (!err)
		virtqueue_kick(asked);
	return err;
}

static const struct kernel_param_ops ask_ops = {.set = ask_set};
module_param_cb(ask, &ask_ops, NULL, 0200);

static int leap_set(const char *text, const struct kernel_param *kp)
{
	struct vring_avail *avail;
	u16 n;
	int err = kstrtou16(text, 0, &n);

	if (err || !asked)
		return err ?: -ENODEV;
	avail = virtqueue_get_vring(asked)->avail;
	avail->idx = cpu_to_virtio16(asked->vdev, virtio16_to_cpu(asked->vdev, avail->idx) + n);
	virtqueue_notify(asked);
	return 0;
}

static const struct kernel_param_ops leap_ops = {.set = leap_set};
module_param_cb(leap, &leap_ops, NULL, 0200);

static int waker_probe(struct virtio_device *vdev)
{
	struct virtqueue *vq;

	if (asked)
		return -EBUSY;
	vq = virtio_find_single_vq(vdev, used, "waker");
	if (IS_ERR(vq))
		return PTR_ERR(vq);
	virtio_device_ready(vdev);
	asked = vq;
	return 0;
}

static void waker_remove(struct virtio_device *vdev)
{
	asked = NULL;
	virtio_reset_device(vdev);
	vdev->config->del_vqs(vdev);
}

static const struct virtio_device_id ids[] = {{VIRTIO_ID_RNG, VIRTIO_DEV_ANY_ID}, {}};
static struct virtio_driver waker = {
	.driver.name = "waker",
	.driver.owner = THIS_MODULE,
	.id_table = ids,
	.probe = waker_probe,
	.remove = waker_remove,
};
module_virtio_driver(waker);

MODULE_DESCRIPTION("A driver that is awake when the machine is not, for a test");
MODULE_LICENSE("GPL");
