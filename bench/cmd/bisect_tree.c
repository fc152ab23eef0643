// SPDX-License-Identifier: GPL-2.0-only
/*
 * The range of commits, its worktree, and the cache of builds (bisect_tree.h). git chooses the next
 * commit; the outcome is read from git bisect log, whose form is stable.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/guest/pool.h"
#include "bisect_tree.h"
#include "child.h"
#include "lib/text.h"

#define ARGS_MAX 16

static void first_line(const char *text, char *buf, size_t len)
{
	snprintf(buf, len, "%.*s", (int)strcspn(text, "\n"), text);
}

/*
 * git in @dir; its output, without the last end of line, in *@out (may be NULL) to free. -EPROTO
 * if it says no, with its first line in why.
 */
static int git_in(struct vmmio_bisect_tree *t, const char *dir, char **out, bool to_the_end,
		  const char *const args[])
{
	char *argv[ARGS_MAX + 8] = {"git", "-c", "core.hooksPath=/dev/null", "-c",
				    "advice.detachedHead=false"};
	int fd = memfd_create("git", MFD_CLOEXEC), err = memfd_create("git", MFD_CLOEXEC);
	int status = fd < 0 || err < 0 ? -ENOMEM : 0;
	char *text = NULL;

	for (size_t i = 0; args[i] && i < ARGS_MAX; i++)
		argv[5 + i] = (char *)args[i];
	status = status ?: vmmio_child_run(argv, dir, fd, err, to_the_end);
	if (status > 0) {
		text = vmmio_child_text(err);
		vmmio_say(t->why, sizeof(t->why), "git %s: status %d", args[0], status);
		if (status == 127)
			vmmio_say(t->why, sizeof(t->why), "git: not found (package git)");
		else if (text && text[0])
			first_line(text, t->why, sizeof(t->why));
		free(text);
		status = -EPROTO;
	} else if (status < 0) {
		vmmio_say(t->why, sizeof(t->why), "git: %s", strerror(-status));
	} else if (out) {
		*out = vmmio_child_text(fd);
		if (*out && (*out)[0] && (*out)[strlen(*out) - 1] == '\n')
			(*out)[strlen(*out) - 1] = '\0';
		status = *out ? 0 : -ENOMEM;
	}
	if (fd >= 0)
		close(fd);
	if (err >= 0)
		close(err);
	return status;
}

#define GIT(t, dir, out, ...) git_in(t, dir, out, false, (const char *const[]){__VA_ARGS__, NULL})

static int get_commit(struct vmmio_bisect_tree *t, const char *rev, struct vmmio_commit *c)
{
	char *text = NULL, spec[256];
	int err;

	if (snprintf(spec, sizeof(spec), "%s^{commit}", rev) >= (int)sizeof(spec) || rev[0] == '-')
		err = -EINVAL;
	else
		err = GIT(t, NULL, &text, "rev-parse", "--verify", "-q", spec);
	if (err == -EPROTO || err == -EINVAL)
		vmmio_say(t->why, sizeof(t->why), "%s: no such commit in this folder's repository",
			  rev);
	if (!err)
		snprintf(c->id, sizeof(c->id), "%s", text);
	free(text);
	text = NULL;
	err = err ?: GIT(t, NULL, &text, "log", "-1", "--format=%h %s", c->id);
	if (!err)
		first_line(text, c->name, sizeof(c->name));
	free(text);
	return err;
}

static int make_cache(struct vmmio_bisect_tree *t, const char *cache)
{
	const char *home = getenv("HOME"), *xdg = getenv("XDG_CACHE_HOME");
	char path[PATH_MAX / 4], *real;
	int n;

	if (cache)
		n = snprintf(path, sizeof(path), "%s", cache);
	else if (xdg && xdg[0] == '/')
		n = snprintf(path, sizeof(path), "%s/vmmio/builds", xdg);
	else
		n = snprintf(path, sizeof(path), "%s/.cache/vmmio/builds", home ? home : "/tmp");
	if (n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	if (mkdir(path, 0777) && errno != EEXIST) {
		n = -errno;
		vmmio_say(t->why, sizeof(t->why), "--cache %s: %s", path, strerror(errno));
		return n;
	}
	real = realpath(path, NULL);
	if (!real || access(real, W_OK) || strlen(real) >= sizeof(t->cache) / 2) {
		n = errno ? -errno : -ENAMETOOLONG;
		vmmio_say(t->why, sizeof(t->why), "--cache %s: %s", path, strerror(-n));
		free(real);
		return n;
	}
	snprintf(t->cache, sizeof(t->cache), "%s", real);
	free(real);
	return 0;
}

static int count_commits(struct vmmio_bisect_tree *t)
{
	char *text = NULL, range[2 * VMMIO_COMMIT_MAX + 4];
	int err;

	snprintf(range, sizeof(range), "%s..%s", t->good.id, t->bad.id);
	err = GIT(t, NULL, &text, "rev-list", "--count", range);
	if (!err)
		t->commits = strtoul(text, NULL, 10);
	if (!err && !t->commits) {
		vmmio_say(t->why, sizeof(t->why), "%s has nothing that %s has not", t->bad.name,
			  t->good.name);
		err = -EINVAL;
	}
	free(text);
	return err;
}

int vmmio_bisect_open(struct vmmio_bisect_tree *t, const char *good, const char *bad,
		      const char *cache)
{
	static const char *const vars[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
					   "GIT_PREFIX", "GIT_OBJECT_DIRECTORY"};
	const char *tmp = getenv("TMPDIR");
	char scratch[PATH_MAX / 4];
	int err;

	memset(t, 0, sizeof(*t));
	/* of a hook that called us: they would lead git, and what builds, to the user's files */
	for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++)
		unsetenv(vars[i]);
	err = get_commit(t, good, &t->good) ?: get_commit(t, bad, &t->bad);
	err = err ?: count_commits(t) ?: make_cache(t, cache);
	if (err)
		return err;
	if (snprintf(scratch, sizeof(scratch), "%s/vmmio-bisect.XXXXXX",
		     tmp && *tmp ? tmp : "/tmp") >= (int)sizeof(scratch) ||
	    !mkdtemp(scratch)) {
		err = errno ? -errno : -ENAMETOOLONG;
		vmmio_say(t->why, sizeof(t->why), "%s: %s", scratch, strerror(-err));
		return err;
	}
	snprintf(t->scratch, sizeof(t->scratch), "%s", scratch);
	snprintf(t->tree, sizeof(t->tree), "%s/tree", scratch);
	snprintf(t->runs, sizeof(t->runs), "%s/runs", scratch);
	if (mkdir(t->runs, 0777))
		err = -errno;
	t->added = true; /* also half of it goes */
	err = err
		      ?: GIT(t, NULL, NULL, "worktree", "add", "-q", "--detach", "--no-checkout",
			     t->tree, t->bad.id);
	if (err)
		vmmio_bisect_close(t);
	return err;
}

void vmmio_bisect_close(struct vmmio_bisect_tree *t)
{
	char why[sizeof(t->why)];

	memcpy(why, t->why, sizeof(why));
	/* refs/bisect of a worktree go with it */
	if (t->added)
		git_in(t, NULL, NULL, true,
		       (const char *const[]){"worktree", "remove", "--force", "--force", t->tree,
					     NULL});
	if (t->scratch[0]) {
		char *argv[] = {"rm", "-rf", "--", t->scratch, NULL};

		vmmio_child_run(argv, NULL, -1, -1, true);
	}
	json_decref(t->candidates);
	memset(t, 0, sizeof(*t));
	memcpy(t->why, why, sizeof(why));
}

/* The last words of a log of @fd. */
static void last_line(int fd, char *buf, size_t len)
{
	char *text = vmmio_child_text(fd), *end, *line;

	buf[0] = '\0';
	if (!text)
		return;
	end = text + strlen(text);
	while (end > text && (end[-1] == '\n' || end[-1] == ' '))
		*--end = '\0';
	line = strrchr(text, '\n');
	snprintf(buf, len, "%.100s", line ? line + 1 : text);
	free(text);
}

/* A name for what @build makes of @c: the ids of the commit's tree and of the command. */
static int build_key(struct vmmio_bisect_tree *t, const struct vmmio_commit *c,
		     const char *const *build, size_t n, char *key, size_t len)
{
	char file[PATH_MAX], rev[VMMIO_COMMIT_MAX + 8], *tree = NULL, *sum = NULL;
	FILE *f;
	int err;

	snprintf(file, sizeof(file), "%s/build", t->scratch);
	f = fopen(file, "we");
	if (!f)
		return -errno;
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%c", build[i], '\0');
	err = fclose(f) ? -errno : 0;
	snprintf(rev, sizeof(rev), "%s^{tree}", c->id);
	err = err ?: GIT(t, NULL, &tree, "rev-parse", "--verify", "-q", rev);
	err = err ?: GIT(t, NULL, &sum, "hash-object", "--no-filters", file);
	if (!err)
		snprintf(key, len, "%.40s-%.16s", tree, sum);
	free(tree);
	free(sum);
	return err;
}

static int check_out(struct vmmio_bisect_tree *t, const struct vmmio_commit *c)
{
	/* whatever the last build did to the files; what it added stays, to go on from */
	return GIT(t, t->tree, NULL, "checkout", "-q", "--force", "--detach", c->id);
}

static int run_build(struct vmmio_bisect_tree *t, const char *const *build, size_t n,
		     const char *to)
{
	char out[PATH_MAX + 8], log[PATH_MAX + 8], last[112];
	char **argv = calloc(n + 8, sizeof(*argv));
	size_t k = 0;
	int fd, status;

	snprintf(log, sizeof(log), "%s.log", to);
	snprintf(out, sizeof(out), "OUT=%s", to);
	fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (!argv || fd < 0) {
		status = argv ? -errno : -ENOMEM;
		free(argv);
		return status;
	}
	argv[k++] = "env";
	argv[k++] = out;
	argv[k++] = "/bin/sh";
	argv[k++] = "-c";
	argv[k++] = n == 1 ? (char *)build[0] : "exec \"$@\"";
	argv[k++] = "sh";
	for (size_t i = 0; i < n && n > 1; i++)
		argv[k++] = (char *)build[i];
	status = vmmio_child_run(argv, t->tree, fd, fd, false);
	if (status > 0) {
		last_line(fd, last, sizeof(last));
		vmmio_say(t->why, sizeof(t->why), "does not build (status %d)%s%s", status,
			  last[0] ? ": " : "", last);
		status = -ECHILD;
	} else if (status < 0) {
		vmmio_say(t->why, sizeof(t->why), "build: %s", strerror(-status));
	} else if (!rmdir(to)) { /* there was nothing in it */
		vmmio_say(t->why, sizeof(t->why), "the build put nothing into $OUT");
		status = -ENOENT;
	}
	close(fd);
	unlink(log);
	free(argv);
	return status;
}

/*
 * The file that says whether @out is whole: it has something in it then. Locked, in *@lock, so
 * that nobody else builds the same; waits for who does.
 */
static int lock_build(const char *out, int *lock)
{
	const struct timespec nap = {0, 100000000};
	char path[PATH_MAX + 8];
	struct stat st;

	snprintf(path, sizeof(path), "%s.done", out);
	for (;;) {
		*lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (*lock < 0)
			return -errno;
		while (flock(*lock, LOCK_EX | LOCK_NB)) {
			if (vmmio_stop)
				break;
			nanosleep(&nap, NULL);
		}
		if (vmmio_stop) {
			close(*lock);
			return -EINTR;
		}
		if (!fstat(*lock, &st) && st.st_nlink)
			return 0;
		close(*lock); /* who held it gave it up, and took it away */
	}
}

static void remove_build(const char *out)
{
	char *argv[] = {"rm", "-rf", "--", (char *)out, NULL};

	vmmio_child_run(argv, NULL, -1, -1, true);
}

int vmmio_bisect_build(struct vmmio_bisect_tree *t, const struct vmmio_commit *c,
		       const char *const *build, size_t n, char *out, bool *cached)
{
	char key[80], done[PATH_MAX + 8];
	struct stat st;
	int lock, err;

	t->why[0] = '\0';
	err = build_key(t, c, build, n, key, sizeof(key));
	if (err)
		return err;
	snprintf(out, PATH_MAX, "%s/%s", t->cache, key);
	snprintf(done, sizeof(done), "%s.done", out);
	err = lock_build(out, &lock);
	if (err)
		return err;
	*cached = !fstat(lock, &st) && st.st_size && !access(out, R_OK | X_OK);
	if (!*cached) {
		remove_build(out);
		err = check_out(t, c);
		if (!err && mkdir(out, 0777))
			err = -errno;
		err = err ?: run_build(t, build, n, out);
		if (!err && write(lock, "done\n", 5) != 5)
			err = -errno;
		if (err) {
			remove_build(out);
			unlink(done);
		}
	}
	close(lock);
	return err;
}

/* What git made of the last mark. */
static int read_state(struct vmmio_bisect_tree *t)
{
	static const char first[] = "# first bad commit: [",
			  possible[] = "# possible first bad commit: [";
	char *text = NULL, *save = NULL;
	int err = GIT(t, t->tree, &text, "bisect", "log");

	t->next.id[0] = '\0';
	for (char *line = err ? NULL : strtok_r(text, "\n", &save); line && !err;
	     line = strtok_r(NULL, "\n", &save)) {
		struct vmmio_commit c;
		bool found = !strncmp(line, first, strlen(first));

		if (!found && strncmp(line, possible, strlen(possible)))
			continue;
		line = strchr(line, '[') + 1;
		line[strcspn(line, "]")] = '\0';
		err = get_commit(t, line, &c);
		if (!err && found) {
			t->first = c;
		} else if (!err) {
			t->candidates = t->candidates ?: json_array();
			json_array_append_new(t->candidates, json_string(c.name));
		}
	}
	free(text);
	text = NULL;
	if (err || t->first.id[0] || t->candidates)
		return err;
	err = GIT(t, t->tree, &text, "rev-parse", "--verify", "-q", "BISECT_HEAD");
	err = err ?: get_commit(t, text, &t->next);
	free(text);
	return err;
}

int vmmio_bisect_begin(struct vmmio_bisect_tree *t)
{
	return GIT(t, t->tree, NULL, "bisect", "start", "--no-checkout", t->bad.id, t->good.id)
		       ?: read_state(t);
}

int vmmio_bisect_mark(struct vmmio_bisect_tree *t, const char *as)
{
	int err = GIT(t, t->tree, NULL, "bisect", as, t->next.id);

	/* with only skipped ones left it says so in its log, and fails */
	if (err && err != -EPROTO)
		return err;
	if (err && (read_state(t) || !t->candidates))
		return err;
	return err ? 0 : read_state(t);
}
