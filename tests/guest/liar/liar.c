// SPDX-License-Identifier: GPL-2.0-only
/*
 * For a test only: makes devices say what no device at hand says, by changing
 * what vmmio.ko's register accessors read and write (kprobes; x86-64). The
 * device itself is QEMU's and does its work. Each parameter is one lie and can be
 * changed while the module is loaded; what the device was told stays what
 * it would have been told, less the feature bits of offer.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include "vmmio.h"

static unsigned long long offer, deny, shm_base, shm_len;
static int stuck, refuse, early, turning, gone, wide, config_at = -1, notify_off = -1;
static unsigned int config_calls, rings_freed, config_value, far_selects, no_memory;
static unsigned int queue_max;
module_param(offer, ullong, 0644);     /* feature bits offered besides */
module_param(deny, ullong, 0644);      /* feature bits not offered */
module_param(stuck, int, 0644);	       /* 1: after a reset the status never reads 0 */
module_param(refuse, int, 0644);       /* 1: vectors of queues, 2: of the configuration too */
module_param(early, int, 0644);	       /* MSI-X: interrupts of each vector at queue_enable */
module_param(gone, int, 0644);	       /* 1: every register reads all ones */
module_param(turning, int, 0644);      /* 1: the configuration's generation never settles */
module_param(wide, int, 0644);	       /* 1: features beyond the 64th, all of them */
module_param(far_selects, uint, 0644); /* times that they were asked for or answered */
module_param(no_memory, uint, 0644);   /* so many interrupts are refused with ENOMEM: counts down */
module_param(notify_off, int, 0644);   /* queue_notify_off, if not -1 */
module_param(config_at, int, 0644);    /* PCI configuration space: the word there, if not -1, */
module_param(config_value, uint, 0644); /* reads so */
module_param(queue_max, uint, 0644);	/* QueueSizeMax, if not 0 */
module_param(shm_base, ullong, 0644);	/* one shared memory region, */
module_param(shm_len, ullong, 0644);	/* if its length is not 0 */
module_param(rings_freed, uint, 0444);	/* rings that were freed */
module_param(config_calls, uint, 0444); /* configuration changes passed on to drivers */

static struct vmmio_device *seen; /* the device last accessed */

struct call {
	struct vmmio_regs *regs;
	enum vmmio_reg reg;
};

/* What was selected, and whether a reset was asked for: of the device last accessed. */
static u32 device_sel, driver_sel;
static bool was_reset;

static const u8 widths[VMMIO_REG_COUNT] = {
#define REG_WIDTH(id, off, width, name, access, versions) width,
	VMMIO_REGS(REG_WIDTH)};

static u32 lie(enum vmmio_reg reg, u32 v)
{
	if (gone)
		return U32_MAX >> (32 - 8 * widths[reg]);
	switch (reg) {
	case VMMIO_REG_DEVICE_FEATURES:
	case VMMIO_REG_PCI_DEVICE_FEATURE:
		if (device_sel > 1)
			return wide ? U32_MAX : v;
		return (v | (u32)(offer >> (32 * device_sel))) & ~(u32)(deny >> (32 * device_sel));
	case VMMIO_REG_CONFIG_GENERATION:
	case VMMIO_REG_PCI_CONFIG_GENERATION:
		return turning ? turning++ : v;
	case VMMIO_REG_STATUS:
	case VMMIO_REG_PCI_DEVICE_STATUS:
		return stuck && was_reset && !v ? 0x0f : v;
	case VMMIO_REG_QUEUE_NUM_MAX:
		return queue_max && v ? queue_max : v;
	case VMMIO_REG_SHM_LEN_LOW:
		return shm_len ? (u32)shm_len : v;
	case VMMIO_REG_SHM_LEN_HIGH:
		return shm_len ? (u32)(shm_len >> 32) : v;
	case VMMIO_REG_SHM_BASE_LOW:
		return shm_len ? (u32)shm_base : v;
	case VMMIO_REG_SHM_BASE_HIGH:
		return shm_len ? (u32)(shm_base >> 32) : v;
	case VMMIO_REG_PCI_QUEUE_MSIX_VECTOR:
		return refuse ? VMMIO_NO_VECTOR : v;
	case VMMIO_REG_PCI_QUEUE_NOTIFY_OFF:
		return notify_off >= 0 ? notify_off : v;
	case VMMIO_REG_PCI_CONFIG_MSIX_VECTOR:
		return refuse > 1 ? VMMIO_NO_VECTOR : v;
	default:
		return v;
	}
}

static int read_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct call *c = (struct call *)ri->data;

	c->regs = (void *)regs->di;
	c->reg = regs->si;
	seen = container_of(c->regs, struct vmmio_device, regs);
	return 0;
}

static int read_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct call *c = (struct call *)ri->data;

	regs->ax = lie(c->reg, regs->ax);
	return 0;
}

/* The real vectors of @vd, as if the device had raised them: edges, by an IPI. */
static void interrupt_early(struct vmmio_device *vd)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	int i;

	for (i = 0; i < 2; i++) {
		struct irq_data *d = irq_get_irq_data(pci_irq_vector(pdev, i));

		if (d && d->chip->irq_retrigger)
			d->chip->irq_retrigger(d);
	}
}

static int write_entry(struct kprobe *p, struct pt_regs *regs)
{
	struct vmmio_regs *r = (void *)regs->di;
	enum vmmio_reg reg = regs->si;
	u32 value = regs->dx;

	seen = container_of(r, struct vmmio_device, regs);
	if (reg == VMMIO_REG_DEVICE_FEATURES_SEL || reg == VMMIO_REG_PCI_DEVICE_FEATURE_SELECT)
		device_sel = value;
	if (reg == VMMIO_REG_DRIVER_FEATURES_SEL || reg == VMMIO_REG_PCI_DRIVER_FEATURE_SELECT)
		driver_sel = value;
	if ((reg == VMMIO_REG_DEVICE_FEATURES_SEL || reg == VMMIO_REG_PCI_DEVICE_FEATURE_SELECT ||
	     reg == VMMIO_REG_DRIVER_FEATURES_SEL || reg == VMMIO_REG_PCI_DRIVER_FEATURE_SELECT) &&
	    value > 1)
		far_selects++;
	if ((reg == VMMIO_REG_DRIVER_FEATURES || reg == VMMIO_REG_PCI_DRIVER_FEATURE) &&
	    driver_sel < 2)
		regs->dx = value & ~(u32)(offer >> (32 * driver_sel));
	if (reg == VMMIO_REG_STATUS || reg == VMMIO_REG_PCI_DEVICE_STATUS)
		was_reset = !value;
	if (reg == VMMIO_REG_PCI_QUEUE_ENABLE && early && r->msix)
		interrupt_early(seen);
	return 0;
}

/*
 * A device that negotiated no NOTIFICATION_DATA, as QEMU's did not, takes the
 * whole value of an MMIO doorbell for the queue's index: it gets that besides.
 */
static int kick_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(struct virtqueue **)ri->data = (void *)regs->di;
	return 0;
}

static int kick_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct virtqueue *vq = *(struct virtqueue **)ri->data;
	struct vmmio_queue *q = vq->priv;

	if (q->vd->transport->id == VMMIO_TRANSPORT_MMIO)
		writel(vq->index, q->doorbell);
	return 0;
}

struct config_call {
	int where;
	u32 *value;
};

static int config_read_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct config_call *c = (struct config_call *)ri->data;

	c->where = regs->si;
	c->value = (void *)regs->dx;
	return 0;
}

static int config_read_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct config_call *c = (struct config_call *)ri->data;

	if (config_at >= 0 && c->where == config_at)
		*c->value = config_value;
	return 0;
}

#define READ_PROBE(symbol)                                                               \
	{                                                                                \
		.kp.symbol_name = "vmmio:" symbol, .entry_handler = read_entry,          \
		.handler = read_return, .data_size = sizeof(struct call), .maxactive = 8 \
	}

static struct kretprobe returns[] = {
	READ_PROBE("mmio_read"),
	READ_PROBE("pci_read"),
	{
		.kp.symbol_name = "pci_read_config_dword",
		.entry_handler = config_read_entry,
		.handler = config_read_return,
		.data_size = sizeof(struct config_call),
		.maxactive = 8,
	},
	{
		.kp.symbol_name = "vmmio:kick_data",
		.entry_handler = kick_entry,
		.handler = kick_return,
		.data_size = sizeof(struct virtqueue *),
		.maxactive = 8,
	},
};

static int config_entry(struct kprobe *p, struct pt_regs *regs)
{
	config_calls++;
	return 0;
}

static int free_entry(struct kprobe *p, struct pt_regs *regs)
{
	rings_freed++;
	return 0;
}

/* The kernel has no memory for an interrupt's handler: of a virtio device, as asked for. */
static noinline int request_refused(void)
{
	return -ENOMEM;
}

static int request_entry(struct kprobe *p, struct pt_regs *regs)
{
	const char *name = (void *)regs->r8;

	if (!no_memory || !name || strncmp(name, "virtio", 6))
		return 0;
	no_memory--;
	regs->ip = (unsigned long)request_refused; /* which returns to the caller */
	return 1;
}

/* That there is one lets the other change the way. */
static void request_past(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static struct kprobe writes[] = {
	{
		.symbol_name = "request_threaded_irq",
		.pre_handler = request_entry,
		.post_handler = request_past,
	},
	{.symbol_name = "vring_del_virtqueue", .pre_handler = free_entry},
	{.symbol_name = "virtio_config_changed", .pre_handler = config_entry},
	{.symbol_name = "vmmio:mmio_write", .pre_handler = write_entry},
	{.symbol_name = "vmmio:pci_write", .pre_handler = write_entry},
};

/* Writing a region's number asks the device last accessed for it; reading gives the answer. */
static char answer[64] = "none asked for";

static int region_set(const char *text, const struct kernel_param *kp)
{
	struct virtio_shm_region r;
	u8 id;

	if (kstrtou8(text, 0, &id) || !seen)
		return -EINVAL;
	if (virtio_get_shm_region(&seen->vdev, &r, id))
		snprintf(answer, sizeof(answer), "0x%llx 0x%llx", r.addr, r.len);
	else
		strscpy(answer, "none", sizeof(answer));
	return 0;
}

static int region_get(char *buf, const struct kernel_param *kp)
{
	return sprintf(buf, "%s\n", answer);
}

static const struct kernel_param_ops region_ops = {.set = region_set, .get = region_get};
module_param_cb(region, &region_ops, NULL, 0644);

/* The device of this name on either bus. */
static struct device *find_device(const char *text)
{
	char name[32];
	struct device *dev;

	strscpy(name, text, sizeof(name));
	dev = bus_find_device_by_name(&platform_bus_type, NULL, strim(name));
	return dev ?: bus_find_device_by_name(&pci_bus_type, NULL, strim(name));
}

static int is_virtio(struct device *dev, void *unused)
{
	return dev->bus && !strcmp(dev->bus->name, "virtio");
}

/* Kicks the first queue of this device, whoever drives it, with nothing new in it. */
static int notify_set(const char *text, const struct kernel_param *kp)
{
	struct device *parent = find_device(text), *dev;
	struct virtqueue *vq;

	if (!parent)
		return -ENODEV;
	dev = device_find_child(parent, NULL, is_virtio);
	put_device(parent);
	if (!dev)
		return -ENODEV;
	vq = list_first_entry(&dev_to_virtio(dev)->vqs, struct virtqueue, list);
	virtqueue_notify(vq);
	put_device(dev);
	return 0;
}

static const struct kernel_param_ops notify_ops = {.set = notify_set};
module_param_cb(notify, &notify_ops, NULL, 0200);

/* Gives the first queue of this device another ring; one that is reset has no buffers. */
static void recycle(struct virtqueue *vq, void *buf)
{
}

static int resize_set(const char *text, const struct kernel_param *kp)
{
	struct device *parent = find_device(text), *dev;
	struct virtqueue *vq;
	int err;

	if (!parent)
		return -ENODEV;
	dev = device_find_child(parent, NULL, is_virtio);
	put_device(parent);
	if (!dev)
		return -ENODEV;
	vq = list_first_entry(&dev_to_virtio(dev)->vqs, struct virtqueue, list);
#ifdef RECYCLE_DONE
	err = virtqueue_resize(vq, virtqueue_get_vring_size(vq) / 2, recycle, NULL);
#else
	err = virtqueue_resize(vq, virtqueue_get_vring_size(vq) / 2, recycle);
#endif
	put_device(dev);
	return err;
}

static const struct kernel_param_ops resize_ops = {.set = resize_set};
module_param_cb(resize, &resize_ops, NULL, 0200);

/*
 * 1: the device last accessed, an MMIO one, has an interrupt status that stays 1
 * and takes no acknowledge, so its line stays up; 0: it has its registers again.
 */
static void __iomem *registers;
static void *page;

static int jam_set(const char *text, const struct kernel_param *kp)
{
	bool on;

	if (kstrtobool(text, &on) || !seen || on == !!page)
		return -EINVAL;
	if (on) {
		page = (void *)get_zeroed_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		memcpy_fromio(page, seen->common, 0x100);
		*(u32 *)(page + 0x060) = 1;
		registers = seen->common;
		WRITE_ONCE(seen->common, (void __iomem *)page);
	} else {
		WRITE_ONCE(seen->common, registers);
		synchronize_irq(seen->irq);
		free_page((unsigned long)page);
		page = NULL;
	}
	return 0;
}

static const struct kernel_param_ops jam_ops = {.set = jam_set};
module_param_cb(jam, &jam_ops, NULL, 0200);

/* Gives the platform device of this name the property that its firmware lacks. */
static int wakeup_set(const char *text, const struct kernel_param *kp)
{
	static const struct property_entry wakes[] = {PROPERTY_ENTRY_BOOL("wakeup-source"), {}};
	struct device *dev = find_device(text);
	int err;

	if (!dev)
		return -ENODEV;
	err = device_create_managed_software_node(dev, wakes, NULL);
	put_device(dev);
	return err;
}

static const struct kernel_param_ops wakeup_ops = {.set = wakeup_set};
module_param_cb(wakeup, &wakeup_ops, NULL, 0200);

static void forget(unsigned int nreturns, unsigned int nwrites)
{
	while (nreturns--)
		unregister_kretprobe(&returns[nreturns]);
	while (nwrites--)
		unregister_kprobe(&writes[nwrites]);
}

static int __init liar_init(void)
{
	unsigned int i, k;
	int err;

	for (i = 0; i < ARRAY_SIZE(returns); i++) {
		err = register_kretprobe(&returns[i]);
		if (err) {
			pr_err("liar: %s: %d\n", returns[i].kp.symbol_name, err);
			forget(i, 0);
			return err;
		}
	}
	for (k = 0; k < ARRAY_SIZE(writes); k++) {
		err = register_kprobe(&writes[k]);
		if (err) {
			pr_err("liar: %s: %d\n", writes[k].symbol_name, err);
			forget(i, k);
			return err;
		}
	}
	return 0;
}

static void __exit liar_exit(void)
{
	forget(ARRAY_SIZE(returns), ARRAY_SIZE(writes));
}

module_init(liar_init);
module_exit(liar_exit);
MODULE_DESCRIPTION("devices that lie, for vmmio's tests");
MODULE_LICENSE("GPL v2");
