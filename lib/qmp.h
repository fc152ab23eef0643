/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lines of QEMU's machine protocol, one JSON text each, over a socket. The caller knows their
 * meaning; the peer is not trusted.
 */
#ifndef VMMIO_QMP_H
#define VMMIO_QMP_H

#include <stddef.h>

struct vmmio_qmp_reader {
	int fd;	     /* -1: none */
	size_t most; /* bytes of a line */
	/* its own: what has arrived, and how much of it is the line handed out last */
	char *text;
	size_t have, room, taken;
};

/*
 * Takes what has arrived, if anything. 0; -EPIPE when QEMU has closed its end, -EMSGSIZE if a
 * line is too long, or another -errno. Lines handed out before are gone.
 */
int vmmio_qmp_receive(struct vmmio_qmp_reader *r);

/* The next whole line, without its end, until the next call; NULL if there is none yet. */
char *vmmio_qmp_line(struct vmmio_qmp_reader *r);

/* A command, with its end of line. 0 or -EPIPE. */
int vmmio_qmp_say(struct vmmio_qmp_reader *r, const char *text);

void vmmio_qmp_close(struct vmmio_qmp_reader *r);

#endif
