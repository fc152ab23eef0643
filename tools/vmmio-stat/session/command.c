// SPDX-License-Identifier: GPL-2.0-only
/*
 * See command.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/vmmio-stat/core/program.h"
#include "command.h"

static void run_child(char **command, int go, int failed)
{
	char c;
	ssize_t got;
	int err;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	while ((got = read(go, &c, 1)) < 0 && errno == EINTR)
		;
	if (got != 1)
		_exit(126); /* whoever was to measure it is gone */
	execvp(command[0], command);
	err = errno;
	if (write(failed, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int vmmio_command_prepare(struct vmmio_command *c, char **command)
{
	int go[2], failed[2], err;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		return err;
	}
	fflush(stdout);
	c->pid = fork();
	if (c->pid < 0) {
		err = -errno;
		close(go[0]);
		close(go[1]);
		close(failed[0]);
		close(failed[1]);
		return err;
	}
	if (!c->pid) {
		close(go[1]);
		close(failed[0]);
		run_child(command, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	return 0;
}

int vmmio_command_run(struct vmmio_command *c, int *status)
{
	int raw, err = 0, failed;

	/* fails if it is dead already, which its status will say */
	if (write(c->go, "", 1) < 0 && errno != EPIPE)
		err = errno;
	close(c->go);
	if (read(c->failed, &failed, sizeof(failed)) == sizeof(failed))
		err = failed;
	close(c->failed);
	while (waitpid(c->pid, &raw, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (vmmio_stop && vmmio_stop != SIGINT)
			kill(c->pid, vmmio_stop); /* the terminal sent it no SIGINT but ours */
	}
	*status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
	return -err;
}

void vmmio_command_abandon(struct vmmio_command *c)
{
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	close(c->go);
	close(c->failed);
}
