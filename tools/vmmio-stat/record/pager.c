// SPDX-License-Identifier: GPL-2.0-only
/*
 * See pager.h.
 */
#include <string.h>

#include "pager.h"

#define HEAD_TIME 8 /* bytes of a page's time, before its length */
#define DELTA_BITS 27
#define LENGTH_BITS 5
#define SMALL 112 /* bytes that the first word can tell, in words */
#define TIME_EXTEND 30

/* The first word of a record. */
static __u32 word(__u32 length, __u64 delta)
{
	return length | (__u32)(delta << LENGTH_BITS);
}

static char *page_of(const struct vmmio_pager *p)
{
	return p->pages + p->full * p->page_size;
}

static void finish(struct vmmio_pager *p)
{
	char *page = page_of(p), *data = page + HEAD_TIME + p->long_size;

	/* its length is as long as the kernel's long */
	memset(page + HEAD_TIME, 0, p->long_size);
	memcpy(page + HEAD_TIME, &(__u32){(__u32)p->used}, sizeof(__u32));
	memset(data + p->used, 0, p->page_size - HEAD_TIME - p->long_size - p->used);
	p->full++;
	p->used = 0;
}

/* What a record of @size bytes, @delta ns after the last one, takes on a page. */
static size_t bytes_of(size_t size, __u64 delta)
{
	return size + sizeof(__u32) * (1 + (size > SMALL) + 2 * (delta >> DELTA_BITS != 0));
}

void *vmmio_pager_add(struct vmmio_pager *p, __u64 ns, size_t size)
{
	size_t room = p->page_size - HEAD_TIME - p->long_size, whole = (size + 3) & ~(size_t)3;
	__u64 delta = ns - p->ns;
	char *at;

	/* most of them: small, soon after the last one, on the same page */
	if (size - 1 < SMALL && delta >> DELTA_BITS == 0 && p->used &&
	    p->used + whole + sizeof(__u32) <= room && p->full < p->room) {
		__u32 head = word((__u32)(whole / sizeof(__u32)), delta);

		at = page_of(p) + HEAD_TIME + p->long_size + p->used;
		memcpy(at, &head, sizeof(head));
		p->used += whole + sizeof(head);
		p->ns = ns;
		return at + sizeof(head);
	}
	if (ns < p->ns)
		ns = p->ns;
	delta = ns - p->ns;
	if (!size || bytes_of(whole, 0) > room)
		return NULL;
	if (p->used && p->used + bytes_of(whole, delta) > room)
		finish(p);
	if (p->full == p->room)
		return NULL;
	at = page_of(p);
	if (!p->used) {
		memcpy(at, &ns, sizeof(ns));
		delta = 0;
	}
	p->ns = ns;
	at += HEAD_TIME + p->long_size + p->used;
	p->used += bytes_of(whole, delta);
	if (delta >> DELTA_BITS) {
		__u32 extend[2] = {word(TIME_EXTEND, delta), (__u32)(delta >> DELTA_BITS)};

		memcpy(at, extend, sizeof(extend));
		at += sizeof(extend);
		delta = 0;
	}
	if (whole > SMALL) {
		__u32 head[2] = {word(0, delta), (__u32)(whole + sizeof(__u32))};

		memcpy(at, head, sizeof(head));
		at += sizeof(head);
	} else {
		__u32 head = word((__u32)(whole / sizeof(__u32)), delta);

		memcpy(at, &head, sizeof(head));
		at += sizeof(head);
	}
	return at;
}

size_t vmmio_pager_end(struct vmmio_pager *p)
{
	if (p->used)
		finish(p);
	return p->full;
}

void vmmio_pager_restart(struct vmmio_pager *p)
{
	if (p->used && p->full)
		memcpy(p->pages, page_of(p), p->page_size);
	p->full = 0;
}
