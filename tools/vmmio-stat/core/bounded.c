// SPDX-License-Identifier: GPL-2.0-only
/*
 * See bounded.h. A process, no thread: a process whose thread is stuck in the kernel does not end.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bounded.h"

#define FILES 1024

/*
 * Runs in the other process, which must keep nothing of ours: hooks stay attached as long as a
 * process holds them, and a reader of our output waits for its end.
 */
static void read_for(const char *path, int to, size_t size)
{
	char *buf;
	ssize_t n;
	int fd;

	if (dup2(to, 0) < 0)
		_exit(1);
	/* before 5.9 there is no such call */
	for (fd = close_range(1, ~0u, 0) ? FILES : 0; fd > 0; fd--)
		close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	buf = malloc(size);
	if (fd < 0 || !buf)
		_exit(1);
	n = read(fd, buf, size);
	_exit(n < 0 || write(0, buf, (size_t)n) != n);
}

/* The reader's parent ends at once, so that nothing has to wait for the reader. */
static void start(const char *path, int to, size_t size)
{
	pid_t reader = fork();

	if (!reader)
		read_for(path, to, size);
	_exit(reader < 0);
}

ssize_t vmmio_read_bounded(const char *path, void *buf, size_t size, int ms)
{
	struct pollfd p = {.events = POLLIN};
	int fds[2], status, ready;
	ssize_t n;
	pid_t pid;

	if (size > PIPE_BUF)
		return -EINVAL;
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		start(path, fds[1], size);
	n = pid < 0 ? -errno : 0;
	close(fds[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!n) {
		p.fd = fds[0];
		ready = poll(&p, 1, ms);
		n = ready > 0 ? read(fds[0], buf, size) : ready ? -1 : -ETIMEDOUT;
		if (n == -1)
			n = -errno;
		else if (!n)
			n = -EIO; /* it ended without a word */
	}
	close(fds[0]);
	return n;
}
