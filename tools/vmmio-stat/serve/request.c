// SPDX-License-Identifier: GPL-2.0-only
/* See request.h. Strict where a request could be read in two ways: nothing is guessed. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"
#include "request.h"

size_t vmmio_request_end(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i++) {
		if (text[i] != '\n')
			continue;
		if (text[i + 1] == '\n')
			return i + 2;
		if (text[i + 1] == '\r' && i + 2 < len && text[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static bool is_token(const char *s)
{
	const char *p;

	for (p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("!#$%&'*+-.^_`|~", *p))
			return false;
	return p != s;
}

/* The next line, cut off; NULL at the empty one. */
static char *next_line(char **at)
{
	char *line = *at, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*at = end + 1;
	if (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return *line ? line : NULL;
}

static int parse_start(struct vmmio_request *r, char *line)
{
	char *target, *version, *query;

	target = strchr(line, ' ');
	if (!target)
		return 400;
	*target++ = '\0';
	version = strchr(target, ' ');
	if (!version || !is_token(line))
		return 400;
	*version++ = '\0';
	if (strncmp(version, "HTTP/", 5))
		return 400;
	if (strcmp(version, "HTTP/1.1") && strcmp(version, "HTTP/1.0"))
		return 505;
	if (target[0] != '/')
		return 400;
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	r->path = target;
	r->query = query ? query : target + strlen(target);
	r->head_only = !strcmp(line, "HEAD");
	return r->head_only || !strcmp(line, "GET") ? 0 : 405;
}

static int take_header(struct vmmio_request *r, const char *name, char *value)
{
	if (!strcasecmp(name, "host")) {
		if (r->host)
			return 400;
		r->host = value;
	} else if (!strcasecmp(name, "accept")) {
		if (*r->accept)
			return 400; /* a list in two lines: no program sends that */
		r->accept = value;
	} else if (!strcasecmp(name, "content-length")) {
		return strcmp(value, "0") ? 413 : 0;
	} else if (!strcasecmp(name, "transfer-encoding")) {
		return 413;
	}
	return 0;
}

int vmmio_request_parse(struct vmmio_request *r, char *text, size_t len)
{
	char *at = text, *line, *value;
	int status, first;

	memset(r, 0, sizeof(*r));
	if (!len || memchr(text, '\0', len))
		return 400;
	text[len - 1] = '\0'; /* of the empty line */
	r->accept = text + len - 1;
	line = next_line(&at);
	if (!line)
		return 400;
	first = parse_start(r, line);
	if (first == 400 || first == 505)
		return first;
	while ((line = next_line(&at))) {
		value = strchr(line, ':');
		if (!value)
			return 400;
		*value++ = '\0';
		if (!is_token(line))
			return 400; /* a folded line, too: it begins with a blank */
		status = take_header(r, line, vmmio_trim(value));
		if (status)
			return first ? first : status;
	}
	return first;
}

bool vmmio_request_host_is_local(const char *host)
{
	char name[64];
	const char *port = host;
	struct in_addr a4;
	size_t len;

	port = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
	if (host[0] == '[' && port)
		port++;
	else if (host[0] == '[')
		return false;
	len = port ? (size_t)(port - host) : strlen(host);
	if (!len || len >= sizeof(name))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	if (port && *port == ':')
		for (port++; *port; port++)
			if (!isdigit((unsigned char)*port))
				return false;
	if (port && *port)
		return false;
	if (!strcasecmp(name, "localhost") || !strcmp(name, "[::1]"))
		return true;
	return inet_pton(AF_INET, name, &a4) == 1 && ntohl(a4.s_addr) >> 24 == 127;
}

/* q of one media range, in thousandths. */
static int quality(const char *parameters)
{
	const char *q = parameters ? strcasestr(parameters, "q=") : NULL;
	char *end;
	double v;

	if (!q || (q != parameters && !strchr("; \t", q[-1])))
		return 1000;
	v = strtod(q + 2, &end);
	return end == q + 2 || !(v >= 0 && v <= 1) ? 0 : (int)(v * 1000 + 0.5);
}

bool vmmio_request_wants_open(const char *accept)
{
	int open = 0, text = 0, other = 0, q;
	char list[VMMIO_HEAD_MAX], *range, *save = NULL, *parameters;
	size_t len = strlen(accept);

	if (len >= sizeof(list))
		return false;
	memcpy(list, accept, len + 1);
	for (range = strtok_r(list, ",", &save); range; range = strtok_r(NULL, ",", &save)) {
		parameters = strchr(range, ';');
		if (parameters)
			*parameters++ = '\0';
		range = vmmio_trim(range);
		q = quality(parameters);
		if (!strcasecmp(range, "application/openmetrics-text")) {
			/* the only version that there is; 0.0.1 is its draft */
			if (parameters && strstr(parameters, "version=") &&
			    !strstr(parameters, "version=1.0.0") &&
			    !strstr(parameters, "version=\"1.0.0\""))
				continue;
			open = q > open ? q : open;
		} else if (!strcasecmp(range, "text/plain")) {
			text = q > text ? q : text;
		} else if (!strcmp(range, "text/*") || !strcmp(range, "*/*")) {
			other = q > other ? q : other;
		}
	}
	text = text ? text : other;
	return open && open >= text;
}
