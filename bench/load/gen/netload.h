/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netload's two halves and what they tell each other. `netload link` joins two
 * interfaces of this machine: the first stays here, the second goes to a network
 * namespace of a background process, the peer, which answers. `netload run` gets
 * its end of the ready connections from the peer, so that neither addresses nor
 * handshakes are part of what it measures.
 */
#ifndef VMMIO_BENCH_NETLOAD_H
#define VMMIO_BENCH_NETLOAD_H

#include <stdint.h>

#define NETLOAD_SIZE_MAX 65000u
#define NETLOAD_DEPTH_MAX 256u

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

#endif
