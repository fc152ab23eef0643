// SPDX-License-Identifier: GPL-2.0-only
/*
 * See server.h. One request a connection. After the answer the rest of the input is read and
 * discarded for a moment, so that a reset does not lose the answer, and the connection is closed.
 *
 * Uses libevent's core, not its evhttp: evhttp 2.1 limits neither connections nor the whole time of
 * a request.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "known.h"
#include "page.h"
#include "request.h"
#include "server.h"

/* How long a client may still send after its request. */
#define DISCARD_MAX 65536
#define LINGER_S 1
#define PING_S 10

enum phase {
	HEAD,	/* its request comes */
	ANSWER, /* its answer goes */
	STREAM, /* events go */
	LINGER, /* it is told that this is all */
};

struct client {
	struct server *server;
	struct bufferevent *bev;
	struct event *deadline;
	enum phase phase;
	bool has_shut; /* it sends no more, and may still read */
	size_t discarded;
	struct client *next, **prev;
};

struct server {
	const struct vmmio_serve *s;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *feed, *ping;
	struct evbuffer *fed;
	struct vmmio_known known;
	struct client *clients;
	unsigned int nclients, nstreams;
	int err;
};

static void client_free(struct client *c)
{
	struct server *v = c->server;

	if (c->phase == STREAM)
		v->nstreams--;
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	event_free(c->deadline);
	bufferevent_free(c->bev);
	free(c);
	if (v->nclients-- == VMMIO_SERVE_CLIENTS)
		evconnlistener_enable(v->listener);
}

static void within(struct client *c, int seconds)
{
	struct timeval t = {.tv_sec = seconds};

	evtimer_add(c->deadline, &t);
}

static void too_late(evutil_socket_t fd, short what, void *arg)
{
	client_free(arg);
}

static void add_text(struct evbuffer *out, const char *text)
{
	evbuffer_add(out, text, strlen(text));
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	}
	return "Error";
}

/* The head of an answer; @len < 0: it ends with the connection. */
static void add_head(struct evbuffer *out, int status, const char *type, ssize_t len,
		     const char *policy, const char *more)
{
	time_t now = time(NULL);
	char date[40] = "";
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\n", status,
			    reason(status), date, type);
	if (len >= 0)
		evbuffer_add_printf(out, "Content-Length: %zd\r\n", len);
	evbuffer_add_printf(out,
			    "Connection: close\r\nCache-Control: no-store\r\n"
			    "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
			    "Cross-Origin-Resource-Policy: same-origin\r\n"
			    "Content-Security-Policy: %s\r\n%s\r\n",
			    policy, more);
}

#define NOTHING_ALLOWED "default-src 'none'; frame-ancestors 'none'"
#define TEXT "text/plain; charset=utf-8"

static void answering(struct client *c)
{
	c->phase = ANSWER;
	within(c, VMMIO_SERVE_ANSWER_S);
}

static void refuse(struct client *c, int status, const char *text, const char *more)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	add_head(out, status, TEXT, (ssize_t)strlen(text), NOTHING_ALLOWED, more);
	add_text(out, text);
	answering(c);
}

static void body_sent(const void *data, size_t len, void *body)
{
	vmmio_body_put(body);
}

/* Takes over the caller's reference. */
static void add_body(struct evbuffer *out, struct vmmio_body *b)
{
	if (evbuffer_add_reference(out, b->data, b->len, body_sent, b))
		vmmio_body_put(b);
}

static void send_body(struct client *c, const struct vmmio_request *r, enum vmmio_body_id id,
		      const char *type, const char *more)
{
	struct vmmio_body *b = vmmio_known_body(&c->server->known, id);
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (!b) {
		refuse(c, 503, "no interval is over yet\n", "Retry-After: 1\r\n");
		return;
	}
	add_head(out, 200, type, (ssize_t)b->len, NOTHING_ALLOWED, more);
	if (r->head_only)
		vmmio_body_put(b);
	else
		add_body(out, b);
	answering(c);
}

static void send_page(struct client *c, const struct vmmio_request *r)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	add_head(out, 200, "text/html; charset=utf-8", (ssize_t)vmmio_page_len, vmmio_page_policy,
		 "");
	if (!r->head_only)
		evbuffer_add_reference(out, vmmio_page, vmmio_page_len, NULL, NULL);
	answering(c);
}

/* A body is one line and its end. */
static void add_event(struct client *c, const char *name, enum vmmio_body_id id)
{
	struct vmmio_body *b = vmmio_known_body(&c->server->known, id);
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (!b)
		return;
	evbuffer_add_printf(out, "event: %s\ndata: ", name);
	add_body(out, b);
	add_text(out, "\n");
}

/* A client that has not taken the last events gets no more: it may miss some, never pile up. */
static bool is_behind(struct client *c)
{
	return c->phase != STREAM || evbuffer_get_length(bufferevent_get_output(c->bev));
}

static void send_events(struct client *c)
{
	add_event(c, "rows", VMMIO_BODY_FULL);
	add_event(c, "stalls", VMMIO_BODY_STALLS);
	if (c->server->known.ended)
		add_text(bufferevent_get_output(c->bev), "event: end\ndata: {}\n\n");
}

static void start_stream(struct client *c, const struct vmmio_request *r)
{
	struct timeval stuck = {.tv_sec = VMMIO_SERVE_STUCK_S};
	struct evbuffer *out = bufferevent_get_output(c->bev);

	if (c->server->nstreams == VMMIO_SERVE_STREAMS) {
		refuse(c, 503, "too many event streams\n", "Retry-After: 10\r\n");
		return;
	}
	add_head(out, 200, "text/event-stream; charset=utf-8", -1, NOTHING_ALLOWED, "");
	if (r->head_only) {
		answering(c);
		return;
	}
	add_text(out, "retry: 2000\n\n");
	evtimer_del(c->deadline);
	c->phase = STREAM;
	c->server->nstreams++;
	bufferevent_set_timeouts(c->bev, NULL, &stuck);
	send_events(c);
}

#define OPEN_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define JSON_TYPE "application/json"

static void route(struct client *c, const struct vmmio_request *r)
{
	bool open;

	if (!strcmp(r->path, "/")) {
		send_page(c, r);
	} else if (!strcmp(r->path, "/metrics")) {
		open = vmmio_request_wants_open(r->accept);
		send_body(c, r, open ? VMMIO_BODY_OPENMETRICS : VMMIO_BODY_PROMETHEUS,
			  open ? OPEN_TYPE : PROMETHEUS_TYPE, "Vary: Accept\r\n");
	} else if (!strcmp(r->path, "/api/rows")) {
		send_body(c, r, strcmp(r->query, "full") ? VMMIO_BODY_ROWS : VMMIO_BODY_FULL,
			  JSON_TYPE, "");
	} else if (!strcmp(r->path, "/api/stalls")) {
		send_body(c, r, VMMIO_BODY_STALLS, JSON_TYPE, "");
	} else if (!strcmp(r->path, "/api/events")) {
		start_stream(c, r);
	} else {
		refuse(c, 404,
		       "there are /, /metrics, /api/rows, /api/rows?full, /api/stalls and "
		       "/api/events\n",
		       "");
	}
}

static void dispatch(struct client *c, char *head, size_t len)
{
	struct vmmio_request r;
	int status = vmmio_request_parse(&r, head, len);

	if (status == 405)
		refuse(c, status, "GET and HEAD only\n", "Allow: GET, HEAD\r\n");
	else if (status == 413)
		refuse(c, status, "no body is taken\n", "");
	else if (status)
		refuse(c, status, "this is no request\n", "");
	else if (c->server->s->check_host && (!r.host || !vmmio_request_host_is_local(r.host)))
		refuse(c, 403, "Host: must be localhost or a loopback address\n", "");
	else
		route(c, &r);
}

/* Nothing that comes after the request is looked at. */
static void discard(struct client *c, struct evbuffer *in)
{
	size_t len = evbuffer_get_length(in);

	evbuffer_drain(in, len);
	c->discarded += len;
	if (c->discarded > DISCARD_MAX)
		client_free(c);
}

static void readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	char head[VMMIO_HEAD_MAX];
	struct client *c = arg;
	size_t len, end;

	if (c->phase != HEAD) {
		discard(c, in);
		return;
	}
	len = (size_t)evbuffer_copyout(in, head, sizeof(head));
	end = vmmio_request_end(head, len);
	if (end)
		dispatch(c, head, end);
	else if (len == sizeof(head))
		refuse(c, 431, "the head of the request is too long\n", "");
	else
		return;
	discard(c, in);
}

/* All is written: no more comes, and what the client still sends is waited for. */
static void written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	if (c->phase != ANSWER)
		return;
	if (c->has_shut) {
		client_free(c);
		return;
	}
	c->phase = LINGER;
	shutdown(bufferevent_getfd(bev), SHUT_WR);
	within(c, LINGER_S);
}

static void ended(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	if (what & BEV_EVENT_EOF && c->phase == ANSWER)
		c->has_shut = true;
	else
		client_free(c);
}

static void accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *sa, int len,
		     void *arg)
{
	struct server *v = arg;
	struct client *c = calloc(1, sizeof(*c));

	if (!c || evutil_make_socket_nonblocking(fd))
		goto err_close;
	c->server = v;
	c->deadline = evtimer_new(v->base, too_late, c);
	if (!c->deadline)
		goto err_close;
	c->bev = bufferevent_socket_new(v->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!c->bev)
		goto err_event;
	c->next = v->clients;
	c->prev = &v->clients;
	if (c->next)
		c->next->prev = &c->next;
	v->clients = c;
	if (++v->nclients == VMMIO_SERVE_CLIENTS)
		evconnlistener_disable(l);
	bufferevent_setcb(c->bev, readable, written, ended, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, VMMIO_HEAD_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	within(c, VMMIO_SERVE_HEAD_S);
	return;

err_event:
	event_free(c->deadline);
err_close:
	free(c);
	close(fd);
}

static void stop(struct server *v, int err)
{
	v->err = err;
	event_base_loopbreak(v->base);
}

static void tell_all(struct server *v)
{
	struct client *c;

	for (c = v->clients; c; c = c->next)
		if (!is_behind(c))
			send_events(c);
}

static void keep_alive(evutil_socket_t fd, short what, void *arg)
{
	struct server *v = arg;
	struct client *c;

	for (c = v->clients; c; c = c->next)
		if (!is_behind(c))
			add_text(bufferevent_get_output(c->bev), ":\n\n");
}

/* The frames that are there in full. Returns 0 or -errno. */
static int take_frames(struct server *v)
{
	struct vmmio_feed_head h;
	int err = 0;

	while (!err && evbuffer_copyout(v->fed, &h, sizeof(h)) == sizeof(h)) {
		if (h.len > VMMIO_FEED_MAX)
			return -EPROTO;
		if (evbuffer_get_length(v->fed) < sizeof(h) + h.len)
			return 0;
		evbuffer_drain(v->fed, sizeof(h));
		err = vmmio_known_take(&v->known, h.type, evbuffer_pullup(v->fed, h.len), h.len);
		evbuffer_drain(v->fed, h.len);
		/* the looks come first, the rows end the interval */
		if (!err && (h.type == VMMIO_FEED_DELTA || h.type == VMMIO_FEED_END))
			tell_all(v);
	}
	return err;
}

static void fed(evutil_socket_t fd, short what, void *arg)
{
	struct server *v = arg;
	int n = evbuffer_read(v->fed, fd, -1), err;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		stop(v, 0); /* who fed us is gone */
		return;
	}
	err = take_frames(v);
	if (err)
		stop(v, err);
}

static int open_server(struct server *v)
{
	struct timeval every = {.tv_sec = PING_S};

	v->base = event_base_new();
	v->fed = evbuffer_new();
	if (!v->base || !v->fed || evutil_make_socket_nonblocking(v->s->feed))
		return -ENOMEM;
	v->feed = event_new(v->base, v->s->feed, EV_READ | EV_PERSIST, fed, v);
	v->ping = event_new(v->base, -1, EV_PERSIST, keep_alive, v);
	v->listener = evconnlistener_new(v->base, accepted, v, 0, -1, v->s->listener);
	if (!v->feed || !v->ping || !v->listener || event_add(v->feed, NULL) ||
	    event_add(v->ping, &every))
		return -ENOMEM;
	return 0;
}

int vmmio_serve_run(const struct vmmio_serve *s)
{
	struct server v = {.s = s};

	vmmio_known_init(&v.known, &s->opt);
	v.err = open_server(&v);
	if (!v.err)
		event_base_dispatch(v.base);
	while (v.clients)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): takes it off the list */
		client_free(v.clients);
	if (v.listener)
		evconnlistener_free(v.listener);
	if (v.feed)
		event_free(v.feed);
	if (v.ping)
		event_free(v.ping);
	if (v.fed)
		evbuffer_free(v.fed);
	vmmio_known_free(&v.known);
	if (v.base)
		event_base_free(v.base);
	return v.err;
}
