/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A boot sector that reads sector 0 of its disk in a loop through INT 13h and
 * says when it begins and ends, one byte each on the debug console: 'A' after
 * a warm-up, 'B' at the end, 'E' on a read error. Then it leaves QEMU. Linked
 * into the tool as data; the tool sets the count.
 */
#define ORG 0x7c00
#define CONSOLE 0xe9
#define EXIT_PORT 0x501

	.section .rodata
	.balign 16
	.globl vmmio_micro_boot
	.globl vmmio_micro_boot_count
	.code16
vmmio_micro_boot:
	ljmp	$0, $(1f - vmmio_micro_boot + ORG)
1:	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$ORG, %sp
	movb	%dl, %bl			/* the drive we came from */
	movl	$16, %ebp
	call	reads
	movb	$'A', %al
	outb	%al, $CONSOLE
	movl	(vmmio_micro_boot_count - vmmio_micro_boot + ORG), %ebp
	call	reads
	movb	$'B', %al
	outb	%al, $CONSOLE
finish:	movw	$EXIT_PORT, %dx
	movb	$0, %al
	outb	%al, %dx
2:	hlt
	jmp	2b

reads:	movb	$0x42, %ah
	movb	%bl, %dl
	movw	$(packet - vmmio_micro_boot + ORG), %si
	int	$0x13
	jc	3f
	decl	%ebp
	jnz	reads
	ret
3:	movb	$'E', %al
	outb	%al, $CONSOLE
	jmp	finish

	.balign 4
packet:	.byte	16, 0
	.word	1				/* sectors */
	.word	0x8000, 0			/* to 0000:8000 */
	.quad	0				/* from sector 0 */
vmmio_micro_boot_count:
	.long	1

	.org	vmmio_micro_boot + 510
	.byte	0x55, 0xaa
	.code64
	.section .note.GNU-stack, "", @progbits
