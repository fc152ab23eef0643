// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over what the driver does with a device's answers: kmod/regs, the ring
 * indices of kmod/index.h and kmod/pci_caps.c, against a device that lies. The
 * input's bytes choose the protocol, the calls, and of each answer whether it is the
 * truth. What sanitizers cannot see is checked here: bounds, waits that end, results
 * that the device's last word does not bear out. Long because one input goes through
 * all of them, in any order.
 */
#include "index.h"
#include "pci.h"

#define require(x, what)                                     \
	do {                                                 \
		if (!(x)) {                                  \
			fprintf(stderr, "fuzz: %s\n", what); \
			abort();                             \
		}                                            \
	} while (0)

/* Accesses in one call: the longest is a configuration read of 100 passes. */
#define ACCESSES_MAX 4000

static const u8 *in;
static size_t left;

static u8 take(void)
{
	return left ? (left--, *in++) : 0;
}

static u32 take32(void)
{
	u32 v = take();

	v |= (u32)take() << 8;
	v |= (u32)take() << 16;
	return v | (u32)take() << 24;
}

static u32 twist(u32 v)
{
	switch (take()) {
	case 0xf0:
		return take32();
	case 0xf1:
	case 0xf2:
		return ~0u;
	case 0xf3:
		return 0;
	case 0xf4:
		return v ^ 1u << (take() & 31);
	case 0xf5:
		return v + 1;
	case 0xf6:
		return v - 1;
	case 0xf7:
		return take();
	case 0xf8:
		return 32768 + (take() & 3);
	case 0xf9:
		return 1u << (take() & 31);
	default:
		return v;
	}
}

static const struct {
	u16 width;
	u8 access, versions;
} table[VMMIO_REG_COUNT] = {
#define ROW(id, off, width, name, access, versions) {width, access, versions},
	VMMIO_REGS(ROW)};

/* The device: registers hold what was written; what it said last, and how often. */
static struct fake {
	struct vmmio_regs regs;
	u8 versions;
	u32 file[VMMIO_REG_COUNT], said[VMMIO_REG_COUNT];
	u64 features, accepted;
	u32 feature_sel;
	unsigned int accesses, reads[VMMIO_REG_COUNT];
	unsigned long paused;
	bool stuck, turning; /* a reset is never over; the configuration never settles */
	u32 turns;
} d;

static void count(enum vmmio_reg reg, int dir)
{
	require(reg < VMMIO_REG_COUNT, "no such register");
	require(table[reg].access & dir, "a register is read-only or write-only");
	require(table[reg].versions & d.versions, "this device has no such register");
	require(++d.accesses < ACCESSES_MAX, "a call that does not end");
}

static u32 fake_read(struct vmmio_regs *r, enum vmmio_reg reg)
{
	u32 v = d.file[reg], width = table[reg].width;

	(void)r;
	count(reg, VMMIO_R);
	if (reg == VMMIO_REG_DEVICE_FEATURES || reg == VMMIO_REG_PCI_DEVICE_FEATURE)
		v = d.feature_sel < 2 ? (u32)(d.features >> (32 * d.feature_sel)) : 0;
	if (d.stuck && (reg == VMMIO_REG_STATUS || reg == VMMIO_REG_QUEUE_RESET ||
			reg == VMMIO_REG_PCI_DEVICE_STATUS || reg == VMMIO_REG_PCI_QUEUE_RESET))
		v = 1;
	v = twist(v);
	if (width == 1)
		v = (u8)v;
	else if (width == 2)
		v = (u16)v;
	d.said[reg] = v;
	d.reads[reg]++;
	return v;
}

static void fake_write(struct vmmio_regs *r, enum vmmio_reg reg, u32 v)
{
	u32 sel;

	(void)r;
	count(reg, VMMIO_W);
	switch (reg) {
	case VMMIO_REG_DEVICE_FEATURES_SEL:
	case VMMIO_REG_PCI_DEVICE_FEATURE_SELECT:
		d.feature_sel = v;
		break;
	case VMMIO_REG_DRIVER_FEATURES:
	case VMMIO_REG_PCI_DRIVER_FEATURE:
		sel = d.file[reg == VMMIO_REG_DRIVER_FEATURES
				     ? VMMIO_REG_DRIVER_FEATURES_SEL
				     : VMMIO_REG_PCI_DRIVER_FEATURE_SELECT];
		require(sel < 2, "features beyond what is there");
		d.accepted &= ~(0xffffffffull << (32 * sel));
		d.accepted |= (u64)v << (32 * sel);
		break;
	default:
		break;
	}
	/* these are orders, and done at once by a device that is honest */
	if (reg == VMMIO_REG_QUEUE_RESET || reg == VMMIO_REG_PCI_QUEUE_RESET) {
		d.file[VMMIO_REG_QUEUE_READY] = d.file[VMMIO_REG_PCI_QUEUE_ENABLE] = 0;
		return;
	}
	d.file[reg] = v;
}

static void config_reach(u32 offset, unsigned int width)
{
	require(width == 1 || width == 2 || width == 4, "a width that no field has");
	require(offset % width == 0, "an unaligned field");
	require((u64)offset + width <= d.regs.config_len, "beyond the configuration");
	require(++d.accesses < ACCESSES_MAX, "a call that does not end");
}

static u32 fake_read_config(struct vmmio_regs *r, u32 offset, unsigned int width)
{
	(void)r;
	config_reach(offset, width);
	d.turns += d.turning;
	return twist(offset * 0x01010101u + d.turns) & (u32)((1ull << (8 * width)) - 1);
}

static void fake_write_config(struct vmmio_regs *r, u32 offset, unsigned int width, u32 v)
{
	(void)r;
	config_reach(offset, width);
	require(width == 4 || v < 1u << (8 * width), "more than the field holds");
}

static void fake_pause(struct vmmio_regs *r, unsigned int us)
{
	(void)r;
	d.paused += us;
	require(d.paused < 2 * VMMIO_RESET_TIMEOUT_US, "a wait beyond its limit");
}

static const struct vmmio_regs_ops ops = {
	.read = fake_read,
	.write = fake_write,
	.read_config = fake_read_config,
	.write_config = fake_write_config,
	.pause = fake_pause,
};

static bool is_mmio1(void)
{
	return d.regs.protocol == &vmmio_protocol_mmio1;
}

static bool is_pci(void)
{
	return d.regs.protocol == &vmmio_protocol_pci;
}

static void do_identify(bool legacy)
{
	struct vmmio_identity id = {};
	int err;

	/* nobody knows yet what it is */
	d.versions = VMMIO_V12;
	d.file[VMMIO_REG_MAGIC] = VMMIO_MMIO_MAGIC;
	d.file[VMMIO_REG_DEVICE_ID] = 2;
	err = vmmio_regs_identify(&d.regs, legacy, &id);
	d.versions = is_mmio1() ? VMMIO_V1 : VMMIO_V2;
	if (!err) {
		require(d.said[VMMIO_REG_MAGIC] == VMMIO_MMIO_MAGIC, "another magic number");
		require(id.device_id && id.device_id == d.said[VMMIO_REG_DEVICE_ID], "no device");
		require(id.version == 2 || id.version == 3 || (id.version == 1 && legacy),
			"another version");
	} else {
		require(!d.reads[VMMIO_REG_VENDOR_ID], "an absent device is not left alone");
		d.regs.protocol = &vmmio_protocol_mmio2;
		d.versions = VMMIO_V2;
	}
}

static void do_reset(void)
{
	enum vmmio_reg status = is_pci() ? VMMIO_REG_PCI_DEVICE_STATUS : VMMIO_REG_STATUS;
	int err = vmmio_regs_reset(&d.regs);

	require(!d.file[status], "a reset that was not asked for");
	if (!err)
		require(!d.said[status], "a reset that did not happen");
	else
		require(err == -ENODEV || err == -ETIMEDOUT, "another error");
}

static void do_features(void)
{
	u64 features = d.regs.protocol->get_features(&d.regs);
	enum vmmio_reg reg = is_pci() ? VMMIO_REG_PCI_DEVICE_FEATURE : VMMIO_REG_DEVICE_FEATURES;

	require((u32)features == d.said[reg], "other features than were offered");
	d.regs.protocol->set_features(&d.regs, features);
	require(d.accepted == features, "other features than were to be accepted");
}

static void do_config(void)
{
	u32 offset = twist(take()), len = take() % 33;
	u8 *buf = malloc(len ?: 1);

	memset(buf, 0xa5, len);
	if (take() & 1)
		vmmio_regs_config_set(&d.regs, offset, buf, len);
	else
		vmmio_regs_config_get(&d.regs, offset, buf, len);
	free(buf);
	d.regs.protocol->generation(&d.regs);
}

static u64 written(enum vmmio_reg low, enum vmmio_reg high)
{
	return (u64)d.file[high] << 32 | d.file[low];
}

static void do_queue(void)
{
	struct vmmio_queue_setup q = {
		.desc = (u64)take32() << 12,
		.driver = (u64)take() << 40 | 0x3000,
		.device = (u64)take() << 36 | 0x4000,
		.vector = take() & 1 ? take() : VMMIO_NO_VECTOR,
	};
	enum vmmio_reg ready = is_pci()	    ? VMMIO_REG_PCI_QUEUE_ENABLE
			       : is_mmio1() ? VMMIO_REG_QUEUE_PFN
					    : VMMIO_REG_QUEUE_READY;
	u16 index = take() & 3, max = 0;
	bool split = take() & 1;
	u32 wanted = take() & 1 ? twist(64) : 0;
	int err;

	/* by itself too: what it is told need not come from a probe */
	if (!vmmio_queue_size_pick(twist(256), wanted, split, &q.size))
		require(q.size && q.size <= VMMIO_QUEUE_SIZE_LIMIT,
			"a ring's limit is not checked");
	d.file[ready] = 0;
	d.file[VMMIO_REG_PCI_NUM_QUEUES] = 4;
	d.file[VMMIO_REG_QUEUE_NUM_MAX] = d.file[VMMIO_REG_PCI_QUEUE_SIZE] = 256;
	err = d.regs.protocol->queue_probe(&d.regs, index, &max);
	if (err)
		return;
	require(max && max <= VMMIO_QUEUE_SIZE_LIMIT, "a ring's limit is not checked");
	require(!d.said[ready], "a queue in use is taken");
	err = vmmio_queue_size_pick(max, wanted, split, &q.size);
	if (err)
		return;
	require(q.size && q.size <= max, "a ring larger than its limit");
	require(!wanted || q.size <= wanted, "a ring larger than was asked for");
	require(!split || !(q.size & (q.size - 1)), "a split ring of no power of two");
	err = d.regs.protocol->queue_start(&d.regs, index, &q);
	if (!err && is_mmio1()) {
		require((u64)d.file[VMMIO_REG_QUEUE_PFN] * d.regs.page_size == q.desc,
			"another page");
	} else if (!err) {
		bool pci = is_pci();

		require(written(pci ? VMMIO_REG_PCI_QUEUE_DESC_LOW : VMMIO_REG_QUEUE_DESC_LOW,
				pci ? VMMIO_REG_PCI_QUEUE_DESC_HIGH : VMMIO_REG_QUEUE_DESC_HIGH) ==
				q.desc,
			"another descriptor table");
		require(written(pci ? VMMIO_REG_PCI_QUEUE_DRIVER_LOW : VMMIO_REG_QUEUE_DRIVER_LOW,
				pci ? VMMIO_REG_PCI_QUEUE_DRIVER_HIGH
				    : VMMIO_REG_QUEUE_DRIVER_HIGH) == q.driver,
			"another available ring");
		require(written(pci ? VMMIO_REG_PCI_QUEUE_DEVICE_LOW : VMMIO_REG_QUEUE_DEVICE_LOW,
				pci ? VMMIO_REG_PCI_QUEUE_DEVICE_HIGH
				    : VMMIO_REG_QUEUE_DEVICE_HIGH) == q.device,
			"another used ring");
		require(!pci || q.vector == VMMIO_NO_VECTOR ||
				d.said[VMMIO_REG_PCI_QUEUE_MSIX_VECTOR] == q.vector,
			"a refused vector is believed");
	}
	if (!err && d.regs.protocol->queue_enable)
		d.regs.protocol->queue_enable(&d.regs, index);
	if (take() & 1) {
		enum vmmio_reg reset = is_pci() ? VMMIO_REG_PCI_QUEUE_RESET : VMMIO_REG_QUEUE_RESET;

		d.paused = 0;
		d.said[ready] = ~0u; /* it is to be asked again */
		err = d.regs.protocol->queue_reset(&d.regs, index);
		require(err || (!d.said[reset] && !d.said[ready]),
			"a queue's reset that did not happen");
	}
	d.said[ready] = ~0u;
	err = d.regs.protocol->queue_stop(&d.regs, index);
	if (!err && d.regs.protocol == &vmmio_protocol_mmio2)
		require(!d.said[ready], "a queue that did not stop");
}

static void do_shm(void)
{
	u64 base = 0, len = 0;
	int err = vmmio_regs_shm(&d.regs, take(), &base, &len);

	if (err)
		return;
	require(len && len != ~0ull, "no region");
	require(base + len >= base, "a region that wraps");
	require((u32)base == d.said[VMMIO_REG_SHM_BASE_LOW] &&
			(u32)(len >> 32) == d.said[VMMIO_REG_SHM_LEN_HIGH],
		"another region than was said");
}

static void do_vector(void)
{
	u16 vector = take();

	if (is_pci() && !vmmio_regs_pci_config_vector(&d.regs, vector))
		require(d.said[VMMIO_REG_PCI_CONFIG_MSIX_VECTOR] == vector,
			"a refused vector is believed");
}

/* Ring indices: those of a device that counts, or of one that writes what it likes. */
static __virtio16 ring_idx;
static bool honest;
static u64 used;

u16 fuzz_read_once(const void *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	if (p == &ring_idx) {
		u16 more = honest ? take() : twist(take());

		/* it goes on while the driver looks */
		used += v == (u16)used ? more : 0;
		ring_idx = v + more;
	}
	return v;
}

static unsigned int leaps;

void vmmio_index_leapt(const struct vmmio_queue *q, u16 delta)
{
	(void)q;
	(void)delta;
	leaps++;
}

static void do_index(void)
{
	struct virtio_device vdev = {};
	struct virtqueue vq = {.vdev = &vdev};
	struct vmmio_queue q = {.vq = &vq};
	u64 start = (u64)take() << (take() & 31);
	u8 rounds = take() & 31;

	honest = take() & 1;
	used = start;
	ring_idx = (u16)start;
	q.used_seen.counter = (s64)start;
	while (rounds--) {
		u64 before = used;
		s64 was = q.used_seen.counter;
		u16 idx = 0, prev = 0, delta;

		ring_idx += honest ? 0x3fff : take();
		used += honest ? 0x3fff : 0;
		before = used;
		if (take() & 1 && !vmmio_index_turned(&q, &q.used_seen, &ring_idx))
			continue;
		delta = vmmio_observe(&q, &q.used_seen, &ring_idx, &idx, &prev);
		require(prev == (u16)was, "another index before");
		require(delta == (u16)(idx - prev), "a step that does not lead there");
		require(leaps == (delta >= 49152), "a leap of an index that is not said");
		leaps = 0;
		require(q.used_seen.counter == was + delta, "a sum that is not its steps'");
		require((u16)q.used_seen.counter == idx, "the index seen is not the one told");
		if (honest)
			require((u64)q.used_seen.counter >= before &&
					(u64)q.used_seen.counter <= used,
				"buffers lost or counted twice");
	}
}

/* PCI configuration space. */
static struct pci_dev pdev;

static int next_cap(void)
{
	u8 at = take();

	require(++pdev.looks <= 64, "a walk through capabilities that does not end");
	/* a list without an end where the input has one */
	return at < 0x40 ? (at & 1 ? 0x40 : 0) : at;
}

int pci_find_capability(struct pci_dev *p, int id)
{
	require(id == PCI_CAP_ID_VNDR, "another capability");
	p->looks = 0;
	return next_cap();
}

int pci_find_next_capability(struct pci_dev *p, u8 pos, int id)
{
	(void)p;
	(void)pos;
	(void)id;
	return left ? next_cap() : 0;
}

/* Mostly what a device's capability says in this place, so that some of them fit. */
int pci_read_config_byte(struct pci_dev *p, int where, u8 *v)
{
	(void)p;
	require(where >= 0x40 && where < 0x100 + 16, "beyond configuration space");
	*v = take();
	return 0;
}

int pci_read_config_dword(struct pci_dev *p, int where, u32 *v)
{
	(void)p;
	require(where >= 0x40 && where < 0x100 + 24, "beyond configuration space");
	*v = take() & 1 ? take32() : (u32)take() << (take() & 15);
	return 0;
}

static void bar_exists(int bar)
{
	require(bar >= 0 && bar < PCI_STD_NUM_BARS, "no such BAR");
}

u64 pci_resource_start(struct pci_dev *p, int bar)
{
	bar_exists(bar);
	return p->bar_start[bar];
}

u64 pci_resource_len(struct pci_dev *p, int bar)
{
	bar_exists(bar);
	return p->bar_len[bar];
}

unsigned long pci_resource_flags(struct pci_dev *p, int bar)
{
	bar_exists(bar);
	return p->bar_flags[bar];
}

int pci_request_selected_regions(struct pci_dev *p, int bars, const char *name)
{
	int i;

	(void)name;
	for (i = 0; i < PCI_STD_NUM_BARS; i++)
		require(!(bars & 1 << i) || p->bar_len[i], "a BAR that is not there");
	if (take() == 0xff)
		return -EBUSY;
	p->requested = bars;
	return 0;
}

void pci_release_selected_regions(struct pci_dev *p, int bars)
{
	require(p->requested == bars, "other BARs than were requested");
	p->requested = 0;
}

void *pci_iomap_range(struct pci_dev *p, int bar, unsigned long offset, unsigned long maxlen)
{
	bar_exists(bar);
	require(p->requested & 1 << bar, "a BAR that was not requested");
	require(maxlen && (u64)offset + maxlen <= p->bar_len[bar], "a structure outside its BAR");
	if (take() == 0xff)
		return NULL;
	p->mappings++;
	return malloc(1);
}

void pci_iounmap(struct pci_dev *p, void *mapping)
{
	p->mappings--;
	free(mapping);
}

static void do_caps(void)
{
	struct vmmio_device vd = {.parent = &pdev.dev};
	struct pci_vmmio pv = {.vd = &vd};
	u64 base, len;
	int i;

	memset(&pdev, 0, sizeof(pdev));
	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		u8 b = take();

		pdev.bar_start[i] = 0x100000000ull * (i + 1);
		pdev.bar_len[i] = b & 1 ? 1ull << (b >> 3) : 0;
		pdev.bar_flags[i] = b & 2 ? IORESOURCE_MEM : 0x100;
	}
	if (!vmmio_pci_map(&pdev, &pv)) {
		require(vd.common && vd.isr && pv.notify && pv.notify_len >= 2, "half a device");
		require(vd.regs.common_len >= 0x38 && vd.regs.common_len <= 0x40,
			"half a structure");
		require(!vd.config == !vd.regs.config_len, "a configuration of no length");
	}
	if (vmmio_pci_shm(&vd, take(), &base, &len)) {
		for (i = 0; i < PCI_STD_NUM_BARS; i++)
			if (base >= pdev.bar_start[i] && len <= pdev.bar_len[i] &&
			    base - pdev.bar_start[i] <= pdev.bar_len[i] - len)
				break;
		require(len && i < PCI_STD_NUM_BARS, "a region outside its BAR");
	}
	vmmio_pci_unmap(&pdev, &pv);
	require(!pdev.mappings && !pdev.requested, "mappings or BARs are left over");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct vmmio_protocol *const protocols[] = {
		&vmmio_protocol_mmio2, &vmmio_protocol_pci, &vmmio_protocol_mmio1};
	static const u8 versions[] = {VMMIO_V2, VMMIO_PCI, VMMIO_V1};
	u8 which;

	in = data;
	left = size;
	which = take();
	memset(&d, 0, sizeof(d));
	d.stuck = which & 0x40;
	d.turning = which & 0x80;
	which = (which & 0x3f) % 3;
	d.regs.ops = &ops;
	d.regs.protocol = protocols[which];
	d.versions = versions[which];
	d.regs.config_len = take();
	d.regs.common_len = 0x38 + (take() & 8);
	d.regs.page_size = which == 2 ? 4096 : 0;
	d.regs.msix = take() & 1;
	d.features = 0x123456789abcdef0ull;
	d.file[VMMIO_REG_VERSION] = which == 2 ? 1 : 2;

	while (left) {
		u8 call = take() % 9;

		d.accesses = 0;
		d.paused = 0;
		memset(d.reads, 0, sizeof(d.reads));
		if (call == 0 && !is_pci())
			do_identify(take() & 1);
		else if (call == 1)
			do_reset();
		else if (call == 2)
			do_features();
		else if (call == 3)
			do_config();
		else if (call == 4 || call == 5)
			do_queue();
		else if (call == 6)
			is_pci() ? do_vector() : do_shm();
		else if (call == 7)
			do_index();
		else if (call == 8)
			do_caps();
		/* version 1's page size belongs to it, whoever it turned out to be */
		d.regs.page_size = is_mmio1() ? 4096 : 0;
	}
	return 0;
}
