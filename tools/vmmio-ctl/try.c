// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-ctl try: A is the device's setting, B the given one. Each leg begins with a rebind, also
 * A's first, so that all have the same history; then vmmio-stat counts a command or an interval. At
 * the end A is always in force, or the line to type is printed.
 *
 * A rebind takes away what is behind the device. So it is refused while that is in use, which is
 * checked again before each rebind. vmmio-stat runs in its own process group: we pass a signal on
 * to it and the command, and it never stops us half-way.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "legs.h"
#include "lib/args.h"
#include "lib/clock.h"
#include "lib/patience.h"
#include "lib/status.h"
#include "settings.h"
#include "try.h"

#define WAIT_NS 5000000000ull /* for udev to look at a new disk, and for a command to end */
#define STEP_US 50000
#define JSON_MAX (4u << 20)

static volatile sig_atomic_t stopped; /* the signal */

static void stop(int sig)
{
	stopped = sig;
}

static int trouble(const char *text)
{
	fprintf(stderr, "vmmio-ctl: try: %s\n", text);
	return CTL_EXIT_TROUBLE;
}

static void say_line(char *buf, size_t size, const char *device, const char *line)
{
	snprintf(buf, size, "vmmio-ctl set %s %s --rebind", device, line[0] ? line : "--clear");
}

/* What a rebind cannot bring back, or what is in use. */
static int may_rebind(const struct ctl_device *d, struct ctl_text *why)
{
	static const struct {
		const char *driver, *what;
	} never[] = {
		{"virtio_mem", "memory that it gave would have to be taken away"},
		{"virtio_iommu", "other devices reach memory through it"},
		{"virtio_balloon", "the pages that it holds would come back at once"},
		{"virtio_crypto", "who uses its algorithms cannot be seen"},
	};
	struct ctl_text busy;
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (strcmp(d->virtio_driver, never[i].driver))
			continue;
		ctl_say(why, "%s: %s is not rebound on trial: %s", d->name, never[i].driver,
			never[i].what);
		return -EBUSY;
	}
	if (!ctl_device_busy(d, &busy))
		return 0;
	ctl_say(why, "%s: %.150s: a rebind would take it away", d->name, busy.s);
	return -EBUSY;
}

/* The same, while udev or others that look at each new disk may have it open. */
static int wait_idle(const struct ctl_device *d, struct ctl_text *why)
{
	__u64 end = vmmio_now_ns() + (__u64)(WAIT_NS * vmmio_patience());
	int err;

	while ((err = may_rebind(d, why)) && vmmio_now_ns() < end)
		usleep(STEP_US);
	return err;
}

/* Are the names there again, and the same? A command uses them. */
static int wait_names(const struct ctl_device *d, const char *names, struct ctl_text *why)
{
	__u64 end = vmmio_now_ns() + (__u64)(WAIT_NS * vmmio_patience());
	char now[128];

	for (;;) {
		ctl_device_users(d, now, sizeof(now));
		if (!strcmp(now, names))
			return 0;
		if (vmmio_now_ns() >= end)
			break;
		usleep(STEP_US);
	}
	ctl_say(why, "%s: it was %s, and is %s after a rebind", d->name, names,
		now[0] ? now : "nothing");
	return -ENODEV;
}

/*
 * One rebind, with @line in force then. A failure leaves the former settings, except -ENODEV: the
 * rebind was made, and the names behind the device are others. @begun is set once anything is
 * changed.
 */
static int put(struct ctl_device *d, const char *line, const char *names, bool *begun,
	       struct ctl_text *why)
{
	char former[CTL_SETTINGS_MAX];
	int err = wait_idle(d, why);

	if (!err)
		err = ctl_settings_read(d->name, former, why);
	*begun |= !err;
	if (!err)
		err = ctl_settings_write(d->name, line, why);
	if (!err)
		err = ctl_settings_rebind(d, former, why);
	return err ? err : wait_names(d, names, why);
}

/* vmmio-stat: of the same folder, else of PATH. */
static const char *stat_program(char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *slash;

	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash && (size_t)(slash - path) + sizeof("/vmmio-stat") <= size) {
		strcpy(slash, "/vmmio-stat");
		if (!access(path, X_OK))
			return path;
	}
	return "vmmio-stat";
}

static void stat_args(struct vmmio_args *a, const struct ctl_try *t, const struct ctl_device *d)
{
	char path[PATH_MAX], fields[512];
	char **c;

	ctl_try_fields(fields, sizeof(fields));
	vmmio_args_add(a, stat_program(path, sizeof(path)));
	vmmio_args_add(a, "--json");
	vmmio_args_add(a, "-f");
	vmmio_args_add(a, fields);
	vmmio_args_add(a, "-n");
	vmmio_args_add(a, d->name);
	if (!t->command) {
		vmmio_args_addf(a, "%llu.%09llu", t->interval_ns / 1000000000ull,
				t->interval_ns % 1000000000ull);
		vmmio_args_add(a, "1");
		return;
	}
	/* its output must not be taken for numbers */
	vmmio_args_add(a, "--");
	vmmio_args_add(a, "sh");
	vmmio_args_add(a, "-c");
	vmmio_args_add(a, "exec \"$@\" >&2");
	vmmio_args_add(a, "sh");
	for (c = t->command; *c; c++)
		vmmio_args_add(a, *c);
}

static void run_child(char **argv, int out, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(126);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGTSTP, SIG_DFL);
	signal(SIGTTIN, SIG_DFL);
	signal(SIGTTOU, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execvp(argv[0], argv);
	fprintf(stderr, "vmmio-ctl: try: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Reads to the end; a signal is passed on, and a process that ignores it is killed. */
static char *gather(int fd, pid_t pid)
{
	char *text = malloc(JSON_MAX);
	__u64 deadline = 0;
	size_t used = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int got = poll(&p, 1, 100);
		ssize_t n;

		if (stopped && !deadline) {
			kill(-pid, stopped);
			deadline = vmmio_now_ns() + WAIT_NS;
		} else if (deadline && vmmio_now_ns() > deadline) {
			kill(-pid, SIGKILL);
			break;
		}
		if (got <= 0)
			continue;
		n = text && used < JSON_MAX - 1 ? read(fd, text + used, JSON_MAX - 1 - used) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		used += n;
	}
	if (text)
		text[used] = '\0';
	return text;
}

/* One leg's numbers. -EINTR: a signal ended it. */
static int measure(const struct ctl_try *t, const struct ctl_device *d, struct ctl_leg *leg,
		   struct ctl_text *why)
{
	struct vmmio_args a = {};
	pid_t parent = getpid(), pid;
	int fd[2], status = 0, err;
	char *text;

	stat_args(&a, t, d);
	err = vmmio_args_error(&a);
	if (!err && pipe2(fd, O_CLOEXEC))
		err = -errno;
	if (err) {
		ctl_say(why, "cannot start vmmio-stat: %s", strerror(-err));
		goto out;
	}
	pid = fork();
	if (!pid)
		run_child(a.v, fd[1], parent);
	err = pid < 0 ? -errno : 0;
	close(fd[1]);
	if (err) {
		ctl_say(why, "cannot start vmmio-stat: %s", strerror(-err));
		close(fd[0]);
		goto out;
	}
	setpgid(pid, pid); /* whichever of the two is first */
	text = gather(fd[0], pid);
	close(fd[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (stopped)
			kill(-pid, stopped);
	if (stopped) {
		err = -EINTR;
		ctl_say(why, "ended by signal %d", (int)stopped);
	} else if (status) {
		err = -EIO;
		ctl_say(why, "%s ended with status %d",
			t->command ? "the command, or vmmio-stat," : "vmmio-stat",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	} else if (!text) {
		err = -ENOMEM;
		ctl_say(why, "%s", strerror(ENOMEM));
	} else {
		err = ctl_leg_read(leg, text, t->queue, t->command, why);
	}
	free(text);
out:
	vmmio_args_free(&a);
	return err;
}

struct trial {
	const struct ctl_try *t;
	struct ctl_device d;
	char a[CTL_SETTINGS_MAX], b[CTL_SETTINGS_MAX], names[128];
	struct ctl_leg legs[4 * CTL_TRY_ROUNDS_MAX];
	int n;
};

/* Runs all legs. @touched: the device was rebound, or may have been. */
static int run_legs(struct trial *x, bool *touched, struct ctl_text *why)
{
	int legs = 4 * (int)x->t->rounds, err = 0;

	for (x->n = 0; !err && x->n < legs; x->n += !err) {
		struct ctl_leg *leg = &x->legs[x->n];
		struct ctl_text reason;

		leg->b = x->n % 4 == 1 || x->n % 4 == 2;
		if (stopped) {
			ctl_say(why, "ended by signal %d", (int)stopped);
			return -EINTR;
		}
		err = put(&x->d, leg->b ? x->b : x->a, x->names, touched, &reason);
		if (!err)
			err = measure(x->t, &x->d, leg, &reason);
		if (!err && ctl_leg_idle(leg)) {
			err = -ENODATA;
			ctl_say(&reason, "neither a kick nor an interrupt: is it under load?");
		}
		if (err)
			ctl_say(why, "leg %d of %d (%c): %.340s", x->n + 1, legs,
				leg->b ? 'B' : 'A', reason.s);
	}
	return err;
}

static void say_undone(const struct trial *x)
{
	fprintf(stderr, "vmmio-ctl: try: undone: %s has what it had (%s)\n", x->d.name,
		x->a[0] ? x->a : "no settings");
}

/* Restores A if it is not in force; else prints what to type. */
static int undo(struct trial *x)
{
	struct ctl_text why, unused;
	char line[CTL_SETTINGS_MAX + 128], now[CTL_SETTINGS_MAX];
	bool begun = false;
	int err;

	say_line(line, sizeof(line), x->d.name, x->a);
	err = put(&x->d, x->a, x->names, &begun, &why);
	if (!err) {
		say_undone(x);
		return 0;
	}
	ctl_settings_read(x->d.name, now, &unused);
	if (err == -ENODEV && !strcmp(now, x->a)) {
		say_undone(x);
		fprintf(stderr, "vmmio-ctl: try: %s\n", why.s);
		return err;
	}
	/* at least from its next bind on */
	ctl_settings_write(x->d.name, x->a, &unused);
	ctl_settings_read(x->d.name, now, &unused);
	fprintf(stderr, "vmmio-ctl: try: NOT undone: %s; %s; then type: %s\n", why.s,
		strcmp(now, x->a) ? "the settings are B's"
				  : "until its next bind it may have B's settings",
		line);
	return err;
}

static int prepare(struct trial *x, struct ctl_text *why, int *status)
{
	const struct ctl_try *t = x->t;

	*status = CTL_EXIT_USAGE;
	if (ctl_settings_parse(t->words, t->nwords, x->b, why))
		return -EINVAL;
	*status = CTL_EXIT_TROUBLE;
	if (ctl_device_find(&x->d, t->device, why) || ctl_settings_read(x->d.name, x->a, why) ||
	    ctl_settings_fit(&x->d, x->b, why))
		return -EINVAL;
	if (strcmp(x->d.driver, ctl_our_driver(&x->d))) {
		ctl_say(why, "%s: %s has it, not vmmio.ko: nothing to try (vmmio-ctl bind)",
			x->d.name, x->d.driver[0] ? x->d.driver : "no driver");
		return -EINVAL;
	}
	if (!strcmp(x->a, x->b)) {
		ctl_say(why, "%s: that is what is set: A and B are the same", x->d.name);
		return -EINVAL;
	}
	ctl_device_users(&x->d, x->names, sizeof(x->names));
	return may_rebind(&x->d, why);
}

static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction sa = {.sa_handler = stop};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN); /* no reader: undo all the same */
	signal(SIGTSTP, SIG_IGN); /* it would stop with B in force */
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

int ctl_cmd_try(const struct ctl_try *t)
{
	struct trial *x = calloc(1, sizeof(*x));
	char line[CTL_SETTINGS_MAX + 128];
	bool touched = false;
	struct ctl_text why;
	int err, status = CTL_EXIT_OK;

	if (!x)
		return trouble(strerror(ENOMEM));
	x->t = t;
	if (prepare(x, &why, &status)) {
		trouble(why.s);
		goto out;
	}
	status = CTL_EXIT_OK;
	say_line(line, sizeof(line), x->d.name, x->a);
	fprintf(stderr,
		"vmmio-ctl: try: A: %s; B: %s; each leg begins with a rebind; should this be "
		"killed: %s\n",
		x->a[0] ? x->a : "no settings", x->b[0] ? x->b : "no settings", line);
	catch_signals();
	err = run_legs(x, &touched, &why);
	if (err) {
		trouble(why.s);
		status = err == -ENODATA ? VMMIO_EXIT_UNDECIDED : CTL_EXIT_TROUBLE;
		if (touched && undo(x))
			status = CTL_EXIT_TROUBLE;
		goto out;
	}
	ctl_legs_print(stdout, x->legs, x->n);
	say_undone(x); /* the last leg was A's */
out:
	free(x);
	return status;
}
