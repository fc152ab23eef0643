// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of "doctor" on the rights of this process: lockdown, capabilities, and files with
 * restricted access.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "tools/vmmio-stat/core/rights.h"

#define SECURITY "/sys/kernel/security"

void doctor_check_lockdown(struct doctor *d)
{
	char text[64];
	struct doctor_finding *f;

	if (doctor_line(d, SECURITY "/lockdown", text, sizeof(text))) {
		if (doctor_there(d, SECURITY "/lsm") || !doctor_there(d, SECURITY)) {
			doctor_add(d, DOCTOR_OK, "lockdown", "this kernel has none");
			return;
		}
		f = doctor_add(d, DOCTOR_NOTE, "lockdown", "not known: securityfs is not mounted");
		doctor_remedy(f, "mount -t securityfs securityfs " SECURITY);
	} else if (strstr(text, "[confidentiality]")) {
		d->locked = true;
		f = doctor_add(
			d, DOCTOR_PROBLEM, "lockdown",
			"confidentiality: the kernel refuses BPF that reads it, kprobes, tracefs "
			"and unsigned modules");
		doctor_remedy(f,
			      "boot with lockdown=integrity or without Secure Boot; until then a "
			      "signed vmmio.ko and --source sysfs");
	} else if (strstr(text, "[integrity]")) {
		d->signed_only = true;
		doctor_add(d, DOCTOR_OK, "lockdown",
			   "integrity: leaves BPF alone, loads signed modules only");
	} else {
		doctor_add(d, DOCTOR_OK, "lockdown", "none");
	}
}

void doctor_check_capabilities(struct doctor *d)
{
	char path[PATH_MAX], missing[VMMIO_RIGHTS_TEXT];
	struct doctor_finding *f;
	__u64 caps;

	snprintf(path, sizeof(path), "%s/proc/self/status", d->root);
	if (vmmio_rights_caps(path, &caps)) {
		f = doctor_add(d, DOCTOR_NOTE, "capabilities",
			       "unknown: /proc/self/status cannot be read");
		doctor_remedy(f, "mount -t proc proc /proc");
		return;
	}
	d->admin = vmmio_rights_admin(caps);
	if (d->admin) {
		doctor_add(d, DOCTOR_OK, "capabilities",
			   "CAP_SYS_ADMIN, which implies CAP_BPF and CAP_PERFMON");
	} else if (!vmmio_rights_missing(caps, missing)[0]) {
		f = doctor_add(d, DOCTOR_OK, "capabilities",
			       "CAP_BPF and CAP_PERFMON; types of modules need CAP_SYS_ADMIN, so "
			       "raw_tp is used");
		if (!d->vmmio)
			f->state = DOCTOR_NOTE;
	} else {
		f = doctor_add(d, DOCTOR_PROBLEM, "capabilities", "missing:%s", missing);
		doctor_remedy(
			f, "run as root, or once: setcap cap_bpf,cap_perfmon+ep vmmio-stat (with "
			   "drivers that are modules cap_sys_admin+ep)");
	}
}

/* A folder that may not be entered. */
static bool hidden(const struct doctor *d, const char *path)
{
	char buf[PATH_MAX];

	snprintf(buf, sizeof(buf), "%s%s", d->root, path);
	return access(buf, X_OK) && errno == EACCES;
}

/* Mounted somewhere, whatever is in it. */
static bool mounted(const struct doctor *d, const char *type)
{
	char path[PATH_MAX], line[512], name[32];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/mounts", d->root);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*s %31s", name) == 1 && !strcmp(name, type);
	if (f)
		fclose(f);
	return found;
}

static void check_tracefs(struct doctor *d)
{
	static const char *const dirs[] = {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"};
	static const char without[] = "no --source tracefs, no trace-cmd, perf or bpftrace";
	struct doctor_finding *f;
	char path[64];
	size_t i;

	if (hidden(d, dirs[0])) {
		f = doctor_add(d, DOCTOR_NOTE, "tracefs", "mounted, for root only: %s", without);
		doctor_remedy(f, "run as root, or mount -o remount,mode=755 %s", dirs[0]);
		return;
	}
	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]) && !d->tracefs; i++) {
		snprintf(path, sizeof(path), "%s/events", dirs[i]);
		d->tracefs = doctor_there(d, path);
		snprintf(path, sizeof(path), "%s/kprobe_events", dirs[i]);
		d->kprobe_events = doctor_there(d, path);
	}
	if (d->tracefs) {
		doctor_add(d, DOCTOR_OK, "tracefs", "mounted%s",
			   d->kprobe_events ? "" : ", without kprobe events");
		d->tracefs = !d->locked;
	} else if (mounted(d, "tracefs")) {
		f = doctor_add(d, DOCTOR_NOTE, "tracefs", "mounted, but empty: %s", without);
		doctor_remedy(f, d->locked
					 ? "see lockdown"
					 : "a kernel with CONFIG_EVENT_TRACING=y; or see lockdown");
	} else {
		f = doctor_add(d, DOCTOR_NOTE, "tracefs", "not mounted: %s", without);
		doctor_remedy(f, "mount -t tracefs tracefs %s", dirs[0]);
	}
}

void doctor_check_files(struct doctor *d)
{
	struct doctor_finding *f;
	char text[16];

	check_tracefs(d);
	if (doctor_line(d, "/proc/sys/kernel/bpf_stats_enabled", text, sizeof(text))) {
		doctor_add(d, DOCTOR_OK, "bpf_stats",
			   "this kernel has none (--self shows no BPF run time)");
	} else if (strcmp(text, "0")) {
		f = doctor_add(d, DOCTOR_NOTE, "bpf_stats",
			       "on: every BPF program is timed and costs more");
		doctor_remedy(f, "sysctl kernel.bpf_stats_enabled=0 when --self has told enough");
	} else {
		doctor_add(d, DOCTOR_OK, "bpf_stats",
			   "off (sysctl kernel.bpf_stats_enabled=1: --self shows BPF run time)");
	}
}
