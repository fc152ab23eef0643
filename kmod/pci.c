// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtio-pci transport: virtio 1.x devices through their vendor capabilities (4.1.4),
 * transitional devices included. A device without these capabilities is refused. The driver walks
 * them itself, so that every register access passes our accessors.
 *
 * It takes no device unasked: driver_override, or claim=all or claim=pci. Long because both
 * interrupt modes, sleep and reset share its state.
 */
#include <linux/module.h>
#include <linux/pci.h>
#include "compat.h"
#include "events.h"
#include "pci.h"

#define VIRTIO_VENDOR 0x1af4
#define MODERN_ID_BASE 0x1040
#define MODERN_ID_END 0x107f
#define TRANSITIONAL_ID_BASE 0x1000
#define TRANSITIONAL_ID_END 0x103f

static const u16 reg_offsets[VMMIO_REG_COUNT] = {
#define REG_OFFSET(id, off, width, name, access, versions) off,
	VMMIO_REGS(REG_OFFSET)};

static const u8 reg_widths[VMMIO_REG_COUNT] = {
#define REG_WIDTH(id, off, width, name, access, versions) width,
	VMMIO_REGS(REG_WIDTH)};

static struct pci_vmmio *of_vd(const struct vmmio_device *vd)
{
	return pci_get_drvdata(to_pci_dev(vd->parent));
}

static struct vmmio_device *of_regs(struct vmmio_regs *r)
{
	return container_of(r, struct vmmio_device, regs);
}

static u32 pci_read(struct vmmio_regs *r, enum vmmio_reg reg)
{
	struct vmmio_device *vd = of_regs(r);
	u32 off = reg_offsets[reg];

	return vmmio_read(vd, reg, vd->common + off, VMMIO_SPACE_BAR, off, reg_widths[reg]);
}

static void pci_write(struct vmmio_regs *r, enum vmmio_reg reg, u32 value)
{
	struct vmmio_device *vd = of_regs(r);
	u32 off = reg_offsets[reg];

	vmmio_write(vd, reg, vd->common + off, VMMIO_SPACE_BAR, off, reg_widths[reg], value);
}

static u32 pci_read_device_config(struct vmmio_regs *r, u32 offset, unsigned int width)
{
	struct vmmio_device *vd = of_regs(r);

	return vmmio_read(vd, VMMIO_REG_PCI_CONFIG, vd->config + offset, VMMIO_SPACE_BAR, offset,
			  width);
}

static void pci_write_device_config(struct vmmio_regs *r, u32 offset, unsigned int width, u32 value)
{
	struct vmmio_device *vd = of_regs(r);

	vmmio_write(vd, VMMIO_REG_PCI_CONFIG, vd->config + offset, VMMIO_SPACE_BAR, offset, width,
		    value);
}

static const struct vmmio_regs_ops pci_regs_ops = {
	.read = pci_read,
	.write = pci_write,
	.read_config = pci_read_device_config,
	.write_config = pci_write_device_config,
	.pause = vmmio_regs_pause,
};

static void __iomem *pci_doorbell(struct vmmio_device *vd, u16 index, u16 notify_off)
{
	u32 width = __virtio_test_bit(&vd->vdev, VIRTIO_F_NOTIFICATION_DATA) ? 4 : 2;
	struct pci_vmmio *pv = of_vd(vd);
	u64 off = (u64)notify_off * pv->notify_multiplier;

	/* 4.1.4.4.1: at a multiple of its width, or some processors fault */
	if (off + width > pv->notify_len || (unsigned long)(pv->notify + off) % width)
		return NULL;
	return pv->notify + off;
}

static unsigned int callbacks(unsigned int n, const struct vmmio_vq_request *req)
{
	unsigned int i, count = 0;

	for (i = 0; i < n; i++)
		count += req[i].name && req[i].callback;
	return count;
}

static int msix_request(struct vmmio_device *vd, unsigned int nvec, struct irq_affinity *desc)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	unsigned int flags = PCI_IRQ_MSIX;
	struct pci_vmmio *pv = of_vd(vd);
	struct irq_affinity affd;
	int err;

	/* the user's choice must stay changeable; managed vectors are not */
	if (vd->options.affinities)
		desc = NULL;
	vd->affinity_managed = desc;
	if (desc) {
		flags |= PCI_IRQ_AFFINITY;
		affd = *desc;
		affd.pre_vectors++; /* the configuration vector */
	}
	err = pci_alloc_irq_vectors_affinity(pdev, nvec, nvec, flags, desc ? &affd : NULL);
	if (err < 0)
		return -ENOSPC;
	pv->msix_vectors = nvec;
	vd->regs.msix = true;
	vd->vector_config = 0;
	err = request_irq(pci_irq_vector(pdev, 0), vmmio_irq_config, 0, dev_name(&vd->vdev.dev),
			  vd);
	if (err)
		return err;
	pv->config_requested = true;
	vd->irq = pci_irq_vector(pdev, 0); /* the interrupt that the device's slot names */
	return vmmio_regs_pci_config_vector(&vd->regs, 0);
}

static int pci_irqs_request(struct vmmio_device *vd, unsigned int n,
			    const struct vmmio_vq_request *req, struct irq_affinity *desc)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);

	/* not before the first reset: a device may still have a former driver's rings */
	pci_set_master(pdev);
	switch (vd->irq_mode) {
	case VMMIO_IRQ_MSIX:
		return msix_request(vd, 1 + callbacks(n, req), desc);
	case VMMIO_IRQ_MSIX_SHARED:
		return msix_request(vd, 2, NULL);
	default:
		vd->irq = pdev->irq;
		return vd->irq > 0 ? 0 : -ENODEV;
	}
}

static int pci_queue_irq(struct vmmio_queue *q)
{
	struct vmmio_device *vd = q->vd;

	if (!vd->regs.msix)
		return vd->irq;
	return q->vector == VMMIO_NO_VECTOR ? -1
					    : pci_irq_vector(to_pci_dev(vd->parent), q->vector);
}

static int pci_irqs_enable(struct vmmio_device *vd)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	const char *name = dev_name(&vd->vdev.dev);
	struct pci_vmmio *pv = of_vd(vd);
	unsigned int i;
	int err;

	if (!vd->regs.msix) {
		err = request_irq(vd->irq, vd->isr_in_memory ? vmmio_irq_intx : vmmio_irq_intx_io,
				  IRQF_SHARED, name, vd);
		vd->irq_requested = !err;
		return err;
	}
	if (vd->irq_mode == VMMIO_IRQ_MSIX_SHARED) {
		err = request_irq(pci_irq_vector(pdev, 1), vmmio_irq_shared, 0, name, vd);
		pv->shared_requested = !err;
		return err;
	}
	for (i = 0; i < vd->nqueues; i++) {
		struct vmmio_queue *q = vd->queues[i];

		if (!q || q->vector == VMMIO_NO_VECTOR)
			continue;
		snprintf(q->irq_name, sizeof(q->irq_name), "%s-%s", name, q->vq->name);
		err = request_irq(pci_queue_irq(q), vmmio_irq_queue, 0, q->irq_name, q);
		if (err)
			return err;
		q->irq_requested = true;
	}
	return 0;
}

static void pci_irqs_free(struct vmmio_device *vd)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	struct pci_vmmio *pv = of_vd(vd);
	unsigned int i;

	for (i = 0; i < vd->nqueues; i++) {
		struct vmmio_queue *q = vd->queues[i];

		if (!q || !q->irq_requested)
			continue;
		irq_set_affinity_hint(pci_queue_irq(q), NULL);
		free_irq(pci_queue_irq(q), q);
		q->irq_requested = false;
	}
	if (pv->shared_requested)
		free_irq(pci_irq_vector(pdev, 1), vd);
	pv->shared_requested = false;
	if (pv->msix_vectors) {
		vmmio_regs_pci_config_vector(&vd->regs, VMMIO_NO_VECTOR);
		if (pv->config_requested)
			free_irq(pci_irq_vector(pdev, 0), vd);
		pv->config_requested = false;
		pci_free_irq_vectors(pdev);
		pv->msix_vectors = 0;
		vd->regs.msix = false;
		vd->vector_config = VMMIO_NO_VECTOR;
	}
	if (vd->irq_requested)
		free_irq(vd->irq, vd);
	vd->irq_requested = false;
}

static void pci_irqs_synchronize(struct vmmio_device *vd)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	struct pci_vmmio *pv = of_vd(vd);
	int i;

	if (vd->irq_requested)
		synchronize_irq(vd->irq);
	for (i = 0; i < pv->msix_vectors; i++)
		synchronize_irq(pci_irq_vector(pdev, i));
}

static bool pci_irqs_degrade(struct vmmio_device *vd)
{
	/* asked for by name: this or none */
	if (vd->options.irq != VMMIO_OPTION_IRQ_AUTO)
		return false;
	switch (vd->irq_mode) {
	case VMMIO_IRQ_MSIX:
		vd->irq_mode = VMMIO_IRQ_MSIX_SHARED;
		return true;
	case VMMIO_IRQ_MSIX_SHARED:
		vd->irq_mode = VMMIO_IRQ_INTX;
		return true;
	default:
		return false;
	}
}

static const struct cpumask *pci_queue_affinity(struct vmmio_queue *q)
{
	if (!q->vd->affinity_managed || q->vector == VMMIO_NO_VECTOR)
		return NULL;
	return pci_irq_get_affinity(to_pci_dev(q->vd->parent), q->vector);
}

static void pci_isolate(struct vmmio_device *vd)
{
	pci_clear_master(to_pci_dev(vd->parent));
}

static bool pci_present(struct vmmio_device *vd)
{
	return pci_device_is_present(to_pci_dev(vd->parent));
}

static const struct vmmio_transport_ops pci_transport = {
	.id = VMMIO_TRANSPORT_PCI,
	.notify = VMMIO_REG_PCI_NOTIFY,
	.doorbell = pci_doorbell,
	.irqs_request = pci_irqs_request,
	.irqs_enable = pci_irqs_enable,
	.irqs_free = pci_irqs_free,
	.irqs_synchronize = pci_irqs_synchronize,
	.irqs_degrade = pci_irqs_degrade,
	.queue_irq = pci_queue_irq,
	.queue_affinity = pci_queue_affinity,
	.shm = vmmio_pci_shm,
	.isolate = pci_isolate,
	.present = pci_present,
};

/* 4.1.2.1: the device type, from the device id or the transitional subsystem id. */
static int device_type(const struct pci_dev *pdev)
{
	if (pdev->device >= MODERN_ID_BASE && pdev->device <= MODERN_ID_END)
		return pdev->device - MODERN_ID_BASE;
	if (pdev->device >= TRANSITIONAL_ID_BASE && pdev->device <= TRANSITIONAL_ID_END)
		return pdev->subsystem_device;
	return -ENODEV;
}

static u8 first_irq_mode(const struct vmmio_device *vd)
{
	if (!to_pci_dev(vd->parent)->msix_cap || vd->options.irq == VMMIO_OPTION_IRQ_INTX ||
	    (vd->options.irq == VMMIO_OPTION_IRQ_AUTO && vmmio_intx))
		return VMMIO_IRQ_INTX;
	return vd->options.irq == VMMIO_OPTION_IRQ_SHARED ? VMMIO_IRQ_MSIX_SHARED : VMMIO_IRQ_MSIX;
}

static int pci_probe(struct pci_dev *pdev, const struct pci_device_id *unused)
{
	struct vmmio_device *vd;
	struct pci_vmmio *pv;
	int err, type;

	type = device_type(pdev);
	if (pdev->vendor != VIRTIO_VENDOR || type <= 0)
		return -ENODEV;
	pv = devm_kzalloc(&pdev->dev, sizeof(*pv), GFP_KERNEL);
	if (!pv)
		return -ENOMEM;
	vd = vmmio_device_alloc(&pdev->dev, &pci_transport, &pci_regs_ops);
	if (!vd)
		return -ENOMEM;
	pv->vd = vd;
	pci_set_drvdata(pdev, pv);
	vd->regs.protocol = &vmmio_protocol_pci;
	vd->irq_mode_first = first_irq_mode(vd);
	vd->irq_mode = vd->irq_mode_first;
	vd->vdev.id.device = type;
	vd->vdev.id.vendor = pdev->subsystem_vendor;
	if (vd->options.lazy_status || vd->options.reread_status) {
		dev_err(&pdev->dev, "%s_status=1 has no meaning on PCI\n",
			vd->options.lazy_status ? "lazy" : "reread");
		err = -EINVAL;
		goto err_discard;
	}
	if ((vd->options.irq == VMMIO_OPTION_IRQ_MSIX ||
	     vd->options.irq == VMMIO_OPTION_IRQ_SHARED) &&
	    !pdev->msix_cap) {
		dev_err(&pdev->dev, "irq=msix and irq=shared need a device with MSI-X\n");
		err = -EINVAL;
		goto err_discard;
	}

	err = pci_enable_device(pdev);
	if (err)
		goto err_discard;
	err = vmmio_pci_map(pdev, pv);
	if (err)
		goto err_unmap;
	vmmio_device_set_dma(vd);

	err = vmmio_device_register(vd);
	if (err)
		goto err_put;
	return 0;

err_put:
	vmmio_pci_unmap(pdev, pv);
	pci_disable_device(pdev);
	vmmio_device_put(vd);
	return err;
err_unmap:
	vmmio_pci_unmap(pdev, pv);
	pci_disable_device(pdev);
err_discard:
	vmmio_device_discard(vd);
	return err;
}

static void pci_remove(struct pci_dev *pdev)
{
	struct pci_vmmio *pv = pci_get_drvdata(pdev);

	vmmio_device_unregister(pv->vd);
	vmmio_pci_unmap(pdev, pv);
	if (pci_is_enabled(pdev)) /* not if resume could not enable it */
		pci_disable_device(pdev);
	vmmio_device_put(pv->vd);
}

#ifdef CONFIG_PM_SLEEP
static int pci_freeze(struct device *dev)
{
	struct pci_vmmio *pv = dev_get_drvdata(dev);
	int err = virtio_device_freeze(&pv->vd->vdev);

	if (!err)
		pci_disable_device(to_pci_dev(dev));
	return err;
}

static int pci_restore(struct device *dev)
{
	struct pci_vmmio *pv = dev_get_drvdata(dev);
	int err = pci_enable_device(to_pci_dev(dev));

	if (err)
		return err;
	return virtio_device_restore(&pv->vd->vdev);
}

/*
 * Around a function level reset, which clears the device's state: its driver gives it up as before
 * sleep, and takes it again as after. The kernel saves and restores its configuration space, and
 * holds its lock.
 */
static void pci_reset_prepare(struct pci_dev *pdev)
{
	struct pci_vmmio *pv = pci_get_drvdata(pdev);
	struct virtio_device *vdev = &pv->vd->vdev;
	int err = -EOPNOTSUPP;

	/* a driver that cannot be frozen would not set up its queues again */
	if (!vdev->dev.driver || drv_to_virtio(vdev->dev.driver)->freeze)
		err = virtio_device_freeze(vdev);
	if (err) {
		dev_err(&pdev->dev, "reset: its driver does not let go (%d)\n", err);
		virtio_break_device(vdev);
	}
	pv->frozen = !err;
}

static void pci_reset_done(struct pci_dev *pdev)
{
	struct pci_vmmio *pv = pci_get_drvdata(pdev);
	int err = pv->frozen ? virtio_device_restore(&pv->vd->vdev) : 0;

	pv->frozen = false;
	if (err)
		dev_err(&pdev->dev, "reset: the device does not come back (%d)\n", err);
}

static const struct pci_error_handlers pci_errors = {
	.reset_prepare = pci_reset_prepare,
	.reset_done = pci_reset_done,
};
#define PCI_ERRORS (&pci_errors)

static const struct dev_pm_ops pci_pm_ops = {SET_SYSTEM_SLEEP_PM_OPS(pci_freeze, pci_restore)};
#define PCI_PM_OPS (&pci_pm_ops)
#else
#define PCI_PM_OPS NULL
#define PCI_ERRORS NULL
#endif

/* Deliberately no MODULE_DEVICE_TABLE: nothing loads this module by itself. */
static const struct pci_device_id pci_ids[] = {
	{PCI_DEVICE(VIRTIO_VENDOR, PCI_ANY_ID)},
	{},
};

static struct pci_driver pci_driver = {
	.name = "vmmio-pci",
	.probe = pci_probe,
	.remove = pci_remove,
	.err_handler = PCI_ERRORS,
	.driver.pm = PCI_PM_OPS,
};

int vmmio_pci_register(bool claim)
{
	if (claim)
		pci_driver.id_table = pci_ids;
	return pci_register_driver(&pci_driver);
}

void vmmio_pci_unregister(void)
{
	pci_unregister_driver(&pci_driver);
}
