// SPDX-License-Identifier: GPL-2.0-only
/*
 * See terminal.h. The terminal is restored by the normal way out, by a handler for the signals of a
 * crash, and, for what cannot be caught (SIGKILL, the out-of-memory killer), by a small process
 * that waits for us to vanish.
 */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "terminal.h"

#define ANSWER_MS 500 /* how long a terminal may take to tell its size */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT};

static struct termios before;
static char reset[256]; /* leaves the alternate screen, attributes off, cursor on */
static size_t reset_len;
static SCREEN *screen;
static FILE *tty_out;
static int guard_pipe = -1;
static pid_t guard_pid;

bool vmmio_term_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "UTF-8") || strcasestr(v, "utf8");
	}
	return false;
}

/* Async-signal-safe. */
static void restore_now(void)
{
	if (write(STDOUT_FILENO, reset, reset_len) < 0)
		return;
	tcsetattr(STDOUT_FILENO, TCSANOW, &before);
}

static void crashed(int sig)
{
	restore_now();
	if (guard_pipe >= 0 && write(guard_pipe, "k", 1) < 0)
		_exit(128 + sig);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void catch_crashes(void (*handler)(int))
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESETHAND | SA_NODEFER};
	size_t i;

	sigemptyset(&sa.sa_mask);
	for (i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &sa, NULL);
}

/* The process that outlives us; a byte in the pipe says that all is well. */
static void guard(int in)
{
	sigset_t all;
	char c;
	ssize_t n;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGTTOU, SIG_IGN);
	prctl(PR_SET_NAME, "vmmio-stat-tty");
	do
		n = read(in, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		restore_now();
	_exit(0);
}

static int start_guard(void)
{
	int p[2], err;

	if (pipe2(p, O_CLOEXEC))
		return -errno;
	guard_pid = fork();
	if (guard_pid < 0) {
		err = -errno;
		close(p[0]);
		close(p[1]);
		return err;
	}
	if (!guard_pid) {
		/* nothing of ours may live on in it: BPF links are descriptors, too */
		if (p[0] > 3)
			close_range(3, p[0] - 1, 0);
		close_range(p[0] + 1, ~0u, 0);
		guard(p[0]);
	}
	close(p[0]);
	guard_pipe = p[1];
	return 0;
}

static void stop_guard(void)
{
	if (guard_pipe < 0)
		return;
	if (write(guard_pipe, "k", 1) == 1)
		while (waitpid(guard_pid, NULL, 0) < 0 && errno == EINTR)
			;
	close(guard_pipe);
	guard_pipe = -1;
}

/* Makes curses find @term in what this program carries: TERMINFO may hold an entry itself. */
static bool carry(const char *term)
{
	size_t size, i;
	const unsigned char *entry = vmmio_terminfo_find(term, &size);
	char *hex, *p;
	int err;

	if (!entry)
		return false;
	hex = malloc(2 * size + 5);
	if (!hex)
		return false;
	p = stpcpy(hex, "hex:");
	for (i = 0; i < size; i++)
		p += sprintf(p, "%02X", entry[i]);
	err = setenv("TERMINFO", hex, 1);
	free(hex);
	return !err;
}

/* Sets TERM and TERMINFO to something that works. */
static const char *choose_term(void)
{
	const char *term = getenv("TERM");
	int ret;

	if (!term || !*term || !strcmp(term, "dumb") || !strcmp(term, "unknown"))
		term = "vt100"; /* what a serial line has at its other end, at least */
	if (setupterm(term, STDOUT_FILENO, &ret) == OK) {
		del_curterm(cur_term);
		return term;
	}
	if (carry(term) && setupterm(term, STDOUT_FILENO, &ret) == OK) {
		del_curterm(cur_term);
		return term;
	}
	return carry("vt100") ? "vt100" : NULL;
}

static void add_reset(const char *capability)
{
	const char *s = tigetstr(capability);
	size_t n;

	if (!s || s == (char *)-1)
		return;
	/* padding ("$<5>") is for terminals of another age */
	n = strcspn(s, "$");
	if (reset_len + n < sizeof(reset)) {
		memcpy(reset + reset_len, s, n);
		reset_len += n;
	}
}

static bool known_size(void)
{
	struct winsize w;

	return !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_row > 0 && w.ws_col > 0;
}

/* Reads "\033[ROWS;COLSR"; what else was typed meanwhile is lost. */
static bool read_answer(int *rows, int *cols)
{
	char text[64], *start;
	size_t used = 0;

	for (;;) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, ANSWER_MS) <= 0 || used + 1 == sizeof(text))
			return false;
		n = read(STDIN_FILENO, text + used, sizeof(text) - 1 - used);
		if (n <= 0)
			return false;
		used += n;
		text[used] = '\0';
		start = strchr(text, '\033');
		if (start && strchr(start, 'R'))
			return sscanf(start, "\033[%d;%dR", rows, cols) == 2;
	}
}

/* The cursor goes as far as it can and is asked where it is. */
void vmmio_term_measure(void)
{
	static const char question[] = "\0337\033[999;999H\033[6n\0338";
	int rows = 0, cols = 0;

	if (known_size())
		return;
	tcflush(STDIN_FILENO, TCIFLUSH);
	if (write(STDOUT_FILENO, question, sizeof(question) - 1) < 0 ||
	    !read_answer(&rows, &cols) || rows < 4 || cols < 20 || rows > 500 || cols > 1000) {
		rows = 24;
		cols = 80;
	}
	resizeterm(rows, cols);
}

int vmmio_term_open(char *why, size_t size)
{
	const char *term;
	int err;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(why, size, "no terminal on standard input and output");
		return -ENOTTY;
	}
	if (tcgetattr(STDOUT_FILENO, &before)) {
		err = -errno;
		snprintf(why, size, "cannot read the terminal's state: %s", strerror(-err));
		return err;
	}
	/* The one locale that a static program has with it. */
	setlocale(LC_CTYPE, vmmio_term_utf8() ? "C.UTF-8" : "C");
	term = choose_term();
	tty_out = fdopen(dup(STDOUT_FILENO), "w");
	screen = term && tty_out ? newterm(term, tty_out, stdin) : NULL;
	if (!screen) {
		snprintf(why, size, "cannot use terminal type '%s'", getenv("TERM") ?: "");
		return -EINVAL;
	}
	reset_len = 0;
	add_reset("sgr0");
	add_reset("rmcup");
	add_reset("cnorm");
	add_reset("rmkx");
	if (reset_len + 2 < sizeof(reset))
		reset[reset_len++] = '\r';
	err = start_guard();
	if (err) {
		vmmio_term_close();
		snprintf(why, size, "cannot start a process: %s", strerror(-err));
		return err;
	}
	catch_crashes(crashed);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(100);
	curs_set(0);
	nodelay(stdscr, TRUE);
	vmmio_term_measure();
	return 0;
}

void vmmio_term_close(void)
{
	if (!screen)
		return;
	endwin();
	fflush(tty_out);
	tcsetattr(STDOUT_FILENO, TCSANOW, &before);
	delscreen(screen);
	fclose(tty_out);
	screen = NULL;
	tty_out = NULL;
	catch_crashes(SIG_DFL);
	stop_guard();
}
