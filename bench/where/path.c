// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replays a trace (trace.h), instruction by instruction.
 *
 * The stack of calls is inferred: going to a function's first instruction from elsewhere is
 * a call, going to the address behind an earlier call is the return to it, an entry of an
 * interrupt is a stack of its own until its iret. What fits none of these (another task)
 * begins a new stack. Thunks of the compiler (__x86_...) and of the linker are their caller's.
 * An error of this inference puts instructions under another caller; it loses none.
 *
 * Of a bench host there are two levels, each with a stack of its own: the guest, and the host
 * from the guest's exit to its next entry. An exit is an access of the instruction it comes from.
 *
 * Long because records, stack and phases are one state machine.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/status.h"
#include "path.h"
#include "trace.h"
#include "vmmio/mark.h"
#include "vmmio/regs.h"

#define STACK 512
#define DEVICES 64
#define PENDING 16

struct block {
	uint64_t addr;
	uint32_t n;
	bool enters, left; /* trace.h: the guest's guest */
	const uint8_t *len;
};

/* A node before lines are known: a function, called from an address. */
struct raw_node {
	uint32_t parent;
	uint64_t call;
	long symbol; /* see sym() */
	uint64_t entries;
};

struct raw_count {
	uint32_t node, phase, what;
	uint64_t addr, n;
};

struct frame {
	uint32_t node;
	long symbol;
	uint64_t ret;	      /* address behind its call; 0: none */
	bool interrupt;	      /* the first frame of one */
	enum vmmio_phase was; /* phase before it */
};

#define HOST (1l << 40) /* from here on: of the host's symbols */
#define NO_BLOCK (-1)
#define USER (-2)
#define NOWHERE (-1)
#define HOST_NOWHERE (-3)

/* Where a processor is, on one level. */
struct level {
	const struct vmmio_symbols *symbols;
	const struct vmmio_lines_where *lines;
	long first; /* number of its first symbol */
	bool host;
	struct frame stack[STACK];
	size_t depth;
	enum vmmio_phase phase;
	uint64_t prev, behind; /* the last instruction, and the address after it */
	uint64_t thunk_call, thunk_ret;
	bool iret;
	long symbol; /* where prev is */
	uint64_t symbol_first, symbol_end;
};

struct replay {
	struct vmmio_where *w;
	const struct vmmio_path_input *in;
	char *why;
	size_t len;

	const uint32_t *words;
	size_t nwords, at;
	struct block *blocks;
	size_t nblocks;
	char *device[DEVICES];

	/* the window */
	bool open;
	uint64_t begin, seen;
	struct raw_node *nodes;
	size_t nnodes;
	struct raw_count *counts; /* a hash table, n == 0: free */
	size_t room, used;

	uint32_t *node_index; /* of nodes, a hash table; 0: free */
	size_t node_room;

	struct level level[2];
	struct level *l; /* that runs */
	uint32_t exit;	 /* what an exit is called */

	/* the running block */
	long block; /* its number, NO_BLOCK: none */
	uint32_t done;
	struct {
		uint64_t insn;
		uint32_t what;
	} pending[PENDING];
	size_t npending;

	/* lines of modules, opened when one is met */
	struct {
		const char *module;
		bool host;
		struct vmmio_lines *lines;
	} opened[128];
	size_t nopened;
};

static int bad(struct replay *r, const char *text)
{
	if (!r->why[0])
		snprintf(r->why, r->len, "the trace is %s (word %zu)", text, r->at);
	return -EPROTO;
}

/* @p, unless there was no memory for it: the replay cannot go on, nor leaves it anything. */
static void *must(void *p)
{
	if (p)
		return p;
	fprintf(stderr,
		"vmmio-bench: out of memory, or a million functions, in the replay of a trace\n");
	exit(VMMIO_EXIT_TROUBLE);
}

static void *grow(void *p, size_t n, size_t size)
{
	return n & (n - 1) || (n && n < 1024) ? p : realloc(p, (n ? n * 2 : 1024) * size);
}

/* ---- raw nodes and counts ---- */

static size_t node_slot(const struct replay *r, uint32_t parent, uint64_t call, long symbol)
{
	uint64_t h = (call * 31 + parent) * 0x9e3779b97f4a7c15ull +
		     (uint64_t)symbol * 0xc2b2ae3d27d4eb4full;
	size_t i = (h ^ h >> 29) & (r->node_room - 1);

	while (r->node_index[i]) {
		const struct raw_node *n = &r->nodes[r->node_index[i]];

		if (n->parent == parent && n->call == call && n->symbol == symbol)
			break;
		i = (i + 1) & (r->node_room - 1);
	}
	return i;
}

static void node_rehash(struct replay *r, size_t room)
{
	free(r->node_index);
	r->node_room = room;
	r->node_index = must(calloc(room, sizeof(*r->node_index)));
	for (size_t i = 1; i < r->nnodes; i++)
		r->node_index[node_slot(r, r->nodes[i].parent, r->nodes[i].call,
					r->nodes[i].symbol)] = i;
}

static uint32_t add_node(struct replay *r, uint32_t parent, uint64_t call, long symbol)
{
	struct raw_node *all = must(grow(r->nodes, r->nnodes, sizeof(*all)));

	r->nodes = all;
	all[r->nnodes] = (struct raw_node){parent, call, symbol, 0};
	return r->nnodes++;
}

static uint32_t child(struct replay *r, uint32_t parent, uint64_t call, long symbol)
{
	size_t i;

	if (2 * r->nnodes >= r->node_room)
		node_rehash(r, r->node_room ? 2 * r->node_room : 1 << 12);
	i = node_slot(r, parent, call, symbol);
	if (!r->node_index[i])
		r->node_index[i] = add_node(r, parent, call, symbol);
	return r->node_index[i];
}

static size_t slot_of(const struct replay *r, uint32_t node, uint32_t phase, uint32_t what,
		      uint64_t addr)
{
	uint64_t h = (addr * 31 + node) * 0x9e3779b97f4a7c15ull + phase * 0x85ebca6bull +
		     what * 0xc2b2ae3dull;
	size_t i = (h ^ h >> 29) & (r->room - 1);

	while (r->counts[i].n && (r->counts[i].addr != addr || r->counts[i].node != node ||
				  r->counts[i].phase != phase || r->counts[i].what != what))
		i = (i + 1) & (r->room - 1);
	return i;
}

static void count(struct replay *r, uint32_t node, uint64_t addr, uint32_t what)
{
	struct raw_count *old = r->counts;
	size_t n = r->room, i;

	if (r->used * 2 >= r->room) {
		r->room = n ? n * 2 : 1 << 14;
		r->counts = must(calloc(r->room, sizeof(*r->counts)));
		for (i = 0; i < n; i++)
			if (old[i].n)
				r->counts[slot_of(r, old[i].node, old[i].phase, old[i].what,
						  old[i].addr)] = old[i];
		free(old);
	}
	i = slot_of(r, node, r->l->phase, what, addr);
	r->used += !r->counts[i].n;
	r->counts[i].node = node;
	r->counts[i].phase = r->l->phase;
	r->counts[i].what = what;
	r->counts[i].addr = addr;
	r->counts[i].n++;
}

/* ---- the stack ---- */

/* The guest's functions by number, the host's from HOST on; NULL: known to neither. */
static const struct vmmio_symbol *sym(const struct replay *r, long symbol)
{
	if (symbol >= HOST)
		return &r->level[1].symbols->v[symbol - HOST];
	return symbol >= 0 ? &r->level[0].symbols->v[symbol] : NULL;
}

static const char *name_of(const struct replay *r, long symbol)
{
	const struct vmmio_symbol *s = sym(r, symbol);

	return s ? s->name : "";
}

static bool starts(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

static bool same_function(const struct replay *r, long a, long b)
{
	const struct vmmio_symbol *x = sym(r, a), *y = sym(r, b);

	return a == b || (x && y && (a < HOST) == (b < HOST) && !strcmp(x->name, y->name) &&
			  !strcmp(x->module, y->module));
}

/* What a compiler's calls and a linker's go by. */
static bool is_thunk(const char *name)
{
	return starts(name, "__x86_") || !strcmp(name, VMMIO_SYMBOL_PLT);
}

/* Vectors have stubs one behind the other; what they jump to is entered at its beginning. */
static bool is_stub(const char *name)
{
	return starts(name, "irq_entries_start") || starts(name, "spurious_entries_start");
}

static bool is_entry(const char *name, bool at_first)
{
	return is_stub(name) ||
	       (at_first && (starts(name, "asm_exc_") || starts(name, "asm_sysvec_") ||
			     starts(name, "asm_common_interrupt")));
}

static void push(struct replay *r, uint32_t parent, uint64_t call, long symbol, uint64_t ret)
{
	uint32_t node = child(r, parent, call, symbol);

	r->nodes[node].entries++;
	if (r->l->depth == STACK) { /* deeper than any real one: begin again */
		r->l->depth = 0;
	}
	r->l->stack[r->l->depth++] =
		(struct frame){.node = node, .symbol = symbol, .ret = ret, .was = r->l->phase};
}

/* What a function's beginning says of the phase. */
static void anchor(struct replay *r, const char *name)
{
	if (r->l->host) {
		/* another task: whatever interrupt was, it was not into this one */
		if (!strcmp(name, "__switch_to_asm"))
			r->l->phase = VMMIO_PHASE_HOST;
	} else if (!strcmp(name, "virtqueue_notify") && r->l->phase == VMMIO_PHASE_SUBMIT)
		r->l->phase = VMMIO_PHASE_KICK;
	else if (starts(name, "virtqueue_add") && r->l->phase == VMMIO_PHASE_KICK)
		r->l->phase = VMMIO_PHASE_SUBMIT;
	else if (!strcmp(name, "vring_interrupt") && r->l->phase == VMMIO_PHASE_INTERRUPT)
		r->l->phase = VMMIO_PHASE_COMPLETE;
}

static void enter_interrupt(struct replay *r, const char *name, long symbol)
{
	push(r, 0, 0, symbol, 0);
	r->l->stack[r->l->depth - 1].interrupt = true;
	if (starts(name, "asm_sysvec_"))
		r->l->phase = VMMIO_PHASE_OTHER;
	else if (!starts(name, "asm_exc_") && !r->l->host)
		r->l->phase = VMMIO_PHASE_INTERRUPT;
}

/* The interrupt is over: back to what it came into. */
static void leave_interrupt(struct replay *r)
{
	while (r->l->depth && !r->l->stack[r->l->depth - 1].interrupt)
		r->l->depth--;
	if (r->l->depth)
		r->l->phase = r->l->stack[--r->l->depth].was;
}

/* Back to the frame that called with this return address; not past an interrupt's entry. */
static bool return_to(struct replay *r, uint64_t addr)
{
	for (size_t i = r->l->depth; i-- > 0 && !r->l->stack[i].interrupt;) {
		if (r->l->stack[i].ret != addr || !i)
			continue;
		r->l->depth = i;
		return true;
	}
	return false;
}

/* Into the middle of a function that is on the stack: a jump back from a part of it. */
static bool back_in(struct replay *r, long symbol)
{
	for (size_t i = r->l->depth; i-- > 0;) {
		if (same_function(r, r->l->stack[i].symbol, symbol)) {
			r->l->depth = i + 1;
			return true;
		}
		if (r->l->stack[i].interrupt)
			break;
	}
	return false;
}

static void find_symbol(struct replay *r, uint64_t addr)
{
	struct level *l = r->l;
	const struct vmmio_symbols *s = l->symbols;
	long i;

	if (addr >= l->symbol_first && addr < l->symbol_end)
		return;
	i = vmmio_symbols_find(s, addr);
	l->symbol_first = i >= 0 ? s->v[i].addr : 0;
	l->symbol_end = (size_t)(i + 1) < s->n ? s->v[i + 1].addr : UINT64_MAX;
	l->symbol = i >= 0 ? l->first + i : l->host ? HOST_NOWHERE : NOWHERE;
}

/* The processor goes on elsewhere than in the function on top. */
static void go(struct replay *r, uint64_t addr, const char *name)
{
	struct frame *top = r->l->depth ? &r->l->stack[r->l->depth - 1] : NULL;
	uint64_t call = r->l->thunk_ret ? r->l->thunk_call : r->l->prev;
	uint64_t ret = r->l->thunk_ret ? r->l->thunk_ret : r->l->behind;

	if (is_entry(name, addr == r->l->symbol_first) &&
	    !(top && is_stub(name_of(r, top->symbol)))) {
		enter_interrupt(r, name, r->l->symbol);
	} else if (top && addr == r->l->behind) { /* falls through, into a label */
		const struct raw_node *n = &r->nodes[top->node];
		uint32_t node = child(r, n->parent, n->call, r->l->symbol);

		r->nodes[node].entries++;
		top->node = node;
		top->symbol = r->l->symbol;
	} else if (return_to(r, addr)) {
		;
	} else if (addr == r->l->symbol_first) {
		push(r, top ? top->node : 0, top ? call : 0, r->l->symbol, ret);
		anchor(r, name);
	} else if (!back_in(r, r->l->symbol)) {
		r->l->depth = 0;
		push(r, 0, 0, r->l->symbol, 0);
	}
}

static void user(struct replay *r)
{
	if (r->l->depth != 1 || r->l->stack[0].symbol != USER) {
		r->l->depth = 0;
		push(r, 0, 0, USER, 0);
	}
	r->l->phase = VMMIO_PHASE_SUBMIT;
	r->l->symbol_first = r->l->symbol_end = 0;
	r->l->symbol = USER;
}

/* Which task of the host runs is not known, but whether it is in the kernel. */
static void host_phase(struct level *l, uint64_t addr)
{
	if (!(addr >> 63))
		l->phase = VMMIO_PHASE_MONITOR;
	else if (l->phase == VMMIO_PHASE_MONITOR)
		l->phase = VMMIO_PHASE_HOST;
}

/* To which address the instruction is counted: in a thunk to that of the call. */
static uint64_t follow(struct replay *r, uint64_t addr)
{
	struct level *l = r->l;
	long from = l->symbol;
	const char *name;
	uint64_t counted = addr;

	find_symbol(r, addr);
	name = name_of(r, l->symbol);
	if (from == USER)
		l->depth = 0;
	if (l->host)
		host_phase(l, addr);
	if (is_thunk(name) && l->depth) {
		if (from != l->symbol && !is_thunk(name_of(r, from))) {
			l->thunk_call = l->prev;
			l->thunk_ret = l->behind;
		}
		counted = l->thunk_call;
	} else {
		if (!l->depth || !same_function(r, l->stack[l->depth - 1].symbol, l->symbol))
			go(r, addr, name);
		else if (l->depth > 1 && addr != l->behind && from != l->symbol)
			return_to(r, addr); /* out of a recursion */
		l->thunk_ret = 0;
	}
	l->iret = !strcmp(name, "native_irq_return_iret");
	return counted;
}

static void step(struct replay *r, uint64_t addr, unsigned int len)
{
	struct level *l = r->l;
	uint64_t counted = 0;

	if (l->iret) {
		leave_interrupt(r);
		l->iret = false;
		l->behind = 0; /* nothing falls through it */
	}
	if (!(addr >> 63) && !l->host)
		user(r);
	else
		counted = follow(r, addr);
	count(r, l->stack[l->depth - 1].node, counted, 0);
	r->seen++;
	for (size_t i = 0; i < r->npending; i++) {
		if (r->pending[i].insn != addr)
			continue;
		count(r, l->stack[l->depth - 1].node, counted, r->pending[i].what);
		r->pending[i] = r->pending[--r->npending];
		i--;
	}
	l->prev = addr;
	l->behind = addr + len;
}

/* The running block, for as long as none is defined; NULL: none runs. */
static const struct block *running(const struct replay *r)
{
	return r->block == NO_BLOCK ? NULL : &r->blocks[r->block];
}

/* Instructions of the running block up to number @n. */
static int run_to(struct replay *r, uint32_t n)
{
	const struct block *b = running(r);
	uint64_t addr;

	if (!b)
		return 0;
	if (n > b->n || n < r->done)
		return bad(r, "malformed: more instructions than the block has");
	addr = b->addr;
	for (uint32_t i = 0; i < n; addr += b->len[i++])
		if (i >= r->done)
			step(r, addr, b->len[i]);
	r->done = n;
	return 0;
}

/* ---- from addresses to lines ---- */

static struct vmmio_lines *lines_of(struct replay *r, const struct level *l, const char *module)
{
	const char *file = NULL;
	size_t i;

	for (i = 0; i < r->nopened; i++)
		if (!strcmp(r->opened[i].module, module) && r->opened[i].host == l->host)
			return r->opened[i].lines;
	if (i == sizeof(r->opened) / sizeof(r->opened[0]) || !strcmp(module, "vmlinux"))
		return NULL;
	for (size_t k = 0; k < r->in->nmodules; k++)
		if (!strcmp(r->in->modules[k].name, module) && r->in->modules[k].host == l->host)
			file = r->in->modules[k].file;
	r->opened[i].module = module;
	r->opened[i].host = l->host;
	r->opened[i].lines = vmmio_lines_open(l->lines, module, file);
	r->nopened++;
	return r->opened[i].lines;
}

struct fold {
	struct replay *r;
	struct vmmio_where_tree *t;
	uint32_t *node; /* of each raw node; NONE: not yet */
};

/* A string or a node that there was memory for. */
static uint32_t found(uint32_t n)
{
	must(n == VMMIO_WHERE_NONE ? NULL : &n);
	return n;
}

static uint32_t intern(struct fold *f, const char *text)
{
	return found(vmmio_where_string(f->r->w, text));
}

static uint32_t fold_node(struct fold *f, uint32_t raw);

/* The node and line that an instruction of a raw node belongs to, what is inlined included. */
static uint32_t fold_addr(struct fold *f, uint32_t raw, uint64_t addr, uint32_t *line)
{
	const struct raw_node *n = &f->r->nodes[raw];
	const struct vmmio_symbol *of = sym(f->r, n->symbol);
	const struct level *level = &f->r->level[n->symbol >= HOST];
	struct vmmio_frame frames[VMMIO_FRAMES];
	const struct vmmio_section *s;
	uint32_t node = fold_node(f, raw);
	struct vmmio_lines *l;
	size_t have = 0;

	*line = 0;
	if (!addr || !of)
		return node;
	l = lines_of(f->r, level, of->module);
	s = l ? vmmio_symbols_section(level->symbols, addr) : NULL;
	if (s && !strcmp(s->module, of->module))
		have = vmmio_lines_of(l, s->name, addr - s->addr, frames);
	for (size_t i = 0; i < have; i++) {
		if (i) {
			node = found(vmmio_where_child(f->t, node, *line,
						       intern(f, frames[i].function),
						       f->t->nodes[node].module));
			f->t->nodes[node].entries = -1;
		}
		*line = intern(f, frames[i].line);
	}
	return node;
}

/* "vmmio", of the host "host/kvm". */
static uint32_t module_of(struct fold *f, long symbol)
{
	const struct vmmio_symbol *s = sym(f->r, symbol);
	char text[160];

	if (symbol >= HOST) {
		snprintf(text, sizeof(text), VMMIO_WHERE_HOST "%s", s->module);
		return intern(f, text);
	}
	return intern(f, s			  ? s->module
			 : symbol == USER	  ? "user"
			 : symbol == HOST_NOWHERE ? "host"
						  : "vmlinux");
}

static uint32_t fold_node(struct fold *f, uint32_t raw)
{
	const struct raw_node *n = &f->r->nodes[raw];
	const struct vmmio_symbol *s = sym(f->r, n->symbol);
	uint32_t parent, line = 0;

	if (f->node[raw] != VMMIO_WHERE_NONE)
		return f->node[raw];
	parent = n->parent || n->call ? fold_addr(f, n->parent, n->call, &line) : 0;
	f->node[raw] = found(vmmio_where_child(f->t, parent, line,
					       intern(f, s		     ? s->name
							 : n->symbol == USER ? "(load)"
									     : "(unknown)"),
					       module_of(f, n->symbol)));
	f->t->nodes[f->node[raw]].entries += n->entries;
	return f->node[raw];
}

static int by_node(const void *a, const void *b)
{
	const struct raw_count *x = a, *y = b;

	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int by_place(const void *a, const void *b)
{
	return memcmp(a, b, 4 * sizeof(uint32_t));
}

/* Counts of one node, line, phase and kind are one. */
static void merge(struct vmmio_where_tree *t)
{
	size_t kept = 0;

	qsort(t->counts, t->ncounts, sizeof(*t->counts), by_place);
	for (size_t i = 0; i < t->ncounts; i++) {
		if (kept && !by_place(&t->counts[kept - 1], &t->counts[i]))
			t->counts[kept - 1].n += t->counts[i].n;
		else
			t->counts[kept++] = t->counts[i];
	}
	t->ncounts = kept;
}

/* The window's raw counts as a tree. */
static int fold(struct replay *r, uint64_t total)
{
	struct fold f = {.r = r, .t = vmmio_where_add(r->w)};
	size_t n = 0;
	int err = 0;

	if (!f.t)
		return -ENOMEM;
	f.node = malloc(r->nnodes * sizeof(*f.node));
	if (!f.node)
		return -ENOMEM;
	for (size_t i = 0; i < r->nnodes; i++)
		f.node[i] = i ? VMMIO_WHERE_NONE : 0;
	for (size_t i = 0; i < r->room; i++)
		if (r->counts[i].n)
			r->counts[n++] = r->counts[i];
	qsort(r->counts, n, sizeof(*r->counts), by_node);
	for (size_t i = 1; i < r->nnodes; i++)
		fold_node(&f, i);
	for (size_t i = 0; i < n && !err; i++) {
		const struct raw_count *c = &r->counts[i];
		uint32_t line, node = fold_addr(&f, c->node, c->addr, &line);

		err = vmmio_where_count(f.t, node, line, c->phase, c->what, c->n);
	}
	merge(f.t);
	f.t->total = total;
	free(f.node);
	free(r->counts);
	r->counts = NULL;
	r->room = r->used = 0;
	r->nnodes = 0;
	free(r->node_index);
	r->node_index = NULL;
	r->node_room = 0;
	if (!err && !vmmio_where_whole(f.t))
		return bad(r, "not whole: what ran does not add up to the plugin's count");
	return err;
}

/* ---- records ---- */

static bool take(struct replay *r, size_t n, const uint32_t **p)
{
	if (n > r->nwords - r->at)
		return false;
	*p = r->words + r->at;
	r->at += n;
	return true;
}

static uint64_t two(const uint32_t *p)
{
	return p[0] | (uint64_t)p[1] << 32;
}

/* Registers of MMIO, or of the common configuration over PCI. */
static const struct {
	const char *name;
	unsigned int offset, version;
} registers[] = {
#define REGISTER(id, offset, width, name, access, versions) {name, offset, versions},
	VMMIO_REGS(REGISTER)
#undef REGISTER
};

static void register_name(unsigned int version, const char *space, unsigned int off, char *out,
			  size_t len)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		if (registers[i].version & version && registers[i].offset == off) {
			snprintf(out, len, "%s", registers[i].name);
			return;
		}
	snprintf(out, len, "%s+0x%x", space, off);
}

/* What an access is called: "QueueNotify write". */
static uint32_t access_name(struct replay *r, uint64_t phys, uint32_t value, uint32_t device)
{
	const char *region = device < DEVICES && r->device[device] ? r->device[device] : "?";
	const struct vmmio_symbols *s = r->level[0].symbols;
	unsigned int off = phys & 0xfff;
	char reg[64] = "", name[96];

	/* under a host the windows are the guest's own */
	for (size_t i = 0; i < s->nmmio && !r->in->host; i++)
		if (phys >= s->mmio[i].first && phys <= s->mmio[i].last)
			register_name(VMMIO_V12, "virtio-mmio",
				      (unsigned int)(phys - s->mmio[i].first), reg, sizeof(reg));
	if (reg[0])
		;
	else if (starts(region, "virtio-pci-notify"))
		snprintf(reg, sizeof(reg), "QueueNotify");
	else if (starts(region, "virtio-pci-isr"))
		snprintf(reg, sizeof(reg), "ISR");
	else if (starts(region, "virtio-pci-common"))
		register_name(VMMIO_PCI, "common", off, reg, sizeof(reg));
	else if (starts(region, "virtio-pci-device"))
		snprintf(reg, sizeof(reg), "Config+0x%x", off);
	else
		snprintf(reg, sizeof(reg), "%.40s+0x%x", region, off);
	snprintf(name, sizeof(name), "%s %s", reg, value & VMMIO_TRACE_STORE ? "write" : "read");
	return vmmio_where_string(r->w, name);
}

static int take_access(struct replay *r, uint32_t value)
{
	const uint32_t *p;

	if (!take(r, 5, &p))
		return bad(r, "cut");
	if (!r->open)
		return 0;
	if (r->npending == PENDING)
		return bad(r, "malformed: accesses of no instruction");
	r->pending[r->npending].insn = two(p);
	r->pending[r->npending].what = access_name(r, two(p + 2), value, p[4]);
	return r->pending[r->npending++].what == VMMIO_WHERE_NONE ? -ENOMEM : 0;
}

static void begin_level(struct level *l)
{
	l->depth = 0;
	l->phase = l->host ? VMMIO_PHASE_HOST : VMMIO_PHASE_SUBMIT;
	l->prev = l->behind = l->thunk_call = l->thunk_ret = l->symbol_first = l->symbol_end = 0;
	l->symbol = l->host ? HOST_NOWHERE : NOWHERE;
	l->iret = false;
}

static int take_mark(struct replay *r, uint32_t which)
{
	const uint32_t *p;
	int err;

	if (!take(r, 3, &p))
		return bad(r, "cut");
	if (which == VMMIO_MARK_BEGIN && !r->open && running(r) && p[0] <= running(r)->n) {
		r->open = true;
		r->begin = two(p + 1);
		r->seen = 0;
		r->done = p[0];
		r->npending = 0;
		for (size_t i = 0; i < 2; i++)
			begin_level(&r->level[i]);
		r->l = &r->level[0];	    /* the load runs in the guest */
		add_node(r, 0, 0, NOWHERE); /* the root */
		return 0;
	}
	if (which != VMMIO_MARK_END || !r->open)
		return bad(r, "malformed: a mark out of turn");
	err = run_to(r, p[0]);
	if (!err && r->l->host)
		err = bad(r, "of a host whose guest was not entered again, though its load ended");
	r->open = false;
	r->block = NO_BLOCK;
	return err
		       ?: r->npending ? bad(r, "malformed: accesses of no instruction")
				      : fold(r, two(p + 1) - r->begin);
}

static int take_define(struct replay *r, uint32_t value)
{
	uint32_t flags = value & (VMMIO_TRACE_ENTERS | VMMIO_TRACE_LEFT), n = value & ~flags;
	const uint32_t *p, *len;
	struct block *all;

	if (!take(r, 3, &p) || !take(r, (n + 3) / 4, &len))
		return bad(r, "cut");
	all = grow(r->blocks, r->nblocks, sizeof(*all));
	if (!all)
		return -ENOMEM;
	r->blocks = all;
	if (p[0] != r->nblocks || !n)
		return bad(r, "malformed: a block out of turn");
	all[r->nblocks++] = (struct block){.addr = two(p + 1),
					   .n = n,
					   .enters = flags & VMMIO_TRACE_ENTERS,
					   .left = flags & VMMIO_TRACE_LEFT,
					   .len = (const uint8_t *)len};
	return 0;
}

static int take_device(struct replay *r, uint32_t id)
{
	const uint32_t *p, *text;

	if (!take(r, 1, &p) || p[0] > 4096 || !take(r, (p[0] + 3) / 4, &text))
		return bad(r, "cut");
	if (id >= DEVICES || r->device[id])
		return bad(r, "malformed: a device out of turn");
	r->device[id] = strndup((const char *)text, p[0]);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it had none, and the end frees all */
	return r->device[id] ? 0 : -ENOMEM;
}

/* Before @to the processor may have left the guest, or @entered it. */
static int change_level(struct replay *r, bool entered, const struct block *to)
{
	struct level *guest = &r->level[0], *host = &r->level[1];

	if (to->left && !host->symbols)
		return bad(r, "of a guest that has guests itself (--stack is for them)");
	/* also at once after the entry, before the guest ran anything */
	if (to->left && (r->l == guest || entered)) {
		if (guest->depth)
			count(r, guest->stack[guest->depth - 1].node,
			      guest->symbol == USER ? 0 : guest->prev, r->exit);
		r->l = host;
	} else if (entered && !to->left) {
		r->l = guest;
	}
	return 0;
}

static int take_block(struct replay *r, uint32_t id)
{
	const struct block *before = r->open ? running(r) : NULL;
	bool entered = before && before->enters;
	int err = before ? run_to(r, before->n) : 0;

	if (err)
		return err;
	if (id >= r->nblocks)
		return bad(r, "malformed: a block that was not defined");
	r->block = id;
	r->done = 0;
	return r->open ? change_level(r, entered, running(r)) : 0;
}

static int take_record(struct replay *r, bool *ended)
{
	uint32_t w = r->words[r->at++], value = w & VMMIO_TRACE_VALUE;
	const uint32_t *p;
	int err;

	switch (w >> VMMIO_TRACE_BITS) {
	case VMMIO_TRACE_BLOCK:
		return take_block(r, value);
	case VMMIO_TRACE_CUT:
		err = r->open ? run_to(r, value) : bad(r, "malformed: a cut outside of a window");
		r->block = NO_BLOCK;
		return err;
	case VMMIO_TRACE_ACCESS:
		return take_access(r, value);
	case VMMIO_TRACE_MARK:
		return take_mark(r, value);
	case VMMIO_TRACE_DEFINE:
		return take_define(r, value);
	case VMMIO_TRACE_DEVICE:
		return take_device(r, value);
	case VMMIO_TRACE_END:
		*ended = true;
		return take(r, 2, &p) ? 0 : bad(r, "cut");
	default:
		return bad(r, "malformed");
	}
}

int vmmio_path_read(struct vmmio_where *w, const struct vmmio_path_input *in, const void *data,
		    size_t size, char *why, size_t len)
{
	struct replay r = {.w = w,
			   .in = in,
			   .why = why,
			   .len = len,
			   .block = NO_BLOCK,
			   .words = data,
			   .nwords = size / sizeof(uint32_t)};
	bool ended = false;
	int err = 0;

	r.level[0] = (struct level){.symbols = in->symbols, .lines = &in->lines};
	r.level[1] = (struct level){
		.symbols = in->host, .lines = &in->host_lines, .first = HOST, .host = true};
	r.l = &r.level[0];
	r.exit = in->host ? vmmio_where_string(w, VMMIO_WHERE_EXIT) : 0;
	if (r.exit == VMMIO_WHERE_NONE)
		return -ENOMEM;
	why[0] = '\0';
	if (!r.nwords || r.words[0] != VMMIO_TRACE_MAGIC)
		err = bad(&r, "none of this vmmio-bench's plugin");
	r.at = 1;
	while (!err && !ended && r.at < r.nwords)
		err = take_record(&r, &ended);
	if (!err && (!ended || r.at * sizeof(uint32_t) != size))
		err = bad(&r, ended ? "malformed: more behind its end" : "cut");
	if (!err && r.open)
		err = bad(&r, "not whole: a window did not end");
	for (size_t i = 0; i < r.nopened; i++)
		vmmio_lines_close(r.opened[i].lines);
	for (size_t i = 0; i < DEVICES; i++)
		free(r.device[i]);
	free(r.blocks);
	free(r.nodes);
	free(r.node_index);
	free(r.counts);
	return err;
}
