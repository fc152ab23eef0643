// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of virtio on owed notifications (VIRTIO 1.4, 2.7.7 and 2.7.10 for split rings, 2.8.10
 * for packed ones), see judge.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <vmmio/devices.h>

#include "judge.h"

#define ID_NET 1
#define ID_CONSOLE 3
#define ID_ENTROPY 4

/* Flags in a ring, of the side that wants no notifications. */
#define SPLIT_NO_NOTIFICATION 1 /* in either half */
#define PACKED_DISABLE 1
#define PACKED_DESC 2 /* from a certain descriptor on */

const char *const vmmio_stall_causes[VMMIO_STALL_CAUSE_COUNT] = {
#define NAME(id, name, meaning) name,
	VMMIO_STALL_CAUSES(NAME)};

const char *const vmmio_stall_meanings[VMMIO_STALL_CAUSE_COUNT] = {
#define MEANING(id, name, meaning) meaning,
	VMMIO_STALL_CAUSES(MEANING)};

__u32 vmmio_stall_ahead(const struct vmmio_stall_sample *s, __u32 to, __u32 from)
{
	return to >= from ? to - from : to + s->modulus - from;
}

__u32 vmmio_stall_flight(const struct vmmio_stall_sample *s)
{
	return vmmio_stall_ahead(s, s->avail, s->used);
}

__u32 vmmio_stall_pending(const struct vmmio_stall_sample *s)
{
	return vmmio_stall_ahead(s, s->used, s->seen);
}

bool vmmio_stall_buffers(const struct vmmio_stall_sample *s, __u32 *flight, __u32 *to_take)
{
	bool packed = s->flags & VMMIO_LOOK_PACKED;

	*flight = packed ? s->flight : vmmio_stall_flight(s);
	*to_take = packed ? s->to_take : vmmio_stall_pending(s);
	return !(s->flags & VMMIO_LOOK_UNREAD) && (!packed || s->flags & VMMIO_LOOK_COUNTED);
}

/* An entropy source may wait for its host's, for ever. */
bool vmmio_stall_patient(__u32 device_id, __u32 index, const char *name)
{
	return device_id == ID_ENTROPY || vmmio_queue_driven(device_id, index, name);
}

/* Transmit queues: buffers sent are taken back on the way to the next. */
bool vmmio_stall_lazy(__u32 device_id, __u32 index, const char *name)
{
	return (device_id == ID_NET && index % 2 && !vmmio_is_control(name)) ||
	       (device_id == ID_CONSOLE && index % 2);
}

/*
 * Is a notification owed for the step from @from to @to, by the other side's event word and flags?
 * (2.7.10: vring_need_event().)
 */
static bool owed(const struct vmmio_stall_sample *s, __u32 event, __u16 flags, __u32 from, __u32 to)
{
	bool by_word =
		s->flags & VMMIO_LOOK_PACKED ? flags == PACKED_DESC : s->flags & VMMIO_LOOK_EVENT;
	__u32 passed = vmmio_stall_ahead(s, to, event);

	if (by_word)
		return passed && passed <= vmmio_stall_ahead(s, to, from);
	if (s->flags & VMMIO_LOOK_PACKED)
		return flags != PACKED_DISABLE;
	return !(flags & SPLIT_NO_NOTIFICATION);
}

/* Buffers in flight that no kick came after. */
static __u32 unannounced(const struct vmmio_stall_sample *s)
{
	__u32 since = vmmio_stall_ahead(s, s->avail, s->avail_at_kick);
	__u32 flight = vmmio_stall_flight(s);

	/* what was used without a kick needed none; and a ring may have begun again */
	return since < flight ? since : flight;
}

static bool kick_owed(const struct vmmio_stall_sample *s)
{
	__u32 n = unannounced(s);
	__u32 from = s->avail >= n ? s->avail - n : s->avail + s->modulus - n;

	return n && owed(s, s->device_event, s->device_flags, from, s->avail);
}

/* Of the buffers in flight, those that the device has not looked at: by its event word. */
static __u32 unlooked(const struct vmmio_stall_sample *s)
{
	__u32 behind = vmmio_stall_ahead(s, s->avail, s->device_event);

	if (s->flags & VMMIO_LOOK_PACKED ? s->device_flags != PACKED_DESC
					 : !(s->flags & VMMIO_LOOK_EVENT))
		return 0;
	return behind <= vmmio_stall_flight(s) ? behind : 0;
}

static bool announced_known(const struct vmmio_stall_facts *f)
{
	return f->hooked && (f->s.kicks || f->s.avail != f->s.avail_at_kick);
}

/*
 * A device that waits for input is not judged: its buffers do not tell whether it wants to hear of
 * more. Any other device has used none of its buffers; without buffers in hand it has not looked,
 * or was not notified.
 */
static enum vmmio_stall_cause judge_device(const struct vmmio_stall_facts *f)
{
	const struct vmmio_stall_sample *s = &f->s;

	if (f->patient || s->flags & VMMIO_LOOK_MORE)
		return VMMIO_STALL_NONE;
	if (s->added && f->added_ns >= f->bound_ns)
		return VMMIO_STALL_NOT_KICKED;
	if (announced_known(f) && kick_owed(s))
		return VMMIO_STALL_LOST_KICK;
	return unlooked(s) == vmmio_stall_flight(s) ? VMMIO_STALL_LOST_KICK
						    : VMMIO_STALL_DEVICE_STUCK;
}

/* Did an interrupt come after which the driver takes no buffers? */
static bool interrupted(const struct vmmio_stall_facts *f)
{
	/* it is the driver itself that says so, when it is interrupted */
	if (f->s.flags & VMMIO_LOOK_QUIET)
		return true;
	/* those that come reach nobody */
	if (f->spurious_ns)
		return false;
	if ((f->s.flags & VMMIO_LOOK_KNOWS) && (f->s.flags & VMMIO_LOOK_EVENT))
		return f->s.flags & VMMIO_LOOK_TRIGGERED;
	/* one came when nothing more was taken back than now, and found that to be done */
	return (f->s.flags & VMMIO_LOOK_IRQS) && f->s.irqs && f->s.seen_at_irq == f->s.seen;
}

/* Can that be told? Not of what was there before the watch began, without EVENT_IDX. */
static bool interrupted_known(const struct vmmio_stall_facts *f)
{
	return (f->s.flags & VMMIO_LOOK_KNOWS && f->s.flags & VMMIO_LOOK_EVENT) ||
	       f->s.flags & VMMIO_LOOK_IRQS;
}

static bool irq_owed(const struct vmmio_stall_sample *s)
{
	return owed(s, s->driver_event, s->driver_flags, s->seen, s->used);
}

/* May the driver be waited for? */
static bool judges_driver(const struct vmmio_stall_facts *f)
{
	if (!(f->s.flags & VMMIO_LOOK_CALLBACK) || f->pending_ns < f->bound_ns)
		return false;
	return (f->s.flags & VMMIO_LOOK_QUIET) || irq_owed(&f->s);
}

static enum vmmio_stall_cause judge_driver(const struct vmmio_stall_facts *f)
{
	/* whatever came until then was nobody's */
	if (f->irq.disabled == VMMIO_YES && f->irq.spurious && !(f->s.flags & VMMIO_LOOK_QUIET))
		return VMMIO_STALL_IRQ_DISABLED;
	if (f->lazy && (interrupted(f) || !interrupted_known(f)))
		return VMMIO_STALL_NONE;
	if (interrupted(f))
		return VMMIO_STALL_ASLEEP;
	if (f->irq.disabled == VMMIO_YES)
		return VMMIO_STALL_IRQ_DISABLED;
	if (f->irq.masked == VMMIO_YES)
		return VMMIO_STALL_IRQ_MASKED;
	if (f->irq.offline == VMMIO_YES)
		return VMMIO_STALL_IRQ_OFFLINE;
	return f->spurious_ns >= f->bound_ns ? VMMIO_STALL_SPURIOUS : VMMIO_STALL_LOST_IRQ;
}

bool vmmio_stall_asks(const struct vmmio_stall_facts *f)
{
	bool known = f->s.flags & VMMIO_LOOK_KNOWS && f->s.flags & VMMIO_LOOK_EVENT;

	if (f->s.flags & VMMIO_LOOK_QUIET)
		return false;
	return judges_driver(f) && (!known || !interrupted(f));
}

static enum vmmio_stall_cause judge_binding(const struct vmmio_stall_facts *f)
{
	if (f->binding_ns < f->bound_ns)
		return VMMIO_STALL_NONE;
	return f->binding.state == VMMIO_BINDING_PROBING ? VMMIO_STALL_IN_PROBE
							 : VMMIO_STALL_IN_REMOVE;
}

static __u64 waits(const struct vmmio_stall_facts *f)
{
	return f->idle_ns > f->pending_ns ? f->idle_ns : f->pending_ns;
}

enum vmmio_stall_cause vmmio_stall_judge(const struct vmmio_stall_facts *f)
{
	enum vmmio_stall_cause cause = VMMIO_STALL_NONE;

	if (f->binding_ns)
		return judge_binding(f);
	if (f->s.flags & VMMIO_LOOK_UNREAD)
		return VMMIO_STALL_NONE;
	if (f->broken_ns && f->s.busy) /* whatever it waited for before, it now waits in vain */
		return waits(f) >= f->bound_ns || f->broken_ns >= f->bound_ns ? VMMIO_STALL_BROKEN
									      : VMMIO_STALL_NONE;
	if (f->full_ns >= f->bound_ns)
		return VMMIO_STALL_FULL;
	if (judges_driver(f))
		cause = judge_driver(f);
	if (!cause && f->idle_ns >= f->bound_ns)
		cause = judge_device(f);
	if (!cause && f->spurious_ns >= f->bound_ns)
		cause = VMMIO_STALL_SPURIOUS;
	return cause;
}

struct text {
	char *buf;
	size_t size, len;
};

static void say(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->buf + t->len, t->size - t->len, format, args);
	va_end(args);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

static void say_event(struct text *t, const struct vmmio_stall_sample *s, const char *who,
		      __u32 event, __u16 flags)
{
	if (s->flags & VMMIO_LOOK_PACKED && flags == PACKED_DESC)
		say(t, ", %s event %u", who, event);
	else if (s->flags & VMMIO_LOOK_PACKED)
		say(t, ", %s flags %s", who, flags == PACKED_DISABLE ? "disable" : "enable");
	else if (s->flags & VMMIO_LOOK_EVENT)
		say(t, ", %s event %u", who, event);
	else
		say(t, ", %s flags %u", who, flags);
}

static void say_kicks(struct text *t, const struct vmmio_stall_facts *f)
{
	const struct vmmio_stall_sample *s = &f->s;

	if (!f->hooked)
		say(t, "; kicks are not seen on this transport");
	else if (!s->kicks && s->avail == s->avail_at_kick)
		say(t, "; no kick since the watch began, when all this was available");
	else if (!s->kicks)
		say(t, "; no kick since the watch began, at avail %u", s->avail_at_kick);
	else
		say(t, "; %llu kick%s, the last at avail %u, %.1f s ago",
		    (unsigned long long)s->kicks, s->kicks == 1 ? "" : "s", s->avail_at_kick,
		    (s->time_ns - s->kick_ns) / 1e9);
}

static void say_irq(struct text *t, const struct vmmio_stall_facts *f)
{
	const struct vmmio_stall_irq *i = &f->irq;

	if (!i->irq) {
		say(t, "; its interrupt is not known");
		return;
	}
	say(t, "; interrupt %u", i->irq);
	if (i->cpus[0])
		say(t, " to CPU %s%s", i->cpus, i->offline == VMMIO_YES ? " (offline)" : "");
	if (i->have_count)
		say(t, ", %llu since", (unsigned long long)i->count);
	if (i->disabled == VMMIO_YES)
		say(t, i->spurious ? ", disabled by the kernel: nobody cared" : ", disabled");
	if (i->masked == VMMIO_YES)
		say(t, ", masked");
	if (f->spurious_ns)
		say(t, ", %u of the last %u found nothing", i->none, i->taken);
}

static void say_device(struct text *t, const struct vmmio_stall_facts *f,
		       enum vmmio_stall_cause cause)
{
	const struct vmmio_stall_sample *s = &f->s;
	const char *unit = s->flags & VMMIO_LOOK_PACKED ? " descriptors" : "";

	say_event(t, s, "device", s->device_event, s->device_flags);
	say_kicks(t, f);
	if (cause == VMMIO_STALL_NOT_KICKED)
		say(t, "; %u%s added, the driver has not asked whether to kick", s->added, unit);
	else if (cause == VMMIO_STALL_LOST_KICK && announced_known(f) && kick_owed(s))
		say(t, "; one was owed for the %u%s since", unannounced(s), unit);
	else if (unlooked(s))
		say(t, "; the device has not looked at %u of the %u%s it could use", unlooked(s),
		    vmmio_stall_flight(s), unit);
	if (s->busy == s->ring)
		say(t, "; the ring is full");
}

static void say_driver(struct text *t, const struct vmmio_stall_facts *f)
{
	const struct vmmio_stall_sample *s = &f->s;

	say_event(t, s, "driver", s->driver_event, s->driver_flags);
	if (s->flags & VMMIO_LOOK_QUIET)
		say(t, ", wants no interrupts");
	else if ((s->flags & VMMIO_LOOK_KNOWS) && (s->flags & VMMIO_LOOK_EVENT))
		say(t, ", %s since it asked",
		    s->flags & VMMIO_LOOK_TRIGGERED ? "interrupted" : "not interrupted");
	else if (s->flags & VMMIO_LOOK_IRQS)
		say(t, ", %s since it took back",
		    interrupted(f) ? "interrupted" : "not interrupted");
	say_irq(t, f);
}

void vmmio_stall_holder(const struct vmmio_stall_binding *b, char *buf, size_t size)
{
	if (b->holder)
		snprintf(buf, size, "thread %u (%.*s) is at it: /proc/%u/stack", b->holder,
			 (int)sizeof(b->comm), b->comm, b->holder);
	else
		snprintf(buf, size, "which thread is at it is not known");
}

static void say_binding(struct text *t, const struct vmmio_stall_facts *f)
{
	char holder[96];

	vmmio_stall_holder(&f->binding, holder, sizeof(holder));
	say(t, "driver %s, %s; %s", f->driver && f->driver[0] ? f->driver : "-",
	    f->binding.state == VMMIO_BINDING_PROBING ? "probing" : "being removed", holder);
}

const char *vmmio_stall_evidence(const struct vmmio_stall_facts *f, enum vmmio_stall_cause cause,
				 char *buf, size_t size)
{
	struct text t = {.buf = buf, .size = size};
	const struct vmmio_stall_sample *s = &f->s;

	buf[0] = '\0';
	if (cause == VMMIO_STALL_NONE)
		return buf;
	if (cause == VMMIO_STALL_IN_PROBE || cause == VMMIO_STALL_IN_REMOVE) {
		say_binding(&t, f);
		return buf;
	}
	say(&t, "avail %u, used %u, taken back %u%s", s->avail, s->used, s->seen,
	    s->flags & VMMIO_LOOK_PACKED ? " (descriptors)" : "");
	switch (cause) {
	case VMMIO_STALL_NOT_KICKED:
	case VMMIO_STALL_LOST_KICK:
	case VMMIO_STALL_DEVICE_STUCK:
		say_device(&t, f, cause);
		break;
	case VMMIO_STALL_IRQ_DISABLED:
	case VMMIO_STALL_IRQ_MASKED:
	case VMMIO_STALL_IRQ_OFFLINE:
	case VMMIO_STALL_LOST_IRQ:
	case VMMIO_STALL_ASLEEP:
		say_driver(&t, f);
		break;
	case VMMIO_STALL_FULL:
		say(&t, ", %u of %u entries taken, by buffers that neither side has", s->busy,
		    s->ring);
		break;
	case VMMIO_STALL_SPURIOUS:
		say_irq(&t, f);
		break;
	default:
		break;
	}
	return buf;
}
