// SPDX-License-Identifier: GPL-2.0-only
/*
 * See tracefs_probes.h.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tracefs.h>

#include "tracefs_probes.h"

#if defined(__x86_64__)
#define ARG0 "%di"
#define ARG1 "%si"
#elif defined(__aarch64__)
#define ARG0 "%x0"
#define ARG1 "%x1"
#elif defined(__arm__)
#define ARG0 "%r0"
#define ARG1 "%r1"
#else
#error "in which registers are a function's first two arguments?"
#endif

#define FIELD(type, name, member)                                                       \
	{                                                                               \
		name, offsetof(struct type, member), sizeof(((struct type *)0)->member) \
	}
#define QUEUE_FIELDS                                                            \
	FIELD(vq_record, "vq", vq), FIELD(vq_record, "vdev", vdev),             \
		FIELD(vq_record, "next", next), FIELD(vq_record, "prev", prev), \
		FIELD(vq_record, "index", index), FIELD(vq_record, "dev", dev), \
		FIELD(vq_record, "name", name)

static const struct trace_field queue_fields[] = {QUEUE_FIELDS, {}};
static const struct trace_field irq_queue_fields[] = {
	QUEUE_FIELDS, FIELD(vq_record, "irq", irq), {}};
#define NAMED_FIELDS                                                    \
	FIELD(vq_record, "index", index), FIELD(vq_record, "dev", dev), \
		FIELD(vq_record, "name", name)

static const struct trace_field named_fields[] = {NAMED_FIELDS, {}};
static const struct trace_field irq_named_fields[] = {
	NAMED_FIELDS, FIELD(vq_record, "irq", irq), {}};
static const struct trace_field device_fields[] = {FIELD(device_record, "dev", dev), {}};
static const struct trace_field irq_device_fields[] = {
	FIELD(device_record, "dev", dev), FIELD(device_record, "irq", irq), {}};
static const struct trace_field result_fields[] = {FIELD(result_record, "ret", ret), {}};

static const struct trace_field *const fields_of[] = {
	[QUEUE] = queue_fields,		  [IRQ_QUEUE] = irq_queue_fields, [DEVICE] = device_fields,
	[IRQ_DEVICE] = irq_device_fields, [RESULT] = result_fields,
};

/* The same without kernel addresses, for recordings. */
static const struct trace_field *const recorded_fields_of[] = {
	[QUEUE] = named_fields,		  [IRQ_QUEUE] = irq_named_fields, [DEVICE] = device_fields,
	[IRQ_DEVICE] = irq_device_fields, [RESULT] = result_fields,
};

const struct trace_field *trace_probe_recorded(enum fetch fetch)
{
	return recorded_fields_of[fetch];
}

/* The fetch arguments of a probe, in the kernel's language for them. */
static void describe(enum fetch fetch, bool recorded, char *text, size_t size)
{
	const char *vq = fetch == IRQ_QUEUE ? ARG1 : ARG0;
	const char *word = sizeof(long) == 8 ? "x64" : "x32";
	const char *irq = fetch == IRQ_QUEUE || fetch == IRQ_DEVICE ? " irq=" ARG0 ":u32" : "";

	switch (fetch) {
	case QUEUE:
	case IRQ_QUEUE:
		if (recorded) {
			snprintf(text, size,
				 "index=+%zu(%s):u32 dev=+%d(+%zu(%s)):u32 "
				 "name=+0(+%zu(%s)):string%s",
				 (size_t)VQ_INDEX, vq, VDEV_INDEX, (size_t)VQ_VDEV, vq,
				 (size_t)VQ_NAME, vq, irq);
			break;
		}
		snprintf(text, size,
			 "vq=%s:%s next=+%zu(%s):%s prev=+%zu(%s):%s vdev=+%zu(%s):%s "
			 "index=+%zu(%s):u32 dev=+%d(+%zu(%s)):u32 name=+0(+%zu(%s)):string%s",
			 vq, word, (size_t)VQ_NEXT, vq, word, VQ_PREV, vq, word, VQ_VDEV, vq, word,
			 VQ_INDEX, vq, VDEV_INDEX, VQ_VDEV, vq, VQ_NAME, vq, irq);
		break;
	case DEVICE:
	case IRQ_DEVICE:
		snprintf(text, size, "dev=+%d(%s):u32%s", VDEV_INDEX, fetch == DEVICE ? ARG0 : ARG1,
			 irq);
		break;
	case RESULT:
		snprintf(text, size, "ret=$retval:u32");
	}
}

int trace_probe_set(struct trace_probes *p, const char *name, const char *function,
		    enum fetch fetch, struct trace_event event, char *why, size_t size)
{
	struct trace_probe *probe = &p->list[p->n];
	char text[400];

	if (p->n == TRACE_EVENTS)
		return -ENOSPC;
	snprintf(probe->name, sizeof(probe->name), "%s_%d", name, (int)getpid());
	describe(fetch, p->recorded, text, sizeof(text));
	if (fetch == RESULT)
		probe->event = tracefs_kretprobe_alloc(p->system, probe->name, function, text, 0);
	else
		probe->event = tracefs_kprobe_alloc(p->system, probe->name, function, text);
	if (!probe->event)
		return -ENOMEM;
	errno = 0;
	if (tracefs_dynevent_create(probe->event)) {
		int err = errno ? -errno : -EIO;

		snprintf(why, size, "tracefs: no probe on %s: %s", function, strerror(-err));
		tracefs_dynevent_free(probe->event);
		probe->event = NULL;
		return err;
	}
	p->n++;
	event.system = p->system;
	event.name = probe->name;
	event.title = probe->title;
	event.fields = (p->recorded ? recorded_fields_of : fields_of)[fetch];
	return trace_ring_enable(p->ring, &event, why, size);
}

__u64 trace_profile_missed(const char *text, const char *name)
{
	unsigned long long hits, missed;
	char event[64];

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (sscanf(text, " %63s %llu %llu", event, &hits, &missed) == 3 &&
		    !strcmp(event, name))
			return missed;
	return 0;
}

__u64 trace_probes_missed(struct trace_probes *p)
{
	char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);
	__u64 sum = 0;
	int i;

	for (i = 0; text && i < p->n; i++)
		sum += trace_profile_missed(text, p->list[i].name);
	free(text);
	return sum;
}

void trace_probes_remove(struct trace_probes *p)
{
	int i;

	for (i = 0; i < p->n; i++) {
		tracefs_dynevent_destroy(p->list[i].event, true);
		tracefs_dynevent_free(p->list[i].event);
	}
	p->n = 0;
}
