// SPDX-License-Identifier: GPL-2.0-only
/*
 * compare --where and diff --where without a guest: traces that are made here, cut and
 * damaged; trees that do not add up; whom a difference is charged to; lines that moved.
 *
 * Long because its tests share the makers of traces and trees.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bench/where/delta.h"
#include "bench/where/path.h"
#include "bench/where/program.h"
#include "bench/where/trace.h"
#include "vmmio/mark.h"

#define KERNEL 0xffffffff81000000ull
#define LOAD 0x400000ull

static struct vmmio_symbol functions[] = {
	{KERNEL, "entry_SYSCALL_64", "vmlinux"},
	{KERNEL + 0x100, "notify", "vmmio"},
	{KERNEL + 0x200, "virtqueue_notify", "virtio_ring"},
	{KERNEL + 0x300, "irq_entries_start", "vmlinux"},
	{KERNEL + 0x400, "asm_common_interrupt", "vmlinux"},
	{KERNEL + 0x500, "vring_interrupt", "virtio_ring"},
	{KERNEL + 0x600, "native_irq_return_iret", "vmlinux"},
	{KERNEL + 0x700, "after", "vmlinux"},
};

static struct vmmio_symbols symbols = {
	.v = functions,
	.n = sizeof(functions) / sizeof(functions[0]),
	.mmio = {{0xfeb02e00, 0xfeb02fff}},
	.nmmio = 1,
};

static uint32_t words[8192];
static size_t nwords;

static void put(uint32_t w)
{
	words[nwords++] = w;
}

static void kind(enum vmmio_trace_kind k, uint32_t value)
{
	put((uint32_t)k << VMMIO_TRACE_BITS | value);
}

static void put64(uint64_t w)
{
	put((uint32_t)w);
	put((uint32_t)(w >> 32));
}

/* Four instructions of four bytes each at @addr. */
static void define(uint32_t id, uint64_t addr)
{
	kind(VMMIO_TRACE_DEFINE, 4);
	put(id);
	put64(addr);
	put(0x04040404);
}

static void block(uint32_t id)
{
	kind(VMMIO_TRACE_BLOCK, id);
}

static void cut(uint32_t n)
{
	kind(VMMIO_TRACE_CUT, n);
}

static void mark(uint32_t which, uint32_t n, uint64_t total)
{
	kind(VMMIO_TRACE_MARK, which);
	put(n);
	put64(total);
}

/*
 * The load calls the kernel, which notifies; the write of the doorbell ends a block early,
 * an interrupt comes and goes, and all return. 39 instructions.
 */
static void one_io(void)
{
	nwords = 0;
	put(VMMIO_TRACE_MAGIC);
	define(0, LOAD);
	define(1, KERNEL);
	define(2, KERNEL + 0x200);
	define(3, KERNEL + 0x100);
	define(4, KERNEL + 0x300);
	define(5, KERNEL + 0x400);
	define(6, KERNEL + 0x500);
	define(7, KERNEL + 0x410);
	define(8, KERNEL + 0x600);
	define(9, KERNEL + 0x108);
	define(10, KERNEL + 0x210);
	define(11, KERNEL + 0x10);
	define(12, LOAD + 0x10);
	kind(VMMIO_TRACE_DEVICE, 0);
	put(4);
	memcpy(&words[nwords++], "anon", 4);
	block(0);
	mark(VMMIO_MARK_BEGIN, 2, 1002);
	block(1); /* 4: entry */
	block(2); /* 4: virtqueue_notify */
	block(3); /* 2 of 4: notify, the doorbell in the second */
	kind(VMMIO_TRACE_ACCESS, 4 | VMMIO_TRACE_STORE);
	put64(KERNEL + 0x104);
	put64(0xfeb02e50);
	put(0);
	cut(2);
	block(4); /* 2 of 4: the stub */
	cut(2);
	block(5); /* 4 */
	block(6); /* 4: vring_interrupt */
	block(7); /* 4: back in the entry */
	block(8); /* 1: iret */
	cut(1);
	block(9);  /* 4: the rest of notify */
	block(10); /* 4: and of virtqueue_notify */
	block(11); /* 4 */
	block(12);
	mark(VMMIO_MARK_END, 2, 1002 + 41);
	kind(VMMIO_TRACE_END, 0);
	put64(5000);
}

static int read_under(struct vmmio_where *w, const struct vmmio_symbols *host, size_t bytes,
		      char why[256])
{
	struct vmmio_path_input in = {.symbols = &symbols,
				      .host = host,
				      .lines = {.initrd = "/nowhere"},
				      .host_lines = {.initrd = "/nowhere"}};

	assert_int_equal(vmmio_where_init(w), 0);
	return vmmio_path_read(w, &in, words, bytes, why, 256);
}

static int read_trace(struct vmmio_where *w, size_t bytes, char why[256])
{
	return read_under(w, NULL, bytes, why);
}

static uint64_t in_phase(const struct vmmio_where_tree *t, enum vmmio_phase phase)
{
	uint64_t n = 0;

	for (size_t i = 0; i < t->ncounts; i++)
		n += !t->counts[i].what && t->counts[i].phase == phase ? t->counts[i].n : 0;
	return n;
}

static uint32_t node_of(const struct vmmio_where *w, const char *name)
{
	for (size_t i = 1; i < w->trees[0].nnodes; i++)
		if (!strcmp(w->strings[w->trees[0].nodes[i].function], name))
			return i;
	fail_msg("no %s", name);
	return 0;
}

static void test_replay(void **state)
{
	struct vmmio_where w;
	const struct vmmio_where_tree *t;
	char why[256];
	uint32_t notify;

	one_io();
	assert_int_equal(read_trace(&w, nwords * 4, why), 0);
	assert_int_equal(w.ntrees, 1);
	t = &w.trees[0];
	assert_int_equal(t->total, 41);
	assert_true(vmmio_where_whole(t));
	/* 2 + 4 of the load and the entry, 2 at the end; kick goes on behind the interrupt */
	assert_int_equal(in_phase(t, VMMIO_PHASE_SUBMIT), 2 + 4 + 2);
	assert_int_equal(in_phase(t, VMMIO_PHASE_KICK), 4 + 2 + 4 + 4 + 4);
	assert_int_equal(in_phase(t, VMMIO_PHASE_INTERRUPT), 2 + 4);
	assert_int_equal(in_phase(t, VMMIO_PHASE_COMPLETE), 4 + 4 + 1);
	/* notify is called by virtqueue_notify, the interrupt by nobody */
	notify = node_of(&w, "notify");
	assert_int_equal(t->nodes[notify].entries, 1);
	assert_int_equal(t->nodes[notify].parent, node_of(&w, "virtqueue_notify"));
	assert_int_equal(t->nodes[node_of(&w, "irq_entries_start")].parent, 0);
	for (size_t i = 0; i < t->ncounts; i++)
		if (t->counts[i].what) {
			assert_string_equal(w.strings[t->counts[i].what], "QueueNotify write");
			assert_int_equal(t->counts[i].node, notify);
			assert_int_equal(t->counts[i].phase, VMMIO_PHASE_KICK);
		}
	vmmio_where_free(&w);
}

/*
 * The same addresses mean something else on each level. The guest's doorbell is an exit, the
 * host's kernel calls the monitor, and the guest goes on behind its doorbell.
 */
static struct vmmio_symbol host_functions[] = {
	{LOAD, VMMIO_SYMBOL_PLT, "qemu"},
	{LOAD + 0x100, "write_notify", "qemu"},
	{KERNEL, "run_guest", "kvm"},
	{KERNEL + 0x200, "asm_sysvec_apic_timer_interrupt", "vmlinux"},
	{KERNEL + 0x300, "__switch_to_asm", "vmlinux"},
};

static void one_exit(uint32_t enters, uint32_t left)
{
	nwords = 0;
	put(VMMIO_TRACE_MAGIC);
	define(0, LOAD);
	define(1, KERNEL + 0x100); /* the guest's notify */
	define(2, KERNEL + 0x10);  /* the host's run_guest, behind its VMRUN */
	words[nwords - 5] |= left;
	define(3, LOAD + 0x10);	   /* the linker's call of */
	define(4, LOAD + 0x100);   /* write_notify */
	define(5, KERNEL + 0x200); /* a timer, which */
	define(6, KERNEL + 0x300); /* ends in another task */
	define(7, KERNEL + 4);	   /* run_guest up to its VMRUN */
	words[nwords - 5] |= enters;
	define(8, KERNEL + 0x108);
	block(0);
	mark(VMMIO_MARK_BEGIN, 2, 1002);
	block(1);
	cut(2);
	block(2);
	block(3);
	block(4);
	block(5);
	block(6);
	block(7);
	block(8);
	mark(VMMIO_MARK_END, 4, 1002 + 2 + 2 + 24 + 4);
	kind(VMMIO_TRACE_END, 0);
	put64(5000);
}

static void test_levels(void **state)
{
	static const struct vmmio_symbols host = {
		.v = host_functions, .n = sizeof(host_functions) / sizeof(host_functions[0])};
	const struct vmmio_where_tree *t;
	struct vmmio_where w;
	char why[256];
	uint64_t exits = 0;
	uint32_t notify;

	one_exit(VMMIO_TRACE_ENTERS, VMMIO_TRACE_LEFT);
	assert_int_equal(read_under(&w, &host, nwords * 4, why), 0);
	t = &w.trees[0];
	assert_int_equal(t->total, 32);
	/* the load and what it calls, before and behind the exit */
	assert_int_equal(in_phase(t, VMMIO_PHASE_SUBMIT), 2 + 2 + 4);
	assert_int_equal(in_phase(t, VMMIO_PHASE_MONITOR), 8);
	assert_int_equal(in_phase(t, VMMIO_PHASE_OTHER), 4);
	assert_int_equal(in_phase(t, VMMIO_PHASE_HOST), 12);
	notify = node_of(&w, "notify");
	for (size_t i = 0; i < t->ncounts; i++)
		if (t->counts[i].what) {
			assert_string_equal(w.strings[t->counts[i].what], VMMIO_WHERE_EXIT);
			assert_int_equal(t->counts[i].node, notify);
			exits += t->counts[i].n;
		}
	assert_int_equal(exits, 1);
	/* a host's are called so; the linker's call is its caller's */
	assert_string_equal(w.strings[t->nodes[node_of(&w, "run_guest")].module], "host/kvm");
	assert_string_equal(w.strings[t->nodes[node_of(&w, "write_notify")].module], "host/qemu");
	for (size_t i = 0; i < w.nstrings; i++)
		assert_string_not_equal(w.strings[i], VMMIO_SYMBOL_PLT);
	vmmio_where_free(&w);
	/* a host that was not asked for is not passed over, nor a guest that is never entered again
	 */
	assert_int_equal(read_trace(&w, nwords * 4, why), -EPROTO);
	assert_non_null(strstr(why, "--stack"));
	vmmio_where_free(&w);
	one_exit(0, VMMIO_TRACE_LEFT);
	assert_int_equal(read_under(&w, &host, nwords * 4, why), -EPROTO);
	assert_non_null(strstr(why, "not entered again"));
	vmmio_where_free(&w);
}

/* What is translated within a window may be more than there was room for. */
static void test_new_blocks(void **state)
{
	struct vmmio_where w;
	char why[256];

	nwords = 0;
	put(VMMIO_TRACE_MAGIC);
	define(0, LOAD);
	block(0);
	mark(VMMIO_MARK_BEGIN, 2, 1002);
	for (uint32_t id = 1; id <= 1100; id++)
		define(id, KERNEL);
	block(1100);
	for (uint32_t id = 1101; id <= 1200; id++)
		define(id, KERNEL);
	mark(VMMIO_MARK_END, 4, 1002 + 2 + 4);
	kind(VMMIO_TRACE_END, 0);
	put64(5000);
	assert_int_equal(read_trace(&w, nwords * 4, why), 0);
	assert_int_equal(w.trees[0].total, 6);
	assert_int_equal(w.trees[0].nodes[node_of(&w, "entry_SYSCALL_64")].entries, 1);
	vmmio_where_free(&w);
}

/* An archive as mkcpio makes it: this program as /bin/self. */
static void write_image(const char *path)
{
	static char zero[4];
	FILE *in = fopen("/proc/self/exe", "r"), *out = fopen(path, "w");
	char buf[65536];
	long size;
	size_t n;

	assert_non_null(in);
	assert_non_null(out);
	fseek(in, 0, SEEK_END);
	size = ftell(in);
	rewind(in);
	fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08lx%08x%08x%08x%08x%08x%08x", 1, 0100755, 0,
		0, 1, 0, size, 0, 0, 0, 0, 9, 0);
	fwrite("bin/self", 1, 9, out);
	fwrite(zero, 1, -(110 + 9) & 3, out);
	while ((n = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, n, out);
	fwrite(zero, 1, -size & 3, out);
	fprintf(out, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, 0, 0, 0, 1, 0,
		0, 0, 0, 0, 0, 11, 0);
	fwrite("TRAILER!!!", 1, 11, out);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* The line of /proc/self/maps that has this code, as a host tells it. */
static void map_of_self(char *line, size_t len)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char text[512], perms[8];
	unsigned long long first, end, offset;

	assert_non_null(f);
	line[0] = '\0';
	while (!line[0] && fgets(text, sizeof(text), f))
		if (sscanf(text, "%llx-%llx %7s %llx", &first, &end, perms, &offset) == 4 &&
		    first <= (uintptr_t)map_of_self && (uintptr_t)map_of_self < end)
			snprintf(line, len, "@host-map %llx-%llx %s %08llx 00:02 330   /bin/self\n",
				 first, end, perms, offset);
	fclose(f);
	assert_true(line[0]);
}

static void test_programs(void **state)
{
	char path[] = "/tmp/vmmio-where-XXXXXX", line[256], why[256] = "";
	struct vmmio_lines_where where = {.initrd = path};
	struct vmmio_frame frames[VMMIO_FRAMES];
	const struct vmmio_section *section;
	struct vmmio_symbols s = {0};
	struct vmmio_lines *lines;
	int fd = mkstemp(path);
	long i;

	assert_true(fd >= 0);
	close(fd);
	write_image(path);
	map_of_self(line, sizeof(line));
	/* a section of the kernel that is there before, and above */
	s.sections = malloc(sizeof(*s.sections));
	s.sections[0] = (struct vmmio_section){"vmmio", ".text", KERNEL};
	s.nsections = 1;
	assert_int_equal(vmmio_symbols_programs(&s, line, path, why, sizeof(why)), 0);
	i = vmmio_symbols_find(&s, (uintptr_t)vmmio_symbols_find + 2);
	assert_string_equal(s.v[i].name, "vmmio_symbols_find");
	assert_string_equal(s.v[i].module, "self");
	/* its lines are found below the kernel's section, and the kernel's above them */
	section = vmmio_symbols_section(&s, (uintptr_t)vmmio_symbols_find);
	assert_non_null(section);
	assert_string_equal(section->module, "self");
	assert_string_equal(vmmio_symbols_section(&s, KERNEL + 5)->module, "vmmio");
	lines = vmmio_lines_open(&where, "self", NULL);
	assert_non_null(lines);
	assert_int_equal(vmmio_lines_of(lines, ".text",
					(uintptr_t)vmmio_symbols_find - section->addr, frames),
			 1);
	assert_non_null(strstr(frames[0].line, "where/symbols.c:"));
	vmmio_lines_close(lines);
	vmmio_symbols_free(&s);
	/* no map, one that is cut, of a file without a path, or of one that is not there */
	assert_int_equal(vmmio_symbols_programs(&s, "", path, why, sizeof(why)), -EPROTO);
	assert_int_equal(vmmio_symbols_programs(&s, "@host-map 1000-\n2000 r-xp 0 0 0 /bin/self\n",
						path, why, sizeof(why)),
			 -EPROTO);
	assert_int_equal(vmmio_symbols_programs(&s, "@host-map 1000-2000 r-xp 0 0:0 1 self\n", path,
						why, sizeof(why)),
			 -EPROTO);
	assert_non_null(strstr(why, "damaged: 1000-2000"));
	vmmio_symbols_free(&s);
	assert_int_equal(vmmio_symbols_programs(&s, "@host-map 1000-2000 r-xp 0 0:0 1 /bin/other\n",
						path, why, sizeof(why)),
			 -ENOENT);
	vmmio_symbols_free(&s);
	/* a file that is cut is no program */
	assert_int_equal(truncate(path, 200), 0);
	assert_true(vmmio_symbols_programs(&s, line, path, why, sizeof(why)) < 0);
	vmmio_symbols_free(&s);
	unlink(path);
}

/* No beginning of a trace is a trace, and no word of it can be any other. */
static void test_cut_trace(void **state)
{
	struct vmmio_where w;
	char why[256];

	one_io();
	for (size_t bytes = 0; bytes < nwords * 4; bytes++) {
		assert_int_equal(read_trace(&w, bytes, why), -EPROTO);
		assert_true(why[0]);
		vmmio_where_free(&w);
	}
	for (size_t i = 0; i < nwords; i++)
		for (int bit = 0; bit < 32; bit++) {
			one_io();
			words[i] ^= 1u << bit;
			if (!read_trace(&w, nwords * 4, why))
				for (size_t t = 0; t < w.ntrees; t++)
					assert_true(vmmio_where_whole(&w.trees[t]));
			vmmio_where_free(&w);
		}
	one_io();
	words[nwords - 6] += 1; /* the end's count: one instruction is missing */
	assert_int_equal(read_trace(&w, nwords * 4, why), -EPROTO);
	assert_non_null(strstr(why, "not whole"));
	vmmio_where_free(&w);
}

static void test_symbols(void **state)
{
	struct vmmio_symbols s;
	char why[256];

	assert_int_equal(vmmio_symbols_read(&s, "nothing\n", false, NULL, why, sizeof(why)),
			 -EPROTO);
	assert_non_null(strstr(why, "no symbols"));
	vmmio_symbols_free(&s);
	assert_int_equal(vmmio_symbols_read(&s, "@symbols\nH4sIAAAAAAAE\n@symbols-end\n", false,
					    NULL, why, sizeof(why)),
			 -EPROTO);
	assert_non_null(strstr(why, "cut or damaged"));
	vmmio_symbols_free(&s);
	assert_int_equal(vmmio_symbols_find(&symbols, KERNEL - 1), -1);
	assert_int_equal(vmmio_symbols_find(&symbols, KERNEL + 0x1ff), 1);
}

/*
 * A result: handler() calls read() from one line, @calls times in 10, of 7 instructions each;
 * with @extra there is a call from a line before it, which moves the other, in a folder of another
 * name.
 */
static void make_in(struct vmmio_where *w, const char *module, bool extra, unsigned int calls)
{
	struct vmmio_where_tree *t;
	uint32_t mod, top, sub, line, moved, new_line, body;

	assert_int_equal(vmmio_where_init(w), 0);
	t = vmmio_where_add(w);
	strcpy(t->column, "mmio");
	t->ios = 10;
	t->elapsed_ns = 1;
	mod = vmmio_where_string(w, module);
	new_line = vmmio_where_string(w, "new/irq.c:20 #00000002");
	line = vmmio_where_string(w, "kmod/irq.c:20 #00000001");
	moved = vmmio_where_string(w, "new/irq.c:21 #00000001");
	body = vmmio_where_string(w, "kmod/events.h:5");
	top = vmmio_where_child(t, 0, 0, vmmio_where_string(w, "handler"), mod);
	t->nodes[top].entries = 10;
	vmmio_where_count(t, top, extra ? moved : line, VMMIO_PHASE_INTERRUPT, 0, 30);
	sub = vmmio_where_child(t, top, extra ? moved : line, vmmio_where_string(w, "read"), mod);
	t->nodes[sub].entries = calls;
	vmmio_where_count(t, sub, body, VMMIO_PHASE_INTERRUPT, 0, 7 * calls);
	t->total = 30 + 7 * calls;
	if (!extra)
		return;
	sub = vmmio_where_child(t, top, new_line, vmmio_where_string(w, "read"), mod);
	t->nodes[sub].entries = 10;
	vmmio_where_count(t, top, new_line, VMMIO_PHASE_INTERRUPT, 0, 20);
	vmmio_where_count(t, sub, body, VMMIO_PHASE_INTERRUPT, 0, 70);
	vmmio_where_count(t, sub, body, VMMIO_PHASE_INTERRUPT, vmmio_where_string(w, "Status read"),
			  10);
	t->total += 90;
}

static void make(struct vmmio_where *w, bool extra, unsigned int calls)
{
	make_in(w, "vmmio", extra, calls);
}

/* Of a host a few calls more are its timer's: the callee's lines say what differs. */
static void test_charge_host(void **state)
{
	static const struct {
		unsigned int calls;
		const char *function;
	} cases[] = {{104, "read"}, {105, "read"}, {106, "handler"}, {95, "read"}, {94, "handler"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmmio_where a, b;
		struct vmmio_delta d;
		char why[256];

		make_in(&a, VMMIO_WHERE_HOST "kvm", false, 100);
		make_in(&b, VMMIO_WHERE_HOST "kvm", false, cases[i].calls);
		assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
		assert_int_equal(d.nrows, 1);
		assert_int_equal(d.rows[0].n, 7 * ((int)cases[i].calls - 100));
		assert_string_equal(b.strings[d.rows[0].function], cases[i].function);
		vmmio_delta_free(&d);
		vmmio_where_free(&a);
		vmmio_where_free(&b);
	}
}

static void test_charge(void **state)
{
	struct vmmio_where a, b;
	struct vmmio_delta d;
	char why[256];

	/* the new line has its own instructions and all of its call; what moved has none */
	make(&a, false, 10);
	make(&b, true, 10);
	assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
	assert_int_equal(d.nrows, 1);
	assert_int_equal(d.rows[0].n, 90);
	assert_string_equal(b.strings[d.rows[0].function], "handler");
	assert_string_equal(b.strings[d.rows[0].line], "new/irq.c:20 #00000002");
	assert_string_equal(b.strings[d.rows[0].callee], "read");
	assert_int_equal(d.rows[0].naccess, 1);
	assert_int_equal(d.rows[0].access[0].n, 10);
	vmmio_delta_free(&d);
	/* the other way round it is a line of A */
	assert_int_equal(vmmio_delta_make(&d, &b, &a, NULL, why, sizeof(why)), 0);
	assert_int_equal(d.nrows, 1);
	assert_int_equal(d.rows[0].n, -90);
	assert_true(d.rows[0].gone);
	vmmio_delta_free(&d);
	vmmio_where_free(&a);
	vmmio_where_free(&b);

	/* more calls from the same line: that line's, not the callee's */
	make(&a, false, 10);
	make(&b, false, 25);
	assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
	assert_int_equal(d.nrows, 1);
	assert_int_equal(d.rows[0].n, 105);
	assert_string_equal(b.strings[d.rows[0].function], "handler");
	vmmio_delta_free(&d);
	/* other I/Os are another load */
	b.trees[0].ios = 11;
	assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "not of the same loads"));
	vmmio_where_free(&a);
	vmmio_where_free(&b);

	/* the same: no row */
	make(&a, true, 10);
	make(&b, true, 10);
	assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
	assert_int_equal(d.nrows, 0);
	vmmio_delta_free(&d);
	vmmio_where_free(&a);
	vmmio_where_free(&b);
}

/*
 * A result whose handler() has its lines known, and read() inlined in one of them, or not: what
 * it calls, and how often, is the same.
 */
static void make_known(struct vmmio_where *w, bool lines, unsigned int deep)
{
	struct vmmio_where_tree *t;
	uint32_t mod, top, in, l1, l2, read, leaf, s;

	assert_int_equal(vmmio_where_init(w), 0);
	t = vmmio_where_add(w);
	strcpy(t->column, "mmio");
	t->ios = 10;
	t->elapsed_ns = 1;
	mod = vmmio_where_string(w, VMMIO_WHERE_HOST "libc.so.6");
	l1 = lines ? vmmio_where_string(w, "ioctl.c:35") : 0;
	l2 = lines ? vmmio_where_string(w, "ioctl.c:36") : 0;
	read = vmmio_where_string(w, "read");
	leaf = vmmio_where_string(w, "leaf");
	top = vmmio_where_child(t, 0, 0, vmmio_where_string(w, "handler"), mod);
	t->nodes[top].entries = 10;
	vmmio_where_count(t, top, l1, VMMIO_PHASE_HOST, 0, 20);
	in = lines ? vmmio_where_child(t, top, l1, read, mod) : top;
	if (lines)
		t->nodes[in].entries = -1;
	vmmio_where_count(t, in, l2, VMMIO_PHASE_HOST, 0, 10);
	s = vmmio_where_child(t, in, l2, leaf, mod);
	t->nodes[s].entries = 10;
	vmmio_where_count(t, s, 0, VMMIO_PHASE_HOST, 0, 10 * deep);
	if (lines) { /* once more, from another line */
		s = vmmio_where_child(t, top, l2, leaf, mod);
		t->nodes[s].entries = 10;
		vmmio_where_count(t, s, 0, VMMIO_PHASE_HOST, 0, 10 * deep);
	} else {
		t->nodes[s].entries = 20;
		vmmio_where_count(t, s, 0, VMMIO_PHASE_HOST, 0, 10 * deep);
	}
	t->total = 30 + 20 * deep;
}

/* What lines one result knows and the other does not is no difference of the two. */
static void test_known(void **state)
{
	struct vmmio_where a, b;
	struct vmmio_delta d;
	char why[256];

	for (int lines = 0; lines < 2; lines++) {
		make_known(&a, lines, 7);
		make_known(&b, !lines, 8);
		assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
		assert_int_equal(d.nrows, 1);
		assert_string_equal(b.strings[d.rows[0].function], "leaf");
		assert_int_equal(d.rows[0].n, 20);
		assert_true(vmmio_where_whole(&a.trees[0]));
		assert_true(vmmio_where_whole(&b.trees[0]));
		vmmio_delta_free(&d);
		vmmio_where_free(&a);
		vmmio_where_free(&b);
	}
}

/* @text, in which one thing is not as it must be. */
static void refuse(const char *text, const char *reason)
{
	json_t *j = json_loads(text, 0, NULL);
	struct vmmio_where w;
	char why[256] = "";

	assert_non_null(j);
	assert_int_equal(vmmio_where_from_json(&w, j, why, sizeof(why)), -EPROTO);
	if (!strstr(why, reason))
		fail_msg("%s: said %s", text, why);
	json_decref(j);
}

#define WINDOW(total, nodes, counts)                                                           \
	"{\"schema\":1,\"strings\":[\"-\",\"x\"],\"windows\":[{\"column\":\"mmio\",\"ios\":1," \
	"\"instructions\":" total ",\"elapsed_ns\":1,\"nodes\":" nodes ",\"counts\":" counts "}]}"

static void test_json(void **state)
{
	struct vmmio_where a, b;
	char why[256];
	json_t *j;

	make(&a, true, 10);
	j = vmmio_where_to_json(&a);
	assert_int_equal(vmmio_where_from_json(&b, j, why, sizeof(why)), 0);
	assert_int_equal(b.trees[0].total, a.trees[0].total);
	assert_int_equal(b.trees[0].nnodes, a.trees[0].nnodes);
	assert_int_equal(b.trees[0].ncounts, a.trees[0].ncounts);
	json_decref(j);
	vmmio_where_free(&a);
	vmmio_where_free(&b);

	/* what an earlier result does not say is not known */
	make(&a, true, 10);
	a.trees[0].windows = 9;
	a.trees[0].alike = 4;
	j = vmmio_where_to_json(&a);
	assert_int_equal(vmmio_where_from_json(&b, j, why, sizeof(why)), 0);
	assert_int_equal(b.trees[0].windows, 9);
	assert_int_equal(b.trees[0].alike, 4);
	vmmio_where_free(&b);
	json_object_del(json_array_get(json_object_get(j, "windows"), 0), "windows");
	json_object_del(json_array_get(json_object_get(j, "windows"), 0), "alike");
	assert_int_equal(vmmio_where_from_json(&b, j, why, sizeof(why)), 0);
	assert_int_equal(b.trees[0].windows, 0);
	vmmio_where_free(&b);
	vmmio_where_free(&a);
	json_decref(j);

	refuse("{}", "not of this vmmio-bench");
	refuse("{\"schema\":2,\"strings\":[\"-\"],\"windows\":[1]}", "not of this");
	refuse("{\"schema\":1,\"strings\":[1],\"windows\":[1]}", "string 0");
	refuse("{\"schema\":1,\"strings\":[\"-\"],\"windows\":[1]}", "malformed");
	refuse(WINDOW("5", "[]", "[]"), "malformed");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[]"), "do not add up");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[0,0,0,0,4]]"), "do not add up");
	refuse(WINDOW("5", "[[0,0,0,0,0],[1,0,0,0,1]]", "[[0,0,0,0,5]]"), "node 1");
	refuse(WINDOW("5", "[[0,0,0,0,0],[0,9,0,0,1]]", "[[0,0,0,0,5]]"), "node 1");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[1,0,0,0,5]]"), "count 0");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[0,0,9,0,5]]"), "count 0");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[0,0,0,7,5]]"), "count 0");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[0,0,0,0,-5]]"), "count 0");
	refuse(WINDOW("5", "[[0,0,0,0,0]]", "[[0,0,0,0]]"), "count 0");
}

static void test_folded(void **state)
{
	struct vmmio_where a, b;
	struct vmmio_delta d;
	char why[256], *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	make(&a, false, 10);
	make(&b, true, 10);
	assert_int_equal(vmmio_delta_make(&d, &a, &b, NULL, why, sizeof(why)), 0);
	assert_int_equal(vmmio_delta_folded(&d, f), 0);
	fclose(f);
	assert_string_equal(text, "mmio;interrupt;handler 30 50\n"
				  "mmio;interrupt;handler;read 70 140\n");
	free(text);
	vmmio_delta_free(&d);
	vmmio_where_free(&a);
	vmmio_where_free(&b);
}

/* What the table of @a and @b says, as often as @word is in it. */
static unsigned int said(struct vmmio_where *a, struct vmmio_where *b, const char *word)
{
	struct vmmio_delta d;
	char why[256], *text = NULL;
	unsigned int n = 0;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(vmmio_delta_make(&d, a, b, NULL, why, sizeof(why)), 0);
	vmmio_delta_print(&d, 0, f);
	fclose(f);
	for (const char *at = text; (at = strstr(at, word)); at++)
		n++;
	free(text);
	vmmio_delta_free(&d);
	return n;
}

/* A window that no other is as long as is not known to be undisturbed. */
static void test_alone(void **state)
{
	struct vmmio_where a, b;

	make(&a, false, 10);
	make(&b, true, 10);
	assert_int_equal(said(&a, &b, "no two are as long"), 0);
	a.trees[0].windows = b.trees[0].windows = 9;
	a.trees[0].alike = 2;
	b.trees[0].alike = 1;
	assert_int_equal(said(&a, &b, "no two are as long"), 1);
	assert_int_equal(said(&a, &b, "of the 9 windows of B"), 1);
	b.trees[0].alike = 2;
	assert_int_equal(said(&a, &b, "no two are as long"), 0);
	vmmio_where_free(&a);
	vmmio_where_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),	    cmocka_unit_test(test_levels),
		cmocka_unit_test(test_new_blocks),  cmocka_unit_test(test_programs),
		cmocka_unit_test(test_cut_trace),   cmocka_unit_test(test_symbols),
		cmocka_unit_test(test_charge),	    cmocka_unit_test(test_known),
		cmocka_unit_test(test_charge_host), cmocka_unit_test(test_json),
		cmocka_unit_test(test_folded),	    cmocka_unit_test(test_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
