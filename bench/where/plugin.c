// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-where.so, a plugin of QEMU's emulator: writes down which instructions ran
 * between the marks of a load (vmmio/mark.h) and which accesses reached a device, in
 * the form of trace.h. It knows no symbol and judges nothing. Until a load announces
 * itself only stores of user programs are looked at; then all is translated anew.
 *
 * One emulated processor. Counts are of instructions as they begin: one that faults is
 * counted again when it is repeated. Linked with nothing; what it calls is in QEMU.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"
#include "vmmio/mark.h"

/* QEMU's plugin interface, as far as it is used here; the same from version 1 to 4. */
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*cb)(uint64_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
					  void (*cb)(unsigned int, void *), int flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*cb)(unsigned int, void *), int flags, void *arg);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      void (*cb)(unsigned int, uint32_t, uint64_t, void *),
				      int flags, int rw, void *arg);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*cb)(uint64_t, void *), void *arg);
void qemu_plugin_reset(uint64_t id, void (*cb)(uint64_t));
bool qemu_plugin_mem_is_store(uint32_t info);
unsigned int qemu_plugin_mem_size_shift(uint32_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *h);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *h);
const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *h);

#define NO_REGS 0
#define MEM_W 2
#define MEM_RW 3
#define USER_MAX (1ull << 63)
#define DEVICES 64

__attribute__((visibility("default"))) int qemu_plugin_version = VMMIO_PLUGIN_VERSION;

static FILE *out;
static uint64_t self;
static bool armed, open_window;
static uint64_t executed; /* instructions since it is armed */
static uint64_t at_block; /* of them, when the running block began */
static uint32_t blocks;
static uint32_t running, of_running; /* the running block, and its instructions */
static char *device[DEVICES];

static void word(uint32_t w)
{
	fwrite(&w, sizeof(w), 1, out);
}

static void kind(enum vmmio_trace_kind k, uint32_t value)
{
	word((uint32_t)k << VMMIO_TRACE_BITS | (value & VMMIO_TRACE_VALUE));
}

static void word64(uint64_t w)
{
	fwrite(&w, sizeof(w), 1, out);
}

static void padded(const char *p, size_t n)
{
	fwrite(p, 1, n, out);
	fwrite("\0\0\0", 1, -n & 3, out);
}

struct block {
	uint32_t id, n;
};

static void block_runs(unsigned int cpu, void *arg)
{
	const struct block *b = arg;

	if (open_window) {
		if (executed - at_block != of_running)
			kind(VMMIO_TRACE_CUT, executed - at_block);
		kind(VMMIO_TRACE_BLOCK, b->id);
	}
	at_block = executed;
	running = b->id;
	of_running = b->n;
}

static void insn_runs(unsigned int cpu, void *arg)
{
	executed++;
}

static void arm(uint64_t id);

static void mark(uint64_t which)
{
	if (which == VMMIO_MARK_ARM) {
		if (!armed)
			qemu_plugin_reset(self, arm);
		return;
	}
	if (!armed)
		return; /* the reader misses it */
	if (which == VMMIO_MARK_BEGIN)
		kind(VMMIO_TRACE_BLOCK, running);
	kind(VMMIO_TRACE_MARK, which);
	word(executed - at_block);
	word64(executed);
	open_window = which == VMMIO_MARK_BEGIN;
}

static bool is_mark(uint32_t info, uint64_t vaddr)
{
	return vaddr - VMMIO_MARK_PAGE < VMMIO_MARK_SIZE && qemu_plugin_mem_is_store(info);
}

static void user_stores(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	if (is_mark(info, vaddr))
		mark(vaddr - VMMIO_MARK_PAGE);
}

static uint32_t device_of(const struct qemu_plugin_hwaddr *h)
{
	const char *name = qemu_plugin_hwaddr_device_name(h);
	uint32_t i;

	name = name ? name : "?";
	for (i = 0; i < DEVICES - 1 && device[i]; i++)
		if (!strcmp(device[i], name))
			return i;
	if (device[i])
		return i;
	device[i] = strdup(name);
	kind(VMMIO_TRACE_DEVICE, i);
	word(strlen(name));
	padded(name, strlen(name));
	return i;
}

static void insn_accesses(unsigned int cpu, uint32_t info, uint64_t vaddr, void *arg)
{
	struct qemu_plugin_hwaddr *h;
	uint32_t dev;

	if (is_mark(info, vaddr))
		mark(vaddr - VMMIO_MARK_PAGE);
	if (!open_window)
		return;
	h = qemu_plugin_get_hwaddr(info, vaddr);
	if (!h || !qemu_plugin_hwaddr_is_io(h))
		return;
	dev = device_of(h);
	kind(VMMIO_TRACE_ACCESS, 1u << qemu_plugin_mem_size_shift(info) |
					 (qemu_plugin_mem_is_store(info) ? VMMIO_TRACE_STORE : 0));
	word64((uintptr_t)arg);
	word64(qemu_plugin_hwaddr_phys_addr(h));
	word(dev);
}

/*
 * A host enters its guest by VMRUN, the last instruction of a block, and is back at the
 * one behind it. The guest may have code at the same address, but in other memory.
 */
static uint32_t world(const struct qemu_plugin_tb *tb, size_t n)
{
	static const char vmrun[] = {0x0f, 0x01, (char)0xd8};
	const struct qemu_plugin_insn *first = qemu_plugin_tb_get_insn(tb, 0);
	const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(tb, n - 1);
	const char *begin = qemu_plugin_insn_haddr(first), *end = qemu_plugin_insn_haddr(last);
	uint32_t flags = 0;

	if (begin && (qemu_plugin_insn_vaddr(first) & 0xfff) >= sizeof(vmrun) &&
	    !memcmp(begin - sizeof(vmrun), vmrun, sizeof(vmrun)))
		flags |= VMMIO_TRACE_LEFT;
	if (end && qemu_plugin_insn_size(last) == sizeof(vmrun) &&
	    (qemu_plugin_insn_vaddr(last) & 0xfff) <= 0x1000 - sizeof(vmrun) &&
	    !memcmp(end, vmrun, sizeof(vmrun)))
		flags |= VMMIO_TRACE_ENTERS;
	return flags;
}

static void translated_armed(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b = malloc(sizeof(*b));
	char len[4096];

	if (!b || n > sizeof(len))
		abort();
	*b = (struct block){.id = blocks++, .n = n};
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		len[i] = qemu_plugin_insn_size(insn);
		qemu_plugin_register_vcpu_insn_exec_cb(insn, insn_runs, NO_REGS, NULL);
		qemu_plugin_register_vcpu_mem_cb(insn, insn_accesses, NO_REGS, MEM_RW,
						 (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_runs, NO_REGS, b);
	kind(VMMIO_TRACE_DEFINE, n | world(tb, n));
	word(b->id);
	word64(qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0)));
	padded(len, n);
}

static void translated_waiting(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (qemu_plugin_insn_vaddr(insn) < USER_MAX)
			qemu_plugin_register_vcpu_mem_cb(insn, user_stores, NO_REGS, MEM_W, NULL);
	}
}

static void finish(uint64_t id, void *arg)
{
	if (!out)
		return; /* was said once */
	kind(VMMIO_TRACE_END, 0);
	word64(executed);
	if (fclose(out))
		fprintf(stderr, "vmmio-where: the trace could not be written\n");
	out = NULL;
}

static void arm(uint64_t id)
{
	armed = true;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated_armed);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
}

__attribute__((visibility("default"))) int qemu_plugin_install(uint64_t id, const void *info,
							       int argc, char **argv)
{
	const char *path = argc == 1 && !strncmp(argv[0], "out=", 4) ? argv[0] + 4 : NULL;

	if (!path) {
		fprintf(stderr, "vmmio-where: needs out=FILE\n");
		return -1;
	}
	out = fopen(path, "we");
	if (!out) {
		perror(path);
		return -1;
	}
	self = id;
	word(VMMIO_TRACE_MAGIC);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated_waiting);
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	return 0;
}
