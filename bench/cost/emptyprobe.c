// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command while a BPF program that does nothing is attached to the
 * tracepoint vmmio_reg_read: the floor for the cost of one that counts. Used
 * in a guest by probe-cost.sh; measures nothing itself.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "empty.skel.h"

int main(int argc, char **argv)
{
	struct empty_bpf *e;
	struct bpf_link *link;
	int status = 1;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: emptyprobe COMMAND [ARGUMENT...]\n");
		return 2;
	}
	e = empty_bpf__open_and_load();
	link = e ? bpf_program__attach(e->progs.empty_reg_read) : NULL;
	if (!link) {
		fprintf(stderr, "emptyprobe: %s\n", strerror(errno));
		return 1;
	}
	pid = fork();
	if (!pid) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		perror("emptyprobe");
	bpf_link__destroy(link);
	empty_bpf__destroy(e);
	return status ? 1 : 0;
}
