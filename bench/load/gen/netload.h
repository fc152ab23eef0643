/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netload's two halves and what they tell each other. `netload link` joins two
 * interfaces of this machine: the first stays here, the second goes to a network
 * namespace of a background process, the peer, which answers. `netload run` gets
 * its end of the ready connections from the peer, so that neither addresses nor
 * handshakes are part of what it measures.
 *
 * Where the far end is the host of the guest, the two share no kernel: `netload tap`
 * makes the host's end and answers datagrams, `netload join` sets up the guest's, and
 * `netload run --pair` asks. What the far end had, the TAP device's own counters say.
 */
#ifndef VMMIO_BENCH_NETLOAD_H
#define VMMIO_BENCH_NETLOAD_H

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

#define NETLOAD_SIZE_MAX 65000u
#define NETLOAD_DEPTH_MAX 256u
#define NETLOAD_PORT 7000
#define NETLOAD_PAIR_MAX 99u /* of a guest and its host; each is a net of its own */

enum netload_kind {
	NETLOAD_UDP_RR,
	NETLOAD_TCP_RR,
	NETLOAD_TCP_STREAM,
	NETLOAD_KINDS,
};

/* From the run to the peer: what will come. Then one byte: that was all. */
struct netload_order {
	uint32_t kind, request, response;
	uint64_t bytes; /* of a whole stream */
};

/* The peer's answer to that byte. */
struct netload_count {
	uint64_t transactions, bytes_in, bytes_out;
	uint64_t rx_packets; /* of its interface, since boot */
};

/* Sockets the peer hands over, in this order. */
enum {
	NETLOAD_FD_UDP,
	NETLOAD_FD_TCP,
	NETLOAD_FDS,
};

/* Path of the peer's control socket for interface @name. */
const char *netload_path(const char *name, char *buf, unsigned int len);

/* Packets that interface @name of the caller's namespace has received, or UINT64_MAX. */
uint64_t netload_rx_packets(const char *name);

/*
 * netload_link.c: joins @name and @peer and leaves the peer running in the
 * background. 0, or -errno with what failed in *@what.
 */
int netload_link(const char *name, const char *peer, const char **what);

/*
 * netload_tap.c, the host's side: makes the TAP device @name, end 2 of @pair, which stays,
 * and leaves a process in the background that answers each datagram with @response bytes.
 * netload_join(), the guest's: @name becomes end 1, and one datagram was answered.
 * 0, or -errno with what failed in *@what.
 */
int netload_tap(const char *name, unsigned int pair, unsigned int response, const char **what);
int netload_join(const char *name, unsigned int pair, const char **what);

/* A socket of the guest's end of @pair, interface @name, connected to its host; -errno. */
int netload_pair_socket(const char *name, unsigned int pair);

/* --- shared by netload_link.c and netload_tap.c --- */

/* One end of a pair. */
struct netload_side {
	const char *name;
	struct sockaddr_in addr;
	struct sockaddr mac;
	int udp, tcp;
};

/* In the namespace of @s: address, fixed neighbour @other, no IPv6, and up. 0 or -errno. */
int netload_configure(const struct netload_side *s, const struct netload_side *other);
/* A socket of @type bound to @s, with room for all that may be in flight; -errno. */
int netload_bound(const struct netload_side *s, int type);

#endif
