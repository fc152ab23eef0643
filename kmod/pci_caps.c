// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a virtio-pci device's structures lie: the walk through its vendor capabilities (4.1.4), the
 * checks of their contents, and the mappings.
 */
#include <uapi/linux/virtio_pci.h>
#include "pci.h"

/* Up to queue_device_high: the least useful length of the structure. */
#define COMMON_LEN_MIN 0x38
#define COMMON_LEN_MAX 0x40

/* PCI configuration space has room for no more; a longer list is a loop. */
#define CAPS_MAX 48

/* A vendor capability that passed the checks of 4.1.4. */
struct cap {
	int pos; /* in PCI configuration space, 0: not found */
	u8 bar;
	u8 id;
	u32 offset;
	u32 length;
};

/*
 * The first capability of @type (and, for shared memory, of region @id) whose
 * bytes lie wholly inside a BAR that exists, at a multiple of @align. Others are
 * skipped, as 4.1.4.1 asks for reserved BAR values.
 */
static bool find_cap(struct pci_dev *pdev, u8 type, int id, u32 min_length, u32 align,
		     struct cap *c)
{
	u8 len_min = type == VIRTIO_PCI_CAP_SHARED_MEMORY_CFG ? sizeof(struct virtio_pci_cap64)
							      : sizeof(struct virtio_pci_cap);
	int pos, left = CAPS_MAX;

	for (pos = pci_find_capability(pdev, PCI_CAP_ID_VNDR); pos > 0 && left--;
	     pos = pci_find_next_capability(pdev, pos, PCI_CAP_ID_VNDR)) {
		u8 cap_len = 0, t = 0;

		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cap_len),
				     &cap_len);
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, cfg_type), &t);
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, bar), &c->bar);
		pci_read_config_byte(pdev, pos + offsetof(struct virtio_pci_cap, id), &c->id);
		pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, offset),
				      &c->offset);
		pci_read_config_dword(pdev, pos + offsetof(struct virtio_pci_cap, length),
				      &c->length);
		if (t != type || cap_len < len_min || (id >= 0 && c->id != id))
			continue;
		if (c->bar >= PCI_STD_NUM_BARS || !pci_resource_len(pdev, c->bar))
			continue;
		if (type != VIRTIO_PCI_CAP_SHARED_MEMORY_CFG &&
		    (c->length < min_length || c->offset % align ||
		     (u64)c->offset + c->length > pci_resource_len(pdev, c->bar))) {
			dev_warn(&pdev->dev,
				 "capability of type %u at 0x%x does not fit BAR %u, skipped\n",
				 type, pos, c->bar);
			continue;
		}
		c->pos = pos;
		return true;
	}
	return false;
}

static void __iomem *map_cap(struct pci_dev *pdev, const struct cap *c, u32 max_length)
{
	void __iomem *p = pci_iomap_range(pdev, c->bar, c->offset, min(c->length, max_length));

	if (!p)
		dev_err(&pdev->dev, "cannot map %u bytes at %u of BAR %u\n", c->length, c->offset,
			c->bar);
	return p;
}

void vmmio_pci_unmap(struct pci_dev *pdev, struct pci_vmmio *pv)
{
	struct vmmio_device *vd = pv->vd;

	if (vd->config)
		pci_iounmap(pdev, vd->config);
	if (pv->notify)
		pci_iounmap(pdev, pv->notify);
	if (vd->isr)
		pci_iounmap(pdev, vd->isr);
	if (vd->common)
		pci_iounmap(pdev, vd->common);
	if (pv->bars)
		pci_release_selected_regions(pdev, pv->bars);
}

/* On failure requests and mappings are left for vmmio_pci_unmap(). */
int vmmio_pci_map(struct pci_dev *pdev, struct pci_vmmio *pv)
{
	struct vmmio_device *vd = pv->vd;
	struct cap common, notify, isr, config;
	bool has_config;
	u8 cap_len = 0;
	int bars, err;

	if (!find_cap(pdev, VIRTIO_PCI_CAP_COMMON_CFG, -1, COMMON_LEN_MIN, 4, &common)) {
		dev_info(&pdev->dev,
			 "no virtio 1.x capabilities: a legacy-only device, not driven\n");
		return -ENODEV;
	}
	if (!find_cap(pdev, VIRTIO_PCI_CAP_NOTIFY_CFG, -1, 2, 2, &notify) ||
	    !find_cap(pdev, VIRTIO_PCI_CAP_ISR_CFG, -1, 1, 1, &isr)) {
		dev_err(&pdev->dev, "no notification or no ISR capability\n");
		return -ENODEV;
	}
	pci_read_config_byte(pdev, notify.pos + offsetof(struct virtio_pci_cap, cap_len), &cap_len);
	if (cap_len < sizeof(struct virtio_pci_notify_cap)) {
		dev_err(&pdev->dev, "the notification capability has no multiplier\n");
		return -ENODEV;
	}
	pci_read_config_dword(
		pdev, notify.pos + offsetof(struct virtio_pci_notify_cap, notify_off_multiplier),
		&pv->notify_multiplier);
	/* a device without configuration fields need not have one (4.1.4.6) */
	has_config = find_cap(pdev, VIRTIO_PCI_CAP_DEVICE_CFG, -1, 1, 4, &config);

	/* only these: the device's driver requests a BAR of shared memory */
	bars = BIT(common.bar) | BIT(notify.bar) | BIT(isr.bar);
	if (has_config)
		bars |= BIT(config.bar);
	err = pci_request_selected_regions(pdev, bars, "vmmio-pci");
	if (err)
		return err;
	pv->bars = bars;

	vd->common = map_cap(pdev, &common, COMMON_LEN_MAX);
	vd->isr = map_cap(pdev, &isr, 1);
	pv->notify = map_cap(pdev, &notify, notify.length);
	if (!vd->common || !vd->isr || !pv->notify)
		return -ENOMEM;
	vd->isr_in_memory = pci_resource_flags(pdev, isr.bar) & IORESOURCE_MEM;
	vd->doorbells_in_memory = pci_resource_flags(pdev, notify.bar) & IORESOURCE_MEM;
	vd->regs.common_len = min_t(u32, common.length, COMMON_LEN_MAX);
	pv->notify_len = notify.length;
	if (has_config) {
		vd->config = map_cap(pdev, &config, PAGE_SIZE);
		if (!vd->config)
			return -ENOMEM;
		vd->regs.config_len = min_t(u32, config.length, PAGE_SIZE);
	}
	return 0;
}

/* 4.1.4.7: a 64-bit capability; the region must lie wholly inside its BAR. */
bool vmmio_pci_shm(struct vmmio_device *vd, u8 id, u64 *base, u64 *len)
{
	struct pci_dev *pdev = to_pci_dev(vd->parent);
	u32 offset_hi = 0, length_hi = 0;
	u64 offset;
	struct cap c;

	if (!find_cap(pdev, VIRTIO_PCI_CAP_SHARED_MEMORY_CFG, id, 0, 1, &c) ||
	    !(pci_resource_flags(pdev, c.bar) & IORESOURCE_MEM))
		return false;
	pci_read_config_dword(pdev, c.pos + offsetof(struct virtio_pci_cap64, offset_hi),
			      &offset_hi);
	pci_read_config_dword(pdev, c.pos + offsetof(struct virtio_pci_cap64, length_hi),
			      &length_hi);
	offset = (u64)offset_hi << 32 | c.offset;
	*len = (u64)length_hi << 32 | c.length;
	if (vmmio_shm_check(offset, *len) || offset + *len > pci_resource_len(pdev, c.bar)) {
		dev_err(&pdev->dev, "shared memory region %u does not fit BAR %u, ignored\n", id,
			c.bar);
		return false;
	}
	*base = pci_resource_start(pdev, c.bar) + offset;
	return true;
}
