// SPDX-License-Identifier: GPL-2.0-only
/*
 * See rights.h.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rights.h"

#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

int vmmio_rights_caps(const char *path, __u64 *caps)
{
	unsigned long long found;
	char line[128];
	int err = -EPROTO;
	FILE *f = fopen(path, "re");

	if (!f)
		return -errno;
	while (err && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &found) != 1)
			continue;
		*caps = found;
		err = 0;
	}
	fclose(f);
	return err;
}

int vmmio_rights_own(__u64 *caps)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};

	if (syscall(SYS_capget, &head, data))
		return -errno;
	*caps = (__u64)data[1].effective << 32 | data[0].effective;
	return 0;
}

bool vmmio_rights_admin(__u64 caps)
{
	return caps >> CAP_SYS_ADMIN_BIT & 1;
}

const char *vmmio_rights_missing(__u64 caps, char text[VMMIO_RIGHTS_TEXT])
{
	bool admin = vmmio_rights_admin(caps);

	snprintf(text, VMMIO_RIGHTS_TEXT, "%s%s",
		 admin || (caps >> CAP_BPF_BIT & 1) ? "" : " CAP_BPF",
		 admin || (caps >> CAP_PERFMON_BIT & 1) ? "" : " CAP_PERFMON");
	return text;
}

bool vmmio_rights_locked(void)
{
	char text[64] = "";
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");

	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strstr(text, "[confidentiality]");
}
