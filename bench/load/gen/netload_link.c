// SPDX-License-Identifier: GPL-2.0-only
/*
 * The far end of netload (netload.h): puts the second interface into a network
 * namespace of its own, connects sockets through the wire between both, and
 * answers on them. IPv6 is off and the neighbours are fixed, so that no packet
 * passes that the load did not send.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "netload.h"

#define BUFFER_BYTES (4 << 20) /* a burst of every allowed depth fits: nothing is dropped */
#define WARM_TRIES 100
#define WARM_MS 50

const char *netload_path(const char *name, char *buf, unsigned int len)
{
	snprintf(buf, len, "/tmp/netload.%s", name);
	return buf;
}

uint64_t netload_rx_packets(const char *name)
{
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	uint64_t packets = UINT64_MAX;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':'), *at = line + strspn(line, " ");
		unsigned long long bytes, n;

		if (!colon)
			continue;
		*colon = '\0';
		if (!strcmp(at, name) && sscanf(colon + 1, "%llu %llu", &bytes, &n) == 2)
			packets = n;
	}
	if (f)
		fclose(f);
	return packets;
}

static void name_it(struct ifreq *r, const struct netload_side *s)
{
	memset(r, 0, sizeof(*r));
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", s->name);
}

/* Hands @index over to the namespace @ns: one RTM_NEWLINK message and its answer. */
static int move_link(unsigned int index, int ns)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
		struct rtattr attr;
		int fd;
	} m = {
		.head = {.nlmsg_len = sizeof(m),
			 .nlmsg_type = RTM_NEWLINK,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.info = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index},
		.attr = {.rta_len = RTA_LENGTH(sizeof(int)), .rta_type = IFLA_NET_NS_FD},
		.fd = ns,
	};
	struct {
		struct nlmsghdr head;
		struct nlmsgerr err;
		char rest[512];
	} answer;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), err = 0;

	if (fd < 0)
		return -errno;
	if (send(fd, &m, sizeof(m), 0) < 0 || recv(fd, &answer, sizeof(answer), 0) < 0)
		err = -errno;
	else if (answer.head.nlmsg_type != NLMSG_ERROR)
		err = -EPROTO;
	else
		err = answer.err.error;
	close(fd);
	return err;
}

int netload_configure(const struct netload_side *s, const struct netload_side *other)
{
	struct sockaddr_in mask = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffff00)};
	char path[128];
	struct ifreq r;
	struct arpreq arp = {.arp_flags = ATF_COM | ATF_PERM};
	int fd, err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", s->name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd >= 0) { /* a kernel without IPv6 has none to turn off */
		err = write(fd, "1", 1) == 1 ? 0 : -errno;
		close(fd);
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || err)
		return err ? err : -errno;
	name_it(&r, s);
	memcpy(&r.ifr_addr, &s->addr, sizeof(s->addr));
	if (ioctl(fd, SIOCSIFADDR, &r))
		err = -errno;
	memcpy(&r.ifr_netmask, &mask, sizeof(mask));
	if (!err && ioctl(fd, SIOCSIFNETMASK, &r))
		err = -errno;
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (!err && ioctl(fd, SIOCSIFFLAGS, &r))
		err = -errno;
	memcpy(&arp.arp_pa, &other->addr, sizeof(other->addr));
	arp.arp_ha = other->mac;
	snprintf(arp.arp_dev, sizeof(arp.arp_dev), "%s", s->name);
	if (!err && ioctl(fd, SIOCSARP, &arp))
		err = -errno;
	close(fd);
	return err;
}

int netload_bound(const struct netload_side *s, int type)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1, bytes = BUFFER_BYTES;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&s->addr, sizeof(s->addr))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

static int joined(int fd, const struct netload_side *to)
{
	return connect(fd, (const struct sockaddr *)&to->addr, sizeof(to->addr)) ? -errno : 0;
}

/* An interface that has just come up drops what is sent until its queue is in place. */
static int warm_up(const struct netload_side *here, const struct netload_side *there)
{
	char byte = 0;

	for (int i = 0; i < WARM_TRIES; i++) {
		struct pollfd p = {.fd = there->udp, .events = POLLIN};

		if (send(here->udp, &byte, 1, 0) < 0 && errno != ENOBUFS)
			return -errno;
		if (poll(&p, 1, WARM_MS) > 0 && recv(there->udp, &byte, 1, 0) == 1) {
			while (recv(there->udp, &byte, 1, MSG_DONTWAIT) == 1)
				;
			return 0;
		}
	}
	return -ETIMEDOUT;
}

/* The sockets of both sides; @far is the namespace of @there. Ends in @near. */
static int connect_sides(struct netload_side *here, struct netload_side *there, int near, int far,
			 const char **what)
{
	int listener, err, one = 1;

	*what = "a socket of the first interface";
	here->udp = netload_bound(here, SOCK_DGRAM);
	here->tcp = netload_bound(here, SOCK_STREAM);
	if (here->udp < 0 || here->tcp < 0)
		return here->udp < 0 ? here->udp : here->tcp;
	err = joined(here->udp, there);
	*what = "a socket of the second interface";
	if (!err && setns(far, CLONE_NEWNET))
		err = -errno;
	there->udp = err ? err : netload_bound(there, SOCK_DGRAM);
	listener = err ? err : netload_bound(there, SOCK_STREAM);
	if (there->udp < 0 || listener < 0)
		return there->udp < 0 ? there->udp : listener;
	err = joined(there->udp, here);
	if (!err && listen(listener, 1))
		err = -errno;
	if (setns(near, CLONE_NEWNET))
		err = -errno;
	*what = "no packet arrives";
	err = err ?: warm_up(here, there);
	*what = "the connection";
	err = err ?: joined(here->tcp, there);
	if (err)
		return err;
	there->tcp = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (there->tcp < 0)
		return -errno;
	setsockopt(there->tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	close(listener);
	return 0;
}

static int give_sockets(int fd, const struct netload_side *here)
{
	int fds[NETLOAD_FDS] = {[NETLOAD_FD_UDP] = here->udp, [NETLOAD_FD_TCP] = here->tcp};
	char space[CMSG_SPACE(sizeof(fds))] = {0}, byte = 0;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = space,
			   .msg_controllen = sizeof(space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	return sendmsg(fd, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

/* What there is to read on the load's socket; answers each whole request. */
static int answer(int fd, const struct netload_order *o, struct netload_count *c, char *buf)
{
	uint64_t before = c->bytes_in;
	ssize_t n = recv(fd, buf, NETLOAD_SIZE_MAX, MSG_DONTWAIT), sent;

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? 0 : -EIO;
	c->bytes_in += n;
	if (o->kind == NETLOAD_TCP_STREAM) {
		if (before < o->bytes && c->bytes_in >= o->bytes) {
			c->transactions = o->bytes / o->request;
			sent = send(fd, buf, 1, MSG_NOSIGNAL);
			c->bytes_out += sent > 0 ? sent : 0;
		}
		return 0;
	}
	for (uint64_t due = c->bytes_in / o->request - before / o->request; due; due--) {
		sent = send(fd, buf, o->response, MSG_NOSIGNAL);
		if (sent != (ssize_t)o->response)
			return -EIO;
		c->bytes_out += sent;
		c->transactions++;
	}
	return 0;
}

static void serve(int control, const struct netload_side *here, const struct netload_side *there,
		  char *buf)
{
	struct netload_order o;
	struct netload_count c = {0};
	struct pollfd p[2] = {{.fd = control, .events = POLLIN}, {.events = POLLIN}};
	char byte;

	if (give_sockets(control, here) || recv(control, &o, sizeof(o), MSG_WAITALL) != sizeof(o) ||
	    !o.request || o.response > NETLOAD_SIZE_MAX || o.kind >= NETLOAD_KINDS)
		return;
	p[1].fd = o.kind == NETLOAD_UDP_RR ? there->udp : there->tcp;
	/* the order is taken: the load can begin */
	if (send(control, "", 1, MSG_NOSIGNAL) != 1)
		return;
	while (poll(p, 2, -1) > 0) {
		if (p[1].revents && answer(p[1].fd, &o, &c, buf))
			return;
		if (!p[0].revents)
			continue;
		if (recv(control, &byte, 1, 0) != 1)
			return;
		c.rx_packets = netload_rx_packets(there->name);
		send(control, &c, sizeof(c), MSG_NOSIGNAL);
	}
}

/* Becomes the peer: in the namespace @far, answering one run after the other. */
static int background(const struct netload_side *here, const struct netload_side *there, int far)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	static char buf[NETLOAD_SIZE_MAX];
	int fd, control, null;
	pid_t pid;

	netload_path(here->name, un.sun_path, sizeof(un.sun_path));
	unlink(un.sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0 || null < 0 || bind(fd, (struct sockaddr *)&un, sizeof(un)) || listen(fd, 4) ||
	    setns(far, CLONE_NEWNET))
		return -errno;
	pid = fork();
	if (pid)
		return pid < 0 ? -errno : 0;
	setsid();
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	while ((control = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		serve(control, here, there, buf);
		close(control);
	}
	_exit(1);
}

int netload_link(const char *name, const char *peer, const char **what)
{
	struct netload_side here = {.name = name}, there = {.name = peer};
	struct netload_side *const sides[2] = {&here, &there};
	unsigned int index = if_nametoindex(name), moved = if_nametoindex(peer);
	int near = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), far, err = 0;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*what = index ? peer : name;
	if (!index || !moved)
		return -ENODEV;
	if (fd < 0 || near < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		struct ifreq r;

		/* a net of its own for every pair */
		sides[i]->addr = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(NETLOAD_PORT),
			.sin_addr.s_addr = htonl(0x0a4d0000 | (index & 0xff) << 8 | (i + 1))};
		name_it(&r, sides[i]);
		if (ioctl(fd, SIOCGIFHWADDR, &r))
			return -errno;
		sides[i]->mac = r.ifr_hwaddr;
	}
	close(fd);
	*what = "a network namespace";
	if (unshare(CLONE_NEWNET))
		return -errno;
	far = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (far < 0 || setns(near, CLONE_NEWNET))
		return -errno;
	*what = peer;
	err = move_link(moved, far);
	if (!err && setns(far, CLONE_NEWNET))
		err = -errno;
	err = err ?: netload_configure(&there, &here);
	if (setns(near, CLONE_NEWNET))
		err = err ?: -errno;
	if (err)
		return err;
	*what = name;
	err = netload_configure(&here, &there);
	err = err ?: connect_sides(&here, &there, near, far, what);
	if (err)
		return err;
	*what = "the peer";
	return background(&here, &there, far);
}
