// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accelerator and clock, see env.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "lib/accel.h"
#include "env.h"
#include "hypervisor.h"

static const char *hypervisor(void)
{
#if defined(__x86_64__) || defined(__i386__)
	static const struct {
		const char *signature;
		const char *name;
	} known[] = {
		{"TCGTCGTCGTCG", "tcg"},    {"KVMKVMKVM", "kvm"},	{"Linux KVM Hv", "kvm"},
		{"Microsoft Hv", "hyperv"}, {"VMwareVMware", "vmware"}, {"XenVMMXenVMM", "xen"},
	};
	unsigned int a, b, c, d;
	char signature[13] = "";
	size_t i;

	if (!__get_cpuid(1, &a, &b, &c, &d))
		return "unknown";
	if (!(c >> 31 & 1))
		return "none";
	__cpuid(0x40000000, a, b, c, d);
	memcpy(signature, &b, 4);
	memcpy(signature + 4, &c, 4);
	memcpy(signature + 8, &d, 4);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(signature, known[i].signature))
			return known[i].name;
	/* QEMU's emulation gives its name: this is none */
	return "other";
#else
	return vmmio_hypervisor_by_files("");
#endif
}

bool vmmio_clock_is_direct(const char *clocksource)
{
	return !strcmp(clocksource, "tsc") || !strcmp(clocksource, "tsc-early") ||
	       !strcmp(clocksource, "kvm-clock") || !strcmp(clocksource, "arch_sys_counter") ||
	       !strncmp(clocksource, "hyperv_clocksource_", 19);
}

static void read_line(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "re");

	if (!f || !fgets(buf, size, f))
		snprintf(buf, size, "unknown");
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
}

void vmmio_env_set(struct vmmio_env *env, const char *accel, const char *clocksource)
{
	snprintf(env->accel, sizeof(env->accel), "%s", accel);
	snprintf(env->clocksource, sizeof(env->clocksource), "%s", clocksource);
	env->emulated = vmmio_accel_name_emulated(env->accel) || !strcmp(env->accel, "unknown");
	env->clock_ok = vmmio_clock_is_direct(env->clocksource);
}

const char *vmmio_env_emulated_text(const struct vmmio_env *env)
{
	return !strcmp(env->accel, "unknown") ? "perhaps emulated" : "emulated";
}

const char *vmmio_env_hidden_text(const struct vmmio_env *env)
{
	return !strcmp(env->accel, "unknown")
		       ? "not real if this machine is emulated, which is not known"
		       : "not real under emulation";
}

bool vmmio_env_times(const struct vmmio_env *env)
{
	return env->clock_ok && (!env->emulated || env->emulated_time);
}

void vmmio_env_detect(struct vmmio_env *env)
{
	const char *override = getenv("VMMIO_ACCEL");
	char clocksource[sizeof(env->clocksource)];

	memset(env, 0, sizeof(*env));
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", clocksource,
		  sizeof(clocksource));
	vmmio_env_set(env, override ? override : hypervisor(), clocksource);
}
