// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: makes one virtqueue stall, whichever driver and transport it has,
 * and undoes it. One fault at a time: "VIRTIO-DEVICE QUEUE FAULT [IRQ]" into plant,
 * anything into heal. Functions are passed over by kprobes that lead elsewhere, so
 * that no driver need know of it.
 * Long because the faults share one victim and one way in and out.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/version.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#define FAULTS(X)                                                                               \
	X(SWALLOW, "swallow")	/* the doorbell's write does not reach the device */            \
	X(WITHHOLD, "withhold") /* the driver is told that no kick is needed */                 \
	X(FORGET, "forget")	/* the driver does not come to ask whether one is */            \
	X(NOOP, "noop")		/* the driver's callback does nothing */                        \
	X(MASK, "mask")		/* the interrupt's chip masks it, which nobody knows */         \
	X(ACK, "ack")		/* a line's interrupt is acknowledged by somebody else */       \
	X(DISABLE, "disable")	/* disable_irq() */                                             \
	X(MISS, "miss")		/* a vector of vmmio.ko's comes and its handler does nothing */ \
	X(NOBODY, "nobody")	/* a line's handlers say that it is not for them */             \
	X(LEAK, "leak")		/* all free entries of the ring are lost */                     \
	X(OFFLINE, "offline")	/* it goes to CPU 1, which is offline by then */                \
	X(STEAL, "steal")	/* somebody takes the buffers before each interrupt */          \
	X(BREAK, "break")	/* virtio_ring gives it up */                                   \
	X(NOMEM, "nomem")	/* no stall: there is no memory for lists, of any virtqueue */  \
	X(HOLD, "hold")		/* no stall: a ring that was reset is not enabled before heal */

#define SPURIOUS_DISABLED 2 /* IRQS_SPURIOUS_DISABLED, kernel/irq/internals.h */

enum fault {
	NONE,
#define FAULT_ID(id, name) id,
	FAULTS(FAULT_ID)
#undef FAULT_ID
};

static const char *const names[] = {"none",
#define FAULT_NAME(id, name) name,
				    FAULTS(FAULT_NAME)};

static enum fault fault;
static struct virtqueue *victim;
static struct device *device; /* its virtio device */
static int irq;
static void (*callback)(struct virtqueue *vq);
static unsigned int leaked;
static struct task_struct *acker;

static unsigned long long planted_ms; /* CLOCK_REALTIME */
static unsigned int hits;	      /* times that it did something */
static unsigned int times;	      /* that it shall, 0: always; of swallow and miss */
module_param(planted_ms, ullong, 0444);
static unsigned long long hit_ms; /* the first of them */
module_param(hits, uint, 0444);
module_param(times, uint, 0644);
module_param(hit_ms, ullong, 0444);

static void hit(void)
{
	if (!hits++)
		hit_ms = ktime_get_real_ns() / NSEC_PER_MSEC;
}

static bool no_kick(struct virtqueue *vq)
{
	return true;
}

static bool no_need(struct virtqueue *vq)
{
	return false;
}

static irqreturn_t not_mine(int number, void *opaque)
{
	return IRQ_NONE;
}

static irqreturn_t handled(int number, void *opaque)
{
	return IRQ_HANDLED;
}

static void no_callback(struct virtqueue *vq)
{
	hit();
}

/* @to instead of the function that was about to begin, with its arguments. */
static int lead(struct pt_regs *regs, void *to)
{
	hit();
	instruction_pointer_set(regs, (unsigned long)to);
	return 1;
}

static bool is_done(void)
{
	return times && hits >= times;
}

static int at_doorbell(struct kprobe *p, struct pt_regs *regs)
{
	return fault == SWALLOW && !is_done() && (void *)regs_get_kernel_argument(regs, 0) == victim
		       ? lead(regs, no_kick)
		       : 0;
}

static int at_prepare(struct kprobe *p, struct pt_regs *regs)
{
	return fault == FORGET && (void *)regs_get_kernel_argument(regs, 0) == victim
		       ? lead(regs, no_need)
		       : 0;
}

static int at_handler(struct kprobe *p, struct pt_regs *regs)
{
	return fault == NOBODY && (int)regs_get_kernel_argument(regs, 0) == irq
		       ? lead(regs, not_mine)
		       : 0;
}

static int at_vector(struct kprobe *p, struct pt_regs *regs)
{
	return fault == MISS && !is_done() && (int)regs_get_kernel_argument(regs, 0) == irq
		       ? lead(regs, handled)
		       : 0;
}

static void *no_memory(size_t size, gfp_t flags)
{
	return NULL;
}

/* Is the function that was about to begin called by one of virtio_ring that adds buffers? */
static bool called_by_add(struct pt_regs *regs)
{
	char text[KSYM_SYMBOL_LEN];
#ifdef CONFIG_ARM64
	unsigned long from = regs->regs[30];
#else
	unsigned long from = regs_get_kernel_stack_nth(regs, 0);
#endif

	sprint_symbol(text, from);
	return strstarts(text, "virtqueue_add");
}

static int at_kmalloc(struct kprobe *p, struct pt_regs *regs)
{
	return fault == NOMEM && called_by_add(regs) ? lead(regs, no_memory) : 0;
}

/* Everybody comes by: only while it is planted. */
static struct kprobe kmallocs = {.pre_handler = at_kmalloc};

static int probe_kmalloc(void)
{
	static const char *const names[] = {"__kmalloc_noprof", "__kmalloc"}; /* since 6.10 */
	unsigned int i;
	int err = -ENOENT;

	for (i = 0; i < ARRAY_SIZE(names) && err; i++) {
		kmallocs.symbol_name = names[i];
		kmallocs.addr = NULL;
		kmallocs.flags = 0;
		err = register_kprobe(&kmallocs);
	}
	return err;
}

static struct kprobe enables;

static int enable_later(struct virtqueue *vq)
{
	int (*enable)(struct virtqueue * vq) = (void *)enables.addr;

	while (READ_ONCE(fault) == HOLD)
		usleep_range(1000, 2000);
	return enable(vq);
}

static int at_enable(struct kprobe *p, struct pt_regs *regs)
{
	return fault == HOLD && (void *)regs_get_kernel_argument(regs, 0) == victim
		       ? lead(regs, enable_later)
		       : 0;
}

static struct kprobe enables = {
	.symbol_name = "virtio_pci:vp_modern_enable_vq_after_reset",
	.pre_handler = at_enable,
};

/* With interrupts off, on the way into the handler. */
static int at_vring(struct kprobe *p, struct pt_regs *regs)
{
	if (fault != STEAL || (void *)regs_get_kernel_argument(regs, 1) != victim)
		return 0;
	hit();
	if (victim->callback)
		victim->callback(victim);
	return 0;
}

static int prepare_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	return fault != WITHHOLD || (void *)regs_get_kernel_argument(regs, 0) != victim;
}

static int prepare_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (regs_return_value(regs))
		hit();
	regs_set_return_value(regs, 0);
	return 0;
}

static struct kretprobe prepare = {
	.kp.symbol_name = "virtqueue_kick_prepare",
	.entry_handler = prepare_entry,
	.handler = prepare_return,
	.maxactive = 8,
};

/* Those of drivers that are not loaded are left out. */
static struct kprobe probes[] = {
	{.symbol_name = "virtio_mmio:vm_notify", .pre_handler = at_doorbell},
	{.symbol_name = "virtio_pci:vp_notify", .pre_handler = at_doorbell},
	{.symbol_name = "vmmio:kick_mmio", .pre_handler = at_doorbell},
	{.symbol_name = "vmmio:kick_pci", .pre_handler = at_doorbell},
	{.symbol_name = "vmmio:kick_pci_io", .pre_handler = at_doorbell},
	{.symbol_name = "virtio_ring:virtqueue_kick_prepare", .pre_handler = at_prepare},
	{.symbol_name = "virtio_ring:vring_interrupt", .pre_handler = at_vring},
	{.symbol_name = "virtio_mmio:vm_interrupt", .pre_handler = at_handler},
	{.symbol_name = "virtio_pci:vp_interrupt", .pre_handler = at_handler},
	{.symbol_name = "vmmio:vmmio_irq_line", .pre_handler = at_handler},
	{.symbol_name = "vmmio:vmmio_irq_intx", .pre_handler = at_handler},
	{.symbol_name = "vmmio:vmmio_irq_intx_io", .pre_handler = at_handler},
	{.symbol_name = "vmmio:vmmio_irq_queue", .pre_handler = at_vector},
};
static bool probed[ARRAY_SIZE(probes)];

/* By the interrupt's chip, and not by the kernel: in none of its states it is seen. */
static void chip_mask(bool on)
{
	struct irq_data *d = irq_get_irq_data(irq);
	unsigned long flags;

	if (!d)
		return;
	local_irq_save(flags);
	if (on)
		d->chip->irq_mask(d);
	else
		d->chip->irq_unmask(d);
	local_irq_restore(flags);
}

/* The PCI device's interrupt status, mapped once more. */
static void __iomem *map_isr(struct pci_dev *pdev)
{
	u8 type, bar, pos = 0;
	u32 offset;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR)) {
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &type);
		if (type != VIRTIO_PCI_CAP_ISR_CFG)
			continue;
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &bar);
		pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset), &offset);
		return ioremap(pci_resource_start(pdev, bar) + offset, 4);
	}
	return NULL;
}

static int acknowledge(void *unused)
{
	struct device *parent = device->parent;
	void __iomem *base = NULL;
	struct resource *r;
	u32 status = 0;
	unsigned int quiet =
		0; /* looks since it said anything: all that is in flight shall be used */

	if (dev_is_pci(parent)) {
		base = map_isr(to_pci_dev(parent));
	} else {
		r = platform_get_resource(to_platform_device(parent), IORESOURCE_MEM, 0);
		base = r ? ioremap(r->start, 0x100) : NULL;
	}
	while (base && (!hits || quiet < 100) && !kthread_should_stop()) {
		if (dev_is_pci(parent)) {
			status = ioread8(base); /* and it is gone */
		} else {
			status = readl(base + 0x60);
			if (status)
				writel(status, base + 0x64);
		}
		if (status)
			hit();
		quiet = status ? 0 : quiet + 1;
		usleep_range(200, 400);
	}
	if (base)
		iounmap(base);
	chip_mask(false);
	while (!kthread_should_stop())
		usleep_range(1000, 2000);
	return 0;
}

static struct virtio_driver finder = {
	.driver.name = "stallfault",
	.driver.owner = THIS_MODULE,
	.id_table = (const struct virtio_device_id[]){{0x7fff, VIRTIO_DEV_ANY_ID}, {0}},
};

static int find(const char *name, unsigned int index)
{
	struct virtqueue *vq;

	device = bus_find_device_by_name(finder.driver.bus, NULL, name);
	if (!device)
		return -ENODEV;
	list_for_each_entry(vq, &dev_to_virtio(device)->vqs, list)
		if (vq->index == index) {
			victim = vq;
			return 0;
		}
	put_device(device);
	device = NULL;
	return -ENOENT;
}

static int begin(enum fault what)
{
	int err;

	switch (what) {
	case NOOP:
		callback = victim->callback;
		WRITE_ONCE(victim->callback, no_callback);
		break;
	case MASK:
		chip_mask(true);
		break;
	case OFFLINE: /* as it would be after a migration that went wrong */
		chip_mask(true);
		irq_data_update_effective_affinity(irq_get_irq_data(irq), cpumask_of(1));
		break;
	case ACK:
		chip_mask(true);
		acker = kthread_run(acknowledge, NULL, "stallfault");
		if (IS_ERR(acker)) {
			chip_mask(false);
			return PTR_ERR(acker);
		}
		break;
	case DISABLE:
		disable_irq(irq);
		break;
	case LEAK: /* of a queue with nothing in flight */
		leaked = victim->num_free;
		victim->num_free = 0;
		break;
	case BREAK:
		virtio_break_device(victim->vdev);
		break;
	case HOLD:
		enables.addr = NULL;
		enables.flags = 0;
		err = register_kprobe(&enables);
		if (err)
			return err;
		break;
	case NOMEM:
		err = probe_kmalloc();
		if (err)
			return err;
		break;
	default:
		break;
	}
	WRITE_ONCE(fault, what);
	return 0;
}

static int plant(const char *text, const struct kernel_param *kp)
{
	char name[32], word[16];
	unsigned int index, i;
	int err;

	irq = 0;
	if (fault || device || sscanf(text, "%31s %u %15s %d", name, &index, word, &irq) < 3)
		return -EINVAL;
	for (i = 1; i < ARRAY_SIZE(names) && strcmp(word, names[i]); i++)
		;
	if (i == ARRAY_SIZE(names))
		return -EINVAL;
	err = find(name, index);
	if (err)
		return err;
	hits = 0;
	planted_ms = ktime_get_real_ns() / NSEC_PER_MSEC;
	err = begin(i);
	if (err) {
		put_device(device);
		device = NULL;
	}
	return err;
}

/* What was held back is made up for: a kick, and a look at what is used. */
static int heal(const char *text, const struct kernel_param *kp)
{
	enum fault was = fault;
	unsigned long flags;

	if (!was)
		return -EINVAL;
	WRITE_ONCE(fault, NONE);
	switch (was) {
	case NOOP:
		WRITE_ONCE(victim->callback, callback);
		break;
	case MASK:
		chip_mask(false);
		break;
	case OFFLINE:
		irq_data_update_effective_affinity(irq_get_irq_data(irq), cpumask_of(0));
		chip_mask(false);
		break;
	case ACK:
		kthread_stop(acker);
		break;
	case DISABLE:
		enable_irq(irq);
		break;
	case NOBODY:
		/* the kernel disabled it, and polls for it until that is forgotten, too */
		irq_data_to_desc(irq_get_irq_data(irq))->core_internal_state__do_not_mess_with_it &=
			~SPURIOUS_DISABLED;
		enable_irq(irq);
		break;
	case LEAK:
		victim->num_free += leaked;
		break;
	case BREAK:
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0) /* before, it cannot be taken back */
		__virtio_unbreak_device(victim->vdev);
#endif
		break;
	case HOLD:
		usleep_range(100000, 110000); /* it has gone on */
		unregister_kprobe(&enables);
		goto out;
	case NOMEM:
		unregister_kprobe(&kmallocs);
		goto out;
	default:
		break;
	}
	usleep_range(20000, 21000);
	virtqueue_notify(victim);
	usleep_range(20000, 21000);
	if (irq)
		disable_irq(irq);
	local_irq_save(flags);
	if (victim->callback && was != STEAL)
		victim->callback(victim);
	local_irq_restore(flags);
	if (irq)
		enable_irq(irq);
out:
	put_device(device);
	device = NULL;
	victim = NULL;
	return 0;
}

static const struct kernel_param_ops plant_ops = {.set = plant};
static const struct kernel_param_ops heal_ops = {.set = heal};
static int now_get(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%llu\n", ktime_get_real_ns() / NSEC_PER_MSEC);
}

/* CLOCK_REALTIME, ms */
static const struct kernel_param_ops now_ops = {.get = now_get};
module_param_cb(now_ms, &now_ops, NULL, 0444);
module_param_cb(plant, &plant_ops, NULL, 0200);
module_param_cb(heal, &heal_ops, NULL, 0200);

static void forget(unsigned int n)
{
	while (n--)
		if (probed[n])
			unregister_kprobe(&probes[n]);
}

static int __init stallfault_init(void)
{
	unsigned int i;
	int err;

	err = register_virtio_driver(&finder);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_kprobe(&probes[i]);
		if (err == -ENOENT) { /* some kernels have virtio built in */
			probes[i].symbol_name = strchr(probes[i].symbol_name, ':') + 1;
			probes[i].addr = NULL;
			probes[i].flags = 0;
			err = register_kprobe(&probes[i]);
		}
		probed[i] = !err;
		if (err)
			pr_info("stallfault: no %s: %d\n", probes[i].symbol_name, err);
	}
	err = register_kretprobe(&prepare);
	if (err) {
		forget(ARRAY_SIZE(probes));
		unregister_virtio_driver(&finder);
	}
	return err;
}

static void __exit stallfault_exit(void)
{
	unregister_kretprobe(&prepare);
	forget(ARRAY_SIZE(probes));
	unregister_virtio_driver(&finder);
}

module_init(stallfault_init);
module_exit(stallfault_exit);
MODULE_DESCRIPTION("stalled virtqueues, for vmmio's tests");
MODULE_LICENSE("GPL v2");
