// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two ends of netload (netload.h) where the far one is the host of the guest: a
 * TAP device on the host with a process that answers, and the guest's interface.
 * Addresses of Ethernet and IP follow from the pair's number, so neither asks the other.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "netload.h"

#define WARM_TRIES 200
#define WARM_MS 50

enum {
	GUEST = 1,
	HOST = 2
};

static struct netload_side side_of(const char *name, unsigned int pair, unsigned int end)
{
	const unsigned char mac[] = {0x52, 0x54, 0, 0x4d, pair, end};
	struct netload_side s = {
		.name = name,
		.addr = {.sin_family = AF_INET,
			 .sin_port = htons(NETLOAD_PORT),
			 .sin_addr.s_addr = htonl(0x0a4e0000 | pair << 8 | end)},
		.mac = {.sa_family = ARPHRD_ETHER},
		.udp = -1,
		.tcp = -1,
	};

	memcpy(s.mac.sa_data, mac, sizeof(mac));
	return s;
}

static int connected(const struct netload_side *from, const struct netload_side *to)
{
	int fd = netload_bound(from, SOCK_DGRAM), err;

	if (fd < 0 || !connect(fd, (const struct sockaddr *)&to->addr, sizeof(to->addr)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int netload_pair_socket(const char *name, unsigned int pair)
{
	const struct netload_side guest = side_of("", pair, GUEST), host = side_of("", pair, HOST);
	int fd, err;

	fd = connected(&guest, &host);
	if (fd < 0 || !setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name) + 1))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* The device stays when this program has ended; QEMU opens it by its name. */
static int make_tap(const struct netload_side *s)
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (strlen(s->name) >= sizeof(r.ifr_name)) {
		close(fd);
		return -ENAMETOOLONG;
	}
	memcpy(r.ifr_name, s->name, strlen(s->name) + 1);
	if (ioctl(fd, TUNSETIFF, &r) || ioctl(fd, TUNSETPERSIST, 1))
		err = -errno;
	r.ifr_hwaddr = s->mac;
	if (!err && ioctl(fd, SIOCSIFHWADDR, &r))
		err = -errno;
	close(fd);
	return err;
}

static void answer(int fd, char *buf, unsigned int response)
{
	for (;;) {
		ssize_t n = recv(fd, buf, NETLOAD_SIZE_MAX, 0);

		/* what the guest sent before it was there at all comes back as an error */
		if (n >= 0)
			send(fd, buf, response, MSG_NOSIGNAL);
		else if (errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != EINTR)
			_exit(1);
	}
}

int netload_tap(const char *name, unsigned int pair, unsigned int response, const char **what)
{
	const struct netload_side guest = side_of("", pair, GUEST),
				  host = side_of(name, pair, HOST);
	char *buf = calloc(1, NETLOAD_SIZE_MAX);
	int err, fd, null;
	pid_t pid;

	*what = "a TAP device";
	err = buf ? make_tap(&host) : -ENOMEM;
	if (!err) {
		*what = "its address";
		err = netload_configure(&host, &guest);
	}
	if (!err) {
		*what = "its socket";
		fd = connected(&host, &guest);
		err = fd < 0 ? fd : 0;
	}
	if (err) {
		free(buf);
		return err;
	}
	*what = "what answers";
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid = null < 0 ? -1 : fork();
	if (pid) {
		err = pid < 0 ? -errno : 0;
		close(fd);
		free(buf);
		return err;
	}
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	answer(fd, buf, response);
	return 0;
}

/* Until a datagram is answered; then waits until no more answers come. */
static int warm_up(int fd)
{
	char byte = 0;
	bool answered = false;

	for (int i = 0; i < WARM_TRIES && !answered; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (send(fd, &byte, 1, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED)
			return -errno;
		answered = poll(&p, 1, WARM_MS) > 0 && recv(fd, &byte, 1, MSG_DONTWAIT) == 1;
		while (answered && poll(&p, 1, WARM_MS) > 0)
			recv(fd, &byte, 1, MSG_DONTWAIT);
	}
	return answered ? 0 : -ETIMEDOUT;
}

int netload_join(const char *name, unsigned int pair, const char **what)
{
	const struct netload_side guest = side_of(name, pair, GUEST),
				  host = side_of("", pair, HOST);
	int fd, err;

	*what = "its address";
	err = netload_configure(&guest, &host);
	if (err)
		return err;
	*what = "its socket";
	fd = connected(&guest, &host);
	if (fd < 0)
		return fd;
	*what = "the host does not answer";
	err = warm_up(fd);
	close(fd);
	return err;
}
