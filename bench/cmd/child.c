// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs run to their end (child.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/guest/pool.h"
#include "child.h"

#define POLITE_NS 3000000000LL /* between the signal that asks and the one that ends it */

static void be_child(char *const argv[], const char *dir, int out, int err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || (dir && chdir(dir)) || dup2(null, 0) < 0 ||
	    dup2(out < 0 ? null : out, 1) < 0 || dup2(err < 0 ? null : err, 2) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

int vmmio_child_run(char *const argv[], const char *dir, int out, int err, bool to_the_end)
{
	struct timespec nap = {0, 1000000};
	long long stopped = 0;
	int status, got;
	pid_t pid = fork();

	if (!pid)
		be_child(argv, dir, out, err);
	if (pid < 0)
		return -errno;
	setpgid(pid, pid); /* whoever comes first */
	/* not by waiting for the end of its output: what it leaves in the background may hold that
	 */
	while (!(got = waitpid(pid, &status, WNOHANG)) || (got < 0 && errno == EINTR)) {
		if (vmmio_stop && !to_the_end) {
			if (!stopped)
				kill(-pid, SIGTERM);
			else if (stopped > POLITE_NS)
				kill(-pid, SIGKILL);
			stopped += nap.tv_nsec;
		}
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 32000000)
			nap.tv_nsec *= 2;
	}
	if (got < 0)
		return -errno;
	if (stopped) {
		kill(-pid, SIGKILL); /* what did not go with it */
		return -EINTR;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

char *vmmio_child_text(int fd)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st))
		return NULL;
	text = malloc(st.st_size + 1);
	n = text ? pread(fd, text, st.st_size, 0) : -1;
	if (n < 0) {
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}
