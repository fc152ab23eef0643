// SPDX-License-Identifier: GPL-2.0-only
/*
 * See guard.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guard.h"
#include "irqstate.h"
#include "sample.h"

struct vmmio_stall_guard {
	struct vmmio_stall_sampler *sampler;
	struct vmmio_stall_irqs *irqs;
	struct vmmio_stall_watch watch;
	pthread_t thread;
	bool running;
	volatile bool end;
	volatile sig_atomic_t stalled;
	char text[480], why[256];
	int err; /* of looking */
};

static void tell(struct vmmio_stall_guard *g, const struct vmmio_stall_queue *q)
{
	snprintf(g->text, sizeof(g->text), "%s %u:%s: %s: %s", q->info.device, q->info.queue,
		 q->info.queue_name, vmmio_stall_causes[q->cause], q->evidence);
}

static void *look_on(void *guard)
{
	struct vmmio_stall_guard *g = guard;
	struct timespec period = {.tv_nsec = (long)g->watch.period_ns};
	size_t i;

	while (!g->end && !g->stalled) {
		g->err = vmmio_stall_look(g->sampler, &g->watch, g->why, sizeof(g->why));
		if (g->err) {
			g->stalled = 1; /* it ends what nobody looks after */
			break;
		}
		vmmio_stall_watch_judge(&g->watch, vmmio_stall_irqs_look, g->irqs);
		for (i = 0; i < g->watch.n && !g->stalled; i++) {
			if (!g->watch.list[i].cause ||
			    g->watch.list[i].cause == VMMIO_STALL_SPURIOUS) /* nothing waits */
				continue;
			tell(g, &g->watch.list[i]);
			g->stalled = 1;
		}
		nanosleep(&period, NULL);
	}
	return NULL;
}

int vmmio_stall_guard_open(struct vmmio_stall_guard **to, __u64 bound_ns, char *why, size_t size)
{
	struct vmmio_stall_guard *g = calloc(1, sizeof(*g));
	int err = -ENOMEM;

	*to = NULL;
	snprintf(why, size, "%s", strerror(ENOMEM));
	if (!g)
		return err;
	vmmio_stall_watch_init(&g->watch, bound_ns, vmmio_stall_period(bound_ns));
	g->irqs = vmmio_stall_irqs_new();
	if (g->irqs)
		err = vmmio_stall_open(&g->sampler, why, size);
	if (err)
		vmmio_stall_guard_free(g);
	else
		*to = g;
	return err;
}

int vmmio_stall_guard_start(struct vmmio_stall_guard *g)
{
	sigset_t all, old;
	int err;

	sigfillset(&all); /* signals are the main thread's */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&g->thread, NULL, look_on, g);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	g->running = !err;
	return err;
}

const volatile sig_atomic_t *vmmio_stall_guard_flag(const struct vmmio_stall_guard *g)
{
	return &g->stalled;
}

void vmmio_stall_guard_stop(struct vmmio_stall_guard *g)
{
	if (g->running) {
		g->end = true;
		pthread_join(g->thread, NULL);
	}
	g->running = false;
}

int vmmio_stall_guard_told(const struct vmmio_stall_guard *g, char *text, size_t size)
{
	snprintf(text, size, "%s", g->err ? g->why : g->text);
	return g->err;
}

void vmmio_stall_guard_free(struct vmmio_stall_guard *g)
{
	if (!g)
		return;
	vmmio_stall_guard_stop(g);
	vmmio_stall_close(g->sampler);
	vmmio_stall_irqs_free(g->irqs);
	vmmio_stall_watch_free(&g->watch);
	free(g);
}
