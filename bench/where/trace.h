/* SPDX-License-Identifier: GPL-2.0-only */
/* clang-format off */
/*
 * The file that the plugin (plugin.c) writes and path.c reads: which translated
 * blocks ran between two marks of a load, in order, and which accesses reached a
 * device. Words of 32 bits in the byte order of the machine; the first is
 * VMMIO_TRACE_MAGIC. The upper four bits of each other word say what it is:
 *
 *   BLOCK    id; the block begins to run
 *   CUT      n: the block before ran n of its instructions, not all
 *   ACCESS   size and direction; then instruction and physical address, two words each,
 *            and the device's id: of the instruction that ran last
 *   MARK     which; then n, how many of the running block's instructions ran so far, and
 *            the count of all instructions ever, two words
 *   DEFINE   n instructions, and whether the last one enters a guest of the guest (VMRUN) or
 *            the first one is where that is left to; then id, address (two words), and a
 *            byte a length, padded
 *   DEVICE   id; then how long its name is, and the name, padded
 *   END      all is there; then the count of all, two words
 */
/* clang-format on */
#ifndef VMMIO_BENCH_WHERE_TRACE_H
#define VMMIO_BENCH_WHERE_TRACE_H

#define VMMIO_TRACE_MAGIC 0x32777676u
#define VMMIO_TRACE_BITS 28
#define VMMIO_TRACE_VALUE ((1u << VMMIO_TRACE_BITS) - 1)

enum vmmio_trace_kind {
	VMMIO_TRACE_BLOCK,
	VMMIO_TRACE_CUT,
	VMMIO_TRACE_ACCESS,
	VMMIO_TRACE_MARK,
	VMMIO_TRACE_DEFINE,
	VMMIO_TRACE_DEVICE,
	VMMIO_TRACE_END,
};

#define VMMIO_TRACE_STORE (1u << 8) /* of ACCESS; below it the size in bytes */

/* Of DEFINE; below them how many instructions. */
#define VMMIO_TRACE_ENTERS (1u << 26)
#define VMMIO_TRACE_LEFT (1u << 27)

#endif
