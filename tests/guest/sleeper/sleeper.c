// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: a driver of entropy devices whose probe does not come to its end
 * before the parameter release is set; each second device has its virtqueue by then.
 */
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ids.h>

static DECLARE_COMPLETION(released);
static unsigned int probing, probed;
module_param(probing, uint, 0444); /* that have begun */

static int set_release(const char *text, const struct kernel_param *kp)
{
	complete_all(&released);
	return 0;
}
static const struct kernel_param_ops release_ops = {.set = set_release};
module_param_cb(release, &release_ops, NULL, 0200);

static void used(struct virtqueue *vq)
{
}

static int sleeper_probe(struct virtio_device *vdev)
{
	bool queued = probed++ % 2;

	if (queued && IS_ERR(virtio_find_single_vq(vdev, used, "sleepy")))
		return -ENODEV;
	probing++;
	/* killable, so that the machine can go down with it */
	wait_for_completion_killable(&released);
	if (queued) {
		virtio_reset_device(vdev);
		vdev->config->del_vqs(vdev);
	}
	return -ENODEV;
}

static void sleeper_remove(struct virtio_device *vdev)
{
}

static const struct virtio_device_id ids[] = {{VIRTIO_ID_RNG, VIRTIO_DEV_ANY_ID}, {}};
static struct virtio_driver sleeper = {
	.driver.name = "sleeper",
	.driver.owner = THIS_MODULE,
	.id_table = ids,
	.probe = sleeper_probe,
	.remove = sleeper_remove,
};
module_virtio_driver(sleeper);

MODULE_DESCRIPTION("A probe that does not end, for a test");
MODULE_LICENSE("GPL");
