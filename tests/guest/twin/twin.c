// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: functions with the names of some that vmmio-stat hooks in
 * mainline's drivers. They are never called; a hook set by name alone may sit
 * on them and count nothing.
 */
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/virtio.h>

static noinline __used bool vm_notify(struct virtqueue *vq)
{
	return !vq;
}

static noinline __used irqreturn_t vm_interrupt(int irq, void *opaque)
{
	return opaque ? IRQ_HANDLED : IRQ_NONE;
}

static noinline __used bool vp_notify(struct virtqueue *vq)
{
	return !vq;
}

static int __init twin_init(void)
{
	return 0;
}
module_init(twin_init);

static void __exit twin_exit(void)
{
}
module_exit(twin_exit);

MODULE_DESCRIPTION("Names that others have, for a test");
MODULE_LICENSE("GPL");
