// SPDX-License-Identifier: GPL-2.0-only
/* See chain.h: the input, and the parts of a chain. chainjoin.c joins. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/events.h"
#include "vmmio/hostexit.h"
#include "chain.h"

const char *vmmio_chain_why(enum vmmio_chain_why why)
{
	static const char *const text[VMMIO_CHAIN_WHYS] = {
		[VMMIO_CHAIN_WHOLE] = "whole",
		[VMMIO_CHAIN_MERGED] =
			"an earlier kick of the queue was waiting for this interrupt",
		[VMMIO_CHAIN_DRIVEN] =
			"the device drives this queue: its interrupts answer no kick",
		[VMMIO_CHAIN_NO_IRQ] = "no interrupt for it was recorded in the guest",
		[VMMIO_CHAIN_NO_END] = "the end of its handler was not recorded in the guest",
		[VMMIO_CHAIN_NO_CPU] = "which vCPU its CPU is was not told, and not to be seen",
		[VMMIO_CHAIN_NO_VCPU] = "nothing of its vCPU was recorded on the host",
		[VMMIO_CHAIN_NO_EXIT] =
			"no doorbell of its vCPU was recorded on the host meanwhile",
		[VMMIO_CHAIN_OTHER] = "its exit has another address than those of its queue",
		[VMMIO_CHAIN_NO_SENT] =
			"no interrupt to its vCPU was recorded on the host meanwhile",
		[VMMIO_CHAIN_ORDER] = "its steps are out of order by more than the clocks' error",
		[VMMIO_CHAIN_NO_REQUEST] = "it is in none of the load's requests",
		[VMMIO_CHAIN_SHARED] = "another kick is in the same request",
	};

	return text[why];
}

int vmmio_chains_init(struct vmmio_chains *c)
{
	memset(c, 0, sizeof(*c));
	return vmmio_journeys_init(&c->journeys, 0);
}

void vmmio_chains_free(struct vmmio_chains *c)
{
	vmmio_journeys_free(&c->journeys);
	free(c->v);
	free(c->steps);
	memset(c, 0, sizeof(*c));
}

static void *grow(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : reallocarray(list, n ? 2 * n : 1, size);
}

static void add_kick(struct vmmio_chains *c, const struct vmmio_step *s)
{
	struct vmmio_chain *p = grow(c->v, c->n, sizeof(*p));

	if (!p) {
		c->err = -ENOMEM;
		return;
	}
	c->v = p;
	p[c->n++] = (struct vmmio_chain){
		.slot = s->slot,
		.gen = s->gen,
		.cpu = s->cpu,
		.irq_cpu = -1,
		.guest = s->flags & VMMIO_EV_DEVICE_DRIVEN ? VMMIO_CHAIN_DRIVEN
			 : s->flags & VMMIO_EV_MERGED	   ? VMMIO_CHAIN_MERGED
							   : VMMIO_CHAIN_NO_IRQ,
		.mark[VMMIO_MARK_KICK] = s->begin_ns ? s->begin_ns : s->ns,
	};
}

/* The kick of that queue and moment: one of the last, as a rule. */
static struct vmmio_chain *kick_at(struct vmmio_chains *c, __u32 slot, __u64 ns)
{
	size_t i;

	for (i = c->n; i--;)
		if (c->v[i].slot == slot && c->v[i].mark[VMMIO_MARK_KICK] == ns)
			return &c->v[i];
	return NULL;
}

/* Of journeys: a kick has its interrupt. */
static void answered(void *data, const struct vmmio_journey *j)
{
	struct vmmio_chains *c = data;
	struct vmmio_chain *x = kick_at(c, j->slot, j->kick_ns);

	if (!x || j->kick_cpu < 0)
		return;
	x->guest = j->end_ns ? VMMIO_CHAIN_WHOLE : VMMIO_CHAIN_NO_END;
	x->irq_cpu = j->irq_cpu;
	x->irq_ns = j->irq_ns;
	x->end_ns = j->end_ns;
}

void vmmio_chains_guest(void *chains, const struct vmmio_step *s)
{
	struct vmmio_chains *c = chains;
	struct vmmio_chain *x;

	c->journeys.take = answered;
	c->journeys.data = c;
	if (s->kind == VMMIO_STEP_KICK)
		add_kick(c, s);
	vmmio_journeys_step(&c->journeys, s);
	if (s->kind != VMMIO_STEP_KICK_DONE)
		return;
	x = kick_at(c, s->slot, s->begin_ns);
	/* not the write's duration from the kick: an interrupt may come between the two */
	if (x)
		x->done_ns = s->ns;
}

void vmmio_chains_host(void *chains, const struct vmmio_host_step *s)
{
	struct vmmio_chains *c = chains;
	struct vmmio_host_step *p;

	if (c->nsteps >= 0xffffffffu) {
		c->err = -EFBIG;
		return;
	}
	p = grow(c->steps, c->nsteps, sizeof(*p));
	if (!p) {
		c->err = -ENOMEM;
		return;
	}
	c->steps = p;
	p[c->nsteps++] = *s;
}

bool vmmio_chain_is_write(const struct vmmio_host_step *s, __u64 *addr)
{
	*addr = s->kind == VMMIO_HOST_PIO ? s->c : s->addr;
	return s->kind == VMMIO_HOST_FAST ||
	       (s->kind == VMMIO_HOST_MMIO && s->a == VMMIO_KVM_MMIO_WRITE) ||
	       (s->kind == VMMIO_HOST_PIO && s->a);
}

__u64 vmmio_chain_until(const struct vmmio_chain *x)
{
	__u64 kick = x->mark[VMMIO_MARK_KICK];

	return x->done_ns > kick ? x->done_ns : x->irq_ns > kick ? x->irq_ns : kick;
}

void vmmio_chain_begin(struct vmmio_chain *x)
{
	__u64 kick = x->mark[VMMIO_MARK_KICK];

	memset(x->mark, 0, sizeof(x->mark));
	x->mark[VMMIO_MARK_KICK] = kick;
	x->mark[VMMIO_MARK_HANDLER] = x->irq_ns;
	x->mark[VMMIO_MARK_HANDLED] = x->end_ns;
	x->why = x->guest;
	x->backend = 0;
}

bool vmmio_chain_leg(const struct vmmio_chain *x, enum vmmio_mark mark, __u64 *ns)
{
	int m = (int)mark;

	if (!x->mark[mark])
		return false;
	while (m-- > 0)
		if (x->mark[m]) {
			*ns = x->mark[mark] - x->mark[m];
			return true;
		}
	return false;
}

bool vmmio_chain_adds_up(const struct vmmio_chain *x)
{
	__u64 sum = 0, ns, last = 0;
	int m;

	if (x->why != VMMIO_CHAIN_WHOLE)
		return true;
	for (m = 0; m < VMMIO_MARKS; m++) {
		if (x->mark[m] && x->mark[m] < last)
			return false;
		last = x->mark[m] ? x->mark[m] : last;
		if (vmmio_chain_leg(x, (enum vmmio_mark)m, &ns))
			sum += ns;
	}
	return sum == vmmio_chain_whole(x);
}

__u64 vmmio_chain_whole(const struct vmmio_chain *x)
{
	__u64 from = x->mark[VMMIO_MARK_BEGIN], to = x->mark[VMMIO_MARK_END];

	from = from ? from : x->mark[VMMIO_MARK_KICK];
	to = to ? to : x->mark[VMMIO_MARK_HANDLED];
	return to - from;
}
