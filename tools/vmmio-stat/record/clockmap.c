// SPDX-License-Identifier: GPL-2.0-only
/*
 * See clockmap.h. Between two pairs a clock is a straight line; leaving out each pair in turn shows
 * its deviation. An unknown offset is searched among all that put some exit within some kick.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clockmap.h"

#define INTERVALS (1u << 20) /* of a search: kicks times exits */
#define PAIRED_MIN 8
#define JUMP 2e-3 /* adjtime and chrony turn a clock by a quarter of that at most */

/* The line through pairs @a and @b at counter @ticks. */
static double at(const struct dat_pair *a, const struct dat_pair *b, double ticks_since_a)
{
	double ns = (double)(b->ns - a->ns), ticks = (double)(b->ticks - a->ticks);

	return ticks_since_a * ns / ticks;
}

static double slope(const struct dat_pair *p)
{
	return (double)(p[1].ns - p[0].ns) / (double)(p[1].ticks - p[0].ticks);
}

/* 0, or -errno; adds to *@error what this clock does. */
static int check(const struct dat_facts *f, const char *whose, __u64 *error, char *why, size_t size)
{
	const struct dat_pair *p = f->pairs;
	__u64 window = 0;
	double bend = 0, off;
	size_t i;

	if (f->npairs < 2) {
		snprintf(why, size,
			 "the %s's recording does not tie its clock to the processor's counter%s",
			 whose, f->npairs ? " more than once" : "");
		return -ENODATA;
	}
	for (i = 0; i < f->npairs; i++) {
		if (p[i].window_ns > window)
			window = p[i].window_ns;
		if (!i)
			continue;
		if (p[i].ns <= p[i - 1].ns || p[i].ticks <= p[i - 1].ticks ||
		    (i > 1 && fabs(slope(&p[i - 1]) / slope(&p[i - 2]) - 1) >
				      JUMP +
					      (double)(p[i].window_ns + p[i - 1].window_ns) /
						      (double)(p[i].ns - p[i - 1].ns) +
					      (double)(p[i - 1].window_ns + p[i - 2].window_ns) /
						      (double)(p[i - 1].ns - p[i - 2].ns))) {
			snprintf(why, size, "the %s's clock jumps, %.3f s after the beginning",
				 whose, ((double)p[i].ns - (double)p[0].ns) / 1e9);
			return -ERANGE;
		}
		if (i + 1 == f->npairs)
			continue;
		off = fabs((double)(p[i].ns - p[i - 1].ns) -
			   at(&p[i - 1], &p[i + 1], (double)(p[i].ticks - p[i - 1].ticks)));
		bend = off > bend ? off : bend;
	}
	*error += (window + 1) / 2 + (__u64)bend + 1;
	return 0;
}

/* Which line @x, of ns or of @ticks, is on; the outer ones go on for ever. */
static const struct dat_pair *line_of(const struct dat_facts *f, __u64 x, bool ticks)
{
	size_t lo = 0, hi = f->npairs > 2 ? f->npairs - 2 : 0, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if ((ticks ? f->pairs[mid + 1].ticks : f->pairs[mid + 1].ns) < x)
			lo = mid + 1;
		else
			hi = mid;
	}
	return &f->pairs[lo];
}

static __u64 add(__u64 base, double by)
{
	by += by < 0 ? -0.5 : 0.5;
	if (by < 0 && -by > (double)base)
		return 0;
	return base + (__u64)(__s64)by;
}

/* @a * @b >> @shift (below 64) of the whole product, for which not all machines have a type. */
static __u64 scaled(__u64 a, __u64 b, unsigned int shift)
{
	__u64 al = (__u32)a, ah = a >> 32, bl = (__u32)b, bh = b >> 32;
	__u64 first = ah * bl + (al * bl >> 32), second = al * bh + (__u32)first;
	__u64 low = second << 32 | (__u32)(al * bl);
	__u64 high = ah * bh + (first >> 32) + (second >> 32);

	return shift ? high << (64 - shift) | low >> shift : low;
}

__u64 vmmio_clockmap_guest(const struct vmmio_clockmap *m, __u64 host_ns)
{
	const struct dat_pair *p = line_of(m->host, host_ns, false);
	__u64 ticks = add(p[0].ticks, (double)(__s64)(host_ns - p[0].ns) / slope(p));

	if (m->tsc.ratio)
		ticks = scaled(ticks, m->tsc.ratio, m->tsc.frac_bits);
	if (m->tsc.offset < 0 && ticks < -(__u64)m->tsc.offset)
		return 0;
	ticks += (__u64)m->tsc.offset;
	p = line_of(m->guest, ticks, true);
	return add(p[0].ns, (double)(__s64)(ticks - p[0].ticks) * slope(p));
}

/* The offset that held while @guest was recorded. */
static int find_tsc(struct vmmio_clockmap *m, const struct dat_vm *vm, char *why, size_t size)
{
	const struct dat_vcpu *first = NULL, *v;
	size_t i;

	if (!vm->nvcpus) {
		snprintf(why, size,
			 "the host's recording has no TSC offset of VM %u (no debugfs there, or "
			 "another architecture)",
			 vm->pid);
		return -ENODATA;
	}
	for (i = 0; i < vm->nvcpus; i++) {
		v = &vm->vcpus[i];
		if (!first || v->vcpu == first->vcpu) {
			first = v;
			m->tsc = *v;
		}
	}
	/* the last one of each vCPU is that of the first */
	for (i = 0; i < vm->nvcpus; i++) {
		v = &vm->vcpus[i];
		if (v->offset == m->tsc.offset && v->ratio == m->tsc.ratio)
			continue;
		if (v->vcpu != m->tsc.vcpu) {
			size_t k;
			bool later = false;

			for (k = i + 1; k < vm->nvcpus; k++)
				later |= vm->vcpus[k].vcpu == v->vcpu;
			if (later)
				continue;
			snprintf(why, size,
				 "the vCPUs of VM %u have counters of their own: %u and %u",
				 vm->pid, m->tsc.vcpu, v->vcpu);
			return -ERANGE;
		}
	}
	return 0;
}

/* Both clocks are sound; their uncertainty is the first part of the error. */
static int begin(struct vmmio_clockmap *m, const struct dat_facts *guest,
		 const struct dat_facts *host, char *why, size_t size)
{
	int err;

	memset(m, 0, sizeof(*m));
	m->guest = guest;
	m->host = host;
	err = check(guest, "guest", &m->error_ns, why, size);
	return err ?: check(host, "host", &m->error_ns, why, size);
}

int vmmio_clockmap_init(struct vmmio_clockmap *m, const struct dat_facts *guest,
			const struct dat_facts *host, const struct dat_vm *vm, char *why,
			size_t size)
{
	int err = begin(m, guest, host, why, size);

	if (!err)
		err = find_tsc(m, vm, why, size);
	/* seen so at a look: what changed it before then is not known to a guest that ran */
	if (!err && vmmio_clockmap_guest(m, m->tsc.from_ns) > guest->end_ns) {
		snprintf(why, size, "the TSC offset of VM %u changed after the guest's recording",
			 vm->pid);
		err = -ERANGE;
	}
	return err;
}

/* A moment of @f's clock in its counter. */
static __s64 ticks_at(const struct dat_facts *f, __u64 ns)
{
	const struct dat_pair *p = line_of(f, ns, false);

	return (__s64)add(p[0].ticks, (double)(__s64)(ns - p[0].ns) / slope(p));
}

struct span {
	__s64 from, to;
};

/* Where an interval of offsets begins, or is over. */
struct edge {
	__s64 at;
	int by;
};

static int by_place(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return y->by - x->by; /* they have their ends in common */
}

static struct span *in_ticks(const struct dat_facts *f, const struct vmmio_clock_span *from,
			     size_t n)
{
	struct span *list = calloc(n + 1, sizeof(*list));
	size_t i;

	for (i = 0; list && i < n; i++)
		list[i] = (struct span){ticks_at(f, from[i].from_ns), ticks_at(f, from[i].to_ns)};
	return list;
}

/* The offsets that put @exit within @kick. */
static bool allows(const struct span *kick, const struct span *exit, struct span *offsets)
{
	offsets->from = kick->from - exit->from;
	offsets->to = kick->to - exit->to;
	return offsets->from <= offsets->to;
}

/* Most intervals that have a point outside of @but in common, and which points. */
static size_t deepest(const struct edge *e, size_t n, const struct span *but, struct span *where)
{
	size_t i, best = 0;
	long depth = 0;

	for (i = 0; i < n; i++) {
		depth += e[i].by;
		if (e[i].by < 0 || depth <= (long)best || i + 1 == n ||
		    (but && e[i].at >= but->from && e[i].at <= but->to))
			continue;
		best = (size_t)depth;
		*where = (struct span){e[i].at, e[i + 1].at};
	}
	return best;
}

/* What belongs to *@top: around it as far as more than half as many have a point in common. */
static struct span hill(const struct edge *e, size_t n, const struct span *top, size_t best)
{
	struct span h = {n ? e[0].at : 0, n ? e[n - 1].at : 0};
	long depth = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		depth += e[i].by;
		if (2 * depth > (long)best)
			continue;
		if (e[i].at < top->from) {
			h.from = e[i].at;
		} else if (e[i].at >= top->to) {
			h.to = e[i].at;
			break;
		}
	}
	return h;
}

/* A hill may have several tops that are as high: any of them may be it, and what is between. */
static void as_deep(const struct edge *e, size_t n, const struct span *within, size_t best,
		    struct span *found)
{
	long depth = 0;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		depth += e[i].by;
		if (depth < (long)best || e[i].at < within->from || e[i + 1].at > within->to)
			continue;
		found->from = e[i].at < found->from ? e[i].at : found->from;
		found->to = e[i + 1].at > found->to ? e[i + 1].at : found->to;
	}
}

static size_t push(struct edge *edges, size_t n, const struct span *o)
{
	if (o->from > o->to)
		return n;
	edges[n++] = (struct edge){o->from, 1};
	edges[n++] = (struct edge){o->to, -1};
	return n;
}

/*
 * What each kick allows: an offset counts once, however many exits it would put into that
 * kick. Another vCPU's exit may be among them, and must not cut away what its own allows.
 */
static size_t find_edges(struct edge *edges, const struct span *kicks, size_t nkicks, size_t every,
			 const struct span *exits, size_t nexits)
{
	size_t i, k, n = 0;

	for (i = 0; i < nkicks; i += every) {
		struct span o, all = {1, 0};

		for (k = 0; k < nexits; k++) { /* by time: offsets fall */
			if (!allows(&kicks[i], &exits[k], &o))
				continue;
			if (all.from <= all.to && o.to >= all.from) {
				all.from = o.from < all.from ? o.from : all.from;
				all.to = o.to > all.to ? o.to : all.to;
				continue;
			}
			n = push(edges, n, &all);
			all = o;
		}
		n = push(edges, n, &all);
	}
	qsort(edges, n, sizeof(*edges), by_place);
	return n;
}

/* All kicks that have an exit by the offsets of *@found make these fewer; how many they are. */
static size_t narrow(struct span *found, const struct span *kicks, size_t nkicks,
		     const struct span *exits, size_t nexits)
{
	size_t i, j, k = 0, n = 0;
	struct span o;

	for (i = 0; i < nkicks; i++) {
		struct span all = {1, 0}; /* what any exit within it allows of them */

		while (k < nexits && exits[k].from + found->to < kicks[i].from)
			k++;
		for (j = k; j < nexits && exits[j].from + found->from <= kicks[i].to; j++) {
			if (!allows(&kicks[i], &exits[j], &o) || o.from > found->to ||
			    o.to < found->from)
				continue;
			if (all.from > all.to)
				all = o;
			all.from = o.from < all.from ? o.from : all.from;
			all.to = o.to > all.to ? o.to : all.to;
		}
		if (all.from > all.to)
			continue;
		found->from = all.from > found->from ? all.from : found->from;
		found->to = all.to < found->to ? all.to : found->to;
		n++;
	}
	return n;
}

/* Is all that happened in @f? */
static bool is_whole(const struct dat_facts *f)
{
	size_t i;

	for (i = 0; i < f->ncpus; i++)
		if (f->cpus[i].lost || f->cpus[i].overwritten || f->cpus[i].dropped)
			return false;
	return f->ncpus && !f->missed;
}

static int search(struct vmmio_clockmap *m, const struct span *kicks, size_t nkicks,
		  const struct span *exits, size_t nexits, char *why, size_t size)
{
	size_t every = (size_t)(1 + (__u64)nkicks * nexits / INTERVALS);
	size_t tried = (nkicks + every - 1) / every;
	struct span found = {}, other, near;
	size_t n, best, second;
	struct edge *edges;
	bool whole;

	if (tried < PAIRED_MIN && nkicks >= PAIRED_MIN) {
		snprintf(
			why, size,
			"%zu exits are too many to look for an offset among them: record a shorter "
			"time",
			nexits);
		return -E2BIG;
	}
	edges = calloc(2 * tried * nexits + 1, sizeof(*edges));
	if (!edges)
		return -ENOMEM;
	n = find_edges(edges, kicks, nkicks, every, exits, nexits);
	best = deepest(edges, n, NULL, &found);
	near = hill(edges, n, &found, best);
	as_deep(edges, n, &near, best, &found);
	second = deepest(edges, n, &near, &other);
	free(edges);
	if (best < PAIRED_MIN || 2 * best < tried) {
		snprintf(why, size,
			 "no offset of the guest's counter puts an exit into more than %zu of %zu "
			 "kicks",
			 best, tried);
		return -ENODATA;
	}
	/*
	 * Reads of one length follow each other like teeth: a tooth further nearly all have
	 * an exit, too. But a kick leaves the guest: where nothing was lost, an offset by
	 * which one of those tried has no exit is none if by another all have.
	 */
	whole = best == tried && second < best && is_whole(m->host);
	m->paired = narrow(&found, kicks, nkicks, exits, nexits);
	if (4 * second > 3 * best && !(whole && m->paired == nkicks)) {
		snprintf(why, size,
			 "the guest's counter may be off by either of two: %zu kicks have an exit "
			 "by one, %zu by the other",
			 best, second);
		return -ERANGE;
	}
	if (found.from > found.to) {
		snprintf(why, size,
			 "the guest's counter may be off by several: no offset between them suits "
			 "all kicks");
		return -ERANGE;
	}
	m->tsc.offset = found.from + (found.to - found.from) / 2;
	m->error_ns += (__u64)((double)(found.to - found.from) / 2 * slope(m->guest->pairs)) + 1;
	return 0;
}

int vmmio_clockmap_measure(struct vmmio_clockmap *m, const struct dat_facts *guest,
			   const struct dat_facts *host, const struct vmmio_clock_span *kicks,
			   size_t nkicks, const struct vmmio_clock_span *exits, size_t nexits,
			   char *why, size_t size)
{
	struct span *k, *e;
	int err = begin(m, guest, host, why, size);

	if (err)
		return err;
	if (fabs(slope(guest->pairs) / slope(host->pairs) - 1) > JUMP) {
		snprintf(why, size,
			 "the guest's counter is scaled: by how much it is off cannot be measured");
		return -ERANGE;
	}
	k = in_ticks(guest, kicks, nkicks);
	e = in_ticks(host, exits, nexits);
	err = k && e ? search(m, k, nkicks, e, nexits, why, size) : -ENOMEM;
	if (err == -ENOMEM)
		snprintf(why, size, "%s", strerror(ENOMEM));
	free(k);
	free(e);
	return err;
}
