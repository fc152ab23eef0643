// SPDX-License-Identifier: GPL-2.0-only
/*
 * "doctor" in trees of files made up for it: each thing that a kernel may lack
 * is found, called what it is, and has its remedy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/vmmio-stat/doctor/doctor.h"
#include "vmmio/types.h"

#define ABI_TEXT(n) #n
#define ABI(n) ABI_TEXT(n)

static char root[64];

static void put(const char *path, const char *text)
{
	char full[256], *p;
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	assert_non_null(f);
	fprintf(f, "%s\n", text);
	assert_int_equal(fclose(f), 0);
}

static void take(const char *path)
{
	char full[256];

	snprintf(full, sizeof(full), "%s%s", root, path);
	assert_int_equal(remove(full), 0);
}

#define CLOCKS "/sys/devices/system/clocksource/clocksource0/"

/* A guest in which all is well. */
static int start(void **state)
{
	snprintf(root, sizeof(root), "/tmp/vmmio-doctor.XXXXXX");
	assert_non_null(mkdtemp(root));
	put(CLOCKS "current_clocksource", "tsc");
	put(CLOCKS "available_clocksource", "tsc kvm-clock hpet acpi_pm");
	put("/sys/kernel/vmmio/abi", ABI(VMMIO_ABI));
	put("/sys/kernel/vmmio/slots", "");
	put("/sys/module/vmmio/initstate", "live");
	put("/sys/module/virtio_ring/initstate", "live");
	put("/sys/kernel/btf/vmlinux", "");
	put("/sys/kernel/btf/vmmio", "");
	put("/sys/kernel/btf/virtio_ring", "");
	put("/sys/kernel/security/lockdown", "[none] integrity confidentiality");
	put("/sys/kernel/tracing/events/enable", "0");
	put("/sys/kernel/tracing/kprobe_events", "");
	put("/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff");
	put("/proc/sys/kernel/bpf_stats_enabled", "0");
	put("/proc/sys/net/core/bpf_jit_enable", "1");
	return 0;
}

static int end(void **state)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static struct doctor examine(struct doctor_trials trials)
{
	struct doctor d = {.root = root, .trials = trials};

	d.trials.done = true;
	doctor_examine(&d);
	assert_true(d.n < DOCTOR_FINDINGS - 1);
	return d;
}

static const struct doctor_finding *of(const struct doctor *d, const char *check)
{
	int i;

	for (i = 0; i < d->n; i++)
		if (!strcmp(d->list[i].check, check))
			return &d->list[i];
	fail_msg("no check is named '%s'", check);
	return NULL;
}

static void expect(const struct doctor *d, const char *check, enum doctor_state state,
		   const char *found, const char *remedy)
{
	const struct doctor_finding *f = of(d, check);

	if (f->state != state || !strstr(f->found, found) || !strstr(f->remedy, remedy))
		fail_msg("%s: %s: '%s' -> '%s'", check, doctor_state_names[f->state], f->found,
			 f->remedy);
	/* whatever is wrong has a remedy */
	if (f->state != DOCTOR_OK && strcmp(check, "capabilities"))
		assert_true(f->remedy[0]);
}

static const struct doctor_trials fine;

static void all_is_well(void **state)
{
	struct doctor d = examine(fine);
	int i;

	for (i = 0; i < d.n; i++)
		if (d.list[i].state == DOCTOR_PROBLEM)
			fail_msg("%s: %s", d.list[i].check, d.list[i].found);
	assert_true(doctor_well(&d));
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: tp_btf; mainline's transports: fentry", "");
}

/* A 32-bit program tries nothing and has no engine that needs BPF. */
static void no_programs(void **state)
{
	struct doctor d = {.root = root, .trials = {.none = true}};

	doctor_examine(&d);
	expect(&d, "BPF programs", DOCTOR_NOTE, "32-bit", "--source tracefs");
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: tracefs; mainline's transports: tracefs", "");
}

static void each_lack_is_found(void **state)
{
	struct doctor d;

	put(CLOCKS "current_clocksource", "hpet");
	d = examine(fine);
	expect(&d, "clocksource", DOCTOR_PROBLEM, "hpet: reading it traps", "echo tsc >");
	put(CLOCKS "available_clocksource", "hpet acpi_pm");
	d = examine(fine);
	expect(&d, "clocksource", DOCTOR_PROBLEM, "hpet", "tsc=reliable");
	assert_false(doctor_well(&d));

	put("/sys/kernel/vmmio/abi", "999");
	d = examine(fine);
	expect(&d, "vmmio.ko", DOCTOR_PROBLEM, "ABI 999; this program speaks " ABI(VMMIO_ABI),
	       "same tree");
	put("/sys/kernel/vmmio/abi", "junk");
	d = examine(fine);
	expect(&d, "vmmio.ko", DOCTOR_PROBLEM, "ABI junk", "same tree");
	put("/sys/kernel/vmmio/abi", ABI(VMMIO_ABI));

	take("/sys/kernel/btf/vmmio");
	d = examine(fine);
	expect(&d, "module BTF", DOCTOR_NOTE, "missing: vmmio; there: virtio_ring", "pahole");
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: raw_tp;", "");
	take("/sys/kernel/btf/virtio_ring");
	d = examine(fine);
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: kprobe", "");
	take("/sys/kernel/btf/vmlinux");
	d = examine(fine);
	expect(&d, "kernel BTF", DOCTOR_PROBLEM, "none", "CONFIG_DEBUG_INFO_BTF");
	expect(&d, "engines", DOCTOR_OK,
	       "vmmio.ko: tracefs; mainline's transports: tracefs, counts only", "");
	d = examine((struct doctor_trials){.fentry = -ESRCH});
	expect(&d, "fentry", DOCTOR_NOTE, "refused", "kernel's BTF");

	take("/sys/kernel/tracing/kprobe_events");
	d = examine(fine);
	expect(&d, "tracefs", DOCTOR_OK, "without kprobe events", "");
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: tracefs; mainline's transports: nothing", "");
	take("/sys/kernel/tracing/events/enable");
	take("/sys/kernel/tracing/events");
	d = examine(fine);
	expect(&d, "tracefs", DOCTOR_NOTE, "not mounted", "mount -t tracefs");
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: sysfs", "");
	put("/proc/mounts", "none /sys/kernel/tracing tracefs rw 0 0");
	d = examine(fine);
	expect(&d, "tracefs", DOCTOR_NOTE, "mounted, but empty", "lockdown");

	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]");
	d = examine(fine);
	expect(&d, "lockdown", DOCTOR_PROBLEM, "confidentiality", "lockdown=integrity");
	put("/sys/kernel/security/lockdown", "none [integrity] confidentiality");
	d = examine(fine);
	expect(&d, "lockdown", DOCTOR_OK, "integrity", "");
	take("/sys/kernel/security/lockdown");
	d = examine(fine);
	expect(&d, "lockdown", DOCTOR_NOTE, "not known", "mount -t securityfs");
	put("/sys/kernel/security/lsm", "capability");
	d = examine(fine);
	expect(&d, "lockdown", DOCTOR_OK, "this kernel has none", "");

	put("/proc/sys/kernel/bpf_stats_enabled", "1");
	d = examine(fine);
	expect(&d, "bpf_stats", DOCTOR_NOTE, "on", "bpf_stats_enabled=0");
	put("/proc/sys/net/core/bpf_jit_enable", "0");
	d = examine(fine);
	expect(&d, "BPF JIT", DOCTOR_NOTE, "interpreted", "bpf_jit_enable=1");
}

/* Locked down: what could be attached could read nothing. */
static void lockdown(void **state)
{
	struct doctor d;

	put("/sys/kernel/security/lockdown", "none integrity [confidentiality]");
	d = examine(fine);
	expect(&d, "engines", DOCTOR_OK,
	       "vmmio.ko: sysfs, its own counters: no durations; mainline's transports: nothing",
	       "");
	take("/sys/kernel/vmmio/slots");
	take("/sys/kernel/vmmio/abi");
	take("/sys/kernel/vmmio");
	d = examine(fine);
	expect(&d, "vmmio.ko", DOCTOR_NOTE, "not loaded", "sign vmmio.ko");
	expect(&d, "engines", DOCTOR_PROBLEM, "mainline's transports: nothing", "see above");
}

static void capabilities(void **state)
{
	struct doctor d;

	put("/proc/self/status", "CapEff:\t000000c000000000"); /* BPF, PERFMON */
	d = examine(fine);
	expect(&d, "capabilities", DOCTOR_OK, "CAP_BPF and CAP_PERFMON; types of modules", "");
	/* which are not to be had then */
	expect(&d, "engines", DOCTOR_OK, "vmmio.ko: raw_tp; mainline's transports: kprobe", "");
	put("/proc/sys/kernel/perf_event_paranoid", "3");
	d = examine((struct doctor_trials){.perf_kprobe = -EACCES});
	expect(&d, "kprobes", DOCTOR_NOTE, "Permission denied", "perf_event_paranoid=2 (it is 3)");
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: tracefs, counts only", "");
	take("/sys/module/virtio_ring/initstate");
	d = examine(fine);
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: fentry", "");
	put("/proc/self/status", "CapEff:\t0000008000000000");
	d = examine(fine);
	expect(&d, "capabilities", DOCTOR_PROBLEM, "missing: CAP_PERFMON", "setcap");
	put("/proc/self/status", "CapEff:\t0000004000000000");
	d = examine(fine);
	expect(&d, "capabilities", DOCTOR_PROBLEM, "missing: CAP_BPF", "setcap");
	put("/proc/self/status", "CapEff:\t0000000000000000");
	d = examine(fine);
	expect(&d, "capabilities", DOCTOR_PROBLEM, "missing: CAP_BPF CAP_PERFMON", "as root");
	put("/proc/self/status", "nothing");
	d = examine(fine);
	expect(&d, "capabilities", DOCTOR_NOTE, "unknown", "mount -t proc");
}

static void trials(void **state)
{
	struct doctor d;

	d = examine((struct doctor_trials){.fentry = -EPERM});
	expect(&d, "fentry", DOCTOR_NOTE, "Operation not permitted", "capabilities and lockdown");
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: kprobe", "");
	assert_true(doctor_well(&d));
	d = examine((struct doctor_trials){.fentry = -ENOTSUP, .perf_kprobe = -ENOENT});
	expect(&d, "kprobes", DOCTOR_PROBLEM, "No such file", "CONFIG_KPROBES");
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: tracefs, counts only", "");
	take("/sys/kernel/tracing/kprobe_events");
	d = examine((struct doctor_trials){.fentry = -ENOTSUP, .perf_kprobe = -ENOENT});
	expect(&d, "engines", DOCTOR_OK, "mainline's transports: nothing", "");
	assert_false(doctor_well(&d));
	take("/sys/kernel/vmmio/abi");
	take("/sys/kernel/vmmio/slots");
	take("/sys/kernel/vmmio");
	d = examine((struct doctor_trials){
		.raw_tp = -EPERM, .fentry = -EPERM, .kprobe = -EPERM, .perf_kprobe = -EPERM});
	expect(&d, "raw tracepoints", DOCTOR_PROBLEM, "refused", "capabilities and lockdown");
	expect(&d, "vmmio.ko", DOCTOR_NOTE, "not loaded", "vmmio-ctl bind");
	expect(&d, "engines", DOCTOR_PROBLEM, "nothing: it is not loaded", "sysfs");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_well, start, end),
		cmocka_unit_test_setup_teardown(no_programs, start, end),
		cmocka_unit_test_setup_teardown(each_lack_is_found, start, end),
		cmocka_unit_test_setup_teardown(lockdown, start, end),
		cmocka_unit_test_setup_teardown(capabilities, start, end),
		cmocka_unit_test_setup_teardown(trials, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
