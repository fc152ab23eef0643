// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge of conform.h: follows each device through its registers and checks every access against
 * the rules.
 */
#include <stdio.h>
#include <string.h>

#include "rules.h"

#define ACKNOWLEDGE 1u
#define DRIVER 2u
#define DRIVER_OK 4u
#define FEATURES_OK 8u
#define FAILED 128u
#define VERSION_1 (1ull << 32)
#define SR_IOV (1ull << 37)
#define NOTIFICATION_DATA (1ull << 38)
#define RING_RESET (1ull << 40)
#define FOREIGN 0xfffffe0000000000ull /* ADMIN_VQ, which MMIO does not have, and undefined bits */

const struct conform_reg vmmio_conform_regs[VMMIO_REG_COUNT] = {
#define REG_ROW(id, off, width, name, access, versions) {off, width, access, versions, name},
	VMMIO_REGS(REG_ROW)};

static void judge(struct vmmio_conform *c, enum vmmio_conform_rule rule, bool kept, const char *why)
{
	struct vmmio_conform_finding *f = &c->f[rule];

	f->checked++;
	if (kept || f->violated++)
		return;
	snprintf(f->first, sizeof(f->first), "%sline %lu, device at 0x%llx, %s of %s: %s", c->file,
		 c->line, (unsigned long long)c->at->base, c->a->write ? "write" : "read",
		 c->a->reg < VMMIO_REG_COUNT ? vmmio_conform_regs[c->a->reg].name : "nothing known",
		 why);
}

#define JUDGE(rule, kept, why) judge(c, VMMIO_CONFORM_##rule, (kept), (why))

/* C1 to C5: may this be accessed so? */
static void check_form(struct vmmio_conform *c, const struct conform_access *a)
{
	bool config = a->reg == VMMIO_REG_CONFIG || a->reg == VMMIO_REG_PCI_CONFIG;

	JUDGE(C1, a->reg != VMMIO_REG_COUNT, "no such register");
	if (a->reg == VMMIO_REG_COUNT)
		return;
	if (a->write)
		JUDGE(C2, vmmio_conform_regs[a->reg].access & VMMIO_W, "read-only");
	else
		JUDGE(C3, vmmio_conform_regs[a->reg].access & VMMIO_R, "write-only");
	if (config)
		JUDGE(C5, a->size <= 4 && a->offset % a->size == 0, "width or alignment");
	else
		JUDGE(C4,
		      a->offset % a->size == 0 && (!vmmio_conform_regs[a->reg].width ||
						   a->size == vmmio_conform_regs[a->reg].width),
		      "width or alignment");
}

static struct conform_queue *selected(struct conform_device *d)
{
	return &d->q[d->sel < CONFORM_QUEUES ? d->sel : CONFORM_QUEUES - 1];
}

/* Fields that take several accesses: a disk's capacity, a network's address. */
static unsigned int covers(const struct conform_device *d, const struct conform_access *a)
{
	uint32_t off = a->space == MMIO ? a->offset - VMMIO_MMIO_CONFIG : a->offset;

	if (d->id == 2 && off < 8)
		return 1u << off / 4;
	if (d->id == 1 && off < 6 && a->size < 4)
		return 1u << off;
	return 0;
}

static void end_run(struct vmmio_conform *c, struct conform_device *d, bool by_generation)
{
	if (d->in_run && d->run_covers & (d->run_covers - 1) && d->version != VMMIO_V1)
		JUDGE(C41, d->run_after_generation && by_generation,
		      "a field of several accesses without its generation before and after");
	d->in_run = false;
	d->run_covers = 0;
	d->generation_read = by_generation;
}

static void config_access(struct vmmio_conform *c, struct conform_device *d,
			  const struct conform_access *a)
{
	uint32_t ready = d->version == VMMIO_V1 ? DRIVER : FEATURES_OK;

	if (a->write) {
		end_run(c, d, false);
		JUDGE(C46, d->status & ready, "configuration written before the features are");
		return;
	}
	if (!d->in_run) {
		d->in_run = true;
		d->run_after_generation = d->generation_read;
	}
	d->run_covers |= covers(d, a);
}

/* What must come next, if something must: C13, C17, C40, P2. */
static void check_due(struct vmmio_conform *c, struct conform_device *d,
		      const struct conform_access *a)
{
	struct conform_queue *q = selected(d);
	bool read_ready = !a->write &&
			  (a->reg == VMMIO_REG_QUEUE_READY || a->reg == VMMIO_REG_PCI_QUEUE_ENABLE);

	/* an interrupt's or another CPU's accesses may come between */
	if (a->reg == VMMIO_REG_INTERRUPT_STATUS || a->reg == VMMIO_REG_INTERRUPT_ACK ||
	    a->reg == VMMIO_REG_PCI_ISR || a->reg == VMMIO_REG_QUEUE_NOTIFY ||
	    a->reg == VMMIO_REG_PCI_NOTIFY)
		return;
	if (d->reset_due) {
		bool read = !a->write &&
			    (a->reg == VMMIO_REG_STATUS || a->reg == VMMIO_REG_PCI_DEVICE_STATUS);

		JUDGE(C40, read, "the reset before it was not waited for");
		d->reset_due = read && a->value;
	}
	if (q->ready_due) {
		JUDGE(C13, read_ready, "QueueReady = 0 before it was not read back");
		q->ready_due = false;
	}
	if (q->vector_due) {
		JUDGE(P2, !a->write && a->reg == VMMIO_REG_PCI_QUEUE_MSIX_VECTOR,
		      "the queue's vector before it was not read back");
		q->vector_due = false;
	}
	if (d->config_vector_due) {
		JUDGE(P2, !a->write && a->reg == VMMIO_REG_PCI_CONFIG_MSIX_VECTOR,
		      "the configuration's vector before it was not read back");
		d->config_vector_due = false;
	}
	if (q->reset_due) {
		bool read = !a->write && (a->reg == VMMIO_REG_QUEUE_RESET ||
					  a->reg == VMMIO_REG_PCI_QUEUE_RESET);

		if (!read)
			JUDGE(C17, false, "the queue's reset before it was not waited for");
		q->reset_due = read && a->value;
		q->reset_verify = read && !a->value;
	} else if (q->reset_verify) {
		JUDGE(C17, read_ready, "the queue's reset before it was not verified");
		q->reset_verify = false;
	}
}

static void forget_queues(struct conform_device *d)
{
	memset(d->q, 0, sizeof(d->q));
}

static void write_status(struct vmmio_conform *c, struct conform_device *d, uint32_t v)
{
	uint32_t new = v & ~d->status;
	bool legacy = d->version == VMMIO_V1;

	if (!v) {
		d->reset_due = true;
		d->status = 0;
		d->dfsel_set = d->gfsel_set = d->features_set = d->ok_unread = false;
		d->irq_read = false;
		d->accepted = d->offered = 0;
		forget_queues(d);
		return;
	}
	JUDGE(C33, !(d->status & ~v), "a status bit was cleared");
	if (d->status & FAILED)
		JUDGE(C34, false, "another step after FAILED");
	if (v & FAILED && !(d->status & FAILED))
		JUDGE(C34, true, "");
	if (legacy)
		JUDGE(C32, !(v & FEATURES_OK), "FEATURES_OK");
	if (new &DRIVER)
		JUDGE(C46, d->status & ACKNOWLEDGE, "DRIVER before ACKNOWLEDGE");
	if (new &FEATURES_OK) {
		JUDGE(C46, d->status & DRIVER && d->features_set,
		      "FEATURES_OK before DRIVER or the features");
		if (d->offered & VERSION_1)
			JUDGE(C58, d->accepted & VERSION_1, "VERSION_1 was offered");
		d->ok_unread = true;
	}
	if (new &DRIVER_OK)
		JUDGE(C46,
		      d->status & DRIVER && (legacy || (d->status & FEATURES_OK && !d->ok_unread)),
		      "DRIVER_OK before FEATURES_OK was read back");
	d->status = v;
}

static void device_features(struct vmmio_conform *c, struct conform_device *d, uint32_t value)
{
	JUDGE(C9, d->dfsel_set, "not selected since the reset");
	if (d->dfsel < 2)
		d->offered |= (uint64_t)value << (32 * d->dfsel);
}

static void driver_features(struct vmmio_conform *c, struct conform_device *d, uint32_t value)
{
	uint64_t mask = d->gfsel < 2 ? 0xffffffffull << (32 * d->gfsel) : 0;
	uint64_t bits = d->gfsel < 2 ? (uint64_t)value << (32 * d->gfsel) : 0;

	JUDGE(C10, d->gfsel_set, "not selected since the reset");
	JUDGE(C46, d->status & DRIVER && !(d->status & FEATURES_OK),
	      "features before DRIVER or after FEATURES_OK");
	JUDGE(C36, !(bits & ~d->offered), "accepts what was not offered");
	JUDGE(C37, d->version == VMMIO_PCI || !(bits & (FOREIGN | SR_IOV)),
	      "accepts ADMIN_VQ, SR_IOV or an undefined bit");
	d->accepted = (d->accepted & ~mask) | bits;
	d->features_set = true;
}

static void start_queue(struct vmmio_conform *c, struct conform_device *d, struct conform_queue *q,
			bool complete)
{
	uint32_t ready = d->version == VMMIO_V1 ? DRIVER : FEATURES_OK;

	JUDGE(C46, d->status & ready && (!(d->status & DRIVER_OK) || q->was_reset),
	      "a queue started before the features were settled or after DRIVER_OK");
	if (d->version == VMMIO_V1) {
		JUDGE(C29, complete, "size or alignment missing");
		JUDGE(C27, d->paged, "no page size before it");
	} else {
		JUDGE(C22, complete, "not all of the queue was set up");
	}
	q->live = true;
	q->was_reset = false;
}

static void stop_queue(struct conform_queue *q, bool reset)
{
	*q = (struct conform_queue){.was_reset = reset};
}

static void doorbell(struct vmmio_conform *c, struct conform_device *d,
		     const struct conform_access *a)
{
	uint32_t index = a->value & 0xffff;

	JUDGE(C23,
	      index < CONFORM_QUEUES && d->q[index].live &&
		      (d->accepted & NOTIFICATION_DATA ? a->size == 4 : a->value == index),
	      "not the index of a live queue");
	JUDGE(C47, d->status & DRIVER_OK, "before DRIVER_OK");
}

static void queue_write(struct vmmio_conform *c, struct conform_device *d, struct conform_queue *q,
			const struct conform_access *a)
{
	switch (a->reg) {
	case VMMIO_REG_QUEUE_NUM:
	case VMMIO_REG_PCI_QUEUE_SIZE:
		JUDGE(C11, a->value && a->value <= q->max, "0 or above the maximum");
		q->sized = true;
		break;
	case VMMIO_REG_QUEUE_ALIGN:
		q->aligned = true;
		break;
	case VMMIO_REG_QUEUE_READY:
		if (a->value) {
			start_queue(c, d, q,
				    q->was_stopped && q->max && q->sized && q->addresses == 0x3f);
		} else {
			stop_queue(q, false);
			q->ready_due = true;
		}
		return;
	case VMMIO_REG_PCI_QUEUE_ENABLE:
		JUDGE(P1, a->value, "0");
		if (a->value)
			start_queue(c, d, q, q->max && q->addresses == 0x3f);
		return;
	case VMMIO_REG_QUEUE_PFN:
		if (a->value)
			start_queue(c, d, q, q->was_stopped && q->max && q->sized && q->aligned);
		else
			stop_queue(q, false);
		return;
	case VMMIO_REG_QUEUE_RESET:
	case VMMIO_REG_PCI_QUEUE_RESET:
		JUDGE(C17, a->value == 1 && d->accepted & RING_RESET, "not 1, or not negotiated");
		stop_queue(q, true);
		q->reset_due = true;
		return;
	case VMMIO_REG_PCI_QUEUE_MSIX_VECTOR:
		q->vector_due = a->value != 0xffff; /* to take one away needs no check */
		return;
	default:
		if (a->reg >= VMMIO_REG_PCI_QUEUE_DESC_LOW)
			q->addresses |= 1u << (a->reg - VMMIO_REG_PCI_QUEUE_DESC_LOW);
		else
			q->addresses |= 1u << (a->reg - VMMIO_REG_QUEUE_DESC_LOW);
	}
	if (d->version == VMMIO_V2)
		JUDGE(C12, !q->live, "the queue is ready");
}

static void on_write(struct vmmio_conform *c, struct conform_device *d,
		     const struct conform_access *a)
{
	switch (a->reg) {
	case VMMIO_REG_STATUS:
	case VMMIO_REG_PCI_DEVICE_STATUS:
		write_status(c, d, a->value);
		break;
	case VMMIO_REG_DEVICE_FEATURES_SEL:
	case VMMIO_REG_PCI_DEVICE_FEATURE_SELECT:
		d->dfsel = a->value;
		d->dfsel_set = true;
		break;
	case VMMIO_REG_DRIVER_FEATURES_SEL:
	case VMMIO_REG_PCI_DRIVER_FEATURE_SELECT:
		d->gfsel = a->value;
		d->gfsel_set = true;
		break;
	case VMMIO_REG_DRIVER_FEATURES:
	case VMMIO_REG_PCI_DRIVER_FEATURE:
		driver_features(c, d, a->value);
		break;
	case VMMIO_REG_GUEST_PAGE_SIZE:
		d->paged = a->value && !(a->value & (a->value - 1));
		break;
	case VMMIO_REG_QUEUE_SEL:
	case VMMIO_REG_PCI_QUEUE_SELECT:
		d->sel = a->value;
		break;
	case VMMIO_REG_QUEUE_NOTIFY:
	case VMMIO_REG_PCI_NOTIFY:
		doorbell(c, d, a);
		break;
	case VMMIO_REG_INTERRUPT_ACK:
		JUDGE(C24, d->irq_read, "InterruptStatus was not read");
		JUDGE(C15, !(a->value & ~d->irq), "more than was read");
		JUDGE(C16, !(a->value & ~VMMIO_INT_MASK), "undefined bits");
		d->irq_read = false;
		d->irq = 0;
		break;
	case VMMIO_REG_PCI_CONFIG_MSIX_VECTOR:
		d->config_vector_due = a->value != 0xffff;
		break;
	case VMMIO_REG_CONFIG:
	case VMMIO_REG_PCI_CONFIG:
		config_access(c, d, a);
		break;
	case VMMIO_REG_COUNT:
		break;
	default:
		if (a->reg != VMMIO_REG_SHM_SEL)
			queue_write(c, d, selected(d), a);
	}
}

static void identify(struct vmmio_conform *c, struct conform_device *d,
		     const struct conform_access *a)
{
	int step = a->reg == VMMIO_REG_MAGIC ? 1 : a->reg == VMMIO_REG_VERSION ? 2 : 3;

	if (step == 1) { /* somebody looks anew, who resets it if he takes it */
		uint64_t base = d->base;

		*d = (struct conform_device){.base = base};
	}
	JUDGE(C19, step == 1 || d->identified == step - 1, "not in its turn");
	d->identified = step;
	d->absent = false;
	if (step == 2)
		d->version = a->value == 1 ? VMMIO_V1 : VMMIO_V2;
	if (step == 3) {
		d->id = a->value;
		d->absent = !a->value;
		if (d->absent)
			JUDGE(C8, true, "");
	}
}

static void on_read(struct vmmio_conform *c, struct conform_device *d,
		    const struct conform_access *a)
{
	struct conform_queue *q = selected(d);

	switch (a->reg) {
	case VMMIO_REG_MAGIC:
	case VMMIO_REG_VERSION:
	case VMMIO_REG_DEVICE_ID:
		identify(c, d, a);
		break;
	case VMMIO_REG_STATUS:
	case VMMIO_REG_PCI_DEVICE_STATUS:
		d->ok_unread = d->ok_unread && !(a->value & FEATURES_OK);
		break;
	case VMMIO_REG_DEVICE_FEATURES:
	case VMMIO_REG_PCI_DEVICE_FEATURE:
		device_features(c, d, a->value);
		break;
	case VMMIO_REG_QUEUE_NUM_MAX:
	case VMMIO_REG_PCI_QUEUE_SIZE:
		if (d->version == VMMIO_V1)
			JUDGE(C28, !q->live, "the queue is in use");
		if (!q->sized)
			q->max = a->value;
		break;
	case VMMIO_REG_QUEUE_READY:
	case VMMIO_REG_QUEUE_PFN:
		q->was_stopped = !a->value;
		break;
	case VMMIO_REG_INTERRUPT_STATUS:
		JUDGE(V1, !d->irq_read || !d->irq, "read already, and not acknowledged since");
		d->irq = a->value;
		d->irq_read = true;
		break;
	case VMMIO_REG_CONFIG:
	case VMMIO_REG_PCI_CONFIG:
		config_access(c, d, a);
		break;
	default:
		break;
	}
}

void vmmio_conform_check(struct vmmio_conform *c, struct conform_device *d,
			 const struct conform_access *a)
{
	bool interrupt = a->reg == VMMIO_REG_INTERRUPT_STATUS ||
			 a->reg == VMMIO_REG_INTERRUPT_ACK || a->reg == VMMIO_REG_PCI_ISR ||
			 a->reg == VMMIO_REG_QUEUE_NOTIFY || a->reg == VMMIO_REG_PCI_NOTIFY;

	c->at = d;
	c->a = a;
	check_form(c, a);
	if (a->space == MMIO) {
		if (a->reg == VMMIO_REG_MAGIC)
			d->absent = false;
		if (d->absent)
			JUDGE(C8, false, "DeviceID was 0");
		JUDGE(C20, a->reg < VMMIO_REG_SHM_SEL || a->reg > VMMIO_REG_SHM_BASE_HIGH,
		      "no driver here expects shared memory");
	}
	check_due(c, d, a);
	if (a->reg == VMMIO_REG_CONFIG_GENERATION || a->reg == VMMIO_REG_PCI_CONFIG_GENERATION)
		end_run(c, d, true);
	else if (a->reg != VMMIO_REG_CONFIG && a->reg != VMMIO_REG_PCI_CONFIG && !interrupt)
		end_run(c, d, false);
	if (a->write)
		on_write(c, d, a);
	else
		on_read(c, d, a);
}
