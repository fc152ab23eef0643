// SPDX-License-Identifier: GPL-2.0-only
/*
 * See drop.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drop.h"

/* Linux' overflow user and group: nobody's, whatever /etc/passwd says. */
#define NOBODY 65534

static int failed(char *why, size_t size, const char *what)
{
	int err = errno;

	snprintf(why, size, "cannot drop privileges: %s: %s", what, strerror(err));
	return err ? -err : -EPERM;
}

static void close_between(unsigned int from, unsigned int to)
{
	unsigned int fd;

	if (from > to || !syscall(SYS_close_range, from, to, 0))
		return;
	/* before 5.9 */
	for (fd = from; fd <= to && fd < 65536; fd++)
		close((int)fd);
}

static void close_others(const int *keep, size_t n)
{
	unsigned int from = 3;
	size_t i;

	for (i = 0; i < n; i++) {
		if (keep[i] > 2)
			close_between(from, (unsigned int)keep[i] - 1);
		from = (unsigned int)keep[i] + 1 > from ? (unsigned int)keep[i] + 1 : from;
	}
	close_between(from, ~0u);
}

static int drop_capabilities(char *why, size_t size)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {};
	int cap;

	/* those above the last one are none */
	for (cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) && errno != EPERM)
			return failed(why, size, "bounding set");
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() == 0 || getuid() == 0) {
		if (setgroups(0, NULL))
			return failed(why, size, "groups");
		if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
			return failed(why, size, "user 65534");
	}
	if (syscall(SYS_capset, &head, none))
		return failed(why, size, "capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed(why, size, "no_new_privs");
	return 0;
}

/* No file can be opened, where the kernel has Landlock (5.13, if it is switched on). */
static void close_files(void)
{
	struct landlock_ruleset_attr attr = {
		/* all that its first version knows */
		.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1,
	};
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (fd < 0)
		return;
	syscall(SYS_landlock_restrict_self, fd, 0);
	close(fd);
}

static int limit(int what, rlim_t to)
{
	struct rlimit r = {to, to};

	return setrlimit(what, &r);
}

int vmmio_drop(const int *keep, size_t n, unsigned int files, char *why, size_t size)
{
	int err, fd;

	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
	}
	close_others(keep, n);
	err = drop_capabilities(why, size);
	if (err)
		return err;
	if (limit(RLIMIT_NOFILE, files) || limit(RLIMIT_CORE, 0) || limit(RLIMIT_NPROC, 0))
		return failed(why, size, "limits");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	close_files();
	return 0;
}
