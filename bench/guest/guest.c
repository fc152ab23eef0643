// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs one guest (guest.h): temporary folder, QEMU as a child that cannot
 * outlive us, one loop until it has ended, and what that end means. QEMU's
 * command is made in qemu.c, its control channel is spoken in qmp.c.
 *
 * Long because one loop attends to all that can end a guest, and says which it was.
 */
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/args.h"
#include "lib/patience.h"
#include "qemu.h"
#include "target.h"
#include "qmp.h"

#define CONSOLE_LINES 24
#define TICK_MS 100
#define LAST_WORDS_S 5 /* for QEMU to answer and go once the guest has ended */
#define PANIC_S 2      /* for the rest of its call trace */
#define SPOT_S 0.5     /* of QEMU's processor time between two looks at the guest's processor */
#define SPOT_LOOKS 10  /* at one spot, busy: it waits for what it never gets */
#define SPOT_BYTES 32

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static double sooner(double a, double b)
{
	return a < b ? a : b;
}

/* The whole file, 0-terminated; NULL if it cannot be read. */
static char *slurp(const char *dir, const char *name, size_t *len)
{
	char path[4096], *text = NULL;
	struct stat st;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	*len = 0;
	if (!fstat(fd, &st))
		text = malloc(st.st_size + 1);
	while (text && *len < (size_t)st.st_size &&
	       (n = read(fd, text + *len, st.st_size - *len)) > 0)
		*len += n;
	close(fd);
	if (text)
		text[*len] = '\0';
	return text;
}

/* @text from its last @lines lines on; '\r' is dropped in place. */
static char *tail(char *text, int lines)
{
	char *from, *to;

	for (from = to = text; *from; from++)
		if (*from != '\r')
			*to++ = *from;
	*to = '\0';
	while (to > text && to[-1] == '\n')
		*--to = '\0';
	while (to > text) {
		if (to[-1] == '\n' && !--lines)
			break;
		to--;
	}
	return to;
}

static void remove_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
}

/*
 * Becomes QEMU. A group of its own keeps the terminal's Ctrl-C away from it,
 * so that we end it in order; if we are killed, the kernel kills it.
 */
static void __attribute__((noreturn))
child(char *const *argv, const char *dir, int qmp, int report, pid_t parent)
{
	char path[4096];
	int log, err;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	snprintf(path, sizeof(path), "%s/qemu", dir);
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(open("/dev/null", O_RDONLY), 0);
	dup2(log, 1);
	dup2(log, 2);
	fcntl(qmp, F_SETFD, 0);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

/* Returns the child, with our end of the control channel in *@qmp, or -errno. */
static pid_t start(char *const *argv, const char *dir, const int qmp[2])
{
	int report[2], err = 0;
	pid_t self = getpid(), pid;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (!pid)
		child(argv, dir, qmp[1], report[1], self);
	if (pid < 0)
		err = -errno;
	close(report[1]);
	if (!err && read(report[0], &err, sizeof(err)) == sizeof(err)) {
		waitpid(pid, NULL, 0);
		err = -err;
	}
	close(report[0]);
	return err ? err : pid;
}

struct run {
	const struct vmmio_guest *g;
	const struct vmmio_target *target;
	struct vmmio_guest_result *r;
	struct vmmio_qmp qmp;
	char dir[256];
	pid_t pid;
	bool timed_out, interrupted, stuck;
	off_t looked; /* how much of the console was searched */
	struct {
		double at;	      /* QEMU's processor time of the last look */
		unsigned int answers; /* that were looked at */
		uint64_t rip;
		unsigned int looks; /* that found it within SPOT_BYTES of there */
	} spot;
};

/*
 * Is the only processor of a bench host stuck in a lock? QEMU delivers an interrupt to the
 * guest of an emulated SVM a second time, whatever its IF, where it leaves its loop before
 * that guest's first exit or exception (its helper_vmrun() leaves exception_index behind;
 * seen with 7.2 by -d int): a handler that meets itself spins for good. What a busy machine
 * takes from QEMU does not count.
 */
static bool stuck(struct run *run)
{
	struct vmmio_qmp *q = &run->qmp;
	struct timespec ts;
	clockid_t clock;
	double at;

	if (!run->g->host || run->g->smp > 1 || run->g->vmm || q->shutdown || q->stopped ||
	    clock_getcpuclockid(run->pid, &clock) || clock_gettime(clock, &ts))
		return false;
	if (q->registers != run->spot.answers) {
		run->spot.answers = q->registers;
		if (!q->spinning || q->rip - run->spot.rip + SPOT_BYTES > 2 * SPOT_BYTES) {
			run->spot.looks = 0;
			run->spot.rip = q->rip;
		} else {
			run->spot.looks++;
		}
	}
	at = ts.tv_sec + ts.tv_nsec / 1e9;
	if (at - run->spot.at >= SPOT_S) {
		run->spot.at = at;
		vmmio_qmp_ask_registers(q);
	}
	return run->spot.looks >= SPOT_LOOKS;
}

/*
 * Has the guest's kernel panicked? Looks at what the console has got since the
 * last look. A panicked kernel should reset the machine, but that can hang.
 */
static bool panicked(struct run *run)
{
	static const char words[] = "Kernel panic";
	char path[sizeof(run->dir) + 16], buf[4096 + sizeof(words)];
	bool found = false;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/console", run->dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (!found && (n = pread(fd, buf, sizeof(buf) - 1, run->looked)) > 0) {
		found = memmem(buf, n, words, sizeof(words) - 1);
		/* The words may be cut by the end of what is there now. */
		if (n < (ssize_t)sizeof(words))
			break;
		run->looked += n - (sizeof(words) - 1);
		if (n < (ssize_t)sizeof(buf) - 1)
			break;
	}
	close(fd);
	return found;
}

/* Until QEMU has ended, by itself or by us. */
static void attend(struct run *run)
{
	double last = now(), limit = last + (run->g->timeout_s ? run->g->timeout_s : 60), at;
	/* another monitor answers no questions: it is waited for */
	struct pollfd pfd = {.fd = run->g->vmm ? -1 : run->qmp.r.fd, .events = POLLIN};
	bool quit = false, gone = false, reaped = false, panic = false;

	while (!gone) {
		reaped = waitpid(run->pid, NULL, WNOHANG) == run->pid;
		if (reaped)
			break;
		if (poll(&pfd, 1, TICK_MS) > 0) {
			int err = vmmio_qmp_input(&run->qmp);

			if (err)
				gone = true; /* it closed its end: it is ending */
		}
		at = now(); /* what others took of the machine's time is given back */
		limit += (at - last) * (1 - 1 / vmmio_patience());
		last = at;
		if (!panic && panicked(run)) {
			panic = true;
			limit = sooner(limit, now() + PANIC_S);
		}
		if ((run->qmp.shutdown || run->qmp.stopped) && !quit) {
			limit = sooner(limit, now() + LAST_WORDS_S);
			if (run->qmp.done) {
				vmmio_qmp_quit(&run->qmp);
				quit = true;
			}
		}
		run->stuck = stuck(run);
		if (run->g->stop && *run->g->stop)
			run->interrupted = true;
		else if (run->stuck)
			run->timed_out = true;
		else if (now() > limit && !run->qmp.shutdown && !run->qmp.stopped)
			run->timed_out = true;
		else if (now() < limit)
			continue;
		break;
	}
	if (gone && !reaped) {
		int tries = LAST_WORDS_S * 1000 / 10;

		while (tries-- && !reaped) {
			reaped = waitpid(run->pid, NULL, WNOHANG) == run->pid;
			poll(NULL, 0, reaped ? 0 : 10);
		}
	}
	if (reaped)
		return;		  /* the number may be somebody else's by now */
	kill(-run->pid, SIGKILL); /* what a monitor's command has started too */
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/*
 * Cuts "VMMIO-END n" off the output. Returns n, or -1 if it is not the last that was said; what
 * is before it need not have ended its line.
 */
static int take_end(struct vmmio_guest_result *r)
{
	char *line, *end;
	long status;

	end = r->output + r->output_len;
	while (end > r->output && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	for (line = end; strncmp(line, "VMMIO-END ", 10); line--)
		if (line == r->output || line[-1] == '\n')
			return -1;
	*end = '\0';
	status = strtol(line + 10, &end, 10);
	if (*end || status < 0 || status > 255)
		return -1;
	*line = '\0';
	r->output_len = line - r->output;
	return status;
}

/* What the backends wrote into the folder of the run. */
static void take_sides(const struct run *run)
{
	struct vmmio_guest_result *r = run->r;
	DIR *d = opendir(run->dir);
	struct dirent *entry;
	struct stat st;
	size_t len;

	while (d && (entry = readdir(d)) && r->nsides < VMMIO_GUEST_SIDES) {
		struct vmmio_guest_side *s = &r->sides[r->nsides];

		if (strncmp(entry->d_name, "side-", 5) || fstatat(dirfd(d), entry->d_name, &st, 0))
			continue;
		snprintf(s->name, sizeof(s->name), "%.31s", entry->d_name + 5);
		s->size = st.st_size;
		r->nsides++;
	}
	if (d)
		closedir(d);
	if (run->g->trace_events && !run->g->trace_log)
		r->trace = slurp(run->dir, "trace", &len);
}

long long vmmio_guest_side(const struct vmmio_guest_result *r, const char *name)
{
	for (unsigned int i = 0; i < r->nsides; i++)
		if (!strcmp(r->sides[i].name, name))
			return r->sides[i].size;
	return -1;
}

static void why(struct vmmio_guest_result *r, enum vmmio_guest_end end, const char *text)
{
	r->end = end;
	snprintf(r->why, sizeof(r->why), "%s", text);
}

/* The first line of QEMU's own output that contains @text, to be freed; or NULL. */
static char *qemu_says(const struct run *run, const char *text)
{
	size_t len;
	char *all = slurp(run->dir, "qemu", &len), *line = NULL, *p;

	p = all ? strstr(all, text) : NULL;
	if (p) {
		p[strcspn(p, "\n")] = '\0';
		line = strdup(p);
	}
	free(all);
	return line;
}

/* No room where QEMU writes: what it wrote last is cut, whatever it is taken for. */
static bool is_full(const char *dir)
{
	struct statvfs fs;

	return !statvfs(dir, &fs) && fs.f_bavail == 0;
}

static void judge(struct run *run)
{
	struct vmmio_guest_result *r = run->r;
	char *console, *qemu, *panic, *warning = NULL, line[160];
	size_t len;

	r->output = slurp(run->dir, "result", &r->output_len);
	if (!r->output) {
		r->output = strdup("");
		r->output_len = 0;
	}
	if (r->output)
		r->status = take_end(r);
	console = slurp(run->dir, "console", &len);
	r->console = strdup(console ? tail(console, CONSOLE_LINES) : "");

	panic = console ? strstr(console, "Kernel panic") : NULL;
	if (panic)
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(panic, "\n"), panic);
	if (run->interrupted) {
		why(r, VMMIO_GUEST_INTERRUPTED, "interrupted");
	} else if (is_full(run->dir)) {
		snprintf(r->why, sizeof(r->why), "%.*s is full: what the guest said is cut",
			 (int)(strrchr(run->dir, '/') - run->dir), run->dir);
		r->end = VMMIO_GUEST_QEMU;
	} else if (panic) {
		why(r, VMMIO_GUEST_PANIC, line);
	} else if (run->stuck) {
		snprintf(line, sizeof(line),
			 "its guest met an interrupt twice and waits for its own lock (%.0f s "
			 "passed; a fault of QEMU's SVM)",
			 r->wall_s);
		why(r, VMMIO_GUEST_TIMEOUT, line);
	} else if (run->timed_out) {
		snprintf(line, sizeof(line), "the guest did not end within %u s (%.0f s passed)",
			 run->g->timeout_s ? run->g->timeout_s : 60, r->wall_s);
		why(r, VMMIO_GUEST_TIMEOUT, line);
	} else if (run->g->vmm && r->status < 0) {
		qemu = slurp(run->dir, "qemu", &len);
		snprintf(r->why, sizeof(r->why),
			 "the monitor ended without the guest's VMMIO-END%s%s",
			 qemu && *qemu ? ": " : "", qemu && *qemu ? tail(qemu, 1) : "");
		r->end = VMMIO_GUEST_QEMU;
		free(qemu);
	} else if (!run->g->vmm && !run->qmp.shutdown) {
		qemu = slurp(run->dir, "qemu", &len);
		snprintf(r->why, sizeof(r->why), "QEMU %s%s%s",
			 run->qmp.stopped ? "stopped the guest" : "ended before the guest",
			 qemu && *qemu ? ": " : "", qemu && *qemu ? tail(qemu, 1) : "");
		r->end = VMMIO_GUEST_QEMU;
		free(qemu);
	} else if ((warning = run->g->trace_events ? qemu_says(run, "trace event") : NULL)) {
		/* An event that does not exist would count 0 and look like truth. */
		snprintf(r->why, sizeof(r->why), "QEMU: %s", warning);
		r->end = VMMIO_GUEST_QEMU;
		free(warning);
	} else if (!run->g->vmm &&
		   strcmp(run->qmp.reason,
			  run->target->no_acpi ? "guest-reset" : "guest-shutdown")) {
		snprintf(line, sizeof(line), "the guest did not power off (%s)", run->qmp.reason);
		why(r, VMMIO_GUEST_PANIC, line);
	} else if (r->status < 0) {
		why(r, VMMIO_GUEST_SILENT, "the guest powered off without saying VMMIO-END");
	} else {
		r->end = VMMIO_GUEST_DONE;
		if (r->status == 99)
			why(r, r->end, "the guest's kernel complained");
		else if (r->status) {
			snprintf(line, sizeof(line), "the guest's script ended with status %d",
				 r->status);
			why(r, r->end, line);
		}
	}
	if (r->end != VMMIO_GUEST_DONE)
		r->status = -1;
	free(console);
}

static int run_guest(struct run *run)
{
	struct vmmio_guest_result *r = run->r;
	struct vmmio_args args = {0};
	int fds[2] = {-1, -1};
	double begin;
	int err;

	err = vmmio_qemu_initrd(run->g, run->dir, r->why, sizeof(r->why));
	if (err)
		return err;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)) {
		err = -errno;
		goto out;
	}
	err = vmmio_qemu_command(run->g, run->dir, fds[1], &args, &r->append_line, r->why,
				 sizeof(r->why));
	if (err)
		goto out;
	r->qemu_line = vmmio_args_line(args.v);
	run->target = vmmio_target_find(run->g->target);

	begin = now();
	run->pid = start(args.v, run->dir, fds);
	if (run->pid < 0) {
		err = run->pid;
		snprintf(r->why, sizeof(r->why), "cannot run %s (package %s): %s", args.v[0],
			 run->target->package, strerror(-err));
		goto out;
	}
	close(fds[1]);
	fds[1] = -1;
	vmmio_qmp_init(&run->qmp, fds[0], r);
	fds[0] = -1;
	attend(run);
	r->wall_s = now() - begin;
	vmmio_qmp_free(&run->qmp);
	judge(run);
	take_sides(run);
out:
	if (fds[0] >= 0)
		close(fds[0]);
	if (fds[1] >= 0)
		close(fds[1]);
	vmmio_args_free(&args);
	return err;
}

int vmmio_guest_run(const struct vmmio_guest *g, struct vmmio_guest_result *r)
{
	const char *tmp = getenv("TMPDIR");
	struct run run = {.g = g, .r = r};
	int err;

	memset(r, 0, sizeof(*r));
	r->status = -1;
	r->no_answers = g->vmm != NULL;
	r->end = VMMIO_GUEST_QEMU;
	if (!tmp || *tmp != '/' || strlen(tmp) > sizeof(run.dir) - 20)
		tmp = "/tmp";
	snprintf(run.dir, sizeof(run.dir), "%s/vmmio-XXXXXX", tmp);
	if (!mkdtemp(run.dir)) {
		err = -errno;
		snprintf(r->why, sizeof(r->why), "cannot make a folder in %s: %s", tmp,
			 strerror(-err));
		return err;
	}
	err = run_guest(&run);
	if (err && !r->why[0])
		snprintf(r->why, sizeof(r->why), "cannot start a guest: %s", strerror(-err));
	remove_folder(run.dir);
	return err;
}

void vmmio_guest_result_free(struct vmmio_guest_result *r)
{
	free(r->output);
	free(r->console);
	free(r->qemu_line);
	free(r->append_line);
	free(r->trace);
	memset(r, 0, sizeof(*r));
}

const struct vmmio_guest_drive *vmmio_guest_column(const struct vmmio_guest_result *r,
						   const char *column)
{
	unsigned int i;

	for (i = 0; i < r->ndrives; i++)
		if (!strcmp(r->drives[i].node, column))
			return &r->drives[i];
	return NULL;
}
