// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmio-bench witness: runs any QEMU guest and prints its accesses to registers by name. QEMU's log
 * trace comes through a pipe, so nothing is lost: if we are slow, the guest waits. bench/witness
 * interprets the lines.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/witness/witness.h"
#include "cmd.h"
#include "lib/args.h"
#include "lib/ioline.h"
#include "lib/opts.h"

#define NAME "vmmio-bench witness: "
#define COMMAND_MAX 1024

struct watch {
	struct vmmio_witness *w;
	char dir[64], fifo[80];
	unsigned int interval; /* seconds; 0: not live */
	const char *out;
	bool json;
	char line[512];
	size_t n;
	bool cut; /* the rest of a line that is too long */
	struct timespec last;
};

static volatile sig_atomic_t child;

/* A terminal's Ctrl-C reaches QEMU by itself; what is sent to us alone is handed on. */
static void hand_on(int sig)
{
	if (child > 0)
		kill(child, sig);
}

/* Does a word of @list, in commas and colons, follow "accel=", or stand for it? */
static bool names(const char *list, const char *what)
{
	size_t len = strlen(what);
	const char *p = list;

	while ((p = strstr(p, what))) {
		bool begins = p == list || strchr("=,:", p[-1]);

		if (begins && (!p[len] || strchr(",:", p[len])))
			return true;
		p += len;
	}
	return false;
}

/* Why @command cannot be watched, or NULL. */
static const char *refused(const char *const *command, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const char *o = command[i] + (command[i][0] == '-' && command[i][1] == '-');
		const char *value = i + 1 < n ? command[i + 1] : "";

		if (!strcmp(o, "-enable-kvm") ||
		    ((!strcmp(o, "-accel") || !strcmp(o, "-machine") || !strcmp(o, "-M")) &&
		     names(value, "kvm")))
			return "under KVM, QEMU does not see what the kernel serves (doorbells, "
			       "APICs): -accel tcg";
		if (!strcmp(o, "-trace") || !strcmp(o, "-D") || !strcmp(o, "-d"))
			return "-trace, -D and -d: the log is where the accesses come from";
		if (!strcmp(o, "-daemonize"))
			return "-daemonize: its end would not be seen";
	}
	return NULL;
}

static int take(struct watch *t, const char *buf, size_t len)
{
	int err = 0;

	for (size_t i = 0; i < len && !err; i++) {
		if (buf[i] == '\n') {
			t->line[t->n] = '\0';
			/* one that is too long is none of QEMU's: unread */
			err = vmmio_witness_line(t->w, t->cut ? "" : t->line);
			t->n = 0;
			t->cut = false;
		} else if (t->n + 1 < sizeof(t->line)) {
			t->line[t->n++] = buf[i];
		} else {
			t->cut = true;
		}
	}
	return err;
}

static void live(struct watch *t)
{
	struct timespec now;

	if (!t->interval)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - t->last.tv_sec < (time_t)t->interval)
		return;
	t->last = now;
	vmmio_witness_print(t->w, stderr, true);
}

/* Until QEMU has closed the pipe and ended; its wait status in @status. */
static int follow(struct watch *t, int fd, pid_t pid, int *status)
{
	static char buf[1 << 16];
	bool ended = false;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &t->last);
	while (!err) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n = 0;

		poll(&p, 1, 100);
		if (p.revents & POLLIN)
			n = read(fd, buf, sizeof(buf));
		if (n > 0)
			err = take(t, buf, n);
		else if (ended)
			break;
		else
			ended = waitpid(pid, status, WNOHANG) == pid;
		/* a pipe without a writer is ready at once */
		if (p.revents == POLLHUP && !ended)
			usleep(20000);
		live(t);
	}
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, status, 0);
	}
	return err;
}

static int run(struct watch *t, const char *const *command, size_t n, int *status)
{
	struct vmmio_args a = {0};
	struct sigaction sa = {.sa_handler = hand_on}, old[3];
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP};
	int fd = open(t->fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC), err;
	pid_t pid;

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++)
		vmmio_args_add(&a, command[i]);
	for (char *save = NULL, list[] = VMMIO_IO_EVENTS, *e = strtok_r(list, ",", &save); e;
	     e = strtok_r(NULL, ",", &save)) {
		vmmio_args_add(&a, "-trace");
		vmmio_args_addf(&a, "enable=%s,file=%s", e, t->fifo);
	}
	err = vmmio_args_error(&a);
	for (int i = 0; i < 3; i++)
		sigaction(sigs[i], &sa, &old[i]);
	pid = err ? -1 : fork();
	if (!pid) {
		for (int i = 0; i < 3; i++)
			sigaction(sigs[i], &old[i], NULL);
		execvp(a.v[0], a.v);
		fprintf(stderr, NAME "%s: %s\n", a.v[0], strerror(errno));
		_exit(127);
	}
	if (pid < 0) {
		err = err ?: -errno;
	} else {
		child = pid;
		err = follow(t, fd, pid, status);
		child = 0;
	}
	for (int i = 0; i < 3; i++)
		sigaction(sigs[i], &old[i], NULL);
	close(fd);
	vmmio_args_free(&a);
	return err;
}

static int report(struct watch *t)
{
	FILE *f = t->out ? fopen(t->out, "we") : stdout;
	int err = 0;

	if (!f)
		return -errno;
	if (t->json)
		vmmio_witness_json(t->w, f);
	else
		vmmio_witness_print(t->w, f, false);
	if (ferror(f))
		err = -EIO;
	if (t->out && fclose(f))
		err = err ?: -errno;
	return err;
}

static int open_pipe(struct watch *t)
{
	const char *tmp = getenv("TMPDIR");

	if ((size_t)snprintf(t->dir, sizeof(t->dir), "%s/vmmio-witness.XXXXXX",
			     tmp && *tmp ? tmp : "/tmp") >= sizeof(t->dir))
		return -ENAMETOOLONG;
	if (!mkdtemp(t->dir)) {
		t->dir[0] = '\0';
		return -errno;
	}
	snprintf(t->fifo, sizeof(t->fifo), "%s/trace", t->dir);
	return mkfifo(t->fifo, 0600) ? -errno : 0;
}

int vmmio_cmd_witness(int argc, char **argv)
{
	struct watch t = {0};
	struct vmmio_opt opts[] = {
		{"json", VMMIO_OPT_FLAG, &t.json, 0, 0, NULL, NULL, "as JSON"},
		{"output", VMMIO_OPT_STRING, &t.out, 0, 0, NULL, "FILE",
		 "where the totals go (standard output, which QEMU may use as well)"},
		{"interval", VMMIO_OPT_NUMBER, &t.interval, 1, 86400, NULL, "S",
		 "every so many seconds, on standard error, the rows that moved"},
	};
	const char *command[COMMAND_MAX], *why;
	int err, status = 0, result = VMMIO_EXIT_TROUBLE;
	size_t n;

	err = vmmio_opts_parse("vmmio-bench witness", "[options] -- QEMU-COMMAND...", opts,
			       sizeof(opts) / sizeof(opts[0]), argc, argv, command, COMMAND_MAX,
			       &n);
	if (err)
		return err > 0 ? VMMIO_EXIT_OK : VMMIO_EXIT_USAGE;
	why = n ? refused(command, n) : "no command of QEMU given";
	if (!why && getenv("TMPDIR") && strpbrk(getenv("TMPDIR"), ",%"))
		why = "TMPDIR has a comma or a percent sign, which QEMU's -trace does not take";
	if (why) {
		fprintf(stderr, NAME "%s\n", why);
		return VMMIO_EXIT_USAGE;
	}
	t.w = vmmio_witness_new();
	err = t.w ? open_pipe(&t) : -ENOMEM;
	err = err ?: run(&t, command, n, &status);
	unlink(t.fifo);
	if (t.dir[0])
		rmdir(t.dir);
	if (err) {
		fprintf(stderr, NAME "%s\n",
			err == -ENOSPC ? "more devices or registers than there is room for"
				       : strerror(-err));
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		/* it did not begin, and that was said */
	} else if (vmmio_witness_kvm(t.w)) {
		fprintf(stderr, NAME "this guest ran under KVM, where QEMU does not see what the "
				     "kernel serves: -accel tcg\n");
	} else if (vmmio_witness_unread(t.w)) {
		fprintf(stderr,
			NAME "%llu lines of the trace are no accesses: the counts would be short\n",
			(unsigned long long)vmmio_witness_unread(t.w));
	} else if (!vmmio_witness_named(t.w) && !vmmio_witness_others(t.w)) {
		fprintf(stderr, NAME "not one access was seen: has this QEMU the log backend of "
				     "traces (-trace help)?\n");
	} else {
		err = report(&t);
		if (err)
			fprintf(stderr, NAME "%s: %s\n", t.out ? t.out : "standard output",
				strerror(-err));
		else if (!WIFEXITED(status) || WEXITSTATUS(status))
			fprintf(stderr, NAME "QEMU ended with %s %d\n",
				WIFEXITED(status) ? "status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		else
			result = VMMIO_EXIT_OK;
	}
	vmmio_witness_free(t.w);
	return result;
}
