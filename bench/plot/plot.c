// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs gnuplot on the scripts of gp/, which are part of the program, so
 * that it needs no folder of its own at run time. Which plot shows what is in
 * data.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "plot.h"
#include "lib/embed.h"
#include "lib/text.h"

VMMIO_EMBED(vmmio_script_common, "gp/common.gp");
#define EMBED(id, file) VMMIO_EMBED(vmmio_script_##file, "gp/" #file ".gp");
VMMIO_PLOT_SCRIPTS(EMBED)

static const char *const scripts[VMMIO_PLOTS] = {
#define SCRIPT(id, file) [VMMIO_PLOT_##id] = vmmio_script_##file,
	VMMIO_PLOT_SCRIPTS(SCRIPT)};

static int read_first_line(int fd, char *why, size_t len)
{
	char buf[2048];
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(buf) - 1 && (got = read(fd, buf + n, sizeof(buf) - 1 - n)) > 0)
		n += got;
	buf[n] = '\0';
	/* gnuplot points at the place with a line of its own, then says what */
	for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n")) {
		line += strspn(line, " \t^");
		if (*line)
			vmmio_say(why, len, "gnuplot: %s", line);
	}
	return 0;
}

static int run_gnuplot(const char *dir, const char *script, char *why, size_t len)
{
	int in, out[2], status;
	size_t n = strlen(script);
	pid_t pid;

	/* a file as its input: no pipe to fill while it fills ours */
	in = memfd_create("plot", MFD_CLOEXEC);
	if (in < 0)
		return -errno;
	if (write(in, script, n) != (ssize_t)n || lseek(in, 0, SEEK_SET) || pipe2(out, O_CLOEXEC)) {
		int err = -errno;

		close(in);
		return err;
	}
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(dir) || dup2(in, 0) < 0 || dup2(out[1], 1) < 0 || dup2(out[1], 2) < 0)
			_exit(126);
		execlp("gnuplot", "gnuplot", "-", (char *)NULL);
		_exit(127);
	}
	close(in);
	close(out[1]);
	if (pid < 0) {
		close(out[0]);
		return -EAGAIN;
	}
	snprintf(why, len, "gnuplot failed");
	read_first_line(out[0], why, len);
	close(out[0]);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		snprintf(why, len, "no gnuplot (package gnuplot-nox)");
		return -ENOENT;
	}
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

int vmmio_plot_run(enum vmmio_plot_id id, const char *dir, const char *name, const char *vars,
		   char *why, size_t len)
{
	static const char *const forms[] = {"svg", "png"};
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		char *text, quoted[160];

		vmmio_plot_quote(name, false, quoted, sizeof(quoted));
		if (asprintf(&text, "form='%s'\nname=%s\n%s\n%s\n%s", forms[i], quoted, vars,
			     vmmio_script_common, scripts[id]) < 0)
			return -ENOMEM;
		err = run_gnuplot(dir, text, why, len);
		free(text);
	}
	if (!err)
		why[0] = '\0';
	for (size_t i = 0; i < 2 && err; i++) { /* half a picture is none */
		char file[PATH_MAX];

		snprintf(file, sizeof(file), "%s/%s.%s", dir, name, forms[i]);
		unlink(file);
	}
	return err;
}
