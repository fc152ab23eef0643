/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command of "-- command": it is forked before the first snapshot and starts after it, so that
 * only its own start is counted besides. Prints nothing.
 */
#ifndef VMMIO_COMMAND_H
#define VMMIO_COMMAND_H

#include <sys/types.h>

struct vmmio_command {
	pid_t pid;
	int go;	    /* a byte: the command may start; closed without: it never will */
	int failed; /* errno of exec, if any */
};

/* Forks; the command waits. Returns 0 or -errno. */
int vmmio_command_prepare(struct vmmio_command *c, char **command);

/* Starts it and waits. Returns 0 with the status that a shell would tell, or -errno. */
int vmmio_command_run(struct vmmio_command *c, int *status);

/* Ends a command that was prepared and will not be run. */
void vmmio_command_abandon(struct vmmio_command *c);

#endif
