// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `vmmio-bench micro` knows about its machine's other work: how long its
 * own thread was ready and had no CPU, how long any task was, and what a
 * hypervisor below took. Decides which rounds were left alone; measures no
 * access itself. Called from the main thread only.
 */
#define _GNU_SOURCE
#include "micro.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Per cent of a round; beyond, it was disturbed. Waking up is waiting too. */
#define LIMIT_OWN 1.0
#define LIMIT_ANY 5.0
#define LIMIT_STEAL 2.0

/* The file anew: such files are made when they are read from their start. */
static bool read_file(const char *path, int *fd, char *buf, size_t size)
{
	ssize_t n;

	if (*fd == -1)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0) {
		*fd = -2; /* not asked again */
		return false;
	}
	n = pread(*fd, buf, size - 1, 0);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

static double own_delay(void)
{
	static int fd = -1;
	unsigned long long ran, waited, times;
	char buf[128];

	if (!read_file("/proc/thread-self/schedstat", &fd, buf, sizeof(buf)) ||
	    sscanf(buf, "%llu %llu %llu", &ran, &waited, &times) != 3 || !times)
		return NAN; /* a kernel that keeps no account says 0 */
	return waited;
}

static double any_delay(void)
{
	static int fd = -1;
	unsigned long long us;
	char buf[256], *p;

	if (!read_file("/proc/pressure/cpu", &fd, buf, sizeof(buf)) ||
	    !(p = strstr(buf, "total=")) || sscanf(p, "total=%llu", &us) != 1)
		return NAN;
	return us * 1000.0;
}

/* Jiffies of all CPUs. */
static void steal(double *stolen, double *total)
{
	double v[8] = {0};
	int fd = -1, i;
	char buf[512];

	*stolen = *total = NAN;
	if (read_file("/proc/stat", &fd, buf, sizeof(buf)) &&
	    sscanf(buf, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &v[0], &v[1], &v[2], &v[3], &v[4],
		   &v[5], &v[6], &v[7]) == 8) {
		for (*total = 0, i = 0; i < 8; i++)
			*total += v[i];
		*stolen = v[7];
	}
	if (fd >= 0)
		close(fd);
}

void micro_noise_start(struct micro_noise *n)
{
	steal(&n->stolen, &n->total);
	n->own = own_delay();
	n->any = any_delay();
	n->start = vmmio_now_ns();
}

void micro_noise_end(struct micro_noise *n)
{
	double stolen, total, ns = vmmio_now_ns() - n->start;

	n->own = 100 * (own_delay() - n->own) / ns;
	n->any = 100 * (any_delay() - n->any) / ns;
	steal(&stolen, &total);
	n->steal = total > n->total ? 100 * (stolen - n->stolen) / (total - n->total) : NAN;
}

bool micro_round_clean(const struct micro_row *row, int round)
{
	/* not known: nothing speaks against it */
	return !(row->wait[round] > (row->kind == MICRO_ACCESS ? LIMIT_OWN : LIMIT_ANY));
}

bool micro_round_keep(struct micro_row *row, int round, double wall, double cpu, double send,
		      double wait)
{
	bool first = isnan(row->wall[round]);

	if (first || wait < row->wait[round]) {
		row->wall[round] = wall;
		row->cpu[round] = cpu;
		row->send[round] = send;
		row->wait[round] = wait;
	}
	row->rounds = round + 1;
	return micro_round_clean(row, round);
}

int micro_clean_rounds(const struct micro_row *row)
{
	int i, n = 0;

	for (i = 0; i < row->rounds; i++)
		n += !isnan(row->wall[i]) && micro_round_clean(row, i);
	return n;
}

bool micro_row_noisy(const struct micro_row *row)
{
	int least = row->rounds / 4 > 3 ? row->rounds / 4 : 3;

	if (least > row->rounds)
		least = row->rounds;
	return !row->note[0] && micro_clean_rounds(row) < least;
}

int micro_noisy_rows(const struct micro_result *r)
{
	int i, n = 0;

	for (i = 0; i < r->nr_rows; i++)
		n += micro_row_noisy(&r->rows[i]);
	return n;
}

bool micro_noisy(const struct micro_result *r)
{
	return micro_noisy_rows(r) || r->noise.steal > LIMIT_STEAL;
}
