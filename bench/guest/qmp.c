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
#include <string.h>

#define LINE_MAX_BYTES (1u << 20)
#define FLAGS_IF 0x200 /* of x86's RFLAGS */

void vmmio_qmp_init(struct vmmio_qmp *q, int fd, struct vmmio_guest_result *result)
{
	memset(q, 0, sizeof(*q));
	q->r.fd = fd;
	q->r.most = LINE_MAX_BYTES;
	q->result = result;
}

void vmmio_qmp_free(struct vmmio_qmp *q)
{
	vmmio_qmp_close(&q->r);
}

void vmmio_qmp_quit(struct vmmio_qmp *q)
{
	vmmio_qmp_say(&q->r, "{\"execute\":\"quit\"}\n");
}

void vmmio_qmp_ask_registers(struct vmmio_qmp *q)
{
	vmmio_qmp_say(&q->r, "{\"execute\":\"human-monitor-command\","
			     "\"arguments\":{\"command-line\":\"info registers\"}}\n");
}

/* As QEMU prints them for people: "RIP=ffffffff81000000 RFL=00000046 ... HLT=0". */
static void take_registers(struct vmmio_qmp *q, const char *text)
{
	const char *rip = strstr(text, "RIP="), *halted = strstr(text, "HLT=");
	unsigned long long at;
	unsigned int flags;

	if (rip && halted && sscanf(rip, "RIP=%16llx RFL=%8x", &at, &flags) == 2) {
		q->rip = at;
		q->spinning = halted[4] == '0' && !(flags & FLAGS_IF);
		q->registers++;
	}
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
	return vmmio_qmp_say(&q->r, "{\"execute\":\"query-blockstats\"}\n");
}

static int take_line(struct vmmio_qmp *q, const char *line)
{
	json_t *message = json_loads(line, 0, NULL);
	const json_t *value;
	const char *event;
	int err = 0;

	if (!message)
		return -EPROTO;
	event = json_string_value(json_object_get(message, "event"));
	value = json_object_get(message, "return");
	if (json_object_get(message, "QMP")) {
		err = vmmio_qmp_say(&q->r, "{\"execute\":\"qmp_capabilities\"}\n");
	} else if (event) {
		err = take_event(q, message, event);
	} else if (json_is_array(value)) {
		take_blockstats(q->result, value);
		q->done = true;
	} else if (json_is_string(value)) {
		take_registers(q, json_string_value(value));
	} else if (json_object_get(message, "error")) {
		q->done = q->asked;
	}
	json_decref(message);
	return err;
}

int vmmio_qmp_input(struct vmmio_qmp *q)
{
	int err = vmmio_qmp_receive(&q->r);
	char *line;

	while (!err && (line = vmmio_qmp_line(&q->r)))
		err = *line ? take_line(q, line) : 0;
	return err;
}
