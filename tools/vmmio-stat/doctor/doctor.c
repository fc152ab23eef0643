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
#include "tools/vmmio-stat/core/env.h"
#include "tools/vmmio-stat/core/probing.h"

const char *const doctor_state_names[] = {"ok", "note", "problem"};

struct doctor_finding *doctor_add(struct doctor *d, enum doctor_state state, const char *check,
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

void doctor_remedy(struct doctor_finding *f, const char *format, ...)
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

bool doctor_there(const struct doctor *d, const char *path)
{
	char buf[PATH_MAX];

	return !access(path_of(d, buf, path), F_OK);
}

/* First line of a file; -errno if it cannot be read. */
int doctor_line(const struct doctor *d, const char *path, char *text, size_t size)
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
		doctor_add(d, DOCTOR_OK, "accelerator", "%s", env->accel);
		return;
	}
	if (!strcmp(env->accel, "unknown"))
		f = doctor_add(d, DOCTOR_NOTE, "accelerator",
			       "unknown: if it emulates, durations are not real, so they are not "
			       "shown");
	else
		f = doctor_add(
			d, DOCTOR_NOTE, "accelerator",
			"%s: durations are not real, counts marked ~ are true of this run only",
			env->accel);
	if (!strcmp(env->accel, "unknown"))
		doctor_remedy(
			f,
			"if you know what runs this machine: VMMIO_ACCEL=kvm in the environment");
	else
		doctor_remedy(f, "run it under KVM; or --emulated-time, for what it is worth");
}

static void check_clock(struct doctor *d, const struct vmmio_env *env)
{
	static const char *const good[] = {"tsc", "kvm-clock", "arch_sys_counter"};
	char available[128];
	struct doctor_finding *f;
	size_t i;

	d->clock_ok = env->clock_ok;
	if (env->clock_ok) {
		doctor_add(d, DOCTOR_OK, "clocksource", "%s: reading it does not trap",
			   env->clocksource);
		return;
	}
	f = doctor_add(d, DOCTOR_PROBLEM, "clocksource",
		       "%s: reading it traps, so there are no durations", env->clocksource);
	doctor_line(d, "/sys/devices/system/clocksource/clocksource0/available_clocksource",
		    available, sizeof(available));
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!strstr(available, good[i]))
			continue;
		doctor_remedy(
			f,
			"echo %s >/sys/devices/system/clocksource/clocksource0/current_clocksource",
			good[i]);
		return;
	}
	doctor_remedy(
		f, "boot with tsc=reliable, or let the hypervisor offer kvm-clock (available: %s)",
		available[0] ? available : "unknown");
}

static void check_module(struct doctor *d)
{
	char text[32];
	struct doctor_finding *f;
	char *end;
	long abi;

	if (!doctor_there(d, "/sys/kernel/vmmio")) {
		f = doctor_add(
			d, DOCTOR_NOTE, "vmmio.ko",
			"not loaded: no register accesses, no kick costs by its tracepoints");
		doctor_remedy(f, "%s",
			      d->locked || d->signed_only
				      ? "lockdown refuses unsigned modules: sign vmmio.ko with a "
					"key that "
					"the kernel trusts (mokutil --import), modprobe vmmio"
				      : "modprobe vmmio; vmmio-ctl bind DEVICE");
		return;
	}
	if (doctor_line(d, "/sys/kernel/vmmio/abi", text, sizeof(text))) {
		f = doctor_add(d, DOCTOR_PROBLEM, "vmmio.ko",
			       "loaded, but its ABI number cannot be read");
		doctor_remedy(f, "run as root");
		return;
	}
	abi = strtol(text, &end, 10);
	if (end == text || *end || abi != VMMIO_ABI) {
		f = doctor_add(d, DOCTOR_PROBLEM, "vmmio.ko",
			       "loaded, ABI %.20s; this program speaks %d", text, VMMIO_ABI);
		doctor_remedy(f, "build both from the same tree; rmmod vmmio, modprobe vmmio");
		return;
	}
	if (doctor_line(d, "/sys/kernel/vmmio/slots", text, sizeof(text)) == -EACCES) {
		f = doctor_add(d, DOCTOR_PROBLEM, "vmmio.ko",
			       "loaded, ABI %ld, but its slots file is not readable", abi);
		doctor_remedy(f, "run as root");
		return;
	}
	d->vmmio = true;
	doctor_add(d, DOCTOR_OK, "vmmio.ko", "loaded, ABI %ld", abi);
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
		f = doctor_add(d, DOCTOR_NOTE, "virtio devices", "none");
		doctor_remedy(
			f, "load the transport (virtio_mmio, virtio_pci), or vmmio with claim=all");
		return;
	}
	f = doctor_add(d, DOCTOR_OK, "virtio devices",
		       "%d with vmmio.ko, %d with mainline's transports", ours, others);
	if (!ours && d->vmmio) {
		f->state = DOCTOR_NOTE;
		doctor_remedy(f, "vmmio-ctl bind DEVICE (vmmio-ctl show lists them)");
	}
}

static void check_btf(struct doctor *d)
{
	static const char *const modules[] = {"vmmio", "virtio_ring", "virtio_mmio", "virtio_pci"};
	char path[64], missing[96] = "", present[96] = "";
	struct doctor_finding *f;
	size_t i;

	d->vmlinux_btf = doctor_there(d, "/sys/kernel/btf/vmlinux");
	if (d->vmlinux_btf) {
		doctor_add(d, DOCTOR_OK, "kernel BTF", "/sys/kernel/btf/vmlinux");
	} else {
		f = doctor_add(d, DOCTOR_PROBLEM, "kernel BTF",
			       "none: no BPF program of ours can be loaded");
		doctor_remedy(f,
			      "a kernel with CONFIG_DEBUG_INFO_BTF=y; until then --source tracefs, "
			      "or sysfs (vmmio.ko's own counters)");
	}
	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		bool loadable, btf;

		/* what is built in has its types in vmlinux */
		snprintf(path, sizeof(path), "/sys/module/%s/initstate", modules[i]);
		loadable = doctor_there(d, path);
		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[i]);
		btf = loadable ? doctor_there(d, path) : d->vmlinux_btf;
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
		f = doctor_add(d, DOCTOR_NOTE, "module BTF", "missing:%s%s%s", missing,
			       present[0] ? "; there:" : "", present);
		doctor_remedy(
			f, "build the module with pahole at hand and vmlinux beside the headers; "
			   "without it: raw_tp for vmmio, kprobes for the others");
	} else if (present[0]) {
		doctor_add(d, DOCTOR_OK, "module BTF", "%s", present + 1);
	} else {
		doctor_add(d, DOCTOR_OK, "module BTF", "no such module is loaded");
	}
}

static void trial(struct doctor *d, const char *check, int err, const char *what,
		  enum doctor_state otherwise, const char *advice)
{
	char paranoid[16];
	struct doctor_finding *f;

	if (!err) {
		doctor_add(d, DOCTOR_OK, check, "%s", what);
		return;
	}
	f = doctor_add(d, otherwise, check, "refused: %s", strerror(-err));
	doctor_line(d, "/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof(paranoid));
	if (!d->vmlinux_btf && !strcmp(check, "fentry"))
		doctor_remedy(f, "it needs the kernel's BTF, see above");
	else if (err == -EACCES && !strcmp(check, "kprobes") && atoi(paranoid) > 2)
		doctor_remedy(f, "sysctl kernel.perf_event_paranoid=2 (it is %s), or CAP_SYS_ADMIN",
			      paranoid);
	else if (err == -EPERM || err == -EACCES)
		doctor_remedy(f,
			      "see capabilities and lockdown; in a container, its seccomp filter");
	else
		doctor_remedy(f, "%s", advice);
}

/* What is attached all the same counts nothing. */
static void check_switches(struct doctor *d)
{
	const char *why[2], *remedy;
	struct doctor_finding *f;
	int i;

	why[0] = vmmio_probing_off(d->root, false);
	why[1] = vmmio_probing_off(d->root, true);
	d->fentry_off = why[0];
	d->kprobes_off = why[1];
	for (i = 0; i < 2; i++) {
		if (!why[i] || (i && why[i] == why[0]))
			continue;
		remedy = strstr(why[i], ": ");
		f = doctor_add(d, DOCTOR_PROBLEM, i ? "kprobes" : "ftrace", "%.*s",
			       (int)(remedy - why[i]), why[i]);
		doctor_remedy(f, "%s", remedy + 2);
	}
}

static void check_trials(struct doctor *d)
{
	const struct doctor_trials *t = &d->trials;
	char text[8];
	struct doctor_finding *f;

	if (t->none) {
		f = doctor_add(d, DOCTOR_NOTE, "BPF programs", "none: this is a 32-bit vmmio-stat");
		doctor_remedy(f, "--source tracefs, or sysfs (vmmio.ko's own counters)");
	}
	if (!t->done)
		return;
	trial(d, "raw tracepoints", t->raw_tp, "loaded and attached", DOCTOR_PROBLEM,
	      "a kernel with CONFIG_BPF_SYSCALL=y and CONFIG_BPF_EVENTS=y");
	if (!d->fentry_off)
		trial(d, "fentry", t->fentry, "loaded and attached", DOCTOR_NOTE,
		      "a kernel with CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS (x86: 5.5, arm64: "
		      "6.4); "
		      "kprobes serve, less exactly");
	if (!d->kprobes_off)
		trial(d, "kprobes", t->kprobe ? t->kprobe : t->perf_kprobe, "can be set",
		      t->fentry ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		      "a kernel with CONFIG_KPROBES=y and CONFIG_KPROBE_EVENTS=y; without fentry "
		      "and "
		      "kprobes only vmmio.ko can be watched");
	if (!doctor_line(d, "/proc/sys/net/core/bpf_jit_enable", text, sizeof(text)) &&
	    !strcmp(text, "0")) {
		f = doctor_add(d, DOCTOR_NOTE, "BPF JIT",
			       "off: programs are interpreted, probes cost several times more");
		doctor_remedy(f, "sysctl net.core.bpf_jit_enable=1");
	}
}

static void check_kvm(struct doctor *d)
{
	char path[PATH_MAX];
	struct doctor_finding *f;
	int fd;

	if (!doctor_there(d, "/dev/kvm")) {
		doctor_add(d, DOCTOR_OK, "/dev/kvm", "none: not a host (exits and vms need one)");
		return;
	}
	fd = open(path_of(d, path, "/dev/kvm"), O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		f = doctor_add(d, DOCTOR_NOTE, "/dev/kvm", "cannot be opened: %s", strerror(errno));
		doctor_remedy(
			f, "be root or of group kvm; that it opens does not say yet that it runs "
			   "guests");
		return;
	}
	close(fd);
	doctor_add(d, DOCTOR_OK, "/dev/kvm",
		   "opens (vmmio-bench boots a guest before it trusts it)");
}

static void verdict(struct doctor *d)
{
	const struct doctor_trials *t = &d->trials;
	bool bpf = !t->none && d->vmlinux_btf && !d->locked && (!t->done || !t->raw_tp);
	const char *ours = "nothing: it is not loaded", *stock = "nothing";
	struct doctor_finding *f;

	if (d->vmmio)
		ours = !bpf && d->tracefs	  ? "tracefs"
		       : !bpf			  ? "sysfs, its own counters: no durations"
		       : d->vmmio_btf && d->admin ? "tp_btf"
						  : "raw_tp";
	if (bpf && t->done && !t->fentry && !d->fentry_off && d->ring_btf &&
	    (d->admin || d->ring_builtin))
		stock = "fentry";
	else if (bpf && t->done && !t->kprobe && !t->perf_kprobe && !d->kprobes_off)
		stock = "kprobe";
	else if (d->tracefs && d->kprobe_events && !d->kprobes_off)
		stock = "tracefs, counts only";
	f = doctor_add(d, DOCTOR_OK, "engines",
		       "vmmio.ko: %s; mainline's transports: %s; durations: %s", ours, stock,
		       !d->clock_ok  ? "no"
		       : d->emulated ? "emulated"
				     : "yes");
	if (!d->vmmio && !strcmp(stock, "nothing")) {
		f->state = DOCTOR_PROBLEM;
		doctor_remedy(f,
			      "see above; the least demanding way is vmmio.ko with --source sysfs");
	}
}

void doctor_examine(struct doctor *d)
{
	struct vmmio_env env;
	char text[sizeof(env.clocksource)];

	vmmio_env_detect(&env);
	if (d->root[0] &&
	    !doctor_line(d, "/sys/devices/system/clocksource/clocksource0/current_clocksource",
			 text, sizeof(text)))
		vmmio_env_set(&env, env.accel, text);
	d->n = 0;
	check_machine(d, &env);
	check_clock(d, &env);
	doctor_check_lockdown(d);
	check_module(d);
	check_devices(d);
	check_btf(d);
	doctor_check_capabilities(d);
	check_switches(d);
	check_trials(d);
	doctor_check_files(d);
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
