// SPDX-License-Identifier: GPL-2.0-only
/*
 * The join of both halves (chain.h). The host's steps are searched per thread: the vCPU's for the
 * exit of its kick, the sender's for the interrupt.
 *
 * Long because each step of a chain is searched from the position of the one before it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmmio/hostexit.h"
#include "chain.h"

#define DEEDS 4096 /* of a CPU, to see which vCPU it is */

/* Of one thread of the host: positions in c->steps. */
struct thread {
	__s32 tid;
	bool mine;  /* of the VM, or one of the kernel's that nobody has */
	__u32 vcpu; /* ~0: none */
	__u32 *own; /* what it did */
	size_t nown;
	__u32 *runs; /* when it came to run */
	size_t nruns;
};

struct join {
	struct vmmio_chains *c;
	const struct dat_vm *vm;
	const struct vmmio_clockmap *map;
	struct vmmio_host_step *steps; /* on the guest's clock */
	struct thread *threads;
	size_t nthreads;
	struct cpu {
		int number;
		bool told;		   /* or seen */
		const struct thread *vcpu; /* NULL: it did nothing, or is not known */
	} * cpus;			   /* of the guest's kicks and handlers, by number */
	size_t ncpus;
	struct deed *deeds; /* by CPU, where it must be seen which vCPU that is */
	size_t ndeeds;
	__u32 *accepts; /* positions of interrupts that a vCPU accepted, or that pend for it */
	size_t naccepts;
};

static void *grow(void *list, size_t n, size_t size)
{
	return n & (n - 1) ? list : reallocarray(list, n ? 2 * n : 1, size);
}

static int push(__u32 **list, size_t *n, __u32 value)
{
	__u32 *p = grow(*list, *n, sizeof(*p));

	if (!p)
		return -ENOMEM;
	*list = p;
	p[(*n)++] = value;
	return 0;
}

/* The owner of a thread: this VM, another, or none. */
static bool is_mine(const struct join *j, __s32 tid)
{
	const struct dat_facts *f = j->map->host;
	size_t i, k;

	for (i = 0; i < f->nvms; i++)
		for (k = 0; k < f->vms[i].ntasks; k++)
			if ((__s32)f->vms[i].tasks[k].tid == tid && &f->vms[i] != j->vm &&
			    f->vms[i].pid != j->vm->pid)
				return false;
	return true;
}

static struct thread *thread(struct join *j, __s32 tid)
{
	struct thread *p;
	size_t i;

	for (i = 0; i < j->nthreads; i++)
		if (j->threads[i].tid == tid)
			return &j->threads[i];
	p = grow(j->threads, j->nthreads, sizeof(*p));
	if (!p)
		return NULL;
	j->threads = p;
	p += j->nthreads++;
	*p = (struct thread){.tid = tid, .vcpu = ~0u, .mine = is_mine(j, tid)};
	return p;
}

/* Which vCPU a thread is, as the scan of its VM says; ~0: it does not. */
static __u32 scanned_vcpu(const struct join *j, __s32 tid)
{
	size_t i;

	for (i = 0; i < j->vm->nrecs; i++)
		if (j->vm->recs[i].type == VMMIO_HOST_VCPU && (__s32)j->vm->recs[i].tid == tid)
			return j->vm->recs[i].id;
	return ~0u;
}

#define FIRST_SHARED 32 /* arm64: interrupts before it are a vCPU's own */

static bool is_accept(const struct vmmio_host_step *s)
{
	return s->kind == VMMIO_HOST_ACCEPT ||
	       (s->kind == VMMIO_HOST_PENDING && s->a >= FIRST_SHARED && s->vector);
}

static bool is_for(const struct vmmio_host_step *s, const struct thread *t)
{
	return t->vcpu == (s->kind == VMMIO_HOST_PENDING ? (__u32)s->addr : s->a);
}

/* Steps by thread, on the guest's clock. */
static int sort(struct join *j)
{
	struct vmmio_chains *c = j->c;
	size_t i;
	int err = 0;

	j->steps = calloc(c->nsteps + 1, sizeof(*j->steps));
	if (!j->steps)
		return -ENOMEM;
	for (i = 0; !err && i < c->nsteps; i++) {
		struct vmmio_host_step *s = &j->steps[i];
		struct thread *t = thread(j, c->steps[i].pid);

		if (!t)
			return -ENOMEM;
		*s = c->steps[i];
		s->ns = vmmio_clockmap_guest(j->map, s->ns);
		err = push(&t->own, &t->nown, (__u32)i);
		if (!err && is_accept(s) && t->mine)
			err = push(&j->accepts, &j->naccepts, (__u32)i);
		if (s->kind == VMMIO_HOST_EXIT || s->kind == VMMIO_HOST_ENTRY)
			t->vcpu = s->c != VMMIO_HOST_UNSAID ? s->c
				  : t->vcpu == ~0u	    ? scanned_vcpu(j, t->tid)
							    : t->vcpu;
		if (!err && s->kind == VMMIO_HOST_SWITCH) {
			t = thread(j, (__s32)s->b);
			err = t ? push(&t->runs, &t->nruns, (__u32)i) : -ENOMEM;
		}
	}
	return err;
}

static void unsort(struct join *j)
{
	size_t i;

	for (i = 0; i < j->nthreads; i++) {
		free(j->threads[i].own);
		free(j->threads[i].runs);
	}
	free(j->threads);
	free(j->cpus);
	free(j->deeds);
	free(j->accepts);
	free(j->steps);
}

static const struct vmmio_host_step *step(const struct join *j, const __u32 *list, size_t i)
{
	return &j->steps[list[i]];
}

/* The first of @list at or after @ns. */
static size_t since(const struct join *j, const __u32 *list, size_t n, __u64 ns)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (step(j, list, mid)->ns < ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Where a CPU is among the others, which are by number, or belongs. */
static size_t place_of(const struct join *j, int number)
{
	size_t lo = 0, hi = j->ncpus, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (j->cpus[mid].number < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct cpu *cpu_of(const struct join *j, int number)
{
	size_t i = place_of(j, number);

	return i < j->ncpus && j->cpus[i].number == number ? &j->cpus[i] : NULL;
}

static const struct thread *vcpu_thread(const struct join *j, int number)
{
	const struct cpu *c = cpu_of(j, number);

	return c ? c->vcpu : NULL;
}

/* Why there is none. */
static enum vmmio_chain_why no_thread(const struct join *j, int number)
{
	const struct cpu *c = cpu_of(j, number);

	return c && !c->told ? VMMIO_CHAIN_NO_CPU : VMMIO_CHAIN_NO_VCPU;
}

/*
 * The doorbell write of a kick: the first to @addr (~0: to any) of its vCPU while the
 * guest wrote. Its place in the thread's list, or nown.
 */
static size_t find_write(const struct join *j, const struct thread *t, const struct vmmio_chain *x,
			 __u64 want)
{
	__u64 error = j->map->error_ns, kick = x->mark[VMMIO_MARK_KICK], addr;
	size_t i = since(j, t->own, t->nown, kick > error ? kick - error : 0);

	for (; i < t->nown && step(j, t->own, i)->ns <= vmmio_chain_until(x) + error; i++)
		if (vmmio_chain_is_write(step(j, t->own, i), &addr) &&
		    (want == ~0ull || addr == want))
			return i;
	return t->nown;
}

/* An interrupt was put before @t while the guest waited for it. */
static bool has_injection(const struct join *j, const struct thread *t, const struct vmmio_chain *x)
{
	__u64 handler = x->mark[VMMIO_MARK_HANDLER];
	size_t i = since(j, t->own, t->nown, x->mark[VMMIO_MARK_KICK]);

	for (; i < t->nown && step(j, t->own, i)->ns <= handler + j->map->error_ns; i++)
		if (step(j, t->own, i)->kind == VMMIO_HOST_INJECT)
			return true;
	/* arm64 says what pends, and injects it with the next entry */
	i = since(j, j->accepts, j->naccepts, x->mark[VMMIO_MARK_KICK]);
	for (; i < j->naccepts && step(j, j->accepts, i)->ns <= handler + j->map->error_ns; i++)
		if (step(j, j->accepts, i)->kind == VMMIO_HOST_PENDING &&
		    is_for(step(j, j->accepts, i), t))
			return true;
	return false;
}

/* A kick or a handler of a CPU. */
struct deed {
	int cpu;
	__u32 chain;
	bool handler;
};

static int by_cpu(const void *a, const void *b)
{
	const struct deed *x = a, *y = b;

	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (x->chain != y->chain)
		return x->chain < y->chain ? -1 : 1;
	return x->handler - y->handler;
}

static int find_deeds(struct join *j)
{
	size_t i;

	j->deeds = calloc(2 * j->c->n + 1, sizeof(*j->deeds));
	if (!j->deeds)
		return -ENOMEM;
	for (i = 0; i < j->c->n; i++) {
		const struct vmmio_chain *x = &j->c->v[i];

		j->deeds[j->ndeeds++] = (struct deed){x->cpu, (__u32)i, false};
		if (x->mark[VMMIO_MARK_HANDLER])
			j->deeds[j->ndeeds++] = (struct deed){x->irq_cpu, (__u32)i, true};
	}
	qsort(j->deeds, j->ndeeds, sizeof(*j->deeds), by_cpu);
	return 0;
}

/* Where the events of CPU @number begin, or would. */
static size_t deeds_of(const struct join *j, int number)
{
	size_t lo = 0, hi = j->ndeeds, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (j->deeds[mid].cpu < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool is_met(const struct join *j, const struct thread *t, const struct deed *d)
{
	const struct vmmio_chain *x = &j->c->v[d->chain];

	return d->handler ? has_injection(j, t, x) : find_write(j, t, x, ~0ull) < t->nown;
}

/*
 * The vCPU behind CPU @number, as far as events show: most of its kicks match a write there, or of
 * its handlers an injection, and fewer on any other. Of many, some thousands all over the recording
 * are looked at.
 */
static const struct thread *see_vcpu(const struct join *j, int number)
{
	size_t from = deeds_of(j, number), to = deeds_of(j, number + 1), i, k, n, all, most = 0,
	       second = 0, every = 1 + (to - from) / DEEDS;
	const struct thread *best = NULL, *t;

	for (i = 0; i < j->nthreads; i++) {
		t = &j->threads[i];
		if (!t->mine || t->vcpu == ~0u)
			continue;
		for (k = from, n = 0, all = 0; k < to; k += every, all++)
			n += is_met(j, t, &j->deeds[k]);
		if (n > most) {
			second = most;
			most = n;
			best = 2 * n > all ? t : NULL;
		} else if (n > second) {
			second = n;
		}
	}
	/* what happens on two at once tells nothing */
	return 4 * second < 3 * most ? best : NULL;
}

static int add_cpu(struct join *j, int number)
{
	const struct dat_facts *f = j->map->guest;
	struct cpu *p, x = {.number = number};
	size_t i, k;

	if (number < 0 || cpu_of(j, number))
		return 0;
	for (i = 0; i < f->napics; i++) {
		if (f->apics[i].cpu != (__u32)number)
			continue;
		x.told = true;
		for (k = 0; k < j->nthreads; k++)
			if (j->threads[k].vcpu == f->apics[i].id && j->threads[k].mine)
				x.vcpu = &j->threads[k];
	}
	if (!x.told && !j->deeds && find_deeds(j))
		return -ENOMEM;
	if (!x.told)
		x.vcpu = see_vcpu(j, number);
	p = grow(j->cpus, j->ncpus, sizeof(*p));
	if (!p)
		return -ENOMEM;
	j->cpus = p;
	i = place_of(j, number);
	memmove(&p[i + 1], &p[i], (j->ncpus++ - i) * sizeof(*p));
	p[i] = x;
	return 0;
}

/* KVM names a vCPU by its APIC id; the guest numbers CPUs in the order in which they came up. */
static int find_cpus(struct join *j)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < j->c->n; i++) {
		err = add_cpu(j, j->c->v[i].cpu);
		if (!err)
			err = add_cpu(j, j->c->v[i].irq_cpu);
	}
	j->c->cpus_measured = !j->map->guest->napics;
	return err;
}

struct vote {
	__u32 slot, gen;
	__u64 addr;
	size_t n;
};

/* The doorbell of a queue: the address that most of its kicks match first. */
static int find_doorbells(struct join *j)
{
	struct vmmio_chains *c = j->c;
	struct vote *votes = NULL, *p;
	size_t nvotes = 0, i, k, at, best;
	const struct thread *t;
	__u64 addr = 0;

	for (i = 0; i < c->n; i++) {
		const struct vmmio_chain *x = &c->v[i];

		t = vcpu_thread(j, x->cpu);
		at = t ? find_write(j, t, x, ~0ull) : 0;
		if (!t || at == t->nown)
			continue;
		vmmio_chain_is_write(step(j, t->own, at), &addr);
		for (k = 0; k < nvotes && (votes[k].slot != x->slot || votes[k].gen != x->gen ||
					   votes[k].addr != addr);
		     k++)
			;
		if (k == nvotes) {
			p = grow(votes, nvotes, sizeof(*p));
			if (!p) {
				free(votes);
				return -ENOMEM;
			}
			votes = p;
			votes[nvotes++] = (struct vote){x->slot, x->gen, addr, 0};
		}
		votes[k].n++;
	}
	for (i = 0; i < c->n; i++) {
		c->v[i].doorbell = ~0ull;
		for (k = 0, best = 0; k < nvotes; k++)
			if (votes[k].slot == c->v[i].slot && votes[k].gen == c->v[i].gen &&
			    votes[k].n > best) {
				best = votes[k].n;
				c->v[i].doorbell = votes[k].addr;
			}
	}
	free(votes);
	return 0;
}

/* Who was woken by the write at @at, if anybody, and when it ran. */
static void find_backend(const struct join *j, const struct thread *t, size_t at,
			 struct vmmio_chain *x)
{
	const struct thread *b = NULL;
	const struct vmmio_host_step *s;
	size_t i;

	for (i = at + 1; i < t->nown; i++) {
		s = step(j, t->own, i);
		if (s->kind == VMMIO_HOST_SWITCH)
			continue;
		if (s->kind != VMMIO_HOST_WAKE)
			return;
		if (s->flags & VMMIO_HOST_IN_IRQ)
			continue;
		x->backend = (__s32)s->a;
		break;
	}
	if (!x->backend)
		return;
	for (i = 0; i < j->nthreads; i++)
		if (j->threads[i].tid == x->backend)
			b = &j->threads[i];
	i = b ? since(j, b->runs, b->nruns, step(j, t->own, at)->ns) : 0;
	if (b && i < b->nruns)
		x->mark[VMMIO_MARK_RUNS] = step(j, b->runs, i)->ns;
}

static enum vmmio_chain_why find_exit(const struct join *j, struct vmmio_chain *x)
{
	const struct thread *t = vcpu_thread(j, x->cpu);
	const struct vmmio_host_step *s;
	size_t at, i;

	if (!t)
		return no_thread(j, x->cpu);
	at = x->doorbell == ~0ull ? t->nown : find_write(j, t, x, x->doorbell);
	if (at == t->nown)
		return find_write(j, t, x, ~0ull) == t->nown ? VMMIO_CHAIN_NO_EXIT
							     : VMMIO_CHAIN_OTHER;
	x->vcpu = t->vcpu;
	s = step(j, t->own, at);
	x->mark[VMMIO_MARK_SERVED] = s->ns;
	x->path = s->kind == VMMIO_HOST_FAST ? VMMIO_CHAIN_FAST : VMMIO_CHAIN_EVENTFD;
	for (i = at; i--;) {
		s = step(j, t->own, i);
		if (s->kind == VMMIO_HOST_ENTRY)
			break;
		if (s->kind == VMMIO_HOST_EXIT) {
			x->mark[VMMIO_MARK_EXIT] = s->ns;
			break;
		}
	}
	for (i = at + 1; i < t->nown; i++) {
		s = step(j, t->own, i);
		if (s->kind == VMMIO_HOST_WAKE || s->kind == VMMIO_HOST_SWITCH)
			continue;
		if (s->kind == VMMIO_HOST_USER) {
			x->path = VMMIO_CHAIN_USER;
			x->mark[VMMIO_MARK_SERVED] = s->ns;
		}
		break;
	}
	if (x->path != VMMIO_CHAIN_USER)
		find_backend(j, t, at, x);
	return VMMIO_CHAIN_WHOLE;
}

/* When what the step at @at of @t tells of was sent: the line or message just before. */
static __u64 sent_at(const struct join *j, const struct thread *t, size_t at)
{
	const struct vmmio_host_step *s;
	__u64 ns = 0;

	while (at--) {
		s = step(j, t->own, at);
		if (s->kind == VMMIO_HOST_IOAPIC)
			continue;
		if (s->kind == VMMIO_HOST_MSI && !ns) {
			ns = s->ns;
			continue;
		}
		if (s->kind == VMMIO_HOST_LINE && (int)s->b > 0)
			ns = s->ns;
		break;
	}
	return ns;
}

/* arm64: what pends is put before the vCPU by its next entry. */
static __u64 entered_at(const struct join *j, const struct thread *t, __u64 ns, __u64 until)
{
	size_t i = since(j, t->own, t->nown, ns);

	for (; i < t->nown && step(j, t->own, i)->ns <= until; i++)
		if (step(j, t->own, i)->kind == VMMIO_HOST_ENTRY)
			return step(j, t->own, i)->ns;
	return 0;
}

/* The interrupt that the handler answered: the last one before it, and where it came from. */
static enum vmmio_chain_why find_interrupt(const struct join *j, struct vmmio_chain *x)
{
	const struct thread *t = vcpu_thread(j, x->irq_cpu), *from;
	__u64 error = j->map->error_ns, served = x->mark[VMMIO_MARK_SERVED],
	      handler = x->mark[VMMIO_MARK_HANDLER];
	const struct vmmio_host_step *s, *injected = NULL;
	size_t i, k, begin;

	if (!t)
		return no_thread(j, x->irq_cpu);
	x->irq_vcpu = t->vcpu;
	begin = since(j, t->own, t->nown, served);
	for (i = since(j, t->own, t->nown, handler + error + 1); i > begin && !injected; i--) {
		s = step(j, t->own, i - 1);
		if (s->kind == VMMIO_HOST_INJECT)
			injected = s;
	}
	if (injected)
		x->mark[VMMIO_MARK_INJECTED] = injected->ns;
	/* the last that this vCPU accepted until then */
	i = since(j, j->accepts, j->naccepts, (injected ? injected->ns : handler + error) + 1);
	while (i--) {
		s = step(j, j->accepts, i);
		if (s->ns < served)
			break;
		if (!is_for(s, t) || (injected && s->vector != (__u8)injected->a))
			continue;
		for (k = 0, from = NULL; k < j->nthreads && !from; k++)
			if (j->threads[k].tid == s->pid)
				from = &j->threads[k];
		if (!from)
			continue; /* "accepts" has steps of these threads only */
		k = since(j, from->own, from->nown, s->ns);
		while (k < from->nown && step(j, from->own, k) != s)
			k++;
		x->mark[VMMIO_MARK_SENT] = sent_at(j, from, k);
		if (s->kind == VMMIO_HOST_PENDING) {
			if (!x->mark[VMMIO_MARK_SENT])
				x->mark[VMMIO_MARK_SENT] = s->ns;
			x->mark[VMMIO_MARK_INJECTED] = entered_at(j, t, s->ns, handler + error);
		}
		if (x->mark[VMMIO_MARK_SENT])
			return VMMIO_CHAIN_WHOLE;
	}
	return VMMIO_CHAIN_NO_SENT;
}

/*
 * Guest and host are on one clock up to its error: a step that is early by less is moved to the
 * step before.
 */
static bool in_order(struct vmmio_chains *c, const struct vmmio_clockmap *map,
		     struct vmmio_chain *x)
{
	__u64 last = 0, early;
	int m;

	for (m = 0; m < VMMIO_MARKS; m++) {
		if (!x->mark[m])
			continue;
		early = last > x->mark[m] ? last - x->mark[m] : 0;
		if (early > map->error_ns)
			return false;
		if (early && (m == VMMIO_MARK_HANDLER || m == VMMIO_MARK_END)) {
			/* the guest's own are what is measured by: the host's give way */
			int k;

			for (k = 0; k < m; k++)
				if (x->mark[k] > x->mark[m])
					x->mark[k] = x->mark[m];
		} else if (early) {
			x->mark[m] = last;
		}
		if (early > c->clamped_ns)
			c->clamped_ns = early;
		last = x->mark[m];
	}
	return true;
}

static void shares(struct vmmio_chain *x)
{
	if (x->why == VMMIO_CHAIN_WHOLE)
		x->why = VMMIO_CHAIN_SHARED;
	x->mark[VMMIO_MARK_BEGIN] = x->mark[VMMIO_MARK_END] = 0;
}

/*
 * Requests do not overlap: each kick belongs to the request in which it lies. Two kicks in one
 * request, as with another virtqueue, are ambiguous: neither has it.
 */
static int find_requests(struct vmmio_chains *c, const struct vmmio_request *r, size_t n)
{
	struct vmmio_chain **of = calloc(n + 1, sizeof(*of));
	size_t i, k = 0;

	if (!of)
		return -ENOMEM;
	for (i = 0; i < c->n; i++) {
		struct vmmio_chain *x = &c->v[i];
		__u64 kick = x->mark[VMMIO_MARK_KICK];

		if (x->guest != VMMIO_CHAIN_WHOLE)
			continue; /* it has its reason */
		while (k < n && r[k].begin_ns + r[k].ns < kick)
			k++;
		if (k == n || kick < r[k].begin_ns) {
			x->why = VMMIO_CHAIN_NO_REQUEST;
			continue;
		}
		if (of[k]) {
			shares(of[k]);
			shares(x);
			continue;
		}
		of[k] = x;
		x->mark[VMMIO_MARK_BEGIN] = r[k].begin_ns;
		x->mark[VMMIO_MARK_END] = r[k].begin_ns + r[k].ns;
	}
	for (i = 0; i < n; i++)
		c->requests_without += !of[i];
	free(of);
	return 0;
}

static bool is_known(const struct vmmio_chains *c, __u64 addr)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->v[i].doorbell == addr)
			return true;
	return false;
}

/* Writes to the doorbells that are known, within the guest's recording, and no kick's. */
static int count_strangers(struct join *j)
{
	const struct vmmio_chains *c = j->c;
	bool *kicks = calloc(c->nsteps + 1, sizeof(*kicks));
	const struct thread *t;
	size_t i, k;
	__u64 addr;

	if (!kicks)
		return -ENOMEM;
	for (i = 0; i < c->n; i++) {
		t = c->v[i].doorbell == ~0ull ? NULL : vcpu_thread(j, c->v[i].cpu);
		k = t ? find_write(j, t, &c->v[i], c->v[i].doorbell) : 0;
		if (t && k < t->nown)
			kicks[t->own[k]] = true;
	}
	for (i = 0; i < j->nthreads; i++) {
		t = &j->threads[i];
		for (k = 0; t->mine && t->vcpu != ~0u && k < t->nown; k++) {
			const struct vmmio_host_step *s = step(j, t->own, k);

			if (vmmio_chain_is_write(s, &addr) && s->ns >= j->map->guest->start_ns &&
			    s->ns <= j->map->guest->end_ns && is_known(c, addr))
				j->c->strangers += !kicks[t->own[k]];
		}
	}
	free(kicks);
	return 0;
}

static int by_kick(const void *a, const void *b)
{
	const struct vmmio_chain *x = a, *y = b;

	return x->mark[VMMIO_MARK_KICK] < y->mark[VMMIO_MARK_KICK]   ? -1
	       : x->mark[VMMIO_MARK_KICK] > y->mark[VMMIO_MARK_KICK] ? 1
								     : 0;
}

int vmmio_chains_join(struct vmmio_chains *c, const struct dat_vm *vm,
		      const struct vmmio_clockmap *map, const struct vmmio_request *requests,
		      size_t nrequests)
{
	struct join j = {.c = c, .vm = vm, .map = map};
	size_t i;
	int err = c->err;

	vmmio_journeys_finish(&c->journeys);
	qsort(c->v, c->n, sizeof(*c->v), by_kick);
	c->requests_without = c->strangers = c->clamped_ns = 0;
	for (i = 0; i < c->n; i++)
		vmmio_chain_begin(&c->v[i]);
	if (!err && requests)
		err = find_requests(c, requests, nrequests);
	if (!err)
		err = sort(&j);
	if (!err)
		err = find_cpus(&j);
	if (!err)
		err = find_doorbells(&j);
	for (i = 0; !err && i < c->n; i++) {
		struct vmmio_chain *x = &c->v[i];

		if (x->why != VMMIO_CHAIN_WHOLE)
			continue;
		x->why = find_exit(&j, x);
		if (x->why == VMMIO_CHAIN_WHOLE)
			x->why = find_interrupt(&j, x);
		if (x->why == VMMIO_CHAIN_WHOLE && !in_order(c, map, x))
			x->why = VMMIO_CHAIN_ORDER;
	}
	if (!err)
		err = count_strangers(&j);
	unsort(&j);
	return err;
}
