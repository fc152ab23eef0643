/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bare-metal guest of `vmmio-bench micro`: one endless-free loop per kind
 * of access. Linked into the tool as data and copied to MICRO_CODE in guest
 * memory; nothing here runs on the host.
 *
 * On entry: %ebp = how many times, %edi = address, %edx = port, %eax = value.
 * Each loop body is the one instruction under test plus `dec; jnz`, which the
 * empty loop measures alone.
 */
#include "guest.h"

	.section .rodata
	.balign 16
	.globl vmmio_micro_payload
	.globl vmmio_micro_payload_end
vmmio_micro_payload:
	/* offsets from the start, in the order of MICRO_OP_* */
	.long op_empty - vmmio_micro_payload
	.long op_store32 - vmmio_micro_payload
	.long op_load32 - vmmio_micro_payload
	.long op_store16 - vmmio_micro_payload
	.long op_out32 - vmmio_micro_payload
	.long op_in32 - vmmio_micro_payload
	.long op_out16 - vmmio_micro_payload
	.long op_cpuid - vmmio_micro_payload
	.long op_vmcall - vmmio_micro_payload
	.long op_vmmcall - vmmio_micro_payload
	.long op_irq_loop - vmmio_micro_payload
	.long irqchip_handler - vmmio_micro_payload
	.long msi_handler - vmmio_micro_payload
	.long fault_handler - vmmio_micro_payload
	.long op_in8 - vmmio_micro_payload
	.long op_out8 - vmmio_micro_payload

	.code32
done:
	outb	%al, $MICRO_PORT_DONE
1:	hlt
	jmp	1b

op_empty:
1:	dec	%ebp
	jnz	1b
	jmp	done

op_store32:
1:	movl	%eax, (%edi)
	dec	%ebp
	jnz	1b
	jmp	done

op_load32:
1:	movl	(%edi), %eax
	dec	%ebp
	jnz	1b
	jmp	done

op_store16:
1:	movw	%ax, (%edi)
	dec	%ebp
	jnz	1b
	jmp	done

op_out32:
1:	outl	%eax, %dx
	dec	%ebp
	jnz	1b
	jmp	done

op_in32:
1:	inl	%dx, %eax
	dec	%ebp
	jnz	1b
	jmp	done

op_in8:
1:	inb	%dx, %al
	dec	%ebp
	jnz	1b
	jmp	done

op_out8:
1:	outb	%al, %dx
	dec	%ebp
	jnz	1b
	jmp	done

op_out16:
1:	outw	%ax, %dx
	dec	%ebp
	jnz	1b
	jmp	done

op_cpuid:
1:	xorl	%eax, %eax
	cpuid
	dec	%ebp
	jnz	1b
	jmp	done

	/* 0x7fff is no hypercall: the kernel answers -KVM_ENOSYS, in full */
op_vmcall:
1:	movl	$0x7fff, %eax
	vmcall
	dec	%ebp
	jnz	1b
	jmp	done

op_vmmcall:
1:	movl	$0x7fff, %eax
	vmmcall
	dec	%ebp
	jnz	1b
	jmp	done

	/*
	 * Sleep until an interrupt, for ever; the host sets STOP and sends one
	 * more. `sti; hlt` is atomic: no interrupt is taken in between. Real
	 * mode with flat data segments: KVM's emulator, all that a KVM without
	 * hardware support has for such guests, delivers interrupts in no other.
	 */
	.code16
op_irq_loop:
	movl	$0xfee00000, %edi
	movl	$0x1ff, 0xf0(%edi)		/* local APIC on */
	movl	$0xfec00000, %ecx
	movl	$(0x10 + 2 * MICRO_GSI), (%ecx)
	movl	$MICRO_VEC_IRQCHIP, 0x10(%ecx)	/* edge, fixed, unmasked */
	movl	$(0x11 + 2 * MICRO_GSI), (%ecx)
	movl	$0, 0x10(%ecx)			/* to APIC 0 */
	movl	$MICRO_SHARED, %ebx
1:	incl	MICRO_SH_ARMED(%ebx)
	sti
	hlt
	cli
	cmpl	$0, MICRO_SH_STOP(%ebx)
	je	1b
	outb	%al, $MICRO_PORT_DONE
2:	hlt
	jmp	2b

irqchip_handler:
	movl	$MICRO_VEC_IRQCHIP, MICRO_SH_VECTOR(%ebx)
	jmp	1f
msi_handler:
	movl	$MICRO_VEC_MSI, MICRO_SH_VECTOR(%ebx)
1:	incl	MICRO_SH_IRQS(%ebx)		/* the host spins on this word */
	movl	$0, 0xb0(%edi)			/* EOI */
	iretw
	.code32

fault_handler:
	outb	%al, $MICRO_PORT_FAULT
1:	hlt
	jmp	1b

	.code64
vmmio_micro_payload_end:
	.section .note.GNU-stack, "", @progbits
