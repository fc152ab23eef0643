/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the bare-metal guest (micro_guest.S) and the program that runs it
 * agree upon: where things lie in guest memory, the ports that end a run, and
 * the order of the entry points in the payload's table. Included by the
 * assembler too: nothing but macros outside the guard.
 */
#ifndef VMMIO_BENCH_MICRO_GUEST_H
#define VMMIO_BENCH_MICRO_GUEST_H

/* Guest-physical layout; the guest runs flat 32-bit, without paging. */
#define MICRO_RAM_SIZE 0x100000
#define MICRO_GDT 0x6000
#define MICRO_IDT 0x7000
#define MICRO_STACK 0x9000 /* grows down */
#define MICRO_SHARED 0xa000
#define MICRO_SCRATCH 0xb000 /* target of the RAM-store baseline */
#define MICRO_CODE 0x10000

/* Words in the shared page, by byte offset. */
#define MICRO_SH_ARMED 0x00  /* guest: times it went to sleep */
#define MICRO_SH_IRQS 0x40   /* guest: interrupts taken */
#define MICRO_SH_STOP 0x80   /* host: leave the loop at the next interrupt */
#define MICRO_SH_VECTOR 0xc0 /* guest: vector of the last interrupt or fault */

/* One-byte port writes that the guest ends with. */
#define MICRO_PORT_DONE 0xf4
#define MICRO_PORT_FAULT 0xf5

/* The IO-APIC pin the interrupt workload uses, and the vectors. */
#define MICRO_GSI 5
#define MICRO_VEC_IRQCHIP 0x31
#define MICRO_VEC_MSI 0x32

/* Entry points, in the order of the payload's offset table. */
#define MICRO_OP_EMPTY 0
#define MICRO_OP_STORE32 1
#define MICRO_OP_LOAD32 2
#define MICRO_OP_STORE16 3
#define MICRO_OP_OUT32 4
#define MICRO_OP_IN32 5
#define MICRO_OP_OUT16 6
#define MICRO_OP_CPUID 7
#define MICRO_OP_VMCALL 8
#define MICRO_OP_VMMCALL 9
#define MICRO_OP_IRQ_LOOP 10
#define MICRO_OP_IRQCHIP_HANDLER 11
#define MICRO_OP_MSI_HANDLER 12
#define MICRO_OP_FAULT_HANDLER 13
#define MICRO_OP_IN8 14
#define MICRO_OP_OUT8 15
#define MICRO_OP_COUNT 16

#endif
