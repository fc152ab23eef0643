// SPDX-License-Identifier: GPL-2.0-only
/*
 * Help for loaders of BPF objects, see bpf_util.h. It loads nothing itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "bpf_util.h"
#include "tools/vmmio-stat/core/rights.h"

static char first_warning[120];

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	if (getenv("VMMIO_BPF_DEBUG"))
		return vfprintf(stderr, format, args);
	if (level == LIBBPF_WARN && !first_warning[0]) {
		vsnprintf(first_warning, sizeof(first_warning), format, args);
		first_warning[strcspn(first_warning, "\n")] = '\0';
	}
	return 0;
}

void vmmio_bpf_quiet(void)
{
	first_warning[0] = '\0';
	libbpf_set_print(print);
}

/* Is virtio_ring a module whose types nobody can know? */
static bool rings_unknown(void)
{
	return !access("/sys/module/virtio_ring/initstate", F_OK) &&
	       access("/sys/kernel/btf/virtio_ring", F_OK) != 0;
}

void vmmio_bpf_why(char *why, size_t size, const char *step, int err)
{
	char missing[VMMIO_RIGHTS_TEXT] = "";
	__u64 caps;

	if (err == -ENOPKG)
		snprintf(why, size,
			 "no BPF programs: this is a 32-bit vmmio-stat: --source tracefs, sysfs or "
			 "file:FILE");
	/* then BPF may not read the kernel's memory, whoever asks */
	else if ((err == -EPERM || err == -EINVAL) && vmmio_rights_locked())
		snprintf(why, size,
			 "cannot %s BPF programs: %s: the kernel is locked down (confidentiality), "
			 "which keeps BPF from reading it",
			 step, strerror(-err));
	else if (err == -EPERM && !vmmio_rights_own(&caps) &&
		 vmmio_rights_missing(caps, missing)[0])
		snprintf(why, size,
			 "cannot %s BPF programs: missing%s: run as root, or setcap "
			 "cap_bpf,cap_perfmon+ep vmmio-stat (with drivers that are modules "
			 "cap_sys_admin+ep)",
			 step, missing);
	else if (err == -EPERM && !vmmio_rights_own(&caps) && vmmio_rights_admin(caps))
		snprintf(why, size,
			 "cannot %s BPF programs: %s, although the rights are there: a user "
			 "namespace, a security module or a seccomp filter (a container's, say)",
			 step, strerror(-err));
	else if (err == -EPERM)
		snprintf(why, size,
			 "cannot %s BPF programs: %s: types of modules need CAP_SYS_ADMIN: run as "
			 "root",
			 step, strerror(-err));
	else if (err == -EACCES)
		snprintf(why, size,
			 "cannot %s BPF programs: the kernel's verifier refused one "
			 "(vmmio-stat doctor)",
			 step);
	else if (err == -ENOSYS)
		snprintf(why, size,
			 "cannot %s BPF programs: this kernel has no BPF "
			 "(vmmio-stat doctor)",
			 step);
	else if (err == -EINVAL && rings_unknown())
		snprintf(why, size,
			 "cannot %s BPF programs: the module virtio_ring has no BTF here (modules "
			 "have none before Linux 5.11), which reading its rings needs",
			 step);
	else
		snprintf(why, size, "cannot %s BPF programs: %s%s%s (vmmio-stat doctor)", step,
			 strerror(-err), first_warning[0] ? ": " : "", first_warning);
}

__u64 vmmio_bpf_misses(struct bpf_object *obj)
{
	struct bpf_program *prog;
	__u64 misses = 0;

	bpf_object__for_each_program(prog, obj) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(prog);

		if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
			misses += info.recursion_misses;
	}
	return misses;
}

/*
 * What kernels since 6.7 tell of a kprobe's link, laid out as in their struct
 * bpf_link_info; others leave the tail alone.
 */
struct probe_link_info {
	__u32 type; /* enum bpf_link_type */
	__u32 id;
	__u32 prog_id;
	__u32 pad;
	__u32 event; /* enum bpf_perf_event_type */
	__u32 pad2;
	__u64 name;
	__u32 name_len;
	__u32 offset;
	__u64 addr;
	__u64 missed;
	__u64 cookie;
};

#define LINK_PERF_EVENT 7
#define EVENT_KPROBE 3
#define EVENT_KRETPROBE 4

/* The kernel's answer for @link; what it does not know stays 0. Returns its length. */
static __u32 link_info(const struct bpf_link *link, struct probe_link_info *probe)
{
	union {
		struct probe_link_info probe;
		struct bpf_link_info any;
		char room[256];
	} info = {};
	__u32 len = sizeof(info.probe);

	memset(&info, 0, sizeof(info));
	if (bpf_obj_get_info_by_fd(bpf_link__fd(link), &info, &len))
		len = 0;
	*probe = info.probe;
	if (probe->type != LINK_PERF_EVENT ||
	    (probe->event != EVENT_KPROBE && probe->event != EVENT_KRETPROBE))
		len = 0;
	return len;
}

__u64 vmmio_bpf_link_misses(struct bpf_link *const *links, int n)
{
	__u64 misses = 0;
	int i;

	for (i = 0; i < n; i++) {
		struct probe_link_info info;

		if (link_info(links[i], &info))
			misses += info.missed;
	}
	return misses;
}

bool vmmio_bpf_tells_misses(const struct bpf_link *link)
{
	struct probe_link_info info;

	return link_info(link, &info) >=
	       offsetof(struct probe_link_info, missed) + sizeof(info.missed);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void keep_only(int *fds, int n)
{
	int i, from = 0;

	qsort(fds, n, sizeof(*fds), by_number);
	for (i = 0; i < n; i++) {
		if (fds[i] > from)
			close_range(from, fds[i] - 1, 0);
		from = fds[i] + 1;
	}
	close_range(from, ~0U, 0);
}

/* Waits until @gate is closed, which is when the last other process is gone. */
static void hold(int gate)
{
	char c;

	while (read(gate, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

void vmmio_bpf_leave(struct bpf_link *const *links, int n)
{
	int gate[2], *fds = calloc(n + 1, sizeof(*fds)), nfds = 1, i;
	pid_t pid;

	if (!fds || !n || pipe2(gate, O_CLOEXEC)) {
		free(fds);
		return;
	}
	fds[0] = gate[0];
	for (i = 0; i < n; i++)
		if (links[i])
			fds[nfds++] = bpf_link__fd(links[i]);
	pid = nfds > 1 ? fork() : -1;
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		keep_only(fds, nfds);
		/* reparented: a parent that waits for our children does not meet it */
		if (fork())
			_exit(0);
		hold(gate[0]);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	/* the other end stays open until the end of this process */
	close(gate[0]);
	free(fds);
}
