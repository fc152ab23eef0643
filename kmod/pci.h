/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the PCI transport share: pci.c drives the device, pci_caps.c finds
 * and maps its structures.
 */
#ifndef VMMIO_KMOD_PCI_H
#define VMMIO_KMOD_PCI_H

#include <linux/pci.h>
#include "vmmio.h"

struct pci_vmmio {
	struct vmmio_device *vd;
	void __iomem *notify;
	u32 notify_len;
	u32 notify_multiplier;
	int bars;	  /* requested: those that hold registers */
	int msix_vectors; /* allocated */
	bool config_requested;
	bool shared_requested;
	bool frozen; /* between the two halves of a reset */
};

int vmmio_pci_map(struct pci_dev *pdev, struct pci_vmmio *pv);
void vmmio_pci_unmap(struct pci_dev *pdev, struct pci_vmmio *pv);
bool vmmio_pci_shm(struct vmmio_device *vd, u8 id, u64 *base, u64 *len);

#endif
