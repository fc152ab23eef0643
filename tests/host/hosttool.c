// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the host tests cannot do from a shell: run a command under a certain
 * process id, or without a system call, as a filter or a lockdown would have
 * it; list the BPF programs that are loaded; and be what a QMP socket of QEMU's
 * is not to be, for one client.
 *
 *   aspid PID COMMAND…              exit status: the command's
 *   without bpf|perf|both COMMAND…  these system calls fail with EPERM
 *   progs                           ids, one a line
 *   qmp PATH events|endless|flood   an event with each answer; no end of a line;
 *                                   events and no answer
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/bpf.h>

static int trouble(const char *what)
{
	fprintf(stderr, "hosttool: %s: %s\n", what, strerror(errno));
	return 126;
}

static int as_pid(pid_t want, char **command)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&want,
		.set_tid_size = 1,
	};
	int status;
	pid_t pid;

	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return trouble("clone3");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(command[0], command);
		_exit(trouble(command[0]));
	}
	if (waitpid(pid, &status, 0) != pid)
		return trouble("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int without(const char *what, char **command)
{
	uint32_t bpf = strcmp(what, "perf") ? SYS_bpf : ~0u;
	uint32_t perf = strcmp(what, "bpf") ? SYS_perf_event_open : ~0u;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, bpf, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, perf, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return trouble("seccomp");
	execvp(command[0], command);
	return trouble(command[0]);
}

static int progs(void)
{
	__u32 id = 0;

	while (!bpf_prog_get_next_id(id, &id))
		printf("%u\n", id);
	return errno == ENOENT ? 0 : trouble("BPF_PROG_GET_NEXT_ID");
}

/* Until the client has gone. */
static int qmp(const char *path, const char *how)
{
	static const char event[] = "{\"event\":\"RESUME\"}\n";
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char text[4096];
	int fd, n = 0;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, 1))
		return trouble("socket");
	fd = accept(fd, NULL, NULL);
	if (fd < 0)
		return trouble("accept");
	signal(SIGPIPE, SIG_IGN);
	if (!strcmp(how, "endless")) {
		memset(text, ' ', sizeof(text));
		while (write(fd, text, sizeof(text)) > 0)
			;
		return 0;
	}
	snprintf(text, sizeof(text), "{\"QMP\":{}}\n%s", event);
	while (write(fd, text, strlen(text)) > 0) {
		if (!strcmp(how, "flood")) {
			usleep(50000);
			snprintf(text, sizeof(text), "%s", event);
			continue;
		}
		if (read(fd, text, sizeof(text)) <= 0)
			break;
		snprintf(text, sizeof(text), "{\"return\":%s}\n%s", n++ ? "[]" : "{}", event);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "aspid") && atoi(argv[2]) > 1)
		return as_pid(atoi(argv[2]), argv + 3);
	if (argc > 3 && !strcmp(argv[1], "without"))
		return without(argv[2], argv + 3);
	if (argc == 2 && !strcmp(argv[1], "progs"))
		return progs();
	if (argc == 4 && !strcmp(argv[1], "qmp"))
		return qmp(argv[2], argv[3]);
	fprintf(stderr, "usage: hosttool aspid PID COMMAND… | without bpf|perf|both COMMAND… | "
			"progs | qmp PATH events|endless|flood\n");
	return 2;
}
