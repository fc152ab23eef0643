// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device that is gone answers nothing, and virtio_blk's remove waits for its requests in flight
 * for ever (under mainline's transports, too). Here these requests end with an error before the
 * driver is removed. Most other drivers give their buffers up themselves. One that waits for an
 * answer too (virtio_scsi, virtio_balloon) is not helped here.
 */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <uapi/linux/virtio_ids.h>
#include "vmmio.h"

#if IS_ENABLED(CONFIG_BLOCK)
#ifdef VMMIO_BUSY_ITER_RESERVED
static bool end_request(struct request *rq, void *ended, bool reserved)
#else
static bool end_request(struct request *rq, void *ended)
#endif
{
	if (blk_mq_request_started(rq) && !blk_mq_request_completed(rq)) {
		++*(unsigned int *)ended;
		blk_mq_end_request(rq, BLK_STS_IOERR);
	}
	return true;
}

/* Unmaps the buffers before their pages are given back. */
static void detach_buffers(struct vmmio_device *vd)
{
	unsigned int i;

	for (i = 0; i < vd->nqueues; i++)
		while (vd->queues[i] && virtqueue_detach_unused_buf(vd->queues[i]->vq))
			;
}

/*
 * While the queue is quiet nothing is dispatched, and callbacks have ceased: a request that has
 * been started and is not complete is in the ring, and only we end it. Requests behind it are
 * refused when they are dispatched, because the queues are broken.
 */
static int end_disk(struct device *dev, void *opaque)
{
	struct vmmio_device *vd = opaque;
	unsigned int ended = 0;
	struct request_queue *q;

	if (!dev->class || strcmp(dev->class->name, "block"))
		return 0;
	q = dev_to_disk(dev)->queue;
	/* while this is held virtio_blk frees neither requests nor queues */
	if (!percpu_ref_tryget(&q->q_usage_counter))
		return 0;
	blk_mq_quiesce_queue(q);
	detach_buffers(vd);
	blk_mq_tagset_busy_iter(q->tag_set, end_request, &ended);
	blk_mq_unquiesce_queue(q);
	/* a request that waited for room in the ring would wait for ever */
	blk_mq_start_stopped_hw_queues(q, true);
	percpu_ref_put(&q->q_usage_counter);
	if (ended)
		dev_err(vd->parent, "%u requests in flight end as errors\n", ended);
	return 0;
}
#endif

/* Call it with the queues broken, the device reset, and callbacks stopped. */
void vmmio_end_in_flight(struct vmmio_device *vd)
{
#if IS_ENABLED(CONFIG_BLOCK)
	if (vd->vdev.id.device == VIRTIO_ID_BLOCK)
		device_for_each_child(&vd->vdev.dev, vd, end_disk);
#endif
}
