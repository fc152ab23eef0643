// SPDX-License-Identifier: GPL-2.0-only
/*
 * The detective: who is to blame, by tables of what a ring says in each case; and what
 * a series of looks makes of it: ages, times without progress, interrupts since.
 * Long because the cases are one table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/bounded.h"
#include "tools/vmmio-stat/stall/fix.h"
#include "tools/vmmio-stat/stall/irqstate.h"
#include "tools/vmmio-stat/stall/report.h"

#define MS 1000000ull
#define BOUND (1000 * MS)

enum {
	NET = 1,
	BLOCK,
	CONSOLE,
	ENTROPY,
	BALLOON
};

#define SPLIT .modulus = 65536, .ring = 256
#define PACKED .modulus = 512, .ring = 256
#define BASE (VMMIO_LOOK_EVENT | VMMIO_LOOK_CALLBACK | VMMIO_LOOK_KNOWS)
#define PLAIN (VMMIO_LOOK_CALLBACK | VMMIO_LOOK_KNOWS)
#define PBASE (BASE | VMMIO_LOOK_PACKED)

/* What a case need not say: a disk's queue, hooked, kicked at least once. */
static struct vmmio_stall_facts whole(const struct vmmio_stall_facts *in)
{
	struct vmmio_stall_facts f = *in;

	if (!f.s.device_id)
		f.s.device_id = BLOCK;
	f.bound_ns = BOUND;
	f.patient = vmmio_stall_patient(f.s.device_id, f.s.index, f.s.name);
	f.lazy = vmmio_stall_lazy(f.s.device_id, f.s.index, f.s.name);
	return f;
}

static const struct {
	const char *what;
	enum vmmio_stall_cause cause;
	const char *evidence; /* part of it */
	struct vmmio_stall_facts f;
} cases[] = {
	/* A driver is at the device: nothing else is known of it. */
	{"a probe that does not come back",
	 VMMIO_STALL_IN_PROBE,
	 "driver virtio_blk, probing; thread 87 (insmod) is at it: /proc/87/stack",
	 {.binding_ns = BOUND,
	  .driver = "virtio_blk",
	  .binding = {.key = 1, .state = VMMIO_BINDING_PROBING, .holder = 87, .comm = "insmod"}}},
	{"a probe that may yet",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.binding_ns = BOUND - 1, .binding = {.key = 1, .state = VMMIO_BINDING_PROBING}}},
	{"a removal that does not come back",
	 VMMIO_STALL_IN_REMOVE,
	 "driver -, being removed; which thread is at it is not known",
	 {.binding_ns = BOUND,
	  .driver = "",
	  .binding = {.key = 1, .state = VMMIO_BINDING_REMOVING}}},
	/* The device's side, split ring with event words. */
	{"kicked, looked at, not used",
	 VMMIO_STALL_DEVICE_STUCK,
	 "device event 105; 9 kicks",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105}}},
	{"not yet for long enough",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND - 1,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105}}},
	{"owed, not sent",
	 VMMIO_STALL_LOST_KICK,
	 "one was owed for the 1 since",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 104, .device_event = 104}}},
	{"the same beyond the index' end",
	 VMMIO_STALL_LOST_KICK,
	 "one was owed for the 3 since",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 1, .used = 65534, .seen = 65534, .kicks = 9,
		.avail_at_kick = 65534, .device_event = 65535}}},
	{"sent, not looked at",
	 VMMIO_STALL_LOST_KICK,
	 "has not looked at 2 of the 2",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 106, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 106, .device_event = 104}}},
	{"the device has some in hand, a kick for others",
	 VMMIO_STALL_DEVICE_STUCK,
	 "has not looked at 1 of the 2",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 106, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 106, .device_event = 105}}},
	{"the device has some in hand, no kick for others",
	 VMMIO_STALL_LOST_KICK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 106, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105}}},
	{"rightly not kicked: it polls",
	 VMMIO_STALL_DEVICE_STUCK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 104, .device_event = 50}}},
	{"the last kick was long ago, before what is used",
	 VMMIO_STALL_LOST_KICK,
	 "one was owed for the 2 since",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 1002, .used = 1000, .seen = 1000, .kicks = 9,
		.avail_at_kick = 90, .device_event = 1000}}},
	{"a ring that began again",
	 VMMIO_STALL_LOST_KICK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 3, .used = 1, .seen = 1, .kicks = 9,
		.avail_at_kick = 500, .device_event = 1}}},
	{"there before the watch, not looked at",
	 VMMIO_STALL_LOST_KICK,
	 "no kick since the watch began, when all this was available",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .avail_at_kick = 105,
		.device_event = 104}}},
	{"there before the watch, looked at",
	 VMMIO_STALL_DEVICE_STUCK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .avail_at_kick = 105,
		.device_event = 105}}},
	{"a transport that is not hooked",
	 VMMIO_STALL_DEVICE_STUCK,
	 "kicks are not seen",
	 {.idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .avail_at_kick = 100,
		.device_event = 105}}},
	{"added, never asked",
	 VMMIO_STALL_NOT_KICKED,
	 "1 added, the driver has not asked",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .added_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 104, .device_event = 104, .added = 1}}},
	{"full",
	 VMMIO_STALL_DEVICE_STUCK,
	 "the ring is full",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 356, .used = 100, .seen = 100, .kicks = 9,
		.avail_at_kick = 356, .device_event = 356, .busy = 256}}},
	/* Without event words. */
	{"flags: owed, not sent",
	 VMMIO_STALL_LOST_KICK,
	 "device flags 0",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = PLAIN, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 104}}},
	{"flags: none wanted",
	 VMMIO_STALL_DEVICE_STUCK,
	 "device flags 1",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = PLAIN, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 104, .device_flags = 1}}},
	{"flags: sent",
	 VMMIO_STALL_DEVICE_STUCK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = PLAIN, .avail = 105, .used = 104, .seen = 104, .kicks = 9,
		.avail_at_kick = 105}}},
	/* Packed: positions beyond the second turn, event structures. */
	{"packed: owed, not sent",
	 VMMIO_STALL_LOST_KICK,
	 "(descriptors), device event 511",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 1, .used = 510, .seen = 510, .kicks = 9,
		.avail_at_kick = 510, .device_event = 511, .device_flags = 2}}},
	{"packed: looked at",
	 VMMIO_STALL_DEVICE_STUCK,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 1, .used = 510, .seen = 510, .kicks = 9,
		.avail_at_kick = 1, .device_event = 1, .device_flags = 2}}},
	{"packed: sent, not looked at",
	 VMMIO_STALL_LOST_KICK,
	 "has not looked at 3 of the 3 descriptors it could use",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 1, .used = 510, .seen = 510, .kicks = 9,
		.avail_at_kick = 1, .device_event = 510, .device_flags = 2}}},
	{"packed: enabled, not sent",
	 VMMIO_STALL_LOST_KICK,
	 "device flags enable",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 1, .used = 510, .seen = 510, .kicks = 9,
		.avail_at_kick = 510}}},
	{"packed: disabled",
	 VMMIO_STALL_DEVICE_STUCK,
	 "device flags disable",
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 1, .used = 510, .seen = 510, .kicks = 9,
		.avail_at_kick = 510, .device_flags = 1}}},
	{"packed: more used than was looked for",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .s = {PACKED, .flags = PBASE | VMMIO_LOOK_MORE, .avail = 90, .used = 40, .seen = 8,
		.kicks = 9, .avail_at_kick = 90, .device_event = 90, .device_flags = 2}}},
	/* Devices that wait for the world. */
	{"receive buffers",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = NET, .flags = BASE, .avail = 356, .used = 100, .seen = 100,
		.kicks = 9, .avail_at_kick = 256, .device_event = 100}}},
	{"no input",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = CONSOLE, .flags = BASE, .avail = 256, .kicks = 1,
		.avail_at_kick = 256}}},
	{"no entropy",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = ENTROPY, .flags = BASE, .avail = 8, .used = 7, .seen = 7,
		.kicks = 8, .avail_at_kick = 8, .device_event = 7}}},
	{"a balloon at rest",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = BALLOON, .index = 2, .flags = BASE, .avail = 1, .kicks = 1,
		.avail_at_kick = 1, .device_event = 1}}},
	/* The driver's side. */
	{"owed, none came",
	 VMMIO_STALL_LOST_IRQ,
	 "driver event 104, not interrupted since it asked; interrupt 24 to CPU 1, 0 since",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .cpus = "1", .have_count = true},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105, .driver_event = 104}}},
	{"the same, others in flight as well",
	 VMMIO_STALL_LOST_IRQ,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 109, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 109, .device_event = 109, .driver_event = 104}}},
	{"not owed: for later ones only",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 120, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 120, .device_event = 120, .driver_event = 115}}},
	{"switched off",
	 VMMIO_STALL_IRQ_DISABLED,
	 "disabled by the kernel: nobody cared",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .disabled = VMMIO_YES, .spurious = true, .masked = VMMIO_YES},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105, .driver_event = 104}}},
	{"masked",
	 VMMIO_STALL_IRQ_MASKED,
	 "masked",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .disabled = VMMIO_NO, .masked = VMMIO_YES, .offline = VMMIO_NO},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105, .driver_event = 104}}},
	{"its CPU is offline",
	 VMMIO_STALL_IRQ_OFFLINE,
	 "to CPU 3 (offline)",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24,
		  .disabled = VMMIO_NO,
		  .masked = VMMIO_NO,
		  .offline = VMMIO_YES,
		  .cpus = "3"},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105, .driver_event = 104}}},
	{"interrupted, asleep",
	 VMMIO_STALL_ASLEEP,
	 "interrupted since it asked",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .masked = VMMIO_YES},
	  .s = {SPLIT, .flags = BASE | VMMIO_LOOK_TRIGGERED, .avail = 105, .used = 105, .seen = 104,
		.kicks = 9, .avail_at_kick = 105, .device_event = 105, .driver_event = 104}}},
	{"has its poll to come, asleep",
	 VMMIO_STALL_ASLEEP,
	 "wants no interrupts",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .s = {SPLIT, .device_id = NET, .flags = BASE | VMMIO_LOOK_QUIET, .avail = 256, .used = 5,
		.seen = 4, .kicks = 9, .avail_at_kick = 256}}},
	{"flags: interrupted, asleep",
	 VMMIO_STALL_ASLEEP,
	 "3 since",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .have_count = true, .count = 3},
	  .s = {SPLIT, .flags = PLAIN | VMMIO_LOOK_IRQS, .irqs = 7, .seen_at_irq = 104,
		.avail = 105, .used = 105, .seen = 104, .kicks = 9, .avail_at_kick = 105}}},
	{"flags: those that came were for what was taken back",
	 VMMIO_STALL_LOST_IRQ,
	 "not interrupted since it took back; interrupt 24, 3 since",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .have_count = true, .count = 3},
	  .s = {SPLIT, .flags = PLAIN | VMMIO_LOOK_IRQS, .irqs = 7, .seen_at_irq = 103,
		.avail = 105, .used = 105, .seen = 104, .kicks = 9, .avail_at_kick = 105}}},
	{"flags: the kernel disabled it, what came before was nobody's",
	 VMMIO_STALL_IRQ_DISABLED,
	 "disabled by the kernel: nobody cared",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .disabled = VMMIO_YES, .spurious = true},
	  .s = {SPLIT, .flags = PLAIN, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105}}},
	{"a storm that is nobody's, and what waits meanwhile",
	 VMMIO_STALL_SPURIOUS,
	 "interrupt 24, 4000 of the last 4000 found nothing",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .spurious_ns = BOUND,
	  .irq = {.irq = 24, .taken = 4000, .none = 4000},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105, .driver_event = 104}}},
	{"somebody takes the buffers before each interrupt",
	 VMMIO_STALL_SPURIOUS,
	 "interrupt 24, 190 of the last 200 found nothing",
	 {.hooked = true,
	  .spurious_ns = BOUND,
	  .irq = {.irq = 24, .taken = 200, .none = 190},
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 105, .kicks = 9,
		.avail_at_kick = 105, .driver_event = 104}}},
	{"no room, and nobody has anything",
	 VMMIO_STALL_FULL,
	 "256 of 256 entries taken, by buffers that neither side has",
	 {.hooked = true,
	  .full_ns = BOUND,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 105, .busy = 256,
		.kicks = 9, .avail_at_kick = 105, .driver_event = 104}}},
	{"broken while it waited for the device",
	 VMMIO_STALL_BROKEN,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .broken_ns = 1,
	  .s = {SPLIT, .flags = BASE | VMMIO_LOOK_BROKEN, .avail = 105, .used = 104, .seen = 104,
		.busy = 1, .kicks = 9, .avail_at_kick = 105, .device_event = 105}}},
	{"flags: none came",
	 VMMIO_STALL_LOST_IRQ,
	 "0 since",
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .irq = {.irq = 24, .have_count = true},
	  .s = {SPLIT, .flags = PLAIN, .avail = 105, .used = 105, .seen = 104, .kicks = 9,
		.avail_at_kick = 105}}},
	{"packed: owed, none came",
	 VMMIO_STALL_LOST_IRQ,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 2, .used = 1, .seen = 511, .kicks = 9,
		.avail_at_kick = 2, .device_event = 2, .device_flags = 2, .driver_event = 0,
		.driver_flags = 2}}},
	{"packed: not owed",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .s = {PACKED, .flags = PBASE, .avail = 9, .used = 1, .seen = 511, .kicks = 9,
		.avail_at_kick = 9, .device_event = 9, .device_flags = 2, .driver_event = 5,
		.driver_flags = 2}}},
	{"a queue that is polled",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = 100 * BOUND,
	  .s = {SPLIT, .flags = VMMIO_LOOK_EVENT | VMMIO_LOOK_KNOWS, .avail = 105, .used = 105,
		.seen = 104, .kicks = 9, .avail_at_kick = 105, .device_event = 105,
		.driver_event = 104}}},
	{"sent packets, callbacks off",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = NET, .index = 1, .flags = BASE | VMMIO_LOOK_QUIET, .avail = 9,
		.used = 9, .seen = 4, .kicks = 9, .avail_at_kick = 9, .device_event = 9}}},
	{"sent text, interrupted",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = CONSOLE, .index = 1, .flags = BASE | VMMIO_LOOK_TRIGGERED,
		.avail = 9, .used = 9, .seen = 8, .kicks = 9, .avail_at_kick = 9, .device_event = 9,
		.driver_event = 8}}},
	{"sent text before the watch, no event words",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .pending_ns = 100 * BOUND,
	  .s = {SPLIT, .device_id = CONSOLE, .index = 1, .flags = PLAIN, .avail = 9, .used = 9,
		.seen = 8, .avail_at_kick = 9}}},
	{"sent packets, an interrupt owed",
	 VMMIO_STALL_LOST_IRQ,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .s = {SPLIT, .device_id = NET, .index = 1, .flags = BASE, .avail = 9, .used = 9,
		.seen = 4, .kicks = 9, .avail_at_kick = 9, .device_event = 9, .driver_event = 6}}},
	{"a packet received, none came",
	 VMMIO_STALL_LOST_IRQ,
	 NULL,
	 {.hooked = true,
	  .pending_ns = BOUND,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .device_id = NET, .flags = BASE, .avail = 256, .used = 1, .kicks = 1,
		.avail_at_kick = 256, .device_event = 1}}},
	/* Neither. */
	{"given up",
	 VMMIO_STALL_BROKEN,
	 "avail 105",
	 {.hooked = true,
	  .broken_ns = BOUND,
	  .idle_ns = BOUND,
	  .s = {SPLIT, .flags = BASE | VMMIO_LOOK_BROKEN, .avail = 105, .used = 104, .seen = 104,
		.busy = 1}}},
	{"not read",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .idle_ns = BOUND,
	  .pending_ns = BOUND,
	  .s = {SPLIT, .flags = BASE | VMMIO_LOOK_UNREAD, .avail = 105}}},
	{"idle",
	 VMMIO_STALL_NONE,
	 NULL,
	 {.hooked = true,
	  .s = {SPLIT, .flags = BASE, .avail = 105, .used = 105, .seen = 105, .kicks = 9,
		.avail_at_kick = 105, .device_event = 105, .driver_event = 105}}},
};

static void causes(void **state)
{
	char text[320];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmmio_stall_facts f = whole(&cases[i].f);
		enum vmmio_stall_cause cause = vmmio_stall_judge(&f);

		vmmio_stall_evidence(&f, cause, text, sizeof(text));
		if (cause != cases[i].cause)
			fail_msg("%s: %s instead of %s", cases[i].what, vmmio_stall_causes[cause],
				 vmmio_stall_causes[cases[i].cause]);
		if (cases[i].evidence && !strstr(text, cases[i].evidence))
			fail_msg("%s: '%s' lacks '%s'", cases[i].what, text, cases[i].evidence);
		assert_int_equal(!text[0], !cause);
	}
}

/* However short the room is, the text ends within it. */
static void evidence_fits(void **state)
{
	struct vmmio_stall_facts f = whole(&cases[0].f);
	char text[32];

	memset(text, 'x', sizeof(text));
	vmmio_stall_evidence(&f, VMMIO_STALL_DEVICE_STUCK, text, 16);
	assert_int_equal(strlen(text), 15);
	assert_int_equal(text[16], 'x');
}

static struct vmmio_stall_queue who(const char *device, __u32 irq)
{
	struct vmmio_stall_queue q = {.hooked = true};

	snprintf(q.info.device, sizeof(q.info.device), "%s", device);
	q.info.irq = irq;
	q.info.irq_mode = VMMIO_IRQ_MSIX;
	return q;
}

/* One look at time @ms, at one queue. */
static void add(struct vmmio_stall_watch *w, const struct vmmio_stall_sample *s,
		const struct vmmio_irqs *irqs)
{
	struct vmmio_stall_queue q = who("virtio0", 24);
	struct vmmio_stall_sample x = *s;

	x.time_ns = w->now_ns;
	x.vq = 1;
	x.device_id = BLOCK;
	assert_int_equal(vmmio_stall_watch_add(w, &q, &x, irqs), 0);
}

static void look(struct vmmio_stall_watch *w, __u64 ms, const struct vmmio_stall_sample *s,
		 const struct vmmio_irqs *irqs)
{
	vmmio_stall_watch_begin(w, ms * MS, 0);
	add(w, s, irqs);
	vmmio_stall_watch_end(w);
}

static struct vmmio_stall_sample ring(__u32 avail, __u32 used, __u32 seen)
{
	struct vmmio_stall_sample s = {SPLIT, .flags = BASE, .kicks = 1};

	s.avail = s.avail_at_kick = s.device_event = avail & 0xffff;
	s.used = used & 0xffff;
	s.seen = s.driver_event = seen & 0xffff;
	return s;
}

static void ages(void **state)
{
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	__u64 min, max, i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	/* what is there at the first look is of unknown age */
	s = ring(65535, 65534, 65534);
	look(&w, 1000, &s, NULL);
	look(&w, 1100, &s, NULL);
	assert_true(vmmio_stall_age(&w, &w.list[0], &min, &max));
	assert_int_equal(min, 100 * MS);
	assert_int_equal(max, 0);
	/* two more, over the end of the index; the first is still the oldest */
	s = ring(65537, 65534, 65534);
	look(&w, 1200, &s, NULL);
	vmmio_stall_age(&w, &w.list[0], &min, &max);
	assert_int_equal(min, 200 * MS);
	/* it is used: the oldest came between 1100 and 1200 */
	s = ring(65538, 65535, 65535);
	look(&w, 1300, &s, NULL);
	assert_true(vmmio_stall_age(&w, &w.list[0], &min, &max));
	assert_int_equal(min, 100 * MS);
	assert_int_equal(max, 200 * MS);
	s = ring(65538, 65538, 65538);
	look(&w, 1400, &s, NULL);
	assert_false(vmmio_stall_age(&w, &w.list[0], &min, &max));
	/* one that stays, and many looks at which others come: it is never forgotten */
	s = ring(65539, 65538, 65538);
	look(&w, 1500, &s, NULL);
	for (i = 1; i <= 200; i++) {
		s = ring(65539 + i, 65538, 65538);
		look(&w, 1500 + 100 * i, &s, NULL);
	}
	assert_true(vmmio_stall_age(&w, &w.list[0], &min, &max));
	assert_true(min <= 20000 * MS && max >= 20100 * MS);
	/* and those behind it still tell theirs, coarser and true */
	s = ring(65539 + 200, 65539 + 100, 65539 + 100);
	look(&w, 21600, &s, NULL);
	assert_true(vmmio_stall_age(&w, &w.list[0], &min, &max));
	assert_true(min <= 10000 * MS && max >= 10000 * MS);
	vmmio_stall_watch_free(&w);
}

/* Each probe has a time of its own, and what is over is no row. */
static void a_device_in_its_probe_is_a_row(void **state)
{
	struct vmmio_stall_binding b = {.key = 7, .state = VMMIO_BINDING_PROBING};
	struct vmmio_stall_queue who = {.info = {.device = "virtio4", .driver = "sleeper"}};
	struct vmmio_stall_watch w;
	int i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	for (i = 0; i <= 21; i++) {
		vmmio_stall_watch_begin(&w, (1 + i) * 100 * MS, 0);
		/* after 1.1 s another probe of the same device begins: the removal between */
		b.state = i == 11 ? VMMIO_BINDING_REMOVING : VMMIO_BINDING_PROBING;
		assert_int_equal(vmmio_stall_watch_binding(&w, &who, &b), 0);
		vmmio_stall_watch_end(&w);
		vmmio_stall_watch_judge(&w, NULL, NULL);
		assert_int_equal(w.n, 1);
		assert_int_equal(w.list[0].info.kind, VMMIO_SLOT_DEVICE);
		assert_int_equal(w.list[0].cause && !w.list[0].over, i == 10);
		vmmio_stall_watch_reported(&w);
	}
	vmmio_stall_watch_begin(&w, 24 * 100 * MS, 0);
	vmmio_stall_watch_end(&w);
	assert_int_equal(w.n, 0);
	vmmio_stall_watch_free(&w);
}

/* A file that nothing comes of keeps nobody; others are read as they are. */
static void a_file_that_waits_keeps_nobody(void **state)
{
	char dir[] = "/tmp/vmmio-bounded.XXXXXX", path[64], text[16];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	assert_int_equal(vmmio_read_bounded(path, text, sizeof(text), 60000), -EIO);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("what it says", f);
	fclose(f);
	assert_int_equal(vmmio_read_bounded(path, text, sizeof(text), 60000), 12);
	assert_memory_equal(text, "what it says", 12);
	remove(path);
	/* nobody writes into it: even its opening waits */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(vmmio_read_bounded(path, text, sizeof(text), 20), -ETIMEDOUT);
	/* and lets the reader go */
	f = fopen(path, "r+");
	assert_non_null(f);
	fclose(f);
	remove(path);
	remove(dir);
}

static enum vmmio_stall_cause now(struct vmmio_stall_watch *w)
{
	vmmio_stall_watch_judge(w, NULL, NULL);
	return w->list[0].over ? VMMIO_STALL_NONE : w->list[0].cause;
}

static void stuck(void **state)
{
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	int i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	s = ring(5, 4, 4);
	for (i = 0; i < 10; i++) {
		look(&w, 1000 + 100 * i, &s, NULL);
		assert_int_equal(now(&w), VMMIO_STALL_NONE);
	}
	/* the driver goes on, the device does not */
	s = ring(6, 4, 4);
	look(&w, 2000, &s, NULL);
	assert_int_equal(now(&w), VMMIO_STALL_DEVICE_STUCK);
	assert_int_equal(w.list[0].stalled_ns, BOUND);
	/* one is used: over, and told once */
	s = ring(6, 5, 5);
	look(&w, 2100, &s, NULL);
	assert_int_equal(now(&w), VMMIO_STALL_NONE);
	assert_true(w.list[0].over);
	vmmio_stall_watch_reported(&w);
	assert_int_equal(w.list[0].cause, VMMIO_STALL_NONE);
	/* time in which nobody looked, or the guest did not run, is no evidence */
	look(&w, 60000, &s, NULL);
	assert_int_equal(now(&w), VMMIO_STALL_NONE);
	vmmio_stall_watch_begin(&w, 60900 * MS, 890 * MS);
	assert_int_equal(w.awake_ns, 1100 * MS + 300 * MS + 10 * MS);
	vmmio_stall_watch_free(&w);
}

/* A flood in which each look finds buffers in flight and others to be taken. */
static void flood(void **state)
{
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	__u32 i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	for (i = 0; i < 100; i++) {
		s = ring(700 * i + 256, 700 * i + 30, 700 * i + 20);
		s.busy = s.ring;
		s.added = i % 2;
		look(&w, 1000 + 100 * i, &s, NULL);
		assert_int_equal(now(&w), VMMIO_STALL_NONE);
	}
	vmmio_stall_watch_free(&w);
}

/* Buffers added one by one and never kicked for, against a driver that adds and kicks. */
static void additions(void **state)
{
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	int i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	for (i = 0; i <= 12; i++) {
		s = ring(5 + i, 4, 4);
		s.avail_at_kick = 4;
		s.added = 1 + i;
		look(&w, 1000 + 100 * i, &s, NULL);
	}
	assert_int_equal(now(&w), VMMIO_STALL_NOT_KICKED);
	for (i = 13; i <= 26; i++) {
		s = ring(5 + i, 4, 4);
		s.added = 1; /* it asks each time, and each look comes just before */
		look(&w, 1000 + 100 * i, &s, NULL);
	}
	/* another cause is believed when it is seen again */
	assert_int_equal(now(&w), VMMIO_STALL_NOT_KICKED);
	assert_int_equal(now(&w), VMMIO_STALL_DEVICE_STUCK);
	vmmio_stall_watch_free(&w);
}

/*
 * Without event words what tells a lost interrupt from a driver asleep is a hook; the
 * count that is shown is that since before the buffer was there.
 */
static void interrupts(void **state)
{
	struct vmmio_irq_count line = {.irq = 24, .count = 4294967290u, .names = "virtio0"};
	struct vmmio_irqs irqs = {.n = 1, .list = &line};
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	int i, comes;

	for (comes = 0; comes < 2; comes++) {
		vmmio_stall_watch_init(&w, BOUND, 100 * MS);
		assert_true(w.wants_irqs);
		s = ring(5, 4, 4);
		s.flags = PLAIN;
		look(&w, 900, &s, &irqs);
		assert_true(w.wants_irqs);
		look(&w, 1000, &s, &irqs);
		/* used after that look, and the interrupt before the next */
		line.count += 10 * comes;
		s = ring(5, 5, 4);
		s.flags = PLAIN | VMMIO_LOOK_IRQS;
		s.irqs = comes;
		s.seen_at_irq = 4;
		for (i = 1; i <= 11; i++)
			look(&w, 1000 + 100 * i, &s, &irqs);
		assert_int_equal(now(&w), comes ? VMMIO_STALL_ASLEEP : VMMIO_STALL_LOST_IRQ);
		assert_non_null(strstr(w.list[0].evidence, comes ? "10 since" : "0 since"));
		vmmio_stall_watch_free(&w);
	}
	/* With them nobody need read it before something waits. */
	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	s = ring(5, 4, 4);
	look(&w, 1000, &s, &irqs);
	assert_false(w.wants_irqs);
	s = ring(5, 5, 4);
	look(&w, 1100, &s, NULL);
	assert_false(w.wants_irqs);
	look(&w, 1200, &s, NULL);
	assert_true(w.wants_irqs);
	vmmio_stall_watch_free(&w);
}

/* The kernel counts what interrupts found; it begins again every 100,000. */
static void nothing_found(void **state)
{
	struct vmmio_irq_count line = {.irq = 24, .count = 5, .names = "virtio0"};
	struct vmmio_irqs irqs = {.n = 1, .list = &line};
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s;
	__u32 count = 99000, none = 17, storms;
	int i;

	for (storms = 0; storms < 2; storms++) {
		vmmio_stall_watch_init(&w, BOUND, 100 * MS);
		for (i = 0; i <= 25; i++) {
			s = ring(5 + i, 5 + i, 5 + i);
			vmmio_stall_watch_begin(&w, (1000 + 100 * i) * MS, 0);
			add(&w, &s, &irqs);
			if (vmmio_stall_watch_asks_found(&w)) {
				assert_int_equal(i % 5, 0);
				vmmio_stall_watch_found(&w, 24, count, none);
				vmmio_stall_watch_found(&w, 25, 0, 0);
				count += 400;
				none += storms ? 361 : 359; /* nine of ten */
				if (count > 100000)
					count -= 100000, none = 399;
			}
			vmmio_stall_watch_end(&w);
			vmmio_stall_watch_judge(&w, NULL, NULL);
			assert_int_equal(w.list[0].cause, storms && i >= 10 ? VMMIO_STALL_SPURIOUS
									    : VMMIO_STALL_NONE);
		}
		vmmio_stall_watch_free(&w);
	}
}

static void come_and_go(void **state)
{
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s = ring(5, 4, 4);
	__u64 min, max;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	look(&w, 1000, &s, NULL);
	look(&w, 1100, &s, NULL);
	/* another ring at the same address */
	s.ring = 128;
	look(&w, 1200, &s, NULL);
	assert_true(vmmio_stall_age(&w, &w.list[0], &min, &max));
	assert_int_equal(min, 0);
	assert_int_equal(max, 0);
	assert_int_equal(w.n, 1);
	vmmio_stall_watch_begin(&w, 1300 * MS, 0);
	vmmio_stall_watch_end(&w);
	assert_int_equal(w.n, 0);
	vmmio_stall_watch_free(&w);
}

static void unreachable(void **state)
{
	/* capabilities: vendor at 0x40, MSI-X at 0x50 */
	unsigned char config[256] = {
		[6] = 0x10, [0x34] = 0x40, [0x40] = 9, [0x41] = 0x50, [0x50] = 0x11, [0x53] = 0x80};

	assert_int_equal(vmmio_stall_offline("3", "0-2"), VMMIO_YES);
	assert_int_equal(vmmio_stall_offline("2-3", "0-2\n"), VMMIO_NO);
	assert_int_equal(vmmio_stall_offline("11", "0,1,10-12"), VMMIO_NO);
	assert_int_equal(vmmio_stall_offline("", "0-2"), VMMIO_UNKNOWN);
	assert_int_equal(vmmio_stall_offline("3-1", "0-2"), VMMIO_UNKNOWN);
	assert_int_equal(vmmio_stall_offline("x", "0-2"), VMMIO_UNKNOWN);

	assert_int_equal(vmmio_stall_masked(config, 256, VMMIO_IRQ_MSIX), VMMIO_NO);
	assert_int_equal(vmmio_stall_masked(config, 64, VMMIO_IRQ_MSIX), VMMIO_UNKNOWN);
	assert_int_equal(vmmio_stall_masked(config, 0, VMMIO_IRQ_INTX), VMMIO_UNKNOWN);
	assert_int_equal(vmmio_stall_masked(config, 64, VMMIO_IRQ_INTX), VMMIO_NO);
	assert_int_equal(vmmio_stall_masked(config, 64, VMMIO_IRQ_LINE), VMMIO_UNKNOWN);
	config[0x53] = 0xc0;
	config[5] = 4;
	assert_int_equal(vmmio_stall_masked(config, 256, VMMIO_IRQ_MSIX_SHARED), VMMIO_YES);
	assert_int_equal(vmmio_stall_masked(config, 256, VMMIO_IRQ_INTX), VMMIO_YES);
	config[0x41] = 0x40; /* a list without an end */
	assert_int_equal(vmmio_stall_masked(config, 256, VMMIO_IRQ_MSIX), VMMIO_UNKNOWN);
}

/* In flight is told in buffers: of a packed ring not by its positions, which are of descriptors. */
static void buffers(void **state)
{
	struct vmmio_stall_sample s = ring(9, 4, 2);
	__u32 flight, to_take;

	assert_true(vmmio_stall_buffers(&s, &flight, &to_take));
	assert_int_equal(flight, 5);
	assert_int_equal(to_take, 2);
	s.flags |= VMMIO_LOOK_PACKED;
	assert_false(vmmio_stall_buffers(&s, &flight, &to_take));
	s.flags |= VMMIO_LOOK_COUNTED;
	s.flight = 3;
	s.to_take = 1;
	assert_true(vmmio_stall_buffers(&s, &flight, &to_take));
	assert_int_equal(flight, 3);
	assert_int_equal(to_take, 1);
	s.flags |= VMMIO_LOOK_UNREAD;
	assert_false(vmmio_stall_buffers(&s, &flight, &to_take));
}

/* What is not known is null, and what a reader would take for a count is one. */
static void shown(void **state)
{
	struct vmmio_env env = {.accel = "tcg", .emulated = true};
	struct vmmio_stall_watch w;
	struct vmmio_stall_sample s = ring(5, 4, 4);
	char json[4096] = "", table[4096] = "";
	size_t rows[] = {0};
	struct vmmio_stall_report r = {
		.watch = &w, .rows = rows, .n = 1, .engine = "fentry", .env = &env, .first = true};
	FILE *f;
	int i;

	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	for (i = 0; i <= 11; i++)
		look(&w, 1000 + 100 * i, &s, NULL);
	vmmio_stall_watch_judge(&w, NULL, NULL);
	w.list[0].hooked = false;
	f = fmemopen(json, sizeof(json), "w");
	vmmio_stall_json(&r, f);
	fclose(f);
	f = fmemopen(table, sizeof(table), "w");
	vmmio_stall_table(&r, f);
	fclose(f);
	assert_non_null(strstr(json, "\"in_flight\":1,\"to_take\":0,\"age_min_ms\":1100"));
	assert_non_null(strstr(json, "\"age_max_ms\":null,\"kicks\":null,\"stalled\":true,"
				     "\"cause\":\"device-stuck\",\"evidence\":\"avail 5, used 4"));
	assert_non_null(strstr(json, "\"avail_at_kick\":null"));
	assert_non_null(strstr(table, "~age-ms"));
	assert_non_null(strstr(table, "    >1100         -  device-stuck for 1.1 s\n"));
	vmmio_stall_watch_free(&w);
}

/* What is done once, what it is told, and what came of it. */
static void fixed(void **state)
{
	char dir[] = "/tmp/vmmio-test.XXXXXX", path[64], line[64] = "", text[1024] = "",
	     json[2048] = "";
	struct vmmio_stall_sample s = ring(5, 4, 3);
	struct vmmio_stall_queue *q;
	struct vmmio_stall_fix x[6];
	struct vmmio_stall_watch w;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/nudge", dir);
	vmmio_stall_watch_init(&w, BOUND, 100 * MS);
	look(&w, 1000, &s, NULL);
	q = &w.list[0];
	q->cause = VMMIO_STALL_LOST_KICK;
	q->ours = true;
	snprintf(q->info.device, sizeof(q->info.device), "virtio7");
	/* an older module: it has no such file */
	vmmio_stall_fix_do(&x[0], dir, false, q);
	assert_int_equal(x[0].err, -ENOENT);
	f = fopen(path, "w");
	fclose(f);
	vmmio_stall_fix_do(&x[1], dir, false, q);
	assert_int_equal(x[1].err, 0);
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "virtio7 0 kick\n");
	vmmio_stall_fix_do(&x[2], dir, true, q);
	assert_int_equal(x[2].err, 0);
	/* nothing moves, the driver takes one back, the device uses one */
	assert_false(vmmio_stall_fix_seen(&x[1], &w));
	q->now.seen = 4;
	assert_false(vmmio_stall_fix_seen(&x[1], &w));
	assert_true(vmmio_stall_fix_seen(&x[2], &w));
	q->now.used = 5;
	assert_true(vmmio_stall_fix_seen(&x[1], &w));
	/* what nobody can be asked about is not written */
	q->ours = false;
	vmmio_stall_fix_do(&x[3], dir, true, q);
	assert_int_equal(x[3].err, -EXDEV);
	q->ours = true;
	q->cause = VMMIO_STALL_SPURIOUS;
	vmmio_stall_fix_do(&x[4], dir, true, q);
	assert_int_equal(x[4].err, -ENOTBLK);
	q->cause = VMMIO_STALL_LOST_KICK;
	vmmio_stall_fix_do(&x[5], dir, false, q);
	w.n = 0;
	assert_true(vmmio_stall_fix_seen(&x[5], &w));
	f = fmemopen(text, sizeof(text), "w");
	vmmio_stall_fix_table(x, 6, f);
	fclose(f);
	assert_non_null(strstr(text, " not kicked: this vmmio.ko has no file nudge"));
	assert_non_null(strstr(text, " kicked once; the device has used 1\n"));
	assert_non_null(strstr(text, " polled once; the driver has taken 1 back\n"));
	assert_non_null(strstr(text, " not polled: vmmio.ko does not serve it"));
	assert_non_null(strstr(text, " not polled: it waits for neither side\n"));
	assert_non_null(strstr(text, " kicked once; then it was gone\n"));
	f = fmemopen(json, sizeof(json), "w");
	vmmio_stall_fix_json(&x[3], 1, true, f);
	fclose(f);
	assert_non_null(strstr(json, "\"done\":false,\"why_not\":\"vmmio.ko does not serve it"));
	assert_non_null(strstr(json, "\"found\":null,\"moved\":null,\"waited_ms\":null"));
	/* a wait that was ended does not know; a device has no ring */
	x[1].moved = false;
	x[1].cut = true;
	x[3].info.kind = VMMIO_SLOT_DEVICE;
	f = fmemopen(text, sizeof(text), "w");
	vmmio_stall_fix_table(&x[1], 1, f);
	fclose(f);
	assert_non_null(strstr(text, " s, in which the wait was ended\n"));
	f = fmemopen(json, sizeof(json), "w");
	vmmio_stall_fix_json(&x[1], 3, false, f);
	fclose(f);
	assert_non_null(strstr(json, "\"done\":true,\"why_not\":null,\"found\":null,\"moved\":null,"
				     "\"waited_ms\":"));
	assert_non_null(strstr(json, "\"waited_ms\":null,\"used_before\":null,\"used\":null,"
				     "\"taken_back_before\":null,\"taken_back\":null"));
	unlink(path);
	rmdir(dir);
	w.n = 1;
	vmmio_stall_watch_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_in_its_probe_is_a_row),
		cmocka_unit_test(a_file_that_waits_keeps_nobody),
		cmocka_unit_test(causes),
		cmocka_unit_test(evidence_fits),
		cmocka_unit_test(ages),
		cmocka_unit_test(stuck),
		cmocka_unit_test(flood),
		cmocka_unit_test(additions),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(nothing_found),
		cmocka_unit_test(come_and_go),
		cmocka_unit_test(unreachable),
		cmocka_unit_test(buffers),
		cmocka_unit_test(shown),
		cmocka_unit_test(fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
