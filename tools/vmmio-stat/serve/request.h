/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The head of an HTTP/1 request, as far as serve needs it: one GET or HEAD without a
 * body. Text in, decision out; no sockets here.
 */
#ifndef VMMIO_SERVE_REQUEST_H
#define VMMIO_SERVE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/* A head that is longer is refused. */
#define VMMIO_HEAD_MAX 8192

struct vmmio_request {
	bool head_only; /* HEAD */
	char *path;	/* without the query */
	char *query;	/* what follows '?', or "" */
	char *host;	/* NULL: none was sent */
	char *accept;	/* all of them, commas between; "" if none */
};

/* How many bytes of @text the head takes, with the empty line; 0: it is not complete. */
size_t vmmio_request_end(const char *text, size_t len);

/*
 * Parses the head, @len bytes, which it changes; the strings of @r point into it. Returns 0, or an
 * HTTP status: 400, 405, 413 (it has a body) or 505.
 */
int vmmio_request_parse(struct vmmio_request *r, char *text, size_t len);

/*
 * May a browser with this Host header be answered on a loopback address? Only names that no foreign
 * DNS can lead there: localhost, 127.x.y.z, [::1], with any port.
 */
bool vmmio_request_host_is_local(const char *host);

/* Does @accept ask for OpenMetrics rather than for Prometheus' text? */
bool vmmio_request_wants_open(const char *accept);

#endif
