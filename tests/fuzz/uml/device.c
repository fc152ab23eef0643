// SPDX-License-Identifier: GPL-2.0-only
/*
 * A virtio-mmio device that lies, for user-mode Linux, and a small driver on top of the
 * transport that is fuzzed: mainline's virtio_mmio or vmmio.ko, as they are. An input is
 * one life of the device; its bytes decide every answer, what is in the used ring, when
 * interrupts come and what the driver does next. debugfs' fuzz/run takes several of them
 * (shared.h) and ends at the first that reached something new. What
 * KASAN cannot see is checked: buffers lost or given back twice, callbacks too early
 * or too late, interrupts and devices left behind, rings that are freed while the device
 * says that it has them, accesses outside the window, waits without end. A fault is a line
 * of fuzz/faults; the first of its kind ends the write, too.
 * Long because the device and the driver on top check each other.
 */
#include <linux/console.h>
#include <linux/debugfs.h>
#include <linux/debug_locks.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/logic_iomem.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/property.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_blk.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_mmio.h>
#include <uapi/linux/virtio_ring.h>
#include "shared.h"

#define BASE 0xe0000000UL
#define WINDOW 0x200
#define IRQ 40
#define DEVICE_ID 63
#define QUEUES 2
#define QUEUE_RESET 0x0c0 /* a register that 6.1's header lacks */
#define BUFFERS 16
#define FAULTS_MAX 64
/* Accesses in a life; a driver that needs more does not end by itself. */
#define ACCESSES_MAX 100000
/* One interrupt is judged first, by the driver's rings: two of 32,768 entries at most. */
#define IRQ_ACCESSES_MAX (2 * ACCESSES_MAX)
/* Virtual time of a probe, a removal or an act: a few waits, each of 2 s at most. */
#define ACT_MAX_NS (20ull * NSEC_PER_SEC)

static char *driver = "virtio-mmio";
module_param(driver, charp, 0644); /* whose device it is to be */
static bool pci;
module_param(pci, bool, 0444); /* it is behind PCI */
static bool level;
module_param(level, bool, 0644); /* its line is level-triggered */
static bool fast;
module_param(fast, bool, 0444); /* lockdep off from the start */
static bool disk;
module_param(disk, bool, 0644); /* it is one, of virtio_blk's, which must not get it */
static ulong lives, probed, buffers, irqs, lies, failed;
module_param(lives, ulong, 0444);
module_param(probed, ulong, 0444);
module_param(buffers, ulong, 0444);
module_param(irqs, ulong, 0444);
module_param(lies, ulong, 0444);
module_param(failed, ulong, 0444);

/* Faults by what they say: how often. */
static struct fault {
	char text[96];
	unsigned long times;
} faults[FAULTS_MAX];
static unsigned int nfaults;
static bool fresh; /* this life has brought a new one */

static void fault(const char *text, size_t len)
{
	unsigned int i;

	len = min(len, sizeof(faults[0].text) - 1);
	for (i = 0; i < nfaults; i++)
		if (!strncmp(faults[i].text, text, len) && !faults[i].text[len])
			break;
	if (i == FAULTS_MAX)
		return;
	if (i == nfaults) {
		memcpy(faults[nfaults++].text, text, len);
		fresh = true;
	}
	faults[i].times++;
}

#define require(x, text)                           \
	do {                                       \
		if (!(x))                          \
			fault(text, strlen(text)); \
	} while (0)

/* What the kernel itself complains of, by place and without numbers. */
static void console_says(struct console *con, const char *s, unsigned int len)
{
	const char *at = strnstr(s, "WARNING: CPU", len) ?: strnstr(s, "BUG: ", len);
	const char *end;

	if (!at)
		return;
	if (strnstr(at, " at ", s + len - at))
		at = strnstr(at, " at ", s + len - at) + 4;
	end = strnchr(at, s + len - at, '+') ?: strnchr(at, s + len - at, '\n') ?: s + len;
	fault(at, end - at);
}

static struct console console = {
	.name = "fuzz",
	.write = console_says,
	.flags = CON_ENABLED | CON_ANYTIME,
	.index = -1,
};

/* The input. */
static const u8 *in;
static size_t in_len, in_pos;
static bool endless; /* it begins again when it is over: lies without end */
static unsigned int accesses;
static unsigned int window; /* this device's */

static u8 take(void)
{
	if (in_pos == in_len && endless && accesses < ACCESSES_MAX)
		in_pos = 0;
	return in_pos < in_len ? in[in_pos++] : 0;
}

static u8 peek(void)
{
	return in_pos < in_len ? in[in_pos] : 0;
}

static u32 take32(void)
{
	u32 v = take();

	v |= take() << 8;
	v |= take() << 16;
	return v | (u32)take() << 24;
}

/* A register that says the same for ever, or another value each time: none is -1. */
static int stuck, restless;
static u32 stuck_at;

/* One byte a choice; most are the truth. */
static u32 twist(u32 v)
{
	u8 b = take();

	if (b < 0xe0)
		return v;
	lies++;
	switch (b & 15) {
	case 0:
		return take32();
	case 1:
		return U32_MAX;
	case 2:
		return 0;
	case 3:
		return v ^ 1u << (take() & 31);
	case 4:
		return v + 1;
	case 5:
		return v - 1;
	case 6:
		return take();
	case 7:
		return 32768 + (take() & 3);
	default:
		return v;
	}
}

/* The device. */
static struct queue {
	u32 num, ready;
	u64 desc, avail, used;
	u16 seen, at;
	bool wrap;
	u32 num_max; /* as it was last said */
	u16 vector;  /* PCI */
} queues[QUEUES];

/*
 * A ring is the device's from QueueReady = 1 until it says otherwise: its answer to the
 * register by which it was told to give the ring up decides, and may be a lie. A driver
 * that does not ask is not held to that, nor one of version 1, which cannot.
 */
static struct held {
	u64 desc;
	bool has;      /* the device has it, as far as the driver knows */
	bool told;     /* to give it up, and has not said yet that it did: */
	bool by_reset; /* by Status, or by QueueReady or QueueReset */
} held[QUEUES];

static void tell(struct held *h, bool by_reset)
{
	if (!h->has)
		return;
	h->told = true;
	h->has = false;
	h->by_reset = by_reset;
}

static void answer(struct held *h, bool by_reset, u32 v)
{
	if (!h->told || h->by_reset != by_reset)
		return;
	h->has = v;
	h->told = h->has; /* asked again it may say something else */
}

static u32 queue_sel, device_sel, driver_sel, status, pending, generation;
static u64 offered, accepted;
static bool version1; /* it is of version 1, a ring is one page number */
static u32 align1;
static bool dead;

static unsigned int irq_depth, irq_accesses;
/* The largest rings of this life: the driver has them after a reset, too. */
static u32 num_most[QUEUES];

/* pci.h */
static void pci_interrupt(void);
static bool is_shifted(void);

static void raise_irq(unsigned int irq)
{
	unsigned long flags;

	irqs++;
	if (!irq_depth++)
		irq_accesses = 0;
	local_irq_save(flags);
	generic_handle_irq(irq);
	local_irq_restore(flags);
	if (!--irq_depth)
		require(irq_accesses < 2 * (num_most[0] + num_most[1]) + 1000,
			"an interrupt that takes as many accesses as the device likes");
}

static void interrupt(void)
{
	if (pci)
		pci_interrupt();
	else
		raise_irq(IRQ);
}

/* Ring memory by the address that the driver gave, if it is memory at all. */
static void *memory(u64 address, size_t len)
{
	if (!address || address >> 40 || !pfn_valid(address >> PAGE_SHIFT) ||
	    !pfn_valid((address + len - 1) >> PAGE_SHIFT))
		return NULL;
	return phys_to_virt(address);
}

/* Of the first page: the others of an allocation count no references. */
static bool is_freed(u64 address)
{
	return memory(address, 1) && !page_count(pfn_to_page(address >> PAGE_SHIFT));
}

static void serve_split(struct queue *q)
{
	struct vring_desc *desc = memory(q->desc, sizeof(*desc) * q->num);
	struct vring_avail *avail = memory(q->avail, 6 + 2 * q->num);
	struct vring_used *used = memory(q->used, 6 + 8 * q->num);
	int i;
	u8 b;

	if (!desc || !avail || !used)
		return;
	for (i = 0; i < 16 && q->seen != avail->idx; i++, q->seen++) {
		u16 head = avail->ring[q->seen % q->num];
		u16 where = q->at % q->num;

		used->ring[where].id = twist(head);
		used->ring[where].len = twist(head < q->num ? desc[head].len : 0);
		b = take();
		if (b == 0xff) /* and what is in flight is written over */
			desc[twist(head) % q->num].addr ^= 1ull << (take() & 63);
		else if (b == 0xfe) /* or how far the driver is */
			avail->idx ^= 0x8000;
		if (take() == 0xff)
			desc[head % q->num].next = twist(head);
		q->at++;
	}
	used->flags = twist(0);
	smp_wmb();
	used->idx = q->at = twist(q->at);
}

static void serve_packed(struct queue *q)
{
	struct vring_packed_desc *desc = memory(q->desc, sizeof(*desc) * q->num);
	int i, n;

	if (!desc)
		return;
	for (i = 0; i < 16; i++) {
		struct vring_packed_desc *first = &desc[q->seen], *d = first;
		u16 flags = le16_to_cpu(first->flags);

		if (!!(flags & 1 << VRING_PACKED_DESC_F_AVAIL) != q->wrap ||
		    !!(flags & 1 << VRING_PACKED_DESC_F_USED) == q->wrap)
			break;
		for (n = 0;; n++) {
			d = &desc[q->seen];
			flags = le16_to_cpu(d->flags);
			if (++q->seen >= q->num) {
				q->seen = 0;
				q->wrap = !q->wrap;
			}
			if (!(flags & VRING_DESC_F_NEXT) || n > 8)
				break;
		}
		first->id = cpu_to_le16(twist(le16_to_cpu(d->id)));
		first->len = cpu_to_le32(twist(le32_to_cpu(first->len)));
		smp_wmb();
		flags = !!(le16_to_cpu(first->flags) & 1 << VRING_PACKED_DESC_F_AVAIL)
				? 1 << VRING_PACKED_DESC_F_AVAIL | 1 << VRING_PACKED_DESC_F_USED
				: 0;
		first->flags = cpu_to_le16(twist(flags));
	}
}

static void serve(struct queue *q)
{
	if (!q->ready || !q->num || q->num > 32768 || !(status & VIRTIO_CONFIG_S_DRIVER_OK))
		return;
	if (accepted >> VIRTIO_F_RING_PACKED & 1)
		serve_packed(q);
	else
		serve_split(q);
	pending |= VIRTIO_MMIO_INT_VRING;
	if (take() < 0xe0)
		interrupt();
}

/* At any access: an interrupt, or the end of the device. */
static void meanwhile(unsigned int offset)
{
	u8 b;

	/* those of interrupts, of which there can be many, are judged one by one */
	if (irq_depth && irq_accesses++ < IRQ_ACCESSES_MAX)
		;
	else if (++accesses >= ACCESSES_MAX) {
		if (accesses == ACCESSES_MAX)
			fault("a life of 100000 accesses", 25);
		/* or it would never end: mainline's virtio_pci waits for a reset for ever */
		stuck = restless = -1;
		dead = false;
		status = 0;
		memset(queues, 0, sizeof(queues));
	}
	if (offset == VIRTIO_MMIO_INTERRUPT_ACK || offset == VIRTIO_MMIO_INTERRUPT_STATUS)
		return;
	b = take();
	if (b == 0xff) {
		dead = true;
		/*
		 * a ring of version 1 is given up by a write that is not asked about, and of a
		 * device that PCI has no more there is nobody to ask
		 */
		if (version1 || pci)
			memset(held, 0, sizeof(held));
	} else if (b >= 0xf4) {
		pending = twist(pending | (b & 3));
		interrupt();
	}
}

static void check_access(unsigned int offset, int size)
{
	require(offset + size <= window, "an access outside the window");
	require(!(offset % size), "an access that is not aligned");
	require(offset >= VIRTIO_MMIO_CONFIG || size == 4, "a control register by halves");
}

/* Registers are virtio-mmio's; those of PCI are translated before they come here. */
static u32 reg_read(unsigned int offset, int size)
{
	struct queue *q = &queues[queue_sel % QUEUES];
	u32 v = 0, i;
	u8 b;

	meanwhile(offset);
	if (disk && offset == VIRTIO_MMIO_DEVICE_ID)
		return VIRTIO_ID_BLOCK;
	if (dead)
		return size == 1 ? U8_MAX : size == 2 ? U16_MAX : U32_MAX;
	switch (offset) {
	case VIRTIO_MMIO_MAGIC_VALUE:
		v = 0x74726976;
		break;
	case VIRTIO_MMIO_VERSION:
		v = version1 ? 1 : 2;
		break;
	case VIRTIO_MMIO_QUEUE_PFN:
		v = queue_sel < QUEUES && q->ready ? q->desc >> PAGE_SHIFT : 0;
		break;
	case VIRTIO_MMIO_DEVICE_ID: /* none, or no lie: the driver on top would not come */
		return peek() == 0xea && take() ? 0 : DEVICE_ID;
	case VIRTIO_MMIO_DEVICE_FEATURES:
		v = device_sel < 2 ? offered >> (32 * device_sel) : 0;
		break;
	case VIRTIO_MMIO_QUEUE_NUM_MAX:
		v = queue_sel < QUEUES ? 64 : 0;
		break;
	case VIRTIO_MMIO_QUEUE_READY:
		v = queue_sel < QUEUES ? q->ready : 0;
		break;
	case VIRTIO_MMIO_INTERRUPT_STATUS:
		v = pending;
		break;
	case VIRTIO_MMIO_STATUS:
		v = status;
		break;
	case VIRTIO_MMIO_CONFIG_GENERATION:
		v = generation;
		break;
	case VIRTIO_MMIO_SHM_LEN_LOW:
	case VIRTIO_MMIO_SHM_BASE_LOW:
		v = 0x1000;
		break;
	case VIRTIO_MMIO_SHM_BASE_HIGH:
		v = 0x80;
		break;
	default:
		v = offset >= VIRTIO_MMIO_CONFIG ? 0x5a5a5a5a : 0;
		break;
	}
	b = peek();
	v = twist(v);
	/* a disk's ring is too small for it, or virtio_blk would wait for this device */
	if (disk && offset == VIRTIO_MMIO_QUEUE_NUM_MAX)
		v = queue_sel < QUEUES ? 64 : 0;
	else if (b == 0xe8) {
		stuck = offset;
		stuck_at = v ^ take();
	} else if (b == 0xe9) {
		restless = offset;
	}
	if (offset == stuck)
		v = stuck_at;
	else if (offset == restless)
		v += accesses;
	v = size == 1 ? (u8)v : size == 2 ? (u16)v : v;
	if (offset == VIRTIO_MMIO_STATUS)
		for (i = 0; i < QUEUES; i++)
			answer(&held[i], true, v & 0xff);
	else if (offset == VIRTIO_MMIO_QUEUE_READY && queue_sel < QUEUES)
		answer(&held[queue_sel], false, v);
	else if (offset == VIRTIO_MMIO_QUEUE_NUM_MAX)
		q->num_max = v;
	return v;
}

static void half(u64 *to, unsigned int offset, u32 v)
{
	*to = offset & 4 ? (u32)*to | (u64)v << 32 : (*to & ~(u64)U32_MAX) | v;
}

static void reg_write(unsigned int offset, u32 v)
{
	struct queue *q = &queues[queue_sel % QUEUES];
	u32 i;

	meanwhile(offset);
	if (dead)
		return;
	switch (offset) {
	case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
		device_sel = v;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
		driver_sel = v;
		break;
	case VIRTIO_MMIO_DRIVER_FEATURES:
		half(&accepted, driver_sel ? 4 : 0, v);
		break;
	case VIRTIO_MMIO_QUEUE_SEL:
		queue_sel = v;
		break;
	case VIRTIO_MMIO_QUEUE_NUM:
		require(is_shifted() || (v && v <= 32768 && v <= q->num_max),
			"a ring larger than the device allows");
		q->num = v;
		num_most[queue_sel % QUEUES] = max(num_most[queue_sel % QUEUES], v);
		break;
	case VIRTIO_MMIO_QUEUE_ALIGN:
		align1 = v;
		break;
	case VIRTIO_MMIO_QUEUE_PFN:
		version1 = true; /* for the driver, whatever the device is */
		q->desc = (u64)v << PAGE_SHIFT;
		q->avail = q->desc + 16ull * q->num;
		q->used = round_up(q->avail + 6 + 2ull * q->num, (u64)(align1 ?: PAGE_SIZE));
		v = !!v;
		if (!v && queue_sel < QUEUES)
			memset(&held[queue_sel], 0, sizeof(held[0]));
		fallthrough;
	case VIRTIO_MMIO_QUEUE_READY:
		if (queue_sel >= QUEUES)
			break;
		if (v) {
			require(is_shifted() || !held[queue_sel].has,
				"a ring for a queue that has one");
			held[queue_sel] = (struct held){.desc = q->desc, .has = true};
		} else {
			tell(&held[queue_sel], false);
		}
		q->ready = v;
		q->seen = q->at = 0;
		q->wrap = true;
		break;
	case QUEUE_RESET:
		q->ready = 0;
		if (queue_sel < QUEUES)
			tell(&held[queue_sel], false);
		break;
	case VIRTIO_MMIO_QUEUE_DESC_LOW:
	case VIRTIO_MMIO_QUEUE_DESC_HIGH:
		half(&q->desc, offset, v);
		break;
	case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
	case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
		half(&q->avail, offset, v);
		break;
	case VIRTIO_MMIO_QUEUE_USED_LOW:
	case VIRTIO_MMIO_QUEUE_USED_HIGH:
		half(&q->used, offset, v);
		break;
	case VIRTIO_MMIO_QUEUE_NOTIFY:
		v &= 0xffff;
		if (v < QUEUES)
			serve(&queues[v]);
		break;
	case VIRTIO_MMIO_INTERRUPT_ACK:
		pending &= ~v;
		break;
	case VIRTIO_MMIO_STATUS:
		status = v;
		if (!v) {
			memset(queues, 0, sizeof(queues));
			pending = 0;
			accepted = 0;
			for (i = 0; i < QUEUES; i++)
				tell(&held[i], true);
		}
		break;
	default:
		break;
	}
}

static unsigned long device_read(void *priv, unsigned int offset, int size)
{
	check_access(offset, size);
	return reg_read(offset, size);
}

static void device_write(void *priv, unsigned int offset, int size, unsigned long value)
{
	check_access(offset, size);
	reg_write(offset, value);
}

static const struct logic_iomem_ops device_ops = {.read = device_read, .write = device_write};
static const struct logic_iomem_ops bar_ops;

static long map_region(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		       void **priv)
{
	*ops = pci ? &bar_ops : &device_ops;
	return offset;
}

static const struct logic_iomem_region_ops region_ops = {.map = map_region};
static struct resource region = {
	.name = "fuzz",
	.start = BASE,
	.end = BASE + 0x3fff,
	.flags = IORESOURCE_MEM,
};

#include "pci.h"
#include "fail.h"

/* The driver on top. Each buffer is with the ring or here. */
enum where {
	HERE,
	RING,
	LOST
};

struct buffer {
	enum where where;
	unsigned int queue;
	u8 bytes[128];
};

static struct virtio_device *bound;
static struct top {
	struct virtqueue *vq[QUEUES];
	struct buffer buffer[BUFFERS];
	bool ready, over; /* callbacks may come, and no more */
} * top;

static void give_back(struct buffer *b, unsigned int queue)
{
	require(b >= top->buffer && b < top->buffer + BUFFERS, "a buffer that nobody gave");
	if (b < top->buffer || b >= top->buffer + BUFFERS)
		return;
	require(b->where == RING, "a buffer given back twice");
	require(b->queue == queue, "a buffer given back by another queue");
	b->where = HERE;
	b->bytes[0]++;
}

static void used_callback(struct virtqueue *vq)
{
	unsigned int len, n = 0;
	void *b;

	require(top, "a callback after the driver");
	if (!top)
		return;
	require(top->ready, "a callback before DRIVER_OK");
	require(!top->over, "a callback after the reset");
	do {
		virtqueue_disable_cb(vq);
		while (n++ < 64 && (b = virtqueue_get_buf(vq, &len))) {
			buffers++;
			give_back(b, vq->index);
		}
	} while (n < 64 && !virtqueue_enable_cb(vq));
}

static void config_callback(struct virtio_device *vdev)
{
	require(top && top->ready && !top->over, "a configuration callback at the wrong time");
}

static void send(unsigned int queue, bool two)
{
	struct scatterlist sg[2], *sgs[2] = {&sg[0], &sg[1]};
	struct buffer *b;
	unsigned int i;
	int err;

	for (i = 0; i < BUFFERS && top->buffer[i].where != HERE; i++)
		;
	if (i == BUFFERS || !top->vq[queue])
		return;
	b = &top->buffer[i];
	b->where = RING;
	b->queue = queue;
	if (two) {
		sg_init_one(&sg[0], b->bytes, 64);
		sg_init_one(&sg[1], b->bytes + 64, 64);
		err = virtqueue_add_sgs(top->vq[queue], sgs, 1, 1, b, GFP_ATOMIC);
	} else {
		sg_init_one(&sg[0], b->bytes, 128);
		err = virtqueue_add_inbuf(top->vq[queue], sg, 1, b, GFP_ATOMIC);
	}
	if (err)
		b->where = HERE;
	virtqueue_kick(top->vq[queue]);
}

static int top_start(struct virtio_device *vdev)
{
	u8 b = take();
	vq_callback_t *callbacks[QUEUES] = {used_callback, b == 0xf1 ? NULL : used_callback};
	const char *const names[QUEUES] = {"first", b == 0xf2 ? NULL : "second"};
	static const bool ctx[QUEUES] = {false, true};
	int err;

	err = virtio_find_vqs_ctx(vdev, QUEUES, top->vq, callbacks, names,
				  b == 0xf3 || b == 0xf2 ? ctx : NULL, NULL);
	if (err)
		return err;
	top->ready = true;
	virtio_device_ready(vdev);
	return 0;
}

static int top_probe(struct virtio_device *vdev)
{
	int err;

	top = kzalloc(sizeof(*top), GFP_KERNEL);
	if (!top)
		return -ENOMEM;
	err = top_start(vdev);
	if (err) {
		kfree(top);
		top = NULL;
		return err;
	}
	bound = vdev;
	probed++;
	return 0;
}

static void recycle(struct virtqueue *vq, void *b)
{
	give_back(b, vq->index);
}

static void top_stop(struct virtio_device *vdev)
{
	unsigned int i;
	void *b;

	virtio_reset_device(vdev);
	top->over = true;
	for (i = 0; i < QUEUES; i++)
		while (top->vq[i] && (b = virtqueue_detach_unused_buf(top->vq[i])))
			give_back(b, i);
	for (i = 0; i < BUFFERS; i++)
		require(top->buffer[i].where == HERE, "a buffer lost");
	vdev->config->del_vqs(vdev);
	memset(top->vq, 0, sizeof(top->vq));
}

static void top_remove(struct virtio_device *vdev)
{
	bound = NULL;
	top_stop(vdev);
	kfree(top);
	top = NULL;
}

static int top_freeze(struct virtio_device *vdev)
{
	top_stop(vdev);
	return 0;
}

static int top_restore(struct virtio_device *vdev)
{
	int err;

	top->ready = top->over = false;
	err = top_start(vdev);
	if (err)
		memset(top->vq, 0, sizeof(top->vq));
	return err;
}

static const struct virtio_device_id ids[] = {{DEVICE_ID, VIRTIO_DEV_ANY_ID}, {}};
static const unsigned int features[] = {0, 1};
static struct virtio_driver top_driver = {
	.driver.name = "fuzz-top",
	.driver.owner = THIS_MODULE,
	.feature_table = features,
	.feature_table_size = ARRAY_SIZE(features),
	.id_table = ids,
	.probe = top_probe,
	.remove = top_remove,
	.config_changed = config_callback,
	.freeze = top_freeze,
	.restore = top_restore,
};

static bool is_mainline(void)
{
	return !strncmp(driver, "virtio-", 7);
}

/* Where the device's own numbers would take a driver: beyond the end, if that is checked. */
static u32 config_offset(void)
{
	u32 v = take();

	if (is_mainline())
		return v & 0x78; /* mainline's trusts its caller */
	return v & 0x80 ? v << (take() & 24) : v;
}

/* Short, or beyond the end: version 1 is read up to 100 times, and a life has few accesses. */
static u32 config_length(void)
{
	u32 v = take();

	return v > WINDOW / 4 ? 2 * v : v & 31;
}

static void do_config(struct virtio_device *vdev, u8 how)
{
	static u8 bytes[WINDOW];
	bool any = !is_mainline(); /* any length: mainline's has a BUG() for it */

	/*
	 * virtio_pci's way to say that there is none; drivers ask. One that is said to be
	 * shorter than what is asked of it is a BUG() of mainline's.
	 */
	if (!vdev->config->get || (is_mainline() && is_shifted()))
		return;
	switch (how & 3) {
	case 0:
		virtio_cread_bytes(vdev, take() & 0x3f, bytes, take() % 33);
		break;
	case 1:
		vdev->config->get(vdev, config_offset(), bytes,
				  any && how & 8 ? config_length() : 1u << (take() & 3));
		break;
	case 2:
		vdev->config->set(vdev, config_offset(), bytes,
				  any && how & 8 ? config_length() : 1u << (take() & 3));
		break;
	default:
		if (vdev->config->generation)
			vdev->config->generation(vdev);
		break;
	}
}

/* Around a function level reset. False: the transport does not know it. */
static bool reset_function(void)
{
	const struct pci_error_handlers *h = function->driver->err_handler;

	if (!h || !h->reset_prepare || !h->reset_done)
		return false;
	h->reset_prepare(function);
	status = 0;
	memset(queues, 0, sizeof(queues));
	memset(held, 0, sizeof(held));
	h->reset_done(function);
	return top->vq[0]; /* else it did not come back */
}

/* What a driver or a user does with a bound device. False: it is in no state for more. */
static bool act(struct virtio_device *vdev, u8 what)
{
	const struct dev_pm_ops *pm = vdev->dev.parent->driver->pm;
	struct virtio_shm_region shm;

	switch (what & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 4:
		send(what & 1, what & 16);
		break;
	case 5:
		if (what & 16)
			virtqueue_notify(top->vq[0]);
		break;
	case 6:
		pending = twist(1 + (what >> 4) % 3);
		interrupt();
		break;
	case 7:
		do_config(vdev, what >> 4);
		break;
	case 8:
		if (virtio_get_shm_region(vdev, &shm, take()))
			require(shm.len && shm.addr + shm.len >= shm.addr,
				"a shared memory region that is none");
		break;
	case 9:
		if (what & 64 && top->vq[0] && vdev->config->enable_vq_after_reset)
			vdev->config->enable_vq_after_reset(top->vq[0]); /* which had none */
		if (top->vq[what >> 4 & 1])
			virtqueue_resize(top->vq[what >> 4 & 1], 4 << (take() & 3), recycle);
		break;
	case 10:
		if (top->vq[what >> 4 & 1])
			used_callback(top->vq[what >> 4 & 1]);
		break;
	case 11:
		virtqueue_set_affinity(top->vq[0], what & 32 ? NULL : cpumask_of(0));
		if (vdev->config->get_vq_affinity) /* mainline's trusts its caller */
			vdev->config->get_vq_affinity(vdev, is_mainline() ? 0 : what >> 4);
		break;
	case 12:
		vdev->config->bus_name(vdev);
		vdev->config->get_status(vdev);
		if (vdev->config->synchronize_cbs)
			vdev->config->synchronize_cbs(vdev);
		break;
	case 13:
		if (function && what & 16)
			return reset_function();
		if (!pm || pm->freeze(vdev->dev.parent))
			return false;
		return !pm->restore(vdev->dev.parent);
	case 14:
		generation++;
		pending |= VIRTIO_MMIO_INT_CONFIG;
		interrupt();
		break;
	default:
		return false;
	}
	return true;
}

static irqreturn_t nobody(int irq, void *unused)
{
	return IRQ_NONE;
}

/* @since: when what is over now began; the next begins now. */
static void check_time(u64 *since)
{
	u64 now = ktime_get_ns();

	require(now - *since < ACT_MAX_NS, "a wait of more than 20 s");
	*since = now;
}

static struct platform_device *pdev;

/* The device appears, as @odd as the input wants it; the driver is asked. 0 or -errno. */
static int plug(u8 odd)
{
	static const struct property_entry wakes[] = {PROPERTY_ENTRY_BOOL("wakeup-source"), {}};
	struct resource res[2] = {DEFINE_RES_IRQ(IRQ), DEFINE_RES_MEM(BASE, WINDOW)}, *first = res;
	unsigned int nres = 2;
	int err;

	if (pci) {
		pci_begin();
		err = device_attach(&function->dev);
		return err < 0 && err != -EPROBE_DEFER ? err : 0;
	}
	pdev = platform_device_alloc("virtio-mmio", 0);
	if (!pdev)
		return -ENOMEM;
	/* said each time: the line keeps what it was told */
	res[0].flags |= level ? IORESOURCE_IRQ_HIGHLEVEL : IORESOURCE_IRQ_HIGHEDGE;
	switch (odd >> 2 & 3) {
	case 1: /* no window */
		nres = 1;
		break;
	case 2: /* no interrupt */
		nres = 1;
		first++;
		break;
	case 3: /* a window too small, or one that ends before the configuration */
		if (strcmp(driver, "virtio-mmio")) /* mainline's does not ask how large it is */
			window = odd & 16 ? VIRTIO_MMIO_CONFIG : 0x80;
		res[1].end = BASE + window - 1;
		break;
	default:
		break;
	}
	err = platform_device_add_resources(pdev, first, nres);
	if (!err && odd & 32)
		err = device_create_managed_software_node(&pdev->dev, wakes, NULL);
	pdev->driver_override = kstrdup(driver, GFP_KERNEL);
	if (!err)
		err = platform_device_add(pdev);
	if (err) {
		platform_device_put(pdev);
		return err;
	}
	return 0;
}

static void unplug(void)
{
	if (pci) {
		device_release_driver(&function->dev);
		lying = false;
	} else {
		platform_device_unregister(pdev);
	}
}

/* One life. 0 or -errno. */
static int live(void)
{
	u64 since = ktime_get_ns();
	unsigned int n;
	u8 how, odd = 0;
	int err;

	accesses = 0;
	window = WINDOW;
	how = take();
	if (how == 0xff) { /* a device as few are */
		odd = take();
		how = take();
	}
	failing = asked = 0;
	irq_told = false;
	if (how == 0xfe) { /* one that does not get all it asks for */
		failing = take();
		how = take();
	}
	endless = how & 1;
	status = pending = queue_sel = device_sel = driver_sel = generation = 0;
	accepted = 0;
	dead = false;
	memset(queues, 0, sizeof(queues));
	memset(num_most, 0, sizeof(num_most));
	memset(held, 0, sizeof(held));
	stuck = restless = -1;
	offered = BIT_ULL(VIRTIO_F_VERSION_1) | (how & 2 ? BIT_ULL(VIRTIO_F_RING_PACKED) : 0) |
		  (how & 4 ? BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) : 0) |
		  (how & 8 ? BIT_ULL(VIRTIO_RING_F_EVENT_IDX) : 0) |
		  (how & 16 ? BIT_ULL(VIRTIO_F_RING_RESET) : 0) | (how & 32 ? BIT_ULL(38) : 0) |
		  (how & 64 ? BIT_ULL(41) | BIT_ULL(37) : 0);
	if (odd & 1)
		offered |= BIT_ULL(VIRTIO_F_ACCESS_PLATFORM) | BIT_ULL(35) | BIT_ULL(36) |
			   BIT_ULL(39) | BIT_ULL(63);
	if (odd & 2)
		offered &= ~BIT_ULL(VIRTIO_F_VERSION_1);
	version1 = how & 128 && !pci;
	align1 = 0;
	if (version1)
		offered &= U32_MAX;
	if (disk)
		offered |= how & 64 ? BIT_ULL(VIRTIO_BLK_F_SEG_MAX) : 0;

	err = plug(odd);
	if (err)
		return err;
	check_time(&since);
	for (n = 0; n < 24 && bound && act(bound, take()); n++)
		check_time(&since);
	unplug();
	failing = 0;
	check_time(&since);

	require(!top && !bound, "a driver left behind");
	top = NULL;
	bound = NULL;
	/* whatever the device says of it, this is what it was told */
	for (n = 0; n < QUEUES; n++)
		require(is_shifted() || dead || !status || !queues[n].ready,
			"a ring left with the device");
	for (n = 0; n < QUEUES; n++)
		require(is_shifted() || !held[n].has || !is_freed(held[n].desc),
			"a ring freed that the device has");
	err = request_irq(IRQ, nobody, 0, "fuzz", &region);
	require(!err, "an interrupt left behind");
	if (!err)
		free_irq(IRQ, &region);
	lives++;
	return 0;
}

static struct shared *shared;

/*
 * Has the life reached an edge (2), or a count of one (1), that none has? Of what KCOV
 * wrote for this task, in @area.
 */
static __no_sanitize_address u32 reached(const unsigned long *area, unsigned long size)
{
	static u8 counts[FUZZ_EDGES];
	static u32 touched[FUZZ_COVER];
	unsigned long n = min3(READ_ONCE(area[0]), size - 1, FUZZ_COVER - 1ul), i, k = 0;
	unsigned long last = 0;
	u32 fresh = 0;

	for (i = 1; i <= n; i++) {
		unsigned long pc = area[i];
		u32 e = ((pc ^ last >> 1) * 0x9e3779b97f4a7c15ul) >> 46;

		last = pc;
		if (!counts[e])
			touched[k++] = e;
		if (counts[e] < 255)
			counts[e]++;
	}
	for (i = 0; i < k; i++) {
		u8 c = counts[touched[i]], *seen = &shared->edges[touched[i]];
		u8 bit = 1u << (c < 4	  ? c - 1
				: c < 8	  ? 3
				: c < 16  ? 4
				: c < 32  ? 5
				: c < 128 ? 6
					  : 7);

		counts[touched[i]] = 0;
		if (*seen & bit)
			continue;
		fresh = *seen ? max(fresh, 1u) : 2;
		*seen |= bit;
	}
	return fresh;
}

static DEFINE_MUTEX(one);

static ssize_t run_write(struct file *file, const char __user *user, size_t n, loff_t *pos)
{
	unsigned long *area = current->kcov_area;
	size_t at = 0, len;
	u8 *bytes;
	int err = 0;

	if (n > FUZZ_BATCH_MAX || !area)
		return -EINVAL;
	bytes = vmemdup_user(user, n);
	if (IS_ERR(bytes))
		return PTR_ERR(bytes);
	mutex_lock(&one);
	shared->executed = shared->reached = shared->faulted = 0;
	while (at + 2 < n && !shared->reached && !shared->faulted) {
		len = bytes[at] | bytes[at + 1] << 8;
		if (!len || len > n - at - 2) {
			err = -EINVAL;
			break;
		}
		in = bytes + at + 2;
		in_len = len;
		in_pos = 0;
		fresh = false;
		WRITE_ONCE(area[0], 0);
		err = live();
		in_len = 0;
		endless = false;
		if (err)
			break;
		at += 2 + len;
		shared->executed++;
		shared->faulted = fresh;
		shared->reached = reached(area, current->kcov_size);
	}
	mutex_unlock(&one);
	kvfree(bytes);
	return err ?: at;
}

static int run_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_vmalloc_range(vma, shared, 0);
}

static const struct file_operations run_ops = {
	.owner = THIS_MODULE,
	.write = run_write,
	.mmap = run_mmap,
};

static int faults_show(struct seq_file *s, void *unused)
{
	unsigned int i;

	for (i = 0; i < nfaults; i++)
		seq_printf(s, "%lu %s\n", faults[i].times, faults[i].text);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(faults);

static int __init fuzz_init(void)
{
	struct dentry *dir;
	int err;

	irq_set_chip(IRQ, &dummy_irq_chip); /* a line that can wake */
	shared = vmalloc_user(sizeof(*shared));
	if (!shared)
		return -ENOMEM;
	err = logic_iomem_add_region(&region, &region_ops);
	if (err)
		return err;
	err = register_virtio_driver(&top_driver);
	if (!err && pci)
		err = pci_plug();
	if (err)
		return err;
	if (fast)
		debug_locks_off();
	register_console(&console);
	dir = debugfs_create_dir("fuzz", NULL);
	debugfs_create_file_unsafe("run", 0600, dir, NULL, &run_ops); /* which can be mapped */
	debugfs_create_file("faults", 0400, dir, NULL, &faults_fops);
	return 0;
}
module_init(fuzz_init);

MODULE_DESCRIPTION("a lying virtio-mmio device, for vmmio's fuzzer in user-mode Linux");
MODULE_LICENSE("GPL v2");
