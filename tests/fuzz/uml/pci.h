/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device of device.c behind PCI: a host bridge of its own with one function, whose
 * configuration space lies as well, a BAR with the structures of virtio 1.x (4.1.4), and
 * MSI-X with a domain of its own. Registers are those of virtio-mmio, by other
 * names. Included once.
 */
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <uapi/linux/virtio_pci.h>

#define PCI_BUS 0x10
#define AT_CAPS 0x40 /* in configuration space */
#define BAR_SIZE 0x4000u
#define AT_COMMON 0x0000
#define AT_ISR 0x1000
#define AT_CONFIG 0x2000
#define AT_NOTIFY 0x3000
#define AT_TABLE 0x3800
#define VECTORS 4

static struct pci_dev *function;
static u8 config_space[256];
static u8 at_msix; /* its capability, behind those of virtio */
static bool lying; /* in a life, not while the kernel looks for the function */
/* Its structures are not where it said: what the driver means by an access is not known. */
static bool shifted;
static u16 config_vector;
static struct irq_domain *bottom;
/* Of MSI-X, if the kernel finds it where it is: the data is a number of the domain's, and one. */
static struct {
	u32 address[2], data, control;
} table[VECTORS];

static int cfg_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *v)
{
	u32 was;

	*v = U32_MAX;
	if (devfn || where + size > 256)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (!lying || !dead) {
		*v = 0;
		memcpy(v, config_space + where, size);
	}
	/* MSI-X and BARs are the kernel's to trust or not: it would write where they say */
	if (lying && !dead && where >= AT_CAPS && where < at_msix) {
		was = *v;
		*v = twist(was);
		shifted |= *v != was;
	}
	*v &= U32_MAX >> (32 - 8 * size);
	return PCIBIOS_SUCCESSFUL;
}

static int cfg_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 v)
{
	if (devfn || where + size > 256)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where == PCI_BASE_ADDRESS_0)
		v &= ~(BAR_SIZE - 1);
	else if (where != PCI_COMMAND && where != PCI_INTERRUPT_LINE && where < 0x40)
		return PCIBIOS_SUCCESSFUL;
	memcpy(config_space + where, &v, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops cfg_ops = {.read = cfg_read, .write = cfg_write};

static int map_irq(const struct pci_dev *dev, u8 slot, u8 pin)
{
	return IRQ;
}

/* A vendor capability at @at, and the next behind it. */
static u8 put_cap(u8 at, u8 type, u8 len, u32 offset, u32 length)
{
	struct virtio_pci_cap cap = {
		.cap_vndr = PCI_CAP_ID_VNDR,
		.cap_next = at + len,
		.cap_len = len,
		.cfg_type = type,
		.offset = cpu_to_le32(offset),
		.length = cpu_to_le32(length),
	};

	memcpy(config_space + at, &cap, sizeof(cap));
	return at + len;
}

static void put16(u8 at, u16 v)
{
	memcpy(config_space + at, &v, 2);
}

static void put32(u8 at, u32 v)
{
	memcpy(config_space + at, &v, 4);
}

/* As it is before each life: what was written there is forgotten but the BAR. */
static void fill_config_space(void)
{
	u8 at = AT_CAPS;
	u32 bar;

	memcpy(&bar, config_space + PCI_BASE_ADDRESS_0, 4);
	memset(config_space, 0, sizeof(config_space));
	put32(PCI_BASE_ADDRESS_0, bar);
	put16(PCI_VENDOR_ID, 0x1af4);
	put16(PCI_DEVICE_ID, 0x1040 + DEVICE_ID);
	put16(PCI_SUBSYSTEM_VENDOR_ID, 0x1af4);
	put16(PCI_COMMAND, PCI_COMMAND_MEMORY);
	put16(PCI_STATUS, PCI_STATUS_CAP_LIST);
	config_space[PCI_REVISION_ID] = 1;
	config_space[PCI_CLASS_DEVICE + 1] = 0xff;
	config_space[PCI_CAPABILITY_LIST] = at;
	config_space[PCI_INTERRUPT_PIN] = 1;
	at = put_cap(at, VIRTIO_PCI_CAP_COMMON_CFG, 16, AT_COMMON, 0x40);
	put32(at + 16, 4); /* the multiplier */
	at = put_cap(at, VIRTIO_PCI_CAP_NOTIFY_CFG, 20, AT_NOTIFY, 0x100);
	at = put_cap(at, VIRTIO_PCI_CAP_ISR_CFG, 16, AT_ISR, 1);
	at = put_cap(at, VIRTIO_PCI_CAP_DEVICE_CFG, 16, AT_CONFIG, 0x100);
	at = put_cap(at, VIRTIO_PCI_CAP_SHARED_MEMORY_CFG, 24, AT_CONFIG, 0x1000);
	at_msix = at;
	config_space[at] = PCI_CAP_ID_MSIX;
	put16(at + PCI_MSIX_FLAGS, VECTORS - 1);
	put32(at + PCI_MSIX_TABLE, AT_TABLE);
	put32(at + PCI_MSIX_PBA, AT_TABLE + 0x400);
}

/* Registers of the common structure, by those of virtio-mmio; 0: none of them. */
static unsigned int common_reg(unsigned int offset, bool write)
{
	switch (offset) {
	case VIRTIO_PCI_COMMON_DFSELECT:
		return VIRTIO_MMIO_DEVICE_FEATURES_SEL;
	case VIRTIO_PCI_COMMON_DF:
		return VIRTIO_MMIO_DEVICE_FEATURES;
	case VIRTIO_PCI_COMMON_GFSELECT:
		return VIRTIO_MMIO_DRIVER_FEATURES_SEL;
	case VIRTIO_PCI_COMMON_GF:
		return VIRTIO_MMIO_DRIVER_FEATURES;
	case VIRTIO_PCI_COMMON_STATUS:
		return VIRTIO_MMIO_STATUS;
	case VIRTIO_PCI_COMMON_CFGGENERATION:
		return VIRTIO_MMIO_CONFIG_GENERATION;
	case VIRTIO_PCI_COMMON_Q_SELECT:
		return VIRTIO_MMIO_QUEUE_SEL;
	case VIRTIO_PCI_COMMON_Q_SIZE:
		return write ? VIRTIO_MMIO_QUEUE_NUM : VIRTIO_MMIO_QUEUE_NUM_MAX;
	case VIRTIO_PCI_COMMON_Q_ENABLE:
		return VIRTIO_MMIO_QUEUE_READY;
	case VIRTIO_PCI_COMMON_Q_DESCLO:
		return VIRTIO_MMIO_QUEUE_DESC_LOW;
	case VIRTIO_PCI_COMMON_Q_DESCHI:
		return VIRTIO_MMIO_QUEUE_DESC_HIGH;
	case VIRTIO_PCI_COMMON_Q_AVAILLO:
		return VIRTIO_MMIO_QUEUE_AVAIL_LOW;
	case VIRTIO_PCI_COMMON_Q_AVAILHI:
		return VIRTIO_MMIO_QUEUE_AVAIL_HIGH;
	case VIRTIO_PCI_COMMON_Q_USEDLO:
		return VIRTIO_MMIO_QUEUE_USED_LOW;
	case VIRTIO_PCI_COMMON_Q_USEDHI:
		return VIRTIO_MMIO_QUEUE_USED_HIGH;
	case 58:
		return QUEUE_RESET;
	default:
		return 0;
	}
}

static u32 narrow(u32 v, int size)
{
	return v & U32_MAX >> (32 - 8 * size);
}

static unsigned long bar_read(void *priv, unsigned int offset, int size)
{
	struct queue *q = &queues[queue_sel % QUEUES];
	unsigned int reg;
	u32 v;

	if (!lying)
		return U32_MAX;
	if (offset >= AT_TABLE)
		return 0;
	if (offset >= AT_CONFIG && offset < AT_NOTIFY) {
		require(shifted || offset + size <= AT_CONFIG + 0x100,
			"an access outside the window");
		return reg_read(VIRTIO_MMIO_CONFIG, size);
	}
	if (offset == AT_ISR) {
		v = reg_read(VIRTIO_MMIO_INTERRUPT_STATUS, 1);
		pending = 0;
		return v;
	}
	require(shifted || offset + size <= AT_COMMON + 0x40, "an access outside the window");
	reg = common_reg(offset, false);
	if (reg)
		return reg_read(reg, size);
	meanwhile(0);
	switch (offset) {
	case VIRTIO_PCI_COMMON_MSIX:
		v = config_vector;
		break;
	case VIRTIO_PCI_COMMON_NUMQ:
		v = QUEUES;
		break;
	case VIRTIO_PCI_COMMON_Q_MSIX:
		v = q->vector;
		break;
	case VIRTIO_PCI_COMMON_Q_NOFF:
		v = queue_sel;
		break;
	default:
		v = 0;
		break;
	}
	return dead ? narrow(U32_MAX, size) : narrow(twist(v), size);
}

static void bar_write(void *priv, unsigned int offset, int size, unsigned long value)
{
	unsigned int reg;

	if (!lying)
		return;
	if (offset >= AT_TABLE) {
		if (offset < AT_TABLE + sizeof(table) && offset % sizeof(table[0]) == 8)
			table[(offset - AT_TABLE) / sizeof(table[0])].data = value;
		return;
	}
	if (offset >= AT_NOTIFY) {
		reg_write(VIRTIO_MMIO_QUEUE_NOTIFY, value);
		return;
	}
	if (offset >= AT_CONFIG) {
		require(shifted || offset + size <= AT_CONFIG + 0x100,
			"an access outside the window");
		reg_write(VIRTIO_MMIO_CONFIG, value);
		return;
	}
	require(shifted || offset + size <= AT_COMMON + 0x40, "an access outside the window");
	reg = common_reg(offset, true);
	if (reg) {
		reg_write(reg, value);
		return;
	}
	meanwhile(0);
	if (dead)
		return;
	if (offset == VIRTIO_PCI_COMMON_MSIX)
		config_vector = twist(value);
	else if (offset == VIRTIO_PCI_COMMON_Q_MSIX && queue_sel < QUEUES)
		queues[queue_sel].vector = twist(value);
}

static const struct logic_iomem_ops bar_ops = {.read = bar_read, .write = bar_write};

/* MSI-X: numbers are all that is needed of a domain. */
static void compose(struct irq_data *d, struct msi_msg *msg)
{
	*msg = (struct msi_msg){.data = d->hwirq + 1};
}

static struct irq_chip bottom_chip = {.name = "fuzz", .irq_compose_msi_msg = compose};
static struct irq_chip top_chip = {.name = "fuzz-msi"};
static DECLARE_BITMAP(hwirqs, 64);

static int irqs_alloc(struct irq_domain *d, unsigned int virq, unsigned int n, void *args)
{
	unsigned int i;
	int at = bitmap_find_free_region(hwirqs, 64, order_base_2(n));

	if (at < 0)
		return -ENOSPC;
	for (i = 0; i < n; i++)
		irq_domain_set_info(d, virq + i, at + i, &bottom_chip, NULL, handle_simple_irq,
				    NULL, NULL);
	return 0;
}

static void irqs_free(struct irq_domain *d, unsigned int virq, unsigned int n)
{
	bitmap_release_region(hwirqs, irq_domain_get_irq_data(d, virq)->hwirq, order_base_2(n));
}

static const struct irq_domain_ops bottom_ops = {.alloc = irqs_alloc, .free = irqs_free};
static struct msi_domain_info msi_info = {
	.flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS | MSI_FLAG_PCI_MSIX,
	.chip = &top_chip,
};

/* The interrupts that are due: vectors as the driver gave them, or the line. */
static void raise_vector(u16 vector)
{
	u32 data = vector < VECTORS ? table[vector].data : 0;
	unsigned int irq = data ? irq_find_mapping(bottom, data - 1) : 0;

	if (irq)
		raise_irq(irq);
}

static void pci_interrupt(void)
{
	unsigned int i, why = pending;

	if (!function->msix_enabled) {
		raise_irq(IRQ);
		return;
	}
	pending = 0;
	for (i = 0; i < QUEUES && why & VIRTIO_MMIO_INT_VRING; i++)
		raise_vector(queues[i].vector);
	if (why & VIRTIO_MMIO_INT_CONFIG)
		raise_vector(config_vector);
}

static struct resource bus_numbers = {
	.name = "fuzz",
	.start = PCI_BUS,
	.end = PCI_BUS,
	.flags = IORESOURCE_BUS,
};

/* The function, found and with its BAR placed, without a driver. */
static int pci_plug(void)
{
	struct fwnode_handle *node = irq_domain_alloc_named_fwnode("fuzz-msi");
	struct pci_host_bridge *bridge = pci_alloc_host_bridge(0);
	struct irq_domain *msi;
	int err;

	bottom = node ? irq_domain_create_linear(node, 64, &bottom_ops, NULL) : NULL;
	msi = bottom ? pci_msi_create_irq_domain(node, &msi_info, bottom) : NULL;
	if (!msi || !bridge)
		return -ENOMEM;
	fill_config_space();
	pci_add_resource(&bridge->windows, &region);
	pci_add_resource(&bridge->windows, &bus_numbers);
	bridge->ops = &cfg_ops;
	bridge->map_irq = map_irq;
	bridge->busnr = PCI_BUS;
	dev_set_msi_domain(&bridge->dev, msi);
	err = pci_scan_root_bus_bridge(bridge);
	if (err)
		return err;
	function = pci_get_slot(bridge->bus, 0);
	if (!function)
		return -ENODEV;
	pci_bus_assign_resources(bridge->bus);
	dev_set_msi_domain(&function->dev, msi);
	function->driver_override = kstrdup("none before its first life", GFP_KERNEL);
	pci_bus_add_devices(bridge->bus);
	return pci_resource_start(function, 0) ? 0 : -ENOSPC;
}

static bool is_shifted(void)
{
	return pci && shifted;
}

/* Forgets all that the last life left, before anybody looks. */
static void pci_begin(void)
{
	unsigned int i;

	if (strcmp(function->driver_override, driver)) {
		kfree(function->driver_override);
		function->driver_override = kstrdup(driver, GFP_KERNEL);
	}
	config_vector = 0xffff;
	memset(table, 0, sizeof(table));
	for (i = 0; i < QUEUES; i++)
		queues[i].vector = 0xffff;
	fill_config_space();
	shifted = false;
	lying = true;
}
