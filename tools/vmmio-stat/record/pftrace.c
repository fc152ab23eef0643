// SPDX-License-Identifier: GPL-2.0-only
/*
 * See pftrace.h. The numbers of the fields are those of perfetto's trace_packet.proto,
 * track_descriptor.proto and track_event.proto; tests/guest/perfetto.proto has them by
 * name.
 */
#include <string.h>

#include "pftrace.h"

/* A message under construction; they are small. */
struct message {
	unsigned char b[512];
	size_t n;
};

static void varint(struct message *m, __u64 v)
{
	for (; v > 127 && m->n < sizeof(m->b); v >>= 7)
		m->b[m->n++] = (unsigned char)(v | 128);
	if (m->n < sizeof(m->b))
		m->b[m->n++] = (unsigned char)v;
}

static void number(struct message *m, unsigned int field, __u64 v)
{
	varint(m, field << 3);
	varint(m, v);
}

static void fixed64(struct message *m, unsigned int field, __u64 v)
{
	int i;

	varint(m, field << 3 | 1);
	for (i = 0; i < 8 && m->n < sizeof(m->b); i++, v >>= 8)
		m->b[m->n++] = (unsigned char)v;
}

static void bytes(struct message *m, unsigned int field, const void *from, size_t n)
{
	varint(m, field << 3 | 2);
	varint(m, n);
	if (n > sizeof(m->b) - m->n)
		n = sizeof(m->b) - m->n;
	memcpy(m->b + m->n, from, n);
	m->n += n;
}

static void text(struct message *m, unsigned int field, const char *t)
{
	bytes(m, field, t, strlen(t));
}

/* TracePacket, as an element of Trace. @ns 0: it has no time. */
static void packet(FILE *out, __u64 ns, unsigned int field, const struct message *inner)
{
	struct message p = {}, head = {};

	if (ns)
		number(&p, 8, ns);
	number(&p, 10, 1); /* trusted_packet_sequence_id */
	bytes(&p, field, inner->b, inner->n);
	varint(&head, 1 << 3 | 2);
	varint(&head, p.n);
	fwrite(head.b, 1, head.n, out);
	fwrite(p.b, 1, p.n, out);
}

void vmmio_pftrace_event(FILE *out, __u64 ns, enum vmmio_pftrace_type type, __u64 track,
			 const char *name, __u64 flow, const __u64 *ends, unsigned int nends)
{
	struct message m = {};

	number(&m, 9, (__u64)type);
	number(&m, 11, track);
	if (name) {
		text(&m, 22, "virtio");
		text(&m, 23, name);
	}
	if (flow)
		fixed64(&m, 47, flow);
	while (nends)
		fixed64(&m, 48, ends[--nends]);
	packet(out, ns, 11, &m);
}

void vmmio_pftrace_track(FILE *out, __u64 uuid, __u64 parent, const char *name)
{
	struct message m = {};

	number(&m, 1, uuid);
	text(&m, 2, name);
	if (parent)
		number(&m, 5, parent);
	packet(out, 0, 60, &m);
}
