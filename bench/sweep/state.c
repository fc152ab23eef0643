// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hidden folder of an unfinished sweep (sweep.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/data/result.h"
#include "sweep.h"

static void clear(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

static int store(const char *dir, const char *name, const json_t *j)
{
	char tmp[PATH_MAX], path[PATH_MAX];
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	snprintf(tmp, sizeof(tmp), "%s/tmp-%s", dir, name);
	f = fopen(tmp, "we");
	if (!f)
		return -errno;
	if (json_dumpf(j, f, JSON_COMPACT | JSON_ENCODE_ANY | VMMIO_REAL_DIGITS) || fflush(f) ||
	    fsync(fileno(f)))
		err = errno ? -errno : -EIO;
	if (fclose(f) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

/*
 * Two sweeps in one folder would overwrite each other's runs. The lock is on the
 * folder itself and goes with its holder, however that ends.
 */
static int lock(struct vmmio_sweep_state *st)
{
	struct stat ours, there;
	char path[PATH_MAX];
	FILE *f;

	for (;;) {
		if (mkdir(st->dir, 0777) && errno != EEXIST)
			return -errno;
		st->lock = open(st->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (st->lock < 0 && errno == ENOENT)
			continue; /* its sweep has just ended */
		if (st->lock < 0)
			return -errno;
		if (flock(st->lock, LOCK_EX | LOCK_NB))
			break;
		if (!fstat(st->lock, &ours) && !stat(st->dir, &there) &&
		    ours.st_ino == there.st_ino)
			return 0;
		close(st->lock); /* of a folder that is gone */
	}
	vmmio_sweep_close(st);
	snprintf(path, sizeof(path), "%s/holder", st->dir);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &st->holder) != 1)
		st->holder = 0;
	if (f)
		fclose(f);
	return -EBUSY;
}

int vmmio_sweep_open(struct vmmio_sweep_state *st, const char *out,
		     const struct vmmio_experiment *e, const char *accel, json_t *setup,
		     bool restart, size_t *begun)
{
	char path[PATH_MAX], crc[16];
	json_t *plan, *have;
	int err;

	*begun = 0;
	st->lock = -1;
	if (snprintf(st->dir, sizeof(st->dir), "%s/.sweep-%s-%s", out, e->name, accel) >=
	    (int)sizeof(st->dir))
		return -ENAMETOOLONG;
	err = lock(st);
	if (err)
		return err;
	if (restart)
		clear(st->dir);
	snprintf(crc, sizeof(crc), "%08lx", e->crc);
	plan = json_pack("{s:s, s:i, s:I, s:s, s:O}", "experiment_crc32", crc, "seed", e->seed,
			 "runs", (json_int_t)e->n, "version", VMMIO_VERSION, "setup", setup);
	snprintf(path, sizeof(path), "%s/plan.json", st->dir);
	have = json_load_file(path, 0, NULL);
	if (have) {
		if (!json_equal(have, plan))
			err = -ESTALE;
		for (size_t i = 0; i < e->n && !err; i++) {
			snprintf(path, sizeof(path), "%s/run-%05zu.json", st->dir, i);
			*begun += !access(path, R_OK);
		}
	} else {
		clear(st->dir); /* a plan that cannot be read owns no runs */
		err = store(st->dir, "plan.json", plan);
	}
	json_decref(have);
	json_decref(plan);
	have = json_integer(getpid());
	err = err ?: store(st->dir, "holder", have);
	json_decref(have);
	return err;
}

json_t *vmmio_sweep_get(const struct vmmio_sweep_state *st, size_t run)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/run-%05zu.json", st->dir, run);
	return json_load_file(path, 0, NULL);
}

int vmmio_sweep_put(const struct vmmio_sweep_state *st, size_t run, const json_t *j)
{
	char name[32];

	snprintf(name, sizeof(name), "run-%05zu.json", run);
	return store(st->dir, name, j);
}

void vmmio_sweep_remove(struct vmmio_sweep_state *st)
{
	clear(st->dir);
	rmdir(st->dir);
	vmmio_sweep_close(st);
}

void vmmio_sweep_close(struct vmmio_sweep_state *st)
{
	if (st->lock >= 0)
		close(st->lock);
	st->lock = -1;
}
