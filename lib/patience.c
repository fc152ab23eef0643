// SPDX-License-Identifier: GPL-2.0-only
/*
 * See patience.h.
 */
#include "patience.h"

#include <sched.h>
#include <stdio.h>

#define MOST 16

/* The last minute's mean, or the number of runnable tasks now, whichever is more. */
double vmmio_patience_of(const char *loadavg, int cpus)
{
	double mean, load;
	int running;

	if (sscanf(loadavg, "%lf %*f %*f %d/", &mean, &running) != 2 || cpus < 1)
		return 1;
	load = (mean > running ? mean : running) / cpus;
	return load < 1 ? 1 : load > MOST ? MOST : load;
}

double vmmio_patience(void)
{
	char text[128] = "";
	FILE *f = fopen("/proc/loadavg", "re");
	cpu_set_t cpus;

	if (!f)
		return 1;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return vmmio_patience_of(text,
				 sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus));
}
