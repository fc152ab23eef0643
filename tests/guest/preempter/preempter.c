// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only (x86-64, one processor): preempts kicks of mainline's virtio-mmio between
 * the begin of vm_notify(), where a probe takes the time, and its write. Another
 * task with a higher priority is woken there and computes for a while. So many as
 * the parameter left says; it counts down.
 */
#include <linux/delay.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

static unsigned int left, ran;
module_param(left, uint, 0644);
module_param(ran, uint, 0444);

static struct task_struct *hog;

static int compute(void *unused)
{
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (kthread_should_stop())
			break;
		schedule();
		if (kthread_should_stop())
			break;
		mdelay(20);
		ran++;
	}
	__set_current_state(TASK_RUNNING);
	return 0;
}

static void wake(struct irq_work *unused)
{
	wake_up_process(hog);
}

static DEFINE_IRQ_WORK(work, wake);

/* The interrupt comes as soon as the instruction behind the probe is done. */
static int notify(struct kprobe *p, struct pt_regs *regs)
{
	if (left) {
		left--;
		irq_work_queue(&work);
	}
	return 0;
}

/* Behind what ftrace changes, so that the probes of the tool are there first. */
static struct kprobe probe = {
	.symbol_name = "virtio_mmio:vm_notify",
	.offset = 5,
	.pre_handler = notify,
};

static int __init preempter_init(void)
{
	int err;

	hog = kthread_run(compute, NULL, "preempter");
	if (IS_ERR(hog))
		return PTR_ERR(hog);
	sched_set_fifo(hog);
	err = register_kprobe(&probe);
	if (err)
		kthread_stop(hog);
	return err;
}
module_init(preempter_init);

static void __exit preempter_exit(void)
{
	unregister_kprobe(&probe);
	irq_work_sync(&work);
	kthread_stop(hog);
}
module_exit(preempter_exit);

MODULE_DESCRIPTION("kicks that are preempted, for vmmio's tests");
MODULE_LICENSE("GPL v2");
