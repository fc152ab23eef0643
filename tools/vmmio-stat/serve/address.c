// SPDX-License-Identifier: GPL-2.0-only
/*
 * See address.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"
#include "lib/num.h"

#define BACKLOG 16

static int refuse(char *why, size_t size, const char *text, const char *reason)
{
	snprintf(why, size, "--listen '%s': %s", text, reason);
	return -EINVAL;
}

static int parse_unix(struct vmmio_address *a, const char *path, const char *text, char *why,
		      size_t size)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&a->sa;

	if (path[0] != '/')
		return refuse(why, size, text, "the path of a socket begins with /");
	if (strlen(path) >= sizeof(un->sun_path))
		return refuse(why, size, text, "the path is too long for a socket");
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	a->len = sizeof(*un);
	a->local = true;
	return 0;
}

/* Address and port apart, the brackets of IPv6 taken off. */
static int split(const char *text, char *host, size_t size, __u64 *port)
{
	const char *colon = strrchr(text, ':');
	size_t len;

	if (!colon || vmmio_parse_u64(colon + 1, 0, 65535, port))
		return -EINVAL;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len)) {
		return -EINVAL;
	}
	if (len >= size)
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!len || !strcmp(host, "localhost"))
		strcpy(host, "127.0.0.1");
	return 0;
}

int vmmio_address_parse(struct vmmio_address *a, const char *text, bool insecure, char *why,
			size_t size)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a->sa;
	struct sockaddr_in *in4 = (struct sockaddr_in *)&a->sa;
	char host[64];
	__u64 port;

	memset(a, 0, sizeof(*a));
	if (!strncmp(text, "unix:", 5))
		return parse_unix(a, text + 5, text, why, size);
	if (split(text, host, sizeof(host), &port))
		return refuse(why, size, text, "not ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH");
	if (inet_pton(AF_INET, host, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons((unsigned short)port);
		a->len = sizeof(*in4);
		a->loopback = ntohl(in4->sin_addr.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((unsigned short)port);
		a->len = sizeof(*in6);
		a->loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	} else {
		return refuse(why, size, text, "not an address in numbers");
	}
	if (!a->loopback && !insecure)
		return refuse(
			why, size, text,
			"others could read it, without TLS or password: a loopback address, a "
			"Unix socket, or --insecure-listen");
	return 0;
}

/* A socket that its server left behind; true: it is gone now. */
static bool clear_stale(const struct vmmio_address *a)
{
	const char *path = ((const struct sockaddr_un *)&a->sa)->sun_path;
	struct stat st;
	int fd, err;

	if (lstat(path, &st) || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	err = connect(fd, (const struct sockaddr *)&a->sa, a->len) ? errno : 0;
	close(fd);
	return err == ECONNREFUSED && !unlink(path);
}

static int bind_it(int fd, const struct vmmio_address *a)
{
	const struct sockaddr *sa = (const struct sockaddr *)&a->sa;
	mode_t mask;
	int err;

	if (!a->local)
		return bind(fd, sa, a->len) ? -errno : 0;
	mask = umask(0177);
	err = bind(fd, sa, a->len) ? -errno : 0;
	if (err == -EADDRINUSE && clear_stale(a))
		err = bind(fd, sa, a->len) ? -errno : 0;
	umask(mask);
	return err;
}

int vmmio_address_listen(const struct vmmio_address *a, char *why, size_t size)
{
	int fd, one = 1, err;
	char name[160];

	fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		err = -errno;
		snprintf(why, size, "cannot open a socket: %s", strerror(-err));
		return err;
	}
	if (!a->local)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	err = bind_it(fd, a);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		return fd;
	snprintf(why, size, "cannot listen at %s: %s%s",
		 vmmio_address_text(a, -1, name, sizeof(name)), strerror(-err),
		 err == -EADDRINUSE ? " (another vmmio-stat serve? --listen takes another)" : "");
	close(fd);
	return err;
}

void vmmio_address_remove(const struct vmmio_address *a)
{
	if (a->local)
		unlink(((const struct sockaddr_un *)&a->sa)->sun_path);
}

char *vmmio_address_text(const struct vmmio_address *a, int fd, char *buf, size_t size)
{
	struct sockaddr_storage got = a->sa;
	socklen_t len = sizeof(got);
	char host[64] = "";

	if (a->local) {
		snprintf(buf, size, "unix:%s", ((const struct sockaddr_un *)&a->sa)->sun_path);
		return buf;
	}
	if (fd >= 0)
		getsockname(fd, (struct sockaddr *)&got, &len);
	if (got.ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&got;

		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
		snprintf(buf, size, "http://[%s]:%u/", host, ntohs(in6->sin6_port));
	} else {
		const struct sockaddr_in *in4 = (const struct sockaddr_in *)&got;

		inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host));
		snprintf(buf, size, "http://%s:%u/", host, ntohs(in4->sin_port));
	}
	return buf;
}
