// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol of one run (qmp.h). QEMU pauses the machine when the guest
 * switches it off (-action shutdown=pause), so the counts that are asked for
 * then are final.
 */
#include "qmp.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_BYTES (1u << 20)

void vmmio_qmp_init(struct vmmio_qmp *q, int fd, struct vmmio_guest_result *result)
{
	memset(q, 0, sizeof(*q));
	q->fd = fd;
	q->result = result;
}

void vmmio_qmp_free(struct vmmio_qmp *q)
{
	if (q->fd >= 0)
		close(q->fd);
	q->fd = -1;
	free(q->line);
	q->line = NULL;
}

/* A command is far smaller than the socket's buffer: it goes out whole or QEMU is gone. */
static int say(struct vmmio_qmp *q, const char *text)
{
	ssize_t n = send(q->fd, text, strlen(text), MSG_NOSIGNAL);

	return n == (ssize_t)strlen(text) ? 0 : -EPIPE;
}

void vmmio_qmp_quit(struct vmmio_qmp *q)
{
	say(q, "{\"execute\":\"quit\"}\n");
}

static uint64_t count(const json_t *stats, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(stats, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void take_blockstats(struct vmmio_guest_result *r, const json_t *list)
{
	const json_t *entry;
	size_t i;

	json_array_foreach((json_t *)list, i, entry) {
		const char *node = json_string_value(json_object_get(entry, "node-name"));
		const json_t *stats = json_object_get(entry, "stats");
		struct vmmio_guest_drive *drive;

		if (!node || !stats || r->ndrives == VMMIO_GUEST_DRIVES)
			continue;
		drive = &r->drives[r->ndrives++];
		snprintf(drive->node, sizeof(drive->node), "%s", node);
		drive->rd_operations = count(stats, "rd_operations");
		drive->wr_operations = count(stats, "wr_operations");
		drive->flush_operations = count(stats, "flush_operations");
		drive->rd_bytes = count(stats, "rd_bytes");
		drive->wr_bytes = count(stats, "wr_bytes");
		drive->failed = count(stats, "failed_rd_operations") +
				count(stats, "failed_wr_operations") +
				count(stats, "invalid_rd_operations") +
				count(stats, "invalid_wr_operations");
	}
}

static int take_event(struct vmmio_qmp *q, const json_t *message, const char *event)
{
	const char *reason;

	if (!strcmp(event, "SHUTDOWN") && !q->shutdown) { /* a second one is our own quit */
		reason = json_string_value(
			json_object_get(json_object_get(message, "data"), "reason"));
		snprintf(q->reason, sizeof(q->reason), "%s", reason ? reason : "unknown");
		q->shutdown = true;
	} else if (!strcmp(event, "STOP")) {
		q->stopped = true;
	} else {
		return 0;
	}
	if (q->asked)
		return 0;
	q->asked = true;
	return say(q, "{\"execute\":\"query-blockstats\"}\n");
}

static int take_line(struct vmmio_qmp *q)
{
	json_t *message = json_loads(q->line, 0, NULL);
	const json_t *value;
	const char *event;
	int err = 0;

	if (!message)
		return -EPROTO;
	event = json_string_value(json_object_get(message, "event"));
	value = json_object_get(message, "return");
	if (json_object_get(message, "QMP")) {
		err = say(q, "{\"execute\":\"qmp_capabilities\"}\n");
	} else if (event) {
		err = take_event(q, message, event);
	} else if (json_is_array(value)) {
		take_blockstats(q->result, value);
		q->done = true;
	} else if (json_object_get(message, "error")) {
		q->done = q->asked;
	}
	json_decref(message);
	return err;
}

int vmmio_qmp_input(struct vmmio_qmp *q)
{
	char buf[4096];
	ssize_t n, i;
	int err;

	n = recv(q->fd, buf, sizeof(buf), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!n)
		return -EPIPE;
	for (i = 0; i < n; i++) {
		if (q->used + 1 >= q->size) {
			size_t size = q->size ? q->size * 2 : 4096;
			char *line;

			if (size > LINE_MAX_BYTES)
				return -EPROTO;
			line = realloc(q->line, size);
			if (!line)
				return -ENOMEM;
			q->line = line;
			q->size = size;
		}
		if (buf[i] != '\n') {
			q->line[q->used++] = buf[i];
			continue;
		}
		q->line[q->used] = '\0';
		err = q->used ? take_line(q) : 0;
		q->used = 0;
		if (err)
			return err;
	}
	return 0;
}
