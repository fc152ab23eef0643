// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks of "doctor", see doctor.h. Most specific last: the verdict at the
 * end names the engines that remain.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vmmio/types.h"
#include "doctor.h"
#include "env.h"

#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

const char *const doctor_state_names[] = {"ok", "note", "problem"};

static struct doctor_finding *add(struct doctor *d, enum doctor_state state, const char *check,
				  const char *format, ...) __attribute__((format(printf, 4, 5)));
static void remedy(struct doctor_finding *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static struct doctor_finding *add(struct doctor *d, enum doctor_state state, const char *check,
				  const char *format, ...)
{
	struct doctor_finding *f = &d->list[d->n < DOCTOR_FINDINGS - 1 ? d->n++ : d->n];
	va_list args;

	memset(f, 0, sizeof(*f));
	f->state = state;
	f->check = check;
	va_start(args, format);
	vsnprintf(f->found, sizeof(f->found), format, args);
	va_end(args);
	return f;
}

static void remedy(struct doctor_finding *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(f->remedy, sizeof(f->remedy), format, args);
	va_end(args);
}

static char *path_of(const struct doctor *d, char *buf, const char *path)
{
	snprintf(buf, PATH_MAX, "%s%s", d->root, path);
	return buf;
}

static bool there(const struct doctor *d, const char *path)
{
	char buf[PATH_MAX];

	return !access(path_of(d, buf, path), F_OK);
}

/* A folder that may not be entered. */
static bool hidden(const struct doctor *d, const char *path)
{
	char buf[PATH_MAX];

	return access(path_of(d, buf, path), X_OK) && errno == EACCES;
}

/* First line of a file; -errno if it cannot be read. */
static int line_of(const struct doctor *d, const char *path, char *text, size_t size)
{
	char buf[PATH_MAX];
	FILE *f = fopen(path_of(d, buf, path), "re");
	int err = 0;

	text[0] = '\0';
	if (!f)
		return -errno;
	if (!fgets(text, (int)size, f))
		err = -EIO;
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	return err;
}

static void check_machine(struct doctor *d, const struct vmmio_env *env)
{
	struct doctor_finding *f;

	d->emulated = env->emulated;
	if (!env->emulated) {
		add(d, DOCTOR_OK, "accelerator", "%s", env->accel);
		return;
	}
	f = add(d, DOCTOR_NOTE, "accelerator",
		"%s: durations are not real, counts marked ~ are true of this run only",
		env->accel);
	if (!strcmp(env->accel, "unknown"))
		remedy(f, "if you know what runs this machine: VMMIO_ACCEL=kvm in the environment");
	else
		remedy(f, "run it under KVM; or --emulated-time, for what it is worth");
}

static void check_clock(struct doctor *d, const struct vmmio_env *env)
{
	static const char *const good[] = {"tsc", "kvm-clock", "arch_sys_counter"};
	char available[128];
	struct doctor_finding *f;
	size_t i;

	d->clock_ok = env->clock_ok;
	if (env->clock_ok) {
		add(d, DOCTOR_OK, "clocksource", "%s: reading it does not trap", env->clocksource);
		return;
	}
	f = add(d, DOCTOR_PROBLEM, "clocksource", "%s: reading it traps, so there are no durations",
		env->clocksource);
	line_of(d, "/sys/devices/system/clocksource/clocksource0/available_clocksource", available,
		sizeof(available));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!strstr(available, good[i]))
			continue;
		remedy(f,
		       "echo %s >/sys/devices/system/clocksource/clocksource0/current_clocksource",
		       good[i]);
		return;
	}
	remedy(f, "boot with tsc=reliable, or let the hypervisor offer kvm-clock (available: %s)",
	       available[0] ? available : "unknown");
}

static void check_module(struct doctor *d)
{
	char text[32];
	struct doctor_finding *f;
	char *end;
	long abi;

	if (!there(d, "/sys/kernel/vmmio")) {
		f = add(d, DOCTOR_NOTE, "vmmio.ko",
			"not loaded: no register accesses, no kick costs by its tracepoints");
		remedy(f, "modprobe vmmio; vmmio-ctl bind DEVICE");
		return;
	}
	if (line_of(d, "/sys/kernel/vmmio/abi", text, sizeof(text))) {
		f = add(d, DOCTOR_PROBLEM, "vmmio.ko", "loaded, but its ABI number cannot be read");
		remedy(f, "run as root");
		return;
	}
	abi = strtol(text, &end, 10);
	if (end == text || *end || abi != VMMIO_ABI) {
		f = add(d, DOCTOR_PROBLEM, "vmmio.ko", "loaded, ABI %.20s; this program speaks %d",
			text, VMMIO_ABI);
		remedy(f, "build both from the same tree; rmmod vmmio, modprobe vmmio");
		return;
	}
	if (line_of(d, "/sys/kernel/vmmio/slots", text, sizeof(text)) == -EACCES) {
		f = add(d, DOCTOR_PROBLEM, "vmmio.ko",
			"loaded, ABI %ld, but its slots file is not readable", abi);
		remedy(f, "run as root");
		return;
	}
	d->vmmio = true;
	add(d, DOCTOR_OK, "vmmio.ko", "loaded, ABI %ld", abi);
}

static bool is_virtio_name(const char *name)
{
	return !strncmp(name, "virtio", 6) && name[6] && !name[6 + strspn(name + 6, "0123456789")];
}

/* How many virtio devices there are, and with whose transport. */
static void check_devices(struct doctor *d)
{
	char path[PATH_MAX], link[PATH_MAX], target[PATH_MAX];
	int ours = 0, others = 0;
	struct doctor_finding *f;
	struct dirent *e;
	DIR *dir;

	dir = opendir(path_of(d, path, "/sys/bus/virtio/devices"));
	while (dir && (e = readdir(dir))) {
		ssize_t n;

		if (!is_virtio_name(e->d_name))
			continue;
		snprintf(link, sizeof(link), "%s/sys/bus/virtio/devices/%.32s/../driver", d->root,
			 e->d_name);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		if (strstr(target, "/vmmio-"))
			ours++;
		else
			others++;
	}
	if (dir)
		closedir(dir);
	if (!ours && !others) {
		f = add(d, DOCTOR_NOTE, "virtio devices", "none");
		remedy(f, "load the transport (virtio_mmio, virtio_pci), or vmmio with claim=all");
		return;
	}
	f = add(d, DOCTOR_OK, "virtio devices", "%d with vmmio.ko, %d with mainline's transports",
		ours, others);
	if (!ours && d->vmmio) {
		f->state = DOCTOR_NOTE;
		remedy(f, "vmmio-ctl bind DEVICE (vmmio-ctl show lists them)");
	}
}

static void check_btf(struct doctor *d)
{
	static const char *const modules[] = {"vmmio", "virtio_ring", "virtio_mmio", "virtio_pci"};
	char path[64], missing[96] = "", present[96] = "";
	struct doctor_finding *f;
	size_t i;

	d->vmlinux_btf = there(d, "/sys/kernel/btf/vmlinux");
	if (d->vmlinux_btf) {
		add(d, DOCTOR_OK, "kernel BTF", "/sys/kernel/btf/vmlinux");
	} else {
		f = add(d, DOCTOR_PROBLEM, "kernel BTF",
			"none: no BPF program of ours can be loaded");
		remedy(f, "a kernel with CONFIG_DEBUG_INFO_BTF=y; until then --source sysfs "
			  "(vmmio.ko's own counters)");
	}
	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		bool loadable, btf;

		/* what is built in has its types in vmlinux */
		snprintf(path, sizeof(path), "/sys/module/%s/initstate", modules[i]);
		loadable = there(d, path);
		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[i]);
		btf = loadable ? there(d, path) : d->vmlinux_btf;
		if (i == 0)
			d->vmmio_btf = loadable && btf;
		if (i == 1)
			d->ring_btf = btf;
		if (i == 1)
			d->ring_builtin = !loadable;
		if (!loadable)
			continue;
		strncat(btf ? present : missing, " ", 2);
		strncat(btf ? present : missing, modules[i], 20);
	}
	if (missing[0]) {
		f = add(d, DOCTOR_NOTE, "module BTF", "missing:%s%s%s", missing,
			present[0] ? "; there:" : "", present);
		remedy(f, "build the module with pahole at hand and vmlinux beside the headers; "
			  "without it: raw_tp for vmmio, kprobes for the others");
	} else if (present[0]) {
		add(d, DOCTOR_OK, "module BTF", "%s", present + 1);
	} else {
		add(d, DOCTOR_OK, "module BTF", "no such module is loaded");
	}
}

static void check_capabilities(struct doctor *d)
{
	char path[PATH_MAX], line[128];
	unsigned long long caps = 0;
	struct doctor_finding *f;
	bool known = false, bpf, perfmon, admin;
	FILE *status = fopen(path_of(d, path, "/proc/self/status"), "re");

	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			known = true;
	if (status)
		fclose(status);
	if (!known) {
		f = add(d, DOCTOR_NOTE, "capabilities",
			"unknown: /proc/self/status cannot be read");
		remedy(f, "mount -t proc proc /proc");
		return;
	}
	bpf = caps >> CAP_BPF_BIT & 1;
	perfmon = caps >> CAP_PERFMON_BIT & 1;
	admin = caps >> CAP_SYS_ADMIN_BIT & 1;
	d->admin = admin;
	if (admin) {
		add(d, DOCTOR_OK, "capabilities",
		    "CAP_SYS_ADMIN, which implies CAP_BPF and CAP_PERFMON");
	} else if (bpf && perfmon) {
		f = add(d, DOCTOR_OK, "capabilities",
			"CAP_BPF and CAP_PERFMON; types of modules need CAP_SYS_ADMIN, so raw_tp "
			"is used");
		if (!d->vmmio)
			f->state = DOCTOR_NOTE;
	} else {
		f = add(d, DOCTOR_PROBLEM, "capabilities", "missing:%s%s", bpf ? "" : " CAP_BPF",
			perfmon ? "" : " CAP_PERFMON");
		remedy(f, "run as root, or once: setcap cap_bpf,cap_perfmon+ep vmmio-stat");
	}
}

static void check_lockdown(struct doctor *d)
{
	char text[64];
	struct doctor_finding *f;

	if (line_of(d, "/sys/kernel/security/lockdown", text, sizeof(text))) {
		add(d, DOCTOR_OK, "lockdown", "none that is shown in /sys/kernel/security");
	} else if (strstr(text, "[confidentiality]")) {
		f = add(d, DOCTOR_PROBLEM, "lockdown",
			"confidentiality: the kernel refuses BPF, kprobes and tracefs");
		remedy(f, "boot with lockdown=integrity or without Secure Boot; until then "
			  "--source sysfs");
	} else {
		add(d, DOCTOR_OK, "lockdown", "%s: leaves BPF alone",
		    strstr(text, "[integrity]") ? "integrity" : "none");
	}
}

static void trial(struct doctor *d, const char *check, int err, const char *what,
		  enum doctor_state otherwise, const char *advice)
{
	char paranoid[16];
	struct doctor_finding *f;

	if (!err) {
		add(d, DOCTOR_OK, check, "%s", what);
		return;
	}
	f = add(d, otherwise, check, "refused: %s", strerror(-err));
	line_of(d, "/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof(paranoid));
	if (err == -EACCES && !strcmp(check, "kprobes") && atoi(paranoid) > 2)
		remedy(f, "sysctl kernel.perf_event_paranoid=2 (it is %s), or CAP_SYS_ADMIN",
		       paranoid);
	else if (err == -EPERM || err == -EACCES)
		remedy(f, "see capabilities and lockdown; in a container, its seccomp filter");
	else
		remedy(f, "%s", advice);
}

static void check_trials(struct doctor *d)
{
	const struct doctor_trials *t = &d->trials;
	char text[8];
	struct doctor_finding *f;

	if (!t->done)
		return;
	trial(d, "raw tracepoints", t->raw_tp, "loaded and attached", DOCTOR_PROBLEM,
	      "a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y");
	trial(d, "fentry", t->fentry, "loaded and attached", DOCTOR_NOTE,
	      "a kernel with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS (x86: 5.5, arm64: 6.4); "
	      "kprobes serve, less exactly");
	trial(d, "kprobes", t->kprobe ? t->kprobe : t->perf_kprobe, "can be set",
	      t->fentry ? DOCTOR_PROBLEM : DOCTOR_NOTE,
	      "a kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y; without fentry and "
	      "kprobes only vmmio.ko can be watched");
	if (!line_of(d, "/proc/sys/net/core/bpf_jit_enable", text, sizeof(text)) &&
	    !strcmp(text, "0")) {
		f = add(d, DOCTOR_NOTE, "BPF JIT",
			"off: programs are interpreted, probes cost several times more");
		remedy(f, "sysctl net.core.bpf_jit_enable=1");
	}
}

static void check_files(struct doctor *d)
{
	char text[16];
	struct doctor_finding *f;

	if (hidden(d, "/sys/kernel/tracing")) {
		f = add(d, DOCTOR_NOTE, "tracefs",
			"mounted, for root only: no recording with trace-cmd, perf or bpftrace");
		remedy(f, "run as root, or mount -o remount,mode=755 /sys/kernel/tracing");
	} else if (there(d, "/sys/kernel/tracing/events") ||
		   there(d, "/sys/kernel/debug/tracing/events")) {
		add(d, DOCTOR_OK, "tracefs", "mounted");
	} else {
		f = add(d, DOCTOR_NOTE, "tracefs",
			"not mounted: no recording with trace-cmd, perf or "
			"bpftrace");
		remedy(f, "mount -t tracefs tracefs /sys/kernel/tracing");
	}
	if (line_of(d, "/proc/sys/kernel/bpf_stats_enabled", text, sizeof(text))) {
		add(d, DOCTOR_OK, "bpf_stats",
		    "this kernel has none (--self shows no BPF run time)");
	} else if (strcmp(text, "0")) {
		f = add(d, DOCTOR_NOTE, "bpf_stats",
			"on: every BPF program is timed and costs more");
		remedy(f, "sysctl kernel.bpf_stats_enabled=0 when --self has told enough");
	} else {
		add(d, DOCTOR_OK, "bpf_stats",
		    "off (sysctl kernel.bpf_stats_enabled=1: --self shows BPF run time)");
	}
}

static void check_kvm(struct doctor *d)
{
	char path[PATH_MAX];
	struct doctor_finding *f;
	int fd;

	if (!there(d, "/dev/kvm")) {
		add(d, DOCTOR_OK, "/dev/kvm", "none: not a host (exits and vms need one)");
		return;
	}
	fd = open(path_of(d, path, "/dev/kvm"), O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		f = add(d, DOCTOR_NOTE, "/dev/kvm", "cannot be opened: %s", strerror(errno));
		remedy(f, "be root or of group kvm; that it opens does not say yet that it runs "
			  "guests");
		return;
	}
	close(fd);
	add(d, DOCTOR_OK, "/dev/kvm", "opens (vmmio-bench boots a guest before it trusts it)");
}

static void verdict(struct doctor *d)
{
	const struct doctor_trials *t = &d->trials;
	bool bpf = d->vmlinux_btf && (!t->done || !t->raw_tp);
	const char *ours = "nothing: it is not loaded", *stock = "nothing";
	struct doctor_finding *f;

	if (d->vmmio)
		ours = !bpf			  ? "sysfs, its own counters: no durations"
		       : d->vmmio_btf && d->admin ? "tp_btf"
						  : "raw_tp";
	if (bpf && t->done && !t->fentry && d->ring_btf && (d->admin || d->ring_builtin))
		stock = "fentry";
	else if (bpf && t->done && !t->kprobe && !t->perf_kprobe)
		stock = "kprobe";
	f = add(d, DOCTOR_OK, "engines", "vmmio.ko: %s; mainline's transports: %s; durations: %s",
		ours, stock,
		!d->clock_ok  ? "no"
		: d->emulated ? "emulated"
			      : "yes");
	if (!d->vmmio && !strcmp(stock, "nothing")) {
		f->state = DOCTOR_PROBLEM;
		remedy(f, "see above; the least demanding way is vmmio.ko with --source sysfs");
	}
}

void doctor_examine(struct doctor *d)
{
	struct vmmio_env env;
	char text[sizeof(env.clocksource)];

	vmmio_env_detect(&env);
	if (d->root[0] &&
	    !line_of(d, "/sys/devices/system/clocksource/clocksource0/current_clocksource", text,
		     sizeof(text)))
		vmmio_env_set(&env, env.accel, text);
	d->n = 0;
	check_machine(d, &env);
	check_clock(d, &env);
	check_module(d);
	check_devices(d);
	check_btf(d);
	check_capabilities(d);
	check_lockdown(d);
	check_trials(d);
	check_files(d);
	check_kvm(d);
	verdict(d);
}

bool doctor_well(const struct doctor *d)
{
	int i;

	for (i = 0; i < d->n; i++)
		if (d->list[i].state == DOCTOR_PROBLEM)
			return false;
	return true;
}
