/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where serve listens: a loopback address, a Unix socket, or, where that is asked for by
 * name, anything.
 */
#ifndef VMMIO_SERVE_ADDRESS_H
#define VMMIO_SERVE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

struct vmmio_address {
	struct sockaddr_storage sa;
	socklen_t len;
	bool loopback; /* a browser may be led here by a foreign name */
	bool local;    /* a Unix socket: sun_path is its file */
};

/*
 * "127.0.0.1:9847", "[::1]:9847", "localhost:9847", ":9847" (127.0.0.1) or "unix:/path".
 * Numbers only, no name is looked up. @insecure: other addresses too. Returns 0 or -EINVAL
 * with one line in @why.
 */
int vmmio_address_parse(struct vmmio_address *a, const char *text, bool insecure, char *why,
			size_t size);

/*
 * A listening socket, non-blocking and closed on exec; a Unix socket is its owner's alone
 * (0600), and takes the place of one that nobody listens at any more. Returns it, or -errno
 * with one line in @why.
 */
int vmmio_address_listen(const struct vmmio_address *a, char *why, size_t size);

/* Removes the file of a Unix socket; else nothing. */
void vmmio_address_remove(const struct vmmio_address *a);

/* "http://127.0.0.1:9847/" or "unix:/path"; port 0 is what @fd got. Returns @buf. */
char *vmmio_address_text(const struct vmmio_address *a, int fd, char *buf, size_t size);

#endif
