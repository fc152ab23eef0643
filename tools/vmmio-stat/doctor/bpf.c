// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trials of "doctor": whether the kernel takes the smallest program of
 * each type. Nothing stays loaded or attached.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "tools/vmmio-stat/source/bpf_util.h"
#include "doctor.h"
#include "tools/vmmio-stat/core/probing.h"

/* return 0 */
static const struct bpf_insn nothing[] = {
	{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
	{.code = BPF_JMP | BPF_EXIT},
};

#define INSNS (sizeof(nothing) / sizeof(nothing[0]))

static int load(enum bpf_prog_type type, struct bpf_prog_load_opts *opts)
{
	int fd = bpf_prog_load(type, "doctor", "GPL", nothing, INSNS, opts);

	return fd < 0 ? -errno : fd;
}

static int try_raw_tp(void)
{
	int prog = load(BPF_PROG_TYPE_RAW_TRACEPOINT, NULL), link;

	if (prog < 0)
		return prog;
	link = bpf_raw_tracepoint_open("sched_process_exit", prog);
	if (link < 0)
		link = -errno;
	else
		close(link);
	close(prog);
	return link < 0 ? link : 0;
}

static int try_kprobe(void)
{
	int prog = load(BPF_PROG_TYPE_KPROBE, NULL);

	if (prog < 0)
		return prog;
	close(prog);
	return 0;
}

/* A disabled probe on a function that every kernel has. */
static int try_perf_kprobe(void)
{
	static const char function[] = "do_exit";
	struct perf_event_attr attr = {.size = sizeof(attr), .disabled = 1};
	FILE *f = fopen("/sys/bus/event_source/devices/kprobe/type", "re");
	int fd, type = -1;

	if (!f)
		return -ENOENT;
	if (fscanf(f, "%d", &type) != 1)
		type = -1;
	fclose(f);
	if (type < 0)
		return -ENOENT;
	attr.type = (unsigned int)type;
	attr.config1 = (unsigned long)function;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* A function made for such trials; fexit needs the same. */
static int try_fentry(void)
{
	struct bpf_prog_load_opts opts = {.sz = sizeof(opts)};
	int prog, link;

	opts.expected_attach_type = BPF_TRACE_FENTRY;
	prog = libbpf_find_vmlinux_btf_id("bpf_fentry_test1", BPF_TRACE_FENTRY);
	if (prog < 0)
		return prog;
	opts.attach_btf_id = (unsigned int)prog;
	prog = load(BPF_PROG_TYPE_TRACING, &opts);
	if (prog < 0)
		return prog;
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link < 0)
		link = -errno;
	else
		close(link);
	close(prog);
	return link < 0 ? link : 0;
}

void doctor_try(struct doctor_trials *t)
{
	t->none = !VMMIO_HAS_BPF;
	if (t->none)
		return;
	vmmio_bpf_quiet();
	t->raw_tp = try_raw_tp();
	t->kprobe = try_kprobe();
	t->perf_kprobe = try_perf_kprobe();
	/* attaching while it is off makes some kernels warn */
	t->fentry = vmmio_probing_off("", false) ? -EOPNOTSUPP : try_fentry();
	t->done = true;
}
