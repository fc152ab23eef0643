// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: calls the tracepoint vmmio_reg_read of the loaded vmmio.ko
 * from a loop with interrupts on and from a timer interrupt on the same CPU.
 * vmmio.ko itself never does that: the kernel withholds an event from a probe
 * that runs already on this CPU. How many were emitted is left in the
 * parameters task and timer. With loop=N it times N events instead, in ns.
 */
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <vmmio/events.h>
#include <vmmio/regs.h>

#define PERIOD_NS 100000
#define TASK_MAX 50000000

static unsigned int slot, gen, want = 100, loop, task, timer, ns;
module_param(slot, uint, 0444);
module_param(gen, uint, 0444);
module_param(want, uint, 0444);
module_param(task, uint, 0444);
module_param(timer, uint, 0444);
module_param(loop, uint, 0444);
module_param(ns, uint, 0444);

static struct tracepoint *found;
static struct module *owner;

/* As trace_vmmio_reg_read() would, which is the module's own. */
static void emit(void)
{
	struct vmmio_ev_reg ev = {.slot = slot, .gen = gen, .reg = VMMIO_REG_STATUS, .width = 4};
	int (*call)(void *data, const struct vmmio_ev_reg *ev) = found->iterator;

	preempt_disable_notrace();
	call(NULL, &ev);
	preempt_enable_notrace();
}

static enum hrtimer_restart tick(struct hrtimer *t)
{
	emit();
	WRITE_ONCE(timer, timer + 1);
	if (timer >= want)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(t, PERIOD_NS);
	return HRTIMER_RESTART;
}

/* Called for the modules that are there, too. */
static int look(struct notifier_block *nb, unsigned long event, void *data)
{
	struct tp_module *tp = data;
	int i;

	if (event != MODULE_STATE_COMING || found || strcmp(tp->mod->name, "vmmio"))
		return NOTIFY_OK;
	for (i = 0; i < tp->mod->num_tracepoints; i++) {
		struct tracepoint *p = tracepoint_ptr_deref(&tp->mod->tracepoints_ptrs[i]);

		if (strcmp(p->name, "vmmio_reg_read") || !try_module_get(tp->mod))
			continue;
		found = p;
		owner = tp->mod;
	}
	return NOTIFY_OK;
}

static struct notifier_block looking = {.notifier_call = look};

/* Nothing but @loop events, undisturbed, and how long they took. */
static void measure(void)
{
	unsigned long flags;
	u64 t0;

	local_irq_save(flags);
	t0 = ktime_get_mono_fast_ns();
	for (; task < loop; task++)
		emit();
	ns = ktime_get_mono_fast_ns() - t0;
	local_irq_restore(flags);
}

static int __init lostmod_init(void)
{
	struct hrtimer t;
	int err;

	err = register_tracepoint_module_notifier(&looking);
	if (err)
		return err;
	unregister_tracepoint_module_notifier(&looking);
	if (!found)
		return -ENOENT;

	if (loop) {
		measure();
		goto out;
	}
	preempt_disable(); /* the loop and the timer share a CPU */
	hrtimer_init_on_stack(&t, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	t.function = tick;
	hrtimer_start(&t, PERIOD_NS, HRTIMER_MODE_REL_PINNED_HARD);
	while (READ_ONCE(timer) < want && task < TASK_MAX) {
		emit();
		task++;
	}
	preempt_enable();
	hrtimer_cancel(&t);
	destroy_hrtimer_on_stack(&t);
out:
	module_put(owner);
	return 0;
}
module_init(lostmod_init);

static void __exit lostmod_exit(void)
{
}
module_exit(lostmod_exit);

MODULE_DESCRIPTION("Nested events of vmmio's tracepoints, for a test");
MODULE_LICENSE("GPL");
