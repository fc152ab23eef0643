// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lines of QEMU's machine protocol (qmp.h). No JSON is read here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qmp.h"

#define ROOM_FIRST 4096u

static void drop_taken(struct vmmio_qmp_reader *r)
{
	r->have -= r->taken;
	memmove(r->text, r->text + r->taken, r->have);
	r->taken = 0;
}

int vmmio_qmp_receive(struct vmmio_qmp_reader *r)
{
	ssize_t n;

	if (r->taken)
		drop_taken(r);
	if (r->have == r->room) {
		size_t room = r->room ? 2 * r->room : ROOM_FIRST;
		char *text = room <= r->most ? realloc(r->text, room) : NULL;

		if (!text)
			return room <= r->most ? -ENOMEM : -EMSGSIZE;
		r->text = text;
		r->room = room;
	}
	n = recv(r->fd, r->text + r->have, r->room - r->have, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -EPIPE;
	r->have += (size_t)n;
	return 0;
}

char *vmmio_qmp_line(struct vmmio_qmp_reader *r)
{
	char *end;

	if (r->taken)
		drop_taken(r);
	end = r->have ? memchr(r->text, '\n', r->have) : NULL;
	if (!end)
		return NULL;
	*end = '\0';
	r->taken = (size_t)(end + 1 - r->text);
	return r->text;
}

/* A command is far smaller than the socket's buffer: it goes out whole or QEMU is gone. */
int vmmio_qmp_say(struct vmmio_qmp_reader *r, const char *text)
{
	size_t len = strlen(text);

	return send(r->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -EPIPE;
}

void vmmio_qmp_close(struct vmmio_qmp_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	free(r->text);
	r->text = NULL;
	r->have = r->room = r->taken = 0;
}
