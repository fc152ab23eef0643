// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the workloads of micro share (micro.h): the watchdog, thread time, new rows.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "micro.h"

uint64_t micro_thread_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static volatile int watchdog_fired;

static void on_alarm(int sig)
{
	(void)sig;
	watchdog_fired = 1;
}

int micro_watchdog(unsigned int ms, volatile int **flag)
{
	static timer_t timer;
	static bool armed_once;
	struct itimerspec it = {0};
	struct sigevent ev = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};

	if (!armed_once) {
		struct sigaction sa = {.sa_handler = on_alarm};

		ev._sigev_un._tid = syscall(SYS_gettid);
		if (sigaction(SIGALRM, &sa, NULL) || timer_create(CLOCK_MONOTONIC, &ev, &timer))
			return -errno;
		armed_once = true;
	}
	*flag = &watchdog_fired;
	if (ms) {
		watchdog_fired = 0;
		it.it_value.tv_sec = ms / 1000;
		it.it_value.tv_nsec = ms % 1000 * 1000000l;
		/* Repeats: the first may fall between the check and KVM_RUN. */
		it.it_interval.tv_nsec = 10000000;
	}
	return timer_settime(timer, 0, &it, NULL) ? -errno : 0;
}

bool micro_wanted(const char *only, const char *key)
{
	if (!only || !*only)
		return true;
	while (*only) {
		size_t n = strcspn(only, ",");

		if (n && !strncmp(key, only, n))
			return true;
		only += n + (only[n] == ',');
	}
	return false;
}

bool micro_named(const char *only, const char *keys, char *bad, size_t len)
{
	for (const char *p = only;; p++) {
		size_t n = strcspn(p, ",");
		bool found = false;

		for (const char *k = keys; *k && !found; k += strcspn(k, "\n"), k += *k == '\n')
			found = n && !strncmp(k, p, n);
		if (!found) {
			snprintf(bad, len, "%.*s", (int)n, p);
			return false;
		}
		p += n;
		if (!*p)
			return true;
	}
}

struct micro_row *micro_add(struct micro_result *r, const struct micro_row *tmpl)
{
	struct micro_row *row;
	int i;

	if (r->nr_rows == MICRO_MAX_ROWS)
		return NULL;
	row = &r->rows[r->nr_rows++];
	*row = *tmpl;
	for (i = 0; i < MICRO_MAX_ROUNDS; i++)
		row->wall[i] = row->cpu[i] = row->send[i] = row->wait[i] = NAN;
	return row;
}
