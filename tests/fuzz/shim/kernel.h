/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of the kernel as the register logic, the ring indices and the walk through
 * PCI capabilities need to run in a process. Everything that comes from a device comes
 * from the fuzzer's input; what the driver asks of the kernel is checked. Each
 * <linux/...> header that they include is this one (cmake/fuzz.cmake).
 */
#ifndef VMMIO_FUZZ_KERNEL_H
#define VMMIO_FUZZ_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s16 s16;
typedef __s64 s64;
typedef __u16 __bitwise __virtio16;

#define CONFIG_64BIT 1
#define BITS_PER_LONG 64
#define PAGE_SIZE 4096u
#define U32_MAX UINT32_MAX
#define __iomem
#define __percpu
#define noinline __attribute__((noinline))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define likely(x) (x)
#define unlikely(x) (x)
#define BIT(n) (1ul << (n))
#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define this_cpu_inc(x) ((x)++)
#define smp_rmb() ((void)0)
#define local_irq_save(flags) ((void)(flags))
#define local_irq_restore(flags) ((void)(flags))

/* What a device can write is another value at each look: the input says which. */
u16 fuzz_read_once(const void *p);
#define READ_ONCE(x) fuzz_read_once(&(x))

typedef struct {
	s64 counter;
} atomic64_t;

static inline s64 atomic64_read(const atomic64_t *v)
{
	return v->counter;
}

#define atomic64_read_acquire atomic64_read

static inline s64 atomic64_cmpxchg_release(atomic64_t *v, s64 old, s64 want)
{
	s64 was = v->counter;

	if (was == old)
		v->counter = want;
	return was;
}

typedef struct {
	int unused;
} raw_spinlock_t;

struct u64_stats_sync {
	int unused;
};
struct list_head {
	struct list_head *next, *prev;
};
struct kobject;
struct cpumask;
struct irq_affinity;
struct resource;
typedef int irqreturn_t;

struct device_driver {
	const char *name;
};
struct device {
	struct device_driver *driver;
};

/* The format is checked, nothing is printed. */
#define fuzz_say(dev, ...)                   \
	do {                                 \
		(void)(dev);                 \
		if (0)                       \
			printf(__VA_ARGS__); \
	} while (0)
#define dev_info fuzz_say
#define dev_warn fuzz_say
#define dev_err fuzz_say

struct virtqueue;
typedef void vq_callback_t(struct virtqueue *);
struct virtio_device {
	struct device dev;
};
struct virtqueue {
	struct virtio_device *vdev;
};

static inline u16 virtio16_to_cpu(struct virtio_device *vdev, __virtio16 v)
{
	(void)vdev;
	return v;
}

/* PCI: configuration space is what the input says, at each look anew. */
#define PCI_STD_NUM_BARS 6
#define PCI_CAP_ID_VNDR 9
#define IORESOURCE_MEM 0x200

struct pci_dev {
	struct device dev;
	u64 bar_start[PCI_STD_NUM_BARS], bar_len[PCI_STD_NUM_BARS];
	unsigned long bar_flags[PCI_STD_NUM_BARS];
	int requested;
	int mappings;
	int looks; /* at the list of capabilities since its head */
};

#define to_pci_dev(d) container_of(d, struct pci_dev, dev)

int pci_find_capability(struct pci_dev *pdev, int id);
int pci_find_next_capability(struct pci_dev *pdev, u8 pos, int id);
int pci_read_config_byte(struct pci_dev *pdev, int where, u8 *v);
int pci_read_config_dword(struct pci_dev *pdev, int where, u32 *v);
u64 pci_resource_start(struct pci_dev *pdev, int bar);
u64 pci_resource_len(struct pci_dev *pdev, int bar);
unsigned long pci_resource_flags(struct pci_dev *pdev, int bar);
void *pci_iomap_range(struct pci_dev *pdev, int bar, unsigned long offset, unsigned long maxlen);
void pci_iounmap(struct pci_dev *pdev, void *p);
int pci_request_selected_regions(struct pci_dev *pdev, int bars, const char *name);
void pci_release_selected_regions(struct pci_dev *pdev, int bars);

#endif
