// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-statcost: the native cost of one event that vmmio-stat counts. A thread makes system
 * calls; attached to their tracepoints are, in turn and round by round: nothing, programs that
 * do nothing, vmmio-stat's, a counter of perf, bpftrace with the same histograms. Programs for
 * our tracepoints get their event in the caller's registers (statcost_loop.S), those for
 * mainline's functions a virtqueue in a map (statcost.bpf.c). Prints every round and the
 * medians, judges nothing.
 *
 * Long because what is measured, how, and what must have been counted belong together.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "stock.h" /* what the skeleton below has in it */

#include "empty.skel.h"
#include "guest.skel.h"
#include "statcost.skel.h"
#include "tools/vmmio-stat/source/bpf_rows.h"
#include "tools/vmmio-stat/source/bpf_util.h"
#include "lib/num.h"
#include "vmmio/events.h"

#define CALLS 100000
#define WARM_UP 33000
#define ROUNDS_MAX 101
#define SLOT 1733 /* other threads' registers pass for events, too: no number that is common */
#define GUEST_SLOTS 2047
#define GEN 0x5eed
#define MARK 1234 /* tells our calls from others' */
#define SLOTS 256
#define TOOL_WAIT_S 30

void statcost_loop(const uint64_t event[8], uint64_t n);

static struct guest_bpf *guest;
static struct statcost_bpf *stock;
static struct empty_bpf *empty;
static struct vmmio_bpf_rows guest_rows, stock_rows;
static uint64_t event[8];

enum kind {
	NOTHING,
	RAW,  /* one program at entry, maybe one at exit */
	TOOL, /* another process */
};

struct variant {
	const char *name;
	const char *over; /* what is taken off; NULL: nothing */
	enum kind kind;
	int events; /* per call */
	const char *enter, *exit;
	const struct vmmio_bpf_rows *rows;
	int counter; /* of these rows, must show every call; -1: none does */
	const char *argv[6];
	double ns[ROUNDS_MAX];
};

#define BT(text)                                                          \
	{                                                                 \
		"bpftrace", "-e", "BEGIN { printf(\"READY\\n\"); } " text \
	}
#define ENTER "tracepoint:raw_syscalls:sys_enter "
#define EXIT "tracepoint:raw_syscalls:sys_exit "
/* What bpf/guest_count.h counts of one event of ours, with the fields as given. */
#define KEY "[args->args[0]]"
#define VALUE "(args->args[1])"
/* What bpf/stock.bpf.c counts: rings are read, what was before is kept in maps. */
#define MINE "/args->args[1] == 1234/ "
#define BT_KICK                                                                                    \
	"$q = args->args[0]; $v = (struct vring_virtqueue *)$q; $a = $v->split.avail_idx_shadow; " \
	"$u = $v->split.vring.used->idx; @n[$q] = count(); @o[$q] = hist($a - $u); "               \
	"@b[$q] = hist($a - @prev[$q]); @prev[$q] = $a; @q[tid] = $q; @t[tid] = nsecs; "
#define BT_KICK_DONE                                                                       \
	"$c = nsecs - @t[tid]; $q = @q[tid]; delete(@t[tid]); @s[$q] = sum($c); @h[$q] = " \
	"hist($c); "
#define BT_IRQ                                                                            \
	"$v = (struct vring_virtqueue *)$q; $u = $v->split.vring.used->idx; "             \
	"@i[$q] = count(); @c[$q] = hist($u - @used[$q]); @used[$q] = $u; $now = nsecs; " \
	"@l[$q] = hist($now - @k[$q]); @ls[$q] = sum($now - @k[$q]); @f[$q] = count(); "  \
	"@r[$q] = sum(nsecs - $now); "

static struct variant variants[] = {
	{"nothing", NULL, NOTHING, 1, .counter = -1},
	{"empty", "nothing", RAW, 1, "empty_reg_read", .counter = -1},
	{"empty again", "empty", RAW, 1, "empty_reg_read", .counter = -1},
	{"ours: kick", "empty", RAW, 1, "raw_kick", NULL, &guest_rows, VMMIO_C_KICKS},
	{"ours: kick_done", "empty", RAW, 1, "raw_kick_done", NULL, &guest_rows,
	 VMMIO_C_KICKS_TIMED},
	{"ours: vq_irq", "empty", RAW, 1, "raw_vq_irq", NULL, &guest_rows, VMMIO_C_IRQS},
	{"ours: irq", "empty", RAW, 1, "raw_irq", NULL, &guest_rows, VMMIO_C_HANDLER_TIMED},
	{"ours: reg_read", "empty", RAW, 1, "raw_reg_read", NULL, &guest_rows, VMMIO_C_REG_READS},
	{"pair of empty", "nothing", RAW, 2, "enter_nothing", "exit_nothing", .counter = -1},
	{"stock: prepare", "pair of empty", RAW, 1, "enter_prepare", "exit_nothing", &stock_rows,
	 VMMIO_C_OPPORTUNITIES},
	{"stock: kick", "pair of empty", RAW, 1, "enter_kick", "exit_nothing", &stock_rows,
	 VMMIO_C_KICKS},
	{"stock: kick pair", "pair of empty", RAW, 2, "enter_kick", "exit_kick", &stock_rows,
	 VMMIO_C_KICKS},
	{"stock: interrupt pair", "pair of empty", RAW, 2, "enter_irq", "exit_irq", &stock_rows,
	 VMMIO_C_IRQS_FOUND},
	{"stock: request, 5 hooks", "pair of empty", RAW, 5, "enter_io", "exit_io", &stock_rows,
	 VMMIO_C_LATENCIES},
	{"perf stat", "nothing", TOOL, 1, .counter = -1,
	 .argv = {"perf", "stat", "-a", "-e", "raw_syscalls:sys_enter"}},
	{"bpftrace: empty", "nothing", TOOL, 1, .counter = -1, .argv = BT(ENTER "{ 1 }")},
	{"bpftrace: kick", "bpftrace: empty", TOOL, 1, .counter = -1,
	 .argv = BT(ENTER "{ @n" KEY " = count(); @b" KEY " = sum" VALUE "; @o" KEY " = hist" VALUE
			  "; @h" KEY " = hist" VALUE "; }")},
	{"bpftrace: kick_done", "bpftrace: empty", TOOL, 1, .counter = -1,
	 .argv = BT(ENTER "{ @n" KEY " = count(); @s" KEY " = sum" VALUE "; @h" KEY " = hist" VALUE
			  "; }")},
	{"bpftrace: pair of empty", "nothing", TOOL, 2, .counter = -1,
	 .argv = BT(ENTER "{ 1 } " EXIT "{ 1 }")},
	{"bpftrace: kick pair", "bpftrace: pair of empty", TOOL, 2, .counter = -1,
	 .argv = BT(ENTER MINE "{ " BT_KICK "} " EXIT "/@t[tid]/ { " BT_KICK_DONE "}")},
	{"bpftrace: request", "bpftrace: pair of empty", TOOL, 5, .counter = -1,
	 .argv = BT(ENTER MINE "{ " BT_KICK "@p[$q] = count(); @k[$q] = nsecs; } " EXIT
			       "/@t[tid]/ { " BT_KICK_DONE BT_IRQ "}")},
};
#define VARIANTS (sizeof(variants) / sizeof(variants[0]))

static double thread_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Each struct of events.h that a variant is fed with, in the six words of @event. */
static void make_event(const char *program)
{
	struct vmmio_ev_kick kick = {
		.slot = SLOT, .gen = GEN, .avail_idx = 5, .used_idx = 2, .avail_delta = 2};
	struct vmmio_ev_kick_done done = {.slot = SLOT, .gen = GEN, .cost_ns = 2345};
	struct vmmio_ev_vq_irq vq_irq = {.slot = SLOT,
					 .gen = GEN,
					 .used_delta = 3,
					 .flags = VMMIO_EV_LATENCY | VMMIO_EV_DEDICATED,
					 .kick_to_irq_ns = 34567};
	struct vmmio_ev_irq irq = {.slot = SLOT, .gen = GEN, .cost_ns = 3456};
	struct vmmio_ev_reg reg = {.slot = SLOT, .gen = GEN, .cost_ns = 1234};

	memset(event, 0, sizeof(event));
	event[6] = stock->bss->fake_vq;
	event[7] = MARK;
	if (!strcmp(program, "raw_kick"))
		memcpy(event, &kick, sizeof(kick));
	else if (!strcmp(program, "raw_kick_done"))
		memcpy(event, &done, sizeof(done));
	else if (!strcmp(program, "raw_vq_irq"))
		memcpy(event, &vq_irq, sizeof(vq_irq));
	else if (!strcmp(program, "raw_irq"))
		memcpy(event, &irq, sizeof(irq));
	else if (!strcmp(program, "raw_reg_read"))
		memcpy(event, &reg, sizeof(reg));
}

_Static_assert(sizeof(struct vmmio_ev_vq_irq) <= 6 * sizeof(event[0]), "fits into the registers");

static int program_fd(const char *name)
{
	const struct bpf_object *objects[] = {guest->obj, stock->obj, empty->obj};
	struct bpf_program *p;
	size_t i;

	for (i = 0; i < 3; i++) {
		p = bpf_object__find_program_by_name(objects[i], name);
		if (p)
			return bpf_program__fd(p);
	}
	return -ENOENT;
}

/* What the programs of mainline's hooks count is in the state of the slot. */
static __u64 stock_counted(const struct vmmio_stock_state *s, int counter)
{
	switch (counter) {
	case VMMIO_C_OPPORTUNITIES:
		return s->opportunities;
	case VMMIO_C_KICKS:
		return s->kicks;
	case VMMIO_C_IRQS_FOUND:
		return s->irqs_found;
	case VMMIO_C_LATENCIES:
		return s->latencies;
	default:
		return 0; /* no variant's */
	}
}

/* Sum over slots and CPUs; of a row of ours its own slot only. */
static __u64 counted(const struct vmmio_bpf_rows *b, int counter)
{
	struct vmmio_bpf_row *rows = b->values;
	__u64 sum = 0;
	__u32 slot;
	int cpu;

	for (slot = b == &guest_rows ? SLOT : 0; slot < b->slots; slot++) {
		__u32 at = slot % VMMIO_BPF_CHUNK;
		int fd = vmmio_bpf_rows_part(b, b->row_parts, slot);

		if (b == &guest_rows && slot > SLOT)
			break;
		if (b == &stock_rows) {
			sum += stock_counted(&stock->bss->states[slot], counter);
			continue;
		}
		if (fd < 0 || bpf_map_lookup_elem(fd, &at, rows))
			continue;
		for (cpu = 0; cpu < b->cpus; cpu++)
			sum += rows[cpu].c[counter];
	}
	return sum;
}

static int run_raw(struct variant *v, double *ns)
{
	int enter = -1, leave = -1, err = 0;
	__u64 before = 0, after;
	double start;

	if (v->enter)
		enter = bpf_raw_tracepoint_open("sys_enter", program_fd(v->enter));
	if (v->exit)
		leave = bpf_raw_tracepoint_open("sys_exit", program_fd(v->exit));
	if ((v->enter && enter < 0) || (v->exit && leave < 0))
		err = -errno;
	if (!err) {
		make_event(v->enter ? v->enter : "");
		/* half a turn of 16-bit indices: no sample of another variant's is open then */
		statcost_loop(event, WARM_UP);
		if (v->counter >= 0)
			before = counted(v->rows, v->counter);
		start = thread_ns();
		statcost_loop(event, CALLS);
		*ns = (thread_ns() - start) / CALLS;
		if (v->counter >= 0) {
			after = counted(v->rows, v->counter);
			/* reading the rows makes calls, too: on mainline's they count */
			if (after - before < CALLS || after - before > CALLS + 2 * SLOTS)
				err = -ENOMSG;
		}
	}
	if (enter >= 0)
		close(enter);
	if (leave >= 0)
		close(leave);
	return err;
}

/* Starts a tool and waits until it says that it is attached; perf says nothing. */
static int run_tool(struct variant *v, double *ns)
{
	struct timespec nap = {.tv_nsec = 50000000};
	char out[256] = "";
	int fds[2], tries, status, err = -ETIMEDOUT;
	size_t have = 0;
	ssize_t n;
	double start;
	pid_t pid;

	if (pipe2(fds, O_NONBLOCK))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGINT);
		dup2(fds[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
		execvp(v->argv[0], (char *const *)v->argv);
		_exit(127);
	}
	close(fds[1]);
	if (!strcmp(v->argv[0], "perf")) {
		for (tries = 0; tries < 20; tries++)
			nanosleep(&nap, NULL);
		err = 0;
	}
	for (tries = 0; err && tries < TOOL_WAIT_S * 20; tries++) {
		n = read(fds[0], out + have, sizeof(out) - 1 - have);
		if (!n)
			break;
		if (n > 0)
			have += (size_t)n;
		out[have] = '\0';
		if (strstr(out, "READY"))
			err = 0;
		else
			nanosleep(&nap, NULL);
	}
	/* all probes are attached before BEGIN has been printed? not so: a while more */
	for (tries = 0; tries < 6; tries++)
		nanosleep(&nap, NULL);
	if (!err) {
		make_event("");
		statcost_loop(event, WARM_UP);
		start = thread_ns();
		statcost_loop(event, CALLS);
		*ns = (thread_ns() - start) / CALLS;
	}
	/* its maps are printed to a pipe that is read no more */
	close(fds[0]);
	kill(pid, SIGINT);
	for (tries = 0; tries < 60 && waitpid(pid, &status, WNOHANG) != pid; tries++)
		nanosleep(&nap, NULL);
	if (tries == 60) { /* bpftrace can miss a signal */
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		err = -ENOENT;
	}
	return err;
}

static int load(void)
{
	struct bpf_program *p;
	__u32 hists = 1u << VMMIO_HIST_KICK | 1u << VMMIO_HIST_IRQ | 1u << VMMIO_HIST_BATCH |
		      1u << VMMIO_HIST_COALESCE | 1u << VMMIO_HIST_OCCUPANCY |
		      1u << VMMIO_HIST_ACCESS;
	__u32 slot;
	int err;

	guest = guest_bpf__open();
	stock = statcost_bpf__open();
	empty = empty_bpf__open_and_load();
	if (!guest || !stock || !empty)
		return -errno;
	err = vmmio_bpf_rows_init(&guest_rows, GUEST_SLOTS, hists, 0);
	if (!err)
		err = vmmio_bpf_rows_init(&stock_rows, SLOTS, hists, 0);
	if (err)
		return err;
	guest->rodata->opt_slots = GUEST_SLOTS;
	stock->rodata->opt_slots = SLOTS;
	guest->rodata->opt_hist_stride = stock->rodata->opt_hist_stride = guest_rows.stride;
	memcpy((void *)guest->rodata->opt_hist_pos, guest_rows.pos, sizeof(guest_rows.pos));
	memcpy((void *)stock->rodata->opt_hist_pos, stock_rows.pos, sizeof(stock_rows.pos));
	vmmio_bpf_rows_size(&guest_rows, guest->maps.rows);
	vmmio_bpf_rows_size(&stock_rows, stock->maps.rows);
	if (stock_rows.stride) {
		bpf_map__set_value_size(stock->maps.near,
					stock_rows.stride * sizeof(struct vmmio_hist));
		bpf_map__set_max_entries(stock->maps.near, VMMIO_STOCK_NEAR);
	}
	bpf_object__for_each_program(p, guest->obj)
		bpf_program__set_autoload(p, !strncmp(bpf_program__name(p), "raw_", 4));
	bpf_object__for_each_program(p, stock->obj)
		bpf_program__set_autoload(p, !strncmp(bpf_program__section_name(p), "raw_tp", 6));
	err = guest_bpf__load(guest);
	if (!err)
		err = statcost_bpf__load(stock);
	if (!err) {
		vmmio_bpf_rows_loaded(&guest_rows, guest->maps.rows, NULL,
				      guest->bss->rows_counted);
		vmmio_bpf_rows_loaded(&stock_rows, stock->maps.rows, NULL,
				      stock->bss->rows_counted);
		err = vmmio_bpf_rows_grow(&guest_rows, SLOT);
	}
	for (slot = 0; !err && slot < SLOTS - 1; slot++)
		err = vmmio_bpf_rows_grow(&stock_rows, slot);
	for (slot = 0; !err && slot < SLOTS - 1; slot++)
		err = bpf_map_update_elem(bpf_map__fd(stock->maps.free_slots), NULL, &slot, 0);
	if (!err) {
		int fd =
			bpf_raw_tracepoint_open("sys_enter", bpf_program__fd(stock->progs.lay_out));

		stock->bss->only_tid = (__u32)syscall(SYS_gettid);
		syscall(SYS_getpid);
		close(fd);
		if (!stock->bss->fake_vq)
			err = -EIO;
	}
	return err;
}

static double ms_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Mainline's programs as kprobes, opened, relocated and verified; not attached. */
static int load_mainline(double *ms, double *cpu_ms)
{
	double start = ms_of(CLOCK_MONOTONIC), cpu = ms_of(CLOCK_PROCESS_CPUTIME_ID);
	struct statcost_bpf *s = statcost_bpf__open();
	struct bpf_program *p;
	int err;

	if (!s)
		return -errno;
	bpf_object__for_each_program(p, s->obj)
		bpf_program__set_autoload(p, !strncmp(bpf_program__name(p), "kp_", 3));
	err = statcost_bpf__load(s);
	*ms = ms_of(CLOCK_MONOTONIC) - start;
	*cpu_ms = ms_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	statcost_bpf__destroy(s);
	return err;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void summarise(const struct variant *v, int rounds)
{
	const struct variant *base = NULL;
	double all[ROUNDS_MAX], over[ROUNDS_MAX];
	size_t i;
	int r;

	for (i = 0; i < VARIANTS; i++)
		if (v->over && !strcmp(variants[i].name, v->over))
			base = &variants[i];
	for (r = 0; r < rounds; r++) {
		all[r] = v->ns[r];
		over[r] = base ? (v->ns[r] - base->ns[r]) / v->events : 0;
	}
	qsort(all, (size_t)rounds, sizeof(all[0]), by_value);
	qsort(over, (size_t)rounds, sizeof(over[0]), by_value);
	printf("%s\t%.1f\t%.1f\t", v->name, all[rounds / 2], all[0]);
	if (base)
		printf("%s\t%d\t%.1f\t%.1f\t%.1f\n", v->over, v->events, over[rounds / 2],
		       over[rounds / 4], over[rounds - 1 - rounds / 4]);
	else
		printf("-\t-\t-\t-\t-\n");
}

int main(int argc, char **argv)
{
	cpu_set_t one;
	size_t i, at;
	__u64 rounds;
	double ms = 0, cpu_ms = 0;
	int r, err;

	if (argc == 2 && !strcmp(argv[1], "load")) {
		vmmio_bpf_quiet();
		err = load_mainline(&ms, &cpu_ms);
		if (err)
			fprintf(stderr, "vmmio-statcost: %s\n", strerror(-err));
		else
			printf("%.2f\t%.2f\n", ms, cpu_ms);
		return err ? 1 : 0;
	}
	if (argc != 2 || vmmio_parse_u64(argv[1], 1, ROUNDS_MAX, &rounds)) {
		fprintf(stderr,
			"usage: vmmio-statcost ROUNDS   (1 to %d; needs bpftrace and perf)\n"
			"       vmmio-statcost load     (ms, and ms of CPU)\n",
			ROUNDS_MAX);
		return 2;
	}
	vmmio_bpf_quiet();
	CPU_ZERO(&one);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
	sched_setaffinity(0, sizeof(one), &one);
	err = load();
	if (err) {
		fprintf(stderr, "vmmio-statcost: cannot load the programs: %s\n", strerror(-err));
		return 1;
	}
	for (r = 0; r < (int)rounds; r++)
		for (i = 0; i < VARIANTS; i++) {
			/* forwards, then backwards: no variant is always the later one */
			at = r % 2 ? VARIANTS - 1 - i : i;
			err = variants[at].kind == TOOL
				      ? run_tool(&variants[at], &variants[at].ns[r])
				      : run_raw(&variants[at], &variants[at].ns[r]);
			if (err) {
				fprintf(stderr, "vmmio-statcost: %s: %s\n", variants[at].name,
					err == -ENOMSG ? "not every call was counted"
						       : strerror(-err));
				return 1;
			}
			fprintf(stderr, "%d\t%s\t%.2f\n", r, variants[at].name, variants[at].ns[r]);
		}
	printf("attached\tns_per_call\tmin\tover\tevents\tns_per_event\tquartile1\tquartile3\n");
	for (i = 0; i < VARIANTS; i++)
		summarise(&variants[i], (int)rounds);
	return 0;
}
