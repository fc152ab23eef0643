// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description of the machine under a result. The CPU's model name stands in
 * for the machine; its host name never appears.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

int vmmio_machine_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

static void today(const char *format, char *buf, size_t len)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, len, format, &tm);
}

void vmmio_machine_set_name(enum vmmio_accel accel, char *buf, size_t len)
{
	char cpu[128], slug[48], kind[32], date[16];

	vmmio_accel_cpu(cpu, sizeof(cpu));
	vmmio_accel_slug(cpu, slug, sizeof(slug));
	vmmio_accel_slug(vmmio_accel_name(accel), kind, sizeof(kind));
	today("%Y-%m-%d", date, sizeof(date));
	snprintf(buf, len, "%s-%s-%s", date, slug[0] ? slug : "unknown", kind);
}

json_t *vmmio_machine_describe(enum vmmio_accel accel, unsigned int qemu)
{
	char cpu[128], version[32], stamp[32];
	struct utsname un;
	long pages = sysconf(_SC_PHYS_PAGES);

	vmmio_accel_cpu(cpu, sizeof(cpu));
	today("%Y-%m-%dT%H:%M:%SZ", stamp, sizeof(stamp));
	snprintf(version, sizeof(version), "%u.%u.%u", qemu / 10000, qemu / 100 % 100, qemu % 100);
	if (uname(&un))
		memset(&un, 0, sizeof(un));
	return json_pack("{s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s}", "accel",
			 vmmio_accel_name(accel), "cpu", cpu, "cpus", vmmio_machine_cpus(),
			 "memory_mib", (json_int_t)(pages / 1024 * sysconf(_SC_PAGESIZE) / 1024),
			 "arch", un.machine, "kernel", un.release, "qemu", version, "vmmio",
			 VMMIO_VERSION, "date", stamp);
}
