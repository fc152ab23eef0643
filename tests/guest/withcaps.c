// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command as nobody with nothing but the capabilities of a mask: what
 * setcap gives to a file, where there is no setcap.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

int main(int argc, char **argv)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {};
	unsigned long long mask;
	int c;

	if (argc < 3) {
		fprintf(stderr, "usage: withcaps MASK COMMAND [ARGUMENT...]\n");
		return 2;
	}
	mask = strtoull(argv[1], NULL, 16);
	for (c = 0; c < 2; c++)
		data[c].effective = data[c].permitted = data[c].inheritable =
			(__u32)(mask >> (32 * c));
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgid(NOBODY) || setuid(NOBODY) ||
	    syscall(SYS_capset, &head, data)) {
		fprintf(stderr, "withcaps: %s\n", strerror(errno));
		return 2;
	}
	for (c = 0; c < 64; c++)
		if (mask >> c & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0)) {
			fprintf(stderr, "withcaps: capability %d: %s\n", c, strerror(errno));
			return 2;
		}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "withcaps: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
