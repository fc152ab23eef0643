/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the driver share. A transport (mmio.c, pci.c) finds its
 * device, maps the registers and knows its interrupts; core.c, queue.c and
 * irq.c do the rest for all of them; regs/ knows the register protocols.
 */
#ifndef VMMIO_KMOD_H
#define VMMIO_KMOD_H

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/jump_label.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_config.h>
#include <vmmio/slots.h>
#include "options.h"
#include "regs/regs.h"
#include "sums.h"

struct vmmio_device;

/* One virtqueue as its driver asked for it. */
struct vmmio_vq_request {
	const char *name; /* NULL: not used */
	vq_callback_t *callback;
	bool ctx;
};

/*
 * One kick-to-interrupt sample. Written under lock with interrupts off, and only while tracing: a
 * kick and its interrupt run on different CPUs, and two kicks of one queue can run at once. epoch
 * says whether the sample is from before tracing was last enabled.
 */
struct vmmio_pairing {
	raw_spinlock_t lock;
	u32 epoch;
	u64 t0; /* of the open sample */
	u16 a0; /* avail index at the kick before the one that opened it */
	bool open;
	bool open_empty; /* the queue was empty when the sample was opened */
};

struct vmmio_queue {
	struct virtqueue *vq;
	struct vmmio_device *vd;
	void __iomem *doorbell;
	const struct vring *vring;   /* NULL: packed ring, no indices */
	const __virtio16 *avail_idx; /* the ring's index, or a constant 0 */
	const __virtio16 *used_idx;
	struct vmmio_queue_counts __percpu *counts;
	u32 slot;
	u32 gen;
	u16 index;
	u16 ring_max;
	u16 vector;	       /* MSI-X, VMMIO_NO_VECTOR = none */
	bool device_driven;    /* filled ahead, served when the device has data */
	bool dedicated;	       /* its vector serves no other queue */
	bool enabled;	       /* the device may use the ring */
	bool live;	       /* and its driver is ready: handlers look only at live queues */
	atomic64_t avail_seen; /* buffers made available, as last observed */
	atomic64_t used_seen;  /* buffers used, as last observed */
	u64 avail_base;	       /* counted before the ring was last reset */
	u64 used_base;
	struct vmmio_pairing pairing;
	struct list_head of_device; /* in its device's list, under the lock of the slots */
	struct list_head overflow;  /* in the overflow slot's list */
	struct cpumask *affinity;   /* hinted by the driver, NULL: never */
	bool pinned;		    /* by affinity=, which overrides the driver */
	bool irq_requested;
	char irq_name[40];
};

/* A transport's operations. Functions return 0 or -errno. */
struct vmmio_transport_ops {
	enum vmmio_transport id;
	enum vmmio_reg notify; /* the doorbell's register id */
	void __iomem *(*doorbell)(struct vmmio_device *vd, u16 index, u16 notify_off);
	/* Interrupts for these queues; called while no queue is live. */
	int (*irqs_request)(struct vmmio_device *vd, unsigned int n,
			    const struct vmmio_vq_request *req, struct irq_affinity *desc);
	/* The handlers that look at the queues; called after the queues exist. */
	int (*irqs_enable)(struct vmmio_device *vd);
	void (*irqs_free)(struct vmmio_device *vd);
	void (*irqs_synchronize)(struct vmmio_device *vd);
	/* Another wiring of interrupts after the device refused a vector; false: no more. */
	bool (*irqs_degrade)(struct vmmio_device *vd);
	int (*queue_irq)(struct vmmio_queue *q);
	const struct cpumask *(*queue_affinity)(struct vmmio_queue *q);
	bool (*shm)(struct vmmio_device *vd, u8 id, u64 *base, u64 *len);
	/* Keeps a device that ignores its reset from memory; NULL: nothing can. */
	void (*isolate)(struct vmmio_device *vd);
	/* Does the bus still have the device? NULL: unknown. */
	bool (*present)(struct vmmio_device *vd);
};

struct vmmio_device {
	struct virtio_device vdev;
	struct vmmio_regs regs;
	const struct vmmio_transport_ops *transport;
	struct device *parent;

	/* registers: MMIO uses common only */
	void __iomem *common;
	void __iomem *isr;
	bool isr_in_memory; /* and not in an I/O BAR */
	bool doorbells_in_memory;
	void __iomem *config;

	struct vmmio_device_counts __percpu *counts;
	u32 slot;
	u32 gen;
	struct list_head overflow;
	struct list_head queue_list;	/* under the lock of the slots, as is this: */
	struct vmmio_queue_sum dropped; /* counted for queues that are gone */

	struct vmmio_queue **scan; /* the existing queues, for handlers of all queues */
	unsigned int nscan;
	struct vmmio_queue **queues; /* by position in find_vqs, absent ones left out */
	unsigned int nqueues;
	u16 vector_config;     /* MSI-X */
	bool affinity_managed; /* MSI-X: the kernel spreads the vectors */
	u8 irq_mode;	       /* enum vmmio_irq_mode */
	u8 irq_mode_first;     /* the best the device may try */
	int irq;	       /* line or INTx; < 0: none */
	bool irq_requested;
	bool irq_wake;

	u64 offered;			 /* feature bits the device offered */
	struct vmmio_options options;	 /* as at probe */
	u8 status;			 /* as last written */
	u32 generation;			 /* as last read */
	unsigned int generation_changes; /* in a row */
	bool driver_ok;			 /* interrupts may reach callbacks */
	u32 irq_pending;		 /* one came before it; riscv has no xchg() of a byte */
	unsigned long config_since;	 /* jiffies; config_runs counts from here */
	unsigned int config_runs;	 /* of its line, for changes of the configuration alone */
	bool gone;			 /* its registers read all ones */
	bool wedged; /* did not complete its last reset: may still use its rings and buffers */
};

static inline struct vmmio_device *to_vmmio(struct virtio_device *vdev)
{
	return container_of(vdev, struct vmmio_device, vdev);
}

/* Valid where the device cannot be unbound: in the driver's probe, or in a call of the driver. */
static inline const char *vmmio_driver_name(const struct virtio_device *vdev)
{
	return vdev->dev.driver ? vdev->dev.driver->name : "";
}

/* main.c */
extern bool vmmio_intx;

/* core.c */
struct vmmio_device *vmmio_device_alloc(struct device *parent,
					const struct vmmio_transport_ops *transport,
					const struct vmmio_regs_ops *ops);
void vmmio_device_discard(struct vmmio_device *vd);
int vmmio_device_set_dma(struct vmmio_device *vd);
int vmmio_device_register(struct vmmio_device *vd);
void vmmio_device_unregister(struct vmmio_device *vd);
void vmmio_device_put(struct vmmio_device *vd);
void vmmio_regs_pause(struct vmmio_regs *r, unsigned int us);

/* reset.c */
void vmmio_device_reset(struct vmmio_device *vd);

/* vanish.c */
void vmmio_end_in_flight(struct vmmio_device *vd);

/* queue.c */
int vmmio_queues_create(struct vmmio_device *vd, unsigned int nvqs, struct virtqueue *vqs[],
			const struct vmmio_vq_request *req, struct irq_affinity *desc);
void vmmio_queues_destroy(struct vmmio_device *vd);
#ifdef VMMIO_HAVE_RING_RESET
int vmmio_queue_disable_and_reset(struct virtqueue *vq);
int vmmio_queue_enable_after_reset(struct virtqueue *vq);
#endif

void vmmio_queues_go_live(struct vmmio_device *vd);
void vmmio_queues_halt(struct vmmio_device *vd);

/* irq.c */
irqreturn_t vmmio_irq_line(int irq, void *opaque);    /* struct vmmio_device: mmio */
irqreturn_t vmmio_irq_reread(int irq, void *opaque);  /* struct vmmio_device: mmio */
irqreturn_t vmmio_irq_lazy(int irq, void *opaque);    /* struct vmmio_device: mmio */
irqreturn_t vmmio_irq_intx(int irq, void *opaque);    /* struct vmmio_device */
irqreturn_t vmmio_irq_intx_io(int irq, void *opaque); /* the same, ISR in an I/O BAR */
irqreturn_t vmmio_irq_config(int irq, void *opaque);  /* struct vmmio_device */
irqreturn_t vmmio_irq_shared(int irq, void *opaque);  /* struct vmmio_device */
irqreturn_t vmmio_irq_queue(int irq, void *opaque);   /* struct vmmio_queue */
void vmmio_irq_replay(struct vmmio_device *vd);
int vmmio_irq_poll(struct vmmio_queue *q);

/* nudge.c */
int vmmio_nudge_init(struct kobject *parent);
void vmmio_nudge_exit(struct kobject *parent);

/* slots.c */
extern struct kobject *vmmio_kobj; /* /sys/kernel/vmmio */
int vmmio_slots_init(void);
void vmmio_slots_exit(void);
void vmmio_slot_take_device(struct vmmio_device *vd);
void vmmio_slot_take_queue(struct vmmio_queue *q);
/* @driver NULL: the name that is known. */
void vmmio_slot_update_device(struct vmmio_device *vd, const char *driver);
void vmmio_slot_update_queue(struct vmmio_queue *q);
void vmmio_slot_set_ring(struct vmmio_queue *q, const struct vring *vring);
void vmmio_slots_observe(void);
/* Runs @act under the lock of the slots, so that the queue stays. -ENODEV: no such queue. */
int vmmio_slot_at_queue(const char *device, u16 index, int (*act)(struct vmmio_queue *q));
/* Waits for a vmmio_slot_at_queue() in progress. */
void vmmio_slots_settle(void);
void vmmio_slot_drop_device(struct vmmio_device *vd);
void vmmio_slot_drop_queue(struct vmmio_queue *q);

/* transports */
int vmmio_mmio_register(bool claim);
void vmmio_mmio_unregister(void);
int vmmio_cmdline_register(void);
void vmmio_cmdline_unregister(void);
#ifdef CONFIG_ARM_AMBA
int vmmio_amba_register(bool claim);
void vmmio_amba_unregister(void);
#else
static inline int vmmio_amba_register(bool claim)
{
	return 0;
}
static inline void vmmio_amba_unregister(void)
{
}
#endif
#ifdef CONFIG_PCI
int vmmio_pci_register(bool claim);
void vmmio_pci_unregister(void);
#else
static inline int vmmio_pci_register(bool claim)
{
	return 0;
}
static inline void vmmio_pci_unregister(void)
{
}
#endif

#endif
