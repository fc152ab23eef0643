// SPDX-License-Identifier: GPL-2.0-only
/*
 * One run of a command and the series in its output (pairs.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/data/stats.h"
#include "bench/guest/pool.h"
#include "pairs.h"

void vmmio_side_free(struct vmmio_side *s)
{
	vmmio_series_free(&s->set);
	json_decref(s->result);
	memset(s, 0, sizeof(*s));
}

json_t *vmmio_run_json(char *const argv[], int *ended, char *why, size_t len)
{
	int pipefd[2], status = -1;
	json_error_t e;
	json_t *j = NULL;
	pid_t pid;
	FILE *f;

	*ended = status;
	if (pipe2(pipefd, O_CLOEXEC)) {
		snprintf(why, len, "%s", strerror(errno));
		return NULL;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		dup2(pipefd[1], 1);
		execv(argv[0], argv);
		_exit(127);
	}
	close(pipefd[1]);
	f = pid > 0 ? fdopen(pipefd[0], "r") : NULL;
	if (f) {
		j = json_loadf(f, JSON_DISABLE_EOF_CHECK, &e);
		while (!vmmio_stop && fgetc(f) != EOF)
			;
		fclose(f);
	} else {
		close(pipefd[0]);
	}
	if (pid > 0 && vmmio_stop)
		kill(pid, SIGTERM); /* the signal came while its output was read */
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (vmmio_stop)
			kill(pid, SIGTERM);
	*ended = status;
	if (!WIFEXITED(status) || WEXITSTATUS(status) || !j) {
		if (j)
			snprintf(why, len, "failed with status %d",
				 WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		else
			snprintf(why, len, "its output is not the JSON of a result");
		json_decref(j);
		j = NULL;
	}
	return j;
}

int vmmio_side_pool(const struct vmmio_series_set *from, struct vmmio_series_set *to)
{
	int err = 0;

	for (size_t i = 0; i < from->n && !err; i++) {
		struct vmmio_series s = from->s[i];
		struct vmmio_series_set one = {.s = &s, .n = 1};
		struct vmmio_count all = {0, 0}, *c = malloc((s.n + 1) * sizeof(*c));
		double *v = malloc((s.n + 1) * sizeof(*v)), value = NAN;
		size_t n, counted;

		if (!c || !v) {
			err = -ENOMEM;
		} else if (s.cls != VMMIO_STRUCTURAL && s.n > 1) {
			n = vmmio_series_known(&s, v);
			counted = vmmio_series_counts(&s, c);
			for (size_t k = 0; k < counted; k++) {
				all.num += c[k].num;
				all.den += c[k].den;
			}
			value = vmmio_stats_median(v, n);
			if (counted)
				value = all.num / all.den * (strcmp(s.unit, "%") ? 1 : 100);
			s.v = &value;
			s.c = counted ? &all : NULL;
			s.n = 1;
		}
		err = err ?: vmmio_series_extend(to, &one);
		free(c);
		free(v);
	}
	return err;
}

int vmmio_side_take(json_t *j, bool pool, struct vmmio_side *side, char *why, size_t len)
{
	struct vmmio_series_set one = {0};
	const char *name = NULL;
	enum vmmio_accel accel = VMMIO_ACCEL_NONE;
	int err = -EPROTO;

	snprintf(why, len, "no series");
	if (!json_unpack(j, "{s:s}", "accel", &name) && !vmmio_accel_find(name, &accel))
		snprintf(why, len, "its accelerator %s is none that this program knows", name);
	else if (name)
		err = vmmio_series_from_json(&one, json_object_get(j, "series"), why, len);
	if (!err && side->result && side->accel != accel) {
		snprintf(why, len, "accelerator %s after %s", name, vmmio_accel_name(side->accel));
		err = -EPROTO;
	}
	if (!err && json_is_true(json_object_get(j, "withheld"))) {
		snprintf(why, len, "withheld: a check of it failed");
		err = -EPROTO;
	}
	if (!err) {
		side->accel = accel;
		err = pool ? vmmio_side_pool(&one, &side->set)
			   : vmmio_series_extend(&side->set, &one);
	}
	if (!err && !side->result) {
		json_object_del(j, "series");
		side->result = json_incref(j);
	}
	vmmio_series_free(&one);
	json_decref(j);
	return err;
}
