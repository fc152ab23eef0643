/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a driver asks the kernel for and does not get: memory, an interrupt, a mapping, a
 * DMA mask. run.sh has the driver's module call these in place of the kernel's own, by
 * names in its table of symbols; its text is not touched. Which call fails is a byte of
 * the input. Included once.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/virtio.h>
#include <linux/virtio_ring.h>

#define FAIL_NTH 0x3f  /* this one, from 1 on; 0: none */
#define FAIL_MORE 0x40 /* and all that follow */

static u8 failing;
static unsigned int asked;
static bool irq_told;

static bool fails(void)
{
	unsigned int nth = failing & FAIL_NTH;

	if (!nth || ++asked < nth || (asked > nth && !(failing & FAIL_MORE)))
		return false;
	failed++;
	return true;
}

void *fuzz_kmalloc_trace(struct kmem_cache *s, gfp_t flags, size_t size);
void *fuzz_kmalloc_trace(struct kmem_cache *s, gfp_t flags, size_t size)
{
	return fails() ? NULL : kmalloc_trace(s, flags, size);
}
EXPORT_SYMBOL_GPL(fuzz_kmalloc_trace);

void *fuzz___kmalloc(size_t size, gfp_t flags);
void *fuzz___kmalloc(size_t size, gfp_t flags)
{
	return fails() ? NULL : __kmalloc(size, flags);
}
EXPORT_SYMBOL_GPL(fuzz___kmalloc);

void *fuzz_devm_kmalloc(struct device *dev, size_t size, gfp_t flags);
void *fuzz_devm_kmalloc(struct device *dev, size_t size, gfp_t flags)
{
	return fails() ? NULL : devm_kmalloc(dev, size, flags);
}
EXPORT_SYMBOL_GPL(fuzz_devm_kmalloc);

void __percpu *fuzz___alloc_percpu(size_t size, size_t align);
void __percpu *fuzz___alloc_percpu(size_t size, size_t align)
{
	return fails() ? NULL : __alloc_percpu(size, align);
}
EXPORT_SYMBOL_GPL(fuzz___alloc_percpu);

void __iomem *fuzz_devm_ioremap_resource(struct device *dev, const struct resource *res);
void __iomem *fuzz_devm_ioremap_resource(struct device *dev, const struct resource *res)
{
	return fails() ? IOMEM_ERR_PTR(-ENOMEM) : devm_ioremap_resource(dev, res);
}
EXPORT_SYMBOL_GPL(fuzz_devm_ioremap_resource);

void __iomem *fuzz_devm_platform_ioremap_resource(struct platform_device *p, unsigned int i);
void __iomem *fuzz_devm_platform_ioremap_resource(struct platform_device *p, unsigned int i)
{
	return fails() ? IOMEM_ERR_PTR(-ENOMEM) : devm_platform_ioremap_resource(p, i);
}
EXPORT_SYMBOL_GPL(fuzz_devm_platform_ioremap_resource);

int fuzz_platform_get_irq(struct platform_device *p, unsigned int i);
int fuzz_platform_get_irq(struct platform_device *p, unsigned int i)
{
	int irq;

	/* what it has told once it knows */
	if (!irq_told && fails())
		return -ENXIO;
	irq = platform_get_irq(p, i);
	irq_told |= irq > 0;
	return irq;
}
EXPORT_SYMBOL_GPL(fuzz_platform_get_irq);

int fuzz_request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread,
			      unsigned long flags, const char *name, void *of);
int fuzz_request_threaded_irq(unsigned int irq, irq_handler_t handler, irq_handler_t thread,
			      unsigned long flags, const char *name, void *of)
{
	return fails() ? -EBUSY : request_threaded_irq(irq, handler, thread, flags, name, of);
}
EXPORT_SYMBOL_GPL(fuzz_request_threaded_irq);

int fuzz_irq_set_irq_wake(unsigned int irq, unsigned int on);
int fuzz_irq_set_irq_wake(unsigned int irq, unsigned int on)
{
	return on && fails() ? -ENXIO : irq_set_irq_wake(irq, on);
}
EXPORT_SYMBOL_GPL(fuzz_irq_set_irq_wake);

int fuzz_dma_set_mask(struct device *dev, u64 mask);
int fuzz_dma_set_mask(struct device *dev, u64 mask)
{
	return fails() ? -EIO : dma_set_mask(dev, mask);
}
EXPORT_SYMBOL_GPL(fuzz_dma_set_mask);

int fuzz_dma_set_coherent_mask(struct device *dev, u64 mask);
int fuzz_dma_set_coherent_mask(struct device *dev, u64 mask)
{
	return fails() ? -EIO : dma_set_coherent_mask(dev, mask);
}
EXPORT_SYMBOL_GPL(fuzz_dma_set_coherent_mask);

struct virtqueue *fuzz_vring_create_virtqueue(unsigned int index, unsigned int num,
					      unsigned int align, struct virtio_device *vdev,
					      bool weak, bool may_reduce, bool ctx,
					      bool (*notify)(struct virtqueue *),
					      void (*callback)(struct virtqueue *),
					      const char *name);
struct virtqueue *fuzz_vring_create_virtqueue(unsigned int index, unsigned int num,
					      unsigned int align, struct virtio_device *vdev,
					      bool weak, bool may_reduce, bool ctx,
					      bool (*notify)(struct virtqueue *),
					      void (*callback)(struct virtqueue *),
					      const char *name)
{
	return fails() ? NULL
		       : vring_create_virtqueue(index, num, align, vdev, weak, may_reduce, ctx,
						notify, callback, name);
}
EXPORT_SYMBOL_GPL(fuzz_vring_create_virtqueue);

/* Memory as no small machine has it: version 1 cannot name its page. */
dma_addr_t fuzz_virtqueue_get_desc_addr(struct virtqueue *vq);
dma_addr_t fuzz_virtqueue_get_desc_addr(struct virtqueue *vq)
{
	return virtqueue_get_desc_addr(vq) | (fails() ? BIT_ULL(50) : 0);
}
EXPORT_SYMBOL_GPL(fuzz_virtqueue_get_desc_addr);

/* As it fails where no number is left. */
int fuzz_register_virtio_device(struct virtio_device *vdev);
int fuzz_register_virtio_device(struct virtio_device *vdev)
{
	if (!fails())
		return register_virtio_device(vdev);
	device_initialize(&vdev->dev);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(fuzz_register_virtio_device);

int fuzz_pci_enable_device(struct pci_dev *dev);
int fuzz_pci_enable_device(struct pci_dev *dev)
{
	return fails() ? -EINVAL : pci_enable_device(dev);
}
EXPORT_SYMBOL_GPL(fuzz_pci_enable_device);

int fuzz_pci_request_selected_regions(struct pci_dev *dev, int bars, const char *name);
int fuzz_pci_request_selected_regions(struct pci_dev *dev, int bars, const char *name)
{
	return fails() ? -EBUSY : pci_request_selected_regions(dev, bars, name);
}
EXPORT_SYMBOL_GPL(fuzz_pci_request_selected_regions);

void __iomem *fuzz_pci_iomap_range(struct pci_dev *dev, int bar, unsigned long offset,
				   unsigned long max);
void __iomem *fuzz_pci_iomap_range(struct pci_dev *dev, int bar, unsigned long offset,
				   unsigned long max)
{
	return fails() ? NULL : pci_iomap_range(dev, bar, offset, max);
}
EXPORT_SYMBOL_GPL(fuzz_pci_iomap_range);

int fuzz_pci_alloc_irq_vectors_affinity(struct pci_dev *dev, unsigned int min, unsigned int max,
					unsigned int flags, struct irq_affinity *affd);
int fuzz_pci_alloc_irq_vectors_affinity(struct pci_dev *dev, unsigned int min, unsigned int max,
					unsigned int flags, struct irq_affinity *affd)
{
	return fails() ? -ENOSPC : pci_alloc_irq_vectors_affinity(dev, min, max, flags, affd);
}
EXPORT_SYMBOL_GPL(fuzz_pci_alloc_irq_vectors_affinity);
