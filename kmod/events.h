/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counted and traced register access, and the tracing half of kicks and
 * interrupts. With every tracepoint off each of these costs its counters and
 * one static branch; the traced halves are out of line in events.c.
 */
#ifndef VMMIO_KMOD_EVENTS_H
#define VMMIO_KMOD_EVENTS_H

#include <vmmio/events.h>
#include "compat.h"
#include "index.h"
#include "vmmio.h"

DECLARE_STATIC_KEY_FALSE(vmmio_trace_key);

#define vmmio_tracing() static_branch_unlikely(&vmmio_trace_key)

/*
 * How registers are accessed. An MMIO window is memory; a PCI structure may lie in an I/O BAR as
 * well (4.1.4.1), which costs a check per access.
 */
enum vmmio_space {
	VMMIO_SPACE_MEMORY,
	VMMIO_SPACE_BAR,
};

u32 vmmio_read_traced(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
		      enum vmmio_space space, u32 offset, unsigned int width);
void vmmio_write_traced(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
			enum vmmio_space space, u32 offset, unsigned int width, u32 value);
bool vmmio_kick_traced(struct vmmio_queue *q, u32 value, enum vmmio_space space,
		       unsigned int width);
void vmmio_trace_vq_setup(struct vmmio_queue *q);
void vmmio_trace_vq_reset(struct vmmio_queue *q);
void vmmio_trace_status(struct vmmio_device *vd, u8 old, u8 new);
void vmmio_trace_features(struct vmmio_device *vd, u64 offered, u64 accepted);
void vmmio_trace_config_change(struct vmmio_device *vd, u32 status);

/* One handler run, from entry to exit. On the handler's stack. */
struct vmmio_irq_run {
	u64 t0; /* 0: tracing was off at entry */
	u32 status;
	u32 flags;
	int irq;
	u16 checked;
	u16 worked;
	u8 mode;
};

u64 vmmio_irq_begin_traced(void);
/* A read within a run. The first one begins when the run does. */
u32 vmmio_irq_read_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run,
			  enum vmmio_reg reg, void __iomem *p, enum vmmio_space space, u32 offset,
			  unsigned int width);
/* Reads and acknowledges a line's status. */
u32 vmmio_irq_line_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run);
void vmmio_irq_end_traced(struct vmmio_device *vd, const struct vmmio_irq_run *run);
void vmmio_vq_irq_begin_traced(struct vmmio_queue *q, const struct vmmio_irq_run *run, u16 used_idx,
			       u16 used_delta, struct vmmio_ev_vq_irq *ev);
void vmmio_vq_irq_end_traced(struct vmmio_ev_vq_irq *ev, bool found);

/* The access itself, in the register's width. Registers are little endian. */
static __always_inline u32 vmmio_raw_read(void __iomem *p, enum vmmio_space space,
					  unsigned int width)
{
	if (space == VMMIO_SPACE_MEMORY)
		return width == 1 ? readb(p) : width == 2 ? readw(p) : readl(p);
	return width == 1 ? ioread8(p) : width == 2 ? ioread16(p) : ioread32(p);
}

static __always_inline void vmmio_raw_write(void __iomem *p, enum vmmio_space space,
					    unsigned int width, u32 value)
{
	if (space == VMMIO_SPACE_MEMORY && width == 1)
		writeb(value, p);
	else if (space == VMMIO_SPACE_MEMORY && width == 2)
		writew(value, p);
	else if (space == VMMIO_SPACE_MEMORY)
		writel(value, p);
	else if (width == 1)
		iowrite8(value, p);
	else if (width == 2)
		iowrite16(value, p);
	else
		iowrite32(value, p);
}

/* @offset: of @p in its window or structure, for the event only. */
static __always_inline u32 vmmio_read(struct vmmio_device *vd, enum vmmio_reg reg, void __iomem *p,
				      enum vmmio_space space, u32 offset, unsigned int width)
{
	vmmio_count(vd->counts, reads[reg]);
	if (vmmio_tracing())
		return vmmio_read_traced(vd, reg, p, space, offset, width);
	return vmmio_raw_read(p, space, width);
}

static __always_inline void vmmio_write(struct vmmio_device *vd, enum vmmio_reg reg,
					void __iomem *p, enum vmmio_space space, u32 offset,
					unsigned int width, u32 value)
{
	vmmio_count(vd->counts, writes[reg]);
	if (vmmio_tracing())
		vmmio_write_traced(vd, reg, p, space, offset, width, value);
	else
		vmmio_raw_write(p, space, width, value);
}

#endif
