// SPDX-License-Identifier: GPL-2.0-only
/*
 * A few guests at a time, one thread each. The thread that starts a QEMU waits
 * for it, so the parent-death signal of the child is that of the whole program.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool.h"

volatile sig_atomic_t vmmio_stop;

static void on_signal(int sig)
{
	vmmio_stop = sig;
}

void vmmio_stop_on_signals(void)
{
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND};

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		struct sigaction old;

		/* nohup asked for hang-ups to be ignored */
		if (sigs[i] == SIGHUP && !sigaction(SIGHUP, NULL, &old) &&
		    old.sa_handler == SIG_IGN)
			continue;
		sigaction(sigs[i], &sa, NULL);
	}
	signal(SIGPIPE, SIG_IGN);
}

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct vmmio_job *jobs;
	size_t n, next, finished, reported;
	size_t *order; /* of finishing */
	unsigned int running, retries;
	bool go_on, failed;
	const volatile sig_atomic_t *stop;
};

/* A guest that began and did not end as it should: another may. */
static bool may_repeat(struct pool *p, struct vmmio_job *j)
{
	if (j->err || (p->stop && *p->stop) || j->result.end == VMMIO_GUEST_INTERRUPTED ||
	    (j->result.end == VMMIO_GUEST_DONE && !j->result.status) || !p->retries)
		return false;
	p->retries--;
	j->failed++;
	snprintf(j->why, sizeof(j->why), "%s", j->result.why);
	vmmio_guest_result_free(&j->result);
	return true;
}

static void *worker(void *arg)
{
	struct pool *p = arg;

	pthread_mutex_lock(&p->lock);
	while (p->next < p->n && !(p->failed && !p->go_on) && !(p->stop && *p->stop)) {
		size_t i = p->next++;
		struct vmmio_job *j = &p->jobs[i];

		do {
			pthread_mutex_unlock(&p->lock);
			j->guest.stop = p->stop;
			j->err = vmmio_guest_run(&j->guest, &j->result);
			pthread_mutex_lock(&p->lock);
		} while (may_repeat(p, j));
		if (j->err || j->result.end != VMMIO_GUEST_DONE || j->result.status)
			p->failed = true;
		p->order[p->finished++] = i;
		pthread_cond_signal(&p->changed);
	}
	p->running--;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int vmmio_pool_run(struct vmmio_job *jobs, size_t n, unsigned int parallel, bool go_on,
		   unsigned int retries, const volatile sig_atomic_t *stop,
		   void (*done)(struct vmmio_job *, size_t, void *), void *arg)
{
	pthread_t thread[64];
	size_t *order = calloc(n ? n : 1, sizeof(*order));
	unsigned int started = 0;
	struct pool p = {.jobs = jobs,
			 .n = n,
			 .go_on = go_on,
			 .retries = retries,
			 .stop = stop,
			 .order = order};
	int err = 0;

	if (!order)
		return -ENOMEM;
	if (parallel < 1)
		parallel = 1;
	if (parallel > 64)
		parallel = 64;
	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.changed, NULL);
	for (size_t i = 0; i < n; i++) {
		memset(&jobs[i].result, 0, sizeof(jobs[i].result));
		jobs[i].err = -ECANCELED;
		jobs[i].failed = 0;
	}
	pthread_mutex_lock(&p.lock);
	while (started < parallel && started < n) {
		err = -pthread_create(&thread[started], NULL, worker, &p);
		if (err)
			break;
		started++;
		p.running++;
	}
	while (p.running || p.reported < p.finished) {
		if (p.reported < p.finished) {
			struct vmmio_job *j = &jobs[order[p.reported++]];

			pthread_mutex_unlock(&p.lock);
			if (done)
				done(j, p.reported, arg);
			pthread_mutex_lock(&p.lock);
			continue;
		}
		pthread_cond_wait(&p.changed, &p.lock);
	}
	pthread_mutex_unlock(&p.lock);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	pthread_cond_destroy(&p.changed);
	pthread_mutex_destroy(&p.lock);
	free(order);
	return started ? 0 : err;
}
