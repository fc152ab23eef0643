// SPDX-License-Identifier: GPL-2.0-only
/*
 * netload: the load on a network interface: requests and responses with a fixed number in flight,
 * or a stream of messages. Every response is awaited, the peer's count is compared with ours, and
 * one line of JSON comes at the end. An "I/O" is one transaction, or one message of a stream.
 * netload.h describes how the two ends are made.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "latency.h"
#include "netload.h"
#include "lib/clock.h"
#include "lib/num.h"
#include "lib/opts.h"

#define WAIT_MS 10000	     /* for a response: none of a working pair takes that long */
#define SETTLE_US 20000	     /* until the last interrupts are through ... */
#define TCP_SETTLE_US 250000 /* ... and an acknowledgement, delayed by 200 ms at most */

static const char *const kinds[NETLOAD_KINDS] = {"udp_rr", "tcp_rr", "tcp_stream"};

struct load {
	const char *name;
	enum netload_kind kind;
	__u64 request, response, count, depth;
	__u64 pair; /* 0: the peer is a process here */

	int control, fd;
	char *buf;
	__u64 *start; /* of the transactions in flight, a ring */
	__u64 elapsed, last, rx_packets;
	struct netload_count peer;
	struct vmmio_latency latency;
};

static int parse(struct load *l, int argc, char **argv)
{
	const char *kind = kinds[0];
	struct vmmio_opt opts[] = {
		{"kind", VMMIO_OPT_CHOICE, &kind, .choices = "udp_rr|tcp_rr|tcp_stream",
		 .arg = "KIND", .letter = 'k', .help = "udp_rr, tcp_rr or tcp_stream (udp_rr)"},
		{"request", VMMIO_OPT_U64, &l->request, 1, NETLOAD_SIZE_MAX, .arg = "B",
		 .letter = 'r', .help = "bytes of a request or of a message (32)"},
		{"response", VMMIO_OPT_U64, &l->response, 1, NETLOAD_SIZE_MAX, .arg = "B",
		 .letter = 's', .help = "bytes of a response (1024)"},
		{"depth", VMMIO_OPT_U64, &l->depth, 1, NETLOAD_DEPTH_MAX, .arg = "N", .letter = 'd',
		 .help = "transactions in flight (1)"},
		{"count", VMMIO_OPT_U64, &l->count, 1, UINT32_MAX, .arg = "N", .letter = 'c',
		 .help = "transactions or messages (1000)"},
		{"pair", VMMIO_OPT_U64, &l->pair, 1, NETLOAD_PAIR_MAX, .arg = "N",
		 .help = "the far end is the host's, of netload tap: udp_rr only"},
	};
	struct vmmio_cmdline c = {
		.program = "netload run",
		.usage = "[options] INTERFACE",
		.version = "netload " VMMIO_VERSION,
		.after =
			"Prints one line of JSON. Exit status: 0 ok, 1 something got lost, 2 wrong "
			"usage.\n",
		VMMIO_OPTS_OF(opts),
		.operands = &l->name,
		.max_operands = 1,
	};
	int err = vmmio_cmdline_parse(&c, argc, argv);

	if (err)
		return err > 0 ? 1 : 3;
	if (!c.n) {
		fprintf(stderr, "netload: run: no interface given\n");
		return 3;
	}
	while (strcmp(kinds[l->kind], kind))
		l->kind++;
	if (l->pair && l->kind != NETLOAD_UDP_RR) {
		fprintf(stderr, "netload: run: --pair: udp_rr only\n");
		return 3;
	}
	return 0;
}

/* The connections of this side, from the peer. */
static int take_sockets(struct load *l)
{
	int fds[NETLOAD_FDS];
	char space[CMSG_SPACE(sizeof(fds))], byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = space,
			   .msg_controllen = sizeof(space)};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct netload_order o = {.kind = l->kind,
				  .request = l->request,
				  .response = l->response,
				  .bytes = l->request * l->count};
	struct cmsghdr *c;

	netload_path(l->name, un.sun_path, sizeof(un.sun_path));
	l->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->control < 0 || connect(l->control, (struct sockaddr *)&un, sizeof(un)) ||
	    recvmsg(l->control, &m, MSG_CMSG_CLOEXEC) != 1)
		return -errno;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(fds)))
		return -EPROTO;
	memcpy(fds, CMSG_DATA(c), sizeof(fds));
	l->fd = fds[l->kind == NETLOAD_UDP_RR ? NETLOAD_FD_UDP : NETLOAD_FD_TCP];
	if (send(l->control, &o, sizeof(o), MSG_NOSIGNAL) != sizeof(o) ||
	    recv(l->control, &byte, 1, 0) != 1)
		return errno ? -errno : -EPROTO;
	return 0;
}

static int put(struct load *l, __u64 n)
{
	ssize_t sent = send(l->fd, l->buf, n, MSG_NOSIGNAL);

	if (sent < 0)
		return -errno;
	return sent == (ssize_t)n ? 0 : -EIO;
}

/* At most @n bytes, waited for; -ETIMEDOUT if none come. */
static ssize_t get(struct load *l, __u64 n)
{
	ssize_t got = recv(l->fd, l->buf, n, 0);

	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	return got ? got : -ECONNRESET;
}

static int transactions(struct load *l)
{
	__u64 started = 0, done = 0, bytes = 0, now;
	ssize_t n;
	int err;

	for (; started < l->depth && started < l->count; started++) {
		l->start[started % l->depth] = vmmio_now_ns();
		err = put(l, l->request);
		if (err)
			return err;
	}
	while (done < l->count) {
		n = get(l, l->kind == NETLOAD_UDP_RR ? NETLOAD_SIZE_MAX : l->response);
		if (n < 0)
			return n;
		if (l->kind == NETLOAD_UDP_RR && n != (ssize_t)l->response)
			return -EPROTO;
		bytes += n;
		for (now = vmmio_now_ns(); bytes >= l->response; bytes -= l->response, done++) {
			/* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): --depth is at least 1 */
			l->last = now - l->start[done % l->depth];
			vmmio_latency_add(&l->latency, l->last);
			if (started == l->count)
				continue;
			now = vmmio_now_ns();
			l->start[started++ % l->depth] = now;
			err = put(l, l->request);
			if (err)
				return err;
		}
	}
	return 0;
}

static int stream(struct load *l)
{
	ssize_t n;

	for (__u64 i = 0; i < l->count; i++) {
		int err = put(l, l->request);

		if (err)
			return err;
	}
	n = get(l, 1); /* the peer's word that all has arrived */
	return n < 0 ? n : 0;
}

static int run(struct load *l)
{
	struct timeval wait = {.tv_sec = WAIT_MS / 1000};
	__u64 begin;
	int err;

	if (l->pair) {
		l->fd = netload_pair_socket(l->name, l->pair);
		err = l->fd < 0 ? l->fd : 0;
	} else {
		err = take_sockets(l);
	}
	if (err)
		return err;
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		return -errno;
	if (!l->pair && setsockopt(l->control, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)))
		return -errno;
	begin = vmmio_now_ns();
	err = l->kind == NETLOAD_TCP_STREAM ? stream(l) : transactions(l);
	l->elapsed = vmmio_now_ns() - begin;
	if (err)
		return err;
	usleep(l->kind == NETLOAD_UDP_RR ? SETTLE_US : TCP_SETTLE_US);
	l->rx_packets = netload_rx_packets(l->name);
	if (l->rx_packets == UINT64_MAX)
		return -ENODEV;
	if (l->pair)
		return 0;
	if (send(l->control, "", 1, MSG_NOSIGNAL) != 1 ||
	    recv(l->control, &l->peer, sizeof(l->peer), MSG_WAITALL) != sizeof(l->peer))
		return -EPROTO;
	return 0;
}

static bool complete(const struct load *l)
{
	/* with --pair the responses, each of which came, are all that is known here */
	return l->pair ||
	       (l->peer.transactions == l->count && l->peer.bytes_in == l->count * l->request);
}

static int report(struct load *l)
{
	struct vmmio_json j;

	vmmio_load_open(&j, "netload");
	vmmio_json_text(&j, "interface", l->name);
	vmmio_json_text(&j, "kind", kinds[l->kind]);
	vmmio_json_u64(&j, "request", l->request);
	vmmio_json_u64(&j, "response", l->response);
	vmmio_json_u64(&j, "depth", l->depth);
	vmmio_json_u64(&j, "ios", l->count);
	vmmio_json_u64(&j, "errors", 0);
	vmmio_json_u64(&j, "elapsed_ns", l->elapsed);
	if (l->kind != NETLOAD_TCP_STREAM) /* latency of the transaction that completed last */
		vmmio_json_u64(&j, "last_ns", l->last);
	vmmio_json_u64(&j, "rx_packets", l->rx_packets);
	if (l->pair) {
		vmmio_json_null(&j, "peer");
	} else {
		vmmio_json_open(&j, "peer", '{');
		vmmio_json_u64(&j, "ios", l->peer.transactions);
		vmmio_json_u64(&j, "bytes_in", l->peer.bytes_in);
		vmmio_json_u64(&j, "bytes_out", l->peer.bytes_out);
		vmmio_json_u64(&j, "rx_packets", l->peer.rx_packets);
		vmmio_json_close(&j, '}');
	}
	vmmio_latency_json(&l->latency, false, &j);
	return vmmio_load_close(&j, "netload");
}

/* "link A B", "tap NAME PAIR RESPONSE", "join NAME PAIR": words and numbers, no options. */
static int cmd_ends(int argc, char **argv)
{
	const char *what = "", *const needs = !strcmp(argv[0], "link") ? "an interface and its peer"
					      : !strcmp(argv[0], "tap")
						      ? "a name, a pair's number and bytes"
						      : "an interface and a pair's number";
	int words = !strcmp(argv[0], "tap") ? 4 : 3, err;
	__u64 pair = 0, response = 0;

	if (argc != words ||
	    (strcmp(argv[0], "link") && vmmio_parse_u64(argv[2], 1, NETLOAD_PAIR_MAX, &pair)) ||
	    (words == 4 && vmmio_parse_u64(argv[3], 1, NETLOAD_SIZE_MAX, &response))) {
		fprintf(stderr, "netload: %s: needs %s\n", argv[0], needs);
		return 2;
	}
	if (words == 4)
		err = netload_tap(argv[1], pair, response, &what);
	else if (pair)
		err = netload_join(argv[1], pair, &what);
	else
		err = netload_link(argv[1], argv[2], &what);
	if (err)
		fprintf(stderr, "netload: %s %s %s: %s: %s\n", argv[0], argv[1], argv[2], what,
			strerror(-err));
	return err ? 1 : 0;
}

static int cmd_run(int argc, char **argv)
{
	struct load l = {
		.kind = NETLOAD_UDP_RR, .request = 32, .response = 1024, .count = 1000, .depth = 1};
	int err = parse(&l, argc, argv);

	if (err)
		return err - 1;
	l.buf = calloc(1, NETLOAD_SIZE_MAX);
	l.start = calloc(l.depth, sizeof(*l.start));
	if (!l.buf || !l.start || vmmio_latency_init(&l.latency, l.count)) {
		fprintf(stderr, "netload: no memory\n");
		free(l.buf);
		free(l.start);
		return 1;
	}
	err = run(&l);
	if (err) {
		fprintf(stderr, "netload: %s: %s%s\n", l.name, strerror(-err),
			err == -ENOENT || err == -ECONNREFUSED ? " (no netload link?)" : "");
		return 1;
	}
	if (report(&l))
		return 1;
	if (!complete(&l)) {
		fprintf(stderr,
			"netload: %s: the peer had %" PRIu64 " of %" PRIu64 " and %" PRIu64
			" bytes\n",
			l.name, l.peer.transactions, (uint64_t)l.count, l.peer.bytes_in);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 &&
	    (!strcmp(argv[1], "link") || !strcmp(argv[1], "tap") || !strcmp(argv[1], "join")))
		return cmd_ends(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "run"))
		return cmd_run(argc - 1, argv + 1);
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		puts("usage: netload link INTERFACE PEER\n"
		     "       netload tap NAME PAIR RESPONSE\n"
		     "       netload join INTERFACE PAIR\n"
		     "       netload run [options] INTERFACE   (run --help lists them)\n"
		     "link joins two interfaces that are connected to each other: PEER goes to a\n"
		     "network namespace of a background process that answers. tap makes a TAP "
		     "device\n"
		     "for a guest and answers on it; join sets up the guest's interface. PAIR (1 "
		     "to\n"
		     "99) is the same number for both. run loads a pair.");
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("netload " VMMIO_VERSION);
		return 0;
	}
	fprintf(stderr, "netload: link, tap, join or run; try netload --help\n");
	return 2;
}
